"""Stacks whose motion is not constant but known exactly, and the bound on its error."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import Array, counted, frequencies, pink_power, shifted
from napari_motionfft.files.stacks import read_stack

MARGIN = 32
"""What `long_drift` keeps clear of the scene's edges, px: its shift wraps around there."""


@dataclass(frozen=True)
class KnownPath:
    """A stack and its truth.

    Attributes
    ----------
    stack
        (T, Y, X) float32.
    path
        (T, 2) px, (y, x): displacement of the content relative to frame 0.
    bound
        (2,) px: least standard deviation of a frame's displacement, the mean of the path removed.
        0 without noise, NaN where it is not known.
    bad
        Frames that do not show the scene, in order.
    """

    stack: NDArray[np.float32]
    path: Array
    bound: Array
    bad: tuple[int, ...] = field(default=())

    @property
    def bound_to_first(self) -> Array:
        """(2,) px: least standard deviation of a displacement relative to frame 0."""
        return np.asarray(self.bound * math.sqrt(2 / (1 - 1 / len(self.path))))


def error_about_mean(
    estimate: Array, truth: Array, leave_out: Collection[int] = (), at_most: int | None = None
) -> Array:
    """(T', 2) px: estimate − truth, both (T, 2), less its mean; without the frames `leave_out`."""
    kept = [t for t in range(len(truth)) if t not in leave_out][:at_most]
    error = np.asarray(estimate, dtype=np.float64)[kept] - truth[kept]
    return np.asarray(error - error.mean(0))


def rmse(estimate: Array, truth: Array, leave_out: Collection[int] = ()) -> float:
    """Root mean square error in px a component, the mean difference removed."""
    return float(np.sqrt((error_about_mean(estimate, truth, leave_out) ** 2).mean()))


def rmse_to_first(estimate: Array, truth: Array, leave_out: Collection[int] = ()) -> float:
    """Root mean square error in px a component, relative to frame 0, over the other frames."""
    kept = [t for t in range(1, len(truth)) if t not in leave_out]
    error = (estimate - estimate[0] - truth + truth[0])[kept]
    return float(np.sqrt((error**2).mean()))


def free_bound(power: Array, noise: float, frames: int, shape: tuple[int, int]) -> Array:
    """(2,) px: least standard deviation of a free path about its mean (docs/method.md § 8).

    Scene unknown. Root of the diagonal of (1 − 1/T) · [Σ_k T·P/(T·P + N) · P/N · (2πk)(2πk)ᵀ]⁻¹
    over the full plane; relative to frame 0 it is 2 in place of 1 − 1/T.

    Parameters
    ----------
    power
        (Y, X//2+1) of the scene under an orthonormal FFT.
    noise
        Variance per pixel.
    """
    if noise == 0:
        return np.zeros(2)
    ky, kx = frequencies(shape)
    gain = counted(shape) * power / noise * frames * power / (frames * power + noise)
    gain = gain * (2 * math.pi) ** 2
    yy, xx, yx = (gain * ky**2).sum(), (gain * kx**2).sum(), (gain * ky * kx).sum()
    least = np.linalg.inv(np.array([[yy, yx], [yx, xx]])) * (1 - 1 / frames)
    return np.asarray(np.sqrt(np.diag(least)))


def random_walk(
    seed: int, frames: int = 60, step: float = 0.8, per_component: bool = True
) -> Array:
    """(T, 2) px from (0, 0): independent Gaussian steps.

    `step` is the standard deviation of either component of a step, or the root mean square of its
    length.
    """
    rng = np.random.default_rng([seed, 3])
    scale = step if per_component else step / math.sqrt(2)
    steps = scale * rng.standard_normal((frames - 1, 2))
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


def sinusoid(frames: int = 60, amplitude: float = 8.0) -> Array:
    """(T, 2) px: one period along either axis, a quarter of it apart along x, from (0, 0)."""
    turn = 2 * math.pi * np.arange(frames) / frames
    path = amplitude * np.stack([np.sin(turn), np.cos(turn + 0.7)], axis=1)
    return np.asarray(path - path[0])


def steady(seed: int, frames: int = 60, speed: float = 0.4) -> Array:
    """(T, 2) px: a constant velocity of that speed, px/frame, in a direction drawn by lot."""
    angle = np.random.default_rng([seed, 4]).uniform(0, 2 * math.pi)
    step = speed * np.array([math.sin(angle), math.cos(angle)])
    return np.asarray(np.arange(frames)[:, None] * step)


def seen(image: Array, path: Array, low: tuple[int, int], side: int) -> Array:
    """(T, side, side) of the image that goes along `path` behind a window that stands still.

    `low` is the window's corner at displacement 0. The image wraps around; its shift is exact for
    what has no energy beyond the Nyquist frequency.
    """
    out = np.empty((len(path), side, side))
    for t, at in enumerate(path):
        # whole px are taken from the image, so that no window has to reach over its edges
        whole = np.floor(at).astype(int)
        rows = (low[0] - whole[0] + np.arange(side)) % image.shape[0]
        columns = (low[1] - whole[1] + np.arange(side)) % image.shape[1]
        out[t] = shifted(image, at - whole)[np.ix_(rows, columns)]
    return out


def hann_power(view: Array) -> Array:
    """(Y, X//2+1) power of a window (Y, X) of a scene, orthonormal, its edges faded out."""
    fade = np.hanning(view.shape[0])[:, None] * np.hanning(view.shape[1])[None]
    fade /= np.sqrt((fade**2).mean())
    return np.asarray(np.abs(np.fft.rfft2((view - view.mean()) * fade, norm="ortho")) ** 2)


def in_noise(clean: Array, path: Array, snr: float | None, seed: int) -> KnownPath:
    """Frames (T, Y, X) in white noise: `snr` is the std of the middle one over that of the noise.

    None: no noise.
    """
    middle = clean[len(clean) // 2]
    noise = 0.0 if snr is None or math.isinf(snr) else float(middle.std()) / snr
    stack = clean + noise * np.random.default_rng([seed, 5]).standard_normal(clean.shape)
    shape = (clean.shape[1], clean.shape[2])
    least = free_bound(hann_power(middle), noise**2, len(path), shape)
    return KnownPath(stack.astype(np.float32), path - path[0], least)


def moving_window(
    image: Array, path: Array, side: int = 256, snr: float | None = None, seed: int = 0
) -> KnownPath:
    """A photograph that goes along a path (T, 2) behind a window near its centre.

    Parameters
    ----------
    snr
        Standard deviation of the scene in the window over that of the noise; None: no noise.
    """
    middle = (path.max(0) + path.min(0)) / 2
    low = ((image.shape[0] - side) // 2, (image.shape[1] - side) // 2)
    return in_noise(seen(image, path - middle, low, side), path, snr, seed)


def with_bad_frames(known: KnownPath, seed: int, blank: int = 5, other: int = 2) -> KnownPath:
    """Some frames without the scene: a constant and noise, or another photograph of its level.

    They are drawn by lot; frame 0 may be among them. The noise is measured: it is what differs
    between neighbours at the highest frequencies.
    """
    rng = np.random.default_rng([seed, 6])
    stack = known.stack.copy()
    bad = np.sort(rng.choice(len(stack), blank + other, replace=False))
    strange = set(rng.choice(bad, other, replace=False).tolist())
    noise = white_noise(known.stack)
    _, height, width = stack.shape
    # of the scene without the noise
    spread = math.sqrt(max(float(stack[len(stack) // 2].var()) - noise**2, 0.0))
    for t in bad:
        if t in strange:
            view = other_scene(rng, height, width)
            frame = stack.mean() + spread * (view - view.mean()) / view.std()
        else:
            frame = np.full((height, width), rng.uniform(0, 2) * abs(stack.mean()))
        stack[t] = frame + noise * rng.standard_normal((height, width))
    return replace(known, stack=stack, bad=tuple(int(t) for t in bad))


def other_scene(rng: np.random.Generator, height: int, width: int) -> Array:
    """(height, width) anywhere from scikit-image's `coins`, mirrored where it is too small."""
    from skimage.data import coins

    image = np.asarray(coins(), dtype=np.float64)
    tall, wide = (max(0, n - m) for n, m in zip((height, width), image.shape, strict=True))
    image = np.pad(image, ((0, tall), (0, wide)), mode="symmetric")
    y = rng.integers(0, image.shape[0] - height + 1)
    x = rng.integers(0, image.shape[1] - width + 1)
    return image[y : y + height, x : x + width]


def white_noise(stack: NDArray[np.float32]) -> float:
    """Standard deviation of white noise, from the median power at the highest frequencies."""
    height, width = stack.shape[1:]
    ky, kx = frequencies((height, width))
    corner = (np.abs(ky) > 0.4) & (kx > 0.4) & (counted((height, width)) > 0)
    fade = np.hanning(height)[:, None] * np.hanning(width)[None]
    fade /= np.sqrt((fade**2).mean())
    power = np.abs(np.fft.rfft2(stack * fade, norm="ortho")[:, corner]) ** 2
    return float(math.sqrt(np.median(power) / math.log(2)))


def long_path(seed: int, frames: int, travel: float, wander: float) -> Array:
    """(T, 2) px: steadily `travel` px along x, with a slow wander of that amplitude on both."""
    rng = np.random.default_rng([seed, 7])
    t = np.linspace(0, 1, frames)
    waves = np.stack(
        [np.sin(2 * math.pi * (n * t[:, None] + rng.uniform(0, 1, 2))) / n for n in (1, 2, 3)]
    ).sum(0)
    path = wander * waves / np.abs(waves).max(0)
    # the wander's own trend goes, so that first and last are `travel` apart
    path -= path[0] + t[:, None] * (path[-1] - path[0])
    path[:, 1] += travel * t
    return np.asarray(path)


def long_drift(
    image: Array | None = None,
    frames: int = 200,
    fields: float = 3.0,
    side: int = 96,
    snr: float | None = 1.0,
    seed: int = 0,
    wander: float = 6.0,
) -> KnownPath:
    """A window that goes `fields` of its widths across a scene: first and last share nothing.

    Parameters
    ----------
    image
        The scene; None: random, of power 1/|k|², as large as needed. No window reaches its edges.
    """
    path = long_path(seed, frames, fields * side, wander)
    room = np.ceil(np.ptp(path, axis=0)).astype(int) + side + 2 * MARGIN
    if image is None:
        shape = (64 * math.ceil(room[0] / 64), 64 * math.ceil(room[1] / 64))
        white = np.fft.rfft2(np.random.default_rng([seed, 8]).standard_normal(shape), norm="ortho")
        image = np.fft.irfft2(white * np.sqrt(pink_power(shape)), s=shape, norm="ortho")
    if (room > image.shape).any():
        raise ValueError(f"a scene of {image.shape} px is too small: {tuple(room)} px are needed")
    middle = (path.max(0) + path.min(0)) / 2
    low = ((image.shape[0] - side) // 2, (image.shape[1] - side) // 2)
    known = in_noise(seen(image, path - middle, low, side), path, snr, seed)
    # the bound counts every frame as seeing the same scene
    return replace(known, bound=np.full(2, np.nan))


def noise_only(seed: int, frames: int = 60, side: int = 128) -> NDArray[np.float32]:
    """(T, side, side) white noise."""
    rng = np.random.default_rng([seed, 9])
    return rng.standard_normal((frames, side, side)).astype(np.float32)


def drift_with_jump() -> KnownPath:
    """The packaged sample: a random walk of 0.5 px a step with a bump of the stage at frame 33."""
    data = files("napari_motionfft") / "data"
    with as_file(data / "known_drift_with_jump.tif") as path:
        stack = np.asarray(read_stack(path), dtype=np.float32)
    with as_file(data / "known_drift_with_jump.csv") as path:
        rows = np.loadtxt(path, delimiter=",", skiprows=1)
    return KnownPath(stack, rows[:, 1:3] - rows[0, 1:3], np.full(2, np.nan))
