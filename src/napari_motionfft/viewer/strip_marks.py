"""Ticks, units, titles and zero line of a strip's kymograph and spectrogram: one Shapes layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.landscape_frame import Frame
from napari_motionfft.viewer.landscape_layers import (
    CROSS,
    INK,
    LARGEST,
    PANEL,
    Marks,
    text_angle,
)
from napari_motionfft.viewer.placement import Array, Placement
from napari_motionfft.viewer.strip_panel import (
    Box,
    Panel,
    at_frames,
    at_places,
    at_velocities,
)
from napari_motionfft.viewer.strip_peaks import mixed
from napari_motionfft.viewer.ticks import round_below, rounded, tick_text

TEXT_SIZE = 0.035
"""pt a canvas px of the pictures' height: 10.5 pt on 300 px. Text zooms along with the pictures."""

LETTERS = 26
"""A longer name of a strip is cut: it would stick out of its picture."""

LETTER = 0.031
"""Width of a letter, in parts of the pictures' height, where the text is largest."""

OVERHANG = 0.065
"""How far a label reaches beyond its picture at most, in parts of the pictures' height."""


def strip_marks(
    motion: StripMotion,
    name: str,
    panel: Panel,
    reach: tuple[float, float],
    placement: Placement,
    *,
    colour: str = INK,
    zoom: float = 1.0,
    first_frame: int = 0,
) -> tuple[list[Array], dict[str, Any]]:
    """Shapes whose data is in px along y from the frame's upper left corner.

    Parameters
    ----------
    motion, name
        A strip's result and name.
    panel
        Where its pictures stand.
    reach
        px/frame at the edges of the spectrogram.
    placement
        Of the source.
    colour
        Of the strip: a dash beside its name.
    zoom
        Screen px a px when all is in view.
    first_frame
        Frame of the layer at time 0.
    """
    text = min(TEXT_SIZE, LARGEST / (zoom * panel.side))
    marks = StripMarks(motion, panel, text)
    marks.panel()
    marks.time_axis()
    marks.length_axis()
    marks.velocity_axis(reach)
    marks.titles(name, colour, first_frame)
    arguments = {
        **placement.image((-0.5, -0.5), (1.0, placement.stretch)),
        "shape_type": marks.kinds,
        "edge_color": marks.lines,
        "face_color": marks.fills,
        "edge_width": marks.widths,
        "opacity": 1.0,
        "blending": "translucent_no_depth",  # seen in the 3-D view too, where all lies in a plane
        "features": {"label": marks.labels},
        "text": {
            "string": "{label}",
            "size": text * panel.side * float(np.linalg.norm(placement.linear[:, 0])),
            "scaling": True,
            "rotation": text_angle(placement.linear),
            "color": INK,
            "anchor": "center",
        },
    }
    return marks.data, arguments


def ticks_between(low: float, high: float, at_most: int = 6) -> list[float]:
    """Round values from `low` to `high`, at most `at_most`; two at least where these differ."""
    width = high - low
    step = round_below(width / (at_most - 1))
    while np.floor(high / step + 1e-9) - np.ceil(low / step - 1e-9) + 1 > at_most:
        step = round_below(step * 2.6)
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    # as decimals: 3 × 0.1 is to be 0.3
    return [float(f"{i * step:.9g}") for i in range(first, last + 1)]


def speed_text(motion: StripMotion) -> str:
    """The mean velocity in words: "12.3 ± 0.2 µm/s", or that there is none."""
    if not np.isfinite(motion.velocity):
        return "not reliable"
    if mixed(motion):
        return "several motions"
    unit = motion.unit_speed
    velocity, error = motion.velocity * unit, motion.velocity_stderr * unit
    mean = "mean " if len(motion.starts) > 1 else ""
    wide = rounded(abs(error), error).replace("−", "")
    return f"{mean}{rounded(velocity, error)} ± {wide} {motion.velocity_unit}"


class StripMarks(Marks):
    """Marks of one panel."""

    def __init__(self, motion: StripMotion, panel: Panel, text_size: float) -> None:
        square = np.full(2, panel.side)
        super().__init__(Frame(np.zeros(2), 1.0, np.zeros(2), square), text_size)
        self.motion, self.place, self.side = motion, panel, panel.side

    def panel(self) -> None:
        """Dark strips around the pictures, so that labels read on any theme."""
        whole, one, two = self.place.whole, self.place.kymograph, self.place.spectrogram
        for y0, x0, y1, x1 in (
            (whole.y, whole.x, one.y, whole.right),
            (one.bottom, whole.x, whole.bottom, whole.right),
            (one.y, whole.x, one.bottom, one.x),
            (one.y, one.right, one.bottom, two.x),
            (one.y, two.right, one.bottom, whole.right),
        ):
            self.add("rectangle", [[y0, x0], [y0, x1], [y1, x1], [y1, x0]], fill=PANEL, thick=0)

    def time_axis(self) -> None:
        """Ticks left of both pictures, times left of the first one."""
        one, two, frames = self.place.kymograph, self.place.spectrogram, self.motion.shape[0]
        interval = 1.0 if self.motion.dt is None else self.motion.dt
        unit = "frame" if self.motion.dt is None else f"t, {self.motion.time_unit}"
        tick = 0.015 * self.side
        for time in ticks_between(0.0, (frames - 1) * interval):
            y = float(at_frames(one, np.asarray(time / interval), frames))
            for box in (one, two):
                self.add("line", [[y, box.x], [y, box.x - tick]], INK)
            label = tick_text(time)  # flush right: text is centred
            half = LETTER * self.side * len(label) / 2
            self.text(y, one.x - 0.045 * self.side - half, label)
        # where the axis ends: beside the titles above there is no room for it
        half = LETTER * self.side * (len(unit) + 2) / 2
        centre = max(one.x - 0.06 * self.side, self.place.whole.x + half)
        self.text(one.bottom + 0.12 * self.side, centre, f"{unit} ↓")

    def length_axis(self) -> None:
        """Ticks below the kymograph."""
        box, length = self.place.kymograph, self.motion.shape[1]
        size = 1.0 if self.motion.dx is None else self.motion.dx
        unit = "px" if self.motion.dx is None else self.motion.length_unit
        for place in self.ticks_on(box, 0.0, (length - 1) * size, 6):
            x = float(at_places(box, np.asarray(place / size), length))
            self.below(box, x, tick_text(place))
        self.title_below(box, f"along the strip, {unit} →")

    def velocity_axis(self, reach: tuple[float, float]) -> None:
        """Ticks below the spectrogram, and a line at velocity zero."""
        box, unit = self.place.spectrogram, self.motion.unit_speed
        for velocity in self.ticks_on(box, reach[0] * unit, reach[1] * unit, 5):
            x = float(at_velocities(box, np.asarray(velocity / unit), reach))
            self.below(box, x, tick_text(velocity))
        if reach[0] < 0 < reach[1]:
            zero = float(at_velocities(box, np.asarray(0.0), reach))
            self.add("line", [[box.y, zero], [box.bottom, zero]], CROSS)
        self.title_below(box, f"velocity, {self.motion.velocity_unit}")

    def ticks_on(self, box: Box, low: float, high: float, at_most: int) -> list[float]:
        """Ticks below a picture whose edges are `low` and `high`: as many as have room."""
        letter = LETTER * self.side / box.width * (high - low)
        for most in range(at_most, 2, -1):  # two ticks at least
            ticks = ticks_between(low, high, most)
            wide = [letter * len(tick_text(tick)) for tick in ticks]
            if max(wide) + letter <= ticks[1] - ticks[0]:
                break
        beyond = OVERHANG / LETTER * letter
        pairs = zip(ticks, wide, strict=True)
        return [t for t, w in pairs if low - beyond <= t - w / 2 and t + w / 2 <= high + beyond]

    def below(self, box: Box, x: float, label: str) -> None:
        """A tick and its value below a picture."""
        self.add("line", [[box.bottom, x], [box.bottom + 0.015 * self.side, x]], INK)
        self.text(box.bottom + 0.05 * self.side, x, label)

    def title_below(self, box: Box, label: str) -> None:
        """What an axis is."""
        self.text(box.bottom + 0.12 * self.side, box.x + box.width / 2, label)

    def titles(self, name: str, colour: str, first_frame: int) -> None:
        """Above the pictures: which strip, how fast; what the spectrogram shows."""
        one, two = self.place.kymograph, self.place.spectrogram
        name = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
        start = f", t = 0 at frame {first_frame}" if first_frame else ""
        upper, lower = one.y - 0.113 * self.side, one.y - 0.04 * self.side
        middle = one.x + one.width / 2
        self.text(upper, middle, f"{name}{start}")
        self.text(lower, middle, speed_text(self.motion))
        dash = [[upper, one.x - x * self.side] for x in (0.1, 0.02)]
        self.add("line", dash, colour, thick=6)
        top = max(float(np.nanmax(self.motion.spectrogram.values, initial=1.0)), 1.0)
        middle = two.x + two.width / 2
        self.text(upper, middle, "velocity against time")
        self.text(lower, middle, f"0 to {top:.3g} noise σ")
