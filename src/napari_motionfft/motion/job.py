"""What one run was asked to do, checked, and what its stages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import torch

from napari_motionfft.motion.arguments import (
    check_track,
    checked_frame_weights,
    checked_weight,
    default_speed,
    one_of,
    sizes,
    speed_limit,
    whole_frames,
)
from napari_motionfft.motion.device import choose_device, frames_per_block
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.filters import PREFILTERS
from napari_motionfft.motion.frames import Box, Frames, as_box, as_frames, box_shape
from napari_motionfft.motion.trajectory import MODELS

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
    mask
        (h, w) float32 of the region: what each pixel of a travelling window counts; None: all
        alike.
    """

    frames: Frames
    box: Box
    asked: dict[str, Any]
    weight: str | torch.Tensor
    device: torch.device
    block: int
    check: Check
    frame_weights: torch.Tensor | None = None
    mask: torch.Tensor | None = None

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
    track: bool = False,
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
    check_track(track, shape, frames.shape, boundary, canvas, kind)
    chosen = choose_device(device)
    asked = {
        "model": model,
        "region": [list(side) for side in box],
        "max_speed": speed_limit(max_speed, shape, frames.count, bool(track)),
        "weight": weight if isinstance(weight, str) else "array",
        "background": background,
        "boundary": boundary,
        "prefilter": prefilter,
        "device": device,
        "frames": frames.count,
        "effort": effort,
        "frame_weights": kind,
        "canvas": canvas,
        "track": bool(track),
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


def within(check: Check, low: float, high: float) -> Check:
    """Report a stage's own 0…1 as its share of another."""
    return lambda fraction, message: check(low + (high - low) * fraction, message)


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
