"""A quick first answer in the viewer: its path over the stack, until the whole one replaces it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_motionfft.motion.result import Landscape, Motion
from napari_motionfft.viewer.results import KEY, add_results
from napari_motionfft.viewer.source import Source

MARK = "(preview)"


def add_preview(viewer: Any, motion: Motion, source: Source) -> list[Any]:
    """Add the path of a preview, and no pictures; main thread only.

    Its layers are called so, and are no motion to apply to other layers.

    Returns
    -------
    list of napari.layers.Layer
        The added layers, which `remove_results` takes away.
    """
    layers = add_results(viewer, without_pictures(motion), source)
    for layer in layers:
        entry = layer.metadata[KEY]
        entry["preview"] = True
        entry["name"] = f"{layer.name} {MARK}"  # first: under another name it would be the user's
        layer.name = entry["name"]
        entry["name"] = layer.name  # napari may have added a number
    return layers


def without_pictures(motion: Motion) -> Motion:
    """The motion alone, for which there are no picture layers."""
    nothing = np.zeros((0, 0), np.float32)
    return replace(
        motion,
        integrated=nothing,
        plain_mean=nothing,
        coverage=nothing.astype(np.int32),
        landscape=Landscape(nothing, np.zeros(0), np.zeros(0)),
    )
