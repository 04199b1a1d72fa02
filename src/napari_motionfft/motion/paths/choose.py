"""Which model: the one whose path from one half of the data predicts the other half best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from napari_motionfft.motion.job import Check
from napari_motionfft.motion.paths.find import masks, renewed
from napari_motionfft.motion.paths.links import shares_of
from napari_motionfft.motion.paths.matching import agreement, noise_of
from napari_motionfft.motion.paths.sharpen import link_of, one_step, sharpen
from napari_motionfft.motion.paths.views import View, spans
from napari_motionfft.motion.result import Candidate
from napari_motionfft.motion.trajectory import basis_of

TIE = 0.05
"""σ between predictions that never mean anything."""
SLACK = {"free": 0.04, "spline": 0.015}
"""Share of the prediction that a finer path of the same kind may lack."""
MOST = 0.5
"""Share of the agreement that a part of the data may be said to lose for being a part."""
NEAR = 4.0
"""px about the path found so far where a smooth model looks for each frame once more."""
STEPS = 4
"""Gauss–Newton steps of each trial."""


@dataclass(frozen=True)
class Trial:
    """A model tried.

    Attributes
    ----------
    candidate
        As the user sees it.
    parameters
        Its size as it is asked for.
    paths
        A path (T, 2) from either half.
    score
        Agreement that these give the other half, in σ: 0 ± 1 where nothing moves together.
    lost
        Agreement lost to the scatter of the coefficients, in σ.
    """

    candidate: Candidate
    parameters: int
    paths: list[torch.Tensor]
    score: float
    lost: float

    @property
    def uncertain(self) -> float:
        """σ that its prediction varies by chance: the loss is a χ² of its coefficients."""
        return TIE + 2 * self.lost / math.sqrt(max(1, self.candidate.parameters - 1))


def trials(asked: dict[str, Any], frames: int) -> list[tuple[str, int]]:
    """(model, parameters) to compare: what was asked for, or every sensible one."""
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


def worth_trying(tried: Sequence[Trial], model: str) -> bool:
    """Whether another free path may do better: not once sharing nodes predicts clearly worse."""
    free = [one.candidate.prediction for one in tried if one.candidate.model == "free"]
    return not (model == "free" and len(free) > 1 and free[-1] < free[-2] * (1 - SLACK["free"] / 4))


def predicted(
    views: Sequence[View],
    starts: Sequence[torch.Tensor],
    model: str,
    parameters: int,
    weights: torch.Tensor,
    excluded: Sequence[int],
    jumps: Sequence[int],
    check: Check,
) -> Trial:
    """Fit a model to either half of the frequencies; how well it predicts the other."""
    basis = basis_of(model, len(weights), parameters, excluded, jumps)
    paths = []
    score = total = scatter = 0.0
    reach = torch.full((len(weights),), NEAR, dtype=torch.float64)
    for which, start in enumerate(starts):
        check(0.5 * which, f"Trying {model} ({parameters})")
        own, other = masks(views, which), masks(views, 1 - which)
        if model != "free":
            start = renewed(views, start, weights, reach, basis, own)
        path = sharpen(views, start, basis, weights, own, STEPS)
        one = agreement(views, path, weights, other)
        more, lost = regained(views, path, basis, weights, own, other)
        scatter += lost / 2**0.5
        score += one / 2**0.5
        total += (one + min(more, MOST * max(one, 0.0))) / 2**0.5
        paths.append(path)
    return Trial(Candidate(model, basis.shape[1], total), parameters, paths, score, scatter)


def regained(
    views: Sequence[View],
    path: torch.Tensor,
    basis: torch.Tensor,
    weights: torch.Tensor,
    own: Sequence[torch.Tensor] | None,
    other: Sequence[torch.Tensor] | None,
) -> tuple[float, float]:
    """Agreement that the path loses only for coming from a part of the data; all it loses; in σ.

    A path's scatter ε costs the energy Σ_t n·εᵀHε. From all frequencies the scatter is smaller, as
    the curvature of the part's energy is to that of the whole: without this, a part of the
    data would choose too simple a model for the whole.
    """
    step = one_step(views, path, basis, weights, own, errors=True)
    assert step.covariance is not None
    gained = total = 0.0
    shares = shares_of(spans(views), len(path))
    for turn, view in enumerate(views):
        part = [None if mask is None else mask[turn] for mask in (own, other)]
        links = [link_of(view, path, weights, shares[turn], mask) for mask in (*part, None)]
        share = float(links[0].curvature.trace() / links[2].curvature.trace().clamp(min=1e-300))
        rows = links[0].rows(basis)
        lost = 0.0
        for a in (0, 1):
            for b in (0, 1):
                block = step.covariance[a::2, b::2]
                scatter = ((rows @ block) * rows).sum(1)
                lost += float((scatter * links[0].weights).sum() * links[1].curvature[a, b])
        lost = max(0.0, lost) * float(links[0].weights.sum())
        total += lost
        gained += lost * (1 - min(1.0, max(0.0, share)))
    noise = noise_of(views, path, weights, other)
    return gained / noise, total / noise


def best_of(tried: Sequence[Trial]) -> Trial:
    """Which candidate to take: the one that predicts best, the simplest of those level with it.

    Among splines and among free paths the finest of those nearly as good: a half of the data, which
    knows less, asks for simpler paths than the whole.
    """
    highest = max(tried, key=lambda one: one.candidate.prediction)
    least = highest.candidate.prediction - highest.uncertain
    level = [one for one in tried if one.candidate.prediction >= least]
    best = min(level, key=lambda one: one.candidate.parameters).candidate
    slack = SLACK.get(best.model, 0.0) * abs(best.prediction)
    good = [
        one
        for one in tried
        if one.candidate.model == best.model and one.candidate.prediction >= best.prediction - slack
    ]
    if not slack:
        return min(good, key=lambda one: one.candidate.parameters)
    return max(good, key=lambda one: one.candidate.parameters)
