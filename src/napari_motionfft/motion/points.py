"""Points in space and time, with a motion taken out of them or put in."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_motionfft.motion.frames import load
from napari_motionfft.motion.result import Array, Motion


def move_points(points: Any, motion: Motion, *, inverse: bool = False) -> Array:
    """Move points as `apply_motion` moves the pixels they lie on.

    Parameters
    ----------
    points
        (N, 3) rows of (frame, y, x), px; as napari's points, or the corners of shapes. A frame
        may be fractional: the path is linear between frames.
    motion
        From `estimate_motion`, `load_motion` or `import_shifts`.
    inverse
        False: take the motion out, so a point that goes with the content stands still. True: put it
        in, so a point that stands still goes with the content.

    Returns
    -------
    (N, 3) float64
        New rows in the same order. Points may leave the frame, also where the motion is periodic.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named; a frame that the motion does not have.
    """
    if not isinstance(motion, Motion):
        raise TypeError(f"motion must be a Motion, got {type(motion).__name__}")
    if not np.isfinite(motion.displacements).all():
        raise ValueError("motion holds NaN or inf in its displacements")
    if not isinstance(inverse, (bool, np.bool_)):
        raise TypeError(f"inverse must be True or False, got {inverse!r}")
    try:
        rows = load(points)
    except ValueError:  # ragged
        raise ValueError("points must be (N, 3) rows of (frame, y, x)") from None
    if rows.size and rows.dtype.kind not in "biuf":
        raise TypeError(f"points must be numbers, got {rows.dtype}")
    if rows.size == 0 and rows.ndim < 2:
        rows = np.zeros((0, 3))
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise ValueError(f"points must be (N, 3) rows of (frame, y, x), got shape {rows.shape}")
    rows = rows.astype(np.float64)
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(1))[0])
        raise ValueError(f"points must be finite; row {bad} is {rows[bad].tolist()}")
    last = len(motion.displacements) - 1
    outside = np.flatnonzero((rows[:, 0] < 0) | (rows[:, 0] > last))
    if outside.size:
        row = int(outside[0])
        raise ValueError(
            f"points: row {row} is in frame {rows[row, 0]:g}, but the motion has frames 0 to {last}"
        )
    sign = 1 if inverse else -1
    times = np.arange(last + 1)
    for axis in (0, 1):
        rows[:, 1 + axis] += sign * np.interp(rows[:, 0], times, motion.displacements[:, axis])
    return rows
