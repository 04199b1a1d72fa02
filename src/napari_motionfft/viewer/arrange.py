"""Where the pictures of a run go: next to the stack, covering nothing, as large as can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_motionfft.viewer.placement import Array

LAYOUTS = ("beside", "over")
"""Integrated image next to the stack, or on the region that it is of."""


@dataclass(frozen=True)
class Places:
    """An arrangement, in px of the source's level 0 from the frame's upper left corner.

    Where pixels are no squares, lengths along x are in px as long as those along y.

    Attributes
    ----------
    integrated
        Step (y, x) from the region to the integrated image.
    landscape
        Upper left corner (y, x) of the landscape with its labels.
    height
        Height of the landscape with its labels.
    size
        (y, x) of it all, stack and earlier results included.
    """

    integrated: tuple[float, float]
    landscape: tuple[float, float]
    height: float
    size: tuple[float, float]


def arrange(
    shape: tuple[float, float],
    region: Array,
    canvas: tuple[float, float],
    aspect: float,
    layout: str = "beside",
    below: float = 0.0,
    taken: tuple[float, float] = (0.0, 0.0),
) -> Places:
    """The arrangement that shows the stack largest on a canvas.

    Parameters
    ----------
    shape
        (Y, X) px of the stack.
    region
        ((y0, y1), (x0, x1)) px of the integrated image; it may reach out of the stack.
    canvas
        (y, x) screen px.
    aspect
        Width over height of the landscape with its labels.
    layout
        One of `LAYOUTS`.
    below
        px down to where free space begins: earlier results lie above.
    taken
        px (y, x) to where other images reach, which are to stay uncovered as the stack is.

    Raises
    ------
    ValueError
        Unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    full = (max(shape[0], taken[0]), max(shape[1], taken[1]))
    sizes = usual(shape)
    if layout == "over":
        reach = (max(full[0], float(region[0][1])), max(full[1], float(region[1][1])))
        options = over(reach, aspect, below, sizes)
    elif below > 0:
        options = [under(full, region, aspect, max(below, taken[0] + sizes[1]), sizes)]
    else:
        options = beside(full, region, aspect, sizes)
    return max(options, key=lambda places: zoom(places.size, canvas))


def zoom(size: tuple[float, float], canvas: tuple[float, float]) -> float:
    """Screen px a px when all of `size` is in view."""
    return min(canvas[0] / size[0], canvas[1] / size[1])


def beside(
    shape: tuple[float, float], region: Array, aspect: float, sizes: tuple[float, float]
) -> list[Places]:
    """In a row; in a square with the landscape below; or the stack over its mean, both left."""
    rows, columns = shape
    (y0, y1), (x0, x1) = np.asarray(region, dtype=float).tolist()
    tall, gap = sizes
    dy, dx = inward(y0, y1, rows), inward(x0, x1, columns)
    low, right = max(rows, y1 + dy), max(columns, x1 + dx)
    after, under = columns + gap, rows + gap
    pair = after + x1 - x0  # right edge of the two images side by side
    both = under + y1 - y0  # lower edge of the two images over each other
    side = max(tall, both)
    row = Places(
        (dy, after - x0), (0, pair + gap), tall, (max(tall, low), pair + gap + aspect * tall)
    )
    two = (low + gap + tall, max(pair, aspect * tall))
    return [
        row,
        Places((dy, after - x0), (low + gap, 0), tall, two),
        Places((under - y0, dx), (0, right + gap), side, (side, right + gap + aspect * side)),
    ]


def inward(start: float, stop: float, length: float) -> float:
    """Step that puts what reaches out of the frame at its start; 0 for what lies within."""
    return 0.0 if start >= 0 and stop <= length else -start


def under(
    shape: tuple[float, float],
    region: Array,
    aspect: float,
    below: float,
    sizes: tuple[float, float],
) -> Places:
    """A later run: integrated image and landscape in a row of their own."""
    (y0, y1), (x0, x1) = np.asarray(region, dtype=float).tolist()
    tall, gap = sizes
    after = x1 - x0 + gap
    size = (below + max(tall, y1 - y0), max(shape[1], after + aspect * tall))
    return Places((below - y0, -x0), (below, after), tall, size)


def over(
    shape: tuple[float, float], aspect: float, below: float, sizes: tuple[float, float]
) -> list[Places]:
    """The landscape right of the stack, or below."""
    rows, columns = shape
    tall, gap = sizes
    after, free = columns + gap, max(rows + gap, below)
    return [
        Places((0, 0), (below, after), tall, (below + tall, after + aspect * tall)),
        Places((0, 0), (free, 0), tall, (free + tall, max(columns, aspect * tall))),
    ]


def usual(shape: tuple[float, float]) -> tuple[float, float]:
    """Height of the landscape and width of a gap: the stack's height, more for a flat stack."""
    tall = max(shape[0], shape[1] / 2)
    return tall, 0.04 * tall
