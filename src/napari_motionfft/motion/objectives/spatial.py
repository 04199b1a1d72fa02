"""The posts' spatial objective: warp, average, variance."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import grid_sample, pad

from napari_motionfft.motion.objectives.checks import (
    as_frame_weights,
    check_frames,
    check_shifts,
    one_of,
)
from napari_motionfft.motion.objectives.planes import Plane

BOUNDARIES = ("periodic", "zeros")


def spatial_variance(
    frames: torch.Tensor,
    shifts: torch.Tensor,
    boundary: str = "periodic",
    frame_weights: Any = None,
    lowpass: str = "none",
    order: float | None = None,
) -> torch.Tensor:
    """Variance of the mean over frames, each warped back by t·shift with bilinear interpolation.

    Parameters
    ----------
    frames
        (B, T, H, W) float.
    shifts
        (B, 2) px/frame, (y, x), of the content, positive = down / right.
    boundary
        "periodic": content that leaves comes in opposite. "zeros": nothing lies outside.
    frame_weights
        (T,) weights of the mean, or None for all alike.
    lowpass, order
        Filter of the mean over frames, as in `fourier_variance`; it takes the frame as periodic.

    Returns
    -------
    (B,)
        Sample variance (divided by H·W − 1), as in the posts; differentiable in the shifts.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    check_frames(frames)
    check_shifts(shifts, frames.shape[0])
    one_of("boundary", boundary, BOUNDARIES)
    weights = as_frame_weights(frame_weights, frames)
    mean = integrated(frames, shifts[None], boundary, weights)[0]  # (B, H, W)
    if lowpass == "none" and order is None:
        return mean.flatten(1).var(1)
    height, width = mean.shape[-2:]
    plane = Plane.least((height, width), "signed")
    spectrum = plane.spectra(mean)
    weight = plane.weight(lowpass, order, spectrum)
    energy = (weight * (spectrum.real**2 + spectrum.imag**2)).sum((-2, -1))
    return energy * (height * width / (height * width - 1))


def integrated(
    frames: torch.Tensor, shifts: torch.Tensor, boundary: str, weights: torch.Tensor
) -> torch.Tensor:
    """Mean of the warped frames for S shifts a video: (S, B, 2) → (S, B, H, W)."""
    starts, videos = shifts.shape[:2]
    _, count, height, width = frames.shape
    time = torch.arange(count, device=frames.device, dtype=frames.dtype)
    moved = shifts.to(frames.dtype)[:, :, None] * time[:, None]  # (S, B, T, 2)
    rows = moved[..., :1] + torch.arange(height, device=frames.device, dtype=frames.dtype)
    columns = moved[..., 1:] + torch.arange(width, device=frames.device, dtype=frames.dtype)
    if boundary == "periodic":
        # one more row and column close the ring, so that the last pixel meets the first
        source = pad(frames, (0, 1, 0, 1), mode="circular")
        rows, columns = torch.remainder(rows, height), torch.remainder(columns, width)
    else:
        source = frames
    high, wide = source.shape[-2:]
    across = (2 * columns / (wide - 1) - 1)[..., None, :].expand(*rows.shape, width)
    down = (2 * rows / (high - 1) - 1)[..., None].expand(*rows.shape, width)
    grid = torch.stack([across, down], dim=-1)  # (S, B, T, H, W, 2)
    # frames become channels of none: one image each, every start looks at the same images
    images = source.reshape(1, videos * count, high, wide).expand(starts, -1, -1, -1)
    warped = grid_sample(
        images.reshape(-1, 1, high, wide),
        grid.reshape(-1, height, width, 2),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=True,
    ).reshape(starts, videos, count, height, width)
    return torch.einsum("sbthw,t->sbhw", warped, weights)


class Spatial:
    """The spatial objective of given frames, for many shifts at once."""

    def __init__(
        self, frames: torch.Tensor, weights: torch.Tensor, boundary: str = "periodic"
    ) -> None:
        self.frames, self.weights, self.boundary = frames, weights, boundary
        self.cost = 4 * frames.numel()

    def __call__(self, shifts: torch.Tensor) -> torch.Tensor:
        """(S, B, 2) → (S, B)."""
        mean = integrated(self.frames, shifts, self.boundary, self.weights)
        return mean.flatten(2).var(2)
