"""What a run on strips was asked to do, checked."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.arguments import one_of, whole_frames
from napari_motionfft.motion.device import choose_device
from napari_motionfft.motion.job import Check, Progress, reporter
from napari_motionfft.motion.strips.lines import MIN_FRAMES, Lines, as_lines
from napari_motionfft.motion.weights import weight_names


@dataclass(frozen=True)
class StripJob:
    """A run's kymographs, settings and place.

    Attributes
    ----------
    strips
        The kymographs.
    window, hop
        Frames of a window and between windows; None = all frames of each kymograph.
    max_speed
        Search range in px/frame; None = a quarter of the strip a frame.
    asked
        The settings as plain data: they go into the results.
    dt, dx, time_unit, length_unit
        What a frame and a pixel are.
    """

    strips: tuple[Lines, ...]
    window: int | None
    hop: int | None
    max_speed: float | None
    asked: dict[str, Any]
    dt: float | None
    dx: tuple[float | None, ...]
    time_unit: str
    length_unit: str
    device: torch.device
    check: Check

    @property
    def static(self) -> bool:
        """The still pattern is taken out first."""
        return bool(self.asked["background"] == "static")

    @property
    def periodic(self) -> bool:
        """Content that leaves the strip comes in at its other end."""
        return bool(self.asked["boundary"] == "periodic")

    def frames(self, strip: int) -> int:
        """Frames of a window of one strip."""
        return self.window or self.strips[strip].count

    def limit(self, strip: int) -> float:
        """Search range of one strip in px/frame."""
        return self.max_speed or self.strips[strip].length / 4

    def starts(self, strip: int) -> torch.Tensor:
        """(W,) first frame of each window of one strip."""
        n = self.frames(strip)
        hop = self.hop or max(1, n // 2)
        return torch.arange(0, self.strips[strip].count - n + 1, hop)


def plan_strips(
    kymographs: dict[str, Any],
    window: Any,
    hop: Any,
    max_speed: Any,
    weight: str,
    background: str,
    boundary: str,
    dt: Any,
    dx: Any,
    time_unit: str,
    length_unit: str,
    device: str,
    progress: Progress | None,
    cancel: Event | None,
) -> StripJob:
    """Check every argument of `estimate_strip_motion` before any work.

    Parameters
    ----------
    kymographs
        Name for messages → (T, L) array.
    dx
        One number for all, or one a kymograph.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    lengths = check_settings(
        window, hop, max_speed, weight, background, boundary, dt, dx, len(kymographs)
    )
    for name, unit in (("time_unit", time_unit), ("length_unit", length_unit)):
        if not isinstance(unit, str) or not unit:
            raise TypeError(f"{name} must be a text such as 's' or 'µm', got {unit!r}")
    strips = tuple(as_lines(data, name) for name, data in kymographs.items())
    fewest = min(strip.count for strip in strips)
    window = whole_frames("window", window, MIN_FRAMES, fewest)
    hop = whole_frames("hop", hop, 1, None)
    shortest = min(strip.length for strip in strips)
    if max_speed is not None:
        max_speed = float(max_speed)
        if max_speed > shortest / 2:
            raise ValueError(
                f"max_speed must be at most half the strip, {shortest / 2:g} px/frame: "
                f"faster motion cannot be followed from frame to frame; got {max_speed:g}"
            )
    asked = {
        "window": window,
        "hop": hop,
        "max_speed": max_speed,
        "weight": weight,
        "background": background,
        "boundary": boundary,
        "device": device,
    }
    return StripJob(
        strips,
        window,
        hop,
        max_speed,
        asked,
        None if dt is None else float(dt),
        lengths,
        time_unit,
        length_unit,
        choose_device(device),
        reporter(progress, cancel),
    )


def positive(name: str, value: Any, what: str) -> float:
    """A finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number ({what}) or None, got {value!r}")
    if not 0 < float(value) < np.inf:
        raise ValueError(f"{name} must be above 0 and finite ({what}), got {value!r}")
    return float(value)


def check_settings(
    window: Any,
    hop: Any,
    max_speed: Any,
    weight: Any,
    background: Any,
    boundary: Any,
    dt: Any,
    dx: Any,
    count: int,
) -> tuple[float | None, ...]:
    """What can be told of the settings before any line is read; the pixel length of each strip.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    for name, value, allowed in (
        ("weight", weight, weight_names()),
        ("background", background, ("none", "static")),
        ("boundary", boundary, ("crop", "periodic")),
    ):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        one_of(name, value, allowed)
    whole_frames("window", window, MIN_FRAMES, None)
    whole_frames("hop", hop, 1, None)
    if hop is not None and window is None:
        raise ValueError("hop needs a window: without one all frames are one window")
    if max_speed is not None:
        positive("max_speed", max_speed, "px/frame")
    if dt is not None:
        positive("dt", dt, "time a frame")
    lengths = dx if isinstance(dx, (list, tuple, np.ndarray)) else (dx,) * count
    if len(lengths) != count:
        raise ValueError(f"dx must be one number, or one for each of {count} paths")
    return tuple(None if each is None else positive("dx", each, "length a px") for each in lengths)
