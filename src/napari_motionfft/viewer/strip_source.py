"""Layers as users have them → what to estimate motion along strips on, still lazy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_motionfft.motion.strips.paths import Strip
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.lazy import as_lazy, weigh
from napari_motionfft.viewer.placement import Array, Placement
from napari_motionfft.viewer.source import axis_name, frame_range, level_data, read_source
from napari_motionfft.viewer.strip_shapes import strips_of, world_length
from napari_motionfft.viewer.units import factors, frame_interval, is_length

TIME, LENGTH = "s", "µm"
"""Units where a layer has none: the ones to type a frame interval and a pixel size in."""


@dataclass(frozen=True, eq=False)
class StripSource:
    """What to estimate on, and where its results go.

    Attributes
    ----------
    stack
        (T, Y, X) array-like that strips are cut from; dask and zarr stay lazy. None for a line
        scan.
    paths
        Strips in px of the stack; none for a line scan.
    kymograph
        (T, L) array-like of a line scan, else None.
    names
        One a strip.
    name
        The image layer's name.
    placement
        Where its pixels lie in the world.
    dt, time_unit
        Frame interval (a line's, of a line scan) where the layer tells; its unit, else "s".
    dx_of, length_unit
        World length of 1 px along each strip where the layer tells, else None; its unit, else
        "µm". Where pixels are no squares it depends on the strip's direction.
    notes
        What the user should be told about the choice of data.
    first_frame
        Frame (line) of the layer that is the first one used.
    time_axis
        Axis of the layer that is time.
    """

    stack: Any = field(repr=False)
    paths: tuple[Strip, ...]
    kymograph: Any = field(repr=False)
    names: tuple[str, ...]
    name: str
    placement: Placement = field(repr=False)
    dt: float | None
    time_unit: str
    dx_of: tuple[float | None, ...]
    length_unit: str
    notes: tuple[str, ...]
    first_frame: int
    time_axis: int

    @property
    def dx(self) -> float | None:
        """Mean of `dx_of`; None where the layer does not tell."""
        known = [dx for dx in self.dx_of if dx is not None]
        return float(np.mean(known)) if known else None

    @property
    def is_scan(self) -> bool:
        """Whether the layer itself is the kymograph."""
        return self.kymograph is not None

    @property
    def plane_time(self) -> int:
        """Of a line scan: 0 where rows are time, 1 where columns are."""
        return self.time_axis - (len(self.placement.full["scale"]) - 2)


def read_strips(
    layer: Any,
    shapes_layer: Any,
    *,
    current_step: Sequence[int],
    time_axis: int | None = None,
    frames: tuple[int, int] | None = None,
    level: int = 0,
    width: float = 1.0,
) -> StripSource:
    """Strips drawn on a movie, computing nothing.

    Parameters
    ----------
    layer
        The movie, as for `read_source`.
    shapes_layer
        Shapes with lines, paths, rectangles: all, or those selected in its select mode.
    current_step, time_axis, frames, level
        As for `read_source`.
    width
        px across lines and paths; rectangles have their own width.

    Raises
    ------
    SourceError
        The layers cannot be used; the message says why.
    """
    if not (np.isfinite(width) and width >= 1):
        raise SourceError(f"The width must be at least 1 px, got {width:g}.")
    source = read_source(
        layer, current_step=current_step, time_axis=time_axis, frames=frames, level=level
    )
    shape = (int(source.stack.shape[1]), int(source.stack.shape[2]))
    strips, indices, notes = strips_of(shapes_layer, layer, shape=shape, width=width)
    placement = source.placement
    y, x = placement.plane["units"]
    known = is_length(y) and is_length(x)
    linear = placement.linear * np.asarray(placement.factor)
    if known:
        linear = linear * np.asarray([[1.0], [factors((x,), (y,))[0]]])  # both axes in y's unit
    dx_of = [world_length(strip, linear) / strip.length if known else None for strip in strips]
    if known and uneven(linear) and any(bends(strip) for strip in strips):
        notes.append(
            "Pixels are no squares: along a bent strip 1 px is not everywhere as long; "
            "its mean length is used."
        )
    return StripSource(
        stack=source.stack,
        paths=tuple(strips),
        kymograph=None,
        names=tuple(f"strip {index + 1}" for index in indices),
        name=source.name,
        placement=placement,
        dt=source.frame_interval,
        time_unit=source.time_unit or TIME,
        dx_of=tuple(dx_of),
        length_unit=f"{y:~P}" if known else LENGTH,
        notes=(*source.notes, *notes),
        first_frame=source.first_frame,
        time_axis=source.time_axis,
    )


def read_line_scan(
    layer: Any,
    *,
    time_axis: int = 0,
    frames: tuple[int, int] | None = None,
    current_step: Sequence[int] = (),
) -> StripSource:
    """An image that is a kymograph: lines of a line scan over time.

    Parameters
    ----------
    layer
        An Image layer whose last two axes are time and place, in either order.
    time_axis
        0: rows are time. 1: columns are.
    frames
        (start, stop) lines, half open; None is all.
    current_step
        Where the sliders of further axes stand, aligned to the last axes; 0 where not given.

    Raises
    ------
    SourceError
        No image, or the range is not within it.
    """
    from napari.layers import Image

    if not isinstance(layer, Image):
        kind = layer.__class__.__name__
        raise SourceError(f"{layer.name!r} is a {kind} layer; choose an Image layer.")
    if time_axis not in (0, 1):
        raise SourceError(f"Time is axis 0 (rows) or 1 (columns) of a line scan, got {time_axis}.")
    data, notes, ndim = as_lazy(level_data(layer, 0)), [], int(layer.ndim)
    at = ([0] * ndim + [int(i) for i in current_step])[-ndim:]
    for axis in range(ndim - 2):
        count = int(data.shape[axis])
        at[axis] = min(max(at[axis], 0), count - 1)
        if count > 1:
            name = axis_name(layer, axis)
            notes.append(f"Axis {name} is taken at {at[axis]} of 0–{count - 1} (its slider).")
    plane = data[tuple(at[:-2])]
    if layer.rgb:
        plane = weigh(np.asarray(plane)[None])[0]
        notes.append("Colour is turned to luminance.")
    kymograph = plane.T if time_axis else plane
    start, stop = frame_range(frames, int(kymograph.shape[0]))
    axis = ndim - 2 + time_axis
    placement = Placement.of(layer, axis, at, (int(plane.shape[0]), int(plane.shape[1])))
    dt, time_unit = frame_interval(layer, axis)
    along = layer.units[ndim - 1 - time_axis]
    dx = abs(float(layer.scale[ndim - 1 - time_axis])) if is_length(along) else None
    return StripSource(
        stack=None,
        paths=(),
        kymograph=kymograph[start:stop],
        names=(str(layer.name),),
        name=str(layer.name),
        placement=placement,
        dt=dt,
        time_unit=time_unit or TIME,
        dx_of=(dx,),
        length_unit=f"{along:~P}" if dx is not None else LENGTH,
        notes=tuple(notes),
        first_frame=start,
        time_axis=axis,
    )


def uneven(linear: Array) -> bool:
    """Whether a px is longer in one direction than in another."""
    values = np.linalg.svd(linear, compute_uv=False)
    return bool(values[0] > 1.001 * values[1])


def bends(strip: Strip) -> bool:
    """Whether a strip is no straight line."""
    chord = float(np.linalg.norm(strip.path[-1] - strip.path[0]))
    return chord < strip.length * (1 - 1e-9)
