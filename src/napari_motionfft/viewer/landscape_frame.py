"""Velocities of a landscape ↔ pixels of the layer that it stands beside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.placement import Array


@dataclass(frozen=True, eq=False)
class Frame:
    """Where a landscape stands: velocity (0, 0) at `zero`, `scale` px of level 0 a px/frame.

    Along y, that is; along x as many as are as long in the world, so that it is undistorted.

    Attributes
    ----------
    zero
        (y, x) px of level 0.
    low, high
        (vy, vx) px/frame of the picture's outer edges.
    stretch
        Px along x that are as long as one along y.
    """

    zero: Array
    scale: float
    low: Array
    high: Array
    stretch: float = 1.0

    @property
    def scales(self) -> Array:
        """(2,) px of level 0 along y and x to 1 px/frame."""
        return np.asarray([self.scale, self.scale * self.stretch])

    @property
    def span(self) -> float:
        """Longer side in px/frame."""
        return float((self.high - self.low).max())

    @property
    def margins(self) -> tuple[float, float, float, float]:
        """Top, right, bottom, left strips for the labels, px/frame."""
        return 0.11 * self.span, 0.04 * self.span, 0.45 * self.span, 0.19 * self.span


def edges(landscape: Landscape) -> tuple[Array, Array]:
    """(2,), (2,) px/frame: outer edges of the grid, half a step beyond its first and last."""
    low, high = [], []
    for axis in (landscape.vy, landscape.vx):
        half = (axis[-1] - axis[0]) / max(len(axis) - 1, 1) / 2 or 0.5
        low.append(float(axis[0]) - half)
        high.append(float(axis[-1]) + half)
    return np.asarray(low), np.asarray(high)


def stand(
    landscape: Landscape, corner: tuple[float, float], height: float, stretch: float = 1.0
) -> Frame:
    """Put a landscape with its labels into a box of a given height, upper left at `corner`."""
    low, high = edges(landscape)
    probe = Frame(np.zeros(2), 1.0, low, high)
    top, _, bottom, left = probe.margins
    scale = height / (top + float(high[0] - low[0]) + bottom)
    scales = scale * np.asarray([1.0, stretch])
    zero = np.asarray(corner) + scales * (np.asarray([top, left]) - low)
    return Frame(zero, scale, low, high, stretch)


def landscape_aspect(landscape: Landscape) -> float:
    """Width over height of a landscape with its labels, undistorted."""
    frame = stand(landscape, (0.0, 0.0), 1.0)
    _, right, _, left = frame.margins
    return frame.scale * (left + float(frame.high[1] - frame.low[1]) + right)
