"""A motion that wanders, jumps and has frames left out, and the source that it is of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Image
from tests.viewer.made import motion_of

from napari_motionfft.motion.result import Candidate, Motion
from napari_motionfft.viewer.source import Source, read_source

FRAMES, JUMP, EXCLUDED = 60, 33, (12, 40)
STEP = (6.3, -4.2)
PHYSICAL: dict[str, Any] = {"scale": (0.5, 0.25, 0.25), "units": ("s", "um", "um")}


def wandering(**other: Any) -> Motion:
    """Displacement y = sin, x = 0.1·t px, `STEP` more from frame `JUMP` on; errors 0.25 px.

    The halves lie 0.1 px above it, on it and below it by turns.
    """
    t = np.arange(FRAMES)
    path = np.stack([4 * np.sin(t / 9), 0.1 * t], axis=1)
    path[JUMP:] += STEP
    sway = 0.1 * (t % 3 - 1)[:, None]
    error = np.full((FRAMES, 2), 0.25)
    error[0] = 0
    error[list(EXCLUDED)] = 3.0
    made = motion_of((0.1, 0.05), frames=FRAMES, region=((0, 48), (0, 64)))
    about: dict[str, Any] = {
        "displacements": path,
        "displacement_stderr": error,
        "model": "spline",
        "parameters": 12,
        "candidates": (Candidate("velocity", 1, 4.2), Candidate("spline", 12, 22.8)),
        "excluded": EXCLUDED,
        "jumps": (JUMP,),
        "split_half_displacements": np.stack([path + sway, path - sway]),
        "settings": {"model": "spline", "knots": 8, "seconds": 0.1},
    }
    return replace(made, **{**about, **other})


def cells(**arguments: Any) -> Image:
    """Frames of noise, five more in front than the motion has when a source begins at 5."""
    data = np.random.default_rng(0).random((FRAMES + 5, 48, 64), dtype=np.float32)
    return Image(data, name="cells", **arguments)


def source_of(first: int = 0, **arguments: Any) -> Source:
    """Of the last frames of `cells`."""
    layer = cells(**arguments)
    return read_source(layer, current_step=(0, 0, 0), frames=(first, first + FRAMES))
