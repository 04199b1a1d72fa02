"""Motion along strips → layer tuples: kymograph, spectrogram, slopes, axes, outlines, arrows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.arrange import zoom
from napari_motionfft.viewer.result_layers import CANVAS, KEY, LayerData, unique_names
from napari_motionfft.viewer.strip_arrows import arrow_layer
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_marks import strip_marks
from napari_motionfft.viewer.strip_panel import (
    Box,
    Panel,
    on_scan,
    panel,
)
from napari_motionfft.viewer.strip_places import outlines
from napari_motionfft.viewer.strip_slopes import slopes
from napari_motionfft.viewer.strip_source import StripSource
from napari_motionfft.viewer.strip_spectrogram import picture

KYMOGRAPH, SPECTROGRAM = "kymograph", "velocity spectrogram"
SLOPES, AXES = "strip slopes", "strip axes"
OUTLINES, ARROWS = "strip outlines", "strip arrows"
"""Roles in the layers' metadata, and their names."""

OF_ONE = (KYMOGRAPH, SPECTROGRAM, SLOPES, AXES)
"""Those that show one strip at a time."""

ON_MOVIE = (OUTLINES, ARROWS)
"""Those that lie on the movie itself, where those of two runs would cover each other."""

FAIR = (0.4, 2.5)
"""Height over width of a line scan on whose own layer slopes can be read."""


class Table(Protocol):
    """What is shown of a `StripTable`."""

    @property
    def strips(self) -> tuple[StripMotion, ...]:
        """A result a strip."""

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def kymographs(self) -> tuple[Any, ...]:
        """(T, L) of each."""


def panel_for(
    source: StripSource,
    canvas: tuple[float, float] = CANVAS,
    below: float = 0.0,
    occupied: tuple[float, float] = (0.0, 0.0),
    aside: float = 0.0,
) -> Panel:
    """Where the pictures of a run go.

    A line scan whose rows are time and whose pixels can be read is its own kymograph.

    Parameters
    ----------
    source
        What the run was on.
    canvas
        (y, x) screen px.
    below
        px of the layer down to where free space begins.
    occupied
        px (y, x) of the layer to where other images reach.
    aside
        px of the layer along x to where earlier results reach.
    """
    square = np.asarray([1.0, 1.0 / source.placement.stretch])
    rows, columns = (float(n) for n in np.asarray(source.placement.shape) * square)
    down, right = (float(n) for n in np.asarray(occupied) * square)
    alone = below == 0 and down <= 1.01 * rows and right <= 1.01 * columns
    if source.is_scan and source.plane_time == 0 and alone:
        whole = source.kymograph.shape[0] == source.placement.shape[0]
        if whole and FAIR[0] <= rows / columns <= FAIR[1]:
            return on_scan((rows, columns))
    return panel((rows, columns), canvas, below, (down, right), aside * float(square[1]))


def strip_result_layers(
    table: Table,
    source: StripSource,
    taken: Collection[str] = (),
    run: str = "run",
    *,
    index: int = 0,
    place: Panel | None = None,
    canvas: tuple[float, float] = CANVAS,
) -> list[LayerData]:
    """The layers of one run, from the bottom of the layer list to its top.

    Parameters
    ----------
    table, source
        A `StripTable` and what it was made from.
    taken
        Names of layers that exist.
    run
        Identifier of this run, written into every layer's metadata.
    index
        Strip whose kymograph and spectrogram are shown.
    place
        Where; None is as `panel_for`.
    canvas
        (y, x) screen px.

    Returns
    -------
    list of (data, arguments, kind)
        As `napari.layers.Layer.create` takes them.

    Raises
    ------
    IndexError
        No such strip.
    """
    place = panel_for(source, canvas) if place is None else place
    layers = one_strip(table, source, index, place, canvas)
    if not source.is_scan:
        layers[OUTLINES] = outlines(table.names, source.paths, source.placement)
        layers[ARROWS] = arrow_layer(
            table.strips,
            source.paths,
            source.placement,
            place,
            names=table.names,
            first_frame=source.first_frame,
        )
    names = unique_names(layers, taken)
    return tag(layers, names, about(table, source, run, index, place))


def one_strip(
    table: Table, source: StripSource, index: int, place: Panel, canvas: tuple[float, float]
) -> dict[str, LayerData]:
    """The layers that show one strip, by role."""
    if not 0 <= index < len(table.strips):
        raise IndexError(f"there are {len(table.strips)} strips, 0 to {len(table.strips) - 1}")
    motion, placement = table.strips[index], source.placement
    values, reach = picture(motion)
    colour = strip_colour(index)
    marks, mark_arguments = strip_marks(
        motion,
        table.names[index],
        place,
        reach,
        placement,
        colour=colour,
        zoom=zoom(place.size, canvas),
        first_frame=source.first_frame,
    )
    layers: dict[str, LayerData] = {}
    if not place.over_layer:
        data = np.asarray(table.kymographs[index], dtype=np.float32)
        layers[KYMOGRAPH] = image(data, place.kymograph, source, "gray", limits(data))
    top = max(float(np.nanmax(values, initial=1.0)), 1.0)
    layers[SPECTROGRAM] = image(values, place.spectrogram, source, "inferno", (0.0, top))
    layers[SLOPES] = slopes(motion, source, place, reach)
    layers[AXES] = (marks, mark_arguments, "shapes")
    return layers


def image(
    data: NDArray[Any], box: Box, source: StripSource, colours: str, contrast: tuple[float, float]
) -> LayerData:
    """A picture stretched into a box."""
    stretch = np.asarray([1.0, source.placement.stretch])
    pixel = np.asarray([box.height, box.width]) / data.shape * stretch
    first = np.asarray([box.y, box.x]) * stretch - 0.5 + pixel / 2
    arguments = {
        **source.placement.image(first, pixel),
        "rgb": False,
        "colormap": colours,
        "contrast_limits": contrast,
        "interpolation2d": "nearest",
    }
    return data, arguments, "image"


def limits(data: NDArray[Any]) -> tuple[float, float]:
    """Contrast of a kymograph: all but the rarest values."""
    low, high = (float(v) for v in np.nanpercentile(data, (0.3, 99.7)))
    return (low, high) if high > low else (low, low + 1.0)


def about(table: Table, source: StripSource, run: str, index: int, place: Panel) -> dict[str, Any]:
    """Our metadata of each layer of a run."""
    motion = table.strips[index]
    return {
        "run": run,
        "source": source.name,
        "settings": dict(motion.settings),
        "bottom": place.size[0],
        "panel": place,
        "strip": index,
    }


def tag(
    layers: dict[str, LayerData], names: dict[str, str], entry: dict[str, Any]
) -> list[LayerData]:
    """Layers with their names and our metadata."""
    return [
        (
            data,
            {
                **arguments,
                "name": names[role],
                "metadata": {KEY: {"name": names[role], "role": role, **entry}},
            },
            kind,
        )
        for role, (data, arguments, kind) in layers.items()
    ]
