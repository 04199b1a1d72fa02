"""Noise, and objects in it that no frame shows, with their tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

FRAMES, SIDE, FASTEST = 64, 256, 2.0
SHARE = 0.75
"""Of the frames, at least, in which an object is in the field."""


@dataclass(frozen=True, eq=False)
class Known:
    """A stack with one object.

    Attributes
    ----------
    stack
        (T, Y, X) float32.
    start, velocity
        (2,) px in frame 0; px/frame.
    """

    stack: NDArray[np.float32]
    start: NDArray[np.float64]
    velocity: NDArray[np.float64]


def moving(seed: int, shape: str, peak: float = 0.5) -> Known:
    """White noise of 1 and an object at random, up to 2 px/frame an axis, mostly in the field.

    Parameters
    ----------
    shape
        "block": 5×5 px, flat, shifted with partly covered edges; else its width at half maximum
        in px, as of a Gaussian.
    peak
        Of the object, in standard deviations of the noise.
    """
    random = np.random.default_rng(seed)
    stack = random.standard_normal((FRAMES, SIDE, SIDE)).astype(np.float32)
    time = np.arange(FRAMES) - (FRAMES - 1) / 2
    while True:
        velocity = random.uniform(-FASTEST, FASTEST, 2)
        track = random.uniform(0, SIDE, 2) + time[:, None] * velocity
        if ((track > 3) & (track < SIDE - 4)).all(1).mean() >= SHARE:
            break
    at = np.arange(SIDE)
    for frame, place in zip(stack, track, strict=True):
        if shape == "block":
            y, x = (np.clip(3.0 - abs(at - p), 0, 1) for p in place)
        else:
            sigma = float(shape) / np.sqrt(8 * np.log(2))
            y, x = (np.exp(-0.5 * ((at - p) / sigma) ** 2) for p in place)
        frame += (peak * np.outer(y, x)).astype(np.float32)
    return Known(stack, track[0], velocity)


def noise(seed: int, kind: str, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Nothing that moves.

    Parameters
    ----------
    kind
        "white"; "blurred" in space; "drifting", correlated from frame to frame; "photons", 0.7 a
        pixel; "stars", photons of a field with points that stand still; "rows" that flicker.
    """
    random = np.random.default_rng(seed)
    made = random.standard_normal(shape)
    if kind == "blurred":
        made = gaussian_filter(made, (0, 1, 1))
    elif kind == "drifting":
        made = gaussian_filter(made, (0.6, 0, 0))
    elif kind == "photons":
        made = random.poisson(0.7, shape).astype(float)
    elif kind == "rows":
        made += random.standard_normal((*shape[:2], 1))
    elif kind == "stars":
        field = np.zeros(shape[1:])
        for _ in range(20):
            y, x = (random.integers(0, n) for n in shape[1:])
            field[y, x] += random.exponential(3000)
        made = random.poisson(5 + gaussian_filter(field, 1.2), shape).astype(float)
    return made.astype(np.float32)
