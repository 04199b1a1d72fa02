"""From a refined path to an honest answer: errors, reliability, and the reason when in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from napari_motionfft.motion import precision
from napari_motionfft.motion.frames import name_frames
from napari_motionfft.motion.job import Job
from napari_motionfft.motion.judge import basis_slope
from napari_motionfft.motion.paths.find import centred
from napari_motionfft.motion.paths.jumps import bridged
from napari_motionfft.motion.paths.refined import Refined
from napari_motionfft.motion.paths.sharpen import one_step
from napari_motionfft.motion.paths.views import View

ALIKE = 2.5
"""Times the predicted variance up to which two halves agree."""
MEDIAN_OF_SQUARES = 0.4549
"""Median of χ² with one degree of freedom."""
STRANGE, LEAST = 6.0, 0.3
"""Standard errors, each at least so many px, beyond which a frame's halves disagree."""
FLOOR = 3e-4
"""px: what the window's edges leave, however little noise there is."""
MANY = 0.2
"""Share of the frames whose halves may lie `FAR` apart."""
OPEN = 0.25
"""Share of the curvature along a direction that a small window's scene must have itself."""
FAR = 4.0
"""px: halves, or a frame's own error, beyond this say nothing of the motion."""


@dataclass(frozen=True)
class Verdict:
    """What a refined path says, without the images.

    Attributes
    ----------
    path, variance
        (T, 2) px from frame 0, px².
    velocity, covariance
        (2,) px/frame: least-squares slope; (2, 2) (px/frame)².
    split
        (2,) px/frame: slope of one half's path less the other's.
    reason, notes
        As of `Motion`.
    """

    path: torch.Tensor
    variance: torch.Tensor
    velocity: torch.Tensor
    covariance: torch.Tensor
    split: torch.Tensor
    reason: str
    notes: tuple[str, ...]


def verdict(
    job: Job,
    fit: Refined | None,
    basis: torch.Tensor,
    start: torch.Tensor,
    halves: Sequence[torch.Tensor],
    spread: float,
    astray: float,
    excluded: Sequence[int],
    jumps: Sequence[int],
    doubt: str,
) -> Verdict:
    """Errors and reliability of a path.

    Parameters
    ----------
    start
        (T, 2) px: used where there is no fit.
    halves
        Two paths, from either half of the frequencies.
    spread
        Variance of their difference over the predicted one (`disagreement`).
    astray
        Variance of the frames about the model over the predicted one (`departure`).
    doubt
        Why the data do not determine the motion, as far as known; "" if they do.
    """
    size = 2 * basis.shape[1]
    covariance = torch.full((size, size), torch.nan, dtype=torch.float64)
    path, notes = start, []
    slope = basis_slope(basis)  # (K,)
    if fit is not None:
        path = basis @ fit.theta
        path = path - path[:1]
        covariance = fit.covariance * spread * astray
        if astray > 4:
            notes.append(
                "Frames depart from the model, or the scene changes: standard errors are "
                f"{astray**0.5:.1f} times those of noise alone."
            )
        if spread > 4:
            notes.append(
                "Two halves of the data disagree more than noise explains: standard errors are "
                f"{spread**0.5:.1f} times those of noise alone."
            )
        if len(fit.crops) > 1:
            notes.append(
                f"The drift is long against the field: {len(fit.crops)} overlapping runs of "
                "frames were chained."
            )
    if job.static:
        notes.append(
            "background='static' also takes out what the moving scene leaves in the mean: "
            "displacements are a little too large where the travel is short."
        )
    if excluded:
        notes.append(f"Left out, since they do not fit the others: {name_frames(list(excluded))}.")
    variance = bridged(path, basis, covariance, excluded, jumps)
    variance = widened(variance, path, halves, excluded)
    expand = torch.kron(slope[None], torch.eye(2, dtype=torch.float64))
    of_velocity = expand @ covariance @ expand.T
    split = slope_of(halves[0] - halves[1])
    reason = doubt or doubts(fit, start, path, variance, halves, excluded)
    return Verdict(path, variance, slope_of(path), of_velocity, split, reason, tuple(notes))


def widened(
    variance: torch.Tensor,
    path: torch.Tensor,
    halves: Sequence[torch.Tensor],
    excluded: Sequence[int],
) -> torch.Tensor:
    """(T, 2) px² with what single frames of the halves disagree more than their errors say.

    Half of the difference is the error of the mean of two halves; a path that lies off both has
    the whole of that distance.
    """
    one, other = (centred(half - path) for half in halves)
    limit = STRANGE * variance.clamp(min=LEAST**2).sqrt()
    more = torch.where((one - other).abs() > limit, (one - other).square() / 4, 0.0)
    off = torch.minimum(one.abs(), other.abs())
    more = torch.where(off > limit, torch.maximum(more, off.square()), more)
    more[list(excluded)] = 0  # theirs is wide already
    more = more + FLOOR**2
    more[0] = 0  # frame 0 is where displacements count from
    return variance + more


def slope_of(path: torch.Tensor) -> torch.Tensor:
    """(2,) px/frame: least-squares slope of a path (T, 2)."""
    t = torch.arange(len(path), dtype=torch.float64)
    t = t - t.mean()
    return (t @ path) / (t @ t)


def doubts(
    fit: Refined | None,
    start: torch.Tensor,
    path: torch.Tensor,
    variance: torch.Tensor,
    halves: Sequence[torch.Tensor],
    excluded: Sequence[int],
) -> str:
    """Why the data do not determine the path, or ""."""
    if fit is None:
        return "The content leaves the field from one frame to the next; choose a larger region."
    if not bool(torch.isfinite(variance).all()) or one_direction_only(fit):
        return "The scene has no structure along one direction: only the other is determined."
    kept = [t for t in range(len(path)) if t not in set(excluded)]
    error = float(variance[kept].median(0).values.max().sqrt())
    if error > FAR:
        return f"The standard error of a frame, {error:.2g} px, is too large to say how it moved."
    apart = centred(halves[0] - halves[1])[kept].norm(dim=1)
    if float((apart > FAR).double().mean()) > MANY:
        return (
            f"Two halves of the data say paths that lie {float(apart.max()):.1f} px apart: "
            "the motion is not determined."
        )
    nearest = torch.stack([centred(path - half)[kept].norm(dim=1) for half in halves]).amin(0)
    if float((nearest > FAR).double().mean()) > MANY:
        return "Half of the data says another path than all of it: the motion is not determined."
    left = centred(path - start)[kept].norm(dim=1)
    if float((left > FAR).double().mean()) > MANY:
        return "The refinement left the path that was found: the motion is not determined."
    return ""


def one_direction_only(fit: Refined) -> bool:
    """Whether the scene has no structure along some direction."""
    if fit.scene is not None:
        return fit.scene < OPEN
    return precision.one_direction_only(fit.runs, fit.crops)


def departure(fit: Refined | None, basis: torch.Tensor, weights: torch.Tensor) -> float:
    """How far frames stray from a model of fewer coefficients than frames (`precision.misfit`)."""
    if fit is None or basis.shape[1] >= int((weights > 0).sum()):
        return 1.0
    runs = [
        replace(run, gradients=run.gradients[weights[crop.start : crop.stop] > 0])
        for run, crop in zip(fit.runs, fit.crops, strict=True)
    ]
    return precision.misfit(runs, basis.shape[1])


def disagreement(
    views: Sequence[View],
    halves: Sequence[torch.Tensor],
    basis: torch.Tensor,
    weights: torch.Tensor,
    parts: Sequence[Sequence[torch.Tensor]],
) -> float:
    """Variance of the halves' difference over that which noise predicts; 1 unless surely more."""
    predicted = torch.zeros(len(basis), 2, dtype=torch.float64)
    kept = weights > 0
    rows = basis - basis[kept].mean(0)
    for path, mask in zip(halves, parts, strict=True):
        covariance = one_step(views, path, basis, weights, mask, errors=True).covariance
        assert covariance is not None
        for axis in (0, 1):
            predicted[:, axis] += ((rows @ covariance[axis::2, axis::2]) * rows).sum(1)
    apart = (halves[0] - halves[1])[kept]
    apart = apart - apart.median(0).values
    squares = (apart.square() / predicted[kept].clamp(min=1e-300)).flatten()
    # the median: where the noise is strong, single frames of a half go astray
    ratio = float(squares.median()) / MEDIAN_OF_SQUARES
    freedom = 2 * basis.shape[1]
    # where the noise is strong, a half errs more than its share: the whole does not
    least = max(ALIKE, 1 + 3 * (2 / freedom) ** 0.5)
    return ratio if np.isfinite(ratio) and ratio > least else 1.0
