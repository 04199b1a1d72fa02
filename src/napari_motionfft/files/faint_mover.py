"""A made stack of noise in which one object moves that no frame shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.line_scan import whole

VELOCITY = (0.87, -1.13)
"""(y, x) px/frame of the object."""
WIDTH = 3.0
"""px, its full width at half maximum."""
LEVEL, NOISE = 100.0, 10.0
"""Grey level of the ground, and standard deviation of the noise."""
STARS = 40
"""Points that stand still."""


def faint_mover(
    frames: int = 64, size: int = 160, peak: float = 0.6, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """White noise, some stars that stand still, and an object that crosses the field.

    Parameters
    ----------
    frames
        T.
    size
        Y = X px.
    peak
        Height of the object over the standard deviation of the noise.
    seed
        Of everything random.

    Returns
    -------
    stack
        (T, Y, X) float32.
    track
        (T, 2) px, the object's place (y, x) in every frame.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    count, side = whole("frames", frames, 4), whole("size", size, 32)
    if isinstance(peak, bool) or not isinstance(peak, (int, float)) or not peak > 0:
        raise ValueError(f"peak must be above 0, got {peak!r}")
    random = np.random.default_rng(seed)
    time = np.arange(count) - (count - 1) / 2
    track = np.array([0.46, 0.55]) * side + time[:, None] * np.asarray(VELOCITY)  # (T, 2)
    stack = LEVEL + NOISE * random.standard_normal((count, side, side))
    stack += stars(side, random)
    for frame, place in zip(stack, track, strict=True):
        frame += peak * NOISE * spot(side, place)
    return stack.astype(np.float32), track


def stars(side: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Points of all brightnesses that stand still, (side, side)."""
    field = np.zeros((side, side))
    for place in random.uniform(0, side, (STARS, 2)):
        field += NOISE * random.exponential(6.0) * spot(side, place)
    return field


def spot(side: int, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """A round object of height 1 at (y, x) px, (side, side)."""
    sigma = WIDTH / np.sqrt(8 * np.log(2))
    y, x = (np.exp(-0.5 * ((np.arange(side) - at) / sigma) ** 2) for at in place)
    return np.outer(y, x)
