"""What a layer says about the time between its frames and the size of its pixels, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_motionfft.viewer.units import frame_interval, is_length, pixel_size

LAYER = "(layer)"


@dataclass(frozen=True)
class Known:
    """What fields show while nothing is typed into them.

    Attributes
    ----------
    interval_text, pixel_text
        Such as "0.2 s (layer)".
    """

    interval_text: str = "not known"
    pixel_text: str = "not known"


def known_sizes(layer: Any, time_axis: int, movie: bool) -> Known:
    """Frame interval and pixel size of an image layer.

    Parameters
    ----------
    layer
        An image layer.
    time_axis
        Its axis that is time.
    movie
        Else the layer is a line scan, whose other axis of the last two is the line.
    """
    interval, time_unit = frame_interval(layer, time_axis)
    known = Known()
    interval_text = known.interval_text
    if interval is not None:
        interval_text = f"{interval:.4g} {time_unit} {LAYER}"
    return Known(interval_text, pixel_text(layer, time_axis, movie) or known.pixel_text)


def pixel_text(layer: Any, time_axis: int, movie: bool) -> str | None:
    """ "0.5 µm (layer)"; "0.5 × 0.25 µm (layer)" where pixels are no squares."""
    if not movie:
        axis = 2 * layer.ndim - 3 - time_axis  # the other one of the last two
        unit = layer.units[axis]
        size = abs(float(layer.scale[axis]))
        return f"{size:.4g} {unit:~P} {LAYER}" if is_length(unit) else None
    try:
        (y, x), name = pixel_size(layer, (1.0, 1.0))
    except ValueError:  # a transform that a run will refuse, in words
        return None
    if name is None:
        return None
    sides = f"{y:.4g}" if abs(y - x) <= 1e-3 * y else f"{y:.4g} × {x:.4g}"
    return f"{sides} {name} {LAYER}"
