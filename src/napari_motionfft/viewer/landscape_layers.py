"""The loss landscape as an image with axes, and one Shapes layer that draws them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.landscape_frame import Frame
from napari_motionfft.viewer.placement import Placement
from napari_motionfft.viewer.ticks import (
    enlargement,
    error_ellipse,
    pair_text,
    round_ticks,
    tick_text,
)

Array = NDArray[np.float64]

PANEL = "#1c1c22"
INK = "#e6e6e6"
CROSS = "#ffffff66"
SHADE = "#000000a0"
PEAK = "#4cc9f0"
TEXT_SIZE = 0.042
"""pt a canvas px of the picture's side: 10.5 pt on 250 px. Text zooms along with the picture."""

LARGEST = 13.0
"""pt when all is in view: a larger picture needs no larger text."""


def landscape_image(
    motion: Motion, frame: Frame, placement: Placement
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The values in noise σ, as an image whose pixels are velocities."""
    values = np.asarray(motion.landscape.values, dtype=np.float32)
    step = (frame.high - frame.low) / values.shape
    first = frame.zero + frame.scales * (frame.low + step / 2)
    top = float(np.nanmax(values, initial=1.0))
    arguments = {
        **placement.image(first, frame.scales * step),
        "rgb": False,
        "colormap": "inferno",
        "contrast_limits": (0.0, max(top, 1.0)),
        "interpolation2d": "nearest",
    }
    return values, arguments


def landscape_marks(
    motion: Motion, frame: Frame, placement: Placement, zoom: float = 1.0
) -> tuple[list[Array], dict[str, Any]]:
    """Ticks, titles, zero cross-hair, peak and error ellipse: shapes whose data is (vy, vx).

    `zoom` is the screen px a px of level 0 when all is in view.
    """
    marks = landscape_axes(frame, zoom)
    marks.peak(motion)
    return marks.data, marks_arguments(marks, placement)


def landscape_axes(frame: Frame, zoom: float) -> Marks:
    """Dark strips, zero cross-hair, ticks and titles: marks that peaks may be added to."""
    side = frame.span * frame.scale  # px of level 0, along y
    marks = Marks(frame, min(TEXT_SIZE, LARGEST / (zoom * side)))
    marks.panel()
    marks.cross_hair()
    marks.axis_of_x()
    marks.axis_of_y()
    return marks


def marks_arguments(marks: Marks, placement: Placement) -> dict[str, Any]:
    """Arguments of the Shapes layer that draws marks."""
    frame = marks.frame
    return {
        **placement.image(frame.zero, frame.scales),
        "shape_type": marks.kinds,
        "edge_color": marks.lines,
        "face_color": marks.fills,
        "edge_width": marks.widths,
        "opacity": 1.0,
        "blending": "translucent_no_depth",  # seen in the 3-D view too, where all lies in a plane
        "features": {"label": marks.labels},
        "text": {
            "string": "{label}",
            "size": text_size(marks, placement),
            "scaling": True,
            "rotation": text_angle(placement.linear),
            "color": INK,
            "anchor": "center",
        },
    }


def text_size(marks: Marks, placement: Placement) -> float:
    """Of the marks' text, as napari takes it for text that zooms along."""
    side = marks.frame.span * marks.frame.scale
    return marks.size * side * float(np.linalg.norm(placement.linear[:, 0]))


def world_length(linear: Array) -> float:
    """World size of a px: the side of the square that has a px's area."""
    return float(np.sqrt(abs(np.linalg.det(linear))))


def text_angle(linear: Array) -> float:
    """Degrees that turn text along the picture's rows, never upside down."""
    down, right = linear[:, 1]
    angle = float(np.degrees(np.arctan2(down, right)))
    return (angle + 90) % 180 - 90


def outline(points: Array) -> Array:
    """A closed path (n, 2) without repeated points; empty when nothing is left to draw."""
    moved = np.abs(np.diff(points, axis=0, prepend=points[-1:])).max(1)
    points = points[moved > 1e-9 * np.abs(points).max()]
    return np.concatenate([points, points[:1]]) if len(points) > 2 else points[:0]


class Marks:
    """Collects shapes in velocity coordinates; text hangs at the centre of a shape."""

    def __init__(self, frame: Frame, text_size: float) -> None:
        self.frame, self.size = frame, text_size
        self.pitch = 1.8 * text_size * frame.span  # from line to line
        self.data: list[Array] = []
        self.kinds: list[str] = []
        self.lines: list[str] = []
        self.fills: list[str] = []
        self.widths: list[float] = []
        self.labels: list[str] = []

    def add(
        self,
        kind: str,
        points: Any,
        line: str = "transparent",
        fill: str = "transparent",
        label: str = "",
        thick: float = 1.5,
    ) -> None:
        """One shape; `thick` in 1/300 of the picture's side."""
        self.data.append(np.asarray(points, dtype=np.float64))
        self.kinds.append(kind)
        self.lines.append(line)
        self.fills.append(fill)
        self.widths.append(thick * self.frame.span / 300)
        self.labels.append(label)

    def text(self, vy: float, vx: float, label: str) -> None:
        """A label centred at a velocity."""
        tiny = 1e-3 * self.frame.span
        self.add("line", [[vy, vx - tiny], [vy, vx + tiny]], label=label)

    def panel(self) -> None:
        """Dark strips around the picture, so that labels read on any theme."""
        (top, left), (bottom, right) = self.frame.low, self.frame.high
        up, aside, down, before = self.frame.margins
        for y0, x0, y1, x1 in (
            (top - up, left - before, top, right + aside),
            (bottom, left - before, bottom + down, right + aside),
            (top, left - before, bottom, left),
            (top, right, bottom, right + aside),
        ):
            self.add("rectangle", [[y0, x0], [y0, x1], [y1, x1], [y1, x0]], fill=PANEL, thick=0)

    def cross_hair(self) -> None:
        """Velocity zero along both axes."""
        low, high = self.frame.low, self.frame.high
        self.add("line", [[0, low[1]], [0, high[1]]], CROSS)
        self.add("line", [[low[0], 0], [high[0], 0]], CROSS)

    def axis_of_x(self) -> None:
        """Ticks below the picture."""
        bottom, tick = self.frame.high[0], 0.015 * self.frame.span
        for vx in round_ticks(min(-self.frame.low[1], self.frame.high[1])):
            self.add("line", [[bottom, vx], [bottom + tick, vx]], INK)
            self.text(bottom + 0.06 * self.frame.span, vx, tick_text(vx))
        middle = (self.frame.low[1] + self.frame.high[1]) / 2
        self.text(bottom + 0.145 * self.frame.span, middle, "vx, px/frame  (right +)")

    def axis_of_y(self) -> None:
        """Ticks left of the picture; its title stands above, since text is not turned."""
        left, tick = self.frame.low[1], 0.015 * self.frame.span
        for vy in round_ticks(min(-self.frame.low[0], self.frame.high[0])):
            self.add("line", [[vy, left], [vy, left - tick]], INK)
            self.text(vy, left - 0.1 * self.frame.span, tick_text(vy))
        middle = (self.frame.low[1] + self.frame.high[1]) / 2
        self.text(self.frame.low[0] - 0.055 * self.frame.span, middle, "vy, px/frame  (down +)")

    def peak(self, motion: Motion) -> None:
        """Cross at the estimate, its 1 σ ellipse enlarged by a round factor, and both in words."""
        span, low, high = self.frame.span, self.frame.low, self.frame.high
        arm = np.asarray([[0, 0.02 * span], [0.02 * span, 0]])  # along x, along y
        at = np.clip(np.asarray(motion.velocity, dtype=np.float64), low, high)
        pair = pair_text(motion.velocity, motion.velocity_stderr)
        # the score of a path is another one
        height = motion.landscape.peaks[0].score if motion.landscape.peaks else motion.score
        lines = [f"{pair} px/frame", f"peak {height:.1f} σ"]
        covariance = np.asarray(motion.velocity_covariance, dtype=np.float64)
        factor = enlargement(covariance, 0.07 * span)
        ellipse = outline(np.clip(at + error_ellipse(covariance, factor), low, high))
        if len(ellipse):
            lines.append("ellipse 1 σ" if factor == 1 else f"ellipse 1 σ × {factor:g}")
        for line, thick in (("black", 4.5), (PEAK, 2.0)):  # a dark rim, to be seen on bright ground
            if len(ellipse):
                self.add("path", ellipse, line, thick=thick)
            for reach in arm:
                self.add("line", [at - reach, at + reach], line, thick=thick)
        self.caption(lines)
        if not motion.reliable:
            self.note("not reliable", above=bool(at[0] > (low[0] + high[0]) / 2))

    def caption(self, lines: list[str]) -> None:
        """Lines of text below the picture and its axis."""
        low, high = self.frame.low, self.frame.high
        middle = (low[1] - self.frame.margins[3] + high[1] + self.frame.margins[1]) / 2
        for i, line in enumerate(lines):
            self.text(high[0] + 0.245 * self.frame.span + self.pitch * i, middle, line)

    def note(self, line: str, above: bool) -> None:
        """A line of text within the picture, at its upper or lower edge, on a shade."""
        low, high = self.frame.low, self.frame.high
        tall = 1.4 * self.pitch
        first = low[0] if above else high[0] - tall
        box = [[first, low[1]], [first, high[1]], [first + tall, high[1]], [first + tall, low[1]]]
        self.add("rectangle", box, fill=SHADE, thick=0)
        self.text(first + tall / 2, (low[1] + high[1]) / 2, line)
