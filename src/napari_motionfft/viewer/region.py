"""A rectangle of a Shapes layer as pixel slices of an image, through both layers' transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import frame_shape, world_map
from napari_motionfft.viewer.units import factors

MIN_SIDE = 16
"""px: the estimator's smallest region side."""

UPRIGHT = 0.5
"""px: a corner further than this off the upright box makes a rectangle rotated."""

Slices = tuple[slice, slice]


def region_of(shapes: Any, layer: Any, *, shape: tuple[int, int] | None = None) -> Slices:
    """(slice_y, slice_x) in px of the rectangle drawn on an image.

    Parameters
    ----------
    shapes
        A Shapes layer: its selected rectangle, or its only one. Its transforms and units may
        differ from the image's.
    layer
        The image layer.
    shape
        (Y, X) px of the image's level in use; None is level 0.

    Raises
    ------
    SourceError
        No rectangle or several, rotated on the image, outside it, under 16 px, or units that do
        not convert.
    """
    return find_region(shapes, layer, shape=shape)[0]


def find_region(
    shapes: Any, layer: Any, *, shape: tuple[int, int] | None = None
) -> tuple[Slices, str | None]:
    """As `region_of`, with a note where the rectangle was cut to the frame."""
    full = frame_shape(layer)
    shape = full if shape is None else shape
    corners = on_image(one_rectangle(shapes), shapes, layer)  # (4, 2) level 0 px
    corners = (corners + 0.5) * (np.asarray(shape) / np.asarray(full)) - 0.5
    low, high = corners.min(0), corners.max(0)
    off = np.minimum(np.abs(corners - low), np.abs(corners - high)).max()
    if off > UPRIGHT:
        raise SourceError(
            "The rectangle is rotated on the image. Draw an upright one "
            "(the Draw region button makes a fitting layer)."
        )
    # pixel i spans i−0.5…i+0.5: edges go to the nearest pixel border
    start = np.floor(low + 1 + 1e-6).astype(int)
    stop = np.floor(high + 1 + 1e-6).astype(int)
    inside = (np.maximum(start, 0), np.minimum(stop, shape))
    if (inside[1] <= inside[0]).any():
        raise SourceError("The rectangle lies outside the image.")
    sides = inside[1] - inside[0]
    if (sides < MIN_SIDE).any():
        raise SourceError(
            f"The region is {sides[0]} × {sides[1]} px within the image; "
            f"it must be at least {MIN_SIDE} px a side."
        )
    cut = (inside[0] != start).any() or (inside[1] != stop).any()
    note = "The rectangle leaves the frame: the part inside is used." if cut else None
    (y0, x0), (y1, x1) = inside
    return (slice(int(y0), int(y1)), slice(int(x0), int(x1))), note


def one_rectangle(shapes: Any) -> NDArray[np.float64]:
    """Corners (4, 2) of the selected rectangle, or of the only one, in the layer's data (y, x).

    Raises
    ------
    SourceError
        None, several, or one that does not lie in the last two axes.
    """
    kinds = [str(kind) for kind in shapes.shape_type]
    rectangles = [i for i, kind in enumerate(kinds) if kind == "rectangle"]
    if not rectangles:
        what = "holds no rectangle" if kinds else "is empty"
        raise SourceError(f"{shapes.name!r} {what}. Draw a rectangle in it.")
    chosen = sorted(set(rectangles) & {int(i) for i in shapes.selected_data})
    if len(chosen) != 1 and len(rectangles) > 1:
        raise SourceError(
            f"{shapes.name!r} holds {len(rectangles)} rectangles. Select the one to use."
        )
    corners = np.asarray(shapes.data[(chosen or rectangles)[0]], dtype=np.float64)  # (4, D)
    if np.ptp(corners[:, :-2], axis=0).max(initial=0) > 1e-6:
        raise SourceError(
            "The rectangle does not lie in the image plane (the last two axes). "
            "Draw it while the image's own rows and columns are shown."
        )
    return corners[:, -2:]


def on_image(points: NDArray[np.float64], shapes: Any, layer: Any) -> NDArray[np.float64]:
    """(N, 2) data (y, x) of one layer → pixels of an image's level 0.

    Raises
    ------
    SourceError
        The units do not convert, or a transform leaves the plane.
    """
    linear, translate = world_map(shapes)
    world = points @ linear.T + translate
    world = world * unit_factors(shapes, layer)
    linear, translate = world_map(layer)
    return np.asarray(np.linalg.solve(linear, (world - translate).T).T)


def unit_factors(one: Any, other: Any) -> NDArray[np.float64]:
    """(2,) what world (y, x) of `one` is multiplied by to be in the units of `other`.

    Raises
    ------
    SourceError
        A length on pixels, say: no factor exists.
    """
    for axis, a, b in zip("yx", one.units[-2:], other.units[-2:], strict=True):
        if not a.is_compatible_with(b):
            raise SourceError(
                f"{one.name!r} is in {a} along {axis}, {other.name!r} in {b}: these do not "
                f"convert. Give both layers the same kind of unit (layer.units)."
            )
    return factors(one.units[-2:], other.units[-2:])
