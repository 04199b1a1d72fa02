"""Where to start: the strongest motion, and what is left once its pixels are taken out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from napari_motionfft.motion.frames import as_frames, box_shape
from napari_motionfft.motion.integrate import shift_part
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Peak
from napari_motionfft.motion.search import search
from napari_motionfft.motion.several.occlusion_layer import Sums, layer_of, predicted
from napari_motionfft.motion.several.occlusion_smooth import blurred
from napari_motionfft.motion.several.occlusion_view import View

NEARBY = 3.0
"""px over which a pixel's misfit is averaged."""
EXPLAINED = 1.3
"""Times the least misfit up to which a pixel counts as explained."""
LEFT, STACK = 2, 1
"""Second motions that are tried: of what is left, and of the stack's own landscape."""
NEAREST = 1.5
"""px over the whole stack that a second motion is apart from the first, at least."""


def start_pairs(job: Job, peaks: Sequence[Peak], check: Check) -> list[torch.Tensor]:
    """Pairs of velocities (2, 2) px/frame worth a try, the likeliest first.

    The first is the stack's strongest; the second comes from the frames without the pixels that
    the first explains, or from the stack's other peaks.

    Parameters
    ----------
    peaks
        Of the stack's landscape, highest first.
    """
    if not peaks:
        return []
    strongest = peaks[0]
    left = without(job, torch.tensor(strongest[:2], dtype=torch.float64), within(check, 0.0, 0.3))
    seconds: list[Peak] = []
    nearest = NEAREST / job.frames.count
    for found, most in (
        (search(left, within(check, 0.3, 1.0)).landscape.peaks, LEFT),
        (peaks[1:], LEFT + STACK),
    ):
        for peak in found:
            apart = [math.dist(peak[:2], other[:2]) for other in (strongest, *seconds)]
            if min(apart) > nearest and len(seconds) < most:
                seconds.append(peak)
    return [torch.tensor([strongest[:2], peak[:2]], dtype=torch.float64) for peak in seconds]


def without(job: Job, velocity: torch.Tensor, check: Check) -> Job:
    """The region's frames less what one velocity predicts, where it does not predict them well.

    That is where the misfit is well above the noise, and not small against the structure there.
    """
    view = View.of(job, velocity)
    sums = Sums.empty(view)
    for rows, values, seen in view.blocks():
        check(rows.start / job.frames.count, "Looking behind the strongest motion")
        sums.add(rows, values, seen)
    layer = layer_of(sums, 0.5)
    left = torch.empty(job.frames.count, *box_shape(job.box))
    for rows, values, seen in view.blocks():
        left[rows] = (seen * (values - predicted(layer, rows, values, seen)[0])).cpu()
    for rows, values, seen in view.blocks():
        misfit = left[rows].to(values)
        around = blurred(misfit.square(), NEARBY)
        least = torch.quantile(around[:, ::4, ::4].flatten()[:1_000_000], 0.05)
        structure = seen * (values - view.windows(layer.level, rows))
        structure = blurred(structure.square(), NEARBY) - least
        share = (1 - EXPLAINED * least / around.clamp(min=1e-12)).clamp(min=0)
        share *= ((around - least) / structure.clamp(min=0.2 * float(least) + 1e-9)).clamp(0, 1)
        left[rows] = shift_part(misfit * share, -view.part[rows]).cpu()
    asked = {**job.asked, "background": "none", "prefilter": "none"}
    height, width = box_shape(job.box)
    return replace(job, frames=as_frames(left), box=((0, height), (0, width)), asked=asked)
