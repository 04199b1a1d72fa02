"""Low-resolution spectra of frames, cut out along a path: what the search for a path works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from napari_motionfft.motion.crops import Crop, cut, residual
from napari_motionfft.motion.frames import box_shape, overcount, window
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.landscape import uncounted
from napari_motionfft.motion.search import (
    choose_weight,
    resample,
    scene_before_alignment,
    search_taper,
)
from napari_motionfft.motion.spectra import Band, shifted_back

ROWS = {"fast": 128, "balanced": 256, "precise": 512}
"""Effort → rows of the low-resolution spectra at most: finer detail is left to the refinement."""
LIMIT = 0.3
"""cycles/px of them at most."""
SMALL = 64
"""px: frames so small keep all frequencies."""
GUARD = 1.5
"""Bins on either side of the border between two halves that count in neither: under a Hann window
noise is alike in bins up to two apart."""


@dataclass(frozen=True)
class View:
    """One run of frames at low resolution.

    Attributes
    ----------
    start, stop
        Frames of the stack.
    placed
        (n, 2) whole px: where each frame was cut out, from frame `start`.
    spectra
        (n, Ky, Kx) complex64.
    band
        Their frequencies.
    weight
        (Ky, Kx) float32 of the energy, multiplicity included.
    once
        (Ky, Kx) float32: 1 where a bin stands for two of the full plane, 2 where for itself.
    shared
        How much the window makes neighbouring frequencies share information.
    """

    start: int
    stop: int
    placed: torch.Tensor
    spectra: torch.Tensor
    band: Band
    weight: torch.Tensor
    once: torch.Tensor
    shared: float

    @property
    def count(self) -> int:
        """Frames in the run."""
        return self.stop - self.start

    def aligned(self, path: torch.Tensor, first: int = 0, last: int | None = None) -> torch.Tensor:
        """(m, Ky, Kx) spectra of frames first…last of the run, compensated along (T, 2)."""
        left = residual(self, path)
        return shifted_back(self.spectra[first:last], self.band, left[first:last])

    def half(self, which: int) -> torch.Tensor:
        """(Ky, Kx) 1 on every other sector of 45°, 0 elsewhere; `which` is 0 or 1."""
        return sectors(self.band, which).to(self.weight)


def sectors(band: Band, which: int, wider: float = 1.0) -> torch.Tensor:
    """(Ky, Kx) 1 on every other sector of 45°, 0 elsewhere; `which` is 0 or 1.

    Bins near a border count in neither: the window makes neighbours alike.

    Parameters
    ----------
    wider
        Times that the frame is wider than the window, and bins closer.
    """
    rows = (band.ky * band.shape[0])[:, None]
    columns = (band.kx * band.shape[1])[None]
    diagonals = ((rows - columns).abs() / 2**0.5, (rows + columns).abs() / 2**0.5)
    height, width = band.shape
    nearest = torch.minimum(torch.minimum(*diagonals), torch.minimum(rows.abs(), columns))
    # beyond the Nyquist frequency a spectrum goes on at the other side
    nearest = torch.minimum(nearest, torch.minimum(height / 2 - rows.abs(), width / 2 - columns))
    steep = rows.abs() > columns
    sector = (rows > 0) ^ steep
    return ((sector == bool(which)) & (nearest >= GUARD * wider)).double()


@dataclass(frozen=True)
class LowPass:
    """How views of a job are made.

    Attributes
    ----------
    limit
        cycles/px kept.
    weight
        (Y, X//2+1) of the energy over the region's half plane.
    static
        (Y, X) float32 to subtract from each frame, or None.
    """

    limit: float
    weight: torch.Tensor
    static: torch.Tensor | None

    @classmethod
    def of(cls, job: Job, power: torch.Tensor, static: torch.Tensor | None) -> LowPass:
        """From the mean power (Y, X//2+1) of the frames."""
        shape = box_shape(job.box)
        whole = Band.full(shape)
        scene = scene_before_alignment(power, whole, job.frames.count)
        weight = choose_weight(job.weight, whole, scene)
        level = power[whole.multiplicity() > 0].mean()
        weight = weight / weight.max().clamp(min=1e-300) / level.clamp(min=1e-30)
        limit = (
            0.5 if min(shape) <= SMALL else min(LIMIT, ROWS[job.asked["effort"]] / 2 / min(shape))
        )
        return cls(limit, weight, static)

    def of_band(self, band: Band) -> torch.Tensor:
        """(Ky, Kx) the weight at the frequencies of another window, multiplicity left out."""
        return resample(self.weight, band) * (band.multiplicity() > 0)

    def view(
        self,
        start: int,
        placed: torch.Tensor,
        spectra: torch.Tensor,
        band: Band,
        shared: float,
    ) -> View:
        """A view on spectra (n, Ky, Kx)."""
        device = spectra.device
        weight = (resample(self.weight, band) * band.multiplicity()).to(device, torch.float32)
        once = uncounted(band).to(device, torch.float32)
        stop = start + len(spectra)
        return View(start, stop, placed, spectra, band, weight, once, shared)

    def still(self, job: Job, spectra: torch.Tensor, band: Band) -> View:
        """The frames through one window that stands still; spectra (T, Ky, Kx) of the search."""
        low = Band.up_to(band.shape, self.limit)
        kept = torch.isin(band.rows, low.rows).to(spectra.device)
        spectra = spectra[:, kept, : len(low.kx)]
        shared = overcount(window(box_shape(job.box), search_taper(job)))
        nowhere = torch.zeros(len(spectra), 2, dtype=torch.float64)
        return self.view(0, nowhere, spectra.contiguous(), low, shared)

    def along(self, job: Job, path: torch.Tensor, check: Check) -> list[View]:
        """Windows that travel along a path (T, 2): one run, or overlapping ones."""
        crops = cut(job, path, self.static, check, overlap=True)
        found = []
        for turn, crop in enumerate(crops):
            part = within(check, turn / len(crops), (turn + 1) / len(crops))
            found.append(self.lowered(crop, part))
        return found

    def lowered(self, crop: Crop, check: Check) -> View:
        """One run of windows."""
        band = Band.up_to(crop.shape, self.limit)
        out = torch.empty(crop.count, *band.size, dtype=torch.complex64, device=crop.device)
        for first, spectra in replace(crop, keep=False, check=check).spectra():
            out[first : first + len(spectra)] = band.crop(spectra)
        return self.view(crop.start, crop.placed, out, band, crop.overcount)


def spans(views: Sequence[View] | Sequence[Crop]) -> list[tuple[int, int]]:
    """(start, stop) of each run."""
    return [(view.start, view.stop) for view in views]


def masks(views: Sequence[View], which: int | None) -> list[torch.Tensor] | None:
    """One half of the frequencies of each view, or None for all."""
    return None if which is None else [view.half(which) for view in views]
