"""What the estimates have in common: windows that follow, the still pattern, the weight."""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_motionfft.motion.crops import Crop, cut
from napari_motionfft.motion.device import HOLD_BUDGET
from napari_motionfft.motion.frames import Box, box_shape
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.refine import Fit, WeightOf, gauss_newton
from napari_motionfft.motion.result import Landscape
from napari_motionfft.motion.search import resample
from napari_motionfft.motion.weights import WEIGHTS, wiener


def follow(
    job: Job,
    basis: torch.Tensor,
    theta: torch.Tensor,
    static: torch.Tensor | None,
    weight_of: WeightOf,
    check: Check,
) -> tuple[torch.Tensor, Fit | None, list[Crop]]:
    """Cut windows out along the motion and refine it, twice.

    Returns
    -------
    θ (K, 2), the last fit and its crops; no fit when the content leaves the field at once
    """
    fit, crops = None, []
    for low, high in ((0.0, 0.6), (0.6, 1.0)):
        crops = cut(job, basis @ theta, static, within(check, low, high))
        if not crops:
            break
        fit = gauss_newton(crops, basis, theta, weight_of)
        theta = fit.theta
    return theta, fit, crops


def held(job: Job, box: Box, check: Check) -> Job:
    """Keep what the later passes read in memory, if the stack is lazy and that part fits."""
    return replace(job, frames=job.frames.hold(box, job.block, HOLD_BUDGET, check))


def temporal_mean(job: Job, box: Box, check: Check) -> torch.Tensor:
    """(Y, X) float32 mean of the frames as they are, within a box; 0 elsewhere."""
    total = torch.zeros(box_shape(box), dtype=torch.float64)
    for start, stop in job.frames.blocks(job.block):
        check(start / job.frames.count, "Measuring the static background")
        total += job.frames.filtered(start, stop, box, job.prefilter).sum(0, dtype=torch.float64)
    mean = torch.zeros(job.frames.shape)
    mean[slice(*box[0]), slice(*box[1])] = (total / job.frames.count).float()
    return mean


def start_of(landscape: Landscape, basis: torch.Tensor) -> torch.Tensor:
    """θ (K, 2) whose path comes nearest to the highest peak's constant velocity."""
    peak = landscape.peaks[0] if landscape.peaks else (0.0, 0.0, 0.0)
    t = torch.arange(len(basis), dtype=torch.float64)[:, None]
    path = t * torch.tensor([peak[:2]], dtype=torch.float64)
    solution: torch.Tensor = torch.linalg.lstsq(basis, path).solution
    return solution


def refine_weight(weight: str | torch.Tensor) -> WeightOf:
    """The refinement's weight: maximum likelihood for "auto"."""
    if isinstance(weight, torch.Tensor):
        return lambda band, scene: resample(weight, band)
    return wiener if weight == "auto" else WEIGHTS[weight]
