"""Alternate between mask, images and velocities of an opaque front and what is behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.several.occlusion_evidence import Evidence, posterior, weigh
from napari_motionfft.motion.several.occlusion_layer import Layer, Sums, layer_of
from napari_motionfft.motion.several.occlusion_smooth import least_around, slid
from napari_motionfft.motion.several.occlusion_step import velocity_step
from napari_motionfft.motion.several.occlusion_view import View

SHORT, HALF, LONG = 3, 8, 14
"""Rounds that compare starts, that compare orders of the layers, and at most."""
WIDEST, NARROWEST, NARROWER = 3.0, 0.7, 0.5
"""px of the evidence's smoothing: in the first round, in the last ones, less in each round."""
BLUR, SHARPER = 1.5, 0.4
"""px of blur in the velocity's step: in the first round, less in each round."""
LONGER = 3.0
"""Times that a step may be made longer or shorter."""
FURTHEST = 1.0
"""px at the first and last frame that one round may move a layer."""
STILL = 0.003, 0.1
"""px, and standard errors: a round that moves the first and last frame by less has converged."""


@dataclass
class Fit:
    """Where the alternation stands: index 0 is in front.

    Attributes
    ----------
    velocities, covariances
        (2, 2) px/frame and (2, 2, 2).
    view, mask
        The front's canvas, and the probability (h, w) that the front is there.
    noise
        Variance per pixel; None before the first round.
    likelihood
        Nats, of all pixels.
    steps, moves
        (2, 2) px/frame: of the last round, where the frames pulled, and what was done.
    done
        Rounds so far.
    converged
        The last round moved nothing.
    """

    velocities: torch.Tensor
    covariances: torch.Tensor
    view: View | None = None
    mask: torch.Tensor | None = None
    noise: float | None = None
    likelihood: float = -float("inf")
    steps: torch.Tensor = field(default_factory=lambda: torch.zeros(2, 2, dtype=torch.float64))
    moves: torch.Tensor = field(default_factory=lambda: torch.zeros(2, 2, dtype=torch.float64))
    done: int = 0
    converged: bool = False

    @classmethod
    def start(cls, velocities: torch.Tensor) -> Fit:
        """Nothing known but two velocities (2, 2) px/frame."""
        return cls(velocities.double().clone(), torch.zeros(2, 2, 2, dtype=torch.float64))


@dataclass
class Seen:
    """Both layers at the velocities of a fit, the mask that they tell, and why."""

    front: Layer
    back: Layer
    evidence: Evidence
    mask: torch.Tensor


def look(job: Job, fit: Fit, check: Check) -> Seen:
    """Images from the mask so far, then the mask anew."""
    ahead, behind = View.of(job, fit.velocities[0]), View.of(job, fit.velocities[1])
    if fit.mask is None or fit.view is None:
        mask = torch.full(ahead.shape, 0.5, device=job.device)
    else:
        mask = ahead.placed(fit.mask, fit.view, 0.5)
    sums = Sums.empty(ahead)
    for rows, values, seen in ahead.blocks():
        check(rows.start / job.frames.count, "Separating front and background")
        sums.add(rows, values, seen)
    first = fit.noise is None
    noise = 0.5 * variance(sums) if fit.noise is None else fit.noise
    front = layer_of(sums, noise, mask)
    back = layer_of(uncovered(ahead, behind, mask, eroded=False), noise)
    evidence = weigh(front, back, mask, noise, first)
    width = max(NARROWEST, WIDEST - NARROWER * fit.done)
    return Seen(front, back, evidence, posterior(evidence, mask, width))


def variance(sums: Sums) -> float:
    """Variance of all pixels of all frames that a view sees, about 1 as frames are read."""
    total = squares = count = 0.0
    for _, values, seen in sums.view.blocks():
        total += float((seen * values).double().sum())
        squares += float((seen * values.square()).double().sum())
        count += float(seen.double().sum())
    return squares / count - (total / count) ** 2


def uncovered(ahead: View, behind: View, mask: torch.Tensor, eroded: bool) -> Sums:
    """Sums of the layer behind, over the pixels that the front leaves free.

    Parameters
    ----------
    mask
        (h, w) on the front's canvas.
    eroded
        Without the pixels next to the front, which show some of both.
    """
    sums = Sums.empty(behind)
    for rows, values, seen in behind.blocks():
        free = 1 - slid(ahead.windows(mask, rows), behind.part[rows] - ahead.part[rows])
        sums.add(rows, values, seen, least_around(free) if eroded else free)
    return sums


def advance(job: Job, fit: Fit, check: Check) -> Fit:
    """One round: images, mask, velocities."""
    now = look(job, fit, check)
    noise = now.evidence.noise
    ahead, behind = now.front.sums.view, now.back.sums.view
    blur = max(0.0, BLUR - SHARPER * fit.done)
    inner = least_around(now.mask[None])[0].square()
    ahead_layer = layer_of(now.front.sums, noise, now.mask)
    behind_layer = layer_of(uncovered(ahead, behind, now.mask, eroded=True), noise)
    everywhere = torch.ones_like(behind_layer.level)
    found = [
        velocity_step(ahead_layer, inner, noise, blur),
        velocity_step(behind_layer, everywhere, noise, blur),
    ]
    reach = (job.frames.count - 1) / 2
    steps = torch.stack([move for move, _ in found])  # (2, 2)
    settled = WIDEST - NARROWER * fit.done <= NARROWEST and SHARPER * fit.done >= BLUR
    moves = secant(steps, fit) if settled else steps
    far = moves.norm(dim=1) * reach  # (2,) px
    covariances = torch.stack([covariance for _, covariance in found])
    error = covariances.diagonal(dim1=1, dim2=2).sum(1).clamp(min=0).sqrt() * reach  # (2,) px
    still = bool((far < (STILL[1] * error).clamp(min=STILL[0])).all())
    moves = moves * (FURTHEST / far.clamp(min=1e-12)).clamp(max=1.0)[:, None]
    return Fit(
        fit.velocities + moves,
        covariances,
        ahead,
        now.mask,
        noise,
        now.evidence.likelihood(now.mask),
        steps,
        moves,
        fit.done + 1,
        settled and still,
    )


def secant(steps: torch.Tensor, fit: Fit) -> torch.Tensor:
    """(2, 2) each layer's step, longer or shorter by what the last move changed of the last step.

    A mask that follows the velocity makes steps too short, a scene that the smooth spectrum does
    not describe too long.
    """
    change = ((fit.steps - steps) * fit.moves).sum(1)  # (2,)
    length = fit.moves.square().sum(1)
    right = torch.where(change * LONGER > length, length / change.clamp(min=1e-30), LONGER)
    return steps * torch.where(length > 0, right.clamp(min=1 / LONGER), 1.0)[:, None]


def climb(job: Job, fit: Fit, rounds: int, check: Check) -> Fit:
    """Rounds until nothing moves, or until so many are done."""
    while fit.done < rounds and not fit.converged:
        fit = advance(job, fit, within(check, fit.done / rounds, (fit.done + 1) / rounds))
    return fit
