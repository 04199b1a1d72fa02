"""Shapes to be followed, in px of the stack that a motion was measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_motionfft.viewer.between import frames_of, placed, to_stack, unit_factors
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.placement import Array, world_map
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.strip_shapes import chosen, plane_points

COLOUR = "#35d0ff"
"""Not that of the region that was drawn, which stays."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """Shapes in px of the stack: vertices (N, 2), kind, frame and look of each."""

    vertices: list[Array]
    kinds: list[str]
    frames: list[int]
    look: dict[str, Any]
    notes: list[str]


def region_of(kept: Kept) -> Drawn:
    """The region's outline: pixel i spans i−0.5…i+0.5."""
    (y0, y1), (x0, x1) = np.asarray(kept.motion.region) - 0.5
    outline = np.asarray([(y0, x0), (y0, x1), (y1, x1), (y1, x0)])
    width = max(max(placed(kept).shape) / 250, 1.0)
    look = {
        "edge_width": np.asarray([width]),
        "edge_color": np.asarray([COLOUR]),
        "face_color": np.asarray(["transparent"]),
    }
    return Drawn([outline], ["rectangle"], [0], look, [])


def drawn_in(shapes: Any, kept: Kept, frame: int) -> Drawn:
    """Shapes of a layer, through its transforms and the stack's."""
    if not len(shapes.data):
        raise SourceError(f"{shapes.name!r} is empty. Draw a region in it.")
    indices, notes = chosen(shapes)
    last = len(kept.motion.displacements) - 1
    vertices, kinds, frames = [], [], []
    for i in indices:
        corners = plane_points(shapes, i)
        found = frame_of(shapes, i, kept, frame)
        if not 0 <= found <= last:
            raise SourceError(
                f"Shape {i + 1} of {shapes.name!r} lies in no frame of the motion, "
                f"{kept.first_frame}–{kept.first_frame + last}."
            )
        kind = str(shapes.shape_type[i])
        turned = to_stack(corners, shapes, kept)
        if kind in ("rectangle", "ellipse") and not is_rectangle(turned):
            # on pixels that are no squares a turned one is none any more
            corners = to_stack(ring(corners) if kind == "ellipse" else corners, shapes, kept)
            kind, turned = "polygon", corners
        vertices.append(turned)
        kinds.append(kind)
        frames.append(found)
    look = {
        "edge_width": np.asarray(shapes.edge_width, dtype=np.float64)[indices] * zoom(shapes, kept),
        "edge_color": np.asarray(shapes.edge_color)[indices],
        "face_color": np.asarray(shapes.face_color)[indices],
    }
    return Drawn(vertices, kinds, frames, look, notes)


def frame_of(shapes: Any, index: int, kept: Kept, frame: int) -> int:
    """The motion's frame that a shape lies in: `frame` where it has no time axis."""
    place = placed(kept)
    if int(shapes.ndim) < len(place.full["scale"]) - place.time_axis:
        return frame
    found = frames_of(shapes.data[index][:1], shapes, kept)[0]
    return round(float(found)) if np.isfinite(found) else -1


def is_rectangle(corners: Array) -> bool:
    """Whether (4, 2) corners meet at right angles."""
    one, other = corners[1] - corners[0], corners[2] - corners[1]
    return bool(abs(one @ other) <= 1e-6 * max(float(one @ one), float(other @ other), 1e-12))


def ring(corners: Array, count: int = 64) -> Array:
    """(count, 2) points on the ellipse within a rectangle's corners (4, 2)."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    one, other = (corners[1] - corners[0]) / 2, (corners[3] - corners[0]) / 2
    return np.asarray(corners.mean(0) + np.cos(angles) * one + np.sin(angles) * other)


def zoom(shapes: Any, kept: Kept) -> float:
    """Px of the stack's layer to one unit of a Shapes layer's data."""
    place = placed(kept)
    units = float(np.prod(unit_factors(shapes.units[-2:], place.plane["units"])))
    area = abs(np.linalg.det(world_map(shapes)[0])) * units / abs(np.linalg.det(place.linear))
    return float(np.sqrt(area))
