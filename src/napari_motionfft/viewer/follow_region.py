"""A region that moves along with the scene: one shape a frame, at its displaced place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.between import placed
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.follow_drawn import drawn_in, region_of
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.result_layers import KEY, unique_names
from napari_motionfft.viewer.results import is_result
from napari_motionfft.viewer.results import kept as as_it_was
from napari_motionfft.viewer.runs import Kept

LayerData = tuple[Any, dict[str, Any], str]

ROLE = "following region"

MOST = 10_000
"""Shapes: napari takes up to half a millisecond for each, and some memory."""


def follow_shapes(
    shapes: Sequence[Any], motion: Motion, frames: int | Sequence[int] = 0
) -> list[Array]:
    """Each shape in every frame, where the content under it has gone.

    Parameters
    ----------
    shapes
        Vertices (N, 2), (y, x) px of the stack.
    motion
        Its displacements have T frames.
    frames
        The frame that each shape was drawn in, or one for all.

    Returns
    -------
    list of (N, 3) arrays
        (frame, y, x): T of the first shape, then T of the next. Nothing is cut at the edge.

    Raises
    ------
    ValueError
        A frame outside 0…T−1.
    """
    path = np.asarray(motion.displacements, dtype=np.float64)
    count = len(path)
    starts = np.broadcast_to(np.asarray(frames, dtype=int), (len(shapes),))
    if ((starts < 0) | (starts >= count)).any():
        raise ValueError(f"frames must lie within 0…{count - 1}, got {frames!r}")
    followed = []
    for vertices, start in zip(shapes, starts, strict=True):
        points = np.asarray(vertices, dtype=np.float64)
        for t in range(count):
            places = points + path[t] - path[start]
            followed.append(np.column_stack([np.full(len(points), float(t)), places]))
    return followed


def following_layer(
    kept: Kept, shapes: Any = None, *, frame: int = 0
) -> tuple[LayerData, tuple[str, ...]]:
    """A Shapes layer in which the region, or the shapes of a layer, move along with the scene.

    Parameters
    ----------
    kept
        A motion with a placement; the shapes lie in the coordinates of its stack.
    shapes
        A Shapes layer: all its shapes, or those selected in its select mode. None is the region
        that the motion was measured in, which belongs to its first frame.
    frame
        The motion's frame in which shapes without a time axis were drawn.

    Returns
    -------
    layer data
        (data, arguments, "shapes"), as `napari.layers.Layer.create` takes them.
    notes
        What the user should be told.

    Raises
    ------
    SourceError
        No shape, one that does not lie in the image plane or in a frame of the motion, or too
        many.
    """
    place = placed(kept)
    drawn = region_of(kept) if shapes is None else drawn_in(shapes, kept, frame)
    count = len(kept.motion.displacements)
    if count * len(drawn.kinds) > MOST:
        raise SourceError(
            f"{len(drawn.kinds)} shapes in {count} frames are {count * len(drawn.kinds)}, "
            f"more than {MOST}: choose fewer."
        )
    followed = follow_shapes(drawn.vertices, kept.motion, drawn.frames)
    axis = place.time_axis
    data = []
    for vertices in followed:
        rows = np.tile(np.asarray(place.others, dtype=np.float64), (len(vertices), 1))
        rows[:, axis] = vertices[:, 0] + kept.first_frame
        rows[:, -2:] = place.to_layer(vertices[:, 1:])
        data.append(rows[:, axis:])
    moved = np.asarray(kept.motion.displacements)
    arguments = {
        **place.from_axis(axis),
        "shape_type": [kind for kind in drawn.kinds for _ in range(count)],
        "features": {
            "frame": np.tile(np.arange(count) + kept.first_frame, len(drawn.kinds)),
            "shape": np.repeat(np.arange(len(drawn.kinds)), count),
            "displacement_y": np.tile(moved[:, 0], len(drawn.kinds)),
            "displacement_x": np.tile(moved[:, 1], len(drawn.kinds)),
        },
        **{name: np.repeat(values, count, axis=0) for name, values in drawn.look.items()},
        "opacity": 1.0 if shapes is None else float(shapes.opacity),
    }
    return (data, arguments, "shapes"), tuple(drawn.notes)


def why_not_own(kept: Kept) -> str | None:
    """Why the motion's own region is not worth following, or None."""
    sides = np.asarray(placed(kept).shape) / placed(kept).factor
    region = np.asarray(kept.motion.region)
    draw = "draw a region in a Shapes layer, and choose that."
    if (region[:, 1] <= region[:, 0]).any():
        return f"The file of this motion tells no region: {draw}"
    if (region[:, 0] <= 0).all() and (region[:, 1] >= np.floor(sides)).all():
        return f"This motion was measured on the whole frame: {draw}"
    return None


def add_following(
    viewer: Any, kept: Kept, shapes: Any = None, *, frame: int = 0, name: str = ROLE
) -> Any:
    """Add the `following_layer` of a motion; main thread only.

    It counts to the motion's results, and goes with them. The user's layers, the sliders and the
    selection stay as they are.

    Returns
    -------
    napari.layers.Shapes
    """
    data, arguments, kind = following_layer(kept, shapes, frame=frame)[0]
    return add_made(viewer, kept, (data, arguments, kind), name)


def add_made(viewer: Any, kept: Kept, made: LayerData, name: str = ROLE) -> Any:
    """Add a layer that counts to the results of a motion; main thread only."""
    from napari.layers import Layer

    data, arguments, kind = made
    run = run_of(viewer, kept)
    name = unique_names([name], [layer.name for layer in viewer.layers])[name]
    about: dict[str, Any] = {
        "run": run or uuid4().hex[:8],
        "role": ROLE,
        "name": name,
        "source": kept.source,
        "settings": dict(kept.motion.settings),
        # it lies on the stack and takes no room: less than none, as later results keep a distance
        "bottom": -0.04 * max(placed(kept).shape),
    }
    if run is not None:
        about["motion"] = kept
    layer = Layer.create(data, {**arguments, "name": name, "metadata": {KEY: about}}, kind)
    guard_removal(viewer)
    with as_it_was(viewer):
        viewer.layers.append(layer)
    return layer


def run_of(viewer: Any, kept: Kept) -> str | None:
    """The run whose result layers keep a motion; None where it is from a file."""
    for layer in viewer.layers:
        about = layer.metadata.get(KEY, {})
        if is_result(layer) and getattr(about.get("motion"), "motion", None) is kept.motion:
            return str(about["run"])
    return None


def run_motion(viewer: Any, run: str) -> Kept | None:
    """The motion that the result layers of a run keep."""
    for layer in viewer.layers:
        about = layer.metadata.get(KEY, {})
        if is_result(layer) and about["run"] == run and "motion" in about:
            kept: Kept = about["motion"]
            return kept
    return None
