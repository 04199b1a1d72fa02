"""Where strips lie on the movie: outlines as wide as they are, a number where each begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_motionfft.motion.strips.paths import Strip, tangents
from napari_motionfft.viewer.landscape_layers import INK, PANEL, text_angle
from napari_motionfft.viewer.placement import Array, Placement
from napari_motionfft.viewer.result_layers import LayerData
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_outline import outline_of

DISC = 1 / 44
"""Radius of a number's disc, in parts of the movie's longer side."""

USUAL = "strip "
"""Names begin so unless the user's layer has a name for them: the number is enough."""

LETTERS = 3
"""Of a name that fit a disc."""


def outlines(names: Sequence[str], paths: Sequence[Strip], placement: Placement) -> LayerData:
    """All strips in their colours: a closed path each, then a disc with its number each."""
    square = np.asarray([1.0, 1.0 / placement.stretch])
    shape = np.asarray(placement.shape) * square
    radius = DISC * float(shape.max())
    rings = [(placement.to_layer(outline_of(strip)) + 0.5) * square for strip in paths]
    discs = [disc(strip, placement, radius, shape) for strip in paths]
    colours = [strip_colour(i) for i in range(len(paths))]
    count = len(rings)
    arguments = {
        **placement.image((-0.5, -0.5), (1.0, placement.stretch)),
        "shape_type": ["path"] * count + ["ellipse"] * count,
        "edge_color": colours * 2,
        "face_color": ["transparent"] * count + [PANEL] * count,
        "edge_width": float(shape.max()) / 200,
        "opacity": 1.0,
        "blending": "translucent_no_depth",
        "features": {
            "strip": list(names) * 2,
            "label": [""] * count + [name.removeprefix(USUAL)[:LETTERS] for name in names],
        },
        "text": {
            "string": "{label}",
            "size": 0.85 * radius * float(np.linalg.norm(placement.linear[:, 0])),
            "scaling": True,
            "rotation": text_angle(placement.linear),
            "color": INK,
            "anchor": "center",
        },
    }
    return [*rings, *discs], arguments, "shapes"


def disc(strip: Strip, placement: Placement, radius: float, shape: Array) -> Array:
    """(4, 2) box of a disc right before a strip begins, within the frame; square px."""
    square = np.asarray([1.0, 1.0 / placement.stretch])
    towards = tangents(strip, np.zeros(1))[0] * np.asarray(placement.factor) * square
    towards /= np.linalg.norm(towards)
    start = (placement.to_layer(strip.path[0]) + 0.5) * square
    centre = np.clip(start - 1.1 * radius * towards, radius, np.maximum(shape - radius, radius))
    return np.asarray(centre + radius * np.asarray([[-1, -1], [-1, 1], [1, 1], [1, -1]]))
