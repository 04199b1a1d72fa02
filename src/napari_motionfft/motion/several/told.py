"""From a fit of layers to motions with errors, images and shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion.canvas import SLACK
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.result import Array, Landscape, Motion
from napari_motionfft.motion.several.fit import Layered
from napari_motionfft.motion.several.residual import predicted
from napari_motionfft.motion.several.torus import Torus

FLOOR = 0.003
"""px over the stack that interpolation and the ends of iterations leave uncertain."""


def covariances(fit: Layered, frames: int, inflation: torch.Tensor) -> torch.Tensor:
    """(M, 2, 2) (px/frame)² of each velocity, with what the last step left.

    `inflation` (M,) is what `misfits` gives.
    """
    many = fit.model.count
    blocks = fit.covariance.reshape(many, 2, many, 2)[range(many), :, range(many), :]
    floor = torch.eye(2, dtype=torch.float64) * (FLOOR / max(frames - 1, 1)) ** 2
    moves = fit.move[:, :, None] * fit.move[:, None, :]
    blocks = blocks * inflation[:, None, None]
    return blocks + (floor + moves) * fit.model.free[:, None, None]


def plain_mean(job: Job) -> torch.Tensor:
    """(Y, X) float64 mean of the frames of the region, in units of the stack."""
    total = torch.zeros(box_shape(job.box), dtype=torch.float64)
    for start, stop in job.frames.blocks(job.block):
        total += job.frames.read(start, stop, job.box).sum(0)
    return total / job.frames.count * job.frames.scale + job.frames.offset


def images(job: Job, fit: Layered, tori: list[Torus], level: float) -> NDArray[np.float32]:
    """(M, Y, X) each layer as frame 0 would show it alone, about the mean level of the stack."""
    torus, layers = tori[0], fit.layers[0]
    each = [
        predicted(torus, layers[m : m + 1], fit.model.velocities[m : m + 1], 0, 1)[0]
        for m in range(fit.model.count)
    ]
    return (torch.stack(each).cpu() * job.frames.scale + level).float().numpy()


def energies(fit: Layered, tori: list[Torus], check: Check) -> tuple[Array, float]:
    """(M,) share of each layer in the variance of the frames; share of what all leave."""
    many = fit.model.count
    parts, rest, whole = torch.zeros(many, dtype=torch.float64), 0.0, 0.0
    for torus, layers in zip(tori, fit.layers, strict=True):
        for start in range(torus.start, torus.stop, torus.block):
            stop = min(start + torus.block, torus.stop)
            check(start / torus.frames.count, "Measuring shares")
            values = torus.frames.read(start, stop, torus.box).to(torus.device)
            values = values - values.mean((-2, -1), keepdim=True)
            whole += float(values.square().sum())
            for m in range(many):
                made = predicted(
                    torus, layers[m : m + 1], fit.model.velocities[m : m + 1], start, stop
                )
                parts[m] += float(made.square().sum())
                values = values - made
            rest += float(values.square().sum())
    return (parts / max(whole, 1e-300)).numpy(), min(1.0, rest / max(whole, 1e-300))


def seen_by(path: torch.Tensor, shape: tuple[int, int], periodic: bool) -> NDArray[np.int32]:
    """(Y, X) how many frames of the region see each pixel along a path (T, 2)."""
    if periodic:
        return np.full(shape, len(path), np.int32)
    inside = []
    for axis, size in enumerate(shape):
        at = torch.arange(size, dtype=torch.float64)[:, None] + path[:, axis]
        inside.append(((at >= -SLACK) & (at <= size - 1 + SLACK)).double())
    return (inside[0] @ inside[1].T).round().int().numpy()


def motion_of(
    job: Job,
    velocity: torch.Tensor,
    covariance: torch.Tensor,
    score: float,
    reason: str,
    image: NDArray[np.float32],
    plain: NDArray[np.float32],
    landscape: Landscape,
    notes: tuple[str, ...] = (),
    coverage: NDArray[np.int32] | None = None,
) -> Motion:
    """One motion of constant velocity (2,) with its own image."""
    frames = job.frames.count
    t = torch.arange(frames, dtype=torch.float64)[:, None]
    stderr = covariance.diagonal().clamp(min=0).sqrt()
    nothing = np.full(2, np.nan)
    if coverage is None:
        coverage = seen_by(t * velocity, box_shape(job.box), job.periodic)
    return Motion(
        displacements=(t * velocity).numpy(),
        displacement_stderr=(t * stderr).numpy(),
        velocity=velocity.numpy(),
        velocity_stderr=stderr.numpy(),
        velocity_covariance=covariance.numpy(),
        score=score,
        reliable=reason == "",
        reason=reason,
        split_half=nothing,
        bias=np.zeros(2),
        integrated=image,
        plain_mean=plain,
        coverage=coverage,
        landscape=landscape,
        region=job.box,
        settings=dict(job.asked),
        device="",
        notes=notes,
    )


def rescaled(landscape: Landscape, factor: float) -> Landscape:
    """A landscape of a smaller field in px/frame of the stack."""
    peaks = [p._replace(vy=p.vy * factor, vx=p.vx * factor) for p in landscape.peaks]
    return replace(landscape, vy=landscape.vy * factor, vx=landscape.vx * factor, peaks=peaks)
