"""A motion as curves: units, events, limits, what is said at a time."""

from __future__ import annotations

import numpy as np
import pytest
from tests.viewer.made import motion_of
from tests.viewer.made_path import EXCLUDED, FRAMES, JUMP, PHYSICAL, source_of, wandering

from napari_motionfft.viewer.path_chart import NAMES, limits, path_chart
from napari_motionfft.viewer.strip_colours import strip_colour


def test_curves_are_the_displacements_and_their_errors() -> None:
    motion = wandering()
    chart = path_chart(motion, source_of())
    for axis, each in enumerate(chart.components):
        assert (each.name, each.colour) == (NAMES[axis], strip_colour(axis))
        np.testing.assert_array_equal(each.values, motion.displacements[:, axis])
        np.testing.assert_array_equal(each.errors, motion.displacement_stderr[:, axis])
        sway = 0.1 * (np.arange(FRAMES) % 3 - 1)
        np.testing.assert_allclose(each.halves, [each.values + sway, each.values - sway])
        assert each.pixel is None
    assert chart.pixel is None
    assert chart.has_halves
    assert tuple(np.flatnonzero(chart.excluded)) == EXCLUDED
    assert chart.jumps == (JUMP,)
    assert chart.stretches == [slice(0, JUMP), slice(JUMP, FRAMES)]
    assert (chart.time_unit, chart.time_label, chart.end) == ("frame", "frame", FRAMES - 1)
    assert chart.title == "displacement, px"


def test_time_and_length_have_units_where_the_layer_has_them() -> None:
    chart = path_chart(wandering(), source_of(5, **PHYSICAL))
    assert (chart.step, chart.time_label) == (0.5, "time since frame 5, s")
    assert (chart.pixel, chart.unit) == (0.25, "µm")
    np.testing.assert_allclose(chart.times[[0, -1]], [0, 29.5])
    assert chart.here(10.0) == "frame 25, 10 s"
    given = path_chart(wandering(), source_of(**PHYSICAL), 20.0, "ms")
    assert (given.step, given.time_label) == (20.0, "time, ms")
    oblong = path_chart(wandering(), source_of(scale=(1, 0.5, 0.25), units=PHYSICAL["units"]))
    assert oblong.pixel is None  # one axis cannot tell both
    assert [each.pixel for each in oblong.components] == [0.5, 0.25]


def test_reading_tells_y_and_x_with_errors_in_both_units() -> None:
    chart = path_chart(wandering(), source_of(**PHYSICAL))
    (_, colour, y), (name, _, x) = chart.reading(20 * 0.5)
    assert colour == strip_colour(0)
    assert name == NAMES[1]
    assert y == "3.18 ± 0.25 px (0.795 ± 0.062 µm)"
    assert x == "2.00 ± 0.25 px (0.500 ± 0.062 µm)"
    assert chart.here(12 * 0.5) == "frame 12, 6 s (left out: interpolated)"
    assert chart.here(13 * 0.5) == "frame 13, 6.5 s"
    assert chart.here(99) == "frame 198, 99 s"  # beyond the run
    assert chart.reading(0.0)[0][2] == "0 px (0 µm)"  # displacement counts from there
    assert chart.reading(1e6) == chart.reading(chart.end)


def test_doubt_is_in_the_title() -> None:
    doubtful = wandering(reliable=False, reason="no peak")
    assert path_chart(doubtful, source_of()).title == "displacement, px (not reliable)"
    quick = path_chart(doubtful, source_of(), preview=True)
    assert quick.title == "displacement, px (preview)"


def test_limits_hold_what_counts_with_its_errors() -> None:
    low, high = limits(path_chart(wandering(), source_of()))
    path = np.delete(wandering().displacements, EXCLUDED, axis=0)
    assert path.min() - 1.5 < low < path.min() - 0.25
    assert path.max() + 0.25 < high < path.max() + 4
    calm = limits(path_chart(wandering(jumps=()), source_of()))
    assert calm[0] == low
    assert path.max() + 0.25 < calm[1] < high  # a jump has its name above the curves
    far = wandering().displacements.copy()
    far[list(EXCLUDED)] = 500
    assert limits(path_chart(wandering(displacements=far), source_of())) == (low, high)
    still = motion_of((0.0, 0.0), frames=FRAMES, covariance=np.zeros((2, 2)))
    assert limits(path_chart(still, source_of())) == (-1, 1)
    unknown = wandering(displacement_stderr=np.full((FRAMES, 2), np.inf))
    assert np.isfinite(limits(path_chart(unknown, source_of()))).all()


@pytest.mark.parametrize("jumps", [(), (0,), (FRAMES,)])
def test_no_jump_is_at_the_ends(jumps: tuple[int, ...]) -> None:
    chart = path_chart(wandering(jumps=jumps), source_of())
    assert chart.stretches == [slice(0, FRAMES)]


def test_halves_lie_about_the_whole() -> None:
    """Each counts from its own frame 0, and one that strays there is off throughout."""
    motion = wandering()
    halves = motion.split_half_displacements.copy()
    halves[0] += (7, -3)
    halves[1, 20] += 50
    chart = path_chart(wandering(split_half_displacements=halves), source_of())
    usual = path_chart(motion, source_of())
    for each, other in zip(chart.components, usual.components, strict=True):
        np.testing.assert_allclose(each.halves[0], other.halves[0], atol=1e-9)
        rest = (np.delete(one.halves[1], 20) for one in (each, other))
        np.testing.assert_allclose(*rest, atol=1e-9)


def test_halves_that_are_not_known_are_not_drawn() -> None:
    unknown = wandering(split_half_displacements=np.full((2, FRAMES, 2), np.nan))
    assert not path_chart(unknown, source_of()).has_halves
