"""Kymographs whose motion is known exactly, and the bound on how well it can be known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.float32]

MARGIN = 64
"""Scene beyond what the strip ever sees, px: what wraps around is never in view."""
FLOWS = (1.5, -0.8)
"""Velocities of `two_flows`, px/frame."""


@dataclass(frozen=True)
class KnownStrip:
    """A kymograph and its truth.

    Attributes
    ----------
    kymograph
        (T, L) a row a frame.
    velocities
        (T,) px/frame at each frame, positive towards the end of the strip.
    positions
        (T,) px: displacement of the content since frame 0.
    bound
        Least standard deviation of a constant velocity in px/frame; NaN where it changes.
    """

    kymograph: Image
    velocities: Array
    positions: Array
    bound: float

    def mean_velocities(self, starts: NDArray[np.int64], window: int) -> Array:
        """(W,) px/frame: how far the content went in each window of frames, a frame."""
        last = np.asarray(starts) + window - 1
        return np.asarray((self.positions[last] - self.positions[starts]) / (window - 1))

    def slopes(self, starts: NDArray[np.int64], window: int) -> Array:
        """(W,) px/frame: of the straight line nearest to the positions in each window.

        What a fit of a constant velocity to each window aims at. Where the velocity bends, it is
        not quite the mean: the middle of the window counts for more.
        """
        t = np.arange(window) - (window - 1) / 2
        return np.asarray(
            self.positions[np.asarray(starts)[:, None] + np.arange(window)] @ t / (t @ t)
        )


@dataclass(frozen=True)
class KnownMovie:
    """A movie (T, Y, X), a strip across it (2, 2) as (y, x) px, and the truth.

    `velocity` (2,) is that of the content, `along` its part along the strip, px/frame.
    """

    stack: Image
    path: Array
    velocity: Array
    along: float


def texture_power(size: int, knee: float) -> Array:
    """(size//2+1,) power 1/|k| of unit variance per px, level below `knee` cycles/px.

    The cut of a 1/|k|² image along a line. Nothing at DC and Nyquist.
    """
    k = np.fft.rfftfreq(size)
    power = 1 / np.maximum(k, knee)
    power[0] = 0
    power[k == 0.5] = 0
    return np.asarray(power * size / (2 * power.sum()))


def texture(rng: np.random.Generator, size: int, knee: float) -> NDArray[np.complex128]:
    """(size//2+1,) spectrum of a random line that wraps around after `size` px."""
    white = np.fft.rfft(rng.standard_normal(size))
    return np.asarray(white * np.sqrt(texture_power(size, knee)))


def scene_size(positions: Array, length: int) -> int:
    """Px of scene that a strip of `length` px needs to see nothing twice; a multiple of 128."""
    travel = float(np.ptp(positions))
    return 128 * math.ceil((length + travel + MARGIN) / 128)


def seen(spectrum: NDArray[np.complex128], size: int, positions: Array, length: int) -> Array:
    """(T, length) the scene, displaced by each of `positions` px, through a still window."""
    k = np.fft.rfftfreq(size)
    out = np.empty((len(positions), length))
    for low in range(0, len(positions), 64):
        turns = positions[low : low + 64, None] * k
        moved = np.fft.irfft(spectrum * np.exp(-2j * np.pi * turns), n=size)
        out[low : low + 64] = moved[:, :length]
    return out


def strip_bound(
    power: Array, noise: float, positions: Array, length: int, times: Array | None = None
) -> float:
    """Least standard deviation of a constant velocity, scene unknown (docs/method.md § 8).

    Each px of scene counts for as long as it is in view: with n frames that see it, at times t
    of mean t̄, its information is Σ_t (t − t̄)² · mean_k (2πk)² · nP/(nP + N) · P/N.

    Parameters
    ----------
    power
        (M//2+1,) of a line of M px, M even, per px of scene.
    noise
        Variance per px of the kymograph.
    positions
        (T,) px.
    times
        (T,) frames; None: 0 … T−1.
    """
    if noise == 0:
        return 0.0
    t = np.arange(len(positions), dtype=np.float64) if times is None else times
    first = math.floor(-positions.max())
    y = np.arange(first, math.ceil(length - positions.min()) + 1)[:, None]
    view = (y + positions >= 0) & (y + positions <= length - 1)  # (Y, T)
    count = view.sum(1)
    mean = (view * t).sum(1) / np.maximum(count, 1)
    spread = (view * (t - mean[:, None]) ** 2).sum(1)
    k = np.fft.rfftfreq(2 * (len(power) - 1))
    information = 0.0
    for n in np.unique(count[count > 1]):
        gain = (2 * math.pi * k) ** 2 * n * power / (n * power + noise) * power / noise
        information += float(spread[count == n].sum() * 2 * gain.sum() / (2 * (len(power) - 1)))
    return 1 / math.sqrt(information)


def moving_line(
    seed: int, snr: float, positions: Array, length: int, static: float = 0.0
) -> tuple[Image, Array]:
    """(T, length) a texture of unit variance at `positions`, in white noise; its power.

    Parameters
    ----------
    snr
        Standard deviation of the texture over that of the noise.
    static
        Variance of a still texture in front, over that of the moving one.
    """
    rng = np.random.default_rng(seed)
    size = scene_size(positions, length)
    clean = seen(texture(rng, size, 1 / length), size, positions, length)
    if static:
        still = seen(texture(rng, 2 * length, 1 / length), 2 * length, np.zeros(1), length)
        clean = clean + math.sqrt(static) * still
    noisy = clean + rng.standard_normal(clean.shape) / snr
    return noisy.astype(np.float32), texture_power(size, 1 / length)


def kymograph(
    seed: int,
    snr: float,
    velocity: float | None = None,
    length: int = 256,
    frames: int = 128,
    fastest: float = 2.0,
    static: float = 0.0,
) -> KnownStrip:
    """A random texture that passes at constant velocity, drawn from ±`fastest` px/frame."""
    if velocity is None:
        velocity = float(np.random.default_rng([seed, 1]).uniform(-fastest, fastest))
    positions = velocity * np.arange(frames, dtype=np.float64)
    lines, power = moving_line(seed, snr, positions, length, static)
    bound = strip_bound(power, snr**-2, positions, length)
    return KnownStrip(lines, np.full(frames, velocity), positions, bound)


def pulsatile(
    seed: int,
    snr: float,
    mean: float = 1.3,
    modulation: float = 0.2,
    period: float = 500.0,
    length: int = 256,
    frames: int = 2000,
    static: float = 0.0,
) -> KnownStrip:
    """v(t) = mean·(1 + modulation·sin(2πt/period)), px/frame."""
    t = np.arange(frames, dtype=np.float64)
    turn = 2 * math.pi / period
    velocities = mean * (1 + modulation * np.sin(turn * t))
    positions = mean * (t + modulation / turn * (1 - np.cos(turn * t)))
    lines, _ = moving_line(seed, snr, positions, length, static)
    return KnownStrip(lines, velocities, positions, math.nan)


def blood_flow(seed: int, snr: float, frames: int = 2000) -> KnownStrip:
    """The sample line scan, of 2,000 lines: cells of known pulsatile velocity before a wall."""
    from napari_motionfft.files.line_scan import blood_flow_line_scan

    lines, velocities = blood_flow_line_scan(frames, snr=snr, seed=seed)
    # Simpson's rule of a slow sine: exact to 1e-9 px a line
    middle = 1.5 * (1 + 0.2 * np.sin(2 * math.pi / 250 * (np.arange(frames - 1) + 0.5)))
    steps = (velocities[:-1] + 4 * middle + velocities[1:]) / 6
    positions = np.concatenate([[0.0], np.cumsum(steps)])
    return KnownStrip(lines, velocities, positions, math.nan)


def two_flows(seed: int, snr: float, length: int = 256, frames: int = 128) -> Image:
    """(T, L) two textures of unit variance on top of each other, at `FLOWS` px/frame."""
    t = np.arange(frames, dtype=np.float64)
    first, _ = moving_line(seed, snr, FLOWS[0] * t, length)
    second, _ = moving_line(100_000 + seed, math.inf, FLOWS[1] * t, length)
    return first + second


def aliased(seed: int, snr: float, length: int = 256, frames: int = 128) -> KnownStrip:
    """0.6 to 0.9 of the strip's length a frame, either way: most is gone by the next frame."""
    rng = np.random.default_rng([seed, 2])
    speed = rng.uniform(0.6, 0.9) * length * rng.choice([-1, 1])
    return kymograph(seed, snr, float(speed), length, frames)


def static_only(seed: int, snr: float, length: int = 256, frames: int = 128) -> Image:
    """(T, L) a texture that stands still, in white noise."""
    return moving_line(seed, snr, np.zeros(frames), length)[0]


def noise_only(seed: int, length: int = 256, frames: int = 128) -> Image:
    """(T, L) white noise."""
    return np.random.default_rng(seed).standard_normal((frames, length)).astype(np.float32)


def oblique_movie(
    seed: int,
    snr: float = math.inf,
    angle: float = 30.0,
    heading: float = 0.0,
    speed: float | None = None,
    side: int = 160,
    frames: int = 64,
) -> KnownMovie:
    """An isotropic random texture that drifts across a movie with a strip through its middle.

    Parameters
    ----------
    angle
        Of the strip, degrees from the x axis towards +y.
    heading
        Of the content, degrees from the strip: 0 is along it, 90 straight across.
    speed
        px/frame; None draws one from 0.6 to 1.4.

    Notes
    -----
    The texture has the power |k|^-2 below 0.15 cycles/px, little above: it is smooth enough to be
    sampled between pixels.
    """
    rng = np.random.default_rng(seed)
    if speed is None:
        speed = float(rng.uniform(0.6, 1.4))
    strip, way = math.radians(angle), math.radians(angle + heading)
    velocity = speed * np.array([math.sin(way), math.cos(way)])
    size = 64 * math.ceil((side + speed * frames + MARGIN) / 64)
    ky, kx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    square = ky**2 + kx**2
    amplitude = np.exp(-square / (2 * 0.15**2)) / np.sqrt(np.maximum(square, 1 / side**2))
    amplitude[0, 0] = 0
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * amplitude
    spectrum /= np.fft.irfft2(spectrum, s=(size, size)).std()
    stack = np.empty((frames, side, side), np.float32)
    for t in range(frames):
        turns = t * (ky * velocity[0] + kx * velocity[1])
        moved = np.fft.irfft2(spectrum * np.exp(-2j * np.pi * turns), s=(size, size))
        stack[t] = moved[:side, :side]
    stack += (rng.standard_normal(stack.shape) / snr).astype(np.float32)
    along = np.array([math.sin(strip), math.cos(strip)])
    middle, half = (side - 1) / 2, 0.45 * side
    path = np.stack([middle - half * along, middle + half * along])
    return KnownMovie(stack, path, velocity, float(velocity @ along))
