"""How far lines stray from the motion that was fitted (docs/method.md § 8, § 11)."""

from __future__ import annotations

import torch

MODES = 4
"""Slow ways of straying that are looked at."""


def misfit(left: torch.Tensor, mask: torch.Tensor, one_line: torch.Tensor) -> torch.Tensor:
    """Variance inflation ≥ 1 of each window: how lines stray from the motion (docs/method.md § 8).

    White scatter beyond that of noise counts as it is. Slow straying (the scene changes as it
    passes, the flow is uneven) moves a slope far more than as much white scatter would: it is
    measured by the lowest polynomials that the fit leaves free. Both count beyond chance only.

    Parameters
    ----------
    left
        (b, c, m) px: what is left of each line's displacement.
    one_line
        (b,) px²: its variance from noise alone.
    """
    whole = mask[mask.min(1).values > 0] > 0  # runs that are full
    runs, m = int(whole.shape[0]), mask.shape[1]
    white = left / one_line.clamp(min=1e-300).sqrt()[:, None, None]
    n = float(mask.sum() - 2 * mask.shape[0])
    out = torch.ones(len(left), dtype=torch.float64)
    if n >= 4:
        ratio = white.square().sum((1, 2)) / n
        out = torch.where(ratio > 1 + 2 * (2 / n) ** 0.5, ratio, out)
    fitted = 2 if mask.shape[0] == 1 else 0
    slow = torch.linalg.qr(torch.linspace(-1, 1, m).double()[:, None] ** torch.arange(7))[0]
    slow = slow[:, 1 + fitted : 1 + fitted + MODES]  # (m, J)
    if runs == 0 or m < 2 * MODES + fitted + 1:
        return out
    strength = (white[:, mask.min(1).values > 0] @ slow).square().sum((1, 2))
    free = runs * MODES - (2 - fitted)
    ratio = strength / free
    return torch.where(ratio > 1 + 2 * (2 / free) ** 0.5, torch.maximum(out, ratio), out)
