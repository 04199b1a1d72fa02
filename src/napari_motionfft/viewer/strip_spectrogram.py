"""The velocity spectrogram as a picture: even in time and in velocity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.strip_peaks import sure
from napari_motionfft.viewer.strip_windows import nearest

COLUMNS = 240
ROWS = 1024
"""Most rows: more frames share one."""


def velocity_reach(motion: StripMotion) -> tuple[float, float]:
    """px/frame from left to right edge: all motions that stand out, zero, and room around.

    The whole landscape where nothing is supported.
    """
    grid = motion.spectrogram.velocities
    low, high = float(grid[0]), float(grid[-1])
    good = sure(motion)
    if not good.any():
        return low, high
    found = [float(v) for v in motion.velocities[good]]
    found += [peak.velocity for i in np.flatnonzero(good) for peak in motion.peaks[i]]
    ends = np.asarray([min(0.0, *found), max(0.0, *found)])
    width = max(ends[1] - ends[0], 4 * float(np.median(motion.stderr[good])), 1e-3 * (high - low))
    return max(low, ends[0] - 0.35 * width), min(high, ends[1] + 0.35 * width)


def even_columns(values: NDArray[np.float32], grid: Array, centres: Array) -> NDArray[np.float32]:
    """(W, V) on an uneven grid → (W, N) on an even one, keeping narrow peaks.

    Parameters
    ----------
    values
        A row a window.
    grid
        (V,) velocities, ascending.
    centres
        (N,) velocities of the pixels, N ≥ 2.
    """
    filled = np.stack([np.interp(centres, grid, row) for row in values]).astype(np.float32)
    step = centres[1] - centres[0]
    column = np.floor((grid - centres[0]) / step + 0.5).astype(int)
    within = (column >= 0) & (column < len(centres))
    # where the grid is finer than the pixels, a pixel shows the highest of what it holds
    finest: NDArray[np.float32] = np.full(filled.shape, -np.inf, np.float32)
    np.maximum.at(finest.T, column[within], values[:, within].T)
    return np.maximum(filled, finest)


def picture(motion: StripMotion) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """(rows, `COLUMNS`) from the first frame to the last, and the velocities of its edges.

    Each row shows the window that its time belongs to.
    """
    low, high = velocity_reach(motion)
    step = (high - low) / COLUMNS
    centres: Array = low + step * (np.arange(COLUMNS, dtype=np.float64) + 0.5)
    spectrogram = motion.spectrogram
    even = even_columns(
        np.asarray(spectrogram.values, dtype=np.float32), spectrogram.velocities, centres
    )
    frames = motion.shape[0]
    rows = min(frames, ROWS)
    times = (np.arange(rows) + 0.5) * frames / rows - 0.5
    return even[nearest(motion, times)], (low, high)
