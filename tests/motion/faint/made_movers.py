"""Stacks with moving objects whose track is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Stack = NDArray[np.float32]
SIGMA = 1 / np.sqrt(8 * np.log(2))


def noise(seed: int, shape: tuple[int, int, int] = (32, 64, 64)) -> Stack:
    """White noise of standard deviation 1."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def add(
    stack: Stack,
    middle: tuple[float, float],
    velocity: tuple[float, float],
    peak: float,
    width: float = 3.0,
) -> NDArray[np.float64]:
    """Add a Gaussian object; returns its place in frame 0. `middle`: its place at the middle."""
    count, height, width_x = stack.shape
    time = np.arange(count) - (count - 1) / 2
    places = np.asarray(middle) + time[:, None] * np.asarray(velocity)
    rows, columns = np.arange(height), np.arange(width_x)
    for frame, (y, x) in zip(stack, places, strict=True):
        along = np.exp(-0.5 * ((rows - y) / (SIGMA * width)) ** 2)
        across = np.exp(-0.5 * ((columns - x) / (SIGMA * width)) ** 2)
        frame += (peak * np.outer(along, across)).astype(frame.dtype)
    return np.asarray(places[0])
