"""Gaussian means over images with holes, and shifts that never overshoot."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import avg_pool2d, conv2d, grid_sample, interpolate, max_pool2d, pad

from napari_motionfft.motion.filters import gaussian_kernel

NEAR, FAR = 6.0, 25.0
"""Standard deviations in px of the means that stand in where nothing is seen."""
COARSER = 4
"""px a side of the coarser grid."""
ENOUGH = 0.2, 0.05
"""Frames under them below which the wider one, and the whole image's mean, take over."""


def blurred(images: torch.Tensor, sigma: float) -> torch.Tensor:
    """Gaussian mean of (…, h, w), edges continued."""
    radius = math.ceil(3 * sigma)
    line = gaussian_kernel(sigma, radius).to(images)
    flat = images.reshape(-1, 1, *images.shape[-2:])
    flat = conv2d(pad(flat, (0, 0, radius, radius), mode="replicate"), line[None, None, :, None])
    flat = conv2d(pad(flat, (radius, radius, 0, 0), mode="replicate"), line[None, None, None, :])
    return flat.reshape(images.shape)


def blurred_far(images: torch.Tensor) -> torch.Tensor:
    """Gaussian mean of (n, h, w) with `FAR`, made on a coarser grid."""
    size = images.shape[-2:]
    coarse = blurred(avg_pool2d(images[:, None], COARSER, ceil_mode=True), FAR / COARSER)
    return interpolate(coarse, size=tuple(size), mode="bilinear")[:, 0]


def level(weight: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    """Smooth image (h, w) from Σ weights and Σ weight × value, filled where the weight is 0."""
    whole = total.sum() / weight.sum().clamp(min=1e-6)
    both = torch.stack([weight, total])
    far, near = blurred_far(both), blurred(both, NEAR)
    wide = (far[1] + ENOUGH[1] * whole) / (far[0] + ENOUGH[1])
    return (near[1] + ENOUGH[0] * wide) / (near[0] + ENOUGH[0])


def slid(windows: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
    """Bilinear out(x) = in(x + part) of (n, h, w) by (n, 2) px; edges continued.

    Weights and probabilities stay in their range, which a Fourier shift does not promise.
    """
    height, width = windows.shape[-2:]
    y = torch.arange(height, dtype=torch.float64)[None] + part[:, :1]
    x = torch.arange(width, dtype=torch.float64)[None] + part[:, 1:]
    across = (2 * x / (width - 1) - 1)[:, None, :].expand(-1, height, -1)
    down = (2 * y / (height - 1) - 1)[:, :, None].expand(-1, -1, width)
    places = torch.stack([across, down], -1).to(windows)
    moved = grid_sample(windows[:, None], places, padding_mode="border", align_corners=True)
    return moved[:, 0]


def least_around(images: torch.Tensor) -> torch.Tensor:
    """The least of each pixel of (n, h, w) and its 8 neighbours."""
    down = max_pool2d(-images[:, None], (3, 1), 1, (1, 0))
    return -max_pool2d(down, (1, 3), 1, (0, 1))[:, 0]
