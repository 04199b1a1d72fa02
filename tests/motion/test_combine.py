"""Arithmetic of motions, and what a combination may claim."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.motion.made import motion_along

import napari_motionfft as mf
from napari_motionfft.motion.result import Motion

PATHS = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        *[
            st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 2), min_size=n, max_size=n).map(np.array)
            for _ in range(2)
        ]
    )
)


def known(path: Any, **fields: Any) -> Motion:
    """A motion along a path with every field that a combination looks at."""
    path = np.asarray(path, np.float64)
    fields = {
        "displacement_stderr": np.full(path.shape, 0.3),
        "velocity": np.array([1.0, 2.0]),
        "velocity_stderr": np.array([0.3, 0.6]),
        "velocity_covariance": np.array([[0.09, 0.01], [0.01, 0.36]]),
        "split_half": np.array([0.1, 0.2]),
        "bias": np.array([0.01, 0.02]),
        "split_half_displacements": np.stack([path, path + 1]),
        **fields,
    }
    return dataclasses.replace(motion_along(path), **fields)


A = known([(0, 0), (1, 2), (2, 4), (3, 6)], excluded=(3,), jumps=(1,), parameters=3)
B = known(
    [(0, 0), (1, 1), (5, 1), (9, 1)],
    displacement_stderr=np.full((4, 2), 0.4),
    velocity=np.array([0.5, -1.0]),
    velocity_stderr=np.array([0.4, 0.8]),
    velocity_covariance=np.array([[0.16, 0.0], [0.0, 0.64]]),
    excluded=(0, 3),
    jumps=(2,),
)


@given(PATHS)
def test_displacements_add_and_subtract(paths: tuple[np.ndarray, np.ndarray]) -> None:
    one, other = (motion_along(path) for path in paths)
    np.testing.assert_array_equal((one - other).displacements, paths[0] - paths[1])
    np.testing.assert_array_equal((one + other).displacements, paths[0] + paths[1])
    np.testing.assert_array_equal((-one).displacements, -paths[0])
    np.testing.assert_array_equal((one + -other).displacements, (one - other).displacements)
    assert not (one - one).displacements.any()


def test_a_difference_in_full() -> None:
    left = A - B
    np.testing.assert_array_equal(left.displacements, [(0, 0), (0, 1), (-3, 3), (-6, 5)])
    np.testing.assert_allclose(left.displacement_stderr, 0.5)
    np.testing.assert_allclose(left.velocity, (0.5, 3))
    np.testing.assert_allclose(left.velocity_stderr, (0.5, 1.0))
    np.testing.assert_allclose(left.velocity_covariance, [[0.25, 0.01], [0.01, 1.0]])
    np.testing.assert_array_equal(left.split_half, 0)
    np.testing.assert_array_equal(left.bias, 0)
    np.testing.assert_allclose(
        left.split_half_displacements, A.split_half_displacements - B.split_half_displacements
    )
    assert left.excluded == (0, 3)
    np.testing.assert_array_equal(left.frame_weights, [0, 0.5, 0.5, 0])
    assert left.jumps == (1, 2)
    assert left.model == "difference"
    assert left.parameters == 3
    assert left.reliable
    assert left.reason == ""
    assert np.isnan(left.score)
    assert np.isnan(left.correlation).all()
    for image in (left.integrated, left.plain_mean, left.coverage, left.landscape.values):
        assert image.shape == (0, 0)
    assert left.region == A.region
    assert left.settings == {
        "model": "difference",
        "frames": 4,
        "boundary": "crop",
        "of": ["velocity", "velocity"],
    }
    assert json.loads(json.dumps(left.settings)) == left.settings


def test_the_other_way() -> None:
    back = -A
    np.testing.assert_array_equal(back.displacement_stderr, A.displacement_stderr)
    np.testing.assert_array_equal(back.velocity, -A.velocity)
    np.testing.assert_array_equal(back.velocity_covariance, A.velocity_covariance)
    assert back.excluded == A.excluded
    assert back.model == "negative"
    assert not np.signbit(back.displacements[0]).any()
    assert (A + B).model == "sum"


def test_doubt_is_handed_on_and_says_whose() -> None:
    doubted = dataclasses.replace(B, reliable=False, reason="Too noisy.")
    silent = dataclasses.replace(A, reliable=False)
    assert (A - doubted).reason == "The second motion is in doubt: Too noisy."
    assert (doubted + A).reason == "The first motion is in doubt: Too noisy."
    assert (silent - doubted).reason == (
        "The first motion is in doubt: no reason is told. The second motion is in doubt: Too noisy."
    )
    assert (-doubted).reason == "Too noisy."
    for motion in (A - doubted, doubted + A, silent - doubted, -doubted):
        assert not motion.reliable


def test_regions_and_boundaries_that_differ() -> None:
    wide = dataclasses.replace(B, region=((0, 9), (0, 9)))
    assert (A - wide).region == ((0, 0), (0, 0))
    one, other = (motion_along(np.zeros((3, 2)), kind) for kind in ("periodic", "crop"))
    assert (one - one).settings["boundary"] == "periodic"
    assert (one - other).settings["boundary"] == "crop"


def test_all_frames_excluded_by_one_or_the_other() -> None:
    none_left = A - dataclasses.replace(B, excluded=(0, 1, 2))
    assert none_left.excluded == (0, 1, 2, 3)
    np.testing.assert_array_equal(none_left.frame_weights, 0.25)


def test_a_difference_applies_and_is_saved(tmp_path: Path) -> None:
    """Taking out A, then what A lacks of B, is taking out B."""
    stack = np.random.default_rng(0).integers(0, 99, (4, 24, 26)).astype(np.uint8)
    at_once = mf.apply_motion(stack, B)
    in_steps = mf.apply_motion(mf.apply_motion(stack, A), B - A)
    both = (slice(None), slice(0, 12), slice(6, 18))
    np.testing.assert_array_equal(in_steps[both], at_once[both])
    mf.save_motion(A - B, tmp_path / "left.csv")
    again = mf.load_motion(tmp_path / "left.csv")
    np.testing.assert_array_equal(again.displacements, (A - B).displacements)


def test_what_cannot_be_combined() -> None:
    short = motion_along(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="the same number of frames, got 4 and 3"):
        A - short
    with pytest.raises(ValueError, match="the same number of frames, got 3 and 4"):
        short + A
    for other in (1, None, A.displacements.tolist(), "B"):
        with pytest.raises(TypeError, match="unsupported operand"):
            A - other  # type: ignore[operator]
        with pytest.raises(TypeError):
            A + other  # type: ignore[operator]
        with pytest.raises(TypeError):
            other - A  # type: ignore[operator]
