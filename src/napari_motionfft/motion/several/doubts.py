"""Why a motion of several is not certain, and what else to know about it."""

from __future__ import annotations

import torch

from napari_motionfft.motion.job import Job
from napari_motionfft.motion.several.fit import Layered
from napari_motionfft.motion.several.peel import CANCEL, CHANGING, UNSTEADY, Found

UNSETTLED = 0.5
"""Standard errors that a last step may be before it is told."""
ALL = 1e-3
"""Share of variance left over below which layers explain a stack, even if they cancel partly."""


def notes_on(fit: Layered, inflation: float) -> tuple[str, ...]:
    """What the user should know about the fit of one motion."""
    notes = []
    error = fit.covariance.diagonal().clamp(min=0).sqrt().reshape(-1, 2)
    if not fit.converged and bool((fit.move.abs() > UNSETTLED * error).any()):
        notes.append("The fit had not settled; the error holds its last step.")
    if inflation > CHANGING:
        notes.append(
            "Frames depart from constant velocity, or the layer changes: standard errors are "
            f"{inflation**0.5:.1f} times those of noise alone."
        )
    return tuple(notes)


def doubt(
    job: Job,
    found: Found,
    m: int,
    velocity: torch.Tensor,
    covariance: torch.Tensor,
    total: float,
    rest: float,
    far: float,
) -> str:
    """Why a motion is not certain, or "".

    Parameters
    ----------
    total
        Sum of all shares of variance.
    rest
        Share of variance that no layer explains.
    far
        px by which frames depart from constant velocity.
    """
    limit = job.asked["max_speed"]
    if total > CANCEL and rest > ALL:
        return (
            f"The layers' shares of the variance add up to {total:.1f}: they cancel each other, as "
            "where something does not move at constant velocity."
        )
    if found.scores[m] < found.chance:
        return (
            f"With the others taken out its peak stands {found.scores[m]:.1f} σ above noise; "
            f"chance alone reaches {found.chance:.1f} σ."
        )
    if far > UNSTEADY:
        return f"Frames depart from constant velocity by {far:.1f} px: its velocity is not one."
    error = float(covariance.diagonal().max().clamp(min=0).sqrt())
    if error * (job.frames.count - 1) > 4 or error > limit / 2:
        return f"The standard error, {error:.2g} px/frame, is too large to say how it moved."
    if float(velocity.abs().max()) > 0.98 * limit:
        return f"The peak is at the edge of the search range (±{limit:g} px/frame); widen it."
    return ""
