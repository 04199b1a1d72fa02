"""The score and the picture of any velocity, and the peak that is near."""

from __future__ import annotations

from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from benchmarks.scenes import shifted
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import drifting, scene, wrapping

import napari_motionfft as mf
from napari_motionfft.motion.touch import touch_landscape
from napari_motionfft.motion.touching.glance import resampling
from napari_motionfft.motion.touching.touched import Touch

KNOWN = drifting()
"""(10, 80, 80) px, less than the small frames' size: the quick picture is a whole one."""
TOUCH = touch_landscape(KNOWN.stack)
LARGE = drifting((2.3, -1.4), side=220, frames=16, snr=2.0)


def along(stack: Any, velocity: Any, region: Any = None) -> Any:
    """What `integrate` gives along a constant velocity."""
    motion = mf.estimate_motion(stack, region=region)
    path = np.arange(len(stack))[:, None] * np.asarray(velocity)
    object.__setattr__(motion, "displacements", path)
    return mf.integrate(stack, motion, region=region)


def small(touch: Touch, picture: Any) -> Any:
    """A whole picture of the frame at the quick one's size."""
    for axis, side in enumerate(touch._ground.glance.sides):
        centres = (torch.arange(side.size) + 0.5).double() * side.pixel - 0.5
        matrix = resampling(centres, picture.shape[axis], side.pixel, False).numpy()
        picture = np.moveaxis(np.tensordot(matrix, picture, (1, axis)), 0, axis)
    return picture


def differ(picture: Any, other: Any) -> float:
    """Root mean square of the difference, in standard deviations."""
    return float(np.sqrt(np.mean((picture - other) ** 2)) / np.std(other))


@settings(max_examples=25)
@given(st.tuples(*[st.floats(-TOUCH.max_speed, TOUCH.max_speed)] * 2))
def test_the_score_is_that_of_the_landscape_computed_there(velocity: tuple[float, float]) -> None:
    one = mf.loss_landscape(KNOWN.stack, vy=[velocity[0]], vx=[velocity[1]])
    assert TOUCH.score(velocity) == pytest.approx(float(one.values[0, 0]), rel=1e-4, abs=1e-4)


def test_the_score_of_a_periodic_stack_is_its_energy() -> None:
    stack = wrapping((1.0, 0.5))
    touch = touch_landscape(stack, boundary="periodic", weight="flat")
    grid = np.array([-1.0, 0.5, 1.0])
    energy = mf.loss_landscape(stack, vy=grid, vx=grid, scale="energy", boundary="periodic").values
    score = np.array([[touch.score((y, x)) for x in grid] for y in grid])
    slope, level = np.polyfit(energy.ravel(), score.ravel(), 1)  # σ and the zero lag are constants
    np.testing.assert_allclose(score, slope * energy + level, atol=1e-3 * np.ptp(score))


def test_the_landscape_is_that_of_a_run_and_its_peak_the_score() -> None:
    motion = mf.estimate_motion(KNOWN.stack)
    np.testing.assert_allclose(TOUCH.landscape.values, motion.landscape.values, atol=1e-4)
    top = motion.landscape.peaks[0]
    assert TOUCH.score(top[:2]) == pytest.approx(motion.score, rel=1e-5)


@pytest.mark.parametrize("velocity", [(0.6, -0.9), (0.0, 0.0), (-2.7, 3.1)])
def test_pictures_are_what_integrate_gives(velocity: tuple[float, float]) -> None:
    wanted = along(KNOWN.stack, velocity)
    assert differ(TOUCH.full_image(velocity), wanted) < 0.01  # seen through other margins
    quick = TOUCH.image(velocity)
    assert TOUCH.scale == (1, 1)
    assert TOUCH.origin == (0, 0)
    assert differ(quick, wanted) < 0.03


@pytest.mark.parametrize("velocity", [(2.3, -1.4), (0.0, 0.0), (-9.0, 5.0), (13.0, 13.0)])
@pytest.mark.parametrize("background", ["none", "static"])
def test_the_quick_picture_is_the_whole_one_made_small(
    velocity: tuple[float, float], background: str
) -> None:
    touch = touch_landscape(LARGE.stack + 500, background=background)
    quick = touch.image(velocity)
    whole = small(touch, touch.full_image(velocity))
    assert quick.shape == (192, 192)
    np.testing.assert_allclose(touch.origin, (220 / 192 - 1) / 2)
    assert np.sqrt(np.mean((quick - whole) ** 2)) < 0.1  # the scene has a variance of 1
    assert quick.mean() == pytest.approx(500, abs=1)


def test_nothing_darkens_towards_the_edges_and_nothing_wraps() -> None:
    bright = np.random.default_rng(0).normal(100, 1, (20, 64, 64))
    bright[:, :8] += 400  # a bright band at the upper edge, of every frame
    touch = touch_landscape(bright)
    np.testing.assert_allclose(touch.image((0, 0))[20:].mean(1), 100, atol=3)
    moved = touch.image((-2.0, 0.0))  # what stood below comes in from below
    assert moved[:8].mean() == pytest.approx(along(bright, (-2.0, 0.0))[:8].mean(), abs=5)
    np.testing.assert_allclose(moved[52:].mean(), along(bright, (-2.0, 0.0))[52:].mean(), atol=5)


def test_a_region_sees_what_moves_in_from_around_it() -> None:
    region = (slice(60, 150), slice(50, 130))
    touch = touch_landscape(LARGE.stack, region=region)
    wanted = along(LARGE.stack, (2.3, -1.4), region)
    assert differ(touch.full_image((2.3, -1.4)), wanted) < 0.03  # seen through other margins
    assert touch.region == ((60, 150), (50, 130))
    assert touch.origin == (60, 50)
    assert differ(touch.image((2.3, -1.4)), wanted) < 0.03


def test_refine_reaches_the_truth_from_afar() -> None:
    touch = touch_landscape(LARGE.stack)
    refined = touch.refine(LARGE.velocity + 0.4)
    assert refined.reliable
    assert (np.abs(refined.velocity - LARGE.velocity) < 4 * refined.stderr).all()
    assert (refined.stderr < 0.01).all()
    motion = mf.estimate_motion(LARGE.stack)
    np.testing.assert_allclose(refined.velocity, motion.velocity, atol=1e-4)
    assert refined.score == pytest.approx(motion.score, rel=1e-4)


def test_refine_stays_at_the_peak_that_was_touched() -> None:
    """Two layers that move apart: each is reached from near it."""
    layers = [scene(256, seed) for seed in (1, 2)]
    speeds = [(1.5, 0.0), (-1.5, 1.0)]
    stack = np.stack(
        [
            sum(shifted(image, np.multiply(v, t)) for image, v in zip(layers, speeds, strict=True))
            for t in range(12)
        ]
    )[:, 60:200, 60:200]
    stack += np.random.default_rng(3).normal(0, 0.5, stack.shape)
    touch = touch_landscape(stack, max_speed=6)
    for speed in speeds:
        np.testing.assert_allclose(touch.refine(np.add(speed, 0.2)).velocity, speed, atol=0.03)


def test_far_from_any_motion_refine_says_so() -> None:
    noise = np.random.default_rng(0).standard_normal((10, 64, 64))
    refined = touch_landscape(noise).refine((2.0, 2.0))
    assert not refined.reliable
    assert "chance" in refined.reason


@pytest.mark.parametrize("background", ["none", "static"])
def test_windows_are_those_of_a_series(background: str) -> None:
    known = drifting((0.6, -0.9), frames=24)
    stack = known.stack
    touch = touch_landscape(stack, window=8, background=background)
    found = mf.estimate_motion(stack, window=8, hop=4, background=background)
    assert touch.max_speed == found.settings["max_speed"]
    for start, landscape in zip(found.starts, found.landscapes, strict=True):
        one = touch.at(int(start) + 3)
        assert (one.start, one.stop) == (start, start + 8)
        np.testing.assert_allclose(one.landscape.values, landscape.values, atol=2e-3)
        assert one.score(landscape.peaks[0][:2]) == pytest.approx(
            landscape.peaks[0].score, rel=1e-3
        )
    middle = touch.at(15)
    if background == "none":
        wanted = along(stack[12:20], (0.6, -0.9))
        np.testing.assert_allclose(middle.full_image((0.6, -0.9)), wanted, atol=1e-4)
        assert differ(middle.image((0.6, -0.9)), wanted) < 0.03
        refined = middle.refine((0.6, -0.9))
        assert (np.abs(refined.velocity - known.velocity) < 4 * refined.stderr).all()
    assert [touch.at(frame).start for frame in (0, 3, 4, 20, 23)] == [0, 0, 1, 16, 16]


def test_no_window_is_one_window() -> None:
    assert TOUCH.at(7) is TOUCH
    assert (TOUCH.start, TOUCH.stop) == (0, 10)


def test_it_takes_no_more_memory_than_it_says() -> None:
    touch = touch_landscape(LARGE.stack)
    lags = 15 * (0.6 * 220 + 1) * (0.3 * 220 + 1) * 8
    assert touch.nbytes < lags + 16 * (192 + 40) * (192 + 40) * 4.1


def test_a_lazy_stack_is_read_once() -> None:
    reads = np.zeros(10, int)

    def read(block: Any, block_info: Any = None) -> Any:
        if block_info:
            reads[block_info[0]["chunk-location"][0]] += 1
        return block

    lazy = da.from_array(KNOWN.stack, chunks=(1, -1, -1)).map_blocks(read, dtype=KNOWN.stack.dtype)
    touch = touch_landscape(lazy)
    before = reads.copy()
    assert touch.score((0.6, -0.9)) == pytest.approx(TOUCH.score((0.6, -0.9)))
    np.testing.assert_allclose(touch.full_image((1, 1)), TOUCH.full_image((1, 1)), atol=1e-5)
    np.testing.assert_array_equal(reads, before)
    assert before[5] <= 3  # its level and that it varies are looked at first


def test_a_prefilter_is_for_the_score_alone() -> None:
    touch = touch_landscape(KNOWN.stack, prefilter="gradient")
    assert touch.score((0.6, -0.9)) != pytest.approx(TOUCH.score((0.6, -0.9)), rel=1e-3)
    np.testing.assert_array_equal(touch.image((0.6, -0.9)), TOUCH.image((0.6, -0.9)))


@pytest.mark.parametrize("call", ["score", "image", "full_image", "refine", "peak"])
@pytest.mark.parametrize(
    ("velocity", "error", "told"),
    [
        ((0.0, np.nan), ValueError, "velocity must be finite"),
        ((np.inf, 0.0), ValueError, "velocity must be finite"),
        ((5.0, 21.0), ValueError, r"within ±8 px/frame.*got \(5, 21\)"),
        (1.0, TypeError, "velocity must be two numbers"),
        ((1.0, 2.0, 3.0), TypeError, "velocity must be two numbers"),
        (("a", "b"), TypeError, "velocity must be two numbers"),
        ([[1.0], [1.0, 2.0]], TypeError, "velocity must be two numbers"),
        (None, TypeError, "velocity must be two numbers"),
    ],
)
def test_bad_velocities_are_named(
    call: str, velocity: Any, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        getattr(TOUCH, call)(velocity)


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"window": 1}, ValueError, "window must be 2 to 10"),
        ({"window": 11}, ValueError, "window must be 2 to 10"),
        ({"window": 2.5}, TypeError, "window must be a whole number"),
        ({"weight": "none"}, ValueError, "weight must be one of"),
        ({"max_speed": 0}, ValueError, "max_speed must be above 0"),
        ({"background": "still"}, ValueError, "background must be one of"),
        ({"region": (slice(0, 4), slice(0, 80))}, ValueError, "region must be at least 16 px"),
    ],
)
def test_bad_arguments_are_named(
    arguments: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        touch_landscape(KNOWN.stack, **arguments)


@pytest.mark.parametrize(("frame", "error"), [(10, ValueError), (-1, ValueError), (1.5, TypeError)])
def test_bad_frames_are_named(frame: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="frame must be"):
        touch_landscape(KNOWN.stack, window=4).at(frame)


def test_all_of_it_stops_when_cancelled() -> None:
    stop = Event()
    stop.set()
    with pytest.raises(mf.Cancelled):
        touch_landscape(KNOWN.stack, cancel=stop)
    fresh = touch_landscape(KNOWN.stack)
    for call in (fresh.full_image, fresh.refine, fresh.peak):
        with pytest.raises(mf.Cancelled):
            call((0, 0), cancel=stop)
    with pytest.raises(mf.Cancelled):
        fresh.make_landscape(cancel=stop)
    assert fresh.landscape.peaks


def test_progress_goes_from_start_to_end() -> None:
    told: list[float] = []
    touch_landscape(KNOWN.stack, progress=lambda fraction, _: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1
