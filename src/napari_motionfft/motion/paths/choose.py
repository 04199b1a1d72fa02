"""Which model: a likelihood of all data, less a price for each coefficient (docs/method.md § 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from napari_motionfft.motion.paths.links import frame_error, shares_of
from napari_motionfft.motion.paths.matching import agreement, energy_and_noise
from napari_motionfft.motion.paths.sharpen import link_of, sharpen
from napari_motionfft.motion.paths.views import View, masks, spans
from napari_motionfft.motion.result import Candidate
from napari_motionfft.motion.trajectory import basis_of

SIZE_PRICE = 1.0
"""Nats that a coefficient must gain among sizes of one model: Akaike's, which serves the path."""
PRICE = 2.0
"""Nats that a coefficient must gain: what Bayes (BIC) asks for some 60 frames, ln(60)/2."""
LEVEL = 0.01
"""px rms between two paths that low resolution cannot tell apart."""
STEPS = 8
"""Gauss–Newton steps of each fit."""


@dataclass(frozen=True)
class Trial:
    """A model fitted to all frequencies.

    Attributes
    ----------
    candidate
        As the user sees it.
    size
        As it is asked for: degree, intervals or frames a node.
    path
        (T, 2) px.
    nats
        Its log-likelihood.
    error
        px: standard error of a single frame.
    """

    candidate: Candidate
    size: int
    path: torch.Tensor
    nats: float
    error: float

    @property
    def numbers(self) -> int:
        """Coefficients of both axes."""
        return 2 * self.candidate.parameters


def trials(asked: dict[str, Any], frames: int) -> list[tuple[str, int]]:
    """(model, size) to compare: what was asked for, or every sensible one."""
    model = asked["model"]
    degrees = [d for d in (2, 3, 4, 5) if d < frames // 3] or [1]
    knots = [k for k in (2, 4, 8, 16, 32) if k <= frames // 4] or [1]
    bins = [1, *(b for b in (2, 4, 8) if b <= frames // 8)]
    if asked.get("degree"):
        degrees = [asked["degree"]]
    if asked.get("knots"):
        knots = [asked["knots"]]
    if asked.get("binning"):
        bins = [asked["binning"]]
    every = {
        "velocity": [("velocity", 1)],
        "polynomial": [("polynomial", d) for d in degrees],
        "spline": [("spline", k) for k in knots],
        "free": [("free", b) for b in bins],
    }
    if model != "auto":
        return every[model]
    smooth = every["polynomial"][:2] + [one for one in every["spline"] if one[1] + 3 < frames]
    return every["velocity"] + smooth + every["free"]


def fitted(
    views: Sequence[View],
    likely: Sequence[View],
    start: torch.Tensor,
    model: str,
    size: int,
    weights: torch.Tensor,
    excluded: Sequence[int],
    jumps: Sequence[int],
) -> Trial:
    """A model fitted to views, judged by the same views with the likelihood's weight.

    With W = P/(N(N + TP)) the energy is twice a log-likelihood. Neighbouring frequencies that the
    window makes alike, and frames that two runs share, count once.
    """
    basis = basis_of(model, len(weights), size, excluded, jumps)
    path = sharpen(views, start, basis, weights, None, STEPS)
    energy, _ = energy_and_noise(likely, path, weights, None)
    shared = max(float((1 / part).max()) for part in shares_of(spans(views), len(path)))
    nats = energy / 2 / views[0].shared / shared
    count = basis.shape[1]
    error = frame_error(link_of(likely[0], path, weights, torch.ones(likely[0].count), None))
    return Trial(Candidate(model, count, nats - PRICE * 2 * count), size, path, nats, error)


def best_of(tried: Sequence[Trial]) -> Trial:
    """The size of each model that serves its path best, and of these models the likeliest."""
    every: dict[str, Trial] = {}
    for one in tried:
        now = every.get(one.candidate.model)
        if now is None or one.nats - SIZE_PRICE * one.numbers > now.nats - SIZE_PRICE * now.numbers:
            every[one.candidate.model] = one
    best = max(every.values(), key=lambda one: one.candidate.evidence)
    # without noise, what the windows' edges do to a path of 0.001 px would count as evidence
    level = [one for one in tried if apart(one.path, best.path) < LEVEL]
    return min([best, *level], key=lambda one: one.candidate.parameters)


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """Root mean square of the difference of two paths (T, 2), a component, in px."""
    off = one - other
    return float((off - off.mean(0)).square().mean().sqrt())


def held_out(
    views: Sequence[View],
    starts: Sequence[torch.Tensor],
    basis: torch.Tensor,
    weights: torch.Tensor,
) -> tuple[list[torch.Tensor], float]:
    """Fit a model to either half of the frequencies, and see what the other half says of it.

    Returns
    -------
    two paths (T, 2), their agreement in σ: 0 ± 1 where nothing moves together
    """
    paths = [
        sharpen(views, start, basis, weights, masks(views, which), STEPS // 2)
        for which, start in enumerate(starts)
    ]
    told = [
        agreement(views, path, weights, masks(views, 1 - which)) for which, path in enumerate(paths)
    ]
    return paths, sum(told) / 2**0.5
