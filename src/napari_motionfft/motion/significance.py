"""How high a peak must stand to be more than chance (docs/method.md § 8)."""

from __future__ import annotations

import math

from scipy.stats import gamma

FALSE_ALARM = 1e-3
"""Chance that pure noise passes for motion."""


def threshold(cells: float, bins: float, false_alarm: float = FALSE_ALARM) -> float:
    """Peak score that noise exceeds with probability `false_alarm` among `cells` velocities.

    The energy of noise is a sum of exponentials, one a frequency, so its upper tail is that of a
    gamma distribution: longer than a Gaussian's when few frequencies count.

    Parameters
    ----------
    cells
        Independent velocities searched.
    bins
        Effective number of frequencies.
    """
    shape = max(bins, 1.0)
    return float((gamma.isf(false_alarm / max(cells, 1.0), shape) - shape) / math.sqrt(shape))
