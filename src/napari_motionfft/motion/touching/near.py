"""The peak of a landscape that is near a velocity."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.job import Check
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.search import zoom

NEAR = 0.06
"""Of the search range: width of the Gaussian by which a peak draws a touch."""


def near(
    shown: Landscape, lags: ls.Lags, velocity: tuple[float, float], limit: float, check: Check
) -> Peak:
    """Climb from near a velocity; see `Touch.peak`.

    Parameters
    ----------
    shown
        On a grid over ±`limit`.
    """
    width = NEAR * limit
    y, x = (axis - v for axis, v in zip((shown.vy, shown.vx), velocity, strict=True))
    drawn = np.exp(-(y[:, None] ** 2 + x[None] ** 2) / (2 * width**2)) * shown.values
    i, j = uphill(shown.values, *np.unravel_index(int(drawn.argmax()), drawn.shape))
    top = torch.tensor([[shown.vy[i], shown.vx[j]]], dtype=torch.float64)
    return zoom(lags, top, float(shown.vy[1] - shown.vy[0]), limit, 1, check)[0]


def uphill(values: NDArray[np.float32], i: Any, j: Any) -> tuple[int, int]:
    """The cell that steepest ascent from cell (i, j) ends at."""
    while True:
        low, left = max(0, int(i) - 1), max(0, int(j) - 1)
        around = values[low : int(i) + 2, left : int(j) + 2]
        di, dj = np.unravel_index(int(around.argmax()), around.shape)
        if values[low + di, left + dj] <= values[i, j]:
            return int(i), int(j)
        i, j = low + int(di), left + int(dj)
