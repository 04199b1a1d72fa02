"""The marker on a landscape and the picture of the velocity under it, as layers; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.landscape_frame import edges
from napari_motionfft.viewer.placement import Array, last_axes, moved
from napari_motionfft.viewer.result_layers import KEY, unique_names
from napari_motionfft.viewer.results import kept as as_it_was
from napari_motionfft.viewer.results import tagged
from napari_motionfft.viewer.runs import Kept

MARKER, PICTURE = "touched velocity", "touched image"
"""Roles of the layers, and their names where these are free."""

COLOUR = "#52ff9d"
"""Of the ring: neither on the colour map nor that of the peak."""
RING = 0.08
"""Diameter in parts of the landscape's side."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What is seen of one velocity.

    Attributes
    ----------
    velocity
        (2,) px/frame.
    values
        (Y, X) float32 of the region, also where it was made at low resolution: a layer whose size
        changes is slow to draw.
    score
        Of the landscape there, noise σ.
    start
        First frame of the window it is of.
    """

    velocity: Array
    values: NDArray[np.float32]
    score: float
    start: int


def layer_of(viewer: Any, run: str, role: str) -> Any:
    """The result layer of a run that has a role, or None."""
    ours = tagged(viewer, run)
    return next((layer for layer in ours if layer.metadata[KEY]["role"] == role), None)


def velocity_map(landscape: Any) -> dict[str, Any]:
    """Arguments of a layer over a landscape layer whose data is (vy, vx) in px/frame."""
    entry = landscape.metadata[KEY]
    first = np.asarray([entry["vy"][0], entry["vx"][0]], dtype=np.float64)
    step = np.asarray([spacing(entry["vy"]), spacing(entry["vx"])])
    return moved(last_axes(landscape, 2), -first / step, 1 / step)


def spacing(axis: Any) -> float:
    """px/frame from one velocity of a grid to the next."""
    return float(axis[-1] - axis[0]) / max(len(axis) - 1, 1) or 1.0


def add_marker(viewer: Any, run: str, landscape: Any, velocity: Array) -> Any:
    """Add the ring on a landscape layer, ready to be dragged; returns it.

    It is the active layer then, in its select mode: that is how one drags.
    """
    low, high = edges_of(landscape)
    span = float((high - low).max())
    arguments = {
        **velocity_map(landscape),
        "symbol": "disc",
        "size": RING * span,
        "face_color": "#00000000",
        "border_color": COLOUR,
        "border_width": 0.14,
        "opacity": 1.0,
        "blending": "translucent_no_depth",
        "features": {"label": [""]},
        "text": {"string": "{label}", "color": COLOUR, **letters(viewer, run)},
    }
    layer = add(viewer, run, landscape, MARKER, np.asarray([velocity]), arguments, "points")
    viewer.layers.selection.active = layer
    layer.mode = "select"
    return layer


def add_picture(viewer: Any, run: str, landscape: Any, kept: Kept, picture: Picture) -> Any:
    """Add the picture over the integrated image of its run, or where that is gone over the stack.

    Its grey levels stay as they are at first: a sharper picture is to have more contrast.
    """
    low, high = (float(v) for v in np.percentile(picture.values, (0.2, 99.8)))
    arguments = {
        **picture_map(viewer, run, kept),
        "rgb": False,
        "colormap": "gray",
        "contrast_limits": (low, high) if high > low else (low, low + 1.0),
        "interpolation2d": "linear",
    }
    below = layer_of(viewer, run, "integrated image")
    return add(viewer, run, landscape, PICTURE, picture.values.copy(), arguments, "image", below)


def show_picture(layer: Any, picture: Picture) -> None:
    """Another picture in the layer's own array: a new one costs napari many times as much."""
    np.copyto(layer.data, picture.values)
    layer.refresh(thumbnail=False, highlight=False, extent=False)


def picture_map(viewer: Any, run: str, kept: Kept) -> dict[str, Any]:
    """Arguments that place a picture of the region."""
    (y0, _), (x0, _) = kept.motion.region
    below = layer_of(viewer, run, "integrated image")
    if below is not None:
        return moved(last_axes(below, 2), np.subtract((y0, x0), kept.motion.origin), (1, 1))
    assert kept.placement is not None
    return kept.placement.crop((y0, x0))


def add(
    viewer: Any,
    run: str,
    landscape: Any,
    role: str,
    data: Any,
    arguments: dict[str, Any],
    kind: str,
    above: Any = None,
) -> Any:
    """Add a layer that counts to the results of a run, right above another or on top."""
    from napari.layers import Layer

    name = unique_names([role], [layer.name for layer in viewer.layers])[role]
    entry = landscape.metadata[KEY]
    about = {key: entry[key] for key in ("source", "settings", "bottom", "motion") if key in entry}
    about |= {"run": run, "role": role, "name": name}
    layer = Layer.create(data, {**arguments, "name": name, "metadata": {KEY: about}}, kind)
    guard_removal(viewer)
    with as_it_was(viewer):
        at = len(viewer.layers) if above is None else viewer.layers.index(above) + 1
        viewer.layers.insert(at, layer)
    return layer


def letters(viewer: Any, run: str) -> dict[str, Any]:
    """Text arguments: as large as the axes have it, which zooms along."""
    axes = layer_of(viewer, run, "landscape axes")
    if axes is None:
        return {"size": 10, "anchor": "center"}
    text = axes.text
    return {name: getattr(text, name) for name in ("size", "scaling", "rotation", "anchor")}


def show_label(marker: Any, landscape: Any, label: str) -> None:
    """Write at the landscape's upper or lower edge, the one further from the marker."""
    low, high = edges_of(landscape)
    at = np.asarray(marker.data[0])
    inset = 0.06 * float((high - low).max())
    y = low[0] + inset if at[0] > (low[0] + high[0]) / 2 else high[0] - inset
    marker.features = {"label": [label]}
    marker.text.translation = np.asarray([y, (low[1] + high[1]) / 2]) - at


def edges_of(landscape: Any) -> tuple[Array, Array]:
    """(2,), (2,) px/frame: outer edges of what a landscape layer shows."""
    entry = landscape.metadata[KEY]
    return edges(Landscape(np.asarray(landscape.data), entry["vy"], entry["vx"]))


def show_landscape(layer: Any, shown: Landscape) -> None:
    """Put another landscape over the same velocities into a landscape layer."""
    step = np.asarray([spacing(shown.vy), spacing(shown.vx)])
    place = moved(velocity_map(layer), np.asarray([shown.vy[0], shown.vx[0]]), step)
    entry = layer.metadata[KEY]
    entry["vy"], entry["vx"] = shown.vy, shown.vx
    entry["peaks"] = [tuple(peak) for peak in shown.peaks]
    layer.data = np.asarray(shown.values, dtype=np.float32)
    layer.scale, layer.translate = place["scale"], place["translate"]
    top = max(float(np.nanmax(shown.values, initial=1.0)), 1.0)
    layer.contrast_limits_range = layer.contrast_limits = (0.0, top)
