"""Motion along strips → layer tuples: kymograph, spectrogram, slopes, axes, outlines, arrows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.arrange import zoom
from napari_motionfft.viewer.landscape_layers import PEAK
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.result_layers import CANVAS, KEY, LayerData, unique_names
from napari_motionfft.viewer.strip_arrows import FAINT, arrow_layer, rgba
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_lines import slope_lines, velocity_lines
from napari_motionfft.viewer.strip_marks import strip_marks
from napari_motionfft.viewer.strip_outline import outline_of
from napari_motionfft.viewer.strip_panel import (
    Box,
    Panel,
    at_frames,
    at_places,
    at_velocities,
    on_scan,
    panel,
)
from napari_motionfft.viewer.strip_source import StripSource
from napari_motionfft.viewer.strip_spectrogram import picture

KYMOGRAPH, SPECTROGRAM = "kymograph", "velocity spectrogram"
SLOPES, AXES = "strip slopes", "strip axes"
OUTLINES, ARROWS = "strip outlines", "strip arrows"
"""Roles in the layers' metadata, and their names."""

OF_ONE = (KYMOGRAPH, SPECTROGRAM, SLOPES, AXES)
"""Those that show one strip at a time."""

FAIR = (0.4, 2.5)
"""Height over width of a line scan on whose own layer slopes can be read."""

SLOPE = "#ffd23f"
"""Yellow: bright on grey, and no strip's colour."""


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
    """
    square = np.asarray([1.0, 1.0 / source.placement.stretch])
    rows, columns = (float(n) for n in np.asarray(source.placement.shape) * square)
    down, right = (float(n) for n in np.asarray(occupied) * square)
    alone = below == 0 and down <= 1.01 * rows and right <= 1.01 * columns
    if source.is_scan and source.plane_time == 0 and alone:
        whole = source.kymograph.shape[0] == source.placement.shape[0]
        if whole and FAIR[0] <= rows / columns <= FAIR[1]:
            return on_scan((rows, columns))
    return panel((rows, columns), canvas, below, (down, right))


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
        layers[OUTLINES] = outlines(table, source)
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


def slopes(
    motion: StripMotion, source: StripSource, place: Panel, reach: tuple[float, float]
) -> LayerData:
    """Slopes over the kymograph (and a line scan's layer), velocity over the spectrogram."""
    frames, length = motion.shape
    lines, window = slope_lines(motion)
    speed, of = velocity_lines(motion, reach)
    box = place.spectrogram
    drawn = [in_box(lines, place.kymograph, frames, length)]
    drawn.append(
        np.stack(
            [at_frames(box, speed[..., 0], frames), at_velocities(box, speed[..., 1], reach)], -1
        )
    )
    owners = [window, of]
    colours = [np.tile(rgba(SLOPE), (len(window), 1)), np.tile(rgba(PEAK), (len(of), 1))]
    if source.is_scan and not place.over_layer and wide_enough(source, place):
        drawn.append(on_layer(lines, source))
        owners.append(window)
        colours.append(colours[0])
    ends, owner = np.concatenate(drawn), np.concatenate(owners)
    colour = np.concatenate(colours).astype(np.float32)
    colour[:, 3] = np.where(motion.reliable[owner], 0.9, FAINT)
    arguments = {
        **source.placement.image((-0.5, -0.5), (1.0, source.placement.stretch)),
        "features": {
            "window": owner,
            "velocity": motion.velocities[owner],
            "reliable": motion.reliable[owner],
        },
        "edge_color": colour if len(colour) else SLOPE,  # napari takes no empty array of colours
        "edge_width": place.side / 150,
        "vector_style": "line",
        "opacity": 1.0,
        "blending": "translucent_no_depth",
    }
    return np.stack([ends[:, 0], ends[:, 1] - ends[:, 0]], axis=1), arguments, "vectors"


def wide_enough(source: StripSource, place: Panel) -> bool:
    """Whether lines over a line scan's own layer leave something of it to be seen."""
    rows, columns = source.placement.shape
    return min(rows, columns / source.placement.stretch) > 0.3 * place.side


def in_box(lines: Array, box: Box, frames: int, length: int) -> Array:
    """(n, 2, 2) of (frame, px of arc length) → where they lie over a kymograph."""
    return np.stack(
        [at_frames(box, lines[..., 0], frames), at_places(box, lines[..., 1], length)], axis=-1
    )


def on_layer(lines: Array, source: StripSource) -> Array:
    """(n, 2, 2) of (line, px) → where they lie over the line scan itself."""
    px = lines + 0.5 + np.asarray([source.first_frame, 0.0])
    if source.plane_time:
        px = px[..., ::-1]
    return np.asarray(px * np.asarray([1.0, 1.0 / source.placement.stretch]))


def outlines(table: Table, source: StripSource) -> LayerData:
    """Every strip as wide as it is, in its colour."""
    placement = source.placement
    square = np.asarray([1.0, 1.0 / placement.stretch])
    arguments = {
        **placement.image((-0.5, -0.5), (1.0, placement.stretch)),
        "shape_type": "path",
        "edge_color": [strip_colour(i) for i in range(len(source.paths))],
        "edge_width": float((np.asarray(placement.shape) * square).max()) / 200,
        "opacity": 1.0,
        "blending": "translucent_no_depth",
        "features": {"strip": list(table.names)},
    }
    rings = [(placement.to_layer(outline_of(strip)) + 0.5) * square for strip in source.paths]
    return rings, arguments, "shapes"


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
