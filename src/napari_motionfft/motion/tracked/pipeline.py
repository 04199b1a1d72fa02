"""The object of a small region: follow it, then refine, judge and average along its own path."""

from __future__ import annotations

from dataclasses import replace

import torch
from scipy.stats import norm

from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.paths.decide import choose
from napari_motionfft.motion.paths.find import Field, Hint, bridged, renewed
from napari_motionfft.motion.paths.pipeline import finished, floored, still_pattern, user_weights
from napari_motionfft.motion.paths.starts import Start
from napari_motionfft.motion.paths.views import LowPass, View, masks
from napari_motionfft.motion.pipeline import held
from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.search import search_spectra
from napari_motionfft.motion.series import part_of
from napari_motionfft.motion.significance import FALSE_ALARM
from napari_motionfft.motion.spectra import Band
from napari_motionfft.motion.tracked.landscape import travelling_landscape
from napari_motionfft.motion.tracked.mask import object_mask
from napari_motionfft.motion.tracked.patches import Lens
from napari_motionfft.motion.tracked.prolong import prolonged
from napari_motionfft.motion.tracked.search import Track, follow

FEWEST, ENOUGH = 3, 8
"""Frames that must show the object; frames that the refinement gets if there are so many."""
AGAIN, NEAR = 8.0, 3.0
"""px that a frame is looked for again about its place, in the mean of all others; and that either
half of the frequencies may move it from there."""
CHANCE = (
    "Along its path the object is no more alike from frame to frame than chance makes any place: "
    "{0:.1f} σ, where chance alone reaches {1:.1f} σ. The motion is not determined."
)
FEW = "The object is seen in {0} of the {1} frames only: how it moves is not determined."


def follow_object(job: Job) -> Motion:
    """Any model, for a region that follows what it shows in frame 0."""
    whole = (0, job.frames.shape[0]), (0, job.frames.shape[1])
    job = held(job, whole, job.stage(0.0, 0.05))
    low = low_pass(job, job.stage(0.05, 0.1))
    track = follow(Lens(job, low), job.asked["max_speed"], job.stage(0.1, 0.3))
    short = shortened(job, max(track.end, ENOUGH))
    start, still = looked_again(short, low, track.path, track, job.stage(0.3, 0.35))
    seen = track.seen[: short.frames.count]
    mask = object_mask(short, start.path, seen, low.static, job.stage(0.35, 0.36))
    if mask is not None:
        short = replace(short, mask=mask)
        start, still = looked_again(short, low, start.path, track, job.stage(0.36, 0.4))
    found = travelling_landscape(short, start.path, start.lost, low.static, job.stage(0.4, 0.5))
    field = Field(short, low, still, start.path.diff(dim=0).mean(0))
    user = user_weights(short)
    chosen = choose(field, floored(user), job.stage(0.5, 0.6), start)
    # each frame was found in what those before it show: that says more than halves of so few data
    chosen = replace(chosen, doubt=doubt(track))
    motion = finished(short, field, found, chosen, user)
    if job.asked["model"] == "velocity":
        motion = replace(motion, score=found.score)
    return prolonged(motion, job, track)


def low_pass(job: Job, check: Check) -> LowPass:
    """The spectral weight, from what the region shows while it stands still."""
    static = still_pattern(job, check)
    _, power = search_spectra(job, Band.full(box_shape(job.box)), check)
    return LowPass.of(job, power, static)


def doubt(track: Track) -> str:
    """Why the track may be none, or ""."""
    limit = float(norm.isf(FALSE_ALARM))
    if track.evidence < limit:
        return CHANCE.format(track.evidence, limit)
    if int(track.seen.sum()) < min(FEWEST, len(track.seen)):
        return FEW.format(int(track.seen.sum()), len(track.seen))
    return ""


def shortened(job: Job, count: int) -> Job:
    """The job without the frames after the object has gone; sizes of models as these allow."""
    if count >= job.frames.count:
        return job
    short = part_of(job, 0, count)
    most = {"degree": count - 1, "knots": count // 2, "binning": count // 2}
    asked = {k: min(v, most[k]) if k in most and v else v for k, v in short.asked.items()}
    given = None if job.frame_weights is None else job.frame_weights[:count]
    return replace(short, asked=asked, frame_weights=given)


def looked_again(
    job: Job, low: LowPass, path: torch.Tensor, track: Track, check: Check
) -> tuple[Start, View]:
    """Every frame once more, in the mean of all others; by all frequencies, and by either half.

    Returns
    -------
    Start, View along its path
    """
    count = job.frames.count
    seen = track.seen[:count]
    if int(seen.sum()) < FEWEST:  # too few to compare: `doubt` says so
        seen = torch.ones_like(seen)
    path = bridged(path[:count], seen)
    weights = seen.double()
    views = low.along(job, path, check)
    for _ in range(2):
        reach = torch.full((count,), AGAIN, dtype=torch.float64)
        other = bridged(renewed(views, path, weights, reach, None, None), seen)
        again = low.along(job, other, check)
        if len(again) != 1:
            break
        path, views = other, again
    reach = torch.full((count,), NEAR, dtype=torch.float64)
    halves = [
        bridged(renewed(views, path, weights, reach, None, masks(views, which)), seen)
        for which in (0, 1)
    ]
    lost = tuple(int(t) for t in torch.nonzero(~seen))
    return Start(path, halves, Hint([], torch.zeros_like(path)), False, lost), views[0]
