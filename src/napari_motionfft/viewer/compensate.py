"""Any image layer and a motion → the layer with the motion taken out, or its mean along it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import numpy as np

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.lazy import as_lazy, block_frames
from napari_motionfft.viewer.placement import last_axes
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import SourceError, guess_time_axis, level_data, pixel_size
from napari_motionfft.viewer.worker import Progress


@dataclass(frozen=True, eq=False)
class Target:
    """A layer's frames, ready for a motion; plain data, for any thread.

    Attributes
    ----------
    data
        The frames that the motion is of, with all axes of the layer; lazy stays lazy.
    axis
        The axis that is time.
    rgb
        Colours are the last axis.
    motion
        In px of `data`.
    full, still
        Layer arguments of a result with all axes, and of one without time.
    """

    data: Any
    axis: int
    rgb: bool
    motion: Motion
    full: dict[str, Any]
    still: dict[str, Any]


def target_of(layer: Any, kept: Kept) -> Target:
    """Match a layer and a motion; main thread, computes nothing.

    Raises
    ------
    SourceError
        A single image, another number of frames, or pixels of a size that does not compare.
    """
    if int(layer.ndim) < 3:
        raise SourceError(f"{layer.name!r} is a single image; choose a stack of frames.")
    data = as_lazy(level_data(layer, 0))
    axis, first = time_of(layer, data, kept)
    count = len(kept.motion.displacements)
    key: list[Any] = [slice(None)] * len(data.shape)
    key[axis] = slice(first, first + count)
    full = last_axes(layer, int(layer.ndim))
    corner = np.zeros(int(layer.ndim))
    corner[axis] = first
    moved = np.asarray(layer.data_to_world(corner)) - layer.data_to_world(0 * corner)
    full["translate"] = full["translate"] + moved
    look: dict[str, Any] = {"rgb": bool(layer.rgb)}
    if not layer.rgb:
        look |= {"colormap": layer.colormap.name, "contrast_limits": tuple(layer.contrast_limits)}
        look["gamma"] = float(layer.gamma)
    return Target(
        data=data[tuple(key)],
        axis=axis,
        rgb=bool(layer.rgb),
        motion=in_pixels_of(layer, kept),
        full={**full, **look},
        still={**without(full, axis), **look},
    )


def time_of(layer: Any, data: Any, kept: Kept) -> tuple[int, int]:
    """(time axis, first frame) where the motion fits the layer.

    Raises
    ------
    SourceError
        No axis has as many frames as the motion, or as the layer it was estimated on.
    """
    count = len(kept.motion.displacements)
    axes = [guess_time_axis(layer)]
    if kept.time_axis is not None and kept.time_axis < layer.ndim - 2:
        axes.insert(0, kept.time_axis)
    for axis in axes:
        if int(data.shape[axis]) == count:
            return axis, 0
        if int(data.shape[axis]) == kept.layer_frames:
            return axis, kept.first_frame
    raise SourceError(
        f"{layer.name!r} has {data.shape[axes[0]]} frames, the motion has {count}: "
        "they must be as many."
    )


def in_pixels_of(layer: Any, kept: Kept) -> Motion:
    """The motion in px of a layer's level 0; pixels of another size move by another number.

    Raises
    ------
    SourceError
        One has a unit of length and the other has not, so that sizes do not compare.
    """
    if kept.pixel_size is None:
        return kept.motion
    size, unit = pixel_size(layer, (1.0, 1.0))
    if (unit is None) != (kept.unit is None):
        raise SourceError(
            f"{layer.name!r} is in {unit or 'pixels'}, the motion in {kept.unit or 'pixels'}: "
            "pixel sizes do not compare. Give both layers the same kind of unit (layer.units)."
        )
    ratio = np.asarray(kept.pixel_size) / np.asarray(size)
    if unit is not None and unit != kept.unit:
        ratio = ratio * unit_ratio(kept.unit, layer)
    if np.allclose(ratio, 1, rtol=1e-6):
        return kept.motion
    return replace(kept.motion, displacements=kept.motion.displacements * ratio)


def unit_ratio(unit: str | None, layer: Any) -> float:
    """One `unit` in the unit of a layer's y axis."""
    theirs = layer.units[-2]
    registry: Any = theirs._REGISTRY  # units of two registries do not compare
    return float(registry.Quantity(1.0, unit).to(theirs).magnitude)


def without(full: dict[str, Any], axis: int) -> dict[str, Any]:
    """Layer arguments less one axis."""
    ndim = len(full["scale"])
    shear = np.asarray(full["shear"])
    if shear.ndim == 1:  # strictly upper triangle, row by row
        matrix = np.eye(ndim)
        matrix[np.triu_indices(ndim, 1)] = shear
        shear = matrix
    rest = [i for i in range(ndim) if i != axis]
    square = np.ix_(rest, rest)
    corner = np.ix_([*rest, ndim], [*rest, ndim])
    return {
        "scale": np.asarray(full["scale"])[rest],
        "translate": np.asarray(full["translate"])[rest],
        "rotate": np.asarray(full["rotate"])[square],
        "shear": shear[square],
        "affine": np.asarray(full["affine"])[corner],
        "units": tuple(full["units"][i] for i in rest),
        "axis_labels": tuple(full["axis_labels"][i] for i in rest),
    }


def planes_first(target: Target) -> Any:
    """The data as (T, …, Y, X): time first, colours before the other axes."""
    moved = np.moveaxis(target.data, target.axis, 0)
    return np.moveaxis(moved, -1, 1) if target.rgb else moved


def compensate(target: Target, progress: Progress, cancel: Event) -> Any:
    """The frames with the motion taken out, axes as in the layer; any thread.

    Lazy input gives a lazy array, of which nothing is computed yet.

    Raises
    ------
    Cancelled
        `cancel` was set.
    """
    import dask.array as da

    from napari_motionfft.motion.apply import apply_motion

    planes = planes_first(target)
    shape, others = planes.shape, planes.shape[1:-2]
    eager = isinstance(planes, np.ndarray)
    out: Any = np.empty(shape, planes.dtype) if eager else []
    step = block_frames((shape[0], *shape[-2:]))
    for number, index in enumerate(np.ndindex(*others)):
        plane = planes[(slice(None), *index)]
        if eager:
            plane = da.from_array(plane, chunks=(step, -1, -1), name=False)
        lazy = apply_motion(plane, target.motion)
        if not eager:
            out.append(lazy)
            continue
        for start in range(0, shape[0], step):
            if cancel.is_set():
                raise Cancelled("cancelled")
            done = (number + start / shape[0]) / int(np.prod(others))
            progress(done, "Taking the motion out")
            part = lazy[start : start + step].compute(scheduler="synchronous")
            out[(slice(start, start + step), *index)] = part
    if not eager:
        out = da.stack(out, axis=1).reshape(shape)
    out = np.moveaxis(out, 1, -1) if target.rgb else out
    return np.moveaxis(out, 0, target.axis)


def mean(target: Target, progress: Progress, cancel: Event) -> Any:
    """Mean along the motion, axes as in the layer less time, float32; any thread.

    Colours keep their type.

    Raises
    ------
    Cancelled
        `cancel` was set.
    """
    from napari_motionfft.motion.apply import integrate

    planes = planes_first(target)
    others = planes.shape[1:-2]
    count = int(np.prod(others))
    out = np.empty(planes.shape[1:], np.float32)
    for number, index in enumerate(np.ndindex(*others)):

        def told(fraction: float, message: str, number: int = number) -> None:
            progress((number + fraction) / count, message)

        plane = planes[(slice(None), *index)]
        out[index] = integrate(plane, target.motion, progress=told, cancel=cancel)
    if not target.rgb:
        return out
    if target.data.dtype.kind in "iu":
        info = np.iinfo(target.data.dtype)
        out = np.rint(out).clip(info.min, info.max).astype(target.data.dtype)
    return np.moveaxis(out, 0, -1)
