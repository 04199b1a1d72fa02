"""Results of strips into a viewer, and another strip shown; nothing of the user's moves."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from napari_motionfft.viewer.camera import camera_is_fitted, watch_fits
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.occupied import reach
from napari_motionfft.viewer.result_layers import CANVAS, KEY
from napari_motionfft.viewer.results import is_result, kept, tagged
from napari_motionfft.viewer.strip_layers import (
    AXES,
    OF_ONE,
    ON_MOVIE,
    OUTLINES,
    Table,
    one_strip,
    panel_for,
    strip_result_layers,
)
from napari_motionfft.viewer.strip_outline import WIDTH
from napari_motionfft.viewer.strip_redraw import redraw
from napari_motionfft.viewer.strip_source import StripSource
from napari_motionfft.viewer.units import factors


def add_strip_results(
    viewer: Any, table: Table, source: StripSource, fit: bool | None = None
) -> list[Any]:
    """Add the result layers of a run; main thread only.

    The user's layers, the sliders and the selection stay as they are. Results of earlier runs
    stay too: these ones go below them, or beside. But of the strips on the movie only those of
    the last run are visible. `remove_results` removes them all.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    table, source
        A `StripTable` and what it was made from.
    fit
        Move the camera so that all is in view; None does so unless the user has moved it.

    Returns
    -------
    list of napari.layers.Layer
        The added layers, from bottom to top.
    """
    from napari.layers import Image, Labels, Layer

    placement = source.placement
    earlier = [layer for layer in tagged(viewer) if layer.metadata[KEY]["role"] != WIDTH]
    gap = 0.04 * max(placement.shape)
    below = max((layer.metadata[KEY]["bottom"] + gap for layer in earlier), default=0.0)
    others = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image | Labels) and layer.visible and not is_result(layer)
    ]
    convert = viewer.layers.units is not None
    taken, aside = reach(others, placement, convert), reach(earlier, placement, convert)[1]
    canvas = canvas_of(viewer)
    occupied = (float(taken[0]), float(taken[1]))
    place = panel_for(source, canvas, below, occupied, float(aside))
    names = [layer.name for layer in viewer.layers]
    made = strip_result_layers(table, source, names, uuid4().hex[:8], place=place, canvas=canvas)
    layers = [Layer.create(*each) for each in made]
    follow = camera_is_fitted(viewer) if fit is None else fit
    watch_fits(viewer)
    guard_removal(viewer)
    for layer in earlier:
        entry = layer.metadata[KEY]
        if entry["role"] in ON_MOVIE and entry["source"] == source.name:
            layer.visible = False
    with kept(viewer):
        viewer.layers.extend(layers)
    size_text(viewer, layers, source)
    if follow:
        viewer.fit_to_view()
    return layers


def show_strip(
    viewer: Any, table: Table, source: StripSource, index: int, run: str | None = None
) -> list[Any]:
    """Show the kymograph and spectrogram of another strip in the layers of the one shown.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    table, source
        As given to `add_strip_results`.
    index
        Of the strip.
    run
        Whose layers; None is the newest run of strips.

    Returns
    -------
    list of napari.layers.Layer
        The layers, which are those of before; none where the run has none left.

    Raises
    ------
    IndexError
        No such strip.
    """
    ours = [x for x in tagged(viewer, run) if x.metadata[KEY]["role"] in OF_ONE]
    if not ours:
        return []
    run = ours[-1].metadata[KEY]["run"]
    layers = [x for x in ours if x.metadata[KEY]["run"] == run]
    place = layers[-1].metadata[KEY]["panel"]
    made = one_strip(table, source, index, place, canvas_of(viewer))
    with kept(viewer):
        for layer in layers:
            data, arguments, _ = made[layer.metadata[KEY]["role"]]
            redraw(layer, data, arguments)
            layer.metadata[KEY].update(strip=index, settings=dict(table.strips[index].settings))
    return layers


def canvas_of(viewer: Any) -> tuple[float, float]:
    """(y, x) screen px; a usual size where there is no window."""
    height, width = (float(n) for n in viewer.canvas.size)
    return (height, width) if min(height, width) > 0 else CANVAS


def size_text(viewer: Any, layers: list[Any], source: StripSource) -> None:
    """Text is sized in the world: the canvas counts in the finest unit of all layers."""
    if viewer.layers.units is None:
        return
    factor = factors(source.placement.plane["units"][:1], viewer.layers.units[-2:-1])[0]
    for layer in layers:
        if layer.metadata[KEY]["role"] in (AXES, OUTLINES):
            layer.text.size *= factor
