"""One motion beside what stands still, fitted together: no bias (docs/method.md § 9)."""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_motionfft.motion.crops import Crop
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.precision import mean_subtraction_bias
from napari_motionfft.motion.refine import Fit
from napari_motionfft.motion.several.field import layers_of_all
from napari_motionfft.motion.several.misfit import misfits
from napari_motionfft.motion.several.told import covariances

MATTERS = 0.2
"""Standard errors of bias that are worth fitting both layers."""
LONG = 0.02
"""px of bias at the end of the stack that are, too."""
NEAR = 4.0
"""px at the end of the stack that the fit may lie from where it began."""


def beside_still(
    job: Job, velocity: torch.Tensor, check: Check
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Velocity (2,) px/frame and its covariance (2, 2) from a moving and a still layer.

    The covariance holds what the still layer takes of the information. None where the two cannot
    be told apart.
    """
    plain = replace(job, asked={**job.asked, "background": "none"})
    start = torch.stack([velocity, torch.zeros(2, dtype=torch.float64)])
    fit, tori = layers_of_all(plain, start, torch.tensor([True, False]), check)
    found = fit.model.velocities[0]
    covariance = covariances(fit, job.frames.count, misfits(fit, tori))[0]
    sound = bool(torch.isfinite(covariance).all()) and bool(torch.isfinite(found).all())
    far = float((found - velocity).norm()) * (job.frames.count - 1)
    return (found, covariance) if sound and far < NEAR else None


def without_bias(
    job: Job, theta: torch.Tensor, fit: Fit | None, crops: list[Crop], check: Check
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The same where taking off the mean biased a constant velocity θ (1, 2) too much to leave it.

    None where it did not, or where this cannot be mended: a pre-filter, a weight of the user's,
    fewer than four frames.
    """
    usual = job.weight == "auto" and job.prefilter == "none" and job.frames.count >= 4
    if not job.static or fit is None or not usual:
        return None
    bias = mean_subtraction_bias(crops[0].band, fit.runs[0], job.frames.count, theta[0])
    error = float(fit.covariance.diagonal().clamp(min=0).sqrt().min())
    length = float(bias.norm())
    if length <= MATTERS * error and length * (job.frames.count - 1) <= LONG:
        return None
    return beside_still(job, theta[0] - bias, check)
