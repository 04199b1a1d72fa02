"""`find_movers` on stacks whose objects are known, and on noise alone."""

from __future__ import annotations

import threading

import dask.array as da
import numpy as np
import pytest
from tests.motion.faint.made_movers import add, noise

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.faint.find import find_movers, notes_on
from napari_motionfft.motion.faint.result import Mover

FAST = {"size": 3.0, "max_speed": 1.0}


def close(mover: Mover, place: object, velocity: object) -> bool:
    off = np.hypot(*(mover.position - np.asarray(place)))
    return bool(off < 1.0 and np.hypot(*(mover.velocity - np.asarray(velocity))) < 0.05)


def test_an_object_that_no_frame_shows_is_found() -> None:
    stack = noise(1)
    velocity = (0.62, -0.47)
    start = add(stack, (30.4, 33.7), velocity, 0.8)  # 0.8·√(πσ²·32): about 10 in all
    movers = find_movers(stack, **FAST)
    assert len(movers) == 1
    (mover,) = movers
    assert close(mover, start, velocity)
    assert mover.score > movers.threshold
    assert mover.false_alarm < 0.001
    assert (np.abs(mover.velocity - velocity) < 4 * mover.velocity_stderr).all()
    assert (np.abs(mover.position - start) < 4 * mover.position_stderr).all()
    assert (mover.centre_stderr < mover.position_stderr).all()
    np.testing.assert_allclose(mover.centre, mover.position + mover.centre_frame * mover.velocity)
    assert mover.contrast == pytest.approx(0.8, rel=0.35)
    assert mover.brightness == pytest.approx(0.8, rel=0.35)
    assert mover.frames == 32
    middle = len(mover.image) // 2
    inner = mover.image[middle - 2 : middle + 3, middle - 2 : middle + 3]
    assert np.nanmax(mover.image) == np.nanmax(inner)
    assert str(mover) in str(movers)
    # its tile's landscape is highest about its velocity
    tiles = movers.landscapes
    assert tiles.values.shape[:2] == (1, 1)
    y, x = np.unravel_index(tiles.values[0, 0].argmax(), tiles.values[0, 0].shape)
    assert np.hypot(tiles.vy[y] - velocity[0], tiles.vx[x] - velocity[1]) < 0.15


def test_noise_alone_brings_up_as_much_as_stated() -> None:
    """12 stacks at 20 %: more than 6 with an entry has a chance of 0.4 %."""
    found = [len(find_movers(noise(s, (16, 48, 48)), false_alarm=0.2, **FAST)) for s in range(12)]
    assert np.count_nonzero(found) <= 6
    assert np.count_nonzero([len(find_movers(noise(s), **FAST)) for s in range(3)]) <= 1


def test_still_objects_and_stars_are_none() -> None:
    random = np.random.default_rng(0)
    stars = np.zeros((1, 64, 64), dtype=np.float32)
    stars[0, random.integers(0, 64, 12), random.integers(0, 64, 12)] = 400.0
    stars = stars + np.roll(stars, 1, 1) + np.roll(stars, 1, 2)
    stack = random.poisson(10 + np.repeat(stars, 32, 0)).astype(np.uint16)
    assert not find_movers(stack, **FAST)
    moving = stack.astype(np.float32)
    start = add(moving, (34.0, 30.0), (0.5, 0.7), 3.5)
    movers = find_movers(np.round(moving).astype(np.uint16), **FAST)
    assert len(movers) == 1
    assert close(movers[0], start, (0.5, 0.7))
    assert movers[0].brightness == pytest.approx(3.5, rel=0.35)
    assert movers.noise == pytest.approx(np.sqrt(10), rel=0.15)


def test_a_bright_object_is_one_and_hides_no_faint_one() -> None:
    stack = noise(5, (32, 96, 96))
    bright = add(stack, (50.0, 40.0), (-0.8, 0.3), 12.0)
    faint = add(stack, (30.0, 62.0), (0.5, 0.6), 0.9)
    movers = find_movers(stack, **FAST)
    assert len(movers) == 2
    assert close(movers[0], bright, (-0.8, 0.3))
    assert close(movers[1], faint, (0.5, 0.6))
    assert movers[0].score > 30
    assert movers[0].contrast == pytest.approx(12, rel=0.1)


def test_an_object_that_comes_in_late() -> None:
    stack = noise(7)
    start = add(stack, (14.0, 30.0), (0.9, 0.2), 1.3)
    assert start[0] < 0.5
    stack[:8] = noise(8, (8, 64, 64))  # nothing of it in the first frames
    movers = find_movers(stack, **FAST)
    assert len(movers) == 1
    assert np.hypot(*(movers[0].velocity - (0.9, 0.2))) < 0.06
    assert (movers[0].position_stderr > movers[0].centre_stderr).all()


def test_region_lazy_data_and_dtype_change_nothing() -> None:
    stack = noise(2, (32, 80, 88))
    start = add(stack, (44.0, 46.0), (0.55, -0.5), 1.2)
    region = (slice(10, 78), slice(13, 83))
    (whole,) = find_movers(stack, **FAST)
    (part,) = find_movers(stack, region=region, **FAST)
    assert close(whole, start, (0.55, -0.5))
    assert close(part, start, (0.55, -0.5))
    scaled = da.from_array((1000 + 200 * stack).astype(np.int32), chunks=(8, 40, 88))
    (lazy,) = find_movers(scaled, **FAST)
    np.testing.assert_allclose(lazy.position, whole.position, atol=0.02)
    assert lazy.brightness == pytest.approx(200 * whole.brightness, rel=0.01)
    assert lazy.score == pytest.approx(whole.score, rel=0.01)


def test_sizes_are_told_apart() -> None:
    for width in (2.5, 8.0):
        stack = noise(4, (16, 112, 112))
        start = add(stack, (56.0, 56.0), (3.1, -2.4), 8 / width, width=width)
        movers = find_movers(stack, max_speed=3.5)
        assert movers.settings["size"] == [2.5, 4.5, 8.0]
        assert len(movers) == 1
        assert movers[0].size == width
        assert np.hypot(*(movers[0].position - start)) < 0.2 * width


def test_too_slow_is_left_out() -> None:
    stack = noise(6)
    add(stack, (32.0, 32.0), (0.3, 0.2), 3.0)
    assert len(find_movers(stack, false_alarm=0.01, **FAST)) == 1
    assert not find_movers(stack, min_speed=0.6, false_alarm=0.01, **FAST)


def test_progress_ends_at_one_and_cancel_stops() -> None:
    said: list[tuple[float, str]] = []
    find_movers(noise(0, (8, 32, 32)), progress=lambda f, m: said.append((f, m)), **FAST)
    shares = [f for f, _ in said]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        find_movers(noise(0), cancel=cancel, **FAST)


def test_few_frames_and_small_fields_work() -> None:
    stack = noise(9, (4, 32, 32))
    add(stack, (16.0, 15.0), (2.0, -2.5), 6.0)
    movers = find_movers(stack, size=3.0, max_speed=4.0)
    assert len(movers) == 1
    assert np.hypot(*(movers[0].velocity - (2.0, -2.5))) < 0.3


def test_rows_that_flicker_are_no_objects_and_hide_none() -> None:
    stack = noise(11)
    start = add(stack, (32.5, 30.1), (0.6, 0.5), 1.0)
    stack += 2 * np.random.default_rng(0).standard_normal((32, 64, 1)).astype(np.float32)
    movers = find_movers(stack, **FAST)
    assert len(movers) == 1
    assert close(movers[0], start, (0.6, 0.5))


def test_notes_say_what_is_unusual() -> None:
    assert notes_on(3, 1.05) == ()
    assert "1.30 times as high" in notes_on(0, 1.3)[0]
    assert ["very much moves" in note for note in notes_on(20, 1.0)] == [True]
    assert "only 100 objects" in notes_on(100, 1.0)[1]
