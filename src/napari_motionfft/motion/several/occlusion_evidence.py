"""Which layer explains a pixel of a frame: each predicted from the other frames."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.integrate import shift_part
from napari_motionfft.motion.several.occlusion_layer import Layer, predicted
from napari_motionfft.motion.several.occlusion_smooth import blurred, slid

SURPRISE = 30.0
"""Squared standard deviations at which a misfit stops to count: neither layer is perfect."""
NEIGHBOURS = 2.5
"""px: how far the neighbours' mask tells what to expect."""
CERTAIN = 0.95
"""Largest probability that neighbours alone can give."""
GAIN = 1.5
"""Evidence of a smoothed pixel in units of its mean: its neighbours tell something new."""
UNKNOWN = 0.5
"""Share of a pixel's value that the frames have to tell: its neighbours tell the rest."""
LEAST_NOISE = 1e-5
"""Of the frames' variance: what interpolation leaves where there is no noise."""


@dataclass
class Evidence:
    """Sums over the frames, on the canvas of the layer in front.

    Attributes
    ----------
    front, back
        (h, w) log-likelihood of all frames, where the front layer or the one behind is seen.
    cost
        (h, w) nats that a pixel of the front costs, as its value has to be learnt.
    seen
        (h, w) bool: where any frame sees the canvas.
    noise
        Variance per pixel, each pixel explained by its layer.
    pixels
        How many were seen, over all frames.
    """

    front: torch.Tensor
    back: torch.Tensor
    cost: torch.Tensor
    seen: torch.Tensor
    noise: float
    pixels: float

    def likelihood(self, mask: torch.Tensor) -> float:
        """Log-likelihood in nats of a mask that moves with the front, each pixel free."""
        share = min(max(float(mask[self.seen].mean()), 0.02), 0.98)
        both = torch.logaddexp(self.front + math.log(share), self.back + math.log(1 - share))
        return float(both[self.seen].double().sum())


def weigh(front: Layer, back: Layer, mask: torch.Tensor, noise: float, first: bool) -> Evidence:
    """Predict every pixel from both layers without the pixel itself, and compare.

    Parameters
    ----------
    mask
        (h, w) probability on the front's canvas.
    noise
        Variance per pixel.
    first
        Nothing is known of the mask yet: the noise is that of the better layer nearby.
    """
    view, behind = front.sums.view, back.sums.view
    for_front, for_back = view.blank(), view.blank()
    squares = pixels = 0.0
    for rows, values, seen in view.blocks():
        share = view.windows(mask, rows)
        told, count = predicted(front, rows, values, seen)
        miss_front, wide_front = (values - told).square(), 1 + 1 / count
        # behind: its image, brought here, less what this frame gave to it
        apart = view.part[rows] - behind.part[rows]
        image = shift_part(behind.windows(back.image, rows), apart)
        count = slid(behind.windows(back.sums.weight, rows), apart)
        own = torch.minimum(seen * (1 - share), count)
        count = count + back.pull
        miss_back = (values - (image * count - own * values) / (count - own)).square()
        wide_back = 1 + 1 / (count - own)
        view.add(for_front, seen * log_density(miss_front, noise * wide_front), rows)
        view.add(for_back, seen * log_density(miss_back, noise * wide_back), rows)
        level_front, level_back = miss_front / wide_front, miss_back / wide_back
        if first:
            left = torch.minimum(blurred(level_front, 2.0), blurred(level_back, 2.0))
        else:
            left = share * level_front + (1 - share) * level_back
        squares += float((seen * left).sum())
        pixels += float(seen.sum())
    noise = max(squares / pixels, LEAST_NOISE)
    return Evidence(for_front, for_back, unknown_pixel(front), front.sums.weight > 0, noise, pixels)


def unknown_pixel(front: Layer) -> torch.Tensor:
    """(h, w) nats that a pixel of the front costs, as its value has to be learnt from the frames.

    The frames of the layer behind tell its value anyhow, so it costs nothing there. ½ ln(1 + n/k)
    is the loss of n frames against a known value, k the pull of the level; predicting each frame
    from all others has counted some of it already.
    """
    count, pull = front.sums.weight, front.pull
    counted = 0.5 * count * torch.log1p(1 / (count - 1 + pull).clamp(min=pull))
    return UNKNOWN * (0.5 * torch.log1p(count / pull) - counted)


def log_density(squares: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
    """Gaussian log-density less a constant, no worse than `SURPRISE` allows."""
    return -0.5 * torch.log(variance) - 0.5 * (squares / variance).clamp(max=SURPRISE)


def posterior(evidence: Evidence, mask: torch.Tensor, width: float) -> torch.Tensor:
    """(h, w) probability that the front layer is there: evidence, smoothed, and neighbours.

    Parameters
    ----------
    width
        Standard deviation in px of the smoothing.
    """
    told = GAIN * blurred(evidence.front - evidence.back - evidence.cost, width)
    for _ in range(3):
        around = blurred(mask, NEIGHBOURS).clamp(1 - CERTAIN, CERTAIN)
        mask = torch.sigmoid(told + torch.logit(around))
    return mask
