"""What a separation of two opaque layers gives back, and how it is read off a fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.result import Array
from napari_motionfft.motion.several.occlusion_fit import Fit, Seen, look, uncovered, variance
from napari_motionfft.motion.several.occlusion_smooth import level, slid

SURE = 0.009
"""Nats a pixel below which the order of the layers is not determined."""
FLOOR = 0.01
"""px over the stack that interpolation and edges of the mask leave uncertain without any noise."""
WIDE = 4.0
"""px over the stack: a larger standard error tells nothing."""
NEAR, NEAR_ERRORS = 1.0, 3.0
"""px over the stack, and standard errors, that two motions must be apart."""


@dataclass(frozen=True, eq=False)
class Occlusion:
    """Two opaque layers: I_t(x) = m(x − v_f t)·F(x − v_f t) + (1 − m(x − v_f t))·B(x − v_b t).

    The layers are in the order of the velocities that the search began with.

    Attributes
    ----------
    velocities, covariances
        (2, 2) px/frame and (2, 2, 2).
    images
        (2, Y, X) float32 over the region as frame 0 would show it: each layer alone, the mean of
        the pixels that show it; smoothly filled where none does.
    coverage
        (2, Y, X) int32: how many frames show each pixel of a layer.
    masks
        (T, Y, X) float32: probability that a pixel shows the layer in front.
    front
        Which layer is in front, 0 or 1.
    evidence
        Nats by which this order explains the frames better than the other.
    determined
        Whether that is enough to tell.
    shares
        (2,) of each layer in the variance of the frames.
    residual_share
        Share of the variance that no layer explains: noise, and what changes.
    reasons
        Why each motion is not certain, or "".
    likelihood
        Nats, less a constant of the stack: what other pairs of velocities compare with.
    notes
        What the user should know.
    """

    velocities: Array
    covariances: Array
    images: NDArray[np.float32]
    coverage: NDArray[np.int32]
    masks: NDArray[np.float32]
    front: int
    evidence: float
    determined: bool
    shares: Array
    residual_share: float
    likelihood: float
    reasons: tuple[str, str]
    notes: tuple[str, ...] = ()


def told(
    job: Job, fit: Fit, front: int, evidence: float, other: torch.Tensor, check: Check
) -> Occlusion:
    """The result of a fit whose index 0 is layer `front`.

    Parameters
    ----------
    evidence
        Nats by which its order is better.
    other
        (2, 2) px/frame: the velocities in the other order, in the same sequence.
    """
    now = look(job, fit, check)
    ahead, behind = now.front.sums.view, now.back.sums.view
    inside = (now.mask > 0.5).float()
    sums = now.front.sums
    free = uncovered(ahead, behind, now.mask, eroded=False)
    both = (
        picture(job, ahead.of_region(sums.weight * inside), ahead.of_region(sums.total * inside)),
        picture(job, behind.of_region(free.weight), behind.of_region(free.total)),
    )
    masks = torch.empty(job.frames.count, *box_shape(job.box))
    for start, stop in job.frames.blocks(ahead.size):
        rows = slice(start, stop)
        shown = slid(ahead.windows(now.mask, rows), -ahead.part[rows])
        masks[rows] = shown.clamp(0, 1).cpu()  # a sum of shares may exceed 1 by rounding
    residual = min(1.0, now.evidence.noise / variance(sums))
    determined = evidence > SURE * now.evidence.pixels
    notes = []
    if not determined:
        notes.append("Which motion is in front is not determined.")
    if not fit.converged:
        notes.append("The separation had not settled when it ended.")
    order = [front, 1 - front]  # where layers 0 and 1 stand in the fit
    parts = shares(now, 1 - residual)
    floor = torch.eye(2, dtype=torch.float64) * (FLOOR / (job.frames.count - 1)) ** 2
    # what hangs on an order that is not known is not known either
    apart = torch.zeros(2, 2, dtype=torch.float64) if determined else fit.velocities - other
    covariances = fit.covariances + floor + apart[:, :, None] * apart[:, None, :]
    reasons = doubts(job, fit.velocities, covariances, parts)
    return Occlusion(
        fit.velocities[order].numpy(),
        covariances[order].numpy(),
        np.stack([both[i][0] for i in order]),
        np.stack([both[i][1] for i in order]),
        masks.numpy(),
        front,
        evidence,
        determined,
        parts[order],
        residual,
        fit.likelihood,
        (reasons[order[0]], reasons[order[1]]),
        tuple(notes),
    )


def picture(
    job: Job, weight: torch.Tensor, total: torch.Tensor
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A layer's mean and how many frames show it, (Y, X) each, in the stack's own units.

    Where none does, a smooth continuation.
    """
    coverage = weight.round()
    smooth = level(weight, total)
    mean = torch.where(coverage > 0, total / weight.clamp(min=0.5), smooth).cpu().double()
    image = mean * job.frames.scale + job.frames.offset
    return image.float().numpy(), coverage.int().cpu().numpy()


def shares(now: Seen, explained: float) -> Array:
    """(2,) of front and back in the variance of the frames, together `explained`."""
    sums, back = now.front.sums, now.back
    middle = float(sums.total.sum() / sums.weight.sum().clamp(min=1e-6))
    ahead = (now.mask * sums.weight * (now.front.image - middle).square()).sum()
    behind = (back.sums.weight * (back.image - middle).square()).sum()
    both = np.array([float(ahead), float(behind)])
    return np.asarray(explained * both / max(float(both.sum()), 1e-300))


def doubts(
    job: Job, velocities: torch.Tensor, covariances: torch.Tensor, parts: Array
) -> list[str]:
    """Why the motions of front and back are not certain, "" where they are.

    Where there is no second motion, what stands for it has no structure of its own, or moves as
    the first does.
    """
    span = job.frames.count - 1
    errors = covariances.diagonal(dim1=1, dim2=2)  # (2, 2)
    reasons = []
    for variances in errors:
        error = float(variances.max().sqrt())
        wide = error * span > WIDE
        reasons.append(
            f"The standard error, {error:.2g} px/frame, is too large to say how it moved."
            if wide
            else ""
        )
    apart = float((velocities[0] - velocities[1]).norm())
    weaker = int(np.argmin(parts))
    least = max(NEAR / span, NEAR_ERRORS * float(errors.sum().sqrt()))
    if not reasons[weaker] and apart < least:
        reasons[weaker] = "It cannot be told apart from the other motion."
    return reasons
