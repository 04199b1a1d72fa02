"""Models of motion as linear bases: p = B·θ with B (T, K) and θ (K, 2) (docs/method.md § 6)."""

from __future__ import annotations

from collections.abc import Callable

import torch

Basis = Callable[[int], torch.Tensor]


def velocity(frames: int) -> torch.Tensor:
    """Constant velocity: B = t, θ in px/frame."""
    return torch.arange(frames, dtype=torch.float64)[:, None]  # (T, 1)


MODELS: dict[str, Basis] = {"velocity": velocity}
"""Name → basis. A further model is a further basis here."""


def centred(basis: torch.Tensor) -> torch.Tensor:
    """The basis less its column means: a common shift of all frames changes nothing."""
    return basis - basis.mean(0, keepdim=True)
