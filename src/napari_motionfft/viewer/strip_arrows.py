"""Arrows on the movie whose direction and length follow the time slider, with no callback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.paths import Strip, points_along, tangents
from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.placement import Array, Placement, moved
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_panel import Panel, at_frames
from napari_motionfft.viewer.strip_windows import at_frames as velocity_at_frames

LONGEST = 0.4
"""Of a strip's length: no arrow is longer."""

FAINT = 0.3
"""Opacity of what the data do not support."""

TIME = "time"
"""In the table of features: strokes of the pointers."""

HEAD = 3.8
"""Length of the strokes of an arrow's head, in widths of a stroke."""

RIM = 0.45
"""Of a stroke's width: how far the dark rim of an arrow reaches beyond it."""


class Strokes(NamedTuple):
    """Pieces of line, each of one frame.

    Attributes
    ----------
    lines
        (n, 2, 2) start and step in px along y from the frame's corner.
    frames
        (n,) of the stack.
    colours
        (n, 4).
    velocity, reliable
        (n,) px/frame of what they are of, and whether the data support it.
    """

    lines: Array
    frames: NDArray[np.intp]
    colours: Array
    velocity: Array
    reliable: NDArray[np.bool_]


def arrow_layer(
    motions: Sequence[StripMotion],
    paths: Sequence[Strip],
    placement: Placement,
    panel: Panel,
    *,
    names: Sequence[str],
    first_frame: int = 0,
) -> tuple[Array, dict[str, Any], str]:
    """All arrows of all frames as Vectors with the movie's own axes.

    The slider slices the layer, so only those of the current frame are seen: one arrow a strip, at
    its middle and along it, and a pointer at the current time beside kymograph and spectrogram.
    An arrow is of three strokes, so that its head is as large at any speed, over a dark rim.
    """
    scale = per_frame(motions, paths)
    side = float((np.asarray(placement.shape) / [1.0, placement.stretch]).max())
    thick = side / 110
    drawn = [
        strip_strokes(motion, strip, placement, scale, thick, strip_colour(index))
        for index, (motion, strip) in enumerate(zip(motions, paths, strict=True))
    ]
    drawn.append(pointers(panel, max(motion.shape[0] for motion in motions)))
    owners = [
        np.full(len(each.lines), name, dtype=object)
        for each, name in zip(drawn, (*names, TIME), strict=True)
    ]
    strokes = Strokes(*(np.concatenate(parts) for parts in zip(*drawn, strict=True)))
    arguments = {
        **in_square_px(placement),
        "features": {
            "strip": np.concatenate(owners),
            "velocity": strokes.velocity,
            "reliable": strokes.reliable,
        },
        "edge_color": strokes.colours.astype(np.float32),
        "edge_width": thick,
        "vector_style": "line",
        "opacity": 1.0,
        "blending": "translucent_no_depth",
    }
    return on_axes(strokes.lines, strokes.frames + first_frame, placement), arguments, "vectors"


def strip_strokes(
    motion: StripMotion,
    strip: Strip,
    placement: Placement,
    scale: float,
    thick: float,
    colour: str,
) -> Strokes:
    """The arrows of one strip; `scale` is px of the stack a px/frame."""
    velocity, supported = velocity_at_frames(motion)
    square = np.asarray([1.0, 1.0 / placement.stretch])  # px of level 0 → px along y
    middle = np.asarray([strip.length / 2])
    centre = (placement.to_layer(points_along(strip, middle))[0] + 0.5) * square
    along = tangents(strip, middle)[0] * np.asarray(placement.factor) * square
    moving = np.flatnonzero(np.isfinite(velocity) & (velocity != 0))
    length = np.clip(velocity[moving] * scale, -strip.length / 2, strip.length / 2)
    lines, rows = arrows(centre, length[:, None] * along, HEAD * thick)
    rim = rims(lines, thick)
    frames = moving[np.concatenate([np.resize(rows, len(rim)), rows])]
    colours = np.concatenate(  # the rim first: what comes later lies above
        [np.tile(rgba("#000000"), (len(rim), 1)), np.tile(rgba(colour), (len(lines), 1))]
    )
    colours[:, 3] = np.where(supported[frames], 1.0, FAINT)
    lines = np.concatenate([rim, lines])
    return Strokes(lines, frames, colours, velocity[frames], supported[frames])


def per_frame(motions: Sequence[StripMotion], paths: Sequence[Strip]) -> float:
    """px of arrow a px/frame, one for all strips, so that arrows compare."""
    fits = []
    for motion, strip in zip(motions, paths, strict=True):
        velocity, supported = velocity_at_frames(motion)
        fastest = float(np.abs(velocity[supported]).max(initial=0.0))
        if fastest > 0:
            fits.append(LONGEST * strip.length / fastest)
    return min(fits, default=1.0)


def arrows(centre: Array, reach: Array, head: float) -> tuple[Array, NDArray[np.intp]]:
    """Strokes of arrows around a point.

    Parameters
    ----------
    centre
        (2,) middle of all of them.
    reach
        (n, 2) from tail to tip.
    head
        Length of the head's strokes; half the arrow's where that is shorter.

    Returns
    -------
    strokes
        (3 n, 2, 2) start and step.
    row
        (3 n,) of `reach` that a stroke is of.
    """
    tail, tip = centre - reach / 2, centre + reach / 2
    length = np.linalg.norm(reach, axis=1, keepdims=True)
    back = -reach / length * np.minimum(head, length / 2)
    c, s = np.cos(np.radians(38)), np.sin(np.radians(38))
    wings = [back @ np.asarray([[c, s], [-s, c]]), back @ np.asarray([[c, -s], [s, c]])]
    strokes = [np.stack([tail, reach], 1), *(np.stack([tip, wing], 1) for wing in wings)]
    return np.concatenate(strokes), np.tile(np.arange(len(reach), dtype=np.intp), 3)


def rims(strokes: Array, thick: float) -> Array:
    """(2 n, 2, 2) two strokes around each of (n, 2, 2): to either side, and longer."""
    start, step = strokes[:, 0], strokes[:, 1]
    towards = RIM * thick * step / np.linalg.norm(step, axis=1, keepdims=True)
    aside = towards[:, ::-1] * np.asarray([1.0, -1.0])
    longer = step + 2 * towards
    return np.concatenate(
        [np.stack([start - towards + side, longer], 1) for side in (aside, -aside)]
    )


def pointers(panel: Panel, count: int) -> Strokes:
    """A ">" left of both pictures at each of `count` frames: four strokes each."""
    times = np.arange(count, dtype=np.intp)
    size = 0.022 * panel.side
    lines = []
    for box in (panel.kymograph, panel.spectrogram):
        rows = at_frames(box, times.astype(np.float64), count)
        tip = np.stack([rows, np.full(count, box.x)], axis=1)
        for up in (-1.0, 1.0):
            wing = np.tile([up * size, -1.3 * size], (count, 1))
            lines.append(np.stack([tip, wing], 1))
    number = count * len(lines)
    return Strokes(
        lines=np.concatenate(lines),
        frames=np.tile(times, len(lines)),
        colours=np.ones((number, 4)),
        velocity=np.full(number, np.nan),
        reliable=np.full(number, True),
    )


def in_square_px(placement: Placement) -> dict[str, Any]:
    """Arguments of a layer with all axes that counts px along y from the frame's corner."""
    arguments = placement.full
    pixel, corner = np.ones(len(arguments["scale"])), np.zeros(len(arguments["scale"]))
    pixel[-1] = placement.stretch
    corner[-2:] = -0.5  # where pixel 0 begins
    return moved(arguments, corner, pixel)


def on_axes(flat: Array, frames: NDArray[np.intp], placement: Placement) -> Array:
    """(n, 2, D): strokes (n, 2, 2) in the plane at their frames, where the sliders stood."""
    places = np.zeros((len(flat), 2, len(placement.others)))
    places[:, 0] = placement.others
    places[:, 0, placement.time_axis] = frames
    places[:, :, -2:] = flat
    return places


def rgba(colour: str) -> Array:
    """(4,) of "#rrggbb"."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return np.asarray([*parts, 1.0])
