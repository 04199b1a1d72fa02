"""Gradient ascent from many starts at once, with its whole history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from threading import Event
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion.job import Check, Progress, reporter
from napari_motionfft.motion.objectives.adam import Adam, Plateau
from napari_motionfft.motion.objectives.checks import as_batch, as_shifts, number, one_of, whole
from napari_motionfft.motion.objectives.frame_weights import check_alpha, geometric_weights
from napari_motionfft.motion.objectives.lbfgs import LBFGS
from napari_motionfft.motion.objectives.registry import (
    Objective,
    Prepared,
    blocks,
    find,
    prepared,
    starts_at_once,
    title,
)

OPTIMISERS = ("adam", "lbfgs")
SETTLED = 100
"""No start counts as converged in its first 100 steps (the posts' rule)."""


@dataclass(frozen=True)
class History:
    """Where an ascent went. S starts, N steps, B videos; shifts are (y, x) px/frame.

    Attributes
    ----------
    objective
        Its name.
    starts
        (S, B, 2).
    shifts
        (S, N, B, 2) after each step.
    loss
        (S, N): minus the mean objective over videos, before each step.
    lr
        (S, N) learning rate of each step; ones for L-BFGS.
    converged
        (S,) steps taken until the truth was reached, −1 where it was not or is not known.
    final
        (S, B, 2).
    error
        (S,) distance from the truth over all videos at the end, NaN where it is not known.
    """

    objective: str
    starts: NDArray[Any]
    shifts: NDArray[Any]
    loss: NDArray[Any]
    lr: NDArray[Any]
    converged: NDArray[np.intp]
    final: NDArray[Any]
    error: NDArray[np.float64]

    @property
    def successes(self) -> int:
        """How many starts reached the truth."""
        return int((self.converged >= 0).sum())

    @property
    def steps(self) -> int:
        """Steps taken, N."""
        return int(self.loss.shape[1])

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain lists and numbers; NaN becomes None."""
        out: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            out[field.name] = value.tolist() if isinstance(value, np.ndarray) else value
        out["error"] = [None if np.isnan(e) else e for e in out["error"]]
        return out


def multi_start(
    frames: Any,
    objective: str | Objective | Callable[..., torch.Tensor],
    starts: Any,
    steps: int = 400,
    lr: float = 0.5,
    patience: int = 50,
    factor: float = 0.5,
    optimiser: str = "adam",
    truth: Any = None,
    success: float | None = None,
    alphas: Any = None,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> History:
    """Climb an objective from all starts at once, as the posts do from one after another.

    Parameters
    ----------
    frames
        (B, T, H, W), or (T, H, W) for one video; array or tensor of any real dtype.
    objective
        A name of `OBJECTIVES`, or a callable (frames, shifts) → (B,).
    starts
        (S, B, 2) px/frame, (y, x); (S, 2) for one video.
    steps, lr, patience, factor
        Of Adam and ReduceLROnPlateau; the posts' values by default. Each start has its own moments
        and its own rate, which equal those of `torch.optim`.
    optimiser
        "adam", or "lbfgs": `lr` is then the length of its first step in px/frame.
    truth
        (B, 2) px/frame, if known. Under Adam, a start within `success` of it stops there, as in the
        posts; L-BFGS goes on until it finds no better point.
    success
        Largest distance over the whole batch, px/frame; 1/T by default. Under Adam the first 100
        steps do not count, as in the posts.
    alphas
        α of the geometric frame weights for each step, as `continuation_schedule` makes them.
    device, progress, cancel
        As in `objective_landscape`.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    Cancelled
        `cancel` was set.
    """
    find(objective)
    one_of("optimiser", optimiser, OPTIMISERS)
    batch = as_batch(frames, device)
    begin = as_shifts(starts, batch, "starts")
    if begin.dim() != 3 or len(begin) == 0:
        raise ValueError(f"starts must have shape (S, {len(batch)}, 2), got {tuple(begin.shape)}")
    goal = None if truth is None else as_shifts(truth, batch, "truth")
    if goal is not None and goal.dim() != 2:
        raise ValueError(f"truth must have shape ({len(batch)}, 2), got {tuple(goal.shape)}")
    number("lr", lr, 0.0), whole("patience", patience, 0), number("factor", factor, 0.0, 1.0)
    within = 1 / batch.shape[1] if success is None else number("success", success, 0.0)
    run = Run(
        batch,
        objective,
        begin,
        goal,
        within,
        schedule(alphas, whole("steps", steps, 1)),
        reporter(progress, cancel),
    )
    if optimiser == "adam":
        run.adam(lr, patience, factor)
    else:
        run.lbfgs(lr)
    return run.history(begin)


def schedule(alphas: Any, steps: int) -> tuple[float, ...]:
    """α of each step."""
    if alphas is None:
        return (0.0,) * steps
    if isinstance(alphas, str) or not isinstance(alphas, Iterable):
        raise TypeError(f"alphas must be a sequence of numbers, one a step, got {alphas!r}")
    given = tuple(check_alpha(alpha) for alpha in alphas)
    if len(given) != steps:
        raise ValueError(f"alphas must have one value a step, {steps}, got {len(given)}")
    return given


class Run:
    """One ascent in progress."""

    def __init__(
        self,
        batch: torch.Tensor,
        objective: str | Objective | Callable[..., torch.Tensor],
        starts: torch.Tensor,
        truth: torch.Tensor | None,
        success: float,
        alphas: tuple[float, ...],
        check: Check,
    ) -> None:
        self.batch, self.objective, self.alphas = batch, objective, alphas
        self.truth, self.success, self.check = truth, success, check
        self.position = starts.clone()
        self.active = torch.arange(len(starts), device=batch.device)
        self.converged = torch.full((len(starts),), -1, dtype=torch.long)
        self.shifts: list[torch.Tensor] = []
        self.losses: list[torch.Tensor] = []
        self.rates: list[torch.Tensor] = []
        self.alpha: float | None = None
        self.ready: Prepared

    def prepare(self, step: int) -> None:
        """The objective of this step's frame weights, and a chance to stop."""
        self.check(step / len(self.alphas), f"Climbing {title(self.objective)}")
        alpha = self.alphas[step]
        if alpha == self.alpha:
            return
        weights = geometric_weights(self.batch.shape[1], alpha) if alpha else None
        self.ready = prepared(self.objective, self.batch, weights)
        self.alpha = alpha

    def gradient(self, position: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """−J and its gradient: (n, B, 2) → (n, B), (n, B, 2)."""
        losses, slopes = [], []
        for block in blocks(position, starts_at_once(self.ready.cost)):
            here = block.detach().requires_grad_()
            loss = -self.ready(here)
            (slope,) = torch.autograd.grad(loss.sum(), here)
            losses.append(loss.detach())
            slopes.append(slope)
        return torch.cat(losses), torch.cat(slopes)

    def adam(self, lr: float, patience: int, factor: float) -> None:
        """Adam with a rate that falls on plateaus."""
        # gradients scale with the frames' variance: faint frames must not drown in eps
        scale = min(1.0, 1e4 * float(self.batch.var()))
        rule = Adam(self.position, lr, 1e-8 * scale)
        plateau = Plateau(len(self.position), patience, factor)
        last = torch.zeros(len(self.position), dtype=torch.float64)
        for step in range(len(self.alphas)):
            self.prepare(step)
            loss, slope = self.gradient(self.position[self.active])
            videos = loss.shape[1]  # the posts minimise the mean over videos
            mean = loss.mean(1).cpu().double()
            rate = rule.lr.clone()
            self.position[self.active] += rule.step(slope / videos, self.active)
            here = self.active.cpu()
            plateau.step(mean, here, rule.lr)
            last[here] = mean
            if self.record(step, last, rate, freeze=True):
                return

    def lbfgs(self, lr: float) -> None:
        """L-BFGS; each problem until it finds no lower point."""
        ones = torch.ones(len(self.position), dtype=torch.float64)
        rule: LBFGS | None = None
        for step in range(len(self.alphas)):
            before = self.alpha
            self.prepare(step)
            if rule is None or before != self.alpha:  # another objective: its curvature is unknown
                rule = LBFGS(self.position, lr, self.gradient)
            loss = rule.loss.mean(1).cpu().double()
            rule.step(self.active)
            self.position = rule.position
            last_stage = self.alphas[step] == self.alphas[-1]
            self.record(step, loss, ones, freeze=False)
            if last_stage and bool(rule.done.all()):
                return

    def record(self, step: int, loss: torch.Tensor, rate: torch.Tensor, freeze: bool) -> bool:
        """Keep this step; whether all starts are at the truth, where they stay if frozen."""
        self.shifts.append(self.position.cpu().clone())
        self.losses.append(loss.clone())
        self.rates.append(rate.clone())
        if self.truth is None or (freeze and step <= SETTLED):
            return False
        near = (self.position - self.truth).flatten(1).norm(dim=1) < self.success
        fresh = near.cpu() & (self.converged < 0)
        self.converged[fresh] = step + 1
        if freeze:
            self.active = torch.nonzero(self.converged < 0).flatten().to(self.position.device)
        return len(self.active) == 0

    def history(self, starts: torch.Tensor) -> History:
        """The result as arrays."""
        error = torch.full((len(starts),), torch.nan, dtype=torch.float64)
        if self.truth is not None:
            error = (self.position - self.truth).double().flatten(1).norm(dim=1).cpu()
        return History(
            title(self.objective),
            starts.cpu().numpy(),
            torch.stack(self.shifts, 1).numpy(),
            torch.stack(self.losses, 1).numpy(),
            torch.stack(self.rates, 1).numpy(),
            self.converged.numpy(),
            self.position.cpu().numpy(),
            error.numpy(),
        )
