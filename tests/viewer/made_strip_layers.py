"""Movies with strips drawn on them, and what their result layers say."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Layer, Shapes
from tests.viewer.made_strips import Table, motion_of, table_of

from napari_motionfft.viewer.result_layers import KEY
from napari_motionfft.viewer.strip_source import read_strips

NAMES = ["plain", "scaled", "rotated", "sheared", "lower shear", "affine", "mirrored"]
FRAMES = 12
LINE = np.array([[20.0, 10.0], [50.0, 90.0]])
BENT = np.array([[10.0, 15.0], [12.0, 50.0], [40.0, 80.0]])


def movie_of(made: Any, name: str = "plain") -> Image:
    return Image(np.zeros((FRAMES, 64, 96), np.float32), name="cells", **made.LAYERS[name])


def strips_on(layer: Image, **arguments: Any) -> Any:
    """Two strips drawn on a movie."""
    shapes = Shapes(ndim=2, name="strips", units=layer.units[-2:])
    for points, kind in ((LINE, "line"), (BENT, "path")):
        world = [layer.data_to_world([0] * (layer.ndim - 2) + list(p))[-2:] for p in points]
        shapes.add([np.array(world)], shape_type=kind)
    arguments = {"current_step": (0,) * layer.ndim, "width": 5, **arguments}
    return read_strips(layer, shapes, **arguments)


def table_for(source: Any, frames: int = FRAMES, **arguments: Any) -> Table:
    """Velocities of three windows; the second strip's middle one is not reliable."""
    motions = [
        motion_of(v, shape=(frames, int(p.length) + 1), window=6, reliable=good, **arguments)
        for v, p, good in zip(
            ((1.0, 2.0, -3.0), (-0.5, 4.0, 1.0)),
            source.paths,
            ((1, 1, 1), (1, 0, 1)),
            strict=True,
        )
    ]
    return table_of(*motions)


def by_role(made: list[Any]) -> dict[str, Layer]:
    layers = [x if isinstance(x, Layer) else Layer.create(*x) for x in made]
    return {layer.metadata[KEY]["role"]: layer for layer in layers}


def world(layer: Layer, point: Any) -> np.ndarray:
    return np.asarray(layer.data_to_world(point))[-2:]


def extent(layer: Layer, frame: Layer) -> np.ndarray:
    """Box (2, 2) of a layer in px of a movie."""
    low, high = layer._extent_data_augmented
    corners = []
    for y in (low[-2], high[-2]):
        for x in (low[-1], high[-1]):
            corners.append(frame.world_to_data([0, *world(layer, (*low[:-2], y, x))])[-2:])
    return np.array([np.min(corners, 0), np.max(corners, 0)])


def labelled(axes: Layer, label: str) -> list[np.ndarray]:
    """Centres of the shapes that bear a label."""
    labels = axes.features["label"]
    return [d.mean(0) for d, x in zip(axes.data, labels, strict=True) if x == label]


def lines_of(axes: Layer, colour: Any = None) -> list[np.ndarray]:
    return [d for d, kind in zip(axes.data, axes.shape_type, strict=True) if kind == "line"]
