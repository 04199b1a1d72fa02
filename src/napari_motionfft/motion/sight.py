"""What has to be read of a frame to see some of the scene."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.frames import Box, box_shape
from napari_motionfft.motion.job import Job


def read_both(
    job: Job, block: tuple[int, int], rows: torch.Tensor, region: Box, wide: Box | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Some frames of a block in two boxes, (n, h, w) each; one pass, unless they lie far apart."""
    # all of them: a slice copies nothing
    some = slice(None) if len(rows) == block[1] - block[0] else rows
    if wide is None:
        return job.frames.read(*block, region)[some], None
    both = hull(region, wide)
    if area(both) > area(region) + area(wide):
        return job.frames.read(*block, region)[some], job.frames.read(*block, wide)[some]
    values = job.frames.read(*block, both)[some]
    parts = [
        values[
            :,
            box[0][0] - both[0][0] : box[0][1] - both[0][0],
            box[1][0] - both[1][0] : box[1][1] - both[1][0],
        ]
        for box in (region, wide)
    ]
    return parts[0], parts[1]


def hull(one: Box, other: Box) -> Box:
    """The smallest box that holds both."""
    y, x = ((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(one, other, strict=True))
    return y, x


def area(box: Box) -> int:
    """Pixels of a box."""
    height, width = box_shape(box)
    return height * width


def sight(box: Box, shape: tuple[int, int], path: torch.Tensor, margin: int) -> Box | None:
    """The part of the frame that sees a box of the scene along a path; None when none does.

    With a margin for sub-pixel shifts. Unlike in `reach`, the box itself need not lie on the frame.
    """
    sides = []
    for axis, (start, stop) in enumerate(box):
        first = max(0, start + math.floor(float(path[:, axis].min())) - margin)
        last = min(shape[axis], stop + math.ceil(float(path[:, axis].max())) + margin)
        if first >= last:
            return None
        sides.append((first, last))
    return sides[0], sides[1]
