"""Whitened patches of frames, and where in them a template matches (docs/method.md § 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.fft import next_fast_len

from napari_motionfft.motion.frames import Box, box_shape, window
from napari_motionfft.motion.integrate import MARGIN
from napari_motionfft.motion.job import Job
from napari_motionfft.motion.paths.lookup import summit
from napari_motionfft.motion.paths.views import LowPass, sectors
from napari_motionfft.motion.spectra import Band, shifted_back

TAPER = 0.25
"""Share of each side of the window under its rising or falling edge."""


@dataclass(frozen=True)
class Patch:
    """Part of one frame around the window at a whole-pixel place, whitened.

    Attributes
    ----------
    spectrum
        (Ky, Kx) complex64 of the part, through the square root of the spectral weight.
    band
        Its frequencies.
    corner
        (2,) px: where the window begins in the part when it has not moved.
    reach
        px that the window may move either way.
    place
        (2,) px displacement of the window that counts as not moved.
    """

    spectrum: torch.Tensor
    band: Band
    corner: torch.Tensor
    reach: int
    place: torch.Tensor

    def values(self, moved: torch.Tensor | None = None) -> torch.Tensor:
        """(H, W) the part, shifted back by (2,) px."""
        spectrum = self.spectrum
        if moved is not None:
            spectrum = shifted_back(spectrum[None], self.band, moved[None])[0]
        values: torch.Tensor = torch.fft.irfft2(spectrum, s=self.band.shape)
        return values

    def seen(self, moved: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
        """(h, w) what the window sees once it has moved by (2,) px from its place."""
        whole = torch.round(moved)
        y, x = (self.corner + whole.long()).tolist()
        return self.values(moved - whole)[y : y + shape[0], x : x + shape[1]]


@dataclass(frozen=True)
class Lens:
    """How the frames of a job are looked at.

    Attributes
    ----------
    job
        Its region is the window in frame 0.
    low
        The spectral weight.
    which
        0 or 1: half of the frequencies; None: all.
    """

    job: Job
    low: LowPass
    which: int | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the window."""
        return box_shape(self.job.box)

    @property
    def taper(self) -> torch.Tensor:
        """(h, w) of the window."""
        return window(self.shape, TAPER).to(self.job.device)

    def patch(self, t: int, place: torch.Tensor, reach: int) -> Patch:
        """Read frame t about the window displaced by whole px (2,)."""
        frames, box = self.job.frames, self.job.box
        wide, missing = [], []
        for axis, (start, stop) in enumerate(box):
            low = start + int(place[axis]) - reach - MARGIN
            size = next_fast_len(stop - start + 2 * (reach + MARGIN), real=True)
            size += size % 2
            high = low + size
            first = min(max(low, 0), frames.shape[axis] - 1)
            last = max(min(high, frames.shape[axis]), first + 1)
            wide.append((first, last))
            missing.append((first - low, high - last))
        part: Box = (wide[0], wide[1])
        values = frames.filtered(t, t + 1, part, self.job.prefilter)
        if self.low.static is not None:
            values = values - self.low.static[slice(*part[0]), slice(*part[1])]
        sides = (*missing[1], *missing[0])
        # what is there counts for nothing: the window stays within the frame
        values = torch.nn.functional.pad(values[:, None], sides, mode="replicate")[0, 0]
        values = (values - values.mean()) * faded(values.shape)
        spectrum, band = self.whitened(values.to(self.job.device))
        corner = torch.tensor([reach + MARGIN] * 2)
        return Patch(spectrum, band, corner, reach, place)

    def whitened(self, values: torch.Tensor) -> tuple[torch.Tensor, Band]:
        """Spectrum (Ky, Kx) of a part (H, W) through the root of the weight, and its band."""
        band = Band.full((int(values.shape[0]), int(values.shape[1])))
        weight = self.low.of_band(band)
        if self.which is not None:
            wider = max(n / m for n, m in zip(band.shape, self.shape, strict=True))
            weight = weight * sectors(band, self.which, wider)
        return torch.fft.rfft2(values) * weight.sqrt().to(values), band


def faded(shape: torch.Size) -> torch.Tensor:
    """(H, W) 1, with a margin that falls to 0: whitened, an edge would be alike in every patch."""
    along = []
    for size in shape:
        x = torch.arange(size) + 0.5
        edge = (torch.minimum(x, size - x) / MARGIN).clamp(max=1)
        along.append(torch.sin(torch.pi / 2 * edge) ** 2)
    return torch.outer(*along)


def correlation(patch: Patch, template: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(2r + 1, 2r + 1) correlation coefficient of a template (h, w) with what the window sees.

    Parameters
    ----------
    mask
        (h, w) what each pixel of the window counts.
    """
    values = patch.values()
    level = (template * mask).sum() / mask.sum()
    weighed = mask * (template - level)
    shape = patch.band.shape
    side = 2 * patch.reach + 1

    def against(one: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        """Σ_x kernel(x)·one(x + d) for every displacement d within reach."""
        product = torch.fft.rfft2(one) * torch.fft.rfft2(kernel, s=shape).conj()
        whole: torch.Tensor = torch.fft.irfft2(product, s=shape)
        y, x = (patch.corner - patch.reach).tolist()
        return whole[y : y + side, x : x + side]

    mean = against(values, mask) / mask.sum()
    power = against(values.square(), mask) - mean.square() * mask.sum()
    own = (weighed * (template - level)).sum()
    return against(values, weighed) / (own * power.clamp(min=1e-12 * float(power.max()))).sqrt()


def top(plane: torch.Tensor) -> tuple[torch.Tensor, float]:
    """(2,) px of the highest place of a plane (2r + 1, 2r + 1) from its middle, and its height."""
    reach = (int(plane.shape[0]) - 1) // 2
    rolled = torch.roll(plane, (-reach, -reach), (0, 1))[None]
    cell = rolled.flatten(1).argmax(1)
    return summit(rolled, (1.0, 1.0), cell)[0], float(plane.max())
