"""Movers with known numbers, and a stack in which one moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.faint.result import Mover, Movers, TileLandscapes

VELOCITY = (0.6, -0.9)


def stack_with_mover(seed: int = 0, peak: float = 1.6) -> NDArray[np.float32]:
    """Noise in which one object moves by `VELOCITY`, (24, 48, 56); at (24, 28) at the middle."""
    data = np.random.default_rng(seed).standard_normal((24, 48, 56))
    for t, frame in enumerate(data):
        y, x = (c + v * (t - 11.5) for c, v in zip((24, 28), VELOCITY, strict=True))
        down, across = np.arange(48) - y, np.arange(56) - x
        frame += peak * np.exp(-0.5 * (down[:, None] ** 2 + across**2) / 1.3**2)
    return data.astype(np.float32)


def movers_of(*tracks: Any, shape: tuple[int, int, int] = (6, 64, 96), **more: Any) -> Movers:
    """One mover for each (position, velocity)."""
    made = []
    for number, (position, velocity) in enumerate(tracks):
        image = np.zeros((11, 11), np.float32)
        image[5, 5] = 1 + number
        made.append(
            Mover(
                position=np.asarray(position, dtype=float),
                position_stderr=np.array([0.21, 0.22]),
                velocity=np.asarray(velocity, dtype=float),
                velocity_stderr=np.array([0.012, 0.013]),
                centre_frame=2.5,
                centre=np.asarray(position, dtype=float) + 2.5 * np.asarray(velocity),
                centre_stderr=np.array([0.11, 0.12]),
                score=12.0 - number,
                false_alarm=3e-7 * 10 ** (3 * number),
                brightness=1.5,
                contrast=0.55,
                size=2.5,
                frames=shape[0],
                image=image,
            )
        )
    grid = np.linspace(-1, 1, 5)
    values = np.arange(2 * 3 * 25, dtype=np.float32).reshape(2, 3, 5, 5)
    arguments: dict[str, Any] = {
        "landscapes": TileLandscapes(values, grid, grid, (shape[1] / 2, shape[2] / 3), (0, 0)),
        "threshold": 6.5,
        "excess": 1.0,
        "noise": 2.0,
        "shape": shape,
        "settings": {"false_alarm": 0.05},
        "device": "CPU",
        **more,
    }
    return Movers(made, **arguments)
