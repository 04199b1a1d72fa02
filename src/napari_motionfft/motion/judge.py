"""From a fit to an honest answer: standard errors, reliability and the reason when in doubt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion import precision
from napari_motionfft.motion.crops import Crop
from napari_motionfft.motion.integrate import mean_images
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.refine import Fit, WeightOf, gauss_newton
from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.search import SearchResult

SURE = 2.2
"""Times the height of chance above which the highest peak is believed whatever else there is."""
LEVEL, APART = 1.5, 4.0
"""σ between two peaks, and px between their ends, that chance bridges and that part them."""


@dataclass(frozen=True)
class Verdict:
    """What a fit says of the motion, without the images.

    Attributes
    ----------
    velocity, covariance
        (2,) px/frame, (2, 2) (px/frame)².
    path_variance
        (T, 2) px² of the displacements.
    bias, split
        (2,) px/frame.
    reason, notes
        As of `Motion`.
    """

    velocity: torch.Tensor
    covariance: torch.Tensor
    path_variance: torch.Tensor
    bias: torch.Tensor
    split: torch.Tensor
    reason: str
    notes: tuple[str, ...]

    @property
    def stderr(self) -> torch.Tensor:
        """(2,) px/frame."""
        return self.covariance.diagonal().clamp(min=0).sqrt()


def judge(
    job: Job,
    found: SearchResult,
    basis: torch.Tensor,
    theta: torch.Tensor,
    fit: Fit | None,
    crops: list[Crop],
    weight_of: WeightOf,
    check: Check,
    joint: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> Motion:
    """Standard errors, reliability, and the averaged images."""
    if joint is not None:
        theta = joint[0][None]
    path = basis @ theta  # (T, 2)
    path = path - path[:1]
    told = verdict(job, found, basis, theta, fit, crops, weight_of, joint=joint)
    mean, plain, count, box = mean_images(job, path, check, canvas=job.asked["canvas"])
    return Motion(
        displacements=path.numpy(),
        displacement_stderr=told.path_variance.sqrt().numpy(),
        velocity=told.velocity.numpy(),
        velocity_stderr=told.stderr.numpy(),
        velocity_covariance=told.covariance.numpy(),
        score=found.score,
        reliable=told.reason == "",
        reason=told.reason,
        split_half=told.split.numpy(),
        bias=told.bias.numpy(),
        integrated=mean.float().numpy(),
        plain_mean=plain.float().numpy(),
        coverage=count.numpy(),
        landscape=found.landscape,
        region=job.box,
        settings=job.asked,
        device="",
        notes=told.notes,
        origin=(box[0][0], box[1][0]),
    )


def verdict(
    job: Job,
    found: SearchResult,
    basis: torch.Tensor,
    theta: torch.Tensor,
    fit: Fit | None,
    crops: list[Crop],
    weight_of: WeightOf,
    halves: bool = True,
    joint: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> Verdict:
    """Standard errors and reliability.

    Parameters
    ----------
    halves
        Take the split-half difference too.
    joint
        Velocity and covariance of a constant velocity fitted together with a still layer; they
        stand for the fit's own.
    """
    size = 2 * basis.shape[1]
    covariance = torch.full((size, size), float("nan"), dtype=torch.float64)
    split = torch.full((2,), float("nan"), dtype=torch.float64)
    bias = torch.zeros(2, dtype=torch.float64)
    notes: list[str] = []
    slope = basis_slope(basis)  # (K,)
    velocity = slope @ theta  # (2,)
    if fit is not None:
        inflation = precision.misfit(fit.runs, basis.shape[1])
        covariance = fit.covariance * inflation
        if joint is None and inflation > 4:
            notes.append(
                "Frames depart from constant velocity, or the scene changes: "
                f"standard errors are {inflation**0.5:.1f} times those of noise alone."
            )
        if len(crops) > 1:
            notes.append(
                f"The drift is long against the field: {len(crops)} runs of frames were chained."
            )
        if joint is not None:
            covariance = joint[1]
            notes.append("A still layer was fitted together with the motion.")
        elif job.static:
            bias = precision.mean_subtraction_bias(
                crops[0].band, fit.runs[0], job.frames.count, velocity
            )
            notes.append(
                "background='static' biases the estimate away from zero; "
                "the standard error includes that."
            )
        if halves and job.frames.count >= 6:
            split = split_half(crops, basis, theta, weight_of, slope)
    expand = torch.kron(slope[None], torch.eye(2, dtype=torch.float64))  # (2, 2K)
    of_velocity = expand @ covariance @ expand.T + torch.outer(bias, bias)
    step = torch.kron(basis - basis[:1], torch.eye(2, dtype=torch.float64))  # (2T, 2K)
    of_path = torch.einsum("ij,jk,ik->i", step, covariance, step).clamp(min=0).reshape(-1, 2)
    t = torch.arange(job.frames.count, dtype=torch.float64)[:, None]
    of_path = of_path + (t * bias) ** 2
    reason = doubt(found, fit, crops, job, velocity, of_velocity)
    return Verdict(velocity, of_velocity, of_path, bias, split, reason, tuple(notes))


def basis_slope(basis: torch.Tensor) -> torch.Tensor:
    """(K,) least-squares slope in time of each column."""
    t = torch.arange(len(basis), dtype=torch.float64)
    t = t - t.mean()
    return (t @ basis) / (t @ t)


def split_half(
    crops: list[Crop],
    basis: torch.Tensor,
    theta: torch.Tensor,
    weight_of: WeightOf,
    slope: torch.Tensor,
) -> torch.Tensor:
    """Velocity of the even frames alone less that of the odd ones, px/frame."""
    crops = [crop for crop in crops if crop.count >= 6]
    if not crops:
        return torch.full((2,), float("nan"), dtype=torch.float64)
    halves = [
        gauss_newton(crops, basis, theta, weight_of, steps=2, members=slice(first, None, 2)).theta
        for first in (0, 1)
    ]
    return slope @ (halves[0] - halves[1])


def level_peak(found: SearchResult, frames: int) -> str:
    """Why a second peak leaves the motion open: not far above chance, the two are level; or ""."""
    peaks = found.landscape.peaks
    if found.score > SURE * found.threshold:
        return ""
    first = peaks[0]
    for other in peaks[1:]:
        apart = math.hypot(first.vy - other.vy, first.vx - other.vx)
        if first.score - other.score < LEVEL and apart * (frames - 1) > APART:
            return (
                f"Two peaks of {first.score:.1f} and {other.score:.1f} σ are level, at "
                f"({first.vy:.2f}, {first.vx:.2f}) and ({other.vy:.2f}, {other.vx:.2f}) px/frame: "
                "which is the motion is not determined."
            )
    return ""


def doubt(
    found: SearchResult,
    fit: Fit | None,
    crops: list[Crop],
    job: Job,
    velocity: torch.Tensor,
    covariance: torch.Tensor,
) -> str:
    """Why the data do not determine the motion, or "" when they do."""
    frames, max_speed = job.frames.count, job.asked["max_speed"]
    if found.score < found.threshold:
        return (
            f"The highest peak stands {found.score:.1f} σ above noise; chance alone reaches "
            f"{found.threshold:.1f} σ over this search range. The motion is not determined."
        )
    if fit is None:
        return "The content leaves the field from one frame to the next; choose a larger region."
    singular = not bool(torch.isfinite(covariance).all()) or float(covariance.diagonal().min()) <= 0
    if singular or precision.one_direction_only(fit.runs, crops):
        return "The scene has no structure along one direction: only the other is determined."
    if rival := level_peak(found, frames):
        return rival
    error = float(covariance.diagonal().max().sqrt())
    if error * (frames - 1) > 4 or error > max_speed / 2:
        return f"The standard error, {error:.2g} px/frame, is too large to say how the scene moved."
    if float(velocity.abs().max()) > 0.98 * max_speed:
        return f"The peak is at the edge of the search range (±{max_speed:g} px/frame); widen it."
    start = torch.tensor(found.landscape.peaks[0][:2], dtype=torch.float64)
    if float((velocity - start).abs().max()) * (frames - 1) > 8:
        return "The refinement left the landscape's peak: the motion is not determined."
    return ""
