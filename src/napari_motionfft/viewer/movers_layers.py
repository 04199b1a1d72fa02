"""Faint movers → layer tuples: a ring at each that follows the slider, tracks, landscapes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.result_layers import KEY, LayerData, unique_names
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.strip_colours import strip_colour

if TYPE_CHECKING:
    from napari_motionfft.motion.faint.result import Movers, TileLandscapes

RINGS, TRACKS, LANDSCAPES = "faint movers", "mover tracks", "mover landscapes"
"""Roles in the layers' metadata, and their names."""

RING = 5.0
"""Diameter of a ring in widths of its object."""
INK = "#ffd400"
"""Of the numbers beside the rings: reads on grey."""
LEAST, CHOSEN = 9.0, 1.6
"""px, least diameter; how much larger the ring of the chosen object is."""

Array = NDArray[np.float64]


def movers_layers(
    movers: Movers,
    source: Source,
    taken: Collection[str] = (),
    run: str = "run",
    landscapes: bool = False,
) -> list[LayerData]:
    """The layers of one search, from the bottom of the layer list to its top.

    Parameters
    ----------
    movers, source
        A result and what it was made on.
    taken
        Names of layers that exist.
    run
        Identifier of this run, written into every layer's metadata.
    landscapes
        With the tiles' landscapes, each over its tile, as a layer that is hidden at first.

    Returns
    -------
    list of (data, arguments, kind)
        As `napari.layers.Layer.create` takes them; none of an empty list without landscapes.
    """
    layers: dict[str, LayerData] = {}
    if landscapes:
        layers[LANDSCAPES] = landscape_image(movers.landscapes, source)
    if movers:
        if in_view(movers, source)[1].shape[1] - source.time_axis <= 3 + 1:
            layers[TRACKS] = tracks(movers, source)
        layers[RINGS] = rings(movers, source)
    names = unique_names(layers, taken)
    about = {
        "run": run,
        "source": source.name,
        "settings": dict(movers.settings),
        # they lie on the stack and take no room
        "bottom": -0.04 * max(source.placement.shape),
    }
    return [
        (
            data,
            {
                **arguments,
                "name": names[role],
                "metadata": {KEY: {"name": names[role], "role": role, **about}},
            },
            kind,
        )
        for role, (data, arguments, kind) in layers.items()
    ]


def in_view(movers: Movers, source: Source) -> tuple[NDArray[np.int64], Array]:
    """Object (N,) and place (N, axes of the layer) in every frame in which it is in the field."""
    numbers, rows = [], []
    count, height, width = movers.shape
    for number, mover in enumerate(movers):
        track = mover.track(count)  # (T, 2) px of the stack
        inside = ((track > -0.5) & (track < np.array([height, width]) - 0.5)).all(1)
        frames = np.flatnonzero(inside)
        at = np.tile(np.asarray(source.placement.others, dtype=np.float64), (len(frames), 1))
        at[:, source.time_axis] = frames + source.first_frame
        at[:, -2:] = source.placement.to_layer(track[frames])
        numbers.append(np.full(len(frames), number))
        rows.append(at)
    return np.concatenate(numbers), np.concatenate(rows)


def diameters(movers: Movers, source: Source, chosen: int | None = None) -> Array:
    """(M,) px of the layer's level 0, of each object's ring."""
    factor = max(source.placement.factor)
    each = np.array([max(RING * mover.size, LEAST) * factor for mover in movers])
    if chosen is not None:
        each[chosen] *= CHOSEN
    return each


def rings(movers: Movers, source: Source) -> LayerData:
    """One ring an object and frame: only those of the current frame are in the slice."""
    numbers, rows = in_view(movers, source)
    colours = np.array([strip_colour(number) for number in numbers])
    each = diameters(movers, source)
    arguments = {
        **source.placement.from_axis(0),
        "size": each[numbers],
        "face_color": "transparent",
        "border_color": colours,
        "border_width": 0.08,
        "symbol": "disc",
        "out_of_slice_display": False,
        "features": {
            "object": numbers + 1,
            "score": np.array([movers[number].score for number in numbers]),
            "frame": rows[:, source.time_axis].astype(np.int64),
        },
        "text": {
            "string": "{object}: {score:.1f} σ",
            "color": INK,
            "size": 11,
            "anchor": "center",
            # above the ring, not in it
            "translation": np.append(np.zeros(rows.shape[1] - 2), [-0.75 * each.max() * CHOSEN, 0]),
        },
    }
    return rows, arguments, "points"


def tracks(movers: Movers, source: Source) -> LayerData:
    """The objects' tracks, each in its colour, all of it in view at every frame."""
    from napari.utils.colormaps import Colormap

    numbers, rows = in_view(movers, source)
    count = len(movers)
    colours = [strip_colour(number) for number in range(count)]
    # napari looks values of 0 to 1 up: as many steps as tracks, each in the middle of its own
    steps = np.linspace(0, 1, count + 1)
    colormap = Colormap(colours, controls=steps, interpolation="zero", name="movers")
    arguments = {
        **source.placement.from_axis(source.time_axis),
        "features": {"object": numbers + 1, "colour": (numbers + 0.5) / count},
        "color_by": "colour",
        "colormaps_dict": {"colour": colormap},
        "tail_width": 2,
        "tail_length": 10 * movers.shape[0],
        "head_length": movers.shape[0],
        "blending": "translucent",
        "opacity": 0.7,
    }
    return np.column_stack([numbers, rows[:, source.time_axis :]]), arguments, "tracks"


def landscape_image(tiles: TileLandscapes, source: Source) -> LayerData:
    """Each tile's landscape stretched over the tile: velocity 0 in the middle, y down, x right."""
    down, across, ny, nx = tiles.values.shape
    picture = tiles.values.transpose(0, 2, 1, 3).reshape(down * ny, across * nx)
    pixel = np.asarray(tiles.tile) * np.asarray(source.placement.factor) / [ny, nx]
    corner = source.placement.to_layer(np.asarray(tiles.origin) - 0.5)
    low, top = float(np.percentile(picture, 10)), max(float(picture.max()), 1.0)
    arguments = {
        **source.placement.image(corner + pixel / 2, pixel),
        "rgb": False,
        "colormap": "inferno",
        "contrast_limits": (min(low, 0.9 * top), top),
        "interpolation2d": "nearest",
        "visible": False,
    }
    return picture, arguments, "image"
