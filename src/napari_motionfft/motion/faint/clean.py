"""Frames without what stands still, each pixel in units of its own noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d

CLIP = 5.0
"""Values this far from a pixel's mean, in its standard deviations, do not count for either."""

MOST = 6.0
"""Values are cut to this many standard deviations: a cosmic ray is no track."""

FLICKER = 2.0
"""Times what independent noise leaves in the mean of a row or column, from which it is subtracted:
it would take a part of every object too."""

ROWS = 32
"""Rows of a pass: sorting and squaring need several copies of what they work on."""


@dataclass(frozen=True, eq=False)
class Clean:
    """Frames of unit noise.

    Attributes
    ----------
    values
        (T, Y, X) float32: what is left of the frames, divided by each pixel's noise.
    gain
        (Y, X) median noise over a pixel's noise: what an object's brightness is multiplied by in
        `values`.
    noise
        The median noise of a pixel and frame, in units of what was given.
    """

    values: torch.Tensor
    gain: torch.Tensor
    noise: float


def cleaned(frames: torch.Tensor, static: bool, away: torch.Tensor | None = None) -> Clean:
    """Take out what stands still, rows and columns that flicker; divide by the noise.

    Parameters
    ----------
    frames
        (T, Y, X) float32; may be overwritten.
    static
        Subtract each pixel's mean over time; else only the mean of all.
    away
        (T, Y, X) bool: values that do not count for mean and noise and are not cut; what moves
        there is known.
    """
    whole = frames.mean() if not static else None
    variance = torch.empty_like(frames[0])
    for first in range(0, frames.shape[1], ROWS):
        rows = frames[:, first : first + ROWS]
        mean, spread = clipped(rows, None if away is None else away[:, first : first + ROWS])
        variance[first : first + ROWS] = spread
        rows -= mean if whole is None else whole
    variance = avg_pool2d(variance[None, None], 3, 1, 1, count_include_pad=False)[0, 0]
    typical = float(variance.median())
    if typical <= 0:  # most pixels never change: those that do are the noise
        typical = float(variance.mean())
    variance = variance.clamp(min=0.05 * typical if typical > 0 else 1.0)
    noise = variance.sqrt()
    frames /= noise
    capped = frames.clamp(-MOST, MOST)
    frames = capped if away is None else torch.where(away, frames, capped)
    del capped
    for axis in (2, 1):
        line = frames.mean(axis, keepdim=True)
        power = float(line.square().median()) / 0.455  # of a normal distribution: its variance
        if power * frames.shape[axis] > FLICKER:
            frames -= line
    middle = float(noise.median())
    return Clean(frames, middle / noise, middle)


def clipped(values: torch.Tensor, away: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over time without outliers, (Y, X) each."""
    counts = torch.ones_like(values) if away is None else (~away).to(values.dtype)
    kept = counts
    mean, variance = moments(values, kept)
    for _ in range(2):
        kept = counts * ((values - mean).square_() <= CLIP**2 * variance)
        mean, variance = moments(values, kept)
    return mean, variance


def moments(values: torch.Tensor, kept: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance over time of what is kept, (Y, X) each."""
    count = kept.sum(0)
    mean = (values * kept).sum(0) / count.clamp(min=1.0)
    variance = ((values - mean).square_() * kept).sum(0) / (count - 1).clamp(min=1.0)
    return mean, variance
