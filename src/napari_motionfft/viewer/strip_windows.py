"""The windows of a strip's motion as pieces of time, and its velocity at every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.strip_peaks import sure, switches


def pieces(motion: StripMotion) -> Array:
    """(W + 1,) frames where one window's piece of time ends and the next one's begins.

    Windows overlap: a piece reaches half way to the neighbours' centres. The first and the last
    reach to the ends of their windows.
    """
    centres = motion.centres
    ends = (centres[:-1] + centres[1:]) / 2
    first, last = float(motion.starts[0]), float(motion.starts[-1] + motion.window - 1)
    return np.concatenate([[first], ends, [last]])


def nearest(motion: StripMotion, frames: Array) -> NDArray[np.intp]:
    """Window whose piece a frame is in; the first and the last one's beyond the ends."""
    return np.searchsorted(pieces(motion)[1:-1], np.asarray(frames, dtype=np.float64))


def at_frames(motion: StripMotion) -> tuple[Array, NDArray[np.bool_]]:
    """Velocity at each of the T frames in px/frame, and whether the data support it there.

    Between the centres of neighbouring windows that are both supported, and of one motion, it goes
    straight from one to the other; else a frame has the velocity of its own window.
    """
    frames = np.arange(motion.shape[0], dtype=np.float64)
    own = nearest(motion, frames)
    supported = sure(motion)
    velocity = np.array(motion.velocities[own], dtype=np.float64)
    centres = motion.centres
    if len(centres) > 1:
        left = np.clip(np.searchsorted(centres, frames, side="right") - 1, 0, len(centres) - 2)
        both = supported[left] & supported[left + 1] & ~switches(motion)[left]
        between = both & (frames >= centres[0]) & (frames <= centres[-1])
        line = np.interp(frames, centres, np.where(supported, motion.velocities, 0.0))
        velocity[between] = line[between]
    return velocity, np.asarray(supported[own], dtype=bool)


def runs_of(
    flags: NDArray[np.bool_], breaks: NDArray[np.bool_] | None = None
) -> list[tuple[int, int]]:
    """(start, stop) of stretches to draw in one: neighbours that are true; each false alone.

    `breaks` (W − 1,) is where a stretch ends although both neighbours are true.
    """
    stretches: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        on = index > 0 and flag and flags[index - 1]
        if on and (breaks is None or not breaks[index - 1]):
            stretches[-1] = (stretches[-1][0], index + 1)
        else:
            stretches.append((index, index + 1))
    return stretches
