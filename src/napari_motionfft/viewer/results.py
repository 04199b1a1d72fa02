"""Result layers into a viewer and out of it; nothing of the user's moves."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.camera import camera_is_fitted, watch_fits
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.occupied import reach
from napari_motionfft.viewer.result_layers import CANVAS, KEY, LayerData, result_layers
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.units import factors

SIZED = ("landscape axes", "motion peaks")
"""Roles of layers whose text zooms along."""

__all__ = [
    "KEY",
    "add_results",
    "camera_is_fitted",
    "is_result",
    "remove_results",
    "result_layers",
    "tagged",
]


def add_results(
    viewer: Any, motion: Motion, source: Source, layout: str = "beside", fit: bool | None = None
) -> list[Any]:
    """Add the result layers of a run; main thread only.

    The user's layers, the sliders and the selection stay as they are. Results of earlier runs
    stay too: these ones go below them.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    motion, source, layout
        As for `result_layers`.
    fit
        Move the camera so that all is in view; None does so unless the user has moved it.

    Returns
    -------
    list of napari.layers.Layer
        The added layers, from bottom to top.
    """
    return add_made(viewer, made_for(viewer, motion, source, layout), source, fit)


def add_made(
    viewer: Any, made: list[LayerData], source: Source, fit: bool | None = None
) -> list[Any]:
    """Add layers of a run that are made; see `add_results`."""
    from napari.layers import Layer

    layers = [Layer.create(*each) for each in made]
    follow = camera_is_fitted(viewer) if fit is None else fit
    watch_fits(viewer)
    guard_removal(viewer)
    with kept(viewer):
        viewer.layers.extend(layers)
    settle(viewer, layers, source, follow)
    return layers


def made_for(viewer: Any, motion: Motion, source: Source, layout: str) -> list[LayerData]:
    """`result_layers` with names that are free, where a viewer has room for them."""
    taken = [layer.name for layer in viewer.layers]
    return result_layers(
        motion, source, taken, uuid4().hex[:8], layout, **free_room(viewer, source)
    )


def free_room(viewer: Any, source: Source) -> dict[str, Any]:
    """Where a viewer has room, as keyword arguments of `result_layers`."""
    from napari.layers import Image, Labels

    entries = [layer.metadata[KEY] for layer in tagged(viewer)]
    height = 0.04 * max(source.placement.shape)
    below = max((entry["bottom"] + height for entry in entries), default=0.0)
    others = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image | Labels) and layer.visible and not is_result(layer)
    ]
    units, ours = viewer.layers.units, source.placement.plane["units"]
    convert = units is not None and all(
        one.is_compatible_with(other) for one, other in zip(units[-2:], ours, strict=True)
    )
    taken = reach(others, source.placement, convert)
    canvas = tuple(float(n) for n in viewer.canvas.size)
    return {
        "below": below,
        "canvas": (canvas[0], canvas[1]) if min(canvas) > 0 else CANVAS,
        "occupied": (float(taken[0]), float(taken[1])),
    }


def settle(viewer: Any, layers: list[Any], source: Source, follow: bool) -> None:
    """What is left to do once the layers of a run are in a viewer: text and camera."""
    if viewer.layers.units is not None:  # the canvas counts in the finest unit of all layers
        unit = factors(source.placement.plane["units"][:1], viewer.layers.units[-2:-1])[0]
        for layer in layers:
            if layer.metadata[KEY]["role"] in SIZED:
                layer.text.size *= unit
    if follow:
        viewer.fit_to_view()


def remove_results(viewer: Any, run: str | None = None) -> int:
    """Remove the layers of one run, or of all; returns how many there were.

    Those that the user has renamed or duplicated stay. What is left comes into view, unless the
    user has moved the camera.
    """
    ours = tagged(viewer, run)
    follow = camera_is_fitted(viewer)
    with kept(viewer):
        # napari collects garbage for every layer that goes, 0.3 s each with torch loaded: let
        # all but the last collection find nothing to look through
        gc.freeze()
        try:
            for layer in ours[:-1]:
                viewer.layers.remove(layer)
        finally:
            gc.unfreeze()
        for layer in ours[-1:]:
            viewer.layers.remove(layer)
    if ours and follow and viewer.layers:
        viewer.fit_to_view()
    return len(ours)


def tagged(viewer: Any, run: str | None = None) -> list[Any]:
    """The layers that runs have added (those of one run)."""
    return [
        layer
        for layer in viewer.layers
        if is_result(layer) and run in (None, layer.metadata[KEY]["run"])
    ]


def is_result(layer: Any) -> bool:
    """Whether a layer is ours: one that the user has renamed or duplicated is the user's own."""
    entry = layer.metadata.get(KEY)
    return entry is not None and entry.get("name", layer.name) == layer.name


@contextmanager
def kept(viewer: Any) -> Iterator[None]:
    """Leave the selection and the sliders as they were: adding a layer moves both."""
    selection = viewer.layers.selection
    chosen = set(selection)
    point, ndim = tuple(viewer.dims.point), viewer.dims.ndim
    yield
    present = {layer for layer in chosen if layer in viewer.layers}
    selection.intersection_update(present)
    selection.update(present)
    if viewer.dims.ndim == ndim:
        viewer.dims.point = point
