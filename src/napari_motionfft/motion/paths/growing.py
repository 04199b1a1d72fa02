"""A first path, frame by frame: each against the mean of the few before it."""

from __future__ import annotations

import torch

from napari_motionfft.motion.job import Check
from napari_motionfft.motion.paths.lookup import offsets, planes, summit
from napari_motionfft.motion.paths.views import View
from napari_motionfft.motion.spectra import shifted_back

MEMORY = 8
"""Frames that the next one is compared with."""
UNLIKELY = 20.0
"""−ln of the odds of a step beyond the search range: a rare event, in 10⁴ places, and noise whose
few frequencies give it long tails."""
CLEARLY = 1.5
"""Times that a peak beyond the search range must exceed the best one within."""


def grow(
    view: View,
    max_step: float,
    mask: torch.Tensor | None,
    check: Check,
) -> torch.Tensor:
    """(T, 2) px: frames chained one by one, bold where the evidence is.

    A frame that matches nothing adds nothing to what the next ones are compared with.

    Parameters
    ----------
    view
        All frames through one window.
    max_step
        px a frame, an axis; further only where the match there is beyond doubt.
    """
    weight = view.weight if mask is None else view.weight * mask
    path = torch.zeros(view.count, 2, dtype=torch.float64)
    heights = torch.zeros(view.count, dtype=torch.float64)
    heights[0] = torch.inf
    for t in range(1, view.count):
        check(t / view.count, "Following frame by frame")
        before = recent(heights, t)
        near = view.spectra[before]
        mean = shifted_back(near, view.band, path[before] - path[t - 1]).mean(0)
        plane, spacing = planes((weight * mean.conj() * view.spectra[t])[None], view.band)
        moved, height = likeliest(plane, spacing, max_step)
        path[t] = path[t - 1] + moved
        heights[t] = height
    return path


def recent(heights: torch.Tensor, t: int) -> torch.Tensor:
    """The last frames before t that matched; at least the one before."""
    before = torch.arange(max(0, t - MEMORY), t)
    seen = heights[max(0, t - 4 * MEMORY) : t]
    usual = seen[torch.isfinite(seen)].median() if bool(torch.isfinite(seen).any()) else 0.0
    kept = before[heights[before] > 0.4 * usual]
    return kept if len(kept) else before[-1:]


def likeliest(
    plane: torch.Tensor, spacing: tuple[float, float], max_step: float
) -> tuple[torch.Tensor, float]:
    """The step (2,) px that a plane (1, H, W) makes likeliest, and its height in the plane's σ."""
    height = plane[0] / plane.std().clamp(min=1e-30)
    far = torch.maximum(
        offsets(plane.shape[1], spacing[0]).abs()[:, None] / max(max_step, spacing[0]),
        offsets(plane.shape[2], spacing[1]).abs()[None] / max(max_step, spacing[1]),
    ).to(plane.device)
    within = torch.where(far <= 1, height, -torch.inf).flatten()
    beyond = torch.where(far > 1, height, -torch.inf).flatten()
    cell, outside = within.argmax(), beyond.argmax()
    inner, outer = float(within[cell]), float(beyond[outside])
    if outer > CLEARLY * inner and outer * (outer - inner) > UNLIKELY:
        cell, inner = outside, outer
    return summit(plane, spacing, cell[None])[0], inner
