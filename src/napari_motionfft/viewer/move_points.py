"""Points, shapes and tracks with a motion taken out of their coordinates, or put in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.between import displacements_in, frames_of
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.runs import Kept

Array = NDArray[np.float64]
LayerData = tuple[Any, dict[str, Any], str]

MARKED = {
    "points": ("symbol", "border_width", "face_color", "border_color", "size", "shown"),
    "shapes": ("shape_type", "z_index", "edge_width", "face_color", "edge_color"),
    "tracks": (),
}
"""Arguments of a layer that hold one entry an item."""

RIGID = ("rectangle", "ellipse")
"""Shapes whose corners must move alike."""


def moved_layer(layer: Any, kept: Kept, *, inverse: bool = False) -> tuple[LayerData, str]:
    """A points, shapes or tracks layer with the motion of its frames taken out, or put in.

    Each vertex moves by the displacement of the frame that it lies in, which both layers'
    transforms tell; nothing else of it changes. What lies in no frame of the motion is left out.

    Parameters
    ----------
    layer
        A Points, Shapes or Tracks layer that has a time axis; it stays as it is.
    kept
        A motion with a placement.
    inverse
        Put the motion in.

    Returns
    -------
    layer data
        (data, arguments, kind), as `napari.layers.Layer.create` takes them.
    note
        What was left out, or "".

    Raises
    ------
    SourceError
        It has no time axis or nothing in the motion's frames, or a transform or a shape that the
        motion cannot be taken to.
    """
    data, state, kind = layer.as_layer_data_tuple()
    places, owner = vertices(data, kind)
    if not len(places):
        raise SourceError(f"{layer.name!r} is empty.")
    steps = displacements_in(layer, kept) * (1.0 if inverse else -1.0)  # (T, 2)
    frames = np.rint(frames_of(places, layer, kept))
    known = (frames >= 0) & (frames < len(steps))
    stay = np.bincount(owner, ~known) == 0
    if not stay.any():
        last = kept.first_frame + len(steps) - 1
        raise SourceError(
            f"Nothing of {layer.name!r} lies in the frames of the motion, "
            f"{kept.first_frame}–{last}."
        )
    moved = steps[np.where(known, frames, 0).astype(int)]  # (vertices, 2)
    if kind == "shapes":
        check_rigid(layer, state["shape_type"], owner, np.where(stay[owner][:, None], moved, 0))
    places[:, -2:] += moved
    note = "" if stay.all() else left_out(kind, stay)
    return (rebuilt(data, kind, places, owner, stay), chosen(state, kind, stay), kind), note


def check_movable(layer: Any, kept: Kept) -> None:
    """What `moved_layer` refuses without a look at the items; quick.

    Raises
    ------
    SourceError
        The layer is empty or has no time axis, or one of the transforms cannot be used.
    """
    if not len(layer.data):
        raise SourceError(f"{layer.name!r} is empty.")
    displacements_in(layer, kept)
    frames_of(np.zeros((1, int(layer.ndim))), layer, kept)


def vertices(data: Any, kind: str) -> tuple[Array, NDArray[np.int_]]:
    """(N, D) vertices of all items, and (N,) the item of each; rows of points are one each."""
    if kind != "shapes":
        rows = np.array(data, dtype=np.float64)
        return (rows[:, 1:] if kind == "tracks" else rows), np.arange(len(rows))
    if not data:
        return np.empty((0, 0)), np.arange(0)
    owner = np.repeat(np.arange(len(data)), [len(each) for each in data])
    return np.concatenate(data).astype(np.float64), owner


def rebuilt(
    data: Any, kind: str, places: Array, owner: NDArray[np.int_], stay: NDArray[np.bool_]
) -> Any:
    """The items that stay, as the layer's own kind of data."""
    if kind == "tracks":
        return np.column_stack([np.asarray(data)[:, 0], places])[stay]
    if kind == "points":
        return places[stay]
    parts = np.split(places, np.flatnonzero(np.diff(owner)) + 1)
    return [part for part, keep in zip(parts, stay, strict=True) if keep]


def check_rigid(layer: Any, kinds: list[str], owner: NDArray[np.int_], moved: Array) -> None:
    """Refuse rectangles and ellipses of which one corner would move and another not."""
    first = np.concatenate([[0], np.flatnonzero(np.diff(owner)) + 1])
    uneven = np.abs(moved - moved[first][owner]).max(axis=1) > 1e-9
    for i in np.unique(owner[uneven]):
        if kinds[i] in RIGID:
            raise SourceError(
                f"Shape {i + 1} of {layer.name!r}, a {kinds[i]}, reaches over several frames: "
                "it would not keep its form."
            )


def chosen(state: dict[str, Any], kind: str, stay: NDArray[np.bool_]) -> dict[str, Any]:
    """Layer arguments of the items that stay, with nothing of the user's in common."""
    # kept twice, and refused where features are given, too
    arguments = {k: v for k, v in state.items() if k not in ("properties", "property_choices")}
    for name in MARKED[kind]:
        values = arguments[name]
        if isinstance(values, list):
            arguments[name] = [v for v, keep in zip(values, stay, strict=True) if keep]
        else:
            arguments[name] = np.asarray(values)[stay]
    arguments["features"] = state["features"][stay].reset_index(drop=True)
    if kind == "tracks":
        there = set(arguments["features"]["track_id"])
        arguments["graph"] = {
            child: [parent for parent in parents if parent in there]
            for child, parents in state["graph"].items()
            if child in there and there.intersection(parents)
        }
    return arguments


def left_out(kind: str, stay: NDArray[np.bool_]) -> str:
    """What the user is told of items outside the motion's frames."""
    what = {"points": "points", "shapes": "shapes", "tracks": "rows of the tracks"}[kind]
    return f"{(~stay).sum()} of {len(stay)} {what} lie in no frame of the motion: left out."
