"""What lies along a known track, marked or taken out."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from napari_motionfft.motion.faint.matched import SIGMA, Matched
from napari_motionfft.motion.faint.result import Mover
from napari_motionfft.motion.frames import Box


def reach(mover: Mover) -> float:
    """px from its track at which an object is down to nothing."""
    bright = math.sqrt(2 * math.log(30 * max(mover.score, 1.0)))
    return mover.size * max(1.5, SIGMA * bright)


def squares(
    mover: Mover, box: Box, shape: tuple[int, int, int], bin_: int
) -> Iterator[tuple[int, slice, slice, torch.Tensor]]:
    """Frame, rows, columns of a square about the object, and the px of it that are near (n, m).

    Parameters
    ----------
    shape
        (T, h, w) of the binned frames of the box.
    """
    count, height, width = shape
    radius = reach(mover) / bin_ + 0.5
    for t, (y, x) in enumerate(mover.track(count)):
        # a binned px holds bin px, the first of which is its px 0
        at = [(p - side[0] - (bin_ - 1) / 2) / bin_ for p, side in zip((y, x), box, strict=True)]
        spans = []
        for centre, n in zip(at, (height, width), strict=True):
            start, stop = math.ceil(centre - radius), math.floor(centre + radius) + 1
            spans.append((min(max(start, 0), n), min(max(stop, 0), n)))
        (y0, y1), (x0, x1) = spans
        if y0 < y1 and x0 < x1:
            rows, columns = torch.arange(y0, y1) - at[0], torch.arange(x0, x1) - at[1]
            near = rows[:, None].square() + columns.square() <= radius**2
            yield t, slice(y0, y1), slice(x0, x1), near


def take_out(seen: Matched, mover: Mover, box: Box) -> None:
    """Set the frames to zero around an object."""
    count, height, width = seen.signal.shape
    for t, rows, columns, near in squares(mover, box, (count, height, width), seen.bin):
        seen.signal[t, rows, columns].masked_fill_(near.to(seen.signal.device), 0.0)


def mark(away: torch.Tensor, mover: Mover, box: Box) -> None:
    """Set (T, h, w) to true around an object."""
    count, height, width = away.shape
    for t, rows, columns, near in squares(mover, box, (count, height, width), 1):
        away[t, rows, columns] |= near.to(away.device)
