"""Where the landscapes of the Objective lab stand: a grid whose first cell is the stack."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.arrange import usual, zoom
from napari_motionfft.viewer.landscape_frame import Frame, edges
from napari_motionfft.viewer.placement import Array


@dataclass(frozen=True, eq=False)
class Panel(Frame):
    """A landscape's place in the grid: room above for a title of two lines, none to the right."""

    @property
    def margins(self) -> tuple[float, float, float, float]:
        """Top, right, bottom, left strips for the labels, px/frame."""
        return 0.185 * self.span, 0.03 * self.span, 0.19 * self.span, 0.14 * self.span


@dataclass(frozen=True, eq=False)
class Grid:
    """Panels of one scale, in px of the source's level 0.

    Attributes
    ----------
    panels
        One a landscape, row by row.
    size
        (y, x) of it all from the frame's upper left corner, stack and earlier results included.
    """

    panels: tuple[Panel, ...]
    size: tuple[float, float]

    def offsets(self) -> Array:
        """(K, 2) px/frame from velocity 0 of the first panel to that of each."""
        zeros = np.stack([panel.zero for panel in self.panels])
        return np.asarray((zeros - zeros[0]) / self.panels[0].scale)


def grid(
    landscape: Landscape,
    count: int,
    shape: tuple[int, int],
    canvas: tuple[float, float],
    below: float = 0.0,
) -> Grid:
    """The grid that shows the panels largest on a canvas.

    Parameters
    ----------
    landscape
        Any one of them: all have the same velocities.
    count
        How many.
    shape
        (Y, X) px of the stack, which is the first cell of the first row.
    canvas
        (y, x) screen px.
    below
        px down to where free space begins: then the grid is a block of its own, below.
    """
    cells = count + (below == 0)
    options = [laid_out(landscape, count, shape, below, columns) for columns in range(1, cells + 1)]
    return max(options, key=lambda one: zoom(one.size, canvas))


def laid_out(
    landscape: Landscape, count: int, shape: tuple[int, int], below: float, columns: int
) -> Grid:
    """The grid of so many columns."""
    tall, gap = usual(shape)
    low, high = edges(landscape)
    top, right, bottom, left = Panel(np.zeros(2), 1.0, low, high).margins
    scale = tall / (top + float(high[0] - low[0]) + bottom)
    wide = scale * (left + float(high[1] - low[1]) + right)
    skipped = 1 if below == 0 else 0  # cell 0 is the stack's
    first = max(float(shape[1]), wide) if skipped else wide
    wide = first if first < 1.3 * wide else wide  # columns alike, unless the stack is very wide
    panels = []
    for cell in range(skipped, count + skipped):
        row, column = divmod(cell, columns)
        x = first + gap + (column - 1) * (wide + gap) if column else 0.0
        corner = np.asarray([below + row * (tall + gap), x]) - 0.5  # pixel 0 begins at −0.5
        zero = corner + scale * (np.asarray([top, left]) - low)
        panels.append(Panel(zero, scale, low, high))
    rows = math.ceil((count + skipped) / columns)
    across = min(columns, count + skipped)
    height = below + rows * tall + (rows - 1) * gap
    width = first + (across - 1) * (wide + gap)
    return Grid(tuple(panels), (height, max(width, float(shape[1]))))
