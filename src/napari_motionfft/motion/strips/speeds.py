"""The velocities that a strip is searched for, and what of it is still in view after a lag."""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len

STEP_BLURRED, STEP_SHARP = 1.0, 0.6
"""Grid step times the longest lag in view, px; with the 1 px Gaussian of `auto` and without."""


def velocity_grid(limit: float, frames: int, length: int, step: float) -> torch.Tensor:
    """Symmetric velocities −limit…limit with zero among them, (V,) float64 px/frame.

    At speed v the longest lag in view is L/2v: the landscape is as fine as that, no finer. So the
    grid is even up to L/2T and widens in proportion to the speed beyond.
    """
    out = [0.0]
    while out[-1] < limit * (1 - 1e-9):
        here = out[-1]
        lag = min(frames - 1.0, max(1.0, length / (2 * max(here, 1e-9))))
        out.append(min(limit, here + step / lag))
    half = torch.tensor(out, dtype=torch.float64)
    return torch.cat([-half.flip(0)[:-1], half])


def lags_in_view(velocities: torch.Tensor, length: int, lags: int) -> torch.Tensor:
    """How many lags share at least half the strip, 0…`lags`, int64 like `velocities`."""
    most = torch.floor(0.5 * length / velocities.abs().clamp(min=1e-9) + 1e-9)
    return most.clamp(max=lags).long()


def overlap(window: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
    """(w ⋆ w)(d)/(w ⋆ w)(0): what of a window's energy is common after moving by d px.

    Parameters
    ----------
    window
        (L,) float64.
    displacement
        Any shape, px.
    """
    size = next_fast_len(2 * len(window), real=True)
    power = torch.fft.rfft(window.double(), size).abs() ** 2
    curve = torch.fft.irfft(power, size)[: len(window)]
    curve = torch.cat([curve / curve[0], torch.zeros(1, dtype=torch.float64)])  # (L + 1,)
    at = displacement.double().abs().clamp(max=len(window) - 1e-6)
    low = at.floor().long()
    part = at - low
    return curve[low] * (1 - part) + curve[low + 1] * part


def fast_even(size: float) -> int:
    """The smallest even length of at least `size` whose FFT is fast."""
    n = int(-(-size // 1))
    n += n % 2
    while next_fast_len(n, real=True) != n:
        n += 2
    return n
