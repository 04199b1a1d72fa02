"""A layer as users have them → the (T, Y, X) stack to estimate on, still lazy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.lazy import as_lazy, luminance
from napari_motionfft.viewer.placement import Placement
from napari_motionfft.viewer.region import find_region
from napari_motionfft.viewer.units import factors, frame_interval, is_time, pixel_size

__all__ = [
    "Source",
    "SourceError",
    "guess_time_axis",
    "level_data",
    "level_of",
    "movie_axes",
    "pixel_size",
    "read_source",
    "slider_position",
]

TIME_LABELS = frozenset({"t", "time", "frame", "frames", "timepoint", "timepoints", "tp"})


@dataclass(frozen=True, eq=False)
class Source:
    """What to estimate on, and where its results go.

    Attributes
    ----------
    stack
        (T, Y, X) array-like of the frames asked for; dask and zarr stay lazy.
    region
        (slice_y, slice_x) px of the stack, None is the whole frame.
    notes
        What the user should be told about the choice of data.
    name
        The layer's name.
    first_frame
        Frame of the layer that is the stack's frame 0.
    time_axis
        Axis of the layer's level 0 that is time.
    placement
        Where the pixels lie in the world.
    pixel_size, unit
        (y, x) world size of one px of the stack; its unit where that is a length, else None.
    frame_interval, time_unit
        Of the layer's time axis where that is in a unit of time, else None.
    """

    stack: Any = field(repr=False)
    region: tuple[slice, slice] | None
    notes: tuple[str, ...]
    name: str
    first_frame: int
    time_axis: int
    placement: Placement = field(repr=False)
    pixel_size: tuple[float, float]
    unit: str | None
    frame_interval: float | None
    time_unit: str | None


def guess_time_axis(layer: Any) -> int:
    """Axis that is time: by its label, else by a unit of time, else the first."""
    axes = range(int(layer.ndim) - 2)
    for axis in axes:
        if str(layer.axis_labels[axis]).strip().lower() in TIME_LABELS:
            return axis
    for axis in axes:
        if is_time(layer.units[axis]):
            return axis
    return 0


def movie_axes(layer: Any) -> list[str]:
    """Choices of the time axis, "0: t"; the colours and the last two axes are none."""
    return [axis_name(layer, axis) for axis in range(int(layer.ndim) - 2)]


def axis_name(layer: Any, axis: int) -> str:
    """ "0: t", or "0" where napari's own label (-3) says no more."""
    label = str(layer.axis_labels[axis])
    return str(axis) if label == str(axis - layer.ndim) else f"{axis}: {label}"


def level_of(layer: Any) -> list[str]:
    """Choices of the level of a multiscale layer, "0: 512 × 512 px"; else none."""
    if not getattr(layer, "multiscale", False):
        return []
    sides = slice(layer.ndim - 2, layer.ndim)
    return [
        f"{level}: {' × '.join(str(n) for n in data.shape[sides])} px"
        for level, data in enumerate(layer.data)
    ]


def slider_position(dims: Any, layer: Any) -> tuple[int, ...]:
    """Index of every axis of a layer where the viewer's sliders stand.

    `dims.current_step` counts steps of the finest layer from the first one's start; this goes
    through the layer's own transform and units.

    Parameters
    ----------
    dims
        `viewer.dims`.
    layer
        A layer of that viewer.
    """
    ndim = int(layer.ndim)
    point = np.zeros(ndim)
    given = min(ndim, len(dims.point))
    point[ndim - given :] = dims.point[-given:]
    if dims.units is not None and len(dims.units) >= ndim:
        point *= factors(dims.units[-ndim:], layer.units)
    first, last = layer.extent.data  # of level 0
    index = np.floor(np.asarray(layer.world_to_data(point)) + 0.5 + 1e-6)
    return tuple(int(i) for i in np.clip(index, np.floor(first), np.floor(last)))


def read_source(
    layer: Any,
    *,
    current_step: Sequence[int],
    time_axis: int | None = None,
    frames: tuple[int, int] | None = None,
    level: int = 0,
    region_layer: Any = None,
) -> Source:
    """Take a (T, Y, X) stack and a region out of layers, computing nothing.

    Parameters
    ----------
    layer
        An Image layer of three or more axes, or an RGB one of a movie; the last two are y, x.
    current_step
        Index of the axes where the sliders stand, aligned to the last axes (`slider_position`).
    time_axis
        Axis that is time; None guesses.
    frames
        (start, stop) half open; None is all.
    level
        Level of a multiscale layer.
    region_layer
        A Shapes layer with a rectangle; None is the whole frame.

    Raises
    ------
    SourceError
        The layer is no movie, or the region or range cannot be used.
    """
    data, notes = movie_data(layer, level)
    ndim = int(layer.ndim)
    axis = guess_time_axis(layer) if time_axis is None else int(time_axis)
    if not 0 <= axis < ndim - 2:
        raise SourceError(f"Axis {axis} cannot be time: choose one of {movie_axes(layer)}.")
    full = level_data(layer, 0).shape
    if data.shape[axis] != full[axis]:
        raise SourceError(
            f"Level {level} has {data.shape[axis]} frames, level 0 has {full[axis]}; use level 0."
        )
    start, stop = frame_range(frames, int(data.shape[axis]))
    at = [0] * (ndim - len(current_step)) + [int(i) for i in current_step][-ndim:]
    at = [min(max(i, 0), int(n) - 1) for i, n in zip(at, full, strict=False)]
    key: list[Any] = [slice(None)] * len(data.shape)
    key[axis] = slice(start, stop)
    for other in range(ndim - 2):
        if other != axis:
            key[other] = at[other] * int(data.shape[other]) // int(full[other])
            count = int(data.shape[other])
            if count > 1:
                name = axis_name(layer, other)
                notes.append(f"Axis {name} is taken at {key[other]} of 0–{count - 1} (its slider).")
    stack = data[tuple(key)]
    shape = (int(data.shape[ndim - 2]), int(data.shape[ndim - 1]))  # (Y, X)
    if layer.rgb:
        stack = luminance(stack)
        notes.append("Colour is turned to luminance.")
    region = None
    if region_layer is not None:
        region, note = find_region(region_layer, layer, shape=shape)
        notes += [note] if note else []
    placement = Placement.of(layer, axis, at, shape)
    size_of_pixel, unit = pixel_size(layer, placement.factor)
    interval, time_unit = frame_interval(layer, axis)
    return Source(
        stack=stack,
        region=region,
        notes=tuple(notes),
        name=str(layer.name),
        first_frame=start,
        time_axis=axis,
        placement=placement,
        pixel_size=size_of_pixel,
        unit=unit,
        frame_interval=interval,
        time_unit=time_unit,
    )


def movie_data(layer: Any, level: int) -> tuple[Any, list[str]]:
    """The level's data, lazy where it was, and a note on the level.

    Raises
    ------
    SourceError
        Not an image with a time axis, or no such level.
    """
    from napari.layers import Image

    if not isinstance(layer, Image):
        kind = layer.__class__.__name__
        raise SourceError(f"{layer.name!r} is a {kind} layer; choose an Image layer.")
    if int(layer.ndim) < 3:
        raise SourceError(f"{layer.name!r} is a single image; motion needs several frames.")
    notes = []
    levels = len(layer.data) if layer.multiscale else 1
    if not 0 <= level < levels:
        raise SourceError(f"{layer.name!r} has {levels} level(s); there is no level {level}.")
    data = level_data(layer, level)
    if layer.multiscale:
        rows, columns = (data.shape[layer.ndim - 2], data.shape[layer.ndim - 1])
        notes.append(
            f"Level {level} of 0–{levels - 1} is used ({rows} × {columns} px); "
            "displacements are in its px."
        )
    return as_lazy(data), notes


def level_data(layer: Any, level: int) -> Any:
    """One level's array: `layer.data[0]` is level 0 of a multiscale layer, frame 0 of others."""
    return layer.data[level] if layer.multiscale else layer.data


def frame_range(frames: tuple[int, int] | None, count: int) -> tuple[int, int]:
    """(start, stop) within 0…count.

    Raises
    ------
    SourceError
        Fewer than two frames, or outside.
    """
    start, stop = (0, count) if frames is None else (int(frames[0]), int(frames[1]))
    if not 0 <= start < stop <= count:
        raise SourceError(f"Frames {start}–{stop - 1} are not within 0–{count - 1}.")
    if stop - start < 2:
        raise SourceError(f"Motion needs at least 2 frames; the choice holds {stop - start}.")
    return start, stop
