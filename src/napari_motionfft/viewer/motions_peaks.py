"""The landscape of several motions: its axes, a line a motion, and a point a peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_motionfft.viewer.landscape_frame import Frame
from napari_motionfft.viewer.landscape_layers import (
    landscape_axes,
    marks_arguments,
    text_size,
)
from napari_motionfft.viewer.motions_colours import motion_colour
from napari_motionfft.viewer.placement import Array, Placement
from napari_motionfft.viewer.ticks import pair_text

if TYPE_CHECKING:
    from napari_motionfft.motion.result import Motion
    from napari_motionfft.motion.several.result import Motions

Layer = tuple[Any, dict[str, Any], str]

MOST = 3
"""Motions that have a line below the landscape: there is no room for more."""
SIZE = 0.04
"""Diameter of a point, in parts of the landscape's longer side."""
CHOSEN = 1.6
"""How much larger the chosen one is."""
BRIGHT = 0.6
"""Part of the landscape's top from which on its ground is bright, and text on it dark."""


def axes_marks(motions: Motions, frame: Frame, place: Placement, zoom: float) -> Layer:
    """Ticks and titles, and below them the velocities."""
    marks = landscape_axes(frame, zoom)
    lines = [
        f"{index + 1}: {pair_text(motion.velocity, shown_error(motion))} px/frame"
        for index, motion in enumerate(motions[:MOST])
    ]
    if len(motions) > MOST:
        lines[-1:] = [f"and {len(motions) - MOST + 1} more, in the table"]
    marks.caption(lines)
    return marks.data, marks_arguments(marks, place), "shapes"


def shown_error(motion: Motion) -> Array:
    """(2,) px/frame: at least what leaves three decimals, as the line is no longer than its room.

    The table has them all.
    """
    return np.maximum(motion.velocity_stderr, 0.01)


def peak_points(motions: Motions, frame: Frame, place: Placement, zoom: float) -> Layer:
    """A numbered point at each velocity; its data is (vy, vx) px/frame."""
    at = np.stack([motion.velocity for motion in motions])
    at = np.clip(at, frame.low, frame.high)
    step = 0.055 * frame.span
    fits = at[:, 1].max() + 2 * step < frame.high[1]
    aside = np.asarray([0.0, step if fits else -step])  # napari takes one for all
    marks = landscape_axes(frame, zoom)
    ink = ["#000000" if bright(motions[0], spot) else "#ffffff" for spot in at + aside]
    arguments = {
        **place.image(frame.zero, frame.scales),
        "features": {
            "motion": np.arange(len(motions)) + 1,
            "label": labels(len(motions), set(range(len(motions)))),
            "score": [motion.score for motion in motions],
        },
        "size": sizes(len(motions), frame.span, 0, set(range(len(motions)))),
        "face_color": [motion_colour(index) for index in range(len(motions))],
        "border_color": "black",
        "border_width": 0.16,
        "symbol": "disc",
        "canvas_size_limits": (0, 10_000),  # of size 0, none is seen
        "blending": "translucent_no_depth",  # seen in the 3-D view too
        "text": {
            "string": "{label}",
            "size": text_size(marks, place),
            "scaling": True,
            "color": {"array": ink, "default": "#ffffff"},
            "anchor": "center",
            "translation": aside,
        },
    }
    return at, arguments, "points"


def sizes(count: int, span: float, chosen: int | None, shown: set[int]) -> list[float]:
    """px/frame: diameter of each point, that of the chosen one larger, 0 for those hidden.

    napari heeds a layer's `shown` only where some of its axes are not displayed.
    """
    usual = [SIZE * span * (CHOSEN if index == chosen else 1.0) for index in range(count)]
    return [size if index in shown else 0.0 for index, size in enumerate(usual)]


def labels(count: int, shown: set[int]) -> list[str]:
    """The number beside each point; nothing beside those hidden."""
    return [str(index + 1) if index in shown else "" for index in range(count)]


def bright(motion: Motion, velocity: Any) -> bool:
    """Whether the landscape is bright at a velocity."""
    land = motion.landscape
    row = int(np.abs(land.vy - velocity[0]).argmin())
    column = int(np.abs(land.vx - velocity[1]).argmin())
    top = max(float(np.nanmax(land.values, initial=1.0)), 1.0)
    return bool(land.values[row, column] > BRIGHT * top)
