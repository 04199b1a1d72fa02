"""The exact loss landscape from lag cross-spectra, and its peaks (docs/method.md § 3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from napari_motionfft.motion.spectra import Band

Check = Callable[[float, str], None]


def lag_cross_spectra(spectra: torch.Tensor) -> torch.Tensor:
    """A_τ(k) = Σ_t X_{t+τ}(k)·X_t(k)* for τ = 1…T−1, from one zero-padded FFT along t.

    Parameters
    ----------
    spectra
        (T, Ky, Kx) complex.

    Returns
    -------
    (T−1, Ky, Kx) complex
        Row τ−1 is lag τ. Wiener–Khinchin theorem.
    """
    frames = spectra.shape[0]
    out = torch.empty_like(spectra[1:])
    rows = max(1, 2**21 // (2 * frames * spectra.shape[2]))
    for start in range(0, spectra.shape[1], rows):
        part = spectra[:, start : start + rows]
        along = torch.fft.fft(part, n=2 * frames, dim=0)
        power = along.real**2 + along.imag**2
        out[:, start : start + rows] = torch.fft.ifft(power, dim=0)[1:frames]
    return out


@dataclass(frozen=True)
class Lags:
    """Weighted lag cross-spectra, ready to be summed at any velocity.

    Attributes
    ----------
    spectra
        (T−1, Ky, Kx) complex W·A_τ; row τ−1 is lag τ.
    variance
        (T−1,) of each lag's share of the energy, if the phases of A_τ were random.
    band, field
        The frequencies; (Y, X) px whose half bounds |τ v|, or None for periodic data.
    """

    spectra: torch.Tensor
    variance: torch.Tensor
    band: Band
    field: tuple[int, int] | None

    @classmethod
    def of(
        cls,
        spectra: torch.Tensor,
        weight: torch.Tensor,
        band: Band,
        field: tuple[int, int] | None,
        overcount: float,
    ) -> Lags:
        """From frame spectra (T, Ky, Kx) and a weight (Ky, Kx), multiplicity included.

        `overcount` is that of the window that the frames were seen through.
        """
        lags = lag_cross_spectra(spectra)
        lags *= weight.to(lags.device, lags.real.dtype)
        once = uncounted(band).to(lags.device, lags.real.dtype)
        power = [(lag.real.square() + lag.imag.square()) * once for lag in lags]
        variance = 2 * overcount * torch.stack([part.sum() for part in power])
        return cls(lags, variance.cpu().double(), band, field)

    @property
    def count(self) -> int:
        """T − 1."""
        return len(self.variance)


def energy(
    lags: Lags,
    vy: torch.Tensor,
    vx: torch.Tensor,
    memory: int | None = None,
    check: Check | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Lag part of the motion energy on grids of velocities, and its variance under noise.

    T²·J(v) − Σ_k W A_0 = 2 Σ_τ Re Σ_k W(k)·A_τ(k)·exp(2πi τ k·v) (docs/method.md § 3): the
    landscape less the zero-lag constant. Each lag is two matrix products, on the part of the grid
    where it counts.

    Parameters
    ----------
    vy, vx
        (…, Ny), (…, Nx) px/frame: one grid, or a batch of grids.
    memory
        Use the shorter lags only.

    Returns
    -------
    (…, Ny, Nx), (…, Ny, Nx)
    """
    count = memory or lags.count
    spectra, band = lags.spectra, lags.band
    device = spectra.device
    total = torch.zeros(*vy.shape, vx.shape[-1], dtype=spectra.real.dtype, device=device)
    spread = torch.zeros_like(total)
    for index in range(count):
        if check is not None:
            check((index + 1) / count, "Searching velocities")
        lag = index + 1
        seen_y = visible(vy, lag, lags.field and lags.field[0])
        seen_x = visible(vx, lag, lags.field and lags.field[1])
        if vy.dim() == 1:  # one grid: leave out the part that this lag does not see
            rows, columns = extent(seen_y), extent(seen_x)
            mask = None
        else:
            rows, columns = slice(None), slice(None)
            mask = (seen_y[..., :, None] & seen_x[..., None, :]).to(device)
        if vy[..., rows].numel() == 0 or vx[..., columns].numel() == 0:
            continue
        along_y = phase(lag * vy[..., rows, None] * band.ky, device)  # (…, ny, Ky)
        turns_x = lag * band.kx[:, None] * vx[..., None, columns]  # (…, Kx, nx)
        half = along_y @ spectra[index]  # (…, ny, Kx)
        # Re(half·e^{…}) as one real product: (re, im) pairs times (cos, −sin) pairs
        share = 2 * (torch.view_as_real(half).flatten(-2) @ cos_minus_sin(turns_x, device))
        variance = float(lags.variance[index])
        if mask is None:
            total[..., rows, columns] += share
            spread[..., rows, columns] += variance
        else:
            total += share * mask
            spread += variance * mask
    return total, spread


def uncounted(band: Band) -> torch.Tensor:
    """1 where a half-plane bin stands for two of the full plane, 2 where for itself, (Ky, Kx).

    On the column kx = 0 both bins of a conjugate pair are in the half plane: they add up before
    they are squared.
    """
    return torch.where(band.multiplicity() == 1, 2.0, 1.0)


def visible(velocities: torch.Tensor, lag: int, field: float | None) -> torch.Tensor:
    """Whether content still shares half the field after `lag` frames, bool."""
    if field is None:
        return torch.ones(velocities.shape, dtype=torch.bool)
    return lag * velocities.abs() <= 0.5 * field + 1e-9


def extent(mask: torch.Tensor) -> slice:
    """The contiguous run of True in a mask, as a slice."""
    found = torch.nonzero(mask).flatten()
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def phase(turns: torch.Tensor, device: torch.device) -> torch.Tensor:
    """exp(2πi·turns) complex64 on a device; whole turns are taken off in float64 first."""
    part = (2 * math.pi * (turns - turns.round())).float().to(device)
    return torch.complex(part.cos(), part.sin())


def cos_minus_sin(turns: torch.Tensor, device: torch.device) -> torch.Tensor:
    """cos and −sin of 2π·turns in alternate rows, (…, 2K, n) float32 from (…, K, n)."""
    part = (2 * math.pi * (turns - turns.round())).float().to(device)
    return torch.stack([part.cos(), -part.sin()], -2).flatten(-3, -2)


def grid(limit: float, step: float) -> torch.Tensor:
    """Symmetric velocities −limit…limit with zero on the grid, float64."""
    n = max(1, math.ceil(limit / step - 1e-9))
    axis = torch.linspace(-limit, limit, 2 * n + 1, dtype=torch.float64)
    axis[n] = 0.0  # rounding leaves 1e-16 there
    return axis


def local_maxima(values: torch.Tensor, lowest: float, at_most: int) -> list[tuple[int, int]]:
    """Cells above `lowest` and not below their 8 neighbours, highest first."""
    tall = torch.nn.functional.max_pool2d(values[None, None], 3, stride=1, padding=1)[0, 0]
    found = torch.nonzero((values >= tall) & (values > lowest))
    order = values[found[:, 0], found[:, 1]].argsort(descending=True)[:at_most]
    return [(int(i), int(j)) for i, j in found[order]]
