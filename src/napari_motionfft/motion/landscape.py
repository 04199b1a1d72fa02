"""The exact loss landscape from lag cross-spectra, and its peaks (docs/method.md § 3)."""

from __future__ import annotations

import math
from collections.abc import Callable

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


def lag_mask(
    frames: int, axis: torch.Tensor, field: float | None, half: float = 0.5
) -> torch.Tensor:
    """Lags whose displacement stays within half the field, (T−1, N) bool along one axis."""
    lags = torch.arange(1, frames, dtype=torch.float64)[:, None]
    if field is None:
        return torch.ones(frames - 1, len(axis), dtype=torch.bool)
    return (lags * axis.abs()[None]) <= half * field + 1e-9


def energy(
    lags: torch.Tensor,
    weight: torch.Tensor,
    band: Band,
    vy: torch.Tensor,
    vx: torch.Tensor,
    field: tuple[int, int] | None,
    check: Check | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Lag part of the motion energy on a grid of velocities, and its variance under noise.

    J(v) = 2/T² Σ_τ Re Σ_k W(k)·A_τ(k)·exp(2πi τ k·v) (docs/method.md § 3): the landscape less the
    zero-lag constant. Each lag is two matrix products, on the part of the grid where it counts.

    Parameters
    ----------
    lags
        (T−1, Ky, Kx) from `lag_cross_spectra`; leading rows alone are a shorter memory.
    weight
        (Ky, Kx), multiplicity of the half plane included.
    vy, vx
        (Ny,), (Nx,) px/frame, ascending.
    field
        (Y, X) px whose half bounds |τ v|, or None for periodic data.

    Returns
    -------
    (Ny, Nx), (Ny, Nx)
        Energy and its variance if the phases of A_τ were random.
    """
    n_lags = lags.shape[0]
    device = lags.device
    real = weight.to(device, lags.real.dtype)
    multiplicity = band.multiplicity().to(device, lags.real.dtype)
    total = torch.zeros(len(vy), len(vx), dtype=lags.real.dtype, device=device)
    spread = torch.zeros_like(total)
    see_y = lag_mask(n_lags + 1, vy, None if field is None else field[0])
    see_x = lag_mask(n_lags + 1, vx, None if field is None else field[1])
    for index in range(n_lags):
        if check is not None:
            check((index + 1) / n_lags, "Searching velocities")
        rows, columns = visible(see_y[index]), visible(see_x[index])
        if rows.start == rows.stop or columns.start == columns.stop:
            continue
        lag = index + 1
        along_y = phase(lag * torch.outer(vy[rows], band.ky)).to(device, lags.dtype)  # (ny, Ky)
        along_x = phase(lag * torch.outer(band.kx, vx[columns])).to(device, lags.dtype)
        weighted = real * lags[index]  # (Ky, Kx)
        half = along_y @ weighted  # (ny, Kx)
        total[rows, columns] += 2 * (half.real @ along_x.real - half.imag @ along_x.imag)
        variance = weighted.abs().square() / multiplicity.clamp(min=1)
        spread[rows, columns] += 2 * (variance * multiplicity).sum()
    return total, spread


def phase(turns: torch.Tensor) -> torch.Tensor:
    """exp(2πi·turns), reduced in float64 first."""
    return torch.polar(torch.ones_like(turns), 2 * math.pi * torch.remainder(turns, 1.0))


def visible(mask: torch.Tensor) -> slice:
    """The contiguous run of True in a mask, as a slice."""
    found = torch.nonzero(mask).flatten()
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, 0)


def grid(limit: float, step: float) -> torch.Tensor:
    """Symmetric velocities −limit…limit with zero on the grid, float64."""
    n = max(1, math.ceil(limit / step - 1e-9))
    return torch.linspace(-limit, limit, 2 * n + 1, dtype=torch.float64)


def local_maxima(values: torch.Tensor, lowest: float, at_most: int) -> list[tuple[int, int]]:
    """Cells above `lowest` and not below their 8 neighbours, highest first."""
    tall = torch.nn.functional.max_pool2d(values[None, None], 3, stride=1, padding=1)[0, 0]
    found = torch.nonzero((values >= tall) & (values > lowest))
    order = values[found[:, 0], found[:, 1]].argsort(descending=True)[:at_most]
    return [(int(i), int(j)) for i, j in found[order]]
