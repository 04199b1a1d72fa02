"""The Fourier objective from lag cross-spectra: a batch of shifts costs about as much as one."""

from __future__ import annotations

import torch

from napari_motionfft.motion.landscape import lag_cross_spectra
from napari_motionfft.motion.objectives.checks import parity_sums
from napari_motionfft.motion.objectives.planes import Plane, ramp


class LagEnergy:
    """Energy of given frames at any shifts, two matrix products a lag (docs/method.md § 3).

    J(v) = Σ_k W A_0 + 2 Σ_τ Re Σ_k W(k)·A_τ(k)·exp(2πi τ k·v), A_τ = Σ_t w_{t+τ}w_t X_{t+τ}X_t*.
    The phases separate, so along x all shifts are one matrix product, along y one sum.

    Parameters
    ----------
    frames
        (B, T, H, W) float.
    weight
        (Ky, Kx) of the plane, `count` included.
    frame_weights
        (T,) with sum 1.
    odd
        Keep the odd lags only, once each: the cross-energy of even and odd frames, each set's
        weights scaled to sum 1 (GCC-PHAT of the pair at α = 0).
    """

    def __init__(
        self,
        frames: torch.Tensor,
        plane: Plane,
        weight: torch.Tensor,
        frame_weights: torch.Tensor,
        odd: bool = False,
    ) -> None:
        self.plane = plane
        lags = []
        constant = []
        for video in frames:  # the FFT along time doubles T: one video after another
            spectra = plane.spectra(video) * frame_weights[:, None, None]  # (T, Ky, Kx)
            power = (spectra.real**2 + spectra.imag**2).sum(0)
            constant.append((weight * power).sum())
            lags.append(weight * lag_cross_spectra(spectra))
        tau = torch.arange(1, frames.shape[1], device=frames.device, dtype=frames.dtype)
        if odd:
            even, sums_odd = parity_sums(frame_weights)
            pairs = even * sums_odd
            self.constant = frames.new_zeros(len(frames))
            self.spectra = torch.stack([video[::2] for video in lags]) / pairs
            self.tau = tau[::2]
        else:
            self.constant = torch.stack(constant)  # (B,)
            self.spectra = 2 * torch.stack(lags)  # (B, T−1, Ky, Kx)
            self.tau = tau
        self.cost = 4 * self.spectra.shape[1] * len(frames) * sum(self.spectra.shape[-2:])

    def __call__(self, shifts: torch.Tensor) -> torch.Tensor:
        """(S, B, 2) → (S, B)."""
        moved = shifts.permute(1, 2, 0)[:, :, None, :] * self.tau[:, None]  # (B, 2, τ, S)
        along_y = ramp(self.plane.fy, moved[:, 0])  # (B, τ, S, Ky)
        along_x = ramp(self.plane.fx, moved[:, 1])  # (B, τ, S, Kx)
        rows = self.spectra @ along_x.transpose(-1, -2)  # (B, τ, Ky, S)
        lagged = torch.linalg.vecdot(along_y.conj(), rows.transpose(-1, -2))  # (B, τ, S)
        total: torch.Tensor = self.constant[:, None] + lagged.real.sum(1)
        return total.T

    def grid(self, vy: torch.Tensor, vx: torch.Tensor) -> torch.Tensor:
        """The whole grid: (Ny,), (Nx,) px/frame → (B, Ny, Nx)."""
        along_y = ramp(self.plane.fy, vy * self.tau[:, None])  # (τ, Ny, Ky)
        along_x = ramp(self.plane.fx, vx * self.tau[:, None])  # (τ, Nx, Kx)
        total: torch.Tensor = self.constant[:, None, None]
        for lag in range(len(self.tau)):
            part = along_y[lag] @ self.spectra[:, lag] @ along_x[lag].T  # (B, Ny, Nx)
            total = total + part.real
        return total
