"""Stacks whose motion is known exactly, and the bound on how well it can be known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """A stack (T, Y, X), its velocity (2,) px/frame, and the bound's covariance (2, 2)."""

    stack: NDArray[np.float32]
    velocity: Array
    bound: Array


def frequencies(shape: tuple[int, int]) -> tuple[Array, Array]:
    """Signed ky (Y, 1) and kx (1, X//2+1) in cycles/px; the sign of the Nyquist bins is void."""
    return np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]


def counted(shape: tuple[int, int]) -> Array:
    """How often a half-plane bin stands in the full plane, 0 at DC and Nyquist, (Y, X//2+1)."""
    ky, kx = frequencies(shape)
    count = np.full((shape[0], shape[1] // 2 + 1), 2.0)
    count[:, 0] = 1
    count[0, 0] = 0
    count[(np.abs(ky) == 0.5) | (kx == 0.5)] = 0
    return count


def bound(power: Array, noise: float, frames: int, shape: tuple[int, int]) -> Array:
    """Least covariance of a constant velocity, scene unknown, (2, 2) (docs/method.md § 8).

    Inverse of Σ_k T·P/(T·P + N) · P/N · (2πk)(2πk)ᵀ · T(T² − 1)/12 over the full plane.

    Parameters
    ----------
    power
        (Y, X//2+1) of the scene under an orthonormal FFT.
    noise
        Variance per pixel.
    """
    ky, kx = frequencies(shape)
    gain = counted(shape) * power / noise * frames * power / (frames * power + noise)
    gain = gain * (2 * math.pi) ** 2 * frames * (frames**2 - 1) / 12
    yy, xx, yx = (gain * ky**2).sum(), (gain * kx**2).sum(), (gain * ky * kx).sum()
    return np.linalg.inv(np.array([[yy, yx], [yx, xx]]))


def shifted(image: Array, displacement: Array) -> Array:
    """Periodic Fourier shift of the content by (y, x) px."""
    ky, kx = frequencies((image.shape[0], image.shape[1]))
    turns = ky * displacement[0] + kx * displacement[1]
    spectrum = np.fft.rfft2(image) * np.exp(-2j * np.pi * turns)
    return np.asarray(np.fft.irfft2(spectrum, s=image.shape))


def pink_power(shape: tuple[int, int]) -> Array:
    """1/|k|² power of unit variance per pixel, no energy at DC or Nyquist, (Y, X//2+1)."""
    ky, kx = frequencies(shape)
    count = counted(shape)
    power = np.where(count > 0, 1 / np.maximum(ky**2 + kx**2, 1e-12), 0.0)
    return power * shape[0] * shape[1] / (count * power).sum()


def periodic(
    seed: int, snr_db: float, side: int = 64, frames: int = 16, fastest: float = 2.0
) -> Known:
    """A random 1/f scene that wraps around, moving at a random velocity, in white noise."""
    rng = np.random.default_rng(seed)
    shape = (side, side)
    power = pink_power(shape)
    white = np.fft.rfft2(rng.standard_normal(shape), norm="ortho")
    scene = np.fft.irfft2(white * np.sqrt(power), s=shape, norm="ortho")
    velocity = rng.uniform(-fastest, fastest, 2)
    noise = 10 ** (-snr_db / 20)
    clean = np.stack([shifted(scene, velocity * t) for t in range(frames)])
    stack = clean + noise * rng.standard_normal(clean.shape)
    return Known(stack.astype(np.float32), velocity, bound(power, noise**2, frames, shape))


def through_window(
    image: Array,
    seed: int,
    snr: float,
    velocity: tuple[float, float] = (0.37, -1.21),
    side: int = 256,
    frames: int = 30,
    static: float = 0.0,
) -> Known:
    """A photograph seen through a window that drifts across it, in white noise.

    Parameters
    ----------
    snr
        Standard deviation of the scene in the window over that of the noise.
    static
        Variance of a still random texture in front, over that of the scene.
    """
    rng = np.random.default_rng(seed)
    v = np.asarray(velocity) + rng.uniform(-0.05, 0.05, 2)
    low = [(n - side) // 2 for n in image.shape]
    middle = v * (frames - 1) / 2
    views = [
        shifted(image, v * t - middle)[low[0] : low[0] + side, low[1] : low[1] + side]
        for t in range(frames)
    ]
    clean = np.stack(views)
    first = clean[frames // 2]
    level = float(first.std())
    window = np.hanning(side)[:, None] * np.hanning(side)[None]
    window /= np.sqrt((window**2).mean())
    power = np.abs(np.fft.rfft2((first - first.mean()) * window, norm="ortho")) ** 2
    noise = level / snr
    stack = clean + noise * rng.standard_normal(clean.shape)
    if static:
        power_of = pink_power((side, side))
        white = np.fft.rfft2(rng.standard_normal((side, side)), norm="ortho")
        still = np.fft.irfft2(white * np.sqrt(power_of), s=(side, side), norm="ortho")
        stack += still * level * math.sqrt(static)
    return Known(stack.astype(np.float32), v, bound(power, noise**2, frames, (side, side)))


def white_square() -> Known:
    """The posts' white square: ones on [25:103]² of 128², rolled by (dy, dx) = (2, 4) a frame."""
    square = np.zeros((128, 128), np.float32)
    square[25:103, 25:103] = 1
    stack = np.stack([np.roll(square, (2 * t, 4 * t), (0, 1)) for t in range(5)])
    return Known(stack, np.array([2.0, 4.0]), np.zeros((2, 2)))
