"""Gauss–Newton on all frequencies along a path of any model (docs/method.md § 6)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_motionfft.motion.crops import Crop, cut
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.paths.links import Link, frame_error, shares_of, solve
from napari_motionfft.motion.paths.sharpen import bounded, nearest
from napari_motionfft.motion.paths.still_pattern import less_still
from napari_motionfft.motion.paths.views import spans
from napari_motionfft.motion.paths.window_pull import FIRMNESS, HELD, Pull
from napari_motionfft.motion.refine import Aligned, WeightOf, align

CLOSE = 0.05
"""Share of a frame's standard error that a step may still be when the climb ends."""
PLACED = 0.75
"""px that the path may leave its windows before these are cut anew."""


@dataclass(frozen=True)
class Refined:
    """A path's coefficients (K, 2), their covariance (2K, 2K), and each run's alignment there.

    `scene` is the least share along any direction of the curvature that is the scene's, not the
    window's; None where the windows are so large that this is not asked.
    """

    theta: torch.Tensor
    covariance: torch.Tensor
    runs: list[Aligned]
    crops: list[Crop]
    scene: float | None = None


def refine(
    job: Job,
    path: torch.Tensor,
    basis: torch.Tensor,
    weights: torch.Tensor,
    static: torch.Tensor | None,
    weight_of: WeightOf,
    passes: int,
    steps: int,
    pattern: bool,
    check: Check,
) -> Refined | None:
    """Cut windows out along the path and climb; again where the path has left them.

    Parameters
    ----------
    path
        (T, 2) px, good to about a pixel.
    weights
        (T,) of the frames in the mean; 0 leaves a frame out.
    pattern
        Measure what stands still on the pixels, and let it count less.

    Returns
    -------
    Refined or None
        None when the content leaves the field from one frame to the next.
    """
    theta = nearest(basis, path, weights)
    done: Refined | None = None
    for turn in range(passes):
        part = within(check, turn / passes, (turn + 1) / passes)
        path = basis @ theta
        crops = cut(job, path, static, part, overlap=True)
        if not crops or sum(crop.count for crop in crops) < len(path):
            return done
        if turn == 0 and pattern:
            weight_of = less_still(weight_of, crops, path, weights)
        done = climb(crops, basis, theta, weights, weight_of, steps)
        if job.mask is not None:
            done = let_go(done, basis, weights, weight_of, steps)
        theta = done.theta
        moved = basis @ theta - path
        if float((moved - moved.mean(0)).abs().max()) < PLACED - 0.5:
            break
    return done


def let_go(
    held: Refined,
    basis: torch.Tensor,
    weights: torch.Tensor,
    weight_of: WeightOf,
    steps: int,
) -> Refined:
    """The same without the pull of small windows, as far as that leads no frame astray."""
    before = basis @ held.theta
    for firm in FIRMNESS:
        free = climb(held.crops, basis, held.theta, weights, weight_of, steps, firm)
        moved = (basis @ free.theta - before)[weights > 0]
        if float((moved - moved.mean(0)).abs().max()) < HELD:
            return free
    return held


def climb(
    crops: list[Crop],
    basis: torch.Tensor,
    theta: torch.Tensor,
    weights: torch.Tensor,
    weight_of: WeightOf,
    steps: int,
    firm: float = 1.0,
) -> Refined:
    """Maximise the energy of all runs over θ (K, 2), p = B·θ; the weight is measured each step."""
    shares = shares_of(spans(crops), len(basis))
    mine = [weights[crop.start : crop.stop] for crop in crops]
    # of a small window about an object; a large one holds enough that stands clear of its edges
    small = all(crop.mask is not None for crop in crops)
    done = 0
    while True:
        path = basis @ theta
        raw = [align(crop, path, weight_of, own) for crop, own in zip(crops, mine, strict=True)]
        pulls = [Pull.of(crop, path, own) for crop, own in zip(crops, mine, strict=True) if small]
        pulled = list(zip(pulls, raw, strict=False))
        runs = [pull.out_of(run, path, firm) for pull, run in pulled] or raw
        links = [
            Link(crop.start, crop.stop, own, share, run.gradients, run.curvature, run.scatter)
            for crop, own, share, run in zip(crops, mine, shares, runs, strict=True)
        ]
        step = solve(links, basis)
        moved = basis @ step.move
        longest = float((moved - moved.mean(0)).abs().max())
        error = min(frame_error(link) for link in links)
        if done == steps or longest < max(1e-4, CLOSE * error):
            covariance = solve(links, basis, errors=True).covariance
            assert covariance is not None
            scene = min((float(pull.parts(run)[2].min()) for pull, run in pulled), default=None)
            return Refined(theta, covariance, runs, crops, scene)
        theta = theta + bounded(step.move, basis)
        done += 1
