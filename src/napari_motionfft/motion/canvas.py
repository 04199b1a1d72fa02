"""Where the integrated image lies: the region, or all of the field that the frames travel over."""

from __future__ import annotations

import math

import numpy as np
import torch

from napari_motionfft.motion.frames import Box, as_box, box_shape
from napari_motionfft.motion.result import Motion

CANVASES = ("frame", "union")
LARGEST = 2**30
"""Pixels that a canvas may have: beyond it a path is surely wrong."""
SLACK = 1e-6
"""px: a pixel counts as seen when it is this close to a frame's edge."""


def canvas_box(
    motion: Motion, shape: tuple[int, int], region: tuple[slice, slice] | None = None
) -> Box:
    """Where the image that `integrate` makes with canvas="union" lies.

    Parameters
    ----------
    motion
        From `estimate_motion`, `load_motion` or `import_shifts`.
    shape
        (Y, X) of a frame in px.
    region
        (slice_y, slice_x) in px of frame 0, or None for the whole frame.

    Returns
    -------
    ((y0, y1), (x0, x1))
        px of frame 0, half open; parts above or left of frame 0 are negative. It holds every pixel
        that the region sees in any frame, as it travels with the frame over the scene. Periodic
        content has no outside: then it is the region.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named; a canvas beyond any sense.
    """
    if not isinstance(motion, Motion):
        raise TypeError(f"motion must be a Motion, got {type(motion).__name__}")
    if not np.isfinite(motion.displacements).all():
        raise ValueError("motion holds NaN or inf in its displacements")
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else ()
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in sizes)
    if len(sizes) != 2 or not whole or min(sizes) < 1:
        raise ValueError(f"shape must be (Y, X) of a frame in px, got {shape!r}")
    box = as_box(region, (int(sizes[0]), int(sizes[1])))
    if motion.settings.get("boundary") == "periodic":
        return box
    return union_box(box, torch.from_numpy(motion.displacements))


def union_box(box: Box, path: torch.Tensor) -> Box:
    """All pixels that a box sees on its way, moved back along the path (T, 2), as one box.

    Pixel x is seen in a frame with displacement p when x + p lies on the box, as in `seen_part`.

    Raises
    ------
    ValueError
        The box is too large for any memory.
    """
    sides = []
    for axis, (start, stop) in enumerate(box):
        low, high = float(path[:, axis].min()), float(path[:, axis].max())
        first = math.ceil(start - high - SLACK)
        sides.append((first, max(first + 1, math.floor(stop - 1 - low + SLACK) + 1)))
    height, width = box_shape((sides[0], sides[1]))
    if height * width > LARGEST:
        raise ValueError(
            f"canvas='union' would be {height} × {width} px along this motion; use canvas='frame'"
        )
    return sides[0], sides[1]
