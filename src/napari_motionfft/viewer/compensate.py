"""Frames of a layer with a motion taken out or put in, lazily, and their mean along it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.lazy import block_frames, sliced
from napari_motionfft.viewer.targets import Target
from napari_motionfft.viewer.worker import Progress


@dataclass(frozen=True)
class Options:
    """How to move a layer.

    Attributes
    ----------
    interpolation
        "fourier", "bicubic", "linear" or "nearest"; labels are always moved by "nearest".
    fill
        Value where the field does not reach.
    inverse
        Put the motion in, instead of taking it out.
    lazy
        Compute a frame when it is shown; otherwise all of them now.
    """

    interpolation: str = "fourier"
    fill: float = 0.0
    inverse: bool = False
    lazy: bool = True


def planes_first(target: Target, data: Any) -> Any:
    """The data as (T, …, Y, X): time first, colours before the other axes."""
    moved = np.moveaxis(data, target.axis, 0)
    return np.moveaxis(moved, -1, 1) if target.rgb else moved


def compensate(
    target: Target, progress: Progress, cancel: Event, options: Options | None = None
) -> Any:
    """The frames with the motion taken out, or put in, axes as in the layer; any thread.

    Lazy: a dask array, of which nothing is computed yet. A list of arrays, one a level, for a
    multiscale layer.

    Raises
    ------
    ValueError
        A fill value or an interpolation that does not fit.
    Cancelled
        `cancel` was set.
    """
    options = Options() if options is None else options
    levels = [(target.data, target.motion), *target.lower]
    out = []
    for number, (data, motion) in enumerate(levels):

        def told(fraction: float, message: str, number: int = number) -> None:
            progress((number + fraction) / len(levels), message)

        planes = planes_first(target, data)
        check_finite(planes, target.kind, options)
        planes = compensated(planes, motion, target.kind, options)
        if not options.lazy:
            planes = computed(planes, told, cancel)
        planes = np.moveaxis(planes, 1, -1) if target.rgb else planes
        out.append(np.moveaxis(planes, 0, target.axis))
    return out if target.lower else out[0]


def check_finite(planes: Any, kind: str, options: Options) -> None:
    """Refuse NaN now, not when a frame is shown: of what lies on disk, in the first frame.

    Raises
    ------
    ValueError
        There is NaN or inf, which would spread over the frame.
    """
    if (
        kind == "labels"
        or planes.dtype.kind != "f"
        or options.interpolation in ("linear", "nearest")
    ):
        return
    frames = planes if isinstance(planes, np.ndarray) else [np.asarray(planes[0])]
    for frame in frames:
        if not np.isfinite(frame).all():
            raise ValueError(
                "The frames hold NaN or inf: choose the linear or the nearest interpolation, "
                "or fill these first."
            )


def compensated(planes: Any, motion: Motion, kind: str, options: Options) -> Any:
    """(T, …, Y, X) → the same as a lazy array, with the motion taken out or put in."""
    import dask.array as da

    from napari_motionfft.motion.apply import apply_motion

    shape, others = planes.shape, planes.shape[1:-2]
    if isinstance(planes, np.ndarray):
        # labels are painted on in place: a result that is made later needs its own
        planes = planes.copy() if kind == "labels" and options.lazy else planes
        # a frame to a chunk: that is what is shown
        planes = sliced(planes, (1, *(1 for _ in others), -1, -1))
    arguments: dict[str, Any] = {"fill": options.fill, "inverse": options.inverse}
    arguments["interpolation"] = "nearest" if kind == "labels" else options.interpolation
    out = [
        apply_motion(planes[(slice(None), *index)], motion, **arguments)
        for index in np.ndindex(*others)
    ]
    return da.stack(out, axis=1).reshape(shape)


def computed(planes: Any, progress: Progress, cancel: Event) -> NDArray[Any]:
    """A lazy (T, …, Y, X) in memory, some frames at a time."""
    out: NDArray[Any] = np.empty(planes.shape, planes.dtype)
    step = block_frames(planes.shape)
    for start in range(0, len(out), step):
        if cancel.is_set():
            raise Cancelled("cancelled")
        progress(start / len(out), "Moving the frames")
        part = slice(start, start + step)
        out[part] = planes[part].compute(scheduler="synchronous")
    return out


def mean(target: Target, progress: Progress, cancel: Event) -> Any:
    """Mean along the motion, axes as in the layer less time, float32; any thread.

    Colours keep their type.

    Raises
    ------
    Cancelled
        `cancel` was set.
    """
    from napari_motionfft.motion.apply import integrate

    planes = planes_first(target, target.data)
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
