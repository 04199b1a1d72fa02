"""Constant velocity: search, refine, judge; once more where frames do not belong."""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_motionfft.motion.integrate import MARGIN, reach
from napari_motionfft.motion.job import Job
from napari_motionfft.motion.judge import judge
from napari_motionfft.motion.paths.choose import fitted, held_out
from napari_motionfft.motion.paths.decide import Chosen
from napari_motionfft.motion.paths.find import Field
from napari_motionfft.motion.paths.linked import loose_cut
from napari_motionfft.motion.paths.outliers import foreign
from napari_motionfft.motion.paths.pipeline import field_of, finished, user_weights
from napari_motionfft.motion.paths.views import masks
from napari_motionfft.motion.paths.weighing import weighed, weight_along
from napari_motionfft.motion.pipeline import follow, held, refine_weight, start_of, temporal_mean
from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.search import SearchResult, searched, see
from napari_motionfft.motion.several.still import without_bias
from napari_motionfft.motion.trajectory import velocity

ASIDE = (
    "Along this motion, frames before {0} and from {0} on show nothing in common: it is not "
    "constant, or the scene is another one."
)


def constant(job: Job) -> Motion:
    """Search, refine twice on windows that follow the content, judge, average."""
    seen = see(job, job.stage(0.0, 0.35))
    found = searched(job, seen, job.stage(0.35, 0.5))
    basis = velocity(job.frames.count)  # (T, 1)
    theta = start_of(found.landscape, basis)  # (1, 2)
    wide, _ = reach(job.box, job.frames.shape, basis @ theta, 2 * MARGIN)
    job = held(job, wide, job.stage(0.5, 0.55))
    static = temporal_mean(job, wide, job.stage(0.55, 0.6)) if job.static else None
    weight_of = refine_weight(job.weight)
    theta, fit, crops = follow(job, basis, theta, static, weight_of, job.stage(0.6, 0.8))
    joint = without_bias(job, theta, fit, crops, job.stage(0.8, 0.9))
    motion = judge(job, found, basis, theta, fit, crops, weight_of, job.stage(0.9, 1.0), joint)
    if found.score < found.threshold or fit is None:
        return motion
    field = field_of(job, seen, found, static)
    return without_strangers(job, field, found, motion, linked=joint is None)


def without_strangers(
    job: Job, field: Field, found: SearchResult, motion: Motion, linked: bool = True
) -> Motion:
    """How each frame matches the others; estimated anew where some do not belong.

    `linked`: doubt a motion along which two parts of the stack share nothing. Slow motion less its
    mean shares little, so it is not asked where a still layer was fitted too.
    """
    path = torch.from_numpy(motion.displacements)
    views = field.views(path, job.check)
    parts = [masks(views, which) or [] for which in (0, 1)]
    excluded, matched, _ = foreign(views, path, [path, path], parts)
    user = user_weights(job)
    weights = user.clone()
    weights[excluded] = 0
    views = weighed(views, path, weights, weight_along(job, views, path, weights))
    ask = linked and motion.reliable
    cut = loose_cut(views, [path, path], parts, weights) if ask else None
    if not excluded:
        reason = motion.reason if cut is None else ASIDE.format(cut)
        return replace(
            motion,
            correlation=matched.correlation.numpy(),
            frame_score=matched.score.numpy(),
            reason=reason,
            reliable=reason == "",
        )
    one = fitted(views, views, path, "velocity", 1, weights, excluded, ())
    basis = velocity(job.frames.count)
    halves, score = held_out(views, [path, path], basis, weights)
    doubt = "" if cut is None else ASIDE.format(cut)
    chosen = Chosen(path, views, one, (), basis, halves, score, excluded, [], matched, doubt)
    return replace(finished(job, field, found, chosen, user), score=found.score)
