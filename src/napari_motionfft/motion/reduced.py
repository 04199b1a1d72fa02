"""Frames at lower resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.frames import Box, Frames, load


def reduced(frames: Frames, box: Box, stride: int, factor: int) -> NDArray[np.float32]:
    """(n, h, w) every `stride`-th frame, averaged over blocks of factor × factor px."""
    (y0, y1), (x0, x1) = box
    height, width = ((y1 - y0) // factor, (x1 - x0) // factor)
    kept = range(0, frames.count, stride)
    out = np.empty((len(kept), height, width), np.float32)
    for row, t in enumerate(kept):
        part = load(frames.data[t : t + 1, y0 : y0 + height * factor, x0 : x0 + width * factor])
        blocks = part[0].astype(np.float64).reshape(height, factor, width, factor)
        out[row] = blocks.mean((1, 3))
    return out
