"""Spectra of lines, of their lags, and phase ramps."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.frames import apodised


def line_spectra(lines: torch.Tensor, taper: torch.Tensor, size: int) -> torch.Tensor:
    """Spectra of lines less their own mean under a taper, zero-padded, (…, n, size//2+1)."""
    rows = lines.flatten(0, -2)[:, None]  # (N, 1, L)
    rows = apodised(rows, taper.to(lines.device)[None])[:, 0]
    spectra: torch.Tensor = torch.fft.rfft(rows, size, norm="ortho")
    return spectra.reshape(*lines.shape[:-1], -1)


def lag_spectra(spectra: torch.Tensor, lags: int) -> torch.Tensor:
    """A_τ(k) = Σ_t X_{t+τ}(k)·X_t(k)* for τ = 1…lags of every window, (lags, b, K) complex.

    Wiener–Khinchin theorem along time, zero-padded.

    Parameters
    ----------
    spectra
        (b, n, K) complex.
    """
    n = spectra.shape[1]
    turned = spectra.transpose(1, 2).contiguous()  # (b, K, n)
    along = torch.fft.fft(turned, n=2 * n)
    power = along.real.square() + along.imag.square()
    back: torch.Tensor = torch.fft.ihfft(power)  # (b, K, n + 1)
    return back[..., 1 : lags + 1].permute(2, 0, 1).contiguous()


def turned(displacement: torch.Tensor, k: torch.Tensor, device: torch.device) -> torch.Tensor:
    """exp(2πi k·d) complex64, (…, K) of displacements (…) in px.

    In float32: a thousand px cost 1e-4 rad, at random over frequencies.
    """
    turn = displacement.float().to(device)[..., None] * (2 * math.pi * k).float().to(device)
    return torch.complex(turn.cos(), turn.sin())
