"""Even and odd frames integrated apart, and GCC-PHAT of that pair (post 4)."""

from __future__ import annotations

from typing import Any

import torch

from napari_motionfft.motion.objectives.checks import (
    as_frame_weights,
    check_frames,
    check_shifts,
    number,
    parity_sums,
)
from napari_motionfft.motion.objectives.planes import Plane, ramp

FLOOR = 1e-12
"""Cross-spectra below this share of the largest power are rounding: whitening leaves them small."""


def even_odd_spectra(
    frames: torch.Tensor,
    shifts: torch.Tensor,
    frequencies: str = "signed",
    frame_weights: Any = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Means of the even and of the odd frames, shifted back; the odd ones to the first odd frame.

    Parameters
    ----------
    frames
        (B, T, H, W) float; or complex, then their `torch.fft.fft2(frames, norm="forward")`.
    shifts
        (B, 2) px/frame, (y, x), of the content.
    frequencies
        "signed", or "unsigned" as in the posts.
    frame_weights
        (T,) weights within each mean, or None for all alike.

    Returns
    -------
    even, odd
        (B, H, W) complex each. At the true shift v, odd = even·exp(−2πi k·v).

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    check_frames(frames, complex_too=True)
    check_shifts(shifts, frames.shape[0])
    plane = Plane.full((frames.shape[2], frames.shape[3]), frequencies)
    spectra = plane.spectra(frames)
    weights = as_frame_weights(frame_weights, frames)
    even, odd, _ = pair(by_parity(spectra, weights), shifts[None], plane)
    return even[0], odd[0]


def gcc_phat_stack(
    frames: torch.Tensor,
    shifts: torch.Tensor,
    alpha: float = 1.0,
    lowpass: str = "none",
    frequencies: str = "signed",
    frame_weights: Any = None,
    order: float | None = None,
) -> torch.Tensor:
    """GCC-PHAT of the even-odd pair at the shift itself: Σ_k W·Re(G·exp(2πi k·v))/|G|^α.

    G = O·E*, both with the shift taken out. Frames are transformed orthonormally and the sum is
    divided by H·W; so at α = 0 it is the energy of `fourier_variance` kept to odd lags, and at
    α = 1 it is at most 1.

    Parameters
    ----------
    frames, shifts, frequencies, frame_weights
        As in `even_odd_spectra`.
    alpha
        In [0, 1]: 0 keeps the cross-spectrum, 1 keeps its phase alone.
    lowpass, order
        Weight after the whitening, as in `fourier_variance`; "fejer" is post 4's taper.

    Returns
    -------
    (B,)
        Differentiable in the shifts.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    check_frames(frames, complex_too=True)
    check_shifts(shifts, frames.shape[0])
    number("alpha", alpha, 0.0, 1.0)
    plane = Plane.least((frames.shape[2], frames.shape[3]), frequencies)
    spectra = plane.spectra(frames)
    weight = plane.weight(lowpass, order, spectra)
    weights = as_frame_weights(frame_weights, frames)
    return EvenOdd(spectra, plane, weight, weights, alpha)(shifts[None])[0]


def energy_of_pair(
    frames: torch.Tensor,
    shifts: torch.Tensor,
    lowpass: str = "none",
    frequencies: str = "signed",
    order: float | None = None,
) -> torch.Tensor:
    """The variance objective given back by the pair: Σ_k W·|(n_e E + e^{2πi k·v} n_o O)/T|².

    With as many even as odd frames that is post 4's |(E + e^{…}O)/2|². It equals
    `fourier_variance` to rounding.

    Returns
    -------
    (B,)

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    check_frames(frames, complex_too=True)
    check_shifts(shifts, frames.shape[0])
    plane = Plane.least((frames.shape[2], frames.shape[3]), frequencies)
    parity = by_parity(plane.spectra(frames), as_frame_weights(None, frames))
    even, odd, late = (found[0] for found in pair(parity, shifts[None], plane))
    count = frames.shape[1]
    mean = ((count + 1) // 2 * even + count // 2 * late * odd) / count
    weight = plane.weight(lowpass, order, mean)
    return (weight * (mean.real**2 + mean.imag**2)).sum((-2, -1))


def by_parity(spectra: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Even and odd frames (B, n, Ky, Kx), each weighted so that a plain sum is their mean."""
    even, odd = parity_sums(weights)
    shares = weights[:, None, None]
    return spectra[:, ::2] * (shares[::2] / even), spectra[:, 1::2] * (shares[1::2] / odd)


def pair(
    parity: tuple[torch.Tensor, torch.Tensor], shifts: torch.Tensor, plane: Plane
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Even mean, odd mean and one frame's ramp for S shifts a video, (S, B, Ky, Kx) each."""
    one = (
        ramp(plane.fy, shifts[..., 0])[..., :, None] * ramp(plane.fx, shifts[..., 1])[..., None, :]
    )
    two = one * one
    even, odd = (horner(frames, two) for frames in parity)
    return even, odd, one


def horner(frames: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Σ_m X_m·step^m: (B, n, Ky, Kx), (S, B, Ky, Kx) → (S, B, Ky, Kx)."""
    total = frames[:, -1].expand_as(step)
    for index in range(frames.shape[1] - 2, -1, -1):
        total = total * step + frames[:, index]
    return total


class EvenOdd:
    """GCC-PHAT of the even-odd pair of given spectra, for many shifts at once.

    Parameters
    ----------
    spectra
        (B, T, Ky, Kx) complex, divided by H·W.
    weight
        (Ky, Kx) of the plane, `count` included.
    frame_weights
        (T,).
    """

    def __init__(
        self,
        spectra: torch.Tensor,
        plane: Plane,
        weight: torch.Tensor,
        frame_weights: torch.Tensor,
        alpha: float,
    ) -> None:
        pixels = plane.shape[0] * plane.shape[1]
        self.plane, self.weight, self.alpha = plane, weight, alpha
        power = (spectra.real**2 + spectra.imag**2) * (weight > 0)
        # powers are taken relative to the largest: float32 holds no |G|² of faint frames
        largest = power.amax((1, 2, 3)).clamp(min=1e-30)  # (B,)
        self.parity = by_parity(spectra / largest.sqrt()[:, None, None, None], frame_weights)
        self.scale = (largest * pixels) ** (1 - alpha) / pixels
        self.cost = 2 * spectra.numel()

    def __call__(self, shifts: torch.Tensor) -> torch.Tensor:
        """(S, B, 2) → (S, B)."""
        even, odd, one = pair(self.parity, shifts, self.plane)
        return self.scale * self.total(odd * even.conj(), one)

    def total(self, cross: torch.Tensor, one: torch.Tensor) -> torch.Tensor:
        """Σ_k W·Re(G·ramp)/|G|^α over the last two axes."""
        aligned = (cross * one).real
        if self.alpha:
            size = cross.real**2 + cross.imag**2
            aligned = aligned * (size + FLOOR**2) ** (-self.alpha / 2)
        return (self.weight * aligned).sum((-2, -1))

    def grid(self, vy: torch.Tensor, vx: torch.Tensor) -> torch.Tensor:
        """The whole grid, one row of it at a time: (Ny,), (Nx,) px/frame → (B, Ny, Nx)."""
        along_y = [self.ramps(self.plane.fy, vy, part) for part in self.parity]  # (Ny, n, Ky)
        along_x = [self.ramps(self.plane.fx, vx, part) for part in self.parity]  # (Nx, n, Kx)
        one_y, one_x = ramp(self.plane.fy, vy), ramp(self.plane.fx, vx)
        rows = []
        for row in range(len(vy)):
            means = []
            for part, y, x in zip(self.parity, along_y, along_x, strict=True):
                turned = (part * y[row][:, :, None]).permute(3, 0, 2, 1)  # (Kx, B, Ky, n)
                summed = turned @ x.permute(2, 1, 0)[:, None]  # (Kx, B, Ky, Nx)
                means.append(summed.permute(1, 3, 2, 0))  # (B, Nx, Ky, Kx)
            one = one_y[row][:, None] * one_x[:, None, :]  # (Nx, Ky, Kx)
            rows.append(self.total(means[1] * means[0].conj(), one))
        return self.scale[:, None, None] * torch.stack(rows, 1)

    @staticmethod
    def ramps(
        frequency: torch.Tensor, velocities: torch.Tensor, frames: torch.Tensor
    ) -> torch.Tensor:
        """Ramps of every second frame (B, n, Ky, Kx) along one axis, (N, n, K)."""
        time = 2 * torch.arange(frames.shape[1], device=velocities.device, dtype=velocities.dtype)
        return ramp(frequency, velocities[:, None] * time)
