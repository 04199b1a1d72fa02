"""Small stacks with known motion, made quickly."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from benchmarks.scenes import Array, Known, pink_power, shifted, through_window

from napari_motionfft.motion.job import Job, plan
from napari_motionfft.motion.result import Landscape, Motion


def scene(side: int = 256, seed: int = 0) -> Array:
    """A 1/f texture of unit variance, (side, side); it wraps around."""
    rng = np.random.default_rng(seed)
    white = np.fft.rfft2(rng.standard_normal((side, side)), norm="ortho")
    pink = np.fft.irfft2(white * np.sqrt(pink_power((side, side))), s=(side, side), norm="ortho")
    return np.asarray(pink)


def drifting(
    velocity: tuple[float, float] = (0.6, -0.9),
    side: int = 80,
    frames: int = 10,
    snr: float = 3.0,
    seed: int = 0,
) -> Known:
    """A texture seen through a window that drifts across it: nothing wraps around."""
    return through_window(scene(256, seed), seed, snr, velocity, side, frames)


def wrapping(
    velocity: tuple[float, float], shape: tuple[int, int] = (48, 48), frames: int = 8, seed: int = 0
) -> Array:
    """A periodic texture that moves without noise, (T, Y, X)."""
    rng = np.random.default_rng(seed)
    white = np.fft.rfft2(rng.standard_normal(shape), norm="ortho")
    image = np.fft.irfft2(white * np.sqrt(pink_power(shape)), s=shape, norm="ortho")
    return np.stack([shifted(image, np.multiply(velocity, t)) for t in range(frames)])


def motion_along(displacements: Any, boundary: str = "crop") -> Motion:
    """A Motion with these displacements (T, 2) and nothing else of interest."""
    path = np.asarray(displacements, dtype=np.float64)
    empty = np.zeros((1, 1), np.float32)
    return Motion(
        displacements=path,
        displacement_stderr=np.zeros_like(path),
        velocity=path[-1] / max(1, len(path) - 1),
        velocity_stderr=np.zeros(2),
        velocity_covariance=np.zeros((2, 2)),
        score=10.0,
        reliable=True,
        reason="",
        split_half=np.zeros(2),
        bias=np.zeros(2),
        integrated=empty,
        plain_mean=empty,
        coverage=np.ones((1, 1), np.int32),
        landscape=Landscape(empty, np.zeros(1), np.zeros(1)),
        region=((0, 1), (0, 1)),
        settings={"boundary": boundary},
        device="cpu",
    )


def job_for(stack: Any, **asked: Any) -> Job:
    """A checked job on the CPU, as `estimate_motion` makes it."""
    settings: dict[str, Any] = {
        "model": "velocity",
        "region": None,
        "max_speed": None,
        "weight": "auto",
        "background": "none",
        "boundary": "crop",
        "prefilter": "none",
        "device": "cpu",
        "progress": None,
        "cancel": None,
    }
    return plan(stack, **(settings | asked))


def spectra_of(frames: Any) -> torch.Tensor:
    """(T, Y, X//2+1) complex128 orthonormal half-plane spectra."""
    return torch.fft.rfft2(torch.as_tensor(np.asarray(frames, np.float64)), norm="ortho")
