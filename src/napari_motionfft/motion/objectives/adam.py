"""Adam and ReduceLROnPlateau, each start with its own moments and its own learning rate."""

from __future__ import annotations

import torch


class Adam:
    """Adam over S starts at once (Kingma and Ba 2015), `torch.optim.Adam`'s defaults and order.

    Parameters
    ----------
    shape
        (S, …) of the parameters.
    lr
        Learning rate, px/frame.
    eps
        Added to the root mean square of the gradient.
    """

    def __init__(self, like: torch.Tensor, lr: float, eps: float = 1e-8) -> None:
        self.mean = torch.zeros_like(like)
        self.square = torch.zeros_like(like)
        self.lr = torch.full((len(like),), lr, dtype=torch.float64)
        self.eps = eps
        self.count = 0

    def step(self, gradient: torch.Tensor, active: torch.Tensor) -> torch.Tensor:
        """What to add to the active starts (n, …), for the gradient of what is minimised.

        All starts take part from the first step on, so they share the count of steps.
        """
        self.count += 1
        mean = self.mean[active].lerp(gradient, 1 - 0.9)
        square = 0.999 * self.square[active] + 0.001 * gradient**2
        self.mean[active], self.square[active] = mean, square
        width = square.sqrt() / (1 - 0.999**self.count) ** 0.5 + self.eps
        size = self.lr[active.cpu()] / (1 - 0.9**self.count)
        size = size.to(gradient.device, gradient.dtype).reshape(-1, *[1] * (gradient.dim() - 1))
        change: torch.Tensor = -size * mean / width
        return change


class Plateau:
    """ReduceLROnPlateau for S starts: a loss that stays poor for `patience` steps cuts the rate.

    The rule is `torch.optim.lr_scheduler.ReduceLROnPlateau`'s of mode "min", relative threshold
    1e-4. Losses below 0, as the posts have them, make that rule lenient: a loss up to 1e-4 worse
    than the best still counts as better.
    """

    def __init__(self, starts: int, patience: int, factor: float) -> None:
        self.best = torch.full((starts,), torch.inf, dtype=torch.float64)
        self.bad = torch.zeros(starts, dtype=torch.long)
        self.patience, self.factor = patience, factor

    def step(self, loss: torch.Tensor, active: torch.Tensor, lr: torch.Tensor) -> None:
        """Judge the losses (n,) of the active starts and cut their rates in `lr` (S,)."""
        best, bad = self.best[active], self.bad[active]
        better = loss < best * (1 - 1e-4)
        best = torch.where(better, loss, best)
        bad = torch.where(better, 0, bad + 1)
        late = bad > self.patience
        rate = lr[active]
        lower = rate * self.factor
        lr[active] = torch.where(late & (rate - lower > 1e-8), lower, rate)
        self.best[active], self.bad[active] = best, torch.where(late, 0, bad)
