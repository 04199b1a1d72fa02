"""From a checked job to a path: find, compare models, refine, judge, readable top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from napari_motionfft.motion.frame_weights import named_weights
from napari_motionfft.motion.integrate import MARGIN, mean_images, reach
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.paths.choose import best_of, predicted, trials
from napari_motionfft.motion.paths.find import Field, Found, find, masks
from napari_motionfft.motion.paths.jumps import jumps_of
from napari_motionfft.motion.paths.matching import Match, agreement
from napari_motionfft.motion.paths.outliers import foreign
from napari_motionfft.motion.paths.refined import refine
from napari_motionfft.motion.paths.sharpen import sharpen
from napari_motionfft.motion.paths.told import disagreement, verdict
from napari_motionfft.motion.paths.views import LowPass, View
from napari_motionfft.motion.paths.weighing import weighed
from napari_motionfft.motion.pipeline import held, refine_weight, temporal_mean
from napari_motionfft.motion.result import Candidate, Motion
from napari_motionfft.motion.search import SearchResult, Seen, searched, see
from napari_motionfft.motion.significance import threshold
from napari_motionfft.motion.trajectory import basis_of

PASSES = {"fast": (1, 3), "balanced": (2, 6), "precise": (4, 12)}
"""Times that windows are cut anew, and steps each."""


@dataclass(frozen=True)
class Chosen:
    """What low resolution says before the refinement.

    Attributes
    ----------
    start
        (T, 2) px from all frequencies.
    views
        Low-resolution views along it, weighed.
    halves
        Two paths of the chosen model, from either half.
    model, parameters
        The one that predicts best.
    candidates
        All that were compared.
    excluded, jumps
        Frames.
    matched
        How each frame matches the others.
    """

    start: torch.Tensor
    views: list[View]
    halves: list[torch.Tensor]
    model: str
    parameters: int
    candidates: tuple[Candidate, ...]
    excluded: list[int]
    jumps: list[int]
    matched: Match
    score: float


def choose(field: Field, user: torch.Tensor, check: Check) -> Chosen:
    """Paths from all frequencies and from either half; what they say of frames and models."""
    every = find(field, None, within(check, 0.0, 0.25))
    halves = [find(field, which, within(check, 0.25, 0.75)) for which in (0, 1)]
    kind = best_kind(field, halves, check)
    start = getattr(every, kind)
    starts = [getattr(half, kind) for half in halves]
    views = field.views(start, check)
    parts = [masks(views, which) or [] for which in (0, 1)]
    excluded, matched = foreign(views, starts, parts)
    jumps = jumps_of(start, starts, excluded) if kind != "bent" else []
    weights = user.clone()
    weights[excluded] = 0
    views = weighed(views, start, weights, refine_weight(field.job.weight))
    tried = []
    asked = trials(field.job.asked, len(user))
    for turn, (model, parameters) in enumerate(asked):
        part = within(check, 0.75 + 0.25 * turn / len(asked), 0.75 + 0.25 * (turn + 1) / len(asked))
        one, paths = predicted(views, starts, model, parameters, weights, excluded, jumps, part)
        tried.append((one, parameters, paths))
    best = tried[best_of([trial[0] for trial in tried])]
    return Chosen(
        start,
        views,
        best[2],
        best[0].model,
        best[1],
        tuple(trial[0] for trial in tried),
        excluded,
        jumps,
        matched,
        best[0].prediction,
    )


def best_kind(field: Field, halves: Sequence[Found], check: Check) -> str:
    """Which way of finding a path predicts the other half of the frequencies best."""
    weights = torch.ones(field.still.count, dtype=torch.float64)

    def told_by(kind: str) -> float:
        total = 0.0
        for which, half in enumerate(halves):
            path = getattr(half, kind)
            views = field.views(path, check)
            total += agreement(views, path, weights, masks(views, 1 - which))
        return total

    return max(("single", "grown", "bent"), key=told_by)


def follow_path(job: Job) -> Motion:
    """Any model but a plain constant velocity."""
    seen = see(job, job.stage(0.0, 0.1))
    found = searched(job, seen, job.stage(0.1, 0.2))
    field = field_of(job, seen, found, still_pattern(job, job.stage(0.2, 0.22)))
    user = user_weights(job)
    chosen = choose(field, user, job.stage(0.22, 0.6))
    return finished(job, field, found, chosen, user)


def still_pattern(job: Job, check: Check) -> torch.Tensor | None:
    """(Y, X) temporal mean to take out, where the background is static."""
    whole = ((0, job.frames.shape[0]), (0, job.frames.shape[1]))
    return temporal_mean(job, whole, check) if job.static else None


def field_of(job: Job, seen: Seen, found: SearchResult, static: torch.Tensor | None) -> Field:
    """What low resolution looks at."""
    low = LowPass.of(job, seen.power, static)
    certain = found.score > found.threshold
    line = found.landscape.peaks[0][:2] if certain else (0.0, 0.0)
    start = torch.tensor(line, dtype=torch.float64)
    return Field(job, low, low.still(job, seen.spectra, seen.band), start)


def user_weights(job: Job) -> torch.Tensor:
    """(T,) weights of the frames that the user asked for, of mean 1."""
    given = job.frame_weights
    if given is None:
        kind = job.asked["frame_weights"]
        if kind == "none":
            return torch.ones(job.frames.count, dtype=torch.float64)
        given = torch.from_numpy(named_weights(kind, job.frames, job.box, job.check))
    return given / given.mean()


def finished(
    job: Job, field: Field, found: SearchResult, chosen: Chosen, user: torch.Tensor
) -> Motion:
    """Refine the chosen path on all frequencies, judge it, average along it."""
    count = job.frames.count
    wide, _ = reach(job.box, job.frames.shape, chosen.start, 2 * MARGIN)
    job = held(job, wide, job.stage(0.6, 0.62))
    weights = user.clone()
    weights[chosen.excluded] = 0
    basis = basis_of(chosen.model, count, chosen.parameters, chosen.excluded, chosen.jumps)
    views = chosen.views
    parts = [masks(views, which) or [] for which in (0, 1)]
    start = sharpen(views, chosen.start, basis, weights, None, 3)
    passes, steps = PASSES[job.asked["effort"]]
    weight_of = refine_weight(job.weight)
    low = field.low.static
    fit = refine(job, start, basis, weights, low, weight_of, passes, steps, job.stage(0.65, 0.85))
    spread = disagreement(views, chosen.halves, basis, weights, parts)
    doubt = chance(chosen, field)
    told = verdict(
        job, fit, basis, start, chosen.halves, spread, chosen.excluded, chosen.jumps, doubt
    )
    averaged = user.clone()
    averaged[chosen.excluded] = 0
    images = mean_images(job, told.path, job.stage(0.85, 1.0), averaged, job.asked["canvas"])
    return Motion(
        displacements=told.path.numpy(),
        displacement_stderr=told.variance.sqrt().numpy(),
        velocity=told.velocity.numpy(),
        velocity_stderr=told.covariance.diagonal().clamp(min=0).sqrt().numpy(),
        velocity_covariance=told.covariance.numpy(),
        score=chosen.score,
        reliable=told.reason == "",
        reason=told.reason,
        split_half=told.split.numpy(),
        bias=np.zeros(2),
        integrated=images.mean.float().numpy(),
        plain_mean=images.plain.float().numpy(),
        coverage=images.coverage.numpy(),
        landscape=found.landscape,
        region=job.box,
        settings=job.asked,
        device="",
        notes=told.notes,
        model=chosen.model,
        parameters=basis.shape[1],
        candidates=chosen.candidates,
        excluded=tuple(chosen.excluded),
        jumps=tuple(chosen.jumps),
        correlation=chosen.matched.correlation.numpy(),
        frame_score=chosen.matched.score.numpy(),
        frame_weights=(averaged / averaged.sum()).numpy(),
        split_half_displacements=torch.stack([p - p[:1] for p in chosen.halves]).numpy(),
        origin=(images.box[0][0], images.box[1][0]),
    )


def chance(chosen: Chosen, field: Field) -> str:
    """Why the held-out agreement may be chance, or ""."""
    bins = effective_bins(field.still)
    limit = threshold(len(chosen.candidates) + 3, bins)
    if chosen.score >= limit:
        return ""
    return (
        f"A path from half of the data gives the other half {chosen.score:.1f} σ of agreement; "
        f"chance alone reaches {limit:.1f} σ. The motion is not determined."
    )


def effective_bins(view: View) -> float:
    """How many independent frequencies count in either half."""
    power = view.weight * (view.spectra.real.square() + view.spectra.imag.square()).mean(0)
    share = power * view.half(0)
    total = float(share.sum() ** 2 / (share.square() * view.once).sum().clamp(min=1e-300))
    return max(1.0, total / view.shared)
