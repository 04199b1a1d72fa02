"""Layers that add up, frequency by frequency: their Gram matrices, estimate, information."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.spectra import Band


@dataclass
class Model:
    """X_t(k) = Σ_m L_m(k)·exp(−2πi k·v_m t) + noise, L_m and the noise Gaussian.

    Attributes
    ----------
    velocities
        (M, 2) px/frame.
    free
        (M,) bool: which velocities are estimated; a still background's is not.
    power
        (M, Ky, Kx) float64 P_m(k): mean |L_m|².
    noise
        (Ky, Kx) float64 N(k).
    """

    velocities: torch.Tensor
    free: torch.Tensor
    power: torch.Tensor
    noise: torch.Tensor

    @property
    def count(self) -> int:
        """M."""
        return len(self.velocities)


def grams(band: Band, velocities: torch.Tensor, times: torch.Tensor, rows: slice) -> torch.Tensor:
    """B^H B of B = [a_1 … a_M, t·a_1 … t·a_M], a_m = exp(−2πi k·v_m t).

    Returns
    -------
    (ky, Kx, 2M, 2M) complex128 for some rows of the band
    """
    many = len(velocities)
    ky, kx = band.ky[rows], band.kx
    out = torch.empty(len(ky), len(kx), 2 * many, 2 * many, dtype=torch.complex128)
    powers = torch.stack([times**p for p in range(3)])  # (3, n)
    for m in range(many):
        for j in range(m, many):
            apart = velocities[m] - velocities[j]
            along = torch.exp(2j * math.pi * times[:, None] * ky * apart[0])  # (n, ky)
            across = torch.exp(2j * math.pi * times[:, None] * kx * apart[1])  # (n, Kx)
            for p in range(3):
                total = (along * powers[p][:, None]).T @ across  # (ky, Kx)
                cells = {0: [(m, j)], 1: [(many + m, j), (m, many + j)], 2: [(many + m, many + j)]}
                for a, b in cells[p]:
                    out[..., a, b] = total
                    out[..., b, a] = total.conj()
                # t is real: (t a_m)^H a_j = a_m^H (t a_j)
    return out


def shares(gram: torch.Tensor, model: Model, rows: slice) -> torch.Tensor:
    """(N/P + A^H A)⁻¹, (ky, Kx, M, M) complex128: the layers from A^H x; times N, their error."""
    many = model.count
    ridge = model.noise[rows][None] / model.power[:, rows].clamp(min=1e-30)  # (M, ky, Kx)
    ridge = ridge.clamp(max=1e12)
    matrix = gram[..., :many, :many] + torch.diag_embed(ridge.permute(1, 2, 0)).to(gram.dtype)
    inverse: torch.Tensor = torch.linalg.inv(matrix)
    return inverse


def information(gram: torch.Tensor, share: torch.Tensor, model: Model, rows: slice) -> torch.Tensor:
    """tr(C⁻¹ ∂_m C C⁻¹ ∂_n C)/(k_i k_j) of the marginal likelihood, (ky, Kx, M, M) float64."""
    many = model.count
    across = gram[..., :, :many]  # B^H A
    q = gram - across @ share @ across.mH
    q = q / model.noise[rows][..., None, None]
    uu, uw = q[..., :many, :many], q[..., :many, many:]
    wu, ww = q[..., many:, :many], q[..., many:, many:]
    # w carries −2πi: w^H w' gains 4π², u^H w' gains −2πi, w^H u gains 2πi
    uw, wu, ww = uw * (-2j * math.pi), wu * (2j * math.pi), ww * (4 * math.pi**2)
    total = uw * uw.mT + uu * ww.mT + ww * uu.mT + wu * wu.mT
    p = model.power[:, rows].permute(1, 2, 0)  # (ky, Kx, M)
    return (total * p[..., :, None] * p[..., None, :]).real
