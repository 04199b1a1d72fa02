"""Which pixels of a travelling window show the object, and which the scene that it crosses."""

from __future__ import annotations

from dataclasses import replace

import torch
from scipy.ndimage import gaussian_filter

from napari_motionfft.motion.crops import cut, residual
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.integrate import shift_part
from napari_motionfft.motion.job import Check, Job

BLUR = 1.5
"""px that the variance of a pixel is smoothed over."""
OBJECT = 0.3
"""Share of the window's pixels, the steadiest ones, that surely show the object."""
STEADY = 0.05
"""Share of the object's own variance over the window by which its pixels may vary in time."""


def object_mask(
    job: Job, path: torch.Tensor, seen: torch.Tensor, static: torch.Tensor | None, check: Check
) -> torch.Tensor | None:
    """(h, w) of the region: 1 where the compensated frames agree, less where they vary in time.

    A pixel counts by the inverse of its variance: noise is everywhere the same, and what is beyond
    that is the scene that goes by behind the object.

    Parameters
    ----------
    path, seen
        (T, 2) px, (T,) frames that show the object.
    """
    plain = replace(job, mask=None)
    crops = cut(plain, path, static, check)
    if len(crops) != 1 or int(seen.sum()) < 4:
        return None
    crop = crops[0]
    left = residual(crop, path)
    total = torch.zeros(crop.shape, dtype=torch.float64)
    square = torch.zeros_like(total)
    for first in range(0, crop.count, crop.block):
        last = min(first + crop.block, crop.count)
        values = shift_part(crop.read(first, last), left[first:last])[seen[first:last]]
        total += values.sum(0, dtype=torch.float64)
        square += values.square().sum(0, dtype=torch.float64)
    count = int(seen.sum())
    mean = total / count
    varies = (square / count - mean.square()).clamp(min=0) * count / (count - 1)
    smooth = torch.from_numpy(gaussian_filter(varies.numpy(), BLUR, mode="nearest"))
    floor = smooth.flatten().quantile(OBJECT) + STEADY * mean.var()
    weight = (floor / (smooth + STEADY * mean.var()).clamp(min=1e-30)).clamp(max=1.0)
    out = torch.ones(box_shape(job.box))  # what the travelling window had to leave out counts 1
    (y0, y1), (x0, x1) = crop.box
    top, start = job.box[0][0], job.box[1][0]
    out[y0 - top : y1 - top, x0 - start : x1 - start] = weight.float()
    return out
