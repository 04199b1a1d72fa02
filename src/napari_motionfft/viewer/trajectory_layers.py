"""The path of the scene, and a point that follows the time slider."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.source import Source

Array = NDArray[np.float64]
Layer = tuple[Any, dict[str, Any], str]

COLOURS = "spring"
"""First to last frame: magenta to yellow, bright on grey and apart for all eyes."""


def path(motion: Motion, source: Source) -> Array:
    """(T, 2) px of level 0: the region's centre, moved along with the scene.

    A table tells no region: its path begins at pixel 0.
    """
    region = np.asarray(motion.region)
    centre = (region[:, 0] + np.maximum(region[:, 0], region[:, 1] - 1)) / 2
    return source.placement.to_layer(centre + motion.displacements)


def frame_features(motion: Motion, source: Source) -> dict[str, NDArray[Any]]:
    """A row a frame: px of the stack, px/frame; the columns of napari's feature table."""
    moved = np.asarray(motion.displacements)
    error = np.asarray(motion.displacement_stderr)
    step = np.gradient(moved, axis=0)  # (T, 2) px/frame
    frames = np.arange(len(moved))
    known = {"score": motion.frame_score, "correlation": motion.correlation}
    return {
        "frame": frames + source.first_frame,
        "displacement_y": moved[:, 0],
        "displacement_x": moved[:, 1],
        "speed": np.hypot(step[:, 0], step[:, 1]),
        "stderr_y": error[:, 0],
        "stderr_x": error[:, 1],
        **{name: column for name, column in known.items() if np.isfinite(column).any()},
        "excluded": np.isin(frames, motion.excluded).astype(np.int64),
        "jump": np.isin(frames, motion.jumps).astype(np.int64),
    }


def in_layer(motion: Motion, source: Source, first: int) -> Array:
    """(T, axes) of the path in the layer's data, axes `first`…last."""
    places = path(motion, source)
    rows = np.tile(np.asarray(source.placement.others, dtype=np.float64), (len(places), 1))
    rows[:, source.time_axis] = np.arange(len(places)) + source.first_frame
    rows[:, -2:] = places
    return rows[:, first:]


def trajectory(motion: Motion, source: Source) -> Layer:
    """The path as Tracks coloured by time; as lines where a Tracks layer has too few axes.

    A Tracks layer has time first and at most one more axis before y and x.
    """
    axis = source.time_axis
    rows = in_layer(motion, source, axis)
    features = frame_features(motion, source)
    count = len(rows)
    if rows.shape[1] > 4:
        return lines(motion, source)
    from napari.utils.colormaps import ensure_colormap

    ensure_colormap(COLOURS)  # Tracks look names up in a table that fills on first use
    arguments = {
        **source.placement.from_axis(axis),
        "features": features,
        "color_by": "frame",
        "colormap": COLOURS,
        "tail_width": 4,
        "head_length": count,  # the whole path stays in view
        "tail_length": 100 * count,  # and hardly fades
        "blending": "translucent",
    }
    return np.column_stack([np.zeros(count), rows]), arguments, "tracks"


def lines(motion: Motion, source: Source) -> Layer:
    """The path as one line a step, coloured by time, seen at every slider position."""
    places = path(motion, source)
    # as floats: napari takes few whole numbers for categories, and colours them so
    columns = frame_features(motion, source).items()
    features = {name: column[1:].astype(np.float64) for name, column in columns}
    arguments = {
        **source.placement.image(),
        "shape_type": "line",
        "features": features,
        "edge_color": "frame",
        "edge_colormap": COLOURS,
        "edge_width": max(source.placement.shape) / 120,
        "opacity": 1.0,
    }
    return np.stack([places[:-1], places[1:]], axis=1), arguments, "shapes"


def position(motion: Motion, source: Source) -> Layer:
    """One point a frame: only the current one is in the slice, so it follows the slider."""
    arguments = {
        **source.placement.from_axis(0),
        "features": frame_features(motion, source),
        "size": max(source.placement.shape) / 35,
        "face_color": "white",
        "border_color": "black",
        "symbol": "disc",
        "out_of_slice_display": False,
        # screen px: never in the way. No least size: where no point is in the slice, napari draws
        # one of size 0 in the corner, which a least size would let be seen
        "canvas_size_limits": (0, 24),
    }
    return in_layer(motion, source, 0), arguments, "points"
