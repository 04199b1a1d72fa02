"""Motions besides the strongest one: told apart, linked, drawn, and never mixed with it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.viewer.made_strips import motion_of, table_of

from napari_motionfft.motion.strips.result import StripMotion, StripPeak
from napari_motionfft.viewer import strip_windows
from napari_motionfft.viewer.strip_chart import chart_of, limits
from napari_motionfft.viewer.strip_lines import dashed, slope_lines, velocity_lines
from napari_motionfft.viewer.strip_marks import speed_text
from napari_motionfft.viewer.strip_peaks import mixed, other_motion, others_of, switches
from napari_motionfft.viewer.strip_report import strip_report

ONE, OTHER = 1.5, -0.8
STRONGEST = (ONE, ONE, OTHER, OTHER, ONE)


def two_flows(**arguments: Any) -> StripMotion:
    """Flows there and back, now one and now the other the stronger; 5 windows."""
    motion = motion_of(STRONGEST, shape=(128, 80), window=32, **arguments)
    peaks = tuple(
        (StripPeak(v, 0.05, 20.0), StripPeak(ONE + OTHER - v, 0.06, 12.0)) for v in STRONGEST
    )
    return replace(motion, peaks=peaks)


def test_the_strongest_motion_becomes_another() -> None:
    np.testing.assert_array_equal(switches(two_flows()), [False, True, False, True])
    steady = motion_of((1.0, 1.4, 2.0, 2.6), second=-3.0)
    assert not switches(steady).any()  # a jump, but to no other motion
    doubtful = two_flows(reliable=[True, True, False, True, True])
    np.testing.assert_array_equal(switches(doubtful), [False, False, False, True])
    assert switches(motion_of((1.0,), second=2.0)).shape == (0,)
    near = motion_of((1.0, 1.25, 1.0), second=1.2)  # not told from the strongest
    assert not switches(near).any()


def test_the_other_motion_is_that_of_each_window() -> None:
    other = other_motion(two_flows())
    assert other is not None
    np.testing.assert_allclose(other.velocities, ONE + OTHER - np.array(STRONGEST))
    np.testing.assert_allclose(other.stderr, 0.06)
    np.testing.assert_array_equal(switches(other), [False, True, False, True])
    assert [peak.velocity for peak in others_of(two_flows(), 0)] == [OTHER]


def test_what_is_not_told_from_the_strongest_is_no_other() -> None:
    motion = motion_of((1.0, 2.0), second=1.2)  # ± 0.05 and 0.1: 1.2 is 1.8 σ from 1.0
    other = other_motion(motion)
    assert other is not None
    np.testing.assert_array_equal(other.reliable, [False, True])
    assert np.isnan(other.velocities[0])
    assert other_motion(motion_of((1.0, 1.1), second=1.2)) is None
    assert other_motion(motion_of((1.0, 1.1))) is None
    assert other_motion(motion_of((1.0,), second=3.0, reliable=[False])) is None


def test_lines_arrows_and_curves_do_not_lead_from_one_motion_to_another() -> None:
    motion = two_flows()
    velocity, _ = strip_windows.at_frames(motion)
    assert set(np.round(velocity, 9)) == {ONE, OTHER}
    edges = strip_windows.pieces(motion)
    lines, window = slope_lines(motion)
    before = lines[(window == 1) & np.isclose(lines[:, 1, 0], edges[2]), 1, 1]
    after = lines[(window == 2) & np.isclose(lines[:, 0, 0], edges[2]), 0, 1]
    assert np.abs(before[:, None] - after).min() > 0.1
    over, _ = velocity_lines(motion, (-3.0, 3.0))
    upright = over[over[:, 0, 0] != over[:, 1, 0]]
    np.testing.assert_allclose(upright[:, 0, 1], upright[:, 1, 1])
    (curve,) = chart_of(table_of(motion)).curves
    np.testing.assert_array_equal(curve.breaks, switches(motion))


def test_the_chart_has_the_other_motions_in_view() -> None:
    chart = chart_of(table_of(motion_of((1, 2, 3), second=-5.0, dt=0.1, dx=0.5)))
    np.testing.assert_allclose(chart.curves[0].others[1], -25)
    np.testing.assert_allclose(chart.curves[0].others[0], chart.curves[0].times)
    assert limits(chart)[0] < -25


def test_a_mean_of_different_motions_is_not_told() -> None:
    assert speed_text(two_flows()) == "several motions"
    assert speed_text(motion_of((1.0, 1.1), second=-3.0)).startswith("mean 1.05")
    source = SimpleNamespace(name="film", first_frame=0, notes=())
    rows = strip_report(table_of(two_flows()), source).rows
    assert "several motions" in rows[0][1]
    assert "−0.800 ± 0.050 to 1.500 ± 0.050" in rows[1][1]
    rare = motion_of([1.0] * 30, shape=(512, 80), window=16)
    velocities = rare.velocities.copy()
    velocities[7] = -2.0
    peaks = list(rare.peaks)
    peaks[7] = (StripPeak(-2.0, 0.05, 20.0), StripPeak(1.0, 0.05, 12.0))
    rare = replace(rare, velocities=velocities, peaks=tuple(peaks))
    assert switches(rare).sum() == 2
    assert not mixed(rare)
    assert mixed(two_flows())


@pytest.mark.parametrize("length", [0.5, 3.0, 100.0])
def test_dashes_lie_on_their_lines_and_cover_half(length: float) -> None:
    lines = np.random.default_rng(2).uniform(0, 40, (7, 2, 2))
    dashes, line = dashed(lines, length)
    assert set(line) == set(range(7))
    whole = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    each = np.linalg.norm(dashes[:, 1] - dashes[:, 0], axis=1)
    np.testing.assert_allclose(np.bincount(line, each), whole / 2)
    assert each.max() <= max(1.5 * length, each[np.bincount(line)[line] == 1].max(initial=0))
    towards = (lines[:, 1] - lines[:, 0])[line]
    for end in (dashes[:, 0], dashes[:, 1]):
        along = end - lines[line, 0]
        cross = along[:, 0] * towards[:, 1] - along[:, 1] * towards[:, 0]
        np.testing.assert_allclose(cross, 0, atol=1e-9)
        part = (along * towards).sum(1) / whole[line] ** 2
        assert part.min() >= -1e-12
        assert part.max() <= 1 + 1e-12
    assert len(dashed(np.empty((0, 2, 2)), 1.0)[0]) == 0
