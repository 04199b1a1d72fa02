"""Where the kymograph and the spectrogram of a strip stand, side by side with one time axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_motionfft.viewer.arrange import usual, zoom
from napari_motionfft.viewer.placement import Array

TOP, BOTTOM, LEFT, BETWEEN, RIGHT = 0.15, 0.17, 0.24, 0.14, 0.07
"""Strips for labels, in parts of the pictures' height."""

KYMOGRAPH, SPECTROGRAM = 1.05, 0.8
"""Widths of the pictures, in parts of their height."""


@dataclass(frozen=True)
class Box:
    """A picture: upper left corner and size. Lengths in px along y from the frame's corner."""

    y: float
    x: float
    height: float
    width: float

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width


@dataclass(frozen=True)
class Panel:
    """Two pictures with their labels around.

    Attributes
    ----------
    whole
        With labels.
    kymograph, spectrogram
        The pictures; time runs down in both.
    size
        (y, x) of it all, stack and earlier results included.
    over_layer
        Whether the kymograph is the user's own layer.
    """

    whole: Box
    kymograph: Box
    spectrogram: Box
    size: tuple[float, float]
    over_layer: bool = False

    @property
    def side(self) -> float:
        """Height of the pictures, by which text and lines are sized."""
        return self.kymograph.height


def panel(
    shape: tuple[float, float],
    canvas: tuple[float, float],
    below: float = 0.0,
    taken: tuple[float, float] = (0.0, 0.0),
    aside: float = 0.0,
) -> Panel:
    """The arrangement that shows the stack largest on a canvas.

    Parameters
    ----------
    shape
        (Y, X) of the stack in px along y, as all lengths here.
    canvas
        (y, x) screen px.
    below
        Down to where free space begins: earlier results lie above. 0 where there are none.
    taken
        (y, x) to where other images reach, which stay uncovered.
    aside
        To the right to where earlier results reach.
    """
    full = (max(shape[0], taken[0]), max(shape[1], taken[1]))
    tall, gap = usual(shape)
    height, width = TOP + 1 + BOTTOM, LEFT + KYMOGRAPH + BETWEEN + SPECTROGRAM + RIGHT
    wide = max(shape[1], 1.5 * tall)  # below a stack: as wide, or with pictures of a fair size
    if below > 0:
        full = (max(full[0], below - gap), max(full[1], aside))
        options = [
            placed(max(below, taken[0] + gap), 0.0, tall / height, full),
            placed(0.0, full[1] + gap, tall / height, full),
        ]
    else:
        options = [
            placed(0.0, full[1] + gap, tall / height, full),
            placed(full[0] + gap, 0.0, wide / width, full),
        ]
    return max(options, key=lambda one: zoom(one.size, canvas))


def placed(y: float, x: float, side: float, full: tuple[float, float]) -> Panel:
    """A panel whose upper left corner is at (y, x)."""
    kymograph = Box(y + TOP * side, x + LEFT * side, side, KYMOGRAPH * side)
    return around(kymograph, full, y)


def around(
    kymograph: Box, full: tuple[float, float], top: float, over_layer: bool = False
) -> Panel:
    """The panel of a kymograph that stands somewhere."""
    side = kymograph.height
    left = kymograph.right + BETWEEN * side
    spectrogram = Box(kymograph.y, left, side, SPECTROGRAM * side)
    x = kymograph.x - LEFT * side
    whole = Box(
        top, x, kymograph.bottom + BOTTOM * side - top, spectrogram.right + RIGHT * side - x
    )
    size = (max(full[0], whole.bottom), max(full[1], whole.right))
    return Panel(whole, kymograph, spectrogram, size, over_layer)


def on_scan(shape: tuple[float, float]) -> Panel:
    """The panel of a line scan whose rows are time: the layer itself is the kymograph."""
    rows, columns = shape
    return around(Box(0.0, 0.0, rows, columns), shape, -TOP * rows, over_layer=True)


def at_frames(box: Box, times: Array, count: int) -> Array:
    """Where frames lie down a picture of `count` frames; frame i spans i − 0.5…i + 0.5."""
    return np.asarray(box.y + (np.asarray(times, dtype=np.float64) + 0.5) / count * box.height)


def at_places(box: Box, places: Array, count: int) -> Array:
    """Where px of arc length lie across a picture of `count` px."""
    return np.asarray(box.x + (np.asarray(places, dtype=np.float64) + 0.5) / count * box.width)


def at_velocities(box: Box, velocities: Array, reach: tuple[float, float]) -> Array:
    """Where velocities lie across a picture that reaches from `reach[0]` to `reach[1]`."""
    part = (np.asarray(velocities, dtype=np.float64) - reach[0]) / (reach[1] - reach[0])
    return np.asarray(box.x + part * box.width)
