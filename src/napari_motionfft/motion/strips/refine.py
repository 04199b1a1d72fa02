"""Gauss–Newton for the velocities of many windows at once (docs/method.md § 6, § 11)."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_motionfft.motion.strips.mosaic import (
    SMOOTH_BINS,
    MeanLine,
    Runs,
    gradients,
    gram,
    lay,
    pulls,
    shared_spectra,
    trusted,
)
from napari_motionfft.motion.strips.still import share_left, take_out_still
from napari_motionfft.motion.strips.strays import misfit
from napari_motionfft.motion.strips.weighing import Weights, lines_needed, moment, resampled

STEPS = 4
"""Steps at most; two are mostly enough."""
ACCELERATED = 12
"""Fewest lines of a window for which a changing velocity is allowed for."""
CLOSE = 0.01
"""px: after a smaller step the next would be negligible."""
PROBE = 0.5
"""px at the ends of a run: how far it is turned to see what holds it."""
LEAST_HOLD = 0.02
"""Less resistance than this is not measured."""


@dataclass
class Fit:
    """Refined velocities of b windows.

    Attributes
    ----------
    velocity
        (b,) float64 px/frame.
    variance
        (b,) (px/frame)² of it from noise alone.
    inflation
        (b,) ≥ 1: how much more the lines scatter about the motion than noise alone makes them.
    agreement
        (b,) how steeply lines hold on to their place: the higher, the better they agree.
    shared, power
        (b, L//2+1) power that lines share with the mean of the others, and all of it.
    lines_a_point
        (b,) how many lines saw each point of the scene.
    """

    velocity: torch.Tensor
    variance: torch.Tensor
    inflation: torch.Tensor
    agreement: torch.Tensor
    shared: torch.Tensor
    power: torch.Tensor
    lines_a_point: torch.Tensor


def refine(
    runs: Runs,
    start: torch.Tensor,
    weights: Weights,
    static: bool,
    changing: bool = False,
    steps: int = STEPS,
) -> Fit:
    """Climb from `start` (b,) to the velocities of best agreement.

    Parameters
    ----------
    static
        Fit a still pattern beside the moving one, window by window.
    changing
        Lines far apart no longer agree: measure how their mean gives way with them.
    """
    weight = resampled(weights.weight, runs).float().to(runs.device)
    pull = pulls(runs, weight)
    flat = Runs(
        runs.taper.expand(len(start), 1, 1, -1),
        torch.fft.rfft(runs.taper, runs.size).expand(len(start), 1, 1, -1),
        runs.taper,
        torch.ones(1, 1).double(),
        torch.zeros(1, 1).double(),
        runs.size,
    )
    flat_pull = pulls(flat, weight)
    basis = basis_of(runs)  # (c, m, F)
    theta = torch.zeros(len(start), basis.shape[2], dtype=torch.float64)
    theta[:, 0] = start
    lines, mask = float(runs.mask.sum()), runs.mask
    inverse = lever(start, runs, basis, weights, static)
    needed = lines_needed(weights, len(runs.taper))
    hold = torch.ones(len(start), dtype=torch.float64)
    for step in range(steps + 1):
        mean = lay(runs, torch.einsum("cmf,bf->bcm", basis, theta))
        if static:
            take_out_still(runs, pull, mean, weight)
        if step == 0:
            level(runs, pull, flat.spectra, flat_pull, mean)
        mean.spectrum = trusted(runs, mean, needed)
        gradient, curvature = gradients(runs, pull, mean)
        own = own_share(runs, mean, weights)
        steep = (curvature * mask).sum((1, 2)) / lines - own  # (b,)
        steep = torch.maximum(steep, 1e-3 * own).clamp(min=1e-300)
        along = torch.einsum("bcm,cmf->bf", gradient, basis) / steep[:, None]
        move = torch.einsum("bfg,bg->bf", inverse, along).nan_to_num(0.0)
        if changing and step == 0:
            hold = resistance(runs, pull, basis, theta, steep, inverse, move, needed)
        move = move / hold[:, None]
        shift = torch.einsum("cmf,bf->bcm", basis, move)
        longest = shift.abs().amax((1, 2))
        limit = (1.0 / longest.clamp(min=1.0))[:, None]
        theta, shift = theta + move * limit, shift * limit[..., None]
        if step == steps or float(longest.max()) < CLOSE:
            break
    inverse = lever(theta[:, 0], runs, basis, weights, static)
    scatter = scatter_of(runs, mean, weights, steep)
    one_line = scatter / steep**2  # variance of one line's displacement
    left = (gradient / steep[:, None, None] - shift * hold[:, None, None]) * mask
    shared, power = shared_spectra(runs, mean)
    return Fit(
        theta[:, 0],
        one_line * inverse[:, 0, 0] / hold**2,
        misfit(left, mask, one_line),
        steep,
        shared,
        power,
        mean.lines_a_point,
    )


def resistance(
    runs: Runs,
    pull: torch.Tensor,
    basis: torch.Tensor,
    theta: torch.Tensor,
    steep: torch.Tensor,
    inverse: torch.Tensor,
    move: torch.Tensor,
    needed: torch.Tensor,
) -> torch.Tensor:
    """Measured over expected change of the gradient with the velocity, (b,) in 0…1.

    1 for a scene that stays: its mean line is the same whatever one line does. Of a scene that
    changes as it passes, each line sees a mean of its neighbours', which move with it.
    """
    step = PROBE / basis[..., 0].abs().amax()
    other = theta.clone()
    other[:, 0] += step
    mean = lay(runs, torch.einsum("cmf,bf->bcm", basis, other))
    mean.spectrum = trusted(runs, mean, needed)
    gradient, _ = gradients(runs, pull, mean)
    along = torch.einsum("bcm,cmf->bf", gradient, basis) / steep[:, None]
    after = torch.einsum("bfg,bg->bf", inverse, along).nan_to_num(0.0)
    return ((move - after)[:, 0] / step).clamp(LEAST_HOLD, 1.0)


def basis_of(runs: Runs) -> torch.Tensor:
    """(c, m, F): displacement by velocity, and by acceleration where there are lines enough.

    The acceleration is no result: without it lines of a changing flow disagree, and their velocity
    is that of the part that agrees. Over the window it is orthogonal to the velocity, which stays
    the mean one and as certain as before.
    """
    frame = torch.arange(runs.mask.numel(), dtype=torch.float64).reshape(runs.mask.shape)
    n = float(runs.mask.sum())
    t = (frame - (n - 1) / 2) * runs.mask
    columns = [t, t**2 / 2] if n >= ACCELERATED else [t]
    basis = torch.stack(columns, -1)
    count = runs.mask.sum(1, keepdim=True).clamp(min=1)[..., None]
    return (basis - basis.sum(1, keepdim=True) / count) * runs.mask[..., None]


def lever(
    velocity: torch.Tensor, runs: Runs, basis: torch.Tensor, weights: Weights, static: bool
) -> torch.Tensor:
    """Inverse of how much each parameter moves lines against their mean, (b, F, F)."""
    arms = gram(velocity, runs, basis)
    if static:
        arms = arms * share_left(runs, velocity, weights).clamp(min=1e-6)[:, None, None]
    inverse: torch.Tensor = torch.linalg.pinv(arms, hermitian=True)
    return inverse


def own_share(runs: Runs, mean: MeanLine, weights: Weights) -> torch.Tensor:
    """What each line's noise adds to its curvature through its own part of the mean, (b,)."""
    length = len(runs.taper)
    sharp = moment(weights.weight * weights.noise, length)
    cubes = float((runs.taper.cpu().double() ** 3).sum())
    return sharp * cubes / mean.lines_a_point.clamp(min=1.0)


def scatter_of(runs: Runs, mean: MeanLine, weights: Weights, steep: torch.Tensor) -> torch.Tensor:
    """Variance of one line's gradient from noise alone, (b,).

    The scene's power is scaled to what the window's own curvature `steep` says of it.
    """
    length, taper = len(runs.taper), runs.taper.cpu().double()
    expected = moment(weights.weight * weights.signal, length) * float((taper**2).sum())
    own = (steep / expected.clamp(min=1e-300))[:, None]
    both = own * weights.signal + weights.noise / mean.lines_a_point.clamp(min=1.0)[:, None]
    return moment(weights.weight**2 * weights.noise * both, length) * float((taper**4).sum())


def level(
    runs: Runs, pull: torch.Tensor, flat: torch.Tensor, flat_pull: torch.Tensor, mean: MeanLine
) -> None:
    """Give each line the level at which it lies on the mean line, in place.

    A line's own mean was taken off; but the scene's mean within the strip changes as it passes.
    """
    low = slice(0, min(SMOOTH_BINS, flat.shape[-1]))
    shape = flat[0, 0, 0, low].conj() * runs.counted()[low]
    along = mean.spectrum[:, :, None, low] * mean.turns[..., low].conj()
    model = (along * shape).real.sum(-1)  # (b, c, m) of Σ_x u·S̄(x − p_t)
    offset = (runs.lines.sum(-1) - model) / runs.taper.sum()
    offset = (offset * runs.mask.float().to(runs.device))[..., None]
    runs.lines -= offset * runs.taper
    runs.spectra[..., low] -= offset * flat[..., low]
    pull[..., low] -= offset * flat_pull[..., low]
