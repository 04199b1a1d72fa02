"""An opaque front over what is behind it, both moving: velocities, images, masks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Peak
from napari_motionfft.motion.several.occlusion_fit import HALF, LONG, SHORT, Fit, climb
from napari_motionfft.motion.several.occlusion_result import Occlusion, told
from napari_motionfft.motion.several.occlusion_starts import start_pairs

CLEAR = 0.03
"""Nats a pixel by which one order of the layers is clearly better than the other."""


def occluded(job: Job, velocities: torch.Tensor, check: Check) -> Occlusion:
    """Separate two opaque layers; both orders are tried.

    Parameters
    ----------
    velocities
        (2, 2) px/frame to start from.

    Raises
    ------
    ValueError
        The motions travel further than memory reaches.
    """
    return finished(job, both_orders(job, velocities, within(check, 0.0, 0.3)), check)


def separate_occluding(job: Job, peaks: Sequence[Peak], check: Check) -> Occlusion | None:
    """The same from the peaks of the stack's landscape; None where there is no second motion."""
    pairs = start_pairs(job, peaks, within(check, 0.0, 0.2))
    if not pairs:
        return None
    share = 0.4 / len(pairs)
    tried = [
        both_orders(job, pair, within(check, 0.2 + share * n, 0.2 + share * (n + 1)))
        for n, pair in enumerate(pairs)
    ]
    best = max(tried, key=lambda fits: max(fit.likelihood for fit in fits))
    return finished(job, best, within(check, 0.6, 1.0))


def both_orders(job: Job, velocities: torch.Tensor, check: Check) -> tuple[Fit, Fit]:
    """A few rounds with the first velocity in front, and with the second."""
    return (
        climb(job, Fit.start(velocities), SHORT, within(check, 0.0, 0.5)),
        climb(job, Fit.start(velocities.flip(0)), SHORT, within(check, 0.5, 1.0)),
    )


def finished(job: Job, fits: tuple[Fit, Fit], check: Check) -> Occlusion:
    """Both orders to convergence; the better one as a result."""
    half = [
        climb(job, fit, HALF, within(check, 0.25 * n, 0.25 * (n + 1))) for n, fit in enumerate(fits)
    ]
    pixels = job.frames.count * math.prod(box_shape(job.box))
    ahead = (half[0].likelihood - half[1].likelihood) / pixels
    # the other order is given up once it is clearly behind
    done = [
        climb(job, fit, HALF if -sign * ahead > CLEAR else LONG, within(check, at, at + 0.2))
        for fit, sign, at in zip(half, (1, -1), (0.5, 0.7), strict=True)
    ]
    front = int(done[1].likelihood > done[0].likelihood)
    evidence = abs(done[0].likelihood - done[1].likelihood)
    other = done[1 - front].velocities.flip(0)
    return told(job, done[front], front, evidence, other, within(check, 0.9, 1.0))
