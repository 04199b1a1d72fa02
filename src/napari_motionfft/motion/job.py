"""What one run was asked to do, checked, and what its stages share."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.device import choose_device, frames_per_block
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.filters import PREFILTERS
from napari_motionfft.motion.frames import Box, Frames, as_box, as_frames, box_shape
from napari_motionfft.motion.trajectory import MODELS
from napari_motionfft.motion.weights import weight_names

Progress = Callable[[float, str], object]
Check = Callable[[float, str], None]


EFFORTS = ("fast", "balanced", "precise")
"""What `effort=` takes."""


@dataclass(frozen=True)
class Job:
    """A run's input, settings and place.

    Attributes
    ----------
    frames, box
        The stack and the region in px.
    asked
        The settings as plain data: they go into the result.
    weight
        A name of the registry, or (Y, X//2+1) float64 over the region's half plane.
    device, block
        Where the spectra are made, and how many frames at a time.
    check
        Reports (fraction, message) and raises `Cancelled` when asked to stop.
    frame_weights
        (T,) float64 that the user gave; None where `asked` names them.
    """

    frames: Frames
    box: Box
    asked: dict[str, Any]
    weight: str | torch.Tensor
    device: torch.device
    block: int
    check: Check
    frame_weights: torch.Tensor | None = None

    @property
    def periodic(self) -> bool:
        """Content that leaves the frame comes in opposite."""
        return bool(self.asked["boundary"] == "periodic")

    @property
    def static(self) -> bool:
        """The temporal mean is subtracted first."""
        return bool(self.asked["background"] == "static")

    @property
    def prefilter(self) -> str:
        """What the estimate looks at instead of the frames themselves; "none" for these."""
        return str(self.asked["prefilter"])

    def stage(self, low: float, high: float) -> Check:
        """Report a stage's own 0…1 as its share of the whole run."""
        return within(self.check, low, high)


def plan(
    stack: Any,
    model: str,
    region: tuple[slice, slice] | None,
    max_speed: float | None,
    weight: Any,
    background: str,
    boundary: str,
    prefilter: str,
    device: str,
    progress: Progress | None,
    cancel: Event | None,
    *,
    degree: int | None = None,
    knots: int | None = None,
    binning: int | None = None,
    effort: str = "balanced",
    frame_weights: Any = "none",
    canvas: str = "frame",
) -> Job:
    """Check every argument of `estimate_motion` before any work.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    frames = as_frames(stack)
    box = as_box(region, frames.shape)
    shape = box_shape(box)
    one_of("model", model, MODELS)
    one_of("background", background, ("none", "static"))
    one_of("boundary", boundary, ("crop", "periodic"))
    one_of("prefilter", prefilter, ("none", *PREFILTERS))
    one_of("effort", effort, EFFORTS)
    one_of("canvas", canvas, ("frame", "union"))
    if model == "spline" and frames.count < 5:
        raise ValueError(f"model='spline' needs at least 5 frames, got {frames.count}")
    size = sizes(model, frames.count, degree=degree, knots=knots, binning=binning)
    kind, given = checked_frame_weights(frame_weights, frames.count)
    if boundary == "periodic" and shape != frames.shape:
        raise ValueError("boundary='periodic' needs the whole frame: region must be None")
    chosen = choose_device(device)
    asked = {
        "model": model,
        "region": [list(side) for side in box],
        "max_speed": speed_limit(max_speed, shape, frames.count),
        "weight": weight if isinstance(weight, str) else "array",
        "background": background,
        "boundary": boundary,
        "prefilter": prefilter,
        "device": device,
        "frames": frames.count,
        "effort": effort,
        "frame_weights": kind,
        "canvas": canvas,
        **size,
    }
    check_varies(frames, box)
    return Job(
        frames,
        box,
        asked,
        checked_weight(weight, shape),
        chosen,
        frames_per_block(shape, chosen),
        reporter(progress, cancel),
        given,
    )


def sizes(model: str, frames: int, **given: Any) -> dict[str, int]:
    """The sizes of models that the user gave, by name; none where the data are to choose.

    Raises
    ------
    TypeError, ValueError
        One is no whole number within the frames, or belongs to another model.
    """
    owner = {"degree": "polynomial", "knots": "spline", "binning": "free"}
    most = {"degree": min(12, frames - 1), "knots": max(1, frames // 2), "binning": frames // 2}
    found = {}
    for name, value in given.items():
        if value is None:
            continue
        if model not in (owner[name], "auto"):
            raise ValueError(f"{name} is for model={owner[name]!r}, got model={model!r}")
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name} must be a whole number or None, got {value!r}")
        if not 1 <= value <= most[name]:
            raise ValueError(
                f"{name} must be 1 to {most[name]} for {frames} frames, got {operator.index(value)}"
            )
        found[name] = operator.index(value)
    return found


def checked_frame_weights(value: Any, frames: int) -> tuple[str, torch.Tensor | None]:
    """A name, or "array" and the (T,) non-negative float64 weights that were given."""
    names = ("none", "geometric", "sharpness")
    if isinstance(value, str):
        one_of("frame_weights", value, names)
        return value, None
    try:
        weights = np.asarray(value)
    except (TypeError, ValueError):
        weights = np.zeros(0)
    if weights.dtype.kind not in "biuf":
        weights = np.zeros(0)
    weights = weights.astype(np.float64)
    if weights.shape != (frames,):
        raise ValueError(
            f"frame_weights must be one of {', '.join(names)}, or ({frames},) numbers, one a "
            f"frame; got {value!r:.60}"
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights > 0).sum() < 2:
        raise ValueError("frame_weights must be finite, not negative, and above 0 for two frames")
    return "array", torch.from_numpy(weights.copy())


def whole_frames(name: str, value: Any, least: int, most: int | None) -> int | None:
    """A whole number of frames within limits, or None."""
    if value is None:
        return None
    try:
        frames = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        frames = None
    if frames is None:
        raise TypeError(f"{name} must be a whole number of frames or None, got {value!r}")
    if frames < least or (most is not None and frames > most):
        upto = "" if most is None else f" to {most}, the frames there are"
        raise ValueError(f"{name} must be {least}{upto or ' or more'}, got {frames}")
    return frames


def windowed(job: Job, window: Any, hop: Any, max_speed: Any) -> tuple[Job, int, int]:
    """The job with the search range of its windows; frames of a window and between windows.

    Raises
    ------
    TypeError, ValueError
        `window` or `hop` is not what it takes.
    """
    frames = whole_frames("window", window, 2, job.frames.count)
    step = whole_frames("hop", hop, 1, None)
    if frames is None:
        raise ValueError("hop needs a window: without one all frames are one window")
    if max_speed is None:
        range_ = default_speed(box_shape(job.box), frames)
        job = replace(job, asked={**job.asked, "max_speed": range_})
    return job, frames, step or max(1, frames // 2)


def default_speed(shape: tuple[int, int], frames: int) -> float:
    """Search range in px/frame: one field a stack, at least 4, at most a quarter field a frame."""
    side = min(shape)
    return float(min(max(4.0, side / frames), side / 4))


def within(check: Check, low: float, high: float) -> Check:
    """Report a stage's own 0…1 as its share of another."""
    return lambda fraction, message: check(low + (high - low) * fraction, message)


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not among the allowed ones."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def checked_weight(weight: Any, shape: tuple[int, int]) -> str | torch.Tensor:
    """A name of the registry, or a non-negative (Y, X//2+1) array as float64."""
    if isinstance(weight, str):
        one_of("weight", weight, weight_names())
        return weight
    half = np.asarray(weight)
    wanted = (shape[0], shape[1] // 2 + 1)
    if half.shape != wanted or half.dtype.kind not in "biuf":
        raise ValueError(
            f"weight must be one of {', '.join(weight_names())}, or a real array {wanted}; "
            f"got {half.dtype} {half.shape}"
        )
    if not np.isfinite(half).all() or (half < 0).any() or not half.any():
        raise ValueError("weight must be finite, non-negative and not all zero")
    return torch.from_numpy(half.astype(np.float64))


def speed_limit(max_speed: Any, shape: tuple[int, int], frames: int) -> float:
    """The search range in px/frame, given or by default."""
    if max_speed is None:
        return default_speed(shape, frames)
    if isinstance(max_speed, bool) or not isinstance(max_speed, (int, float, np.number)):
        raise TypeError(f"max_speed must be a number of px/frame or None, got {max_speed!r}")
    if not 0 < max_speed <= min(shape) / 2:
        raise ValueError(
            "max_speed must be above 0 and at most half the field, "
            f"{min(shape) / 2:g} px/frame, got {max_speed!r}"
        )
    return float(max_speed)


def velocity_grids(vy: Any, vx: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Two ascending 1-D grids in px/frame as float64, or None when neither is given."""
    if vy is None and vx is None:
        return None
    grids = []
    for name, given in (("vy", vy), ("vx", vx)):
        try:
            values = np.asarray(given if given is not None else np.nan, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.asarray(np.nan)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ValueError(f"{name} must be a 1-D array of velocities in px/frame, got {given!r}")
        if (np.diff(values) <= 0).any():
            raise ValueError(f"{name} must be ascending")
        grids.append(torch.from_numpy(values))
    return grids[0], grids[1]


def check_varies(frames: Frames, box: Box) -> None:
    """Refuse a stack with nothing to track.

    Raises
    ------
    ValueError
        Every frame is constant in the region.
    """
    for t in dict.fromkeys((0, frames.count // 2, frames.count - 1, *range(frames.count))):
        values = frames.read(t, t + 1, box)
        if float(values.max() - values.min()) > 0:
            return
    raise ValueError("stack is constant in the region: there is nothing to track")


def reporter(progress: Progress | None, cancel: Event | None) -> Check:
    """One callable that reports progress, never backwards, and stops when cancelled.

    Raises
    ------
    TypeError
        `progress` cannot be called, or `cancel` is no event.
    """
    if progress is not None and not callable(progress):
        raise TypeError(f"progress must be callable(fraction, message) or None, got {progress!r}")
    if cancel is not None and not hasattr(cancel, "is_set"):
        raise TypeError(f"cancel must be a threading.Event or None, got {cancel!r}")
    furthest = 0.0

    def check(fraction: float, message: str) -> None:
        nonlocal furthest
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled")
        furthest = max(furthest, fraction)
        if progress is not None:
            progress(furthest, message)

    return check
