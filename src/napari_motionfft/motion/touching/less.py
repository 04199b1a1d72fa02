"""Frames whose mean is taken out, read when sliced."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.frames import Frames
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.pipeline import temporal_mean


@dataclass(frozen=True, eq=False)
class Less:
    """Frames less an image, on a level, as an array-like.

    Attributes
    ----------
    frames
        What is read, from memory where it is held there.
    still
        (Y, X) float64.
    level
        Added again.
    """

    frames: Frames
    still: NDArray[np.float64]
    level: float

    @property
    def shape(self) -> tuple[int, ...]:
        """(T, Y, X)."""
        return (self.frames.count, *self.frames.shape)

    @property
    def dtype(self) -> Any:
        """float64."""
        return self.still.dtype

    def __getitem__(self, key: tuple[slice, slice, slice]) -> NDArray[np.float64]:
        sides = [part.indices(size)[:2] for part, size in zip(key, self.shape, strict=True)]
        read: NDArray[np.float64] = self.frames.raw(*sides[0], (sides[1], sides[2]))
        return read.astype(np.float64) - self.still[key[1:]] + self.level


def without_mean(job: Job, check: Check) -> Job:
    """The job on frames whose mean is taken out, but for its level in the region."""
    plain = replace(job, asked={**job.asked, "prefilter": "none"})
    whole = ((0, job.frames.shape[0]), (0, job.frames.shape[1]))
    frames = job.frames
    mean = temporal_mean(plain, whole, check).double().numpy() * frames.scale + frames.offset
    (y0, y1), (x0, x1) = job.box
    less = Less(frames, mean, float(mean[y0:y1, x0:x1].mean()))
    return replace(job, frames=replace(frames, data=less, held=None))
