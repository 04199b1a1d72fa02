"""Where each motion carries the middle of the region: an arrow in its colour, dark around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.motions_colours import motion_colour, parts
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.strip_arrows import arrows
from napari_motionfft.viewer.trajectory_layers import path

if TYPE_CHECKING:
    from napari_motionfft.motion.several.result import Motions

Layer = tuple[Any, dict[str, Any], str]

THICK = 1 / 140
"""Of an arrow, in parts of the frame's longer side."""
RIM = 1.9
"""Thickness of the dark arrow below, in that of the coloured one on top."""
CHOSEN = 1.6
"""How much thicker the chosen one is."""


def arrow_shapes(motions: Motions, source: Source) -> Layer:
    """One Shapes layer: of each motion the rim's strokes, then the arrow's.

    An arrow goes from the middle of the region in the first frame to where it is in the last.
    """
    lines, which, rim = strokes(motions, source)
    arguments = {
        **source.placement.image(),
        "shape_type": "line",
        "features": {"motion": which + 1, "rim": rim},
        "edge_color": colours(which, rim, set(range(len(motions)))),
        "edge_width": widths(which, rim, source, 0),
        "opacity": 1.0,
    }
    return lines, arguments, "shapes"


def strokes(
    motions: Motions, source: Source
) -> tuple[list[Array], NDArray[np.intp], NDArray[np.bool_]]:
    """Lines (n, 2, 2) px of level 0, the motion of each, and whether it is one of the rim."""
    head = max(source.placement.shape) / 22
    lines: list[Array] = []
    which: list[int] = []
    rim: list[bool] = []
    for index, motion in enumerate(motions):
        way = path(motion, source)
        start, reach = way[0], way[-1] - way[0]
        if not np.hypot(*reach) > 1e-3:
            continue  # it stands still: a point alone
        whole, _ = arrows(start + reach / 2, reach[None], head)  # (3, 2, 2) start and step
        ends = np.stack([whole[:, 0], whole[:, 0] + whole[:, 1]], axis=1)
        for dark in (True, False):
            lines += list(ends)
            which += [index] * len(ends)
            rim += [dark] * len(ends)
    return lines, np.asarray(which, dtype=np.intp), np.asarray(rim, dtype=bool)


def colours(which: NDArray[np.intp], rim: NDArray[np.bool_], shown: set[int]) -> Array:
    """(n, 4) of each stroke: nothing where its motion is not shown."""
    found = np.asarray(
        [
            parts("#000000" if dark else motion_colour(int(index)))
            for index, dark in zip(which, rim, strict=True)
        ]
    ).reshape(-1, 4)
    found[~np.isin(which, list(shown)), 3] = 0.0
    return found


def widths(
    which: NDArray[np.intp], rim: NDArray[np.bool_], source: Source, chosen: int | None
) -> list[float]:
    """px of level 0 of each stroke: those of the chosen motion are thicker."""
    base = THICK * max(source.placement.shape)
    thick = base * np.where(which == (-1 if chosen is None else chosen), CHOSEN, 1.0)
    return [float(width) for width in np.where(rim, thick * RIM, thick)]
