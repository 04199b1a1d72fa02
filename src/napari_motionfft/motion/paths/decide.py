"""What low resolution says: the path, the frames that do not belong, jumps, and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from napari_motionfft.motion.job import Check, within
from napari_motionfft.motion.paths.choose import Trial, fitted, held_out, trials
from napari_motionfft.motion.paths.find import SAME, Field, Found, Hint, centred, find
from napari_motionfft.motion.paths.jumps import jumps_of
from napari_motionfft.motion.paths.linked import cuts, loose_cut
from napari_motionfft.motion.paths.matching import Match, agreement
from napari_motionfft.motion.paths.outliers import foreign
from napari_motionfft.motion.paths.views import View, masks
from napari_motionfft.motion.paths.weighing import weighed, weight_along
from napari_motionfft.motion.result import Candidate
from napari_motionfft.motion.significance import threshold
from napari_motionfft.motion.trajectory import basis_of

KINDS = ("single", "grown", "bent")
"""Ways of finding a path, see `Found`."""
MOST = 0.9
"""Share of the frames that say how far two paths lie apart."""
CERTAIN, WIDE = 8.0, 3.0
"""σ of agreement across a jump, and px of it, that make it certain."""
NOISY = 0.1
"""px: standard error of a frame at low resolution below which frames need not share nodes."""
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
class Start:
    """A path (T, 2) from all frequencies, one from either half, and the jumps known so far.

    `single` tells that every frame was looked up for itself: then single steps mean something.
    """

    path: torch.Tensor
    halves: list[torch.Tensor]
    hint: Hint
    single: bool


@dataclass(frozen=True)
class Sorted:
    """Which frames belong: the views along the path, weighed, and what they say of each frame."""

    views: list[View]
    parts: list[list[torch.Tensor]]
    weights: torch.Tensor
    excluded: list[int]
    matched: Match
    crowded: bool


def choose(field: Field, user: torch.Tensor, check: Check) -> Chosen:
    """Paths from all frequencies and from either half; what they say of frames and models."""
    start = starts(field, within(check, 0.0, 0.7))
    frames = sort_out(field, start, user, within(check, 0.7, 0.75))
    found = jumps_of(start.path, start.halves, frames.excluded) if start.single else []
    jumps = sorted({*found, *start.hint.jumps} - set(frames.excluded))
    tried = compare(field, start, frames, jumps, within(check, 0.75, 0.95))
    best = max(tried, key=lambda one: one.candidate.evidence)
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


def starts(field: Field, check: Check) -> Start:
    """Look for the path in all frequencies and in either half, in the way that predicts best."""
    every = find(field, None, within(check, 0.0, 0.3))
    hint = certain_jumps(field, every)
    halves = [find(field, which, within(check, 0.3, 0.9), hint) for which in (0, 1)]
    kind = best_kind(field, halves, check)
    paths = [getattr(half, kind) for half in halves]
    known = find(field, None, check, hint) if hint.jumps else every
    whole = [getattr(found, one) for found in (known, every) for one in (kind, *KINDS)]
    return Start(nearest_to(paths, whole), paths, hint, kind != "bent")


def sort_out(field: Field, start: Start, user: torch.Tensor, check: Check) -> Sorted:
    """Leave out the frames that do not belong, and weigh the frequencies by the others."""
    views = field.views(start.path, check)
    parts = [masks(views, which) or [] for which in (0, 1)]
    # once more by the likelihood's weight, which tells more surely
    for _ in range(2):
        excluded, matched, crowded = foreign(views, start.halves, parts)
        weights = user.clone()
        weights[excluded] = 0
        weight_of = weight_along(field.job, views, start.path, weights)
        views = weighed(views, start.path, weights, weight_of)
    return Sorted(views, parts, weights, excluded, matched, crowded)


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
            fitted(frames.views, start.path, model, size, frames.weights, frames.excluded, jumps)
        )
    return tried


def certain_jumps(field: Field, every: Found) -> Hint:
    """Wide jumps that all frequencies together leave no doubt of: either half may start from them.

    A half alone, in a small field, may be too weak to find them again.
    """
    weights = torch.ones(field.still.count, dtype=torch.float64)
    one, other = every.single, every.grown
    steps = torch.zeros_like(one)
    certain = []
    found = cuts(field.still, one, weights, None)
    for t in jumps_of(one, [one, other], ()):  # both ways of looking found it
        step = one[t] - one[t - 1]
        at = -1 if found is None else t - found.first
        if found is None or not 0 <= at < len(found.energy):
            continue
        if float(found.energy[at] / found.noise[at]) > CERTAIN and float(step.norm()) > WIDE:
            certain.append(t)
            steps[t:] += step
    return Hint(certain, steps)


def best_kind(field: Field, halves: Sequence[Found], check: Check) -> str:
    """Which way of finding a path predicts the other half of the frequencies best.

    All are judged through the same windows: those of each path in turn, where they differ.
    """
    weights = torch.ones(field.still.count, dtype=torch.float64)
    total = dict.fromkeys(KINDS, 0.0)
    for which, half in enumerate(halves):
        paths = {kind: getattr(half, kind) for kind in KINDS}
        for views in distinct_views(field, list(paths.values()), check):
            other = masks(views, 1 - which)
            for kind, path in paths.items():
                total[kind] += agreement(views, path, weights, other)
    return max(KINDS, key=lambda kind: total[kind])


def nearest_to(halves: Sequence[torch.Tensor], paths: Sequence[torch.Tensor]) -> torch.Tensor:
    """The path that lies nearest to either half's; the first of those that lie alike."""
    far = [
        min(float(centred(path - half).norm(dim=1).quantile(MOST)) for half in halves)
        for path in paths
    ]
    return next(path for path, one in zip(paths, far, strict=True) if one < min(far) + SAME / 2)


def distinct_views(
    field: Field, paths: Sequence[torch.Tensor], check: Check
) -> list[Sequence[View]]:
    """The views along each path; paths that lead to the same place share theirs."""
    found: list[Sequence[View]] = []
    seen: list[torch.Tensor] = []
    for path in paths:
        if any(float(centred(path - other).abs().max()) < SAME for other in seen):
            continue
        views = field.views(path, check)
        if views[0] is not field.still or all(one[0] is not field.still for one in found):
            found.append(views)
        seen.append(path)
    return found


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
