"""The motion of one layer in the data coordinates of another, through both layers' transforms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import (
    Array,
    Placement,
    frame_shape,
    layer_arguments,
    linear_part,
    world_map,
)
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import guess_time_axis, level_data
from napari_motionfft.viewer.units import factors, pixel_size


def displacements_in(layer: Any, kept: Kept) -> Array:
    """(T, 2) displacements (y, x) in the data coordinates of a layer.

    A motion from a file has no layer: its px are taken for the layer's.
    """
    moved = np.asarray(kept.motion.displacements, dtype=np.float64)
    place = kept.placement
    if place is None:
        return moved
    units = unit_factors(place.plane["units"], layer.units[-2:])
    world = moved * place.factor @ place.linear.T * units
    linear, _ = world_map(layer)
    steps = np.linalg.solve(linear, world.T).T
    # the usual case, the same layer: not a rounding error away
    return moved if np.allclose(steps, moved, rtol=1e-9, atol=1e-12) else np.asarray(steps)


def frames_of(points: Any, layer: Any, kept: Kept) -> Array:
    """Which frame of the motion each point lies in, not rounded.

    Parameters
    ----------
    points
        (N, D) in the layer's data.
    layer
        A layer of D axes.
    kept
        A motion with a placement.

    Returns
    -------
    (N,) frames; 0 is the motion's first, and some may lie outside.

    Raises
    ------
    SourceError
        The layer has no axis that is time.
    """
    place = placed(kept)
    back = len(place.full["scale"]) - place.time_axis  # axes align at their ends
    linear, translate = full_map(layer_arguments(layer))
    if len(translate) < back:
        raise SourceError(f"{layer.name!r} has no frame coordinate: it lies in every frame alike.")
    world = np.asarray(points, dtype=np.float64) @ linear.T + translate
    times = world[:, len(translate) - back]
    times = times * unit_factors(layer.units, place.full["units"])[-back]
    return frames_at(times, kept)


def frames_at(times: Any, kept: Kept) -> Array:
    """World coordinates along the time axis, in its unit → frames of the motion, not rounded."""
    place = placed(kept)
    axis = place.time_axis
    linear, translate = full_map(place.full)
    frames = (np.asarray(times, dtype=np.float64) - translate[axis]) / linear[axis, axis]
    return np.asarray(frames - kept.first_frame)


def shown_frame(dims: Any, kept: Kept) -> int:
    """The motion's frame where the time slider stands, or the nearest one."""
    place = placed(kept)
    ndim = len(place.full["scale"])
    back = ndim - place.time_axis
    time = float(dims.point[-back]) if len(dims.point) >= back else 0.0
    if dims.units is not None and len(dims.units) >= ndim:
        time *= unit_factors(dims.units[-ndim:], place.full["units"])[-back]
    frame = float(np.rint(frames_at(time, kept)))
    return int(np.clip(frame, 0, len(kept.motion.displacements) - 1))


def to_stack(points: Any, layer: Any, kept: Kept) -> Array:
    """(N, 2) data (y, x) of a layer → px of the stack that the motion was measured on."""
    place = placed(kept)
    linear, translate = world_map(layer)
    world = np.asarray(points, dtype=np.float64) @ linear.T + translate
    world = world * unit_factors(layer.units[-2:], place.plane["units"])
    linear, translate = full_map(place.plane)
    pixels = np.linalg.solve(linear, (world - translate).T).T
    return np.asarray((pixels + 0.5) / place.factor - 0.5)


def full_map(arguments: dict[str, Any]) -> tuple[Array, Array]:
    """Layer arguments as (D, D) linear part and (D,) translation: data → world."""
    affine = np.asarray(arguments["affine"], dtype=np.float64)
    linear = affine[:-1, :-1] @ linear_part(arguments)
    return linear, affine[:-1, :-1] @ arguments["translate"] + affine[:-1, -1]


def unit_factors(units: Sequence[Any], others: Sequence[Any]) -> Array:
    """What the last axes' coordinates in `units` are multiplied by to be in `others`.

    Where one axis does not convert, none does, as napari then draws the bare numbers.
    """
    count = min(len(units), len(others))
    ours, theirs = units[-count:], others[-count:]
    pairs = zip(ours, theirs, strict=True)
    if all(one.dimensionality == other.dimensionality for one, other in pairs):
        return factors(ours, theirs)
    return np.ones(count)


def placed(kept: Kept) -> Placement:
    """Where the motion's stack lies.

    Raises
    ------
    SourceError
        It is from a file.
    """
    if kept.placement is None:
        raise SourceError(
            f"{kept.name!r} is from a file: choose the image that it was measured on."
        )
    return kept.placement


def up_to_date(kept: Kept, layers: Iterable[Any]) -> Kept:
    """The motion with its stack where its layer lies now: it may have got a scale since."""
    place, layer = kept.placement, stack_of(kept, layers)
    if place is None or layer is None:
        return kept
    sides = [round(n / f) for n, f in zip(place.shape, place.factor, strict=True)]
    now = Placement.of(layer, place.time_axis, place.others, (sides[0], sides[1]))
    size, unit = pixel_size(layer, now.factor)
    return replace(kept, placement=now, pixel_size=size, unit=unit)


def stack_of(kept: Kept, layers: Iterable[Any]) -> Any:
    """The image that a motion was measured on, by name, axes and frames; None where it is not."""
    from napari.layers import Image

    place = kept.placement
    if place is None:
        return None
    for layer in layers:
        if not isinstance(layer, Image) or layer.name != kept.source:
            continue
        if layer.ndim != len(place.full["scale"]) or frame_shape(layer) != place.shape:
            continue
        if kept.layer_frames in (None, level_data(layer, 0).shape[place.time_axis]):
            return layer
    return None


def measured_on(kept: Kept, layer: Any) -> Kept:
    """A motion from a file, placed on the image that it was measured on.

    Raises
    ------
    SourceError
        The image has another number of frames.
    """
    axis, first = time_of(layer, level_data(layer, 0), kept)
    place = Placement.of(layer, axis, (0,) * int(layer.ndim), frame_shape(layer))
    size, unit = pixel_size(layer, (1.0, 1.0))
    return replace(
        kept,
        first_frame=first,
        layer_frames=int(level_data(layer, 0).shape[axis]),
        time_axis=axis,
        pixel_size=size,
        unit=unit,
        source=str(layer.name),
        placement=place,
    )


def fits(layer: Any, kept: Kept) -> bool:
    """Whether an image has the frames of a motion."""
    try:
        time_of(layer, level_data(layer, 0), kept)
    except SourceError:
        return False
    return True


def time_of(layer: Any, data: Any, kept: Kept) -> tuple[int, int]:
    """(time axis, first frame) where the motion fits the layer.

    Raises
    ------
    SourceError
        No axis has as many frames as the motion, or as the layer it was estimated on.
    """
    if int(layer.ndim) < 3:
        raise SourceError(f"{layer.name!r} is a single image; choose a stack of frames.")
    count = len(kept.motion.displacements)
    axes = [guess_time_axis(layer)]
    if kept.time_axis is not None:
        ndim = int(layer.ndim)
        place = kept.placement
        back = 0 if place is None else len(place.full["scale"]) - ndim  # axes align at their ends
        found = (kept.time_axis - back, kept.time_axis)
        axes = [axis for axis in found if 0 <= axis < ndim - 2] + axes
    for axis in axes:
        if int(data.shape[axis]) == count:
            return axis, 0
        if int(data.shape[axis]) == kept.layer_frames:
            return axis, kept.first_frame
    raise SourceError(
        f"{layer.name!r} has {data.shape[axes[0]]} frames, the motion has {count}: "
        "they must be as many."
    )
