"""How high a peak must stand to be more than chance (docs/method.md § 8)."""

from __future__ import annotations

from scipy.stats import norm

FALSE_ALARM = 1e-3
"""Chance that pure noise passes for motion."""


def threshold(cells: float) -> float:
    """Peak score that noise exceeds with probability `FALSE_ALARM` among `cells` velocities."""
    return float(norm.isf(FALSE_ALARM / max(cells, 1.0)))
