"""A sinusoid fitted to velocities: its errors, its chance to be noise, what windows leave of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import gammaln

from napari_motionfft.motion.strips.result import Array


def wave(t: Array, frequency: float, mean: float, sine: float, cosine: float) -> Array:
    """mean + sine·sin(2πft) + cosine·cos(2πft), (W,)."""
    turn = 2 * np.pi * frequency * t
    out: Array = mean + sine * np.sin(turn) + cosine * np.cos(turn)
    return out


def slopes(t: Array, frequency: float, mean: float, sine: float, cosine: float) -> Array:
    """Derivatives of `wave` by its four numbers, (W, 4)."""
    turn = 2 * np.pi * frequency * t
    by_frequency = 2 * np.pi * t * (sine * np.cos(turn) - cosine * np.sin(turn))
    out: Array = np.stack([by_frequency, np.ones_like(t), np.sin(turn), np.cos(turn)], 1)
    return out


def sinusoid(t: Array, v: Array, weights: Array, low: float, high: float) -> tuple[float, ...]:
    """Least-squares (frequency, mean, sine, cosine) with a frequency from … to."""
    root = np.sqrt(weights)

    def rest(frequency: float) -> tuple[Array, float]:
        """The other three, which enter linearly, and the sum of squares that is left."""
        basis = slopes(t, frequency, 0, 0, 0)[:, 1:]
        found = np.linalg.lstsq(basis * root[:, None], v * root, rcond=None)[0]
        return np.asarray(found), float((weights * (v - basis @ found) ** 2).sum())

    fit = minimize_scalar(
        lambda f: rest(f)[1], bounds=(low, high), method="bounded", options={"xatol": 1e-6 * low}
    )
    return float(fit.x), *(float(number) for number in rest(fit.x)[0])


def covariance(
    t: Array, v: Array, weights: Array, fit: tuple[float, ...], place: Any, overlap: int
) -> Array:
    """Covariance of the four numbers, (4, 4).

    Windows that overlap err alike, or the contrary: which, at this frequency, their residuals tell
    up to two windows apart (Newey & West, Econometrica 55, 703, 1987). `place` (W,) counts hops,
    so that windows left out do not matter; `overlap` is the hops of a window.
    """
    root = np.sqrt(weights)[:, None]
    design = slopes(t, *fit) * root
    inner = np.linalg.pinv(design.T @ design)
    if overlap <= 1:
        return np.asarray(inner)
    spread = np.zeros((place[-1] - place[0] + 1, 4))
    spread[place - place[0]] = design * (v - wave(t, *fit))[:, None] * root
    total = spread.T @ spread
    reach = 2 * overlap
    for lag in range(1, min(reach, len(spread))):
        product = spread[lag:].T @ spread[:-lag]
        total += (1 - lag / reach) * (product + product.T)
    return np.asarray(inner @ total @ inner * len(t) / max(1, len(t) - 4))


def shared(step: float) -> float:
    """How many windows `step` of a window apart are worth one: the sum of ρ² over all lags.

    ρ is the correlation of two means over windows that overlap; at half a window it is 1.5.
    """
    lags = np.arange(1, math.ceil(1 / step)) * step if step < 1 else np.zeros(0)
    return float(1 + 2 * ((1 - lags) ** 2).sum())


def unexplained(residuals: Array, sigma: Array) -> float:
    """Variance to add to σ² so that the residuals' χ² is its degrees of freedom; 0 if none."""
    free = max(1, len(residuals) - 4)

    def excess(extra: float) -> float:
        return float((residuals**2 / (sigma**2 + extra)).sum()) - free

    tiny = 1e-12 * float((residuals**2).mean()) + 1e-300
    if excess(tiny) <= 0:
        return tiny
    return float(brentq(excess, tiny, 2 * len(residuals) * float((residuals**2).mean()) + tiny))


def gain(frequency: float, window: int) -> float:
    """How much of an oscillation is left in the velocities of windows of so many frames.

    A window's velocity is the displacement from its first frame to its last over the time between.
    """
    return float(np.sinc(frequency * (window - 1)))


def false_alarm(score: float, count: float, highest: float, t: Array) -> float:
    """Chance that white noise in `count` velocities explains as much at any period."""
    if score >= 1:
        return 0.0
    log_left = math.log1p(-score)
    single = math.exp((count - 3) / 2 * log_left)
    log_gamma = 0.5 * math.log(2 / (count - 1))
    log_gamma += float(gammaln((count - 1) / 2) - gammaln((count - 2) / 2))
    independent = highest * math.sqrt(4 * math.pi * float(t.var()))
    tried = math.sqrt((count - 1) / 2 * score) * independent
    expected = math.exp(log_gamma + (count - 4) / 2 * log_left) * tried
    return -math.expm1(math.log1p(-min(single, 1 - 1e-16)) - expected)
