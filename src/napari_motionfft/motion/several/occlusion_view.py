"""The frames of a region as one velocity sees them: what moves with it stands still."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from napari_motionfft.motion.canvas import SLACK
from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.integrate import shift_part
from napari_motionfft.motion.job import Job

LARGEST = 2**26
"""Pixels that a canvas may have: about a dozen images of its size are kept."""


@dataclass
class View:
    """Frames shifted back by the sub-pixel part of v·t, and a canvas for them at whole px.

    Pixel i of the window of frame t shows what lies at i + origin − whole_t on the canvas, and
    comes from i + part_t in the frame.

    Attributes
    ----------
    velocity
        (2,) px/frame.
    whole, part
        (T, 2) px: v·t rounded, and the rest.
    begin
        (T, 2) int: where each window begins on the canvas.
    corner
        (2,) int: where the canvas begins, in px of frame 0 from the region's corner.
    shape
        (h, w) of the canvas.
    times
        (T,) frames from the middle of the stack.
    """

    job: Job
    velocity: torch.Tensor
    whole: torch.Tensor
    part: torch.Tensor
    begin: torch.Tensor
    corner: torch.Tensor
    shape: tuple[int, int]
    times: torch.Tensor
    _kept: dict[int, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job, velocity: torch.Tensor) -> View:
        """The view of a velocity (2,) px/frame.

        Raises
        ------
        ValueError
            What the region sees on its way is too large for any memory.
        """
        t = torch.arange(job.frames.count, dtype=torch.float64)
        path = t[:, None] * velocity
        whole = torch.round(path)
        corner = -whole.amax(0).long()
        height, width = box_shape(job.box)
        travel = (whole.amax(0) - whole.amin(0)).long().tolist()
        shape = height + travel[0], width + travel[1]
        if shape[0] * shape[1] > LARGEST:
            raise ValueError(
                f"the region would see {shape[0]} × {shape[1]} px along a motion of "
                f"({velocity[0]:.3g}, {velocity[1]:.3g}) px/frame: use fewer frames"
            )
        begin = (-whole).long() - corner
        return cls(job, velocity, whole, path - whole, begin, corner, shape, t - (len(t) - 1) / 2)

    @property
    def size(self) -> int:
        """Frames at a time: a pass keeps a dozen arrays of a block."""
        return max(1, self.job.block // 4)

    def blocks(self) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor]]:
        """(frames, (n, Y, X) values, (n, Y, X) 1 where the frame sees the pixel, else 0)."""
        frames, size = self.job.frames, self.size
        height, width = box_shape(self.job.box)
        keep = frames.count * height * width * 4 <= memory_budget(self.job.device) // 4
        for start, stop in frames.blocks(size):
            rows = slice(start, stop)
            if start in self._kept:
                values = self._kept[start]
            else:
                values = frames.filtered(start, stop, self.job.box, self.job.prefilter)
                values = shift_part(values.to(self.job.device), self.part[rows])
                if keep:
                    self._kept[start] = values
            yield rows, values, self.seen(rows).to(values)

    def seen(self, rows: slice) -> torch.Tensor:
        """(n, Y, X) bool: which pixels of a window lie on the frame."""
        sides = []
        for axis, size in enumerate(box_shape(self.job.box)):
            place = torch.arange(size)[None] + self.part[rows, axis, None]
            sides.append((place >= -SLACK) & (place <= size - 1 + SLACK))
        return sides[0][:, :, None] & sides[1][:, None, :]

    def windows(self, canvas: torch.Tensor, rows: slice) -> torch.Tensor:
        """What each of some frames sees of an image on the canvas, (n, Y, X)."""
        height, width = box_shape(self.job.box)
        places = self.begin[rows].tolist()
        return torch.stack([canvas[y : y + height, x : x + width] for y, x in places])

    def add(self, canvas: torch.Tensor, values: torch.Tensor, rows: slice) -> None:
        """Add (n, Y, X) of some frames to an image on the canvas, in place."""
        height, width = box_shape(self.job.box)
        for (y, x), one in zip(self.begin[rows].tolist(), values, strict=True):
            canvas[y : y + height, x : x + width] += one

    def blank(self) -> torch.Tensor:
        """An empty canvas."""
        return torch.zeros(self.shape, device=self.job.device)

    def of_region(self, canvas: torch.Tensor) -> torch.Tensor:
        """The part of a canvas that is the region in frame 0, (Y, X)."""
        return self.windows(canvas, slice(0, 1))[0]

    def placed(self, canvas: torch.Tensor, other: View, fill: float) -> torch.Tensor:
        """An image of another view's canvas at the same places of this one's."""
        out = torch.full(self.shape, fill, device=canvas.device)
        shift = (other.corner - self.corner).tolist()
        low = [max(0, s) for s in shift]
        high = [
            min(mine, theirs + s)
            for mine, theirs, s in zip(self.shape, canvas.shape, shift, strict=True)
        ]
        out[low[0] : high[0], low[1] : high[1]] = canvas[
            low[0] - shift[0] : high[0] - shift[0], low[1] - shift[1] : high[1] - shift[1]
        ]
        return out
