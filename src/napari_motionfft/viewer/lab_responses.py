"""Frequency responses of the filters that the objectives meet, as curves to draw; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.devices import load_torch

Array = NDArray[np.float64]

POINTS = 801


@dataclass(frozen=True, eq=False)
class Responses:
    """Magnitudes over frequency.

    Attributes
    ----------
    frames
        T of the moving average.
    frequency
        (N,) cycles/px, 0…1: the posts' unsigned frequencies reach that far.
    curves
        Name → (N,) magnitude.
    """

    frames: int
    frequency: Array
    curves: dict[str, Array]


def responses(frames: int) -> Responses:
    """The curves for a stack of so many frames; loads torch.

    The moving average is that of content which is 1 px/frame off; the sinc² of width T and the
    cascade of both are those of post 3's figure.

    Parameters
    ----------
    frames
        T, at least 1.
    """
    load_torch()
    import torch

    from napari_motionfft.motion.objectives import (
        bilinear_response,
        cascade_response,
        fejer_response,
        gaussian_response,
        lanczos_response,
        moving_average_response,
    )

    f = torch.linspace(0, 1, POINTS, dtype=torch.float64)
    curves = {
        f"moving average, T = {frames}": moving_average_response(f, frames).abs(),
        f"sinc², {frames} px wide": bilinear_response(f, float(frames)),
        "cascade of these two": cascade_response(f, frames),
        "sinc², bilinear": bilinear_response(f),
        "Lanczos, a = 3": lanczos_response(f),
        "Gaussian, σ = 1 px": gaussian_response(f),
        "Fejér": fejer_response(f),
    }
    return Responses(frames, f.numpy(), {name: curve.numpy() for name, curve in curves.items()})
