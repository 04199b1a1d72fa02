"""Colours of strips: they repeat, differ, and read on both themes."""

from __future__ import annotations

import numpy as np
import pytest
from napari.utils.theme import get_theme

from napari_motionfft.viewer.strip_colours import PALETTE, strip_colour


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 has it."""
    part = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    part = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(part @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_colour_reads_on_the_theme(theme: str) -> None:
    ground = luminance(get_theme(theme).background.as_hex("long"))
    for colour in PALETTE:
        low, high = sorted((ground, luminance(colour)))
        assert (high + 0.05) / (low + 0.05) >= 3, colour


def test_one_a_strip_and_again_from_the_start() -> None:
    colours = [strip_colour(i) for i in range(len(PALETTE))]
    assert len(set(colours)) == len(colours)
    assert strip_colour(len(PALETTE)) == strip_colour(0)
