"""Motion → napari layers, placed by the source; and their way into and out of a viewer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.landscape_layers import (
    landscape_image,
    landscape_marks,
    stand,
)
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.trajectory_layers import position, trajectory

KEY = "napari-motionfft"
"""Name of our entry in a layer's metadata: only layers that have it are ours."""

LAYOUTS = ("beside", "over")

FLAT = 1.6
"""A stack wider than this times its height is flat."""

LayerData = tuple[Any, dict[str, Any], str]


def result_layers(
    motion: Motion,
    source: Source,
    taken: Collection[str] = (),
    run: str = "run",
    layout: str = "beside",
    row: int = 0,
) -> list[LayerData]:
    """The layers of one run, from the bottom of the layer list to its top.

    Parameters
    ----------
    motion, source
        A result and what it was estimated on.
    taken
        Names of layers that exist.
    run
        Identifier of this run, written into every layer's metadata.
    layout
        "beside": stack, integrated image and landscape in a row. "over": the integrated image
        lies on the region it is of.
    row
        Rows of earlier results to leave free above.

    Returns
    -------
    list of (data, arguments, kind)
        As `napari.layers.Layer.create` takes them.

    Raises
    ------
    ValueError
        Unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    places = arrange(motion, source, layout, row)
    place = source.placement
    (y0, _), (x0, _) = motion.region
    picture = {
        **place.crop((y0, x0), places.integrated),
        "rgb": False,
        "colormap": "gray",
        "contrast_limits": limits(motion),
    }
    frame = stand(motion.landscape, places.landscape, places.height)
    marks, mark_arguments = landscape_marks(motion, frame, place)
    values, image_arguments = landscape_image(motion, frame, place)
    layers: dict[str, LayerData] = {
        "plain mean": (motion.plain_mean, {**picture, "visible": False}, "image"),
        "integrated image": (motion.integrated, picture, "image"),
        "loss landscape": (values, image_arguments, "image"),
        "landscape axes": (marks, mark_arguments, "shapes"),
        "trajectory": trajectory(motion, source),
        "position": position(motion, source),
    }
    names = unique_names(layers, taken)
    return [
        (
            data,
            {**arguments, "name": names[role], "metadata": tag(motion, source, run, role, row)},
            kind,
        )
        for role, (data, arguments, kind) in layers.items()
    ]


@dataclass(frozen=True)
class Places:
    """Where the pictures of a run go, in px of the source's level 0.

    Attributes
    ----------
    integrated
        Step (y, x) from the region to the integrated image.
    landscape
        Upper left corner (y, x) of the landscape with its labels.
    height
        Its height with labels.
    """

    integrated: tuple[float, float]
    landscape: tuple[float, float]
    height: float


def arrange(motion: Motion, source: Source, layout: str, row: int) -> Places:
    """Stack, integrated image, landscape from left to right, all as high as the stack.

    A flat stack has its integrated image below, else the row would leave no height for text.
    """
    rows, columns = source.placement.shape
    (y0, y1), (x0, x1) = np.asarray(motion.region) * np.asarray(source.placement.factor)[:, None]
    beside = layout == "beside"
    flat = beside and columns > FLAT * rows
    gap = 0.04 * max(rows, columns / 2)
    height = max(rows, columns / 2)
    if flat:
        height = max(height, rows + gap + y1 - y0)
    top = row * (height + gap)
    right = columns + gap
    step = (0.0, 0.0)
    if flat:
        step = (top + rows + gap - y0, 0.0)
    elif beside:
        step = (top, right - x0)
        right += x1 - x0 + gap
    return Places(step, (top - 0.5, right - 0.5), height)


def limits(motion: Motion) -> tuple[float, float]:
    """Contrast for the integrated image and the plain mean alike, so that they compare."""
    seen = motion.integrated[motion.coverage >= motion.coverage.max() / 2]
    low, high = (float(v) for v in np.percentile(seen, (0.2, 99.8)))
    return (low, high) if high > low else (low, low + 1.0)


def unique_names(roles: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """The roles as names; with one common number where one of them is taken."""
    roles = list(roles)
    for number in count(1):
        names = {role: role if number == 1 else f"{role} {number}" for role in roles}
        if not set(names.values()) & set(taken):
            return names
    raise AssertionError("unreachable")


def tag(motion: Motion, source: Source, run: str, role: str, row: int) -> dict[str, Any]:
    """Metadata of one layer: what it is, and how it was made."""
    about: dict[str, Any] = {
        "run": run,
        "role": role,
        "row": row,
        "source": source.name,
        "settings": dict(motion.settings),
    }
    if role == "loss landscape":
        about["vy"], about["vx"] = motion.landscape.vy, motion.landscape.vx
        about["peaks"] = [tuple(peak) for peak in motion.landscape.peaks]
    return {KEY: about}


def add_results(
    viewer: Any, motion: Motion, source: Source, layout: str = "beside", fit: bool | None = None
) -> list[Any]:
    """Add the result layers of a run; main thread only.

    The user's layers, the sliders and the selection stay as they are.

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
    from napari.layers import Layer

    rows = {
        layer.metadata[KEY]["row"]
        for layer in viewer.layers
        if KEY in layer.metadata and layer.metadata[KEY]["role"] == "loss landscape"
    }
    row = next(i for i in count() if i not in rows)
    taken = [layer.name for layer in viewer.layers]
    made = result_layers(motion, source, taken, uuid4().hex[:8], layout, row)
    layers = [Layer.create(*each) for each in made]
    follow = camera_is_fitted(viewer) if fit is None else fit
    with kept(viewer):
        viewer.layers.extend(layers)
    if follow:
        viewer.fit_to_view()
    return layers


def remove_results(viewer: Any, run: str | None = None) -> int:
    """Remove the layers of one run, or of all; returns how many there were."""
    ours = [
        layer
        for layer in viewer.layers
        if KEY in layer.metadata and run in (None, layer.metadata[KEY]["run"])
    ]
    with kept(viewer):
        for layer in ours:
            viewer.layers.remove(layer)
    return len(ours)


def camera_is_fitted(viewer: Any) -> bool:
    """Whether the camera is centred as napari centres it: then the user has not moved it."""
    camera = viewer.scene.camera
    center, zoom = tuple(camera.center), camera.zoom
    viewer.fit_to_view()
    fitted = np.asarray(camera.center)
    size = np.ptp(viewer.layers.extent.world[:, -2:], axis=0).max()
    same = bool(np.abs(fitted - center)[-2:].max() <= 0.01 * size)
    camera.center, camera.zoom = center, zoom
    return same


@contextmanager
def kept(viewer: Any) -> Any:
    """Leave the selection and the sliders as they were: adding a layer moves both."""
    selection = viewer.layers.selection
    chosen, active = set(selection), selection.active
    point = tuple(viewer.dims.point)
    ndim = viewer.dims.ndim
    yield
    present = {layer for layer in chosen if layer in viewer.layers}
    selection.clear()
    selection.update(present)
    if active in viewer.layers:
        selection._current = active
        selection.active = active if len(present) <= 1 else selection.active
    if viewer.dims.ndim == ndim:
        viewer.dims.point = point
