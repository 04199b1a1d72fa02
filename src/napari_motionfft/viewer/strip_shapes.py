"""Lines, paths and rectangles of a Shapes layer as strips in px of an image's level."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from napari_motionfft.motion.strips.paths import Strip, arc_lengths, as_strip, points_along
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import Array, frame_shape, world_map
from napari_motionfft.viewer.region import on_image

TAKEN = ("line", "path", "rectangle")
"""Kinds of shapes that make a strip."""

SHORTEST = 8.0
"""px: a shorter line was a slip of the mouse."""

SELECTING = ("select", "direct")
"""Modes in which what is selected was selected by hand: after drawing, the last shape is."""


def strips_of(
    shapes: Any, layer: Any, *, shape: tuple[int, int] | None = None, width: float = 1.0
) -> tuple[list[Strip], list[int], list[str]]:
    """All shapes of a layer as strips, or those selected in its select mode.

    Parameters
    ----------
    shapes
        A Shapes layer. Its transforms and units may differ from the image's. Lines and paths run
        as drawn, rectangles along their longer side, to the right or else down.
    layer
        The image layer.
    shape
        (Y, X) px of the image's level in use; None is level 0.
    width
        px across, of lines and paths; rectangles have their own.

    Returns
    -------
    strips
        In px of that level.
    indices
        Of the shapes.
    notes
        What the user should be told.

    Raises
    ------
    SourceError
        No shape, another kind of shape, out of the frame, too short, or units that do not
        convert.
    """
    indices, notes = chosen(shapes)
    strips = []
    for index in indices:
        strip, cut = strip_of(shapes, layer, index, shape=shape, width=width)
        strips.append(strip)
        if cut:
            notes.append(f"{label(shapes, index)} leaves the frame: the part inside is used.")
    return strips, indices, notes


def strip_of(
    shapes: Any, layer: Any, index: int, *, shape: tuple[int, int] | None = None, width: float = 1.0
) -> tuple[Strip, bool]:
    """One shape as a strip, and whether it was cut to the frame; else as `strips_of`."""
    full = frame_shape(layer)
    shape = full if shape is None else shape
    kind, name = str(shapes.shape_type[index]), label(shapes, index)
    if kind not in TAKEN:
        raise SourceError(f"{name} is of the kind {kind!r}. Strips are lines, paths or rectangles.")
    corners = on_image(plane_points(shapes, index), shapes, layer)  # px of level 0
    corners = (corners + 0.5) * (np.asarray(shape) / np.asarray(full)) - 0.5
    if kind == "rectangle":
        linear = world_map(layer)[0] * (np.asarray(full) / np.asarray(shape))
        path, across = middle_line(corners, linear)
    else:
        path, across = corners, float(width)
    path, cut = inside(path, shape)
    if not len(path):
        raise SourceError(f"{name} lies outside the image.")
    length = float(np.hypot(*np.diff(path, axis=0).T).sum())
    if length < SHORTEST:
        raise SourceError(
            f"{name} is {length:.1f} px long within the image; "
            f"a strip must be at least {SHORTEST:g} px long."
        )
    return as_strip(path, max(across, 1.0)), cut


def label(shapes: Any, index: int) -> str:
    """What messages call a shape."""
    return f"Shape {index + 1} of {shapes.name!r}"


def chosen(shapes: Any) -> tuple[list[int], list[str]]:
    """Indices of the shapes to use, and a note where these are not all.

    Raises
    ------
    SourceError
        There is none.
    """
    kinds = [str(kind) for kind in shapes.shape_type]
    if not kinds:
        raise SourceError(f"{shapes.name!r} is empty. Draw a line along the motion in it.")
    picked = sorted(int(i) for i in shapes.selected_data) if str(shapes.mode) in SELECTING else []
    indices = picked or list(range(len(kinds)))
    notes = []
    if picked and len(picked) < len(kinds):
        notes.append(f"{len(picked)} of {len(kinds)} shapes are used: the selected ones.")
    return indices, notes


def plane_points(shapes: Any, index: int) -> Array:
    """(N, 2) vertices (y, x) of one shape in the layer's data.

    Raises
    ------
    SourceError
        It does not lie in the last two axes.
    """
    points = np.asarray(shapes.data[index], dtype=np.float64)
    if np.ptp(points[:, :-2], axis=0).max(initial=0) > 1e-6:
        raise SourceError(
            f"{label(shapes, index)} does not lie in the image plane (the last two axes). "
            "Draw it while the image's own rows and columns are shown."
        )
    return points[:, -2:]


def middle_line(corners: Array, linear: Array) -> tuple[Array, float]:
    """Path (2, 2) along the longer side of a rectangle, and its width, in px.

    A rectangle is an area: its path ends half a px within, at the centres of its last pixels. It
    runs to the right, or down where it is rather upright. Where pixels are no squares a turned
    rectangle is a parallelogram in px: its width is then measured across the path.

    Parameters
    ----------
    corners
        (4, 2) px, in order around.
    linear
        (2, 2) px → world: which side is longer is what the user sees.
    """
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    if np.linalg.norm(linear @ first) < np.linalg.norm(linear @ second):
        corners = np.roll(corners, -1, axis=0)
        first, second = second, corners[2] - corners[1]
    path = np.stack([corners[0] + corners[3], corners[1] + corners[2]]) / 2
    length = float(np.linalg.norm(first))
    if length < 1:  # to be refused as too short
        return path, 1.0
    width = abs(first[0] * second[1] - first[1] * second[0]) / length
    towards = first / length
    main = towards[np.abs(towards).argmax()]
    if abs(abs(towards[0]) - abs(towards[1])) < 1e-6:
        main = towards[1]  # on the diagonal: to the right
    path = path + 0.5 * np.stack([towards, -towards])
    return (path if main > 0 else path[::-1].copy()), float(width)


def inside(path: Array, shape: tuple[int, int]) -> tuple[Array, bool]:
    """The longest piece (N, 2) of a path within the frame's pixels, and whether it was cut.

    Half a pixel beyond the centres of the outermost ones counts as within: there ends a line
    that is drawn to the edge.
    """
    low, high = np.full(2, -0.5), np.asarray(shape) - 0.5
    if ((path >= low) & (path <= high)).all():
        return np.clip(path, 0, high - 0.5), False
    pieces: list[list[Array]] = []
    for start, end in pairwise(path):
        ends = clipped(start, end, low, high)
        if ends is None:
            continue
        if pieces and np.abs(pieces[-1][-1] - ends[0]).max() < 1e-9:
            pieces[-1].append(ends[1])
        else:
            pieces.append(list(ends))
    if not pieces:
        return np.empty((0, 2)), True
    lines = [np.clip(np.stack(piece), 0, high - 0.5) for piece in pieces]
    return max(lines, key=lambda line: np.hypot(*np.diff(line, axis=0).T).sum()), True


def clipped(start: Array, end: Array, low: Array, high: Array) -> tuple[Array, Array] | None:
    """The part of a line within a box, or None."""
    step = end - start
    first, last = 0.0, 1.0
    for axis in range(2):
        if step[axis] == 0:
            if not low[axis] <= start[axis] <= high[axis]:
                return None
            continue
        a, b = sorted(((low - start)[axis] / step[axis], (high - start)[axis] / step[axis]))
        first, last = max(first, a), min(last, b)
    if last <= first:
        return None
    return start + first * step, start + last * step


def world_length(strip: Strip, linear: Array) -> float:
    """Length of a strip's samples in the world.

    Parameters
    ----------
    strip
        In px.
    linear
        (2, 2) px → world, both axes in one unit.
    """
    corners = points_along(strip, arc_lengths(strip))
    return float(np.hypot(*(np.diff(corners, axis=0) @ linear.T).T).sum())
