"""Spectral weights of windows, and sums over frequencies."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_motionfft.motion.strips.mosaic import Runs


@dataclass(frozen=True)
class Weights:
    """Spectral weight and what it was made from, at the bins of rfft(L), (b, L//2+1) float64."""

    weight: torch.Tensor
    signal: torch.Tensor
    noise: torch.Tensor

    def pick(self, rows: torch.Tensor) -> Weights:
        """Those of some windows."""
        return Weights(self.weight[rows], self.signal[rows], self.noise[rows])


def lines_needed(weights: Weights, length: int) -> torch.Tensor:
    """N/P over the frequencies that tell of motion, (b,)."""
    telling = weights.weight * weights.signal
    clear = telling * weights.signal / weights.noise.clamp(min=1e-300)
    return moment(telling, length) / moment(clear, length).clamp(min=1e-300)


def resampled(weight: torch.Tensor, runs: Runs) -> torch.Tensor:
    """(b, n) at the bins of rfft(L) → at the bins of `runs.k`, by linear interpolation."""
    bins = weight.shape[-1] - 1
    at = (runs.k * len(runs.taper)).clamp(max=bins - 1e-9)
    low = at.floor().long()
    return weight[:, low] * (1 - (at - low)) + weight[:, (low + 1).clamp(max=bins)] * (at - low)


def moment(values: torch.Tensor, length: int) -> torch.Tensor:
    """∫ (2πk)²·values dk over the whole axis, (b,) from (b, L//2+1)."""
    k = 2 * torch.pi * torch.fft.rfftfreq(length, dtype=torch.float64)
    count = torch.full_like(k, 2.0 / length)
    if length % 2 == 0:
        count[-1] = 0
    total: torch.Tensor = (values * k**2 * count).sum(-1)
    return total
