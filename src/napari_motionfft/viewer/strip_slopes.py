"""One Vectors layer of fitted slopes over the kymograph and velocity over the spectrogram."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.landscape_layers import PEAK
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.result_layers import LayerData
from napari_motionfft.viewer.strip_arrows import FAINT, rgba
from napari_motionfft.viewer.strip_lines import dashed, slope_lines, velocity_lines
from napari_motionfft.viewer.strip_panel import Box, Panel, at_frames, at_places, at_velocities
from napari_motionfft.viewer.strip_peaks import other_motion
from napari_motionfft.viewer.strip_source import StripSource

SLOPE = "#ffd23f"
"""Yellow: bright on grey, and no strip's colour."""

OTHER = "#6dff9e"
"""Light green: reads on grey and on the spectrogram's colours."""

DASH = 0.025
"""Length of a dash, in parts of the pictures' height."""


class Drawn(NamedTuple):
    """Lines of one motion: (n, 2, 2) ends, (n,) windows, (n, 4) colours."""

    ends: Array
    window: NDArray[np.intp]
    colours: Array


def slopes(
    motion: StripMotion, source: StripSource, place: Panel, reach: tuple[float, float]
) -> LayerData:
    """Slopes over the kymograph (and a line scan's layer), velocity over the spectrogram.

    Where further motions stand out the highest of them is drawn too, dashed.
    """
    motions, kinds = [motion], ["strongest"]
    drawn = [drawn_of(motion, source, place, reach, SLOPE, PEAK)]
    other = other_motion(motion)
    if other is not None:
        full = drawn_of(other, source, place, reach, OTHER, OTHER)
        ends, line = dashed(full.ends, DASH * place.side)
        motions.append(other)
        kinds.append("other")
        drawn.append(Drawn(ends, full.window[line], full.colours[line]))
    drawn, motions, kinds = drawn[::-1], motions[::-1], kinds[::-1]  # the strongest lies above
    ends = np.concatenate([each.ends for each in drawn])
    colours = np.concatenate([each.colours for each in drawn]).astype(np.float32)
    pairs = list(zip(motions, drawn, strict=True))
    arguments = {
        **source.placement.image((-0.5, -0.5), (1.0, source.placement.stretch)),
        "features": {
            "window": np.concatenate([each.window for each in drawn]),
            "velocity": np.concatenate([one.velocities[each.window] for one, each in pairs]),
            "reliable": np.concatenate([one.reliable[each.window] for one, each in pairs]),
            "motion": np.repeat(kinds, [len(each.window) for each in drawn]),
        },
        "edge_color": colours if len(colours) else SLOPE,  # napari takes no empty array of colours
        "edge_width": place.side / 150,
        "vector_style": "line",
        "opacity": 1.0,
        "blending": "translucent_no_depth",
    }
    return np.stack([ends[:, 0], ends[:, 1] - ends[:, 0]], axis=1), arguments, "vectors"


def drawn_of(
    motion: StripMotion,
    source: StripSource,
    place: Panel,
    reach: tuple[float, float],
    along: str,
    over: str,
) -> Drawn:
    """One motion: colour `along` for its slopes, `over` for its line over the spectrogram."""
    frames, length = motion.shape
    lines, window = slope_lines(motion)
    speed, of = velocity_lines(motion, reach)
    box = place.spectrogram
    rows, columns = at_frames(box, speed[..., 0], frames), at_velocities(box, speed[..., 1], reach)
    ends = [in_box(lines, place.kymograph, frames, length), np.stack([rows, columns], axis=-1)]
    owners, hues = [window, of], [along, over]
    if source.is_scan and not place.over_layer and wide_enough(source, place):
        ends.append(on_layer(lines, source))
        owners.append(window)
        hues.append(along)
    colours = np.concatenate(
        [np.tile(rgba(hue), (len(each), 1)) for hue, each in zip(hues, owners, strict=True)]
    )
    owner = np.concatenate(owners)
    colours[:, 3] = np.where(motion.reliable[owner], 0.9, FAINT)
    return Drawn(np.concatenate(ends), owner, colours)


def wide_enough(source: StripSource, place: Panel) -> bool:
    """Whether lines over a line scan's own layer leave something of it to be seen."""
    rows, columns = source.placement.shape
    return min(rows, columns / source.placement.stretch) > 0.3 * place.side


def in_box(lines: Array, box: Box, frames: int, length: int) -> Array:
    """(n, 2, 2) of (frame, px of arc length) → where they lie over a kymograph."""
    return np.stack(
        [at_frames(box, lines[..., 0], frames), at_places(box, lines[..., 1], length)], axis=-1
    )


def on_layer(lines: Array, source: StripSource) -> Array:
    """(n, 2, 2) of (line, px) → where they lie over the line scan itself."""
    px = lines + 0.5 + np.asarray([source.first_frame, 0.0])
    if source.plane_time:
        px = px[..., ::-1]
    return np.asarray(px * np.asarray([1.0, 1.0 / source.placement.stretch]))
