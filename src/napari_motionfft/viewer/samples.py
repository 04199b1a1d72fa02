"""Sample data: a real motion, a known one under heavy noise, and the plainest of all."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

LayerData = tuple[Any, dict[str, Any], str]

TRUTH = "true velocity (y, x) px/frame"
BOUNDARY = "boundary"
"""Entries of a layer's metadata: its known velocity; "periodic…" where its content wraps."""


def rain_radar() -> list[LayerData]:
    """Rain on a weather radar: 24 × 320 × 320 uint8, 5 minutes a frame, 1 km a pixel."""
    arguments = {
        "name": "rain radar",
        "scale": (5.0, 1.0, 1.0),
        "units": ("minute", "kilometer", "kilometer"),
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            "credit": "Finnish Meteorological Institute, 28 September 2016, CC BY 4.0",
        },
    }
    return [(read("radar_rain_fmi.tif"), arguments, "image")]


def low_light() -> list[LayerData]:
    """Cells at 0.7 photons a pixel that drift by exactly (0.23, −0.61) px/frame: 48 × 256 × 256."""
    arguments = {
        "name": "low light",
        "axis_labels": ("t", "y", "x"),
        "contrast_limits": (0, 5),  # photons: almost every pixel counts 0, 1 or 2
        "metadata": {
            TRUTH: (0.23, -0.61),
            "credit": "T98G image from oist/Usiigaci (MIT); noise simulated",
        },
    }
    return [(read("known_velocity_low_light.tif"), arguments, "image")]


def white_square() -> list[LayerData]:
    """The source posts' white square, rolled by (2, 4) px a frame: 5 × 128 × 128 float32."""
    square = np.zeros((128, 128), dtype=np.float32)
    square[25:103, 25:103] = 1
    stack = np.stack([np.roll(square, (2 * t, 4 * t), axis=(0, 1)) for t in range(5)])
    arguments = {
        "name": "white square",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            TRUTH: (2.0, 4.0),
            BOUNDARY: "periodic: the square leaves and comes in opposite",
        },
    }
    return [(stack, arguments, "image")]


def read(name: str) -> NDArray[Any]:
    """One of the packaged stacks, (T, Y, X)."""
    import tifffile

    with as_file(files("napari_motionfft") / "data" / name) as path:
        return np.asarray(tifffile.imread(path))
