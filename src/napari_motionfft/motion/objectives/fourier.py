"""The posts' Fourier objective: phase ramps, weighted sum, non-DC energy."""

from __future__ import annotations

from typing import Any

import torch

from napari_motionfft.motion.objectives.checks import as_frame_weights, check_frames, check_shifts
from napari_motionfft.motion.objectives.planes import Plane, ramp


def fourier_variance(
    frames: torch.Tensor,
    shifts: torch.Tensor,
    lowpass: str = "none",
    frequencies: str = "signed",
    frame_weights: Any = None,
    order: float | None = None,
) -> torch.Tensor:
    """Energy without DC of the mean over frames, each shifted back by t·shift.

    Parameters
    ----------
    frames
        (B, T, H, W) float; or complex, then their `torch.fft.fft2(frames, norm="forward")`.
    shifts
        (B, 2) px/frame, (y, x), of the content, positive = down / right.
    lowpass
        "none", "bilinear" (sinc² an axis), "lanczos", "gaussian" or "fejer".
    frequencies
        "signed" is right. "unsigned" is what the posts compute: frequencies 0…N−1, whose upper
        half has a wrong phase between whole shifts (docs/method.md § 2).
    frame_weights
        (T,) weights of the mean, or None for all alike.
    order
        Lobes of "lanczos" (3), σ in px of "gaussian" (1).

    Returns
    -------
    (B,)
        Population variance (divided by H·W; Parseval's theorem); differentiable in the shifts.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    check_frames(frames, complex_too=True)
    check_shifts(shifts, frames.shape[0])
    plane = Plane.least((frames.shape[2], frames.shape[3]), frequencies)
    mean = integrated_spectrum(frames, shifts, plane, as_frame_weights(frame_weights, frames))
    weight = plane.weight(lowpass, order, mean)
    return (weight * (mean.real**2 + mean.imag**2)).sum((-2, -1))


def integrated_spectrum(
    frames: torch.Tensor, shifts: torch.Tensor, plane: Plane, weights: torch.Tensor
) -> torch.Tensor:
    """Σ_t w_t X_t(k) exp(+2πi t k·v), (B, Ky, Kx) complex."""
    spectra = plane.spectra(frames)  # (B, T, Ky, Kx)
    time = torch.arange(frames.shape[1], device=shifts.device, dtype=shifts.dtype)
    along_y = ramp(plane.fy, shifts[:, :1] * time)  # (B, T, Ky)
    along_x = ramp(plane.fx, shifts[:, 1:] * time) * weights[:, None]  # (B, T, Kx)
    return torch.einsum("btyx,bty,btx->byx", spectra, along_y, along_x)
