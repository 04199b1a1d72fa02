"""What low resolution says: the path, the frames that do not belong, jumps, and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from napari_motionfft.motion.job import Check, within
from napari_motionfft.motion.paths.choose import Trial, best_of, fitted, held_out, trials
from napari_motionfft.motion.paths.find import EXACT, Field
from napari_motionfft.motion.paths.jumps import jumps_of
from napari_motionfft.motion.paths.linked import loose_cut
from napari_motionfft.motion.paths.matching import Match
from napari_motionfft.motion.paths.outliers import foreign
from napari_motionfft.motion.paths.starts import KINDS, Start, starts
from napari_motionfft.motion.paths.views import View, masks
from napari_motionfft.motion.paths.weighing import weighed, weight_along
from napari_motionfft.motion.result import Candidate
from napari_motionfft.motion.significance import threshold
from napari_motionfft.motion.trajectory import basis_of
from napari_motionfft.motion.weights import wiener

NOISY = 0.1
"""px: standard error of a frame at low resolution below which frames need not share nodes."""
FEWEST = 3
"""Frames that are left, or none is left out but those known to be lost."""
CROWDED = "More than half of the frames do not match the others: nothing says which scene is meant."
APART = (
    "Frames before {0} and from {0} on show nothing in common: how the two parts lie to one "
    "another is not known."
)


@dataclass(frozen=True)
class Chosen:
    """What low resolution says before the refinement.

    Attributes
    ----------
    start
        (T, 2) px from all frequencies.
    views
        Low-resolution views along it, weighed.
    best
        The model of the highest evidence.
    candidates
        All that were compared.
    basis
        (T, K) of the model.
    halves, score
        Its paths from either half, and the agreement that these give the other half, in σ.
    excluded, jumps
        Frames.
    matched
        How each frame matches the others.
    doubt
        Why the data do not determine the path, or "".
    """

    start: torch.Tensor
    views: list[View]
    best: Trial
    candidates: tuple[Candidate, ...]
    basis: torch.Tensor
    halves: list[torch.Tensor]
    score: float
    excluded: list[int]
    jumps: list[int]
    matched: Match
    doubt: str


@dataclass(frozen=True)
class Sorted:
    """Which frames belong: the views along the path, weighed, and what they say of each frame.

    `likely` are the same views with the likelihood's weight, where the user chose another.
    """

    views: list[View]
    likely: list[View]
    parts: list[list[torch.Tensor]]
    weights: torch.Tensor
    excluded: list[int]
    matched: Match
    crowded: bool


def choose(field: Field, user: torch.Tensor, check: Check, start: Start | None = None) -> Chosen:
    """Paths from all frequencies and from either half; what they say of frames and models.

    `start` is a path that is known already, as that of an object that was followed.
    """
    start = starts(field, within(check, 0.0, 0.7)) if start is None else start
    frames = sort_out(field, start, user, within(check, 0.7, 0.75))
    found = jumps_of(start.path, start.halves, frames.excluded) if start.single else []
    jumps = sorted({*found, *start.hint.jumps} - set(frames.excluded))
    tried = compare(field, start, frames, jumps, within(check, 0.75, 0.95))
    best = best_of(tried)
    candidates = tuple(one.candidate for one in tried)
    basis = basis_of(best.candidate.model, len(user), best.size, frames.excluded, jumps)  # (T, K)
    halves, score = held_out(frames.views, start.halves, basis, frames.weights)
    doubt = CROWDED if frames.crowded else chance(score, field)
    if not doubt:
        cut = loose_cut(frames.views, halves, frames.parts, frames.weights)
        doubt = "" if cut is None else APART.format(cut)
    return Chosen(
        start.path,
        frames.views,
        best,
        candidates,
        basis,
        halves,
        score,
        frames.excluded,
        jumps,
        frames.matched,
        doubt,
    )


def sort_out(field: Field, start: Start, user: torch.Tensor, check: Check) -> Sorted:
    """Leave out the frames that do not belong, and weigh the frequencies by the others."""
    views = field.views(start.path, check, EXACT)
    parts = [masks(views, which) or [] for which in (0, 1)]
    # once more by the likelihood's weight, which tells more surely
    for _ in range(2):
        strange, matched, crowded = foreign(views, start.path, start.halves, parts)
        excluded = sorted({*strange, *start.lost})
        if len(user) - len(excluded) < FEWEST:
            excluded = list(start.lost)
        weights = user.clone()
        weights[excluded] = 0
        weight_of = weight_along(field.job, views, start.path, weights)
        views = weighed(views, start.path, weights, weight_of)
    likely = views
    if field.job.weight != "auto":
        likely = weighed(views, start.path, weights, wiener)
    return Sorted(views, likely, parts, weights, excluded, matched, crowded)


def compare(
    field: Field, start: Start, frames: Sorted, jumps: Sequence[int], check: Check
) -> list[Trial]:
    """Every model that was asked for or makes sense, fitted to all frequencies."""
    tried: list[Trial] = []
    asked = trials(field.job.asked, len(frames.weights))
    for turn, (model, size) in enumerate(asked):
        if model == "free" and size > 1 and tried and tried[-1].error < NOISY:
            break  # the bins come last: every frame tells its place well enough
        check(turn / len(asked), f"Fitting a {model} path")
        tried.append(
            fitted(
                frames.views,
                frames.likely,
                start.path,
                model,
                size,
                frames.weights,
                frames.excluded,
                jumps,
            )
        )
    return tried


def chance(score: float, field: Field) -> str:
    """Why the agreement of two halves may be chance, or ""."""
    limit = threshold(len(KINDS), effective_bins(field.still))
    if score >= limit:
        return ""
    return (
        f"A path from half of the data gives the other half {score:.1f} σ of agreement; "
        f"chance alone reaches {limit:.1f} σ. The motion is not determined."
    )


def effective_bins(view: View) -> float:
    """How many independent frequencies count in either half."""
    power = view.weight * (view.spectra.real.square() + view.spectra.imag.square()).mean(0)
    share = power * view.half(0)
    total = float(share.sum() ** 2 / (share.square() * view.once).sum().clamp(min=1e-300))
    return max(1.0, total / view.shared)
