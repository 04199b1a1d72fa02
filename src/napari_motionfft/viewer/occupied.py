"""How far down and right the pictures in a viewer reach, in px of a source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from napari_motionfft.viewer.placement import Array, Placement
from napari_motionfft.viewer.units import factors


def reach(layers: Iterable[Any], placement: Placement, convert: bool = True) -> Array:
    """(2,) px of level 0 from the frame's upper left corner to the lower right end of layers.

    `convert` is whether the viewer converts units: it does not where they do not agree.
    """
    ends = [np.zeros(2)]
    inverse = np.linalg.inv(placement.linear)
    origin = placement.plane["affine"][:2, :2] @ placement.plane["translate"]
    origin = origin + placement.plane["affine"][:2, 2]
    for layer in layers:
        world = corners(layer)
        if convert:
            world = world * factors(layer.units[-2:], placement.plane["units"])
        px = (world - origin) @ inverse.T + 0.5  # pixel 0 begins at −0.5
        ends.append(px.max(axis=0))
    return np.asarray(np.max(ends, axis=0))


def corners(layer: Any) -> Array:
    """(4, 2) world (y, x) of the corners of a layer's box, pixels counted whole."""
    low, high = (np.asarray(end, dtype=np.float64) for end in layer._extent_data_augmented)
    points = []
    for y in (low[-2], high[-2]):
        for x in (low[-1], high[-1]):
            point = low.copy()
            point[-2:] = y, x
            points.append(np.asarray(layer.data_to_world(point))[-2:])
    return np.asarray(points)
