"""Colours of motions: apart for all eyes, and brighter where an image is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from napari_motionfft.viewer.motions_colours import COVER, PALETTE, motion_colour, parts, tint, veil

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip


def linear(colour: str) -> np.ndarray:
    rgb = np.asarray(parts(colour)[:3])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_colours_are_told_apart(eyes: str) -> None:
    """A distance of 2.3 is just seen."""
    seen = [lab(EYES[eyes] @ linear(colour)) for colour in PALETTE]
    assert len(seen) == 6
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


def test_each_stands_out_from_its_dark_rim() -> None:
    for colour in PALETTE:
        light = float(TO_XYZ[1] @ linear(colour))
        assert (light + 0.05) / 0.05 > 4.5
    assert motion_colour(6) == motion_colour(0)


@pytest.mark.parametrize("colour", PALETTE)
def test_an_image_in_a_colour_gets_steadily_brighter(colour: str) -> None:
    shades = tint(colour).map(np.linspace(0, 1, 101))
    bright = shades[:, :3] @ [0.299, 0.587, 0.114]
    assert np.diff(bright).min() > 0
    np.testing.assert_allclose(bright, np.linspace(0, 1, 101), atol=0.02)
    nearest = np.abs(shades - parts(colour)).max(axis=1).min()
    assert nearest < 0.03


def test_a_veil_lets_the_stack_be_seen() -> None:
    nothing, full = veil(PALETTE[1]).map(np.array([0.0, 1.0]))
    assert nothing[3] == 0
    assert full[3] == pytest.approx(COVER)
    np.testing.assert_allclose(full[:3], parts(PALETTE[1])[:3], atol=1e-6)
