"""What a search for moving objects was asked to do, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.arguments import one_of, whole_frames
from napari_motionfft.motion.device import choose_device
from napari_motionfft.motion.faint.matched import FINEST
from napari_motionfft.motion.frames import Box, Frames, as_box, as_frames, box_shape
from napari_motionfft.motion.job import Check, Progress, check_varies, reporter

AUTO = (2.5, 4.5, 8.0)
"""px: with these no round object of 2 to 10 px loses more than a tenth of its score."""

SMALLEST, LARGEST = 2.0, 64.0
"""px: limits of an object's full width at half maximum."""

WORK = 4e9
"""Pixels of stacks that a search goes through unless it is asked to go faster than that allows."""

TRAIL = 2.0
"""Widths that an object must travel, or what stands still takes it out."""

FEWEST = 3
"""Parts of the field a side, of which the middle one is noise where few objects move."""

ROOM = 2**29
"""Values of a stack that are worked on: several times 2 GiB."""


@dataclass(frozen=True)
class Hunt:
    """A search's stack, settings and place.

    Attributes
    ----------
    frames, box
        The stack and the region in px.
    sizes
        Widths of object in px.
    fastest
        px/frame, an axis.
    slowest
        px/frame; None is `TRAIL` widths over the stack.
    """

    frames: Frames
    box: Box
    sizes: tuple[float, ...]
    fastest: float
    slowest: float | None
    tile: int
    static: bool
    false_alarm: float
    asked: dict[str, Any]
    device: torch.device
    check: Check
    notes: tuple[str, ...]

    @property
    def tiles(self) -> tuple[int, int]:
        """Tiles down and across, all of one size."""
        rows, columns = (max(1, round(n / self.tile)) for n in box_shape(self.box))
        return rows, columns

    @property
    def parts(self) -> tuple[int, int]:
        """Parts of the field, down and across, that tell how high noise comes."""
        return max(FEWEST, self.tiles[0]), max(FEWEST, self.tiles[1])

    def slowest_of(self, size: float) -> float:
        """px/frame from which objects of a size are looked for."""
        usual = TRAIL * size / self.frames.count
        return usual if self.slowest is None else self.slowest


def plan_hunt(
    stack: Any,
    region: Any,
    max_speed: Any,
    min_speed: Any,
    size: Any,
    tile: Any,
    background: str,
    false_alarm: Any,
    device: str,
    progress: Progress | None,
    cancel: Any,
) -> Hunt:
    """Check every argument of `find_movers` before any work.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    frames = as_frames(stack)
    if frames.count < 4:
        raise ValueError(f"stack must have at least 4 frames to search, got {frames.count}")
    box = as_box(region, frames.shape)
    shape = box_shape(box)
    if frames.count * shape[0] * shape[1] > ROOM:
        raise ValueError(
            f"stack is too big to search at once, {frames.count} frames of {shape[0]}×{shape[1]} "
            "px: give a region, or fewer frames"
        )
    one_of("background", background, ("static", "none"))
    sizes = checked_sizes(size, shape)
    notes: tuple[str, ...] = ()
    fastest = speed("max_speed", max_speed, 0.0, min(shape) / 2)
    if fastest is None:
        fastest, cut = usual_speed(shape, frames.count, min(sizes))
        if cut:
            notes = (f"searched up to {fastest:.2g} px/frame an axis; give max_speed for more",)
    slowest = speed("min_speed", min_speed, 0.0, np.inf, zero=True)
    hunt = Hunt(
        frames,
        box,
        sizes,
        fastest,
        slowest,
        whole_frames_like("tile", tile, 16),
        background == "static",
        probability(false_alarm),
        {
            "region": [list(side) for side in box],
            "max_speed": fastest,
            "min_speed": slowest,
            "size": list(sizes),
            "tile": tile,
            "background": background,
            "false_alarm": float(false_alarm),
            "device": device,
            "frames": frames.count,
        },
        choose_device(device),
        reporter(progress, cancel),
        notes,
    )
    if hunt.slowest_of(min(sizes)) >= fastest:
        raise ValueError(
            f"max_speed must be above min_speed, {hunt.slowest_of(min(sizes)):.3g} px/frame "
            f"(by default what takes an object {TRAIL:g} widths in all frames), got {fastest:.3g}"
        )
    check_varies(frames, box)
    return hunt


def checked_sizes(size: Any, shape: tuple[int, int]) -> tuple[float, ...]:
    """The widths to look for, ascending.

    Raises
    ------
    TypeError, ValueError
        Not "auto", a number of px, or a list of them; or out of range.
    """
    most = min(LARGEST, min(shape) / 4)
    if isinstance(size, str):
        if size != "auto":
            raise ValueError(f"size must be 'auto', a width in px or a list of them, got {size!r}")
        return tuple(s for s in AUTO if s <= most)
    many = size if isinstance(size, (list, tuple, np.ndarray)) else [size]
    if not len(many) or not all(is_number(s) for s in many):
        raise TypeError(f"size must be 'auto', a width in px or a list of them, got {size!r}")
    if not all(SMALLEST <= s <= most for s in many):
        raise ValueError(f"size must be {SMALLEST:g} to {most:g} px, got {size!r}")
    return tuple(sorted({float(s) for s in many}))


def is_number(value: Any) -> bool:
    """A real number, and no bool."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def speed(name: str, value: Any, least: float, most: float, zero: bool = False) -> float | None:
    """A speed in px/frame, or None.

    Raises
    ------
    TypeError, ValueError
        Neither, or out of range.
    """
    if value is None:
        return None
    if not is_number(value):
        raise TypeError(f"{name} must be a number of px/frame or None, got {value!r}")
    if not (least <= value if zero else least < value) or not value <= most:
        upto = "" if np.isinf(most) else f" and at most half the field, {most:g} px/frame"
        raise ValueError(f"{name} must be {'0 or more' if zero else 'above 0'}{upto}, got {value}")
    return float(value)


def usual_speed(shape: tuple[int, int], frames: int, size: float) -> tuple[float, bool]:
    """Half the shorter side in all frames, or what `WORK` allows; and whether it was that."""
    wanted = min(shape) / 2 / frames
    bin_ = max(1, int(size / FINEST))
    area = shape[0] * shape[1] / bin_**2
    allowed = bin_ * (WORK / area) ** 0.5 / frames  # (fastest·frames/bin)² velocities
    return min(wanted, allowed), allowed < wanted


def whole_frames_like(name: str, value: Any, least: int) -> int:
    """A whole number of px.

    Raises
    ------
    TypeError, ValueError
        It is none, or too small.
    """
    if value is None or isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number of px, got {value!r}")
    found = whole_frames(name, value, least, None)
    assert found is not None
    return found


def probability(value: Any) -> float:
    """A probability above 0 and below 1.

    Raises
    ------
    TypeError, ValueError
        It is none.
    """
    if not is_number(value):
        raise TypeError(f"false_alarm must be a number between 0 and 1, got {value!r}")
    if not 0 < value < 1:
        raise ValueError(f"false_alarm must be between 0 and 1, got {value!r}")
    return float(value)


def read(hunt: Hunt) -> torch.Tensor:
    """The frames of the region, (T, h, w) float32 on the device."""
    parts = []
    for start, stop in hunt.frames.blocks(16):
        hunt.check(0.05 * start / hunt.frames.count, "Reading frames")
        parts.append(hunt.frames.read(start, stop, hunt.box).to(hunt.device))
    return torch.cat(parts)
