"""Strips: what is taken, what is refused, and where the samples lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_motionfft.motion.strips.paths import (
    Strip,
    arc_lengths,
    as_strip,
    points_along,
    rectangle_strip,
    sample_points,
)


def turned(points: Any, degrees: float, about: tuple[float, float] = (0, 0)) -> np.ndarray:
    """Points (…, 2) turned about one of them."""
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return (np.asarray(points, float) - about) @ turn.T + about


def test_a_line_is_sampled_each_pixel_of_its_length() -> None:
    points = sample_points(as_strip([(3, 5), (3, 15)], 3))
    assert points.shape == (11, 3, 2)
    np.testing.assert_allclose(points[:, 1], [(3, 5 + i) for i in range(11)], atol=1e-12)
    # towards +x, the first line across is on the left, that is, above
    np.testing.assert_allclose(points[4], [(2, 9), (3, 9), (4, 9)], atol=1e-12)


@given(st.floats(0, 360), st.floats(1, 80), st.floats(1, 12))
def test_samples_are_a_pixel_apart_at_any_angle(angle: float, length: float, width: float) -> None:
    start = np.array([40.0, -7.0])
    end = start + turned((0, length), angle)
    points = sample_points(as_strip([start, end], width))
    assert abs(len(points) - length) <= 1 + 1e-6
    assert points.shape[1] == np.floor(width + 0.5)
    np.testing.assert_allclose(points.mean(1)[0], start, atol=1e-9)
    along = np.diff(points, axis=0)
    np.testing.assert_allclose(along @ turned((0, 1), angle), 1, atol=1e-9)
    across = np.diff(points, axis=1)
    np.testing.assert_allclose(across @ turned((1, 0), angle), 1, atol=1e-9)


def test_arc_length_runs_on_over_the_corners_of_a_polyline() -> None:
    # 2.5 px + 5 px + 4 px: corners fall between samples
    strip = as_strip([(0, 0), (0, 2.5), (3, 6.5), (7, 6.5)])
    assert strip.length == 11.5
    np.testing.assert_allclose(arc_lengths(strip), [0, 2.5, 7.5, 11.5])
    points = sample_points(strip)[:, 0]
    assert len(points) == 12
    np.testing.assert_allclose(points[2], (0, 2))
    np.testing.assert_allclose(points[3], (0.5 * 0.6, 2.5 + 0.5 * 0.8))
    np.testing.assert_allclose(points[7], (4.5 * 0.6, 2.5 + 4.5 * 0.8))
    np.testing.assert_allclose(points[8], (3.5, 6.5))


def test_lines_across_turn_gradually_at_a_corner() -> None:
    points = sample_points(as_strip([(20, 0), (20, 30), (50, 30)], 8))
    across = points[:, -1] - points[:, 0]
    np.testing.assert_allclose(np.hypot(*across.T), 7)
    np.testing.assert_allclose(across[:26], np.tile((7.0, 0.0), (26, 1)), atol=1e-9)
    np.testing.assert_allclose(across[35:], np.tile((0.0, -7.0), (26, 1)), atol=1e-9)
    np.testing.assert_allclose(across[30], (7 / np.sqrt(2), -7 / np.sqrt(2)))
    angle = np.unwrap(np.arctan2(*across.T))
    assert np.abs(np.diff(angle)).max() < np.pi / 8  # 90° in one step without the turn


def test_a_path_that_turns_right_back_is_sampled() -> None:
    points = sample_points(as_strip([(5, 0), (5, 4), (5, 0)], 3))
    assert np.isfinite(points).all()
    np.testing.assert_allclose(points[:, 1, 1], [0, 1, 2, 3, 4, 3, 2, 1, 0], atol=1e-9)


def test_points_beyond_the_ends_lie_straight_on() -> None:
    strip = as_strip([(0, 0), (0, 4), (3, 4)])
    np.testing.assert_allclose(points_along(strip, [-2, 2, 9]), [(0, -2), (0, 2), (5, 4)])


def test_repeated_vertices_are_left_out() -> None:
    strip = as_strip([(1, 1), (1, 1), (1, 9), (1, 9)])
    np.testing.assert_array_equal(strip.path, [(1, 1), (1, 9)])


def test_a_strip_keeps_its_own_width_and_the_argument_is_not_changed() -> None:
    path = np.array([(1.0, 1.0), (1.0, 9.0)])
    strip = as_strip(Strip(path, 5.0), 2)
    assert strip.width == 5
    strip.path[:] = 0
    np.testing.assert_array_equal(path, [(1, 1), (1, 9)])


BAD_PATHS = [
    ([(0, 0)], ValueError, r"path must be an \(N, 2\) array.*\(1, 2\)"),
    (np.zeros((3, 3)), ValueError, r"got shape \(3, 3\)"),
    (np.zeros(4), ValueError, r"got shape \(4,\)"),
    ([(0, 0), (0, np.nan)], ValueError, "path holds NaN or inf"),
    ([(0, 0), (np.inf, 0)], ValueError, "path holds NaN or inf"),
    ([(2, 2), (2, 2)], ValueError, "path must be at least 1 px long, got 0 px"),
    ([(2, 2), (2, 2.5)], ValueError, "got 0.5 px"),
    ("a line", TypeError, r"path must be an \(N, 2\) array.*'a line'"),
    ([(0, 0), (0,)], TypeError, r"path must be an \(N, 2\) array"),
    (None, (TypeError, ValueError), "path must be"),
]


@pytest.mark.parametrize(("path", "error", "message"), BAD_PATHS)
def test_what_is_no_path_is_named(path: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        as_strip(path)


@pytest.mark.parametrize(
    ("width", "error"),
    [
        *((bad, ValueError) for bad in (0, 0.5, -3, np.nan, np.inf)),
        *((bad, TypeError) for bad in ("3", True, None)),
    ],
)
def test_what_is_no_width_is_named(width: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="width must be"):
        as_strip([(0, 0), (0, 9)], width)


RECTANGLE = np.array([(9.5, 19.5), (9.5, 59.5), (15.5, 59.5), (15.5, 19.5)])


def test_a_rectangle_around_pixels_gives_these_pixels() -> None:
    strip = rectangle_strip(RECTANGLE)
    np.testing.assert_allclose(strip.path, [(12.5, 20), (12.5, 59)])
    assert strip.width == 6
    points = sample_points(strip)
    grid = np.stack(np.meshgrid(np.arange(10, 16), np.arange(20, 60)), -1)  # (40, 6, 2)
    np.testing.assert_allclose(points, grid, atol=1e-9)


@pytest.mark.parametrize("angle", [0, 30, 90, 137, -60])
def test_a_rectangle_runs_along_its_longer_side_the_way_it_was_drawn(angle: float) -> None:
    expected = turned([(12.5, 20), (12.5, 59)], angle, (12, 40))
    corners = turned(RECTANGLE, angle, (12, 40))
    np.testing.assert_allclose(rectangle_strip(corners).path, expected, atol=1e-9)
    started_later = corners[[3, 0, 1, 2]]  # the longer side is the second one
    np.testing.assert_allclose(rectangle_strip(started_later).path, expected, atol=1e-9)
    np.testing.assert_allclose(rectangle_strip(corners[[2, 3, 0, 1]]).path, expected[::-1])


def test_a_thin_rectangle_is_a_line_of_one_pixel() -> None:
    assert rectangle_strip([(0, 0), (0, 20), (0.2, 20), (0.2, 0)]).width == 1


def test_corners_in_single_precision_are_those_of_a_rectangle() -> None:
    corners = turned(RECTANGLE, 33).astype(np.float32) + np.float32(2000)
    assert rectangle_strip(corners).width == pytest.approx(6, abs=1e-3)


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        ([(0, 0), (0, 9), (9, 9)], r"corners must be a \(4, 2\).*\(3, 2\)"),
        ([(0, 0), (0, 9), (9, 12), (9, 3)], "right angles"),
        ([(0, 0), (0, 9), (9, 9), (9, 3)], "right angles"),
        ([(0, 0), (9, 9), (0, 9), (9, 0)], "right angles"),
        ([(0, 0), (0, 1.5), (1, 1.5), (1, 0)], "at least 2 px long, got 1.5 px"),
        ([(0, 0), (0, 9), (9, 9), (9, np.nan)], "corners hold NaN or inf"),
    ],
)
def test_what_is_no_rectangle_is_refused(corners: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rectangle_strip(corners)
    with pytest.raises(TypeError, match="corners must be"):
        rectangle_strip("a box")
