"""Into how many runs a window is split, and how long its mean line is."""

from __future__ import annotations

from typing import NamedTuple

import torch

from napari_motionfft.motion.strips.search import Setup
from napari_motionfft.motion.strips.speeds import fast_even

LONGEST = 4.0
"""Strip lengths of a mean line at most."""
FADED = 0.9
"""Agreement after the longest lags over that of neighbours, below which a pattern changes."""
MARGIN = 8
"""px that lines may stray beyond the path that is known at first."""
SIZES = (1.125, 1.25, 1.5, 2.0, 3.0, LONGEST)
"""Strip lengths that mean lines may have: windows of like speed are refined together."""
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Runs that a window may be split into."""


class Shape(NamedTuple):
    """Runs of a window, and px of their mean lines."""

    runs: int
    size: int


def run_shapes(
    velocity: torch.Tensor, further: torch.Tensor, setup: Setup, memory: int
) -> list[Shape | None]:
    """How to lay windows of each velocity (b,); None when no two lines see the same.

    Parameters
    ----------
    further
        (b,) px that lines may lie off the straight path.
    memory
        Frames after which lines no longer agree: no run needs to be longer than twice that.
    """
    length, n = len(setup.taper), setup.frames
    if setup.periodic:
        runs = fewest(-(-n // min(n, 2 * memory)))
        return [Shape(runs, length)] * len(velocity)
    out: list[Shape | None] = []
    for speed, off in zip(velocity.abs().tolist(), further.tolist(), strict=True):
        reach = max((LONGEST - 1) * length - MARGIN - off, length / 2)
        frames = min(n, 2 * memory, int(reach / max(speed, 1e-9)) + 1)
        if frames < 2 or speed > 0.75 * length:
            out.append(None)
            continue
        runs = fewest(-(-n // frames))
        travel = speed * (-(-n // runs) - 1) + off
        size = next(s for s in SIZES if length + travel + MARGIN <= s * length or s == LONGEST)
        out.append(Shape(runs, fast_even(size * length)))
    return out


def fewest(runs: int) -> int:
    """The smallest allowed number of runs of at least so many."""
    return next((count for count in COUNTS if count >= runs), runs)


def memory_of(coherence: torch.Tensor, sigma: torch.Tensor) -> int:
    """Lags up to which lines agree at least half as well as neighbours do.

    All lags and one more where they agree throughout; all lags where they only fade.
    Octaves of lags are compared with the first, and count as worse only beyond doubt (2 σ).

    Parameters
    ----------
    coherence, sigma
        (lags,) agreement of lines and its standard deviation from noise; NaN where out of view.
    """
    lags = len(coherence)
    first: float | None = None
    faded = False
    low = 1
    while low <= lags:
        high = min(2 * low - 1, lags)
        part, error = coherence[low - 1 : high], sigma[low - 1 : high]
        seen = torch.isfinite(part) & torch.isfinite(error)
        if not bool(seen.any()):
            break
        share = error[seen] ** -2
        mean = float((part[seen] * share).sum() / share.sum())
        doubt = float(share.sum() ** -0.5)
        if first is None:
            first = mean
        elif mean + 2 * doubt < 0.5 * first:
            return max(2, low - 1)
        faded = first is not None and mean + 2 * doubt < FADED * first
        low = 2 * low
    return lags if faded else lags + 1
