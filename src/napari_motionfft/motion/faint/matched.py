"""One size of object: frames binned to it, and matched-filtered."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch.nn.functional import avg_pool2d, conv2d, pad

from napari_motionfft.motion.faint.clean import Clean

SIGMA = 1 / math.sqrt(8 * math.log(2))
"""Standard deviation of a Gaussian over its full width at half maximum."""

FINEST = 2.2
"""px: an object as wide as twice this is looked for in binned frames."""

WIDE = 10
"""Widths of the box whose mean is taken out: slow changes of the background are no object."""

SAMPLE = 200_000
"""Pixels that scale and smoothness are measured from."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Frames seen at one size of object; all lengths in binned px.

    Attributes
    ----------
    size
        Full width at half maximum in px of the stack.
    bin
        px of the stack a binned px.
    sigma
        Standard deviation of the object.
    signal, weight
        (T, h, w) gain times the frames, (h, w) gain squared: an object's least-squares brightness
        is Σ signal·g over Σ weight·g².
    score
        (T, h, w) float32 matched filter of each frame, of unit variance where all is noise.
    scale
        Standard deviation of Σ signal·g over √Σ weight·g²: 1 for white noise.
    smooth
        Λ along y and x: variance of the slope of `score`, 1/px².
    """

    size: float
    bin: int
    sigma: float
    signal: torch.Tensor
    weight: torch.Tensor
    score: torch.Tensor
    scale: float
    smooth: tuple[float, float]


def matched(clean: Clean, size: float) -> Matched:
    """See the frames at one size; their slow variation over many sizes is taken out."""
    step = max(1, int(size / FINEST))
    sigma = math.hypot(size * SIGMA / step, math.sqrt((1 - step**-2) / 12))
    gain = clean.gain
    box = 2 * (WIDE * math.ceil(size) // 2) + 1
    signal = torch.empty_like(clean.values)
    for t, frame in enumerate(clean.values):
        signal[t] = (frame - local_mean(frame, box)) * gain
    weight = gain.square()
    if step > 1:
        area = step * step
        signal = avg_pool2d(signal[:, None], step)[:, 0] * area
        weight = avg_pool2d(weight[None, None], step)[0, 0] * area
    score = score_of(signal, weight, sigma)
    scale = spread(score)
    score /= scale
    return Matched(size, step, sigma, signal, weight, score, scale, smoothness(score))


def score_of(signal: torch.Tensor, weight: torch.Tensor, sigma: float) -> torch.Tensor:
    """Matched filter of each frame, (T, h, w), of unit variance for white noise."""
    kernel = gaussian(sigma, signal)
    norm = smoothed(weight[None], kernel.square())[0].clamp(min=1e-12).rsqrt()
    return smoothed(signal, kernel).mul_(norm)


def refreshed(seen: Matched) -> Matched:
    """The same frames once something was taken out of their `signal`."""
    return replace(seen, score=score_of(seen.signal, seen.weight, seen.sigma) / seen.scale)


def local_mean(frame: torch.Tensor, box: int) -> torch.Tensor:
    """Mean over a box around each px, (Y, X)."""
    height, width = frame.shape
    for axis, n in ((0, height), (1, width)):
        sums = pad(frame.cumsum(axis), (0, 0, 1, 0) if axis == 0 else (1, 0))
        at = torch.arange(n, device=frame.device)
        low, high = (at - box // 2).clamp(min=0), (at + box // 2 + 1).clamp(max=n)
        count = (high - low).to(frame.dtype)
        total = sums.index_select(axis, high) - sums.index_select(axis, low)
        frame = total / (count[:, None] if axis == 0 else count)
    return frame


def gaussian(sigma: float, like: torch.Tensor) -> torch.Tensor:
    """(2r + 1,) Gaussian of height 1."""
    reach = math.ceil(3 * sigma)
    at = torch.arange(-reach, reach + 1, dtype=like.dtype, device=like.device)
    return (-0.5 * (at / sigma).square()).exp()


def smoothed(frames: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Frames (T, h, w) times a kernel along y and x; nothing lies beyond the edges."""
    reach = len(kernel) // 2
    rows = conv2d(frames[:, None], kernel[None, None, :, None], padding=(reach, 0))
    return conv2d(rows, kernel[None, None, None, :], padding=(0, reach))[:, 0]


def spread(values: torch.Tensor) -> float:
    """Standard deviation from the middle of the distribution; outliers do not count."""
    flat = values.reshape(-1)
    part = flat[:: max(1, len(flat) // SAMPLE)].abs()
    first = float(part.median()) / 0.6745
    inside = part[part < 4 * first] if first > 0 else part
    return max(float(inside.square().mean().sqrt()), 1e-12)


def smoothness(score: torch.Tensor) -> tuple[float, float]:
    """Λ along y and x, from the correlation of neighbours as if it were a Gaussian's."""
    found = []
    capped = score.clamp(-4, 4)
    power = float(capped.square().mean())
    for axis in (1, 2):
        n = score.shape[axis]
        product = capped.narrow(axis, 1, n - 1) * capped.narrow(axis, 0, n - 1)
        ratio = float(product.mean()) / max(power, 1e-12)
        found.append(-2 * math.log(min(max(ratio, 0.05), 0.999)))
    return found[0], found[1]
