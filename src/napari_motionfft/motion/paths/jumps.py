"""Sudden jumps of an otherwise steady path (docs/method.md § 7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from napari_motionfft.motion.paths.links import path_variance

AROUND = 5
"""Steps on either side that say what is usual."""
UNUSUAL = 6.0
"""Robust standard deviations of the steps that a jump must exceed."""
LEAST = 1.0
"""px: a smaller step is no jump."""


def jumps_of(
    path: torch.Tensor,
    halves: Sequence[torch.Tensor],
    excluded: Sequence[int],
) -> list[int]:
    """First frames after a jump: a step far beyond the usual ones, seen by both halves.

    Parameters
    ----------
    path
        (T, 2) px.
    halves
        Two paths, from either half of the frequencies.
    excluded
        Frames that do not count.
    """
    kept = torch.tensor([t for t in range(len(path)) if t not in set(excluded)])
    if len(kept) < 6:
        return []
    gaps = kept.diff()
    steps = path[kept].diff(dim=0)
    rates = steps / gaps[:, None]  # px/frame: across frames left out a step is longer
    centre = torch.stack([usual(rates, i) for i in range(len(rates))]) * gaps[:, None]
    off = (steps - centre) / gaps.sqrt()[:, None]
    spread = 1.4826 * off.abs().median(0).values  # (2,) robust, a component
    away = (steps - centre).norm(dim=1)
    limit = torch.maximum(torch.tensor(LEAST), UNUSUAL * spread.square().sum().sqrt() * gaps.sqrt())
    agreed = [half[kept].diff(dim=0) - steps for half in halves]
    same = [(miss.norm(dim=1) < 0.25 * away) for miss in agreed]
    found = torch.nonzero((away > limit) & same[0] & same[1]).flatten()
    return [int(kept[i + 1]) for i in found]


def usual(steps: torch.Tensor, at: int) -> torch.Tensor:
    """(2,) median of the steps around one, without it."""
    low, high = max(0, at - AROUND), min(len(steps), at + AROUND + 1)
    near = torch.cat([steps[low:at], steps[at + 1 : high]])
    return near.median(0).values


def bridged(
    path: torch.Tensor,
    basis: torch.Tensor,
    covariance: torch.Tensor,
    excluded: Sequence[int],
    jumps: Sequence[int],
) -> torch.Tensor:
    """(T, 2) px² of the displacements; frames left out get the error of a walk between others.

    Between two known frames, a and b frames away, a walk of steps s strays by s²·ab/(a + b).
    """
    variance = path_variance(covariance, basis)
    if not excluded:
        return variance
    out = set(excluded)
    kept = [t for t in range(len(path)) if t not in out]
    gaps = torch.tensor(kept).diff().double()[:, None]
    steps = (path[kept].diff(dim=0) / gaps.sqrt())[[t not in set(jumps) for t in kept[1:]]]
    walk = steps.square().mean(0) if len(steps) else torch.ones(2, dtype=torch.float64)
    for t in excluded:
        before = max((s for s in kept if s < t), default=None)
        after = min((s for s in kept if s > t), default=None)
        near = [s for s in (before, after) if s is not None]
        a, b = (abs(t - s) for s in (near * 2)[:2])
        far = a * b / (a + b) if len(near) == 2 else float(a)
        variance[t] = variance[near].amax(0) + walk * far
    return variance
