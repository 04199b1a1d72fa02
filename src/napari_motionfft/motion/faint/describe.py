"""What is told of one object: its track in px of the stack, with errors, and its image."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn.functional import grid_sample

from napari_motionfft.motion.faint.clean import Clean
from napari_motionfft.motion.faint.exact import Exact, Tracks, exact, information
from napari_motionfft.motion.faint.matched import SIGMA, Matched
from napari_motionfft.motion.faint.plan import Hunt
from napari_motionfft.motion.faint.result import Array, Mover

NUDGE = 0.05
"""Widths by which a track is moved to see how its score bends."""

RAGGED = 30.0
"""Over the squared score: by how much the variance of place and velocity is above that of a smooth
peak, as noise makes the peak ragged. Measured at scores of 8 to 25, where it is 20 to 35."""

AROUND = 2.5
"""Widths of an object's image to either side."""


def described(
    hunt: Hunt, clean: Clean, seen: Matched, track: Tracks, found: Exact, score: float
) -> Mover:
    """One object; its probability is filled in once the whole search is over."""
    step, count = seen.bin, hunt.frames.count
    spread = covariance(seen, track, found) * step**2  # (4, 4), place and velocity at the middle
    place = track.places[0] * step + (step - 1) / 2
    velocity = track.velocities[0] * step
    middle = (count - 1) / 2
    corner = torch.tensor([hunt.box[0][0], hunt.box[1][0]], dtype=torch.float64)
    late = float(found.moments[0, 0])  # at the mean time of what was seen, its place is surest
    brightness = float(found.brightness[0]) * clean.noise
    return Mover(
        position=(corner + place - middle * velocity).numpy(),
        position_stderr=moved(spread, -middle),
        velocity=velocity.numpy(),
        velocity_stderr=spread.diagonal()[2:].clamp(min=0).sqrt().numpy(),
        centre_frame=middle + late,
        centre=(corner + place + late * velocity).numpy(),
        centre_stderr=moved(spread, late),
        score=score,
        false_alarm=float("nan"),
        brightness=brightness * hunt.frames.scale,
        contrast=float(found.brightness[0]),
        size=seen.size,
        frames=int(found.frames[0]),
        image=stamp(clean, place, velocity, seen.size, hunt.frames.scale).numpy(),
    )


def moved(spread: torch.Tensor, late: float) -> Array:
    """(2,) standard error of the place `late` frames after the middle."""
    diagonal = spread.diagonal()
    across = torch.stack([spread[0, 2], spread[1, 3]])
    variance = diagonal[:2] + 2 * late * across + late**2 * diagonal[2:]
    return np.asarray(variance.clamp(min=0).sqrt().numpy(), dtype=np.float64)


def covariance(seen: Matched, track: Tracks, found: Exact) -> torch.Tensor:
    """(4, 4) of place and velocity in binned px: how noise tilts the peak, over how it bends.

    A peak bends as that of a Gaussian object does, but for one factor: the object may be of
    another size. Noise raises the top of a peak that has four coordinates to follow it by 4 in
    the square of the score, which does not count.
    """
    half = max((seen.signal.shape[0] - 1) / 2, 0.5)
    nudges = torch.tensor([1.0, 1.0, 1 / half, 1 / half], dtype=torch.float64)
    nudges *= NUDGE * seen.sigma / SIGMA
    moves = torch.cat([torch.diag(nudges), -torch.diag(nudges)])  # (8, 4)
    around = Tracks(track.places + moves[:, :2], track.velocities + moves[:, 2:])
    slope = exact(seen, around).slope
    bend = (slope[4:] - slope[:4]) / (2 * nudges[:, None])
    tilt = information(seen, found)[0]
    inverse = torch.linalg.pinv(tilt, hermitian=True)
    square = float(found.score[0] / seen.scale) ** 2
    square = max(square - 4, square / 2) / (1 + RAGGED / square)
    height = math.sqrt(square) * seen.scale
    sharper = float((inverse @ bend).trace()) / (4 * max(float(found.score[0]), 1e-6))
    spread: torch.Tensor = inverse * (seen.scale / (height * min(max(sharper, 0.3), 3.0))) ** 2
    return spread


def stamp(
    clean: Clean, place: torch.Tensor, velocity: torch.Tensor, size: float, unit: float
) -> torch.Tensor:
    """(S, S) float32 mean along the track in units of the stack, on the host; NaN where unseen."""
    count, height, width = clean.values.shape
    reach = math.ceil(AROUND * size)
    device = clean.values.device
    tau = torch.arange(count, dtype=torch.float64) - (count - 1) / 2
    at = (place + tau[:, None] * velocity).float().to(device)  # (T, 2)
    around = torch.arange(-reach, reach + 1, device=device, dtype=torch.float32)
    total = torch.zeros(2 * reach + 1, 2 * reach + 1, device=device)
    seen = torch.zeros_like(total)
    ones = torch.ones(1, 1, height, width, device=device)
    for t in range(count):
        rows, columns = at[t, 0] + around, at[t, 1] + around
        grid = torch.stack(
            torch.meshgrid(
                2 * columns / (width - 1) - 1, 2 * rows / (height - 1) - 1, indexing="xy"
            ),
            -1,
        )[None]
        frame = (clean.values[t] / clean.gain)[None, None]
        total += grid_sample(frame, grid, "bilinear", align_corners=True)[0, 0]
        seen += grid_sample(ones, grid, "bilinear", align_corners=True)[0, 0]
    mean = total / seen.clamp(min=1e-6)
    mean[seen < 0.5] = torch.nan
    return (mean * clean.noise * unit).cpu()
