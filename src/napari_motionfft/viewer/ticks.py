"""Round numbers for axes, and the error ellipse of a velocity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.wording import decimals

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


def pair_text(velocity: Array, error: Array) -> str:
    """(vy, vx), each to the place of its error's second figure, with at most 4 figures."""
    return "(" + ", ".join(rounded(*each) for each in zip(velocity, error, strict=True)) + ")"


def rounded(value: float, error: float) -> str:
    """One number of `pair_text`: a true minus, and none on zero."""
    known = math.isfinite(error) and error > 0
    text = f"{value:.{min(decimals(error), 4) if known else 2}f}"
    return (text if float(text) else text.lstrip("-")).replace("-", "−")


def half_axes(covariance: Array) -> tuple[Array, Array]:
    """(2,) 1 σ lengths and (2, 2) directions in columns; lengths 0 where none is known."""
    covariance = np.asarray(covariance, dtype=np.float64)
    if not np.isfinite(covariance).all():
        return np.zeros(2), np.eye(2)
    variance, axes = np.linalg.eigh(covariance)
    return np.sqrt(np.clip(variance, 0, None)), axes


def error_ellipse(covariance: Array, enlarge: float, points: int = 48) -> Array:
    """(points, 2) outline around (0, 0) of the 1 σ ellipse of a (2, 2) covariance, enlarged.

    Its shadow on either axis is that component's standard error.
    """
    sigma, axes = half_axes(covariance)
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(enlarge * circle * sigma @ axes.T)


def enlargement(covariance: Array, wanted: float) -> float:
    """Round factor (1 or more) that brings the ellipse's longer half axis near to `wanted`."""
    sigma = float(half_axes(covariance)[0].max())
    if sigma == 0 or sigma >= wanted:
        return 1.0
    return round_below(wanted / sigma)
