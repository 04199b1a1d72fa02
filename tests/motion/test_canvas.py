"""The union canvas: all that the frames see, where it was seen, and no more memory than that."""

from __future__ import annotations

import dataclasses
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import job_for, motion_along, wrapping
from tests.motion.test_integrate import image_at, seen_through

from napari_motionfft.motion.apply import integrate
from napari_motionfft.motion.canvas import canvas_box
from napari_motionfft.motion.integrate import mean_images
from napari_motionfft.motion.sight import sight

STEPS = st.lists(st.tuples(*[st.integers(-50, 50)] * 2), min_size=1, max_size=5).map(
    lambda p: np.array([(0, 0), *p], np.float64)
)
PATHS = st.lists(st.tuples(*[st.floats(-50, 50)] * 2), min_size=1, max_size=5).map(
    lambda p: np.array([(0.0, 0.0), *p])
)
REGIONS = st.sampled_from([None, (slice(3, 19), slice(5, 24)), (slice(0, 16), slice(8, 24))])


def box_by_hand(path: np.ndarray, box: Any) -> list[tuple[int, int]]:
    """First and last whole pixel x, one axis at a time, with x + p on the box for some p."""
    sides = []
    for axis, (start, stop) in enumerate(box):
        on = [
            x
            for x in range(-80, 120)
            if ((path[:, axis] + x >= start - 1e-6) & (path[:, axis] + x <= stop - 1 + 1e-6)).any()
        ]
        sides.append((min(on), max(on) + 1))
    return sides


@settings(max_examples=40, deadline=None)
@given(PATHS, REGIONS)
def test_the_box_holds_what_the_region_sees_and_no_more(path: np.ndarray, region: Any) -> None:
    box = ((0, 20), (0, 24))
    if region is not None:
        box = tuple((side.start, side.stop) for side in region)
    found = canvas_box(motion_along(path), (20, 24), region)
    assert list(found) == box_by_hand(path, box)
    assert all(isinstance(n, int) for side in found for n in side)


def test_rounding_of_floats_moves_no_edge() -> None:
    """0.1 added 30 times is not 3: the box is that of 3 all the same."""
    path = np.cumsum(np.full((31, 2), 0.1), axis=0) - 0.1
    assert path[-1, 0] != 3
    assert canvas_box(motion_along(path), (20, 24)) == ((-3, 20), (-3, 24))
    assert canvas_box(motion_along(-path), (20, 24)) == ((0, 23), (0, 27))


@settings(max_examples=30, deadline=None)
@given(STEPS, REGIONS, st.integers(0, 99))
def test_every_pixel_is_the_mean_of_all_frames_that_see_it(
    path: np.ndarray, region: Any, seed: int
) -> None:
    stack = np.random.default_rng(seed).integers(0, 200, (len(path), 20, 24)).astype(np.uint8)
    means = mean_images(
        job_for(stack, region=region), torch.from_numpy(path), lambda *_: None, canvas="union"
    )
    (y0, y1), (x0, x1) = means.box
    total, count = np.zeros((300, 300)), np.zeros((300, 300), int)
    for frame, (dy, dx) in zip(stack, path.astype(int), strict=True):
        at = slice(150 - dy, 170 - dy), slice(150 - dx, 174 - dx)
        total[at] += frame
        count[at] += 1
    here = slice(150 + y0, 150 + y1), slice(150 + x0, 150 + x1)
    np.testing.assert_array_equal(means.coverage.numpy(), count[here])
    seen = count[here] > 0
    np.testing.assert_allclose(
        means.mean.numpy()[seen], total[here][seen] / count[here][seen], atol=1e-4
    )
    first = stack[0].astype(float).mean()
    np.testing.assert_allclose(means.mean.numpy()[~seen], first, rtol=1e-5)
    assert means.plain.shape == (
        (20, 24) if region is None else tuple(s.stop - s.start for s in region)
    )
    if region is None:  # the canvas is all that was seen
        assert count.sum() == count[here].sum()


@settings(max_examples=15, deadline=None)
@given(PATHS)
def test_the_union_holds_the_frame_canvas(path: np.ndarray) -> None:
    """Where the region lies on the canvas, it is the same image."""
    stack = seen_through(path, (40, 44)).astype(np.float32)
    motion = motion_along(path)
    (y0, _), (x0, _) = canvas_box(motion, (40, 44))
    union = integrate(stack, motion, canvas="union")
    frame = integrate(stack, motion)
    np.testing.assert_allclose(union[-y0 : 40 - y0, -x0 : 44 - x0], frame, atol=1e-3)


def test_a_field_travelled_three_times_is_one_picture_of_the_scene() -> None:
    """200 frames over 3 widths: neighbours overlap, the ends share nothing."""
    path = np.arange(200)[:, None] * np.array([[0.113, -0.965]])
    stack = seen_through(path, (48, 64)).astype(np.float32)
    motion = motion_along(path)
    box = canvas_box(motion, (48, 64))
    union = integrate(stack, motion, canvas="union")
    assert union.shape == (48 + 22, 64 + 192)
    truth = image_at(*np.meshgrid(*(np.arange(*side) for side in box), indexing="ij"))
    counted = mean_images(
        job_for(stack), torch.from_numpy(path), lambda *_: None, canvas="union"
    ).coverage.numpy()
    well = counted >= 20
    assert well.mean() > 0.5
    # each frame's mirrored edge rings by up to 0.6; over 20 frames that averages out
    assert np.sqrt(((union - truth)[well] ** 2).mean()) < 0.05
    assert np.abs(union - truth)[well].max() < 0.3


def test_periodic_content_has_no_outside() -> None:
    stack = wrapping((2.5, -3.5), (48, 48), 6)
    motion = motion_along(np.arange(6)[:, None] * np.array([[2.5, -3.5]]), "periodic")
    assert canvas_box(motion, (48, 48)) == ((0, 48), (0, 48))
    np.testing.assert_allclose(integrate(stack, motion, canvas="union"), stack[0], atol=1e-4)
    region = (slice(10, 30), slice(20, 40))
    part = integrate(stack, motion, region=region)
    np.testing.assert_allclose(part, stack[0][region], atol=1e-4)


class Watched:
    """An array that notes how much of it is read."""

    def __init__(self, data: np.ndarray) -> None:
        self.data, self.shape, self.dtype = data, data.shape, data.dtype
        self.read: list[int] = []

    def __getitem__(self, index: Any) -> np.ndarray:
        self.read.append(self.data[index].size)
        return self.data[index]


def test_no_more_is_read_than_needed() -> None:
    """A small region of a large frame that drifts far: never the whole way at once."""
    stack = np.random.default_rng(0).random((40, 300, 300)).astype(np.float32)
    path = np.arange(40)[:, None] * np.array([[6.5, 6.5]])
    region = (slice(0, 20), slice(0, 20))
    watched = Watched(stack)
    job = job_for(watched, region=region)
    watched.read.clear()
    job = dataclasses.replace(job, block=4)
    means = mean_images(job, torch.from_numpy(path), job.check)
    # a block's content spans 20 + 3·6.5 px and margins of 12 on both sides; and the region itself
    assert max(watched.read) <= 4 * ((20 + 20 + 24) ** 2 + 20**2)
    assert sum(watched.read) < 0.1 * stack.size
    whole = mean_images(job_for(stack, region=region), torch.from_numpy(path), job.check)
    np.testing.assert_array_equal(means.coverage, whole.coverage)
    assert (means.mean - whole.mean).abs().max() < 0.1 * stack.std()


def test_lazy_is_the_same() -> None:
    path = np.arange(6)[:, None] * np.array([[3.3, -8.1]])
    stack = seen_through(path, (40, 44)).astype(np.float32)
    motion = motion_along(path)
    lazy = da.from_array(stack, chunks=(2, 20, 20))
    for canvas in ("frame", "union"):
        np.testing.assert_array_equal(
            integrate(lazy, motion, canvas=canvas), integrate(stack, motion, canvas=canvas)
        )


def test_sight_is_none_when_nothing_is_seen() -> None:
    path = torch.tensor([(0.0, 100.0)])
    assert sight(((0, 20), (0, 20)), (20, 24), path, 12) is None
    assert sight(((0, 20), (-110, -90)), (20, 24), path, 12) == ((0, 20), (0, 22))


def test_bad_arguments() -> None:
    motion, stack = motion_along([(0, 0), (1, 0)]), np.random.default_rng(0).random((2, 20, 20))
    with pytest.raises(ValueError, match="canvas must be one of frame, union, got 'all'"):
        integrate(stack, motion, canvas="all")
    far = motion_along([(0, 0), (1e6, 1e6)])
    with pytest.raises(ValueError, match="canvas='union' would be 1000020 × 1000020 px"):
        integrate(stack, far, canvas="union")
    with pytest.raises(TypeError, match="motion must be a Motion, got str"):
        canvas_box("motion", (20, 20))  # type: ignore[arg-type]
    for shape in ((20,), (20, 0), (20.5, 20), 20, (2, 20, 20)):
        with pytest.raises(ValueError, match=r"shape must be \(Y, X\) of a frame in px"):
            canvas_box(motion, shape)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="region: the y slice 0:30 leaves the frame"):
        canvas_box(motion, (20, 20), (slice(0, 30), slice(0, 20)))
    with pytest.raises(ValueError, match="motion holds NaN or inf"):
        canvas_box(motion_along([(0, 0), (np.nan, 0)]), (20, 20))
