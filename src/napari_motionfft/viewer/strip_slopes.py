"""One Vectors layer of fitted slopes over the kymograph and velocity over the spectrogram."""

from __future__ import annotations

import numpy as np

from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.viewer.landscape_layers import PEAK
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.result_layers import LayerData
from napari_motionfft.viewer.strip_arrows import FAINT, rgba
from napari_motionfft.viewer.strip_lines import slope_lines, velocity_lines
from napari_motionfft.viewer.strip_panel import Box, Panel, at_frames, at_places, at_velocities
from napari_motionfft.viewer.strip_source import StripSource

SLOPE = "#ffd23f"
"""Yellow: bright on grey, and no strip's colour."""


def slopes(
    motion: StripMotion, source: StripSource, place: Panel, reach: tuple[float, float]
) -> LayerData:
    """Slopes over the kymograph (and a line scan's layer), velocity over the spectrogram."""
    frames, length = motion.shape
    lines, window = slope_lines(motion)
    speed, of = velocity_lines(motion, reach)
    box = place.spectrogram
    drawn = [in_box(lines, place.kymograph, frames, length)]
    drawn.append(
        np.stack(
            [at_frames(box, speed[..., 0], frames), at_velocities(box, speed[..., 1], reach)], -1
        )
    )
    owners = [window, of]
    colours = [np.tile(rgba(SLOPE), (len(window), 1)), np.tile(rgba(PEAK), (len(of), 1))]
    if source.is_scan and not place.over_layer and wide_enough(source, place):
        drawn.append(on_layer(lines, source))
        owners.append(window)
        colours.append(colours[0])
    ends, owner = np.concatenate(drawn), np.concatenate(owners)
    colour = np.concatenate(colours).astype(np.float32)
    colour[:, 3] = np.where(motion.reliable[owner], 0.9, FAINT)
    arguments = {
        **source.placement.image((-0.5, -0.5), (1.0, source.placement.stretch)),
        "features": {
            "window": owner,
            "velocity": motion.velocities[owner],
            "reliable": motion.reliable[owner],
        },
        "edge_color": colour if len(colour) else SLOPE,  # napari takes no empty array of colours
        "edge_width": place.side / 150,
        "vector_style": "line",
        "opacity": 1.0,
        "blending": "translucent_no_depth",
    }
    return np.stack([ends[:, 0], ends[:, 1] - ends[:, 0]], axis=1), arguments, "vectors"


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
