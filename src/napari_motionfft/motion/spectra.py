"""Signed frequency grids over the half plane of a real 2-D FFT, and separable phase ramps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Band:
    """The frequencies kept of a real 2-D FFT: |ky| and kx up to a limit.

    Attributes
    ----------
    shape
        (Y, X) of the frames in pixels.
    rows
        (Ky,) indices of the kept rows of the half plane.
    ky, kx
        (Ky,), (Kx,) signed frequencies in cycles/px, float64 on the host.
    """

    shape: tuple[int, int]
    rows: torch.Tensor
    ky: torch.Tensor
    kx: torch.Tensor

    @classmethod
    def full(cls, shape: tuple[int, int]) -> Band:
        """Every frequency of the half plane."""
        return cls.up_to(shape, 1.0)

    @classmethod
    def up_to(cls, shape: tuple[int, int], limit: float) -> Band:
        """The frequencies with |ky| and kx of at most `limit` cycles/px."""
        ky = torch.fft.fftfreq(shape[0], dtype=torch.float64)
        kx = torch.fft.rfftfreq(shape[1], dtype=torch.float64)
        rows = torch.nonzero(ky.abs() <= limit).flatten()
        return cls(shape, rows, ky[rows], kx[kx <= limit])

    @property
    def size(self) -> tuple[int, int]:
        """(Ky, Kx)."""
        return len(self.ky), len(self.kx)

    @property
    def step(self) -> float:
        """cycles/px that widths of rings are multiples of: the coarser frequency step of frames.

        The rings of a line, shape (1, L), hold one bin a step: there it is four of them.
        """
        return 1 / min(self.shape) if min(self.shape) > 1 else 4 / max(self.shape)

    def radius(self) -> torch.Tensor:
        """|k| in cycles/px."""
        return torch.hypot(self.ky[:, None], self.kx[None, :])  # (Ky, Kx)

    def multiplicity(self) -> torch.Tensor:
        """How often each half-plane bin stands in the full plane; 0 at DC and at the Nyquist bins.

        The Nyquist bins of even sizes have no sign, so no phase ramp is right there: they count 0.
        """
        count = torch.full(self.size, 2.0, dtype=torch.float64)  # (Ky, Kx)
        count[:, 0] = 1.0
        count[self.ky.abs() > 0.5 - 1e-9, :] = 0.0
        count[:, self.kx > 0.5 - 1e-9] = 0.0
        count[self.radius() == 0] = 0.0
        return count

    def crop(self, half_plane: torch.Tensor) -> torch.Tensor:
        """Keep this band of a whole half plane (…, Y, X//2+1)."""
        if self.size == tuple(half_plane.shape[-2:]):
            return half_plane
        rows = self.rows.to(half_plane.device)
        return half_plane[..., rows, :][..., : len(self.kx)]  # (…, Ky, Kx)


def ramps(
    band: Band, displacements: torch.Tensor, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Phase ramps exp(+2πi k·p) that shift content back by p, one vector an axis.

    Parameters
    ----------
    displacements
        (N, 2) float64 px, (y, x).

    Returns
    -------
    (N, Ky), (N, Kx) complex
        The phase is computed in float64 on the host: k·p may be hundreds of turns.
    """
    p = displacements.to("cpu", torch.float64)
    turns_y = p[:, :1] * band.ky[None]  # (N, Ky)
    turns_x = p[:, 1:] * band.kx[None]  # (N, Kx)
    return tuple(  # type: ignore[return-value]
        torch.polar(torch.ones_like(t), 2 * math.pi * torch.remainder(t, 1.0)).to(device, dtype)
        for t in (turns_y, turns_x)
    )


def shifted_back(spectra: torch.Tensor, band: Band, displacements: torch.Tensor) -> torch.Tensor:
    """Motion-compensated spectra Y_t = X_t·exp(2πi k·p_t) (Fourier shift theorem).

    Parameters
    ----------
    spectra
        (N, Ky, Kx) complex.
    displacements
        (N, 2) px, (y, x).
    """
    along_y, along_x = ramps(band, displacements, spectra.dtype, spectra.device)
    return spectra * along_y[:, :, None] * along_x[:, None, :]  # (N, Ky, Kx)


def radial_mean(values: torch.Tensor, band: Band, width: float = 1.0) -> torch.Tensor:
    """Replace each value by the mean over its ring of |k|, linearly interpolated between rings.

    Parameters
    ----------
    values
        (Ky, Kx) real.
    width
        Ring width in units of the coarser frequency step.

    Returns
    -------
    (Ky, Kx)
        DC keeps the value of the first ring; it is never part of a mean.
    """
    weight = band.multiplicity().to(values.device, values.dtype)
    # DC and Nyquist carry no weight, but the ring profile still reaches them
    step = width * band.step
    ring = (band.radius() / step).to(values.device)  # (Ky, Kx) ring coordinate
    low = ring.floor().long()
    part = (ring - low).to(values.dtype)
    n = int(low.max()) + 2
    total = torch.zeros(n, dtype=values.dtype, device=values.device)
    count = torch.zeros_like(total)
    for index, share in ((low, 1 - part), (low + 1, part)):
        w = weight * share
        total.index_add_(0, index.flatten(), (w * values).flatten())
        count.index_add_(0, index.flatten(), w.flatten())
    filled = count > 0
    profile = torch.where(filled, total / count.clamp(min=1e-30), 0.0)
    # empty rings take the nearest filled one below, or the first one
    last = torch.cummax(torch.where(filled, torch.arange(n, device=values.device), -1), 0).values
    first = int(torch.nonzero(filled).flatten()[0]) if bool(filled.any()) else 0
    profile = profile[torch.where(last < 0, first, last)]
    return profile[low] * (1 - part) + profile[low + 1] * part
