"""One colour a motion: in the table, on the stack, on the landscape and in its image."""

from __future__ import annotations

from typing import Any

PALETTE = ("#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#d55e00", "#009e73")
"""Sky blue, orange, pink, yellow, vermilion, green, of Okabe and Ito: apart for all eyes. They are
bright, and stand on a dark rim wherever the ground may be bright too."""

STILL = "#c8c8c8"
"""Of what stands still."""

COVER = 0.45
"""Opacity of the mask where it is sure."""


def motion_colour(index: int) -> str:
    """ "#rrggbb" of the motion of this index; from the seventh on they come again."""
    return PALETTE[index % len(PALETTE)]


def tint(colour: str) -> Any:
    """napari colormap from black through a colour to white, for an image of it."""
    from napari.utils.colormaps import Colormap

    steps = [[0.0, 0.0, 0.0, 1.0], parts(colour), [1.0, 1.0, 1.0, 1.0]]
    # brightness grows evenly: the colour stands where a grey as bright would
    return Colormap(steps, controls=[0.0, brightness(colour), 1.0], name=f"motion {colour}")


def veil(colour: str) -> Any:
    """napari colormap from nothing to a colour that lets the stack be seen through it."""
    from napari.utils.colormaps import Colormap

    full = parts(colour)
    return Colormap([[*full[:3], 0.0], [*full[:3], COVER]], name=f"veil {colour}")


def parts(colour: str) -> list[float]:
    """Red, green, blue and opacity of "#rrggbb", 0…1."""
    return [*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0]


def brightness(colour: str) -> float:
    """Of a grey that looks as bright, 0…1."""
    red, green, blue, _ = parts(colour)
    return float(0.299 * red + 0.587 * green + 0.114 * blue)
