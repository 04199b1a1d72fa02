"""Which model: the one whose path from one half of the data predicts the other half best."""

from __future__ import annotations

from collections.abc import Sequence
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

TIE = 1e-4
"""Relative difference of predictions that means nothing."""
SLACK = {"free": 0.04, "spline": 0.015}
"""The same among paths of one kind."""
NEAR = 4.0
"""px about the path found so far where a smooth model looks for each frame once more."""
STEPS = 4
"""Gauss–Newton steps of each trial."""


def trials(asked: dict[str, Any], frames: int) -> list[tuple[str, int]]:
    """(model, parameters) to compare: what was asked for, or every sensible one, simplest first."""
    model = asked["model"]
    degrees = [d for d in (2, 3, 4, 5) if d < frames // 3] or [1]
    knots = [k for k in (2, 4, 8, 16, 32) if k <= frames // 4] or [1]
    bins = [b for b in (8, 4, 2) if b <= frames // 8] + [1]
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
    return every["velocity"] + every["polynomial"][:2] + every["spline"] + every["free"]


def predicted(
    views: Sequence[View],
    starts: Sequence[torch.Tensor],
    model: str,
    parameters: int,
    weights: torch.Tensor,
    excluded: Sequence[int],
    jumps: Sequence[int],
    check: Check,
) -> tuple[Candidate, list[torch.Tensor]]:
    """Fit a model to either half of the frequencies; how well it predicts the other.

    Returns
    -------
    Candidate, two paths (T, 2)
    """
    basis = basis_of(model, len(weights), parameters, excluded, jumps)
    paths = []
    total = 0.0
    reach = torch.full((len(weights),), NEAR, dtype=torch.float64)
    for which, start in enumerate(starts):
        check(0.5 * which, f"Trying {model} ({parameters})")
        own, other = masks(views, which), masks(views, 1 - which)
        if model != "free":
            start = renewed(views, start, weights, reach, basis, own)
        path = sharpen(views, start, basis, weights, own, STEPS)
        total += agreement(views, path, weights, other)
        total += regained(views, path, basis, weights, own, other)
        paths.append(path)
    return Candidate(model, basis.shape[1], total / 2**0.5), paths


def regained(
    views: Sequence[View],
    path: torch.Tensor,
    basis: torch.Tensor,
    weights: torch.Tensor,
    own: Sequence[torch.Tensor] | None,
    other: Sequence[torch.Tensor] | None,
) -> float:
    """Agreement that the path loses only for coming from a part of the data, in σ.

    A path's scatter ε costs the energy Σ_t n·εᵀHε. From all frequencies the scatter is smaller, as
    the curvature of the part's energy is to that of the whole: without this, a part of the
    data would choose too simple a model for the whole.
    """
    step = one_step(views, path, basis, weights, own, errors=True)
    assert step.covariance is not None
    gained = 0.0
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
        gained += lost * float(links[0].weights.sum()) * (1 - min(1.0, max(0.0, share)))
    return gained / noise_of(views, path, weights, other)


def best_of(candidates: Sequence[Candidate]) -> int:
    """Which candidate to take: the one that predicts best, the simplest of those level with it.

    Among splines and among free paths the finest of those nearly as good: a half of the data, which
    knows less, asks for simpler paths than the whole.
    """
    best = max(candidates, key=lambda one: one.prediction)
    slack = SLACK.get(best.model, TIE)
    good = [
        i
        for i, one in enumerate(candidates)
        if one.prediction >= best.prediction - slack * abs(best.prediction)
        and (one.model == best.model or best.model not in SLACK)
    ]
    pick = max if best.model in SLACK else min
    return pick(good, key=lambda i: candidates[i].parameters)
