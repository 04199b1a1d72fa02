"""Velocities as curves: units, limits, what is said at a time."""

from __future__ import annotations

import numpy as np
import pytest
from tests.viewer.made_strips import motion_of, table_of

from napari_motionfft.viewer.strip_chart import chart_of, limits
from napari_motionfft.viewer.strip_colours import strip_colour

UNITS = {"dt": 0.1, "dx": 0.5}


def test_curves_are_in_physical_units_with_one_colour_each() -> None:
    table = table_of(motion_of((1, 2, 3), **UNITS), motion_of((-1, -1, -1), **UNITS))
    chart = chart_of(table)
    assert (chart.unit, chart.time_unit, chart.time_label) == ("µm/s", "s", "time, s")
    assert [curve.colour for curve in chart.curves] == [strip_colour(0), strip_colour(1)]
    np.testing.assert_allclose(chart.curves[0].values, [5, 10, 15])
    np.testing.assert_allclose(chart.curves[0].errors, 0.25)
    np.testing.assert_allclose(chart.curves[0].times, (np.array([0, 16, 32]) + 15.5) / 10)
    assert chart.end == pytest.approx(6.3)


def test_strips_in_different_units_are_drawn_in_px() -> None:
    chart = chart_of(table_of(motion_of((1, 2), dx=0.5, dt=0.1), motion_of((1, 2), dt=0.1)))
    assert chart.unit == "px/frame"
    np.testing.assert_allclose(chart.curves[0].values, chart.curves[1].values)


@pytest.mark.parametrize(
    ("units", "first", "label"),
    [
        ({}, 0, "frame"),
        ({}, 12, "frames since frame 12"),
        ({"dt": 2.0}, 0, "time, s"),
        ({"dt": 2.0, "time_unit": "ms"}, 3, "time since frame 3, ms"),
    ],
)
def test_the_time_axis_says_where_it_starts(units: dict, first: int, label: str) -> None:
    assert chart_of(table_of(motion_of((1, 2), **units)), first).time_label == label


def test_limits_hold_what_is_reliable_and_zero_where_it_is_near() -> None:
    sure = [True, True, False]
    low, high = limits(chart_of(table_of(motion_of((1, 2, 50), reliable=sure))))
    assert low < 0 < 2.05 < high < 3  # 50 does not stretch the axis
    low, high = limits(chart_of(table_of(motion_of((-1, -2, -1.5)))))
    assert -3 < low < -2.05 < 0 < high < 0.5
    low, high = limits(chart_of(table_of(motion_of((10, 10.5, 10.2)))))
    assert 9.5 < low < 9.95 < 10.55 < high < 11  # zero is far
    low, high = limits(chart_of(table_of(motion_of((7,), reliable=[False]))))
    assert low < 7 < high
    nothing = motion_of((np.nan, np.nan), stderr=np.nan, reliable=[False, False])
    assert limits(chart_of(table_of(nothing))) == (-1, 1)
    still = motion_of((0, 0), stderr=0.0)
    low, high = limits(chart_of(table_of(still)))
    assert low < 0 < high


def test_reading_tells_each_strip_at_a_time() -> None:
    table = table_of(
        motion_of((1, 2, 3), **UNITS),
        motion_of((-1, -1, -1), reliable=[True, False, True], window=8, **UNITS),
    )
    chart = chart_of(table)
    said = chart.reading(3.15)
    assert said[0] == ("strip 1", strip_colour(0), "10.00 ± 0.25 µm/s")
    assert said[1][2] == "−5.00 ± 0.25 µm/s (not reliable)"
    assert chart.reading(1.2)[1][2] == "no window"  # between two short ones
    assert chart.reading(0.0)[0][2] == "5.00 ± 0.25 µm/s"
