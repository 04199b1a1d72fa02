"""The optimiser's paths over the landscapes of the lab, as far as a step slider has come.

The slider is the widget's own. An axis of the viewer would be worse: a layer with a step axis
shares it with the user's stack, whose time slider would run to step 400, or it adds an axis to
every layer. So the whole paths are in the layers, and `show_step` changes what is seen of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.lab_grid import Grid
from napari_motionfft.viewer.lab_result import LabResult
from napari_motionfft.viewer.placement import Array, Placement

LayerData = tuple[Any, dict[str, Any], str]

THERE = "#7bf1a8"
ELSEWHERE = "#f4f4f8"
"""Of a path that comes to the truth (or the peak), and of one that does not."""

STRIDE = 0.004
"""Shortest piece of a path that is drawn, in parts of the picture's side: less is not seen."""


@dataclass(frozen=True, eq=False)
class Path:
    """One start's way over one landscape, clipped to its picture, in the first one's velocities.

    Attributes
    ----------
    objective, start
        Which one.
    there
        Whether it comes to where it should.
    places
        (N + 1, 2) (vy, vx): the start, then each step.
    corners
        Steps between which the way is drawn as straight.
    """

    objective: str
    start: int
    there: bool
    places: Array
    corners: NDArray[np.intp]

    def at(self, step: int) -> Array:
        """(2,) where it is after so many steps; at its end when it took fewer."""
        return np.asarray(self.places[min(step, len(self.places) - 1)])


def paths_of(result: LabResult, places: Grid) -> list[Path]:
    """Every path of a run, objective by objective."""
    made = []
    for one, panel, offset in zip(result.explored, places.panels, places.offsets(), strict=True):
        for number, way in enumerate(np.clip(one.paths, panel.low, panel.high)):
            made.append(
                Path(
                    one.name,
                    number,
                    bool(one.there[number]),
                    way + offset,
                    corners(way, STRIDE * panel.span),
                )
            )
    return made


def corners(way: Array, stride: float) -> NDArray[np.intp]:
    """Steps of a way (N + 1, 2) that are at least `stride` apart; the first and last always."""
    kept, last = [0], way[0]
    for step, here in enumerate(way):
        if abs(here[0] - last[0]) + abs(here[1] - last[1]) >= stride:
            kept.append(step)
            last = here
    if kept[-1] != len(way) - 1 and len(way) > 1:
        kept.append(len(way) - 1)
    return np.asarray(kept, dtype=np.intp)


def last_step(result: LabResult) -> int:
    """Steps of the longest path."""
    return max(len(one.paths[0]) - 1 for one in result.explored)


def path_lines(ways: list[Path], places: Grid, placement: Placement) -> LayerData:
    """All paths as Vectors, one a straight piece, with the step at which it is gone."""
    pieces, features = [], []
    for way in ways:
        ends = way.places[way.corners]
        pieces.append(np.stack([ends[:-1], np.diff(ends, axis=0)], axis=1))  # (n, 2, 2)
        features += [(way.objective, way.start, int(step), way.there) for step in way.corners[1:]]
    objective, start, step, there = zip(*features, strict=True)
    table = {
        "objective": np.asarray(objective),
        "start": np.asarray(start),
        "step": np.asarray(step),
        "there": np.asarray(there),
    }
    panel = places.panels[0]
    arguments = {
        **placement.image(panel.zero, (panel.scale, panel.scale)),
        "features": table,
        "edge_color": line_colours(table["there"]),
        "edge_width": 0.009 * panel.span,
        "vector_style": "line",
        "opacity": 1.0,
        "blending": "translucent_no_depth",
    }
    return np.concatenate(pieces), arguments, "vectors"


def line_colours(there: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(N, 4) of pieces, all seen."""
    from napari.utils.colormaps.standardize_color import transform_color

    two = transform_color([ELSEWHERE, THERE])
    return np.asarray(two[there.astype(int)], dtype=np.float32)


def path_points(ways: list[Path], places: Grid, placement: Placement) -> LayerData:
    """Starts as rings that stay, then ends as discs that `show_step` moves."""
    count, panel = len(ways), places.panels[0]
    colours = [THERE if way.there else ELSEWHERE for way in ways]
    far = max(len(way.places) for way in ways)
    size = 0.03 * panel.span
    arguments = {
        **placement.image(panel.zero, (panel.scale, panel.scale)),
        "features": {
            "what": ["start"] * count + ["end"] * count,
            "objective": [way.objective for way in ways] * 2,
            "start": [way.start for way in ways] * 2,
        },
        "size": [0.8 * size] * count + [size] * count,
        "face_color": ["transparent"] * count + colours,
        "border_color": colours + ["black"] * count,
        "border_width": [0.22] * count + [0.12] * count,
        "symbol": "disc",
        "blending": "translucent_no_depth",
        "canvas_size_limits": (4, 14),  # screen px
    }
    return point_places(ways, far), arguments, "points"


def point_places(ways: list[Path], step: int) -> Array:
    """(2 P, 2): every start, then where each path is after so many steps."""
    return np.stack([way.at(0) for way in ways] + [way.at(step) for way in ways])


def show_step(lines: Any, points: Any, ways: list[Path], step: int) -> None:
    """Show the paths up to a step: later pieces become clear, the discs move; main thread only.

    Parameters
    ----------
    lines, points
        The two layers.
    ways
        What they show.
    step
        0 is the starts.
    """
    colours = np.array(lines.edge_color)
    colours[:, 3] = np.asarray(lines.features["step"]) <= step
    lines.edge_color = colours
    points.data = point_places(ways, step)
