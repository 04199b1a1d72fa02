"""How the velocity changes within a window, from the windows around it (docs/method.md § 11)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import splev, splrep

LEAST_WINDOWS = 5
"""Windows that a curve needs."""
ROUNDS = 2
"""Times that the curve is corrected for the windows' averaging."""
END_DOUBT = 0.25
"""Share of the bend that is a guess at the ends of a curve."""
NOTICED = 0.2
"""px off the straight line: less bend than this changes nothing."""


def bends(
    starts: NDArray[np.int64],
    frames: int,
    velocities: NDArray[np.float64],
    stderr: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean velocity of each window, and its lines' displacement beyond that, from a smooth v(t).

    A cubic spline through the windows' velocities, as smooth as their standard errors allow. Its
    integral is where the lines lie; the straight part of that is the mean velocity.

    Parameters
    ----------
    starts
        (W,) first frames, ascending.
    frames
        n, lines of a window.
    velocities, stderr
        (W,) px/frame; NaN where nothing is known.

    Returns
    -------
    (W,) px/frame, (W, n) px, (W,) px/frame
        NaN and 0 for windows without neighbours to tell. The last is what the bend leaves in doubt:
        at the ends of the curve it has a neighbour on one side only.
    """
    mean = np.full(len(starts), np.nan)
    bend = np.zeros((len(starts), frames))
    doubt = np.zeros(len(starts))
    known = np.isfinite(velocities) & np.isfinite(stderr) & (stderr > 0)
    index = np.flatnonzero(known)
    # a gap wider than a window breaks the curve
    breaks = np.flatnonzero(np.diff(starts[index]) > frames) + 1
    for part in np.split(index, breaks):
        if len(part) < LEAST_WINDOWS:
            continue
        first = starts[part] - starts[part[0]]
        t = np.arange(int(first[-1]) + frames)
        wanted = velocities[part].copy()
        for _ in range(ROUNDS):
            centre = first + (frames - 1) / 2
            # quiet: that it cannot be as smooth as asked is no news
            curve = splrep(centre, wanted, w=1 / stderr[part], s=len(part), full_output=1, quiet=1)
            # midway between frames: the sum is the displacement from frame to frame
            middles = splev((t[1:] + t[:-1]) / 2, curve[0], ext=3)
            place = np.concatenate([[0.0], np.cumsum(middles)])
            found = (place[first + frames - 1] - place[first]) / (frames - 1)
            # a window's mean is flatter than the curve: what it lacks is put on top
            # (not at the ends, where the curve is a guess)
            wanted[1:-1] += (velocities[part] - found)[1:-1]
        mean[part] = found
        here = place[first[:, None] + np.arange(frames)]
        bend[part] = here - here[:, :1] - found[:, None] * np.arange(frames)
        ends = part[[0, -1]]
        doubt[ends] = END_DOUBT * np.abs(bend[ends]).max(1) * 2 / frames
    return mean, bend, doubt


def as_runs(bend: torch.Tensor, runs: int) -> torch.Tensor:
    """(b, n) → (b, c, m), 0 beyond the end."""
    b, n = bend.shape
    m = -(-n // runs)
    return torch.nn.functional.pad(bend, (0, runs * m - n)).reshape(b, runs, m)
