"""Geometric frame weights (1 − α)^t of the posts, in the sum and in closed form."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.objectives.checks import number, whole
from napari_motionfft.motion.objectives.responses import (
    check_frequency,
    moving_average_response,
)

BASE_ALPHA = 0.5
"""α where a value is needed: the posts never give one. About three frames count."""


def geometric_weights(
    frames: int, alpha: float = BASE_ALPHA, dtype: torch.dtype = torch.float64
) -> torch.Tensor:
    """(T,) weights (1 − α)^t with sum 1; α = 0 weighs all frames alike.

    Parameters
    ----------
    frames
        T, at least 1.
    alpha
        In [0, 1): the share by which each frame counts less than the one before.

    Raises
    ------
    TypeError, ValueError
        Another kind of number, or out of range.
    """
    count, q = whole("frames", frames, 1), 1 - check_alpha(alpha)
    weights = q ** torch.arange(count, dtype=torch.float64)
    return (weights / weights.sum()).to(dtype)


def geometric_response_sum(
    frequency: torch.Tensor, frames: int, alpha: float = BASE_ALPHA
) -> torch.Tensor:
    """Σ_t w_t exp(−2πi f t), added up: the integrated image's transfer function, complex.

    Parameters
    ----------
    frequency
        (…,) cycles/frame: k·(v − v*) for content at v* seen with v, float.
    """
    check_frequency(frequency)
    weights = geometric_weights(frames, alpha).to(frequency.device, frequency.dtype)
    time = torch.arange(frames, dtype=frequency.dtype, device=frequency.device)
    phase = -2 * math.pi * torch.remainder(frequency[..., None] * time, 1.0)
    return (weights * torch.complex(phase.cos(), phase.sin())).sum(-1)


def geometric_response(
    frequency: torch.Tensor, frames: int, alpha: float = BASE_ALPHA
) -> torch.Tensor:
    """The same in closed form: (1 − q^T·z^T)/(1 − qz) over its value at z = 1, q = 1 − α.

    z = exp(−2πi f). At α = 0 it is the moving average.
    """
    check_frequency(frequency)
    count, q = whole("frames", frames, 1), 1 - check_alpha(alpha)
    if q == 1:
        return moving_average_response(frequency, count)
    folded = frequency - frequency.round()
    once, last = (-2 * math.pi * turn for turn in (folded, torch.remainder(folded * count, 1.0)))
    z, z_last = (torch.complex(phase.cos(), phase.sin()) for phase in (once, last))
    return (1 - q**count * z_last) / (1 - q * z) * (1 - q) / (1 - q**count)


def continuation_schedule(
    steps: int, alpha: float = BASE_ALPHA, stages: int = 5, share: float = 0.5
) -> tuple[float, ...]:
    """α for each step of an ascent: from `alpha` down to 0 in equal stages, then 0 to the end.

    Few frames give a wide and smooth peak, all frames a narrow one: start wide, end sharp.

    Parameters
    ----------
    stages
        Different values of α, the 0 included.
    share
        Part of the steps, in (0, 1], over which α falls.

    Raises
    ------
    TypeError, ValueError
        Another kind of number, or out of range.
    """
    steps, stages = whole("steps", steps, 1), whole("stages", stages, 1)
    start = check_alpha(alpha)
    falling = max(1, round(number("share", share, 0.0, 1.0) * steps))
    values = [start * (1 - i / (stages - 1)) if stages > 1 else 0.0 for i in range(stages)]
    return tuple(values[min(stages - 1, step * stages // falling)] for step in range(steps))


def check_alpha(alpha: float) -> float:
    """α in [0, 1)."""
    found = number("alpha", alpha, 0.0)
    if found >= 1:
        raise ValueError(f"alpha must be in [0, 1), got {alpha!r}")
    return found
