"""How v(t) bends within windows, how windows are split, and how long lines agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_motionfft.motion.strips.bend import LEAST_WINDOWS, NOTICED, as_runs, bends
from napari_motionfft.motion.strips.runs import (
    COUNTS,
    LONGEST,
    MARGIN,
    fewest,
    memory_of,
    run_shapes,
)
from napari_motionfft.motion.strips.scene import setup_of

WINDOW, HOP = 32, 16


def pulse(count: int, period: float = 120.0) -> tuple[Any, Any, Any]:
    """(W,) starts, (W,) mean velocities, (W, n) px off each window's straight path."""
    starts = np.arange(count, dtype=np.int64) * HOP
    t = np.arange(starts[-1] + WINDOW, dtype=np.float64)
    turn = 2 * math.pi / period
    place = 1.3 * (t + 0.2 / turn * (1 - np.cos(turn * t)))
    here = place[starts[:, None] + np.arange(WINDOW)]
    mean = (here[:, -1] - here[:, 0]) / (WINDOW - 1)
    return starts, mean, here - here[:, :1] - mean[:, None] * np.arange(WINDOW)


def test_bend_of_a_pulse_is_found_from_its_windows() -> None:
    starts, mean, off = pulse(30)
    assert np.abs(off).max() > 1  # px: much more than what is found to the next lines
    found, bend, _ = bends(starts, WINDOW, mean, np.full(30, 1e-3))
    assert bend.shape == (30, WINDOW)
    inner = slice(2, -2)
    np.testing.assert_allclose(found[inner], mean[inner], atol=0.01)
    np.testing.assert_allclose(bend[inner], off[inner], atol=0.15)


def test_a_steady_velocity_does_not_bend() -> None:
    starts = np.arange(12, dtype=np.int64) * HOP
    noise = np.random.default_rng(0).normal(0, 0.01, 12)
    found, bend, _ = bends(starts, WINDOW, 0.8 + noise, np.full(12, 0.01))
    np.testing.assert_allclose(found, 0.8, atol=0.03)
    assert np.abs(bend).max() < NOTICED / 2


def test_a_steady_acceleration_bends_as_a_parabola() -> None:
    starts = np.arange(12, dtype=np.int64) * HOP
    middle = starts + (WINDOW - 1) / 2
    t = np.arange(WINDOW) - (WINDOW - 1) / 2
    _, bend, _ = bends(starts, WINDOW, 0.004 * middle, np.full(12, 1e-4))
    wanted = 0.002 * (t**2 - t[0] ** 2)
    # the first and last half window are taken as steady
    np.testing.assert_allclose(bend[1:-1], np.broadcast_to(wanted, (10, WINDOW)), atol=0.02)
    assert np.abs(bend[[0, -1]]).max() <= np.abs(wanted).max()


def test_every_bend_begins_and_ends_on_the_straight_path() -> None:
    starts, mean, _ = pulse(20)
    _, bend, _ = bends(starts, WINDOW, mean, np.full(20, 0.01))
    np.testing.assert_allclose(bend[:, 0], 0, atol=1e-9)
    np.testing.assert_allclose(bend[:, -1], 0, atol=1e-9)


@settings(max_examples=15)
@given(st.integers(-10_000, 10_000), st.sampled_from([-1, 1]))
def test_bends_do_not_know_when_or_which_way(first: int, sign: int) -> None:
    starts, mean, _ = pulse(10)
    error = np.full(10, 0.01)
    found, bend, _ = bends(starts, WINDOW, mean, error)
    other, turned, _ = bends(starts + first, WINDOW, sign * mean, error)
    np.testing.assert_allclose(other, sign * found, atol=1e-6)
    np.testing.assert_allclose(turned, sign * bend, atol=1e-5)


def test_too_few_windows_tell_nothing() -> None:
    starts, mean, _ = pulse(LEAST_WINDOWS - 1)
    found, bend, _ = bends(starts, WINDOW, mean, np.full(LEAST_WINDOWS - 1, 0.01))
    assert np.isnan(found).all()
    assert (bend == 0).all()


def test_windows_of_which_nothing_is_known_are_left_out() -> None:
    starts, mean, off = pulse(30)
    error = np.full(30, 1e-3)
    error[7], mean[8] = np.nan, np.nan
    found, bend, _ = bends(starts, WINDOW, mean, error)
    assert np.isnan(found[[7, 8]]).all()
    assert (bend[[7, 8]] == 0).all()
    np.testing.assert_allclose(bend[12:-2], off[12:-2], atol=0.2)


def test_a_gap_breaks_the_curve() -> None:
    """What is beyond a gap longer than a window does not change what is before it."""
    starts, mean, _ = pulse(30)
    error = np.full(30, 1e-3)
    error[10:16] = np.nan
    one, first, _ = bends(starts, WINDOW, mean, error)
    mean[16:] += 5
    two, second, _ = bends(starts, WINDOW, mean, error)
    np.testing.assert_allclose(first[:10], second[:10])
    np.testing.assert_allclose(two[16:] - one[16:], 5, atol=1e-6)
    alone, _, _ = bends(starts[:10], WINDOW, mean[:10], error[:10])
    np.testing.assert_allclose(one[:10], alone)


def test_the_ends_of_a_curve_are_in_doubt() -> None:
    """They have a neighbour on one side only; a straight path leaves nothing to doubt."""
    starts, mean, off = pulse(30)
    _, bend, doubt = bends(starts, WINDOW, mean, np.full(30, 1e-3))
    assert np.flatnonzero(doubt).tolist() == [0, 29]
    # what a straight line makes of the part that was missed: a guess of it, not a bound
    t = np.arange(WINDOW) - (WINDOW - 1) / 2
    missed = np.abs((off - bend) @ t / (t @ t))
    assert (missed[[0, 29]] < 5 * doubt[[0, 29]]).all()
    assert missed[2:-2].max() < missed[[0, 29]].max()
    assert (doubt < np.abs(bend).max() / WINDOW).all()
    _, _, none = bends(starts, WINDOW, np.full(30, 0.5), np.full(30, 1e-3))
    assert none.max() < 1e-6


def test_bends_are_split_as_lines_are() -> None:
    bend = torch.arange(22.0).reshape(2, 11)
    split = as_runs(bend, 3)
    assert split.shape == (2, 3, 4)
    np.testing.assert_array_equal(split.flatten(1)[:, :11], bend)
    assert (split[:, 2, 3] == 0).all()


def shapes(velocity: Any, frames: int = 64, length: int = 128, memory: int = 10_000) -> Any:
    setup = setup_of(frames, length, length / 4, "auto", True, False)
    v = torch.as_tensor(np.atleast_1d(velocity)).double()
    return run_shapes(v, torch.zeros(len(v)).double(), setup, memory)


@settings(max_examples=60)
@given(st.floats(-40, 40), st.integers(4, 400), st.integers(16, 300), st.floats(0, 30))
def test_lines_of_a_run_fit_on_their_mean_line(
    velocity: float, frames: int, length: int, further: float
) -> None:
    setup = setup_of(frames, length, length / 4, "auto", True, False)
    v, off = torch.tensor([velocity]).double(), torch.tensor([further]).double()
    shape = run_shapes(v, off, setup, 10_000)[0]
    if shape is None:
        assert abs(velocity) > 0.5 * length
        return
    assert 1 <= shape.runs <= frames
    assert shape.size % 2 == 0
    travel = abs(velocity) * (-(-frames // shape.runs) - 1)
    if further < length / 2:
        assert length + travel + further <= max(shape.size, LONGEST * length)


def test_runs_are_few_for_slow_motion_and_many_for_fast() -> None:
    slow, medium, fast, gone = shapes([0.01, 3.0, 20.0, 100.0])
    assert slow.runs == 1
    assert slow.size < 1.4 * 128
    assert 1 < fast.runs <= 64 // 2
    assert slow.runs <= medium.runs < fast.runs
    assert gone is None


def test_runs_are_as_short_as_lines_agree() -> None:
    assert shapes(0.1)[0].runs == 1
    assert shapes(0.1, memory=8)[0].runs == 4
    assert shapes(0.1, memory=2)[0].runs == 16
    periodic = setup_of(64, 128, 32, "auto", False, True)
    v = torch.tensor([0.1, 30.0]).double()
    assert run_shapes(v, v, periodic, 10_000) == [(1, 128)] * 2
    assert run_shapes(v, v, periodic, 8) == [(4, 128)] * 2


def test_margin_leaves_room_for_the_steps_of_the_refinement() -> None:
    for shape, v in zip(shapes([0.5, 1.0, 2.0]), (0.5, 1.0, 2.0), strict=True):
        travel = v * (-(-64 // shape.runs) - 1)
        assert shape.size >= 128 + travel + MARGIN


@given(st.integers(1, 2000))
def test_counts_of_runs(runs: int) -> None:
    count = fewest(runs)
    assert count >= runs
    assert count in COUNTS or count == runs > COUNTS[-1]


def test_lines_that_always_agree_are_remembered_for_ever() -> None:
    assert memory_of(torch.full((40,), 2.0), torch.full((40,), 0.1)) == 41


def test_memory_ends_where_lines_agree_half_as_well() -> None:
    lag = torch.arange(1, 129, dtype=torch.float64)
    for life in (4, 12, 40):
        found = memory_of(torch.exp(-lag / life), torch.full((128,), 0.01))
        assert 0.4 * life < found < 2.5 * life


def test_memory_is_cut_beyond_doubt_only() -> None:
    lag = torch.arange(1, 65, dtype=torch.float64)
    assert memory_of(torch.exp(-lag / 8), torch.full((64,), 5.0)) == 65


def test_lags_out_of_view_say_nothing() -> None:
    part = torch.full((64,), math.nan).double()
    assert memory_of(part, part) == 65
    part[:5] = 1.0
    assert memory_of(part, torch.full((64,), 0.1)) == 65


@pytest.mark.parametrize("first", [0.0, 1.0])
def test_memory_is_two_frames_at_least(first: float) -> None:
    fallen = torch.zeros(64).double()
    fallen[0] = first
    assert memory_of(fallen, torch.full((64,), 0.01)) >= 2
