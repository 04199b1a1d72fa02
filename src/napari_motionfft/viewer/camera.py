"""Whether the user has moved the camera since napari fitted it."""

from __future__ import annotations

from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

FITS: WeakKeyDictionary[Any, dict[int, tuple[tuple[float, ...], float]]] = WeakKeyDictionary()
"""The last fit of a viewer that is watched: number of displayed axes → (centre, zoom)."""


def watch_fits(viewer: Any) -> None:
    """From now on, remember where napari fits the camera. Connecting twice is the same as once."""
    viewer.events.reset_view.connect(remember)


def remember(event: Any) -> None:
    """Keep one fit; 2-D and 3-D view have a camera each."""
    fits = FITS.setdefault(event.source, {})
    fits[event.source.dims.ndisplay] = (tuple(event.center), float(event.zoom))


def camera_is_fitted(viewer: Any) -> bool:
    """Whether the camera still stands as napari has fitted it.

    A fit that was not watched is known by its centre: that of the layers that were there, one
    of them or the first few. Layers that came since, or grew, move no camera.
    """
    real = getattr(viewer, "__wrapped__", viewer)  # plugins are given a proxy
    camera = real.scene.camera
    center, zoom = np.asarray(camera.center)[-2:], float(camera.zoom)
    last = FITS.get(real, {}).get(real.dims.ndisplay)
    if last is not None:
        moved = np.abs(np.asarray(last[0])[-2:] - center).max()
        return bool(moved * zoom <= 1 and np.isclose(zoom, last[1], rtol=1e-3))  # within 1 px
    layers = list(real.layers)
    sets = [[layer] for layer in layers]
    sets += list(accumulate(sets))
    for some in sets:
        if max(layer.ndim for layer in some) < real.dims.ndim:
            continue  # napari finds no displayed axes in them (0.9.2)
        low, high = real._sliced_extent_world_augmented(layers=some)[:, -2:]
        if np.abs((low + high) / 2 - center).max() <= 0.01 * (high - low).max():
            return True
    return not layers
