"""One colour a strip, the same on the image, in the plot and in the table."""

from __future__ import annotations

PALETTE = (
    "#d25b0c",
    "#2f7fdd",
    "#1f9650",
    "#d94aa5",
    "#8f7d0a",
    "#8868f2",
    "#118f99",
    "#e2474d",
)
"""Orange, blue, green, pink, olive, violet, teal, red: each has a contrast of 3 : 1 or more with
napari's dark background and with its light one."""


def strip_colour(index: int) -> str:
    """ "#rrggbb" of the strip of this index; from the ninth on they come again."""
    return PALETTE[index % len(PALETTE)]
