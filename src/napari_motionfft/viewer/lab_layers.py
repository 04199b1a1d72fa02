"""A run of the lab → layers, and these into a viewer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np

from napari_motionfft.viewer.arrange import zoom
from napari_motionfft.viewer.camera import camera_is_fitted, watch_fits
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.lab_grid import Grid, Panel, grid
from napari_motionfft.viewer.lab_marks import lab_marks
from napari_motionfft.viewer.lab_paths import Path, path_lines, path_points, paths_of
from napari_motionfft.viewer.lab_result import Explored, LabResult
from napari_motionfft.viewer.occupied import reach
from napari_motionfft.viewer.placement import Placement
from napari_motionfft.viewer.result_layers import CANVAS, KEY, LayerData
from napari_motionfft.viewer.results import kept, remove_results, tagged
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.units import factors

LANDSCAPE = "objective landscape"
MARKS = "objective marks"
PATHS = "objective paths"
ENDS = "objective starts and ends"
"""Roles in the layers' metadata."""


@dataclass(frozen=True, eq=False)
class Shown:
    """The layers of a run.

    Attributes
    ----------
    run
        Its identifier in their metadata.
    layers
        From bottom to top.
    lines, points, ways
        What `show_step` takes.
    """

    run: str
    layers: tuple[Any, ...]
    lines: Any
    points: Any
    ways: list[Path]


def lab_layers(
    result: LabResult,
    source: Source,
    places: Grid,
    taken: Collection[str] = (),
    run: str = "run",
    shown_at: float = 1.0,
    settings: Any = None,
) -> tuple[list[LayerData], list[Path]]:
    """The layers of one run, from bottom to top, and the paths that two of them show.

    Parameters
    ----------
    result, source
        A result and what it was made from.
    places
        Where the landscapes stand.
    taken
        Names of layers that exist.
    run, settings
        Written into every layer's metadata.
    shown_at
        Screen px a px of level 0 when all is in view.
    """
    placement = source.placement
    ways = paths_of(result, places)
    made: list[tuple[str, str, LayerData]] = [
        (one.name, LANDSCAPE, picture(one, panel, placement))
        for one, panel in zip(result.explored, places.panels, strict=True)
    ]
    marks, arguments = lab_marks(result, places, placement, shown_at)
    made.append(("lab: paths", PATHS, path_lines(ways, places, placement)))
    made.append(("lab: starts, ends", ENDS, path_points(ways, places, placement)))
    # on top: crosses are seen over the paths' ends, and strips cut what leaves a picture
    made.append(("lab: axes", MARKS, (marks, arguments, "shapes")))
    used = set(taken)
    layers = []
    for title, role, (data, kwargs, kind) in made:
        name, number = title, 2
        while name in used:
            name, number = f"{title} {number}", number + 1
        used.add(name)
        about = {
            "name": name,
            "run": run,
            "role": role,
            "source": source.name,
            "settings": settings or {},
            "bottom": places.size[0],
        }
        if role == LANDSCAPE:
            one = next(each for each in result.explored if each.name == title)
            about |= {
                "objective": one.name,
                "vy": one.landscape.vy,
                "vx": one.landscape.vx,
                "local maxima": one.maxima,
            }
        tag = {**about, "name": name}  # one that the user renames is the user's
        layers.append((data, {**kwargs, "name": name, "metadata": {KEY: tag}}, kind))
    return layers, ways


def picture(one: Explored, panel: Panel, placement: Placement) -> LayerData:
    """A landscape as an image whose pixels are velocities, from its lowest to its highest value."""
    values = np.asarray(one.landscape.values, dtype=np.float32)
    step = (panel.high - panel.low) / values.shape
    first = panel.zero + panel.scale * (panel.low + step / 2)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    arguments = {
        **placement.image(first, panel.scale * step),
        "rgb": False,
        "colormap": "inferno",
        "contrast_limits": (low, high if high > low else low + 1.0),
        "interpolation2d": "nearest",
    }
    return values, arguments, "image"


def add_lab(
    viewer: Any,
    result: LabResult,
    source: Source,
    settings: Any = None,
    instead_of: Sequence[str] = (),
) -> Shown:
    """Add the layers of a run; main thread only. The user's layers, sliders, selection stay.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    result, source
        A result and what it was made from.
    settings
        Plain data for the layers' metadata.
    instead_of
        Earlier runs whose layers go.
    """
    from napari.layers import Layer

    follow = camera_is_fitted(viewer)
    for old in instead_of:
        remove_results(viewer, old)
    placement = source.placement
    size = tuple(float(n) for n in viewer.canvas.size)
    canvas = (size[0], size[1]) if min(size) > 0 else CANVAS
    places = grid(
        result.explored[0].landscape,
        len(result.explored),
        placement.shape,
        canvas,
        free_below(viewer, placement),
    )
    run = uuid4().hex[:8]
    made, ways = lab_layers(
        result,
        source,
        places,
        [layer.name for layer in viewer.layers],
        run,
        zoom(places.size, canvas),
        settings,
    )
    layers = [Layer.create(*each) for each in made]
    watch_fits(viewer)
    guard_removal(viewer)
    with kept(viewer):
        viewer.layers.extend(layers)
    lines, points, marks = layers[-3:]
    if viewer.layers.units is not None:  # the canvas counts in the finest unit of all layers
        marks.text.size *= factors(placement.plane["units"][:1], viewer.layers.units[-2:-1])[0]
    if follow:
        viewer.fit_to_view()
    return Shown(run, tuple(layers), lines, points, ways)


def free_below(viewer: Any, placement: Placement) -> float:
    """px of level 0 down to where nothing of a viewer is; 0 where the stack is alone."""
    from napari.layers import Image, Labels

    ours = tagged(viewer)
    others = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image | Labels) and layer.visible and layer not in ours
    ]
    gap = 0.04 * max(placement.shape)
    bottoms = [layer.metadata[KEY]["bottom"] for layer in ours]
    taken = reach(others, placement, viewer.layers.units is not None)
    if (taken > 1.01 * np.asarray(placement.shape)).any():
        bottoms.append(float(taken[0]))
    return max(bottoms) + gap if bottoms else 0.0
