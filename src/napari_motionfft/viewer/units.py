"""Physical units of layers: napari keeps one a world axis, and converts for display only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_motionfft.viewer.placement import Array, world_map


def is_time(unit: Any) -> bool:
    """Whether a unit is one of time."""
    return dict(unit.dimensionality) == {"[time]": 1}


def is_length(unit: Any) -> bool:
    """Whether a unit is one of length; a pixel is none."""
    return dict(unit.dimensionality) == {"[length]": 1}


def factors(units: Sequence[Any], others: Sequence[Any]) -> Array:
    """What coordinates in `units` are multiplied by to be in `others`, axis by axis."""
    pairs = zip(units, others, strict=True)
    return np.asarray([float((1.0 * one).to(other).magnitude) for one, other in pairs])


def pixel_size(layer: Any, factor: tuple[float, float]) -> tuple[tuple[float, float], str | None]:
    """World size (y, x) of a px of the stack, and its unit where it is a length."""
    linear, _ = world_map(layer)
    size = np.linalg.norm(linear, axis=0) * np.asarray(factor)
    y, x = layer.units[-2:]
    if not (is_length(y) and is_length(x)):
        return (float(size[0]), float(size[1])), None
    if linear[0, 1] == linear[1, 0] == 0:  # the axes keep apart, so each may have its own unit
        size[1] *= factors([x], [y])[0]
    return (float(size[0]), float(size[1])), f"{y:~P}"


def frame_interval(layer: Any, axis: int) -> tuple[float | None, str | None]:
    """Time from frame to frame and its unit, where the layer's time axis has one."""
    unit = layer.units[axis]
    if not is_time(unit):
        return None, None
    return abs(float(layer.scale[axis])), f"{unit:~P}"


def physical(
    source: Any, interval: float | None, time_unit: str | None
) -> tuple[Array, str] | None:
    """(2,) velocities in physical units that 1 px/frame along y and x is, and their unit.

    None where the pixel size or the time from frame to frame is not known.
    """
    interval, time_unit = timing(source, interval, time_unit)
    if source.unit is None or not interval:
        return None
    return np.asarray(source.pixel_size) / interval, f"{source.unit}/{time_unit}"


def timing(
    source: Any, interval: float | None, time_unit: str | None
) -> tuple[float | None, str | None]:
    """Time from frame to frame and its unit: as the user gave it, else as the layer has it."""
    if interval is None:
        interval, time_unit = source.frame_interval, source.time_unit
    return (interval, time_unit) if interval and time_unit else (None, None)
