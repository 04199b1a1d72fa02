"""What is kept of a stack, so that its landscape can be touched."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Job
from napari_motionfft.motion.search import SearchResult
from napari_motionfft.motion.spectra import Band
from napari_motionfft.motion.touching.glance import Glance

WINDOWS_KEPT = 8
"""Windows whose lag cross-spectra stay in memory."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What is kept of a stack for all touches.

    Attributes
    ----------
    job
        The run that reads the stack where a whole picture is wanted.
    glance
        Small frames.
    spectra
        (T, Ky, Kx) complex64 of the windowed frames; (0, Ky, Kx) where there are no windows.
    weight, bins, overcount, band
        Of the search.
    landscapes, lags
        Found so far, by the first frame of their window.
    lock
        Held while lags are made.
    """

    job: Job
    glance: Glance
    spectra: torch.Tensor
    weight: torch.Tensor
    bins: float
    overcount: float
    band: Band
    landscapes: dict[int, SearchResult] = field(default_factory=dict)
    lags: OrderedDict[int, ls.Lags] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def lags_of(self, start: int, count: int) -> ls.Lags:
        """Weighted lag cross-spectra of some frames; the last few windows are kept."""
        with self.lock:  # a picture and a landscape may be asked for by two threads
            found = self.lags.get(start)
            if found is None:
                part = self.spectra[start : start + count]
                if self.job.static:  # window by window, so that each is as if estimated alone
                    part = part - part.mean(0)
                field = None if self.job.periodic else box_shape(self.job.box)
                found = ls.Lags.of(part, self.weight, self.band, field, self.overcount)
                self.lags[start] = found
                while len(self.lags) > WINDOWS_KEPT:
                    self.lags.popitem(last=False)
        return found


def checked_velocity(velocity: Any, limit: float) -> tuple[float, float]:
    """(vy, vx) px/frame.

    Raises
    ------
    TypeError, ValueError
        Not two finite numbers within ±`limit`.
    """
    try:
        pair = np.asarray(velocity)
        given = pair.astype(np.float64) if pair.dtype.kind in "iuf" else np.zeros(0)
    except (TypeError, ValueError):
        given = np.zeros(0)
    if given.shape != (2,):
        raise TypeError(f"velocity must be two numbers (y, x) in px/frame, got {velocity!r}")
    if not np.isfinite(given).all():
        raise ValueError(f"velocity must be finite, got {velocity!r}")
    if np.abs(given).max() > limit * (1 + 1e-9):
        raise ValueError(
            f"velocity must lie within ±{limit:g} px/frame, the search range, "
            f"got ({given[0]:g}, {given[1]:g})"
        )
    return float(given[0]), float(given[1])
