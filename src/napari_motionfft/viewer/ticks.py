"""Round numbers for axes, and the error ellipse of a velocity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def round_below(value: float) -> float:
    """Largest of 1, 2, 5 × 10ⁿ that is not above a positive value."""
    decade = 10.0 ** math.floor(math.log10(value))
    steps = [step for step in (1, 2, 5) if step * decade <= value * (1 + 1e-9)]
    return float(steps[-1] if steps else 0.5) * decade


def round_ticks(limit: float, at_most: int = 5) -> list[float]:
    """Round values within ±limit, zero in the middle, at most `at_most` (odd) of them."""
    aside = (at_most - 1) // 2
    step = round_below(limit / aside)
    while limit / step >= aside + 1:
        step = round_below(step * 2.6)
    return [step * i for i in range(-aside, aside + 1) if abs(step * i) <= limit * (1 + 1e-9)]


def tick_text(value: float) -> str:
    """Shortest text of a tick; a true minus, so that it is seen."""
    return f"{value:g}".replace("-", "−")


def pair_text(velocity: Array) -> str:
    """(vy, vx) with three figures after the point."""
    return "(" + ", ".join(f"{v:.3f}".replace("-", "−") for v in velocity) + ")"


def error_ellipse(covariance: Array, enlarge: float, points: int = 48) -> Array:
    """(points, 2) outline around (0, 0) of the 1 σ ellipse of a (2, 2) covariance, enlarged.

    A velocity lies within it with probability 1 − e^{−1/2} = 39 % where the errors are normal.
    """
    size, axes = np.linalg.eigh(np.nan_to_num(np.asarray(covariance, dtype=np.float64)))
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(enlarge * circle * np.sqrt(np.clip(size, 0, None)) @ axes.T)


def enlargement(covariance: Array, wanted: float) -> float:
    """Round factor (1 or more) that brings the ellipse's longer half axis near to `wanted`."""
    sigma = math.sqrt(max(float(np.linalg.eigvalsh(np.nan_to_num(covariance))[-1]), 0.0))
    if sigma == 0 or sigma >= wanted:
        return 1.0
    return round_below(wanted / sigma)
