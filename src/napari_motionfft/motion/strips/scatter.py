"""How parts of a window differ: the error of a pattern that changes as it passes."""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_motionfft.motion.strips.mosaic import Runs
from napari_motionfft.motion.strips.refine import Fit, refine
from napari_motionfft.motion.strips.weighing import Weights

PARTS = 4
"""Fewest parts that tell a scatter from a trend."""
BEYOND = 3.0
"""Scatter of the parts over that of noise alone, from which a pattern is seen to change."""
LEAST_LINES = 6
"""Fewest lines of a part."""


def widened(
    fit: Fit, lines: torch.Tensor, runs: Runs, weights: Weights, bend: torch.Tensor | None = None
) -> Fit:
    """The fit with its error widened to what the scatter of the window's parts calls for.

    A pattern that changes (it crosses the strip, cells turn) moves along a little as it does so.
    That is the same for many lines, so it does not show as scatter of lines; but each part of the
    window has a pattern of its own. Each is refined alone; a steady change is taken off. What is
    within the parts' own noise does not count: a pattern that stays ties them together.

    Parameters
    ----------
    lines
        (b, n, L) as the runs were made of.
    bend
        (b, n) px that is known to be no straight path, or None.
    """
    b, n, length = lines.shape
    parts = max(PARTS, runs.mask.shape[0])
    m = n // parts
    if m < LEAST_LINES:
        return fit
    pieces = lines[:, : parts * m].reshape(b * parts, m, length)
    some = weights.pick(torch.arange(b).repeat_interleave(parts))
    alone = Runs.of(pieces, 1, runs.taper, runs.size)
    start = fit.velocity.repeat_interleave(parts)
    each = refine(alone, start, some, False)
    found = each.velocity.reshape(b, parts)
    if bend is not None:
        part = bend[:, : parts * m].reshape(b, parts, m)
        found = found - (part[..., -1] - part[..., 0]) / (m - 1)
    t = torch.linspace(-1, 1, parts, dtype=torch.float64)
    off = found - found.mean(1, keepdim=True)
    off = off - (off @ t)[:, None] * t / (t @ t)
    variance = off.square().sum(1) / (parts - 2) / parts
    noise = each.variance.reshape(b, parts).mean(1) / parts
    share = torch.where(variance > BEYOND * noise, variance / fit.variance.clamp(min=1e-300), 1.0)
    return replace(fit, inflation=torch.maximum(fit.inflation, share))
