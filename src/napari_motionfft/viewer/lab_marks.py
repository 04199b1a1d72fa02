"""One Shapes layer over all landscapes of the lab: titles, axes, peaks and the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_motionfft.viewer.lab_grid import Grid, Panel
from napari_motionfft.viewer.lab_result import Explored, LabResult
from napari_motionfft.viewer.landscape_layers import (
    INK,
    LARGEST,
    PEAK,
    TEXT_SIZE,
    Marks,
    text_angle,
    world_length,
)
from napari_motionfft.viewer.placement import Array, Placement
from napari_motionfft.viewer.ticks import round_ticks, tick_text

TRUTH = "#ffffff"
"""A white × over the truth; the peak is a blue +."""


def lab_marks(
    result: LabResult, places: Grid, placement: Placement, zoom: float = 1.0
) -> tuple[list[Array], dict[str, Any]]:
    """Shapes whose data is (vy, vx) of the first landscape; `zoom` as for `landscape_marks`."""
    one = places.panels[0]
    side = one.span * one.scale  # px of level 0
    text = min(TEXT_SIZE, LARGEST / (zoom * side))
    drawn = [
        panel_marks(explored, panel, result.truth, text)
        for explored, panel in zip(result.explored, places.panels, strict=True)
    ]
    arguments = {
        **placement.image(one.zero, (one.scale, one.scale)),
        "shape_type": [kind for marks in drawn for kind in marks.kinds],
        "edge_color": [line for marks in drawn for line in marks.lines],
        "face_color": [fill for marks in drawn for fill in marks.fills],
        "edge_width": [width for marks in drawn for width in marks.widths],
        "opacity": 1.0,
        "blending": "translucent_no_depth",  # seen in the 3-D view too, where all lies in a plane
        "features": {
            "label": [label for marks in drawn for label in marks.labels],
            "objective": [
                explored.name
                for explored, marks in zip(result.explored, drawn, strict=True)
                for _ in marks.data
            ],
        },
        "text": {
            "string": "{label}",
            "size": text * side * world_length(placement.linear),
            "scaling": True,
            "rotation": text_angle(placement.linear),
            "color": INK,
            "anchor": "center",
        },
    }
    shapes = [
        points + offset
        for marks, offset in zip(drawn, places.offsets(), strict=True)
        for points in marks.data
    ]
    return shapes, arguments


def panel_marks(explored: Explored, panel: Panel, truth: Array | None, text: float) -> PanelMarks:
    """Everything drawn on one landscape, in its own velocities."""
    marks = PanelMarks(panel, text)
    marks.panel()
    marks.cross_hair()
    marks.axes()
    marks.title(explored)
    if truth is not None:
        marks.cross(truth, np.asarray([[1, 1], [1, -1]]) / 2**0.5, 0.06, TRUTH)
    marks.cross(explored.peak, np.asarray([[0, 1], [1, 0]]), 0.035, PEAK)
    return marks


class PanelMarks(Marks):
    """Marks of one panel among many: fewer words than a landscape on its own."""

    def axes(self) -> None:
        """Ticks at the left and below, and what they are."""
        low, high, span = self.frame.low, self.frame.high, self.frame.span
        tick = 0.015 * span
        for v in round_ticks(min(-low[1], high[1]), at_most=3):
            self.add("line", [[high[0], v], [high[0] + tick, v]], INK)
            self.text(high[0] + 0.06 * span, v, tick_text(v))
        for v in round_ticks(min(-low[0], high[0]), at_most=3):
            self.add("line", [[v, low[1]], [v, low[1] - tick]], INK)
            self.text(v, low[1] - 0.075 * span, tick_text(v))
        middle = (low[1] + high[1]) / 2
        self.text(high[0] + 0.135 * span, middle, "vx → and vy ↓, px/frame")

    def title(self, explored: Explored) -> None:
        """Name and number of local maxima, above."""
        low, high, span = self.frame.low, self.frame.high, self.frame.span
        middle = (low[1] + high[1]) / 2
        count = explored.maxima
        maxima = "1 local maximum" if count == 1 else f"{count} local maxima"
        self.text(low[0] - 0.13 * span, middle, explored.name)
        self.text(low[0] - 0.05 * span, middle, maxima)

    def cross(self, at: Array, arms: Array, reach: float, colour: str) -> None:
        """Two strokes through a velocity, on a dark rim; none when it is off the picture."""
        if (at < self.frame.low).any() or (at > self.frame.high).any():
            return
        low, high = self.frame.low, self.frame.high
        for line, thick in (("black", 4.5), (colour, 2.0)):
            for arm in arms * reach * self.frame.span:
                self.add("line", np.clip([at - arm, at + arm], low, high), line, thick=thick)
