"""A mean over frames that each see another part of the canvas."""

from __future__ import annotations

import torch


class Average:
    """Mean and count, pixel by pixel, of patches that are added one at a time.

    Weights may differ by more than float32 can tell: a pixel that only frames of tiny weight see
    is still their mean. `alike`: all weights are 1, which is cheaper.
    """

    def __init__(self, shape: tuple[int, int], device: torch.device, alike: bool) -> None:
        self.count = torch.zeros(shape, dtype=torch.int32)
        self._total = torch.zeros(shape, dtype=torch.float32, device=device)
        self._weight = None if alike else torch.zeros(shape, dtype=torch.float64)

    def add(self, place: tuple[slice, slice], patch: torch.Tensor, weight: float) -> None:
        """Add (h, w) float32 at a place of the canvas, with a weight above 0."""
        self.count[place] += 1
        if self._weight is None:
            self._total[place] += patch
            return
        self._weight[place] += weight
        # running mean; the share is formed on the host, as some devices have no float64
        share = (weight / self._weight[place]).float().to(patch.device)
        self._total[place] += share * (patch - self._total[place])

    def mean(self) -> torch.Tensor:
        """(h, w) float64 on the host; 0 where nothing was added."""
        total = self._total.cpu().double()
        return total if self._weight is not None else total / self.count.clamp(min=1)
