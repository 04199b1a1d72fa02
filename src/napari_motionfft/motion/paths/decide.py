"""What low resolution says: the path, the frames that do not belong, jumps, and the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.paths.choose import Trial, best_of, predicted, trials, worth_trying
from napari_motionfft.motion.paths.find import SAME, Field, Found, Hint, centred, find, masks
from napari_motionfft.motion.paths.jumps import jumps_of
from napari_motionfft.motion.paths.linked import cuts, loose_cut
from napari_motionfft.motion.paths.matching import Match, agreement
from napari_motionfft.motion.paths.outliers import foreign
from napari_motionfft.motion.paths.still_pattern import less_still
from napari_motionfft.motion.paths.views import View
from napari_motionfft.motion.paths.weighing import weighed
from napari_motionfft.motion.pipeline import refine_weight
from napari_motionfft.motion.refine import WeightOf
from napari_motionfft.motion.result import Candidate
from napari_motionfft.motion.significance import threshold

KINDS = ("single", "grown", "bent")
"""Ways of finding a path, see `Found`."""
MOST = 0.9
"""Share of the frames that say how far two paths lie apart."""
CERTAIN, WIDE = 8.0, 3.0
"""σ of agreement across a jump, and px of it, that make it certain."""
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
        The model that predicts best.
    candidates
        All that were compared.
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
    excluded: list[int]
    jumps: list[int]
    matched: Match
    doubt: str


def choose(field: Field, user: torch.Tensor, check: Check) -> Chosen:
    """Paths from all frequencies and from either half; what they say of frames and models."""
    every = find(field, None, within(check, 0.0, 0.25))
    hint = certain_jumps(field, every)
    halves = [find(field, which, within(check, 0.25, 0.75), hint) for which in (0, 1)]
    kind = best_kind(field, halves, check)
    starts = [getattr(half, kind) for half in halves]
    known = find(field, None, check, hint) if hint.jumps else every
    paths = [getattr(known, one) for one in (kind, *KINDS)]
    start = nearest_to(starts, [*paths, *(getattr(every, one) for one in KINDS)])
    views = field.views(start, check)
    parts = [masks(views, which) or [] for which in (0, 1)]
    excluded, matched, crowded = foreign(views, starts, parts)
    weights = user.clone()
    weights[excluded] = 0
    views = weighed(views, start, weights, weight_along(field.job, views, start, weights))
    # the likelihood's weight tells more surely which frames do not belong
    excluded, matched, crowded = foreign(views, starts, parts)
    weights = user.clone()
    weights[excluded] = 0
    found = jumps_of(start, starts, excluded) if kind != "bent" else []
    jumps = sorted({*found, *hint.jumps} - set(excluded))
    tried: list[Trial] = []
    asked = trials(field.job.asked, len(user))
    for turn, (model, parameters) in enumerate(asked):
        if worth_trying(tried, model):
            part = within(check, 0.75 + 0.25 * turn / len(asked), 1.0)
            one = predicted(views, starts, model, parameters, weights, excluded, jumps, part)
            tried.append(one)
    best = best_of(tried)
    candidates = tuple(one.candidate for one in tried)
    doubt = CROWDED if crowded else chance(best, len(tried), field)
    if not doubt:
        cut = loose_cut(views, best.paths, parts, weights, best.score)
        doubt = "" if cut is None else APART.format(cut)
    return Chosen(start, views, best, candidates, excluded, jumps, matched, doubt)


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


def chance(best: Trial, tried: int, field: Field) -> str:
    """Why the agreement of two halves may be chance, or ""."""
    limit = threshold(tried + 3, effective_bins(field.still))
    if best.score >= limit:
        return ""
    return (
        f"A path from half of the data gives the other half {best.score:.1f} σ of agreement; "
        f"chance alone reaches {limit:.1f} σ. The motion is not determined."
    )


def has_pattern(job: Job) -> bool:
    """Whether to measure what stands still on the pixels: the weight is ours, it is not out."""
    return job.weight == "auto" and not (job.static or job.periodic)


def weight_along(
    job: Job, views: Sequence[View], path: torch.Tensor, weights: torch.Tensor
) -> WeightOf:
    """The refinement's weight, less where a pattern stands still while the content moves."""
    weight_of = refine_weight(job.weight)
    return less_still(weight_of, views, path, weights) if has_pattern(job) else weight_of


def effective_bins(view: View) -> float:
    """How many independent frequencies count in either half."""
    power = view.weight * (view.spectra.real.square() + view.spectra.imag.square()).mean(0)
    share = power * view.half(0)
    total = float(share.sum() ** 2 / (share.square() * view.once).sum().clamp(min=1e-300))
    return max(1.0, total / view.shared)
