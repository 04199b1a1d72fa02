"""A movie that flows at a known velocity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def flow(
    velocity: float = 0.8, frames: int = 64, shape: tuple[int, int] = (48, 96), noise: float = 3.0
) -> NDArray[np.float32]:
    """(T, Y, X): texture that moves to the right by `velocity` px/frame."""
    rng = np.random.default_rng(3)
    far = int(abs(velocity) * frames)
    size = (shape[0] + 32, shape[1] + far + 64)
    ky, kx = np.meshgrid(np.fft.fftfreq(size[0]), np.fft.rfftfreq(size[1]), indexing="ij")
    scene = np.fft.rfft2(rng.standard_normal(size)) * np.exp(-(ky**2 + kx**2) / (2 * 0.08**2))
    start = 16 + (far if velocity > 0 else 0)
    frames_of = []
    for t in range(frames):
        moved = np.fft.irfft2(scene * np.exp(-2j * np.pi * kx * velocity * t), s=size)
        frames_of.append(moved[16 : 16 + shape[0], start : start + shape[1]])
    stack = np.stack(frames_of)
    stack = 100 + 30 * stack / stack.std() + rng.normal(0, noise, stack.shape)
    return stack.astype(np.float32)
