"""A still pattern fitted beside the moving one (docs/method.md § 9, § 11)."""

from __future__ import annotations

import torch

from napari_motionfft.motion.strips.mosaic import THIN, MeanLine, Runs, pulls
from napari_motionfft.motion.strips.weighing import Weights, moment

STILL_ROUNDS = 12
"""Turns of taking the moving part out of the still one and back."""
ALIKE = 0.9
"""Mean phase ramp from which moving and still are one."""


def take_out_still(runs: Runs, pull: torch.Tensor, mean: MeanLine, weight: torch.Tensor) -> None:
    """Move what the lines share at rest out of them, in place; `mean` is laid anew.

    Two layers by turns: the still one is the mean of the lines less the moving one, which is the
    mean of the compensated lines less the still one (docs/method.md § 9). All on mean lines.
    """
    length, lines = len(runs.taper), float(runs.mask.sum())
    rest = runs.lines.sum((1, 2)) / lines  # (b, L), under the taper
    together = mean.turns.sum(2)  # (b, c, K)
    count = torch.fft.irfft(mean.cover, runs.size).clamp(min=THIN)
    still = torch.zeros_like(rest)
    hold = tellable(together.abs().sum(1) / lines, weight)
    for _ in range(STILL_ROUNDS):
        moving = torch.fft.irfft((mean.spectrum * together.conj()).sum(1), runs.size)
        still = rest - runs.taper * moving[:, :length] / lines
        still = torch.fft.irfft(torch.fft.rfft(still, runs.size) * hold, runs.size)[:, :length]
        total = mean.total - torch.fft.rfft(still, runs.size)[:, None] * together
        mean.spectrum = torch.fft.rfft(torch.fft.irfft(total, runs.size) / count, runs.size)
    mean.total = total
    part = Runs(
        still[:, None, None],
        torch.fft.rfft(still, runs.size)[:, None, None],
        runs.taper,
        runs.mask[:1, :1],
        runs.t[:1, :1],
        runs.size,
    )
    on = runs.mask.float().to(runs.device)[..., None]
    runs.lines -= part.lines * on
    runs.spectra -= part.spectra * on
    pull -= pulls(part, weight) * on


def tellable(alike: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """(b, K) 1 where a still pattern can be told from the moving one, else 0.

    Where k·v is a whole number the moving pattern looks the same in every frame; what is still
    there stays with the moving one. Not so about k = 0: the mean line begins as the still one.

    Parameters
    ----------
    alike
        (b, K) |D|, the mean phase ramp: 1 where nothing is seen to move.
    """
    first = (alike < 0.5).cumsum(-1) == 0  # the lobe about k = 0
    return (((alike < ALIKE) & (weight > 0)) | first).float()


def share_left(runs: Runs, velocity: torch.Tensor, weights: Weights) -> torch.Tensor:
    """What of the velocity's information is left beside a free still pattern, (b,) in 0…1.

    At each frequency a_t = exp(−2πi k·v t) has to be told from a constant: of its derivative what
    lies along both is lost (docs/method.md § 9).
    """
    t = runs.t[runs.mask > 0]
    t = t if runs.t.shape[0] == 1 else runs.t[0][runs.mask[0] > 0]
    k = torch.fft.rfftfreq(len(runs.taper), dtype=torch.float64)
    turns = 2 * torch.pi * velocity[:, None, None] * t[:, None] * k  # (b, m, K)
    a = torch.polar(torch.ones_like(turns), -turns)
    d = a.mean(1)
    slope = (t[:, None] * a).sum(1)
    lost = (slope.real**2 + slope.imag**2) / (len(t) * (1 - d.real**2 - d.imag**2).clamp(min=1e-9))
    kept = (1 - lost / float((t**2).sum())).clamp(min=0.0, max=1.0)
    whole = weights.weight * weights.signal
    length = len(runs.taper)
    return moment(whole * kept, length) / moment(whole, length).clamp(min=1e-300)
