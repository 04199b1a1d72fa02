"""Gauss–Newton on low-resolution views: a path to a fraction of a pixel, and its error there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from napari_motionfft.motion.paths.links import Link, Step, cholesky, shares_of, solve
from napari_motionfft.motion.paths.matching import BLOCK, averaged, left_over
from napari_motionfft.motion.paths.views import View, spans
from napari_motionfft.motion.refine import moments

STILL = 1e-3
"""px: a step that moves no frame further ends the climb."""
FURTHEST = 1.0
"""px that a step may move a frame: the energy's main lobe is no wider."""


def sharpen(
    views: Sequence[View],
    path: torch.Tensor,
    basis: torch.Tensor,
    weights: torch.Tensor,
    mask: Sequence[torch.Tensor] | None,
    steps: int,
) -> torch.Tensor:
    """The path (T, 2) nearest to `path` on a basis, after some steps up the energy."""
    theta = nearest(basis, path, weights)
    for _ in range(steps):
        step = one_step(views, basis @ theta, basis, weights, mask)
        move = bounded(step.move, basis)
        theta = theta + move
        if float((basis @ move).abs().max()) < STILL:
            break
    path = basis @ theta
    return path - path[:1]


def nearest(basis: torch.Tensor, path: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """θ (K, 2) whose path comes nearest to a path; a common shift of all frames is left out.

    Frames without weight keep their place where nothing else says it.
    """
    share = weights / weights.sum()
    root = share.clamp(min=1e-9).sqrt()[:, None]
    # a basis may hold no constant, and the path's zero is frame 0, which may be a bad one
    rows, wanted = basis - share @ basis, path - share @ path
    rows, wanted = root * rows, root * wanted
    # light frames are no less sure of their own place
    scale: torch.Tensor = rows.norm(dim=0).clamp(min=1e-300)
    rows = rows / scale
    solution: torch.Tensor = torch.cholesky_solve(rows.T @ wanted, cholesky(rows.T @ rows))
    return solution / scale[:, None]


def bounded(move: torch.Tensor, basis: torch.Tensor) -> torch.Tensor:
    """The step (K, 2), shortened so that no frame moves further than `FURTHEST`.

    Where each frame has its own coefficient, each is bounded for itself.
    """
    if basis.shape[0] == basis.shape[1]:
        lengths: torch.Tensor = move.norm(dim=1, keepdim=True).clamp(min=1e-12)
        return move * (FURTHEST / lengths).clamp(max=1)
    moved = basis @ move
    longest = float((moved - moved.mean(0)).norm(dim=1).max())
    return move * min(1.0, FURTHEST / max(longest, 1e-12))


def one_step(
    views: Sequence[View],
    path: torch.Tensor,
    basis: torch.Tensor,
    weights: torch.Tensor,
    mask: Sequence[torch.Tensor] | None,
    errors: bool = False,
) -> Step:
    """The Gauss–Newton step of all views together."""
    shares = shares_of(spans(views), len(path))
    links = [
        link_of(view, path, weights, shares[turn], None if mask is None else mask[turn])
        for turn, view in enumerate(views)
    ]
    return solve(links, basis, errors)


def link_of(
    view: View,
    path: torch.Tensor,
    weights: torch.Tensor,
    shares: torch.Tensor,
    mask: torch.Tensor | None,
) -> Link:
    """Gradient of every frame's energy, its curvature and its scatter, on one view."""
    weight = view.weight if mask is None else view.weight * mask
    mine = weights[view.start : view.stop]
    n = float(mine.sum().clamp(min=1e-12))
    mean, power = averaged(view, path, weights)
    noise = left_over(mean, power, n)
    ky, kx = 2 * math.pi * view.band.ky, 2 * math.pi * view.band.kx
    pull = torch.stack([weight * ky.to(weight)[:, None], weight * kx.to(weight)[None]])
    pull = (pull * mean.conj()).flatten(1).T  # (Ky·Kx, 2)
    pulls = torch.zeros(view.count, 2, dtype=torch.float64)
    for first in range(0, view.count, BLOCK):
        part = view.aligned(path, first, first + BLOCK).flatten(1)
        pulls[first : first + len(part)] = -(part @ pull).imag.cpu().double()
    energy = mean.real.square() + mean.imag.square()
    count = view.band.multiplicity()
    weight, energy, noise = (a.cpu().double() for a in (weight, energy, noise))
    fluctuation = weight**2 / count.clamp(min=1) * noise * energy
    return Link(
        view.start,
        view.stop,
        mine,
        shares,
        pulls,
        moments(weight * (energy - noise / n), ky, kx),
        moments(fluctuation, ky, kx) * view.shared,
    )
