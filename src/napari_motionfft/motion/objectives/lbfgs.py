"""L-BFGS for many small problems at once: every start of every video is one of two unknowns."""

from __future__ import annotations

from collections.abc import Callable

import torch

MEMORY = 5
LONGEST = 1.0
"""Longest step in px/frame: further off, the quadratic model says nothing."""
HALVINGS = 12

Evaluate = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""(n, B, 2) → loss (n, B), gradient (n, B, 2)."""


class LBFGS:
    """Limited-memory BFGS with a backtracking line search, one curvature a problem.

    The objective of a video depends on its own shift alone, so the (S, B) problems are apart and
    each accepts, halves or refuses its own step (Nocedal and Wright, Numerical Optimization,
    chapter 7). A problem that finds no lower point straight downhill either is done.

    Parameters
    ----------
    position
        (S, B, 2) starts.
    lr
        Length in px/frame of the first step, which has no curvature yet.
    """

    def __init__(self, position: torch.Tensor, lr: float, evaluate: Evaluate) -> None:
        self.position, self.lr, self.evaluate = position, lr, evaluate
        self.steps: list[torch.Tensor] = []
        self.turns: list[torch.Tensor] = []
        self.loss, self.gradient = evaluate(position)
        self.fresh = torch.ones_like(position[..., :1], dtype=torch.bool)  # no curvature known
        self.done = torch.zeros_like(self.fresh)

    def direction(self) -> torch.Tensor:
        """Descent direction (S, B, 2) by the two-loop recursion, at most `LONGEST` long."""
        gradient = self.gradient
        q = gradient
        alphas = []
        kept = list(zip(self.steps, self.turns, strict=True))
        for s, y in reversed(kept):
            alpha = inverse(dot(s, y)) * dot(s, q)
            alphas.append(alpha)
            q = q - alpha * y
        steepest = self.lr * inverse(dot(gradient, gradient).sqrt())
        scale = steepest
        for s, y in kept:  # of the newest pair with curvature
            scale = torch.where(dot(s, y) > 0, dot(s, y) * inverse(dot(y, y)), scale)
        q = scale * q
        for (s, y), alpha in zip(kept, reversed(alphas), strict=True):
            q = q + s * (alpha - inverse(dot(s, y)) * dot(y, q))
        uphill = dot(q, gradient) <= 0  # by rounding: then go straight down
        down = -torch.where(uphill, steepest * gradient, q)
        return down * (LONGEST * inverse(dot(down, down).sqrt())).clamp(max=1)

    def step(self, active: torch.Tensor) -> None:
        """One step of the problems of the active starts (n,)."""
        down = self.direction()
        slope = dot(down, self.gradient)
        taking = torch.zeros_like(self.done)
        taking[active] = True
        # below rounding of the loss no decrease can be seen
        least = 4 * torch.finfo(slope.dtype).eps * self.loss.abs()[..., None]
        self.done |= taking & (slope.abs() <= least)
        searching = taking & ~self.done & (slope < 0)
        position, loss, gradient = self.position, self.loss, self.gradient
        length = 1.0
        for _ in range(HALVINGS):
            rows = torch.nonzero(searching.flatten(1).any(1)).flatten()
            if not len(rows):
                break
            tried = self.position[rows] + length * down[rows] * searching[rows]
            found, turned = self.evaluate(tried)
            enough = self.loss[rows, :, None] + 1e-4 * length * slope[rows]
            good = torch.zeros_like(searching)
            good[rows] = searching[rows] & (found[..., None] <= enough)
            position = torch.where(good, position.index_copy(0, rows, tried), position)
            gradient = torch.where(good, gradient.index_copy(0, rows, turned), gradient)
            loss = torch.where(good[..., 0], loss.index_copy(0, rows, found), loss)
            searching = searching & ~good
            length /= 2
        moved = (position != self.position).any(-1, keepdim=True)
        self.done |= taking & ~moved & self.fresh
        self.done |= moved & ((self.loss - loss)[..., None] <= least)
        self.remember(position - self.position, gradient - self.gradient, taking & ~moved)
        self.position, self.loss, self.gradient = position, loss, gradient

    def remember(self, step: torch.Tensor, turn: torch.Tensor, failed: torch.Tensor) -> None:
        """Keep pairs with positive curvature; a pair of zeros is inert. Forget all on a failure."""
        keep = dot(step, turn) > 1e-10 * dot(turn, turn)
        self.fresh = failed | (self.fresh & ~keep)
        self.steps = [s * ~failed for s in (*self.steps, step * keep)][-MEMORY:]
        self.turns = [y * ~failed for y in (*self.turns, turn * keep)][-MEMORY:]


def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """(…, 2), (…, 2) → (…, 1)."""
    return (a * b).sum(-1, keepdim=True)


def inverse(value: torch.Tensor) -> torch.Tensor:
    """1/value, 0 where the value is 0."""
    zero = value == 0
    return torch.where(zero, 0.0, 1 / torch.where(zero, 1.0, value))
