"""Frames with some of their layers taken out, made as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.frames import Frames, box_shape
from napari_motionfft.motion.job import Job
from napari_motionfft.motion.several.fit import Layered
from napari_motionfft.motion.several.solve import carried
from napari_motionfft.motion.several.torus import Torus


@dataclass
class Rest:
    """A stack (T, h, w) of the field, float32, that is read like an array.

    Attributes
    ----------
    tori, layers
        The runs and their layers' spectra (M, Ky, Kx).
    velocities
        (M, 2) px/frame.
    out
        Indices of the layers that are taken out.
    """

    tori: list[Torus]
    layers: list[torch.Tensor]
    velocities: torch.Tensor
    out: Sequence[int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(T, h, w)."""
        return (self.tori[-1].stop, *box_shape(self.tori[0].box))

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    @property
    def ndim(self) -> int:
        """3."""
        return 3

    def __getitem__(self, key: Any) -> np.ndarray[Any, np.dtype[Any]]:
        times, *sides = key if isinstance(key, tuple) else (key,)
        single = not isinstance(times, slice)
        start, stop = (times, times + 1) if single else times.indices(self.shape[0])[:2]
        parts = [
            self.part(torus, layers, max(start, torus.start), min(stop, torus.stop))
            for torus, layers in zip(self.tori, self.layers, strict=True)
            if max(start, torus.start) < min(stop, torus.stop)
        ]
        values = np.concatenate(parts)[(slice(None), *sides)]
        return values[0] if single else values

    def part(
        self, torus: Torus, layers: torch.Tensor, start: int, stop: int
    ) -> np.ndarray[Any, np.dtype[Any]]:
        """Frames start…stop of a run, (n, h, w)."""
        values = torus.frames.read(start, stop, torus.box)
        out = list(self.out)
        if out:
            made = predicted(torus, layers[out], self.velocities[out], start, stop)
            values = values - made.cpu()
        whole: np.ndarray[Any, np.dtype[Any]] = values.numpy()
        return whole


def predicted(
    torus: Torus, layers: torch.Tensor, velocities: torch.Tensor, start: int, stop: int
) -> torch.Tensor:
    """What frames start…stop see of some layers, each frame less its mean, (n, h, w)."""
    phases = torus.phases(velocities, start - torus.start, stop - torus.start)
    values: torch.Tensor = torch.fft.irfft2(carried(layers, phases), s=torus.shape, norm="ortho")
    height, width = box_shape(torus.box)
    values = values[:, :height, :width]
    return values - values.mean((-2, -1), keepdim=True)


def without(job: Job, fit: Layered, tori: list[Torus], out: Sequence[int]) -> Job:
    """The job on the field alone, with some layers taken out of its frames."""
    rest = Rest(tori, fit.layers, fit.model.velocities, out)
    height, width = box_shape(job.box)
    frames = Frames(rest, (height, width), 0.0, 1.0)
    box = ((0, height), (0, width))
    return replace(job, frames=frames, box=box, asked={**job.asked, "background": "none"})
