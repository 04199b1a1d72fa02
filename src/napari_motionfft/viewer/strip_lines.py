"""Fitted slopes as lines that the texture runs along, and the velocity over its spectrogram."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.strip_peaks import sure, switches
from napari_motionfft.viewer.strip_windows import pieces, runs_of

ACROSS = 4
"""Lines side by side."""

MOST = 16
"""Lines that pass a place in all, where a flow runs through many times: more would hide it."""


def slope_lines(motion: StripMotion) -> tuple[Array, NDArray[np.intp]]:
    """Line pieces over a kymograph whose slope is the velocity of each window.

    Returns
    -------
    lines
        (n, 2, 2) start and end, (frame, px of arc length), within the kymograph.
    window
        (n,) index of the window that a piece is of.
    """
    edges, length = pieces(motion), float(motion.shape[1] - 1)
    supported = sure(motion)
    lines, owners = [], []
    for start, stop in runs_of(supported, switches(motion)):
        velocity = motion.velocities[start:stop]
        if not np.isfinite(velocity).all():
            continue
        moved = np.concatenate([[0.0], np.cumsum(velocity * np.diff(edges[start : stop + 1]))])
        speed = float(np.abs(velocity).mean())
        gap = max(length / ACROSS, speed * motion.shape[0] / MOST)
        middle = length / 2 - (moved.max() + moved.min()) / 2
        aside = int((length + np.ptp(moved)) / 2 / gap) + 1
        seeds = middle + gap * (np.arange(-aside, aside + 1) + 0.5)  # (S,)
        places = seeds[:, None] + moved  # (S, n + 1)
        times = np.broadcast_to(edges[start : stop + 1], places.shape)
        ends = np.stack([times, places], axis=-1)  # (S, n + 1, 2)
        lines.append(np.stack([ends[:, :-1], ends[:, 1:]], axis=2).reshape(-1, 2, 2))
        owners.append(np.tile(np.arange(start, stop, dtype=np.intp), len(seeds)))
    if not lines:
        return np.empty((0, 2, 2)), np.empty(0, dtype=np.intp)
    cut, kept = clip(np.concatenate(lines), 0.0, length)
    return cut, np.concatenate(owners)[kept]


def clip(lines: Array, low: float, high: float) -> tuple[Array, NDArray[np.bool_]]:
    """Cut lines (n, 2, 2) where the second coordinate leaves low…high; which ones are left."""
    first, step = lines[:, 0], lines[:, 1] - lines[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (low - first[:, 1]) / step[:, 1], (high - first[:, 1]) / step[:, 1]
    still = step[:, 1] == 0
    within = (first[:, 1] >= low) & (first[:, 1] <= high)
    begin = np.where(still, np.where(within, 0.0, 2.0), np.clip(np.fmin(a, b), 0, 1))
    end = np.where(still, 1.0, np.clip(np.fmax(a, b), 0, 1))
    kept = end - begin > 1e-9
    begin, end = begin[kept, None], end[kept, None]
    return np.stack([first[kept] + begin * step[kept], first[kept] + end * step[kept]], 1), kept


def velocity_lines(
    motion: StripMotion, reach: tuple[float, float]
) -> tuple[Array, NDArray[np.intp]]:
    """Line pieces over a spectrogram: the velocity of each window through its piece of time.

    Parameters
    ----------
    motion
        A result.
    reach
        px/frame of the picture's edges; windows beyond are left out.

    Returns
    -------
    lines
        (n, 2, 2) start and end, (frame, velocity).
    window
        (n,) index of the window that a piece is of.
    """
    centres, velocity, edges = motion.centres, motion.velocities, pieces(motion)
    shown = np.isfinite(velocity) & (velocity >= reach[0]) & (velocity <= reach[1])
    supported, breaks = sure(motion), switches(motion)
    lines, owners = [], []
    for i in np.flatnonzero(shown):
        middle = (float(centres[i]), float(velocity[i]))
        for other, edge in ((i - 1, edges[i]), (i + 1, edges[i + 1])):
            joined = 0 <= other < len(shown) and shown[other] and supported[i] and supported[other]
            joined = joined and not breaks[min(i, other)]
            across = (velocity[i] + velocity[other]) / 2 if joined else velocity[i]
            if edge != middle[0]:
                lines.append([middle, (float(edge), float(across))])
                owners.append(i)
        error = float(motion.stderr[i])
        low, high = max(reach[0], middle[1] - error), min(reach[1], middle[1] + error)
        if np.isfinite(error) and high > low:
            lines.append([(middle[0], low), (middle[0], high)])
            owners.append(i)
    return np.asarray(lines, dtype=float).reshape(-1, 2, 2), np.asarray(owners, dtype=np.intp)


def dashed(lines: Array, length: float) -> tuple[Array, NDArray[np.intp]]:
    """Lines (n, 2, 2) cut into dashes about as long as asked, with gaps as long.

    Returns
    -------
    dashes
        (m, 2, 2); of a line that is shorter it is the first half.
    line
        (m,) that a dash is of.
    """
    step = lines[:, 1] - lines[:, 0]
    count = np.maximum(np.rint(np.linalg.norm(step, axis=1) / (2 * length)), 1).astype(np.intp)
    line = np.repeat(np.arange(len(lines), dtype=np.intp), count)
    number = np.arange(len(line)) - np.repeat(np.cumsum(count) - count, count)
    part = (number[:, None] + np.asarray([0.0, 0.5])) / count[line, None]  # (m, 2)
    return lines[line, :1] + part[..., None] * step[line, None], line
