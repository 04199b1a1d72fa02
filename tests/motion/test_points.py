"""Points move as the pixels under them do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.motion.made import motion_along

import napari_motionfft as mf
from napari_motionfft.motion.points import move_points

PATH = np.array([(0.0, 0.0), (1.0, -2.0), (4.0, -6.0)])
MOTION = motion_along(PATH)
ROWS = st.lists(
    st.tuples(st.floats(0, 2), st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), max_size=6
).map(lambda rows: np.array(rows, float).reshape(-1, 3))


def test_points_that_go_with_the_content_stand_still() -> None:
    points = np.column_stack([np.arange(3), PATH + np.array([10, 20])])
    np.testing.assert_array_equal(move_points(points, MOTION), [(t, 10, 20) for t in range(3)])


def test_between_frames_the_path_is_linear() -> None:
    points = [(0.5, 0, 0), (1.25, 0, 0), (2, 0, 0)]
    moved = move_points(points, MOTION, inverse=True)
    np.testing.assert_allclose(moved, [(0.5, 0.5, -1), (1.25, 1.75, -3), (2, 4, -6)])


@given(ROWS)
def test_out_and_in_again(points: np.ndarray) -> None:
    before = points.copy()
    out = move_points(points, MOTION)
    np.testing.assert_array_equal(points, before)
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out[:, 0], points[:, 0])
    np.testing.assert_allclose(move_points(out, MOTION, inverse=True), points, atol=1e-12)


@pytest.mark.parametrize("inverse", [False, True])
def test_a_point_stays_on_its_pixel(inverse: bool) -> None:
    stack = np.zeros((3, 30, 30), np.uint8)
    points = np.array([(0, 15, 15), (1, 12, 17), (2, 9, 20)])
    stack[tuple(points.T)] = 1
    moved = mf.apply_motion(stack, MOTION, interpolation="nearest", inverse=inverse)
    found = move_points(points, MOTION, inverse=inverse)
    np.testing.assert_array_equal(np.argwhere(moved), found)


def test_other_containers_and_none_at_all() -> None:
    rows = torch.tensor([(1, 5, 5)])
    np.testing.assert_array_equal(move_points(rows, MOTION), [(1, 4, 7)])
    for empty in ([], np.zeros((0, 3))):
        assert move_points(empty, MOTION).shape == (0, 3)


@pytest.mark.parametrize(
    ("points", "error", "match"),
    [
        ([(1, 2)], ValueError, r"\(N, 3\) rows of \(frame, y, x\), got shape \(1, 2\)"),
        ([1, 2, 3], ValueError, r"got shape \(3,\)"),
        ([(1, 2, 3), (1, 2)], ValueError, r"points must be \(N, 3\) rows"),
        ([(0, 0, 0), (3, 1, 1)], ValueError, "row 1 is in frame 3, but .* frames 0 to 2"),
        ([(-0.5, 0, 0)], ValueError, "row 0 is in frame -0.5"),
        ([(0, 0, 0), (1, np.nan, 1)], ValueError, "points must be finite; row 1 is"),
        ([("a", "b", "c")], TypeError, "points must be numbers, got <U1"),
        (None, TypeError, "points must be numbers, got object"),
    ],
)
def test_bad_points(points: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        move_points(points, MOTION)


def test_other_bad_arguments() -> None:
    with pytest.raises(TypeError, match="motion must be a Motion, got ndarray"):
        move_points([(0, 0, 0)], PATH)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="inverse must be True or False, got 1"):
        move_points([(0, 0, 0)], MOTION, inverse=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="motion holds NaN or inf"):
        move_points([(0, 0, 0)], motion_along([(0, 0), (np.inf, 0)]))
