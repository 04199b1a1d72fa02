"""From a checked job to a path: find, compare models, refine, judge, readable top to bottom."""

from __future__ import annotations

import numpy as np
import torch

from napari_motionfft.motion.frame_weights import named_weights
from napari_motionfft.motion.integrate import MARGIN, mean_images, reach
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.paths.decide import Chosen, choose
from napari_motionfft.motion.paths.find import Field
from napari_motionfft.motion.paths.refined import refine
from napari_motionfft.motion.paths.told import departure, disagreement, verdict
from napari_motionfft.motion.paths.views import LowPass, masks
from napari_motionfft.motion.paths.weighing import has_pattern
from napari_motionfft.motion.pipeline import held, refine_weight, temporal_mean
from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.search import SearchResult, Seen, searched, see

LEAST_WEIGHT = 1e-3
"""Of the heaviest frame's weight: what every frame keeps in the estimate."""
PASSES = {"fast": (1, 3), "balanced": (2, 6), "precise": (4, 12)}
"""Times that windows are cut anew, and steps each."""


def follow_path(job: Job) -> Motion:
    """Any model but a plain constant velocity."""
    seen = see(job, job.stage(0.0, 0.1))
    found = searched(job, seen, job.stage(0.1, 0.2))
    field = field_of(job, seen, found, still_pattern(job, job.stage(0.2, 0.22)))
    user = user_weights(job)
    chosen = choose(field, floored(user), job.stage(0.22, 0.6))
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


def floored(weights: torch.Tensor) -> torch.Tensor:
    """Weights for the estimate: a frame that weighs nothing in the mean is still looked for."""
    least = weights.clamp(min=LEAST_WEIGHT * float(weights.max()))
    return least / least.mean()


def finished(
    job: Job, field: Field, found: SearchResult, chosen: Chosen, user: torch.Tensor
) -> Motion:
    """Refine the chosen path on all frequencies, judge it, average along it."""
    wide, _ = reach(job.box, job.frames.shape, chosen.start, 2 * MARGIN)
    job = held(job, wide, job.stage(0.6, 0.62))
    weights = floored(user)
    weights[chosen.excluded] = 0
    basis, views = chosen.basis, chosen.views
    parts = [masks(views, which) or [] for which in (0, 1)]
    start = chosen.best.path
    passes, steps = PASSES[job.asked["effort"]]
    weight_of = refine_weight(job.weight)
    low = field.low.static
    fit = refine(
        job,
        start,
        basis,
        weights,
        low,
        weight_of,
        passes,
        steps,
        has_pattern(job),
        job.stage(0.65, 0.85),
    )
    spread = disagreement(views, chosen.halves, basis, weights, parts)
    astray = departure(fit, basis, weights)
    told = verdict(
        job,
        fit,
        basis,
        start,
        chosen.halves,
        spread,
        astray,
        chosen.excluded,
        chosen.jumps,
        chosen.doubt,
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
        model=chosen.best.candidate.model,
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
