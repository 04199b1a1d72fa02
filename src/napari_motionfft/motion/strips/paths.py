"""Strips on the frame: a path, its width, and where to sample them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SKEW = 2e-3
"""How far four corners may be from a rectangle, as a share of its longer side."""


class Strip(NamedTuple):
    """A line or polyline and how wide it is.

    Attributes
    ----------
    path
        (N, 2) vertices (y, x) in px, N ≥ 2; their order is the positive direction.
    width
        Px across the path, at least 1.
    """

    path: Array
    width: float = 1.0

    @property
    def length(self) -> float:
        """Arc length of the path in px."""
        return float(np.hypot(*np.diff(self.path, axis=0).T).sum())


def as_strip(path: Any, width: float = 1.0) -> Strip:
    """Check a path and its width.

    Parameters
    ----------
    path
        (N, 2) vertices (y, x) in px, N ≥ 2, or a `Strip`, whose own width counts.
    width
        Px across, at least 1.

    Returns
    -------
    Strip
        A copy; vertices that repeat the one before are left out.

    Raises
    ------
    TypeError
        Not numbers.
    ValueError
        Another shape, NaN or inf, shorter than 1 px, narrower than 1 px.
    """
    if isinstance(path, Strip):
        path, width = path
    try:
        vertices = np.array(path, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"path must be an (N, 2) array of (y, x) in px, got {path!r}") from None
    if vertices.ndim != 2 or vertices.shape[1] != 2 or len(vertices) < 2:
        raise ValueError(
            f"path must be an (N, 2) array of (y, x) in px, N ≥ 2, got shape {vertices.shape}"
        )
    if not np.isfinite(vertices).all():
        raise ValueError("path holds NaN or inf")
    if isinstance(width, bool) or not isinstance(width, (int, float, np.number)):
        raise TypeError(f"width must be a number of px, got {width!r}")
    if not 1 <= width < math.inf:
        raise ValueError(f"width must be at least 1 px, got {width!r}")
    moves = np.diff(vertices, axis=0).any(axis=1)
    strip = Strip(vertices[np.concatenate([[True], moves])], float(width))
    if len(strip.path) < 2 or strip.length < 1 - 1e-6:  # 1 px may lose its last digit
        raise ValueError(f"path must be at least 1 px long, got {strip.length:g} px")
    return strip


def rectangle_strip(corners: Any) -> Strip:
    """A rectangle at any angle as a strip along its longer side.

    The rectangle is an area, a pixel the square ±0.5 px around its centre: the path starts and
    ends half a pixel inside, so that a rectangle drawn around pixels gives just these.

    Parameters
    ----------
    corners
        (4, 2) corners (y, x) in px, in order around. The strip runs the way of the first side, or
        of the second where that is longer; its width is the shorter side, 1 px at least.

    Raises
    ------
    TypeError, ValueError
        Not four corners of a rectangle, or shorter than 2 px.
    """
    try:
        given = np.array(corners, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"corners must be a (4, 2) array of (y, x), got {corners!r}") from None
    if given.shape != (4, 2):
        raise ValueError(f"corners must be a (4, 2) array of (y, x) in px, got shape {given.shape}")
    if not np.isfinite(given).all():
        raise ValueError("corners hold NaN or inf")
    sides = np.roll(given, -1, axis=0) - given  # (4, 2)
    first, second = np.hypot(*sides[0]), np.hypot(*sides[1])
    longer = max(first, second)
    if longer < 2:
        raise ValueError(f"corners: the rectangle must be at least 2 px long, got {longer:g} px")
    gap = np.hypot(*(sides[0] + sides[2]))
    lean = abs(sides[0] @ sides[1]) / longer  # how far the angle shifts the shorter side's end
    if max(gap, lean) > SKEW * longer:
        raise ValueError("corners are not those of a rectangle: sides must meet at right angles")
    if first < second:
        given = given[[1, 2, 3, 0]]
    start, end = (given[0] + given[3]) / 2, (given[1] + given[2]) / 2
    inwards = 0.5 * (end - start) / longer
    return as_strip([start + inwards, end - inwards], max(1.0, float(min(first, second))))


def arc_lengths(strip: Strip) -> Array:
    """(N,) px from the start of the path to each vertex."""
    steps = np.hypot(*np.diff(strip.path, axis=0).T)
    return np.concatenate([[0.0], np.cumsum(steps)])


def points_along(strip: Strip, distance: Any) -> Array:
    """Points of the path at arc lengths in px, (n, 2); beyond the ends it runs straight on."""
    at = np.asarray(distance, dtype=np.float64)
    reached = arc_lengths(strip)
    segment = np.clip(np.searchsorted(reached, at, side="right") - 1, 0, len(reached) - 2)
    tangent = np.diff(strip.path, axis=0) / np.diff(reached)[:, None]  # (N − 1, 2)
    points: Array = strip.path[segment] + (at - reached[segment])[..., None] * tangent[segment]
    return points


def tangents(strip: Strip, distance: Any) -> Array:
    """Unit vectors along the path at arc lengths in px, (n, 2).

    Near a corner the direction turns over one strip width, so that lines across do not jump.
    """
    at = np.asarray(distance, dtype=np.float64)
    half = max(strip.width / 2, 0.5)
    chord = points_along(strip, at + half) - points_along(strip, at - half)
    # a path that turns right back has no chord at its turn: the way on from there
    ahead = points_along(strip, at + 1e-6) - points_along(strip, at)
    ahead /= np.hypot(ahead[..., 0], ahead[..., 1])[..., None]
    size = np.hypot(chord[..., 0], chord[..., 1])[..., None]
    return np.where(size > 1e-6, chord / np.maximum(size, 1e-6), ahead)


def sample_points(strip: Strip) -> Array:
    """Where to read a strip: each px of arc length, corners included in the count.

    Returns
    -------
    (L, W, 2)
        (y, x) in px; L = ⌊length⌋ + 1, W = width rounded, 1 px apart along the normal. Seen along
        the path, W runs from left to right (y down, x right).
    """
    count = math.floor(strip.length + 1e-6) + 1
    along = np.arange(count, dtype=np.float64)  # (L,)
    across = math.floor(strip.width + 0.5)
    offsets = np.arange(across) - (across - 1) / 2  # (W,)
    t = tangents(strip, along)
    normal = np.stack([t[:, 1], -t[:, 0]], axis=-1)  # (L, 2)
    points: Array = points_along(strip, along)[:, None] + offsets[:, None] * normal[:, None]
    return points
