"""Arrows on the movie whose direction and length follow the time slider, with no callback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

POINTER = (1.0, 1.0, 1.0, 1.0)

RIM = 0.45
"""Of a stroke's width: how far the dark rim of an arrow reaches beyond it."""


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
    stretch = np.asarray([1.0, 1.0 / placement.stretch])  # px of level 0 → px along y
    side = float((np.asarray(placement.shape) * stretch).max())
    thick = side / 110
    strokes, frames, colours, features = [], [], [], []
    for index, (motion, strip) in enumerate(zip(motions, paths, strict=True)):
        velocity, supported = velocity_at_frames(motion)
        middle = np.asarray([strip.length / 2])
        centre = (placement.to_layer(points_along(strip, middle))[0] + 0.5) * stretch
        along = tangents(strip, middle)[0] * np.asarray(placement.factor) * stretch
        drawn = np.flatnonzero(np.isfinite(velocity) & (velocity != 0))
        length = np.clip(velocity[drawn] * scale, -strip.length / 2, strip.length / 2)
        shown, rows = arrows(centre, length[:, None] * along, 0.035 * side)
        # the rim first: what comes later lies above
        for lines, hue in ((rims(shown, thick), "#000000"), (shown, strip_colour(index))):
            of = drawn[np.resize(rows, len(lines))]
            strokes.append(lines)
            frames.append(of)
            colour = np.tile(rgba(hue), (len(of), 1))
            colour[:, 3] = np.where(supported[of], 1.0, FAINT)
            colours.append(colour)
            features += [(names[index], velocity[t], supported[t]) for t in of]
    count = max(motion.shape[0] for motion in motions)
    shown, of = pointers(panel, count)
    strokes.append(shown)
    frames.append(of)
    colours.append(np.tile(POINTER, (len(of), 1)))
    features += [("time", np.nan, True)] * len(of)
    which, velocities, reliable = zip(*features, strict=True)
    arguments = {
        **in_square_px(placement),
        "features": {
            "strip": np.asarray(which),
            "velocity": np.asarray(velocities, dtype=float),
            "reliable": np.asarray(reliable, dtype=bool),
        },
        "edge_color": np.concatenate(colours).astype(np.float32),
        "edge_width": thick,
        "vector_style": "line",
        "opacity": 1.0,
        "blending": "translucent_no_depth",
    }
    at = np.concatenate(frames) + first_frame
    return on_axes(np.concatenate(strokes), at, placement), arguments, "vectors"


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


def pointers(panel: Panel, count: int) -> tuple[Array, NDArray[np.intp]]:
    """Strokes (4 T, 2, 2) of a ">" left of both pictures at each frame, and the frames."""
    times = np.arange(count, dtype=np.intp)
    size = 0.022 * panel.side
    strokes = []
    for box in (panel.kymograph, panel.spectrogram):
        tip = np.stack(
            [at_frames(box, times.astype(np.float64), count), np.full(count, box.x)], axis=1
        )
        for up in (-1.0, 1.0):
            wing = np.tile([up * size, -1.3 * size], (count, 1))
            strokes.append(np.stack([tip, wing], 1))
    return np.concatenate(strokes), np.tile(times, len(strokes))


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
