"""The compensated mean: nothing wraps, and every pixel is the mean of the frames that see it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import drifting, job_for, motion_along, wrapping

import napari_motionfft as mf
from napari_motionfft.motion.integrate import compensate, mean_images, mirrored, reach

STEPS = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=1, max_size=5).map(
    lambda p: np.array([(0, 0), *p], np.float64)
)
PLACES = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=5).map(
    lambda p: np.array([(0, 0), *p], np.float64)
)


def image_at(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A smooth scene known at every position; positions far apart differ."""
    return 50 + 0.3 * y - 0.2 * x + 5 * np.cos(0.21 * y + 0.13 * x) + 4 * np.sin(0.17 * x)


def seen_through(path: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Frames of `image_at` whose content is displaced along the path, (T, Y, X)."""
    y, x = np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij")
    return np.stack([image_at(y - p[0], x - p[1]) for p in path])


def by_hand(stack: np.ndarray, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum and count over frames of whole-pixel shifts, one pixel at a time."""
    _, height, width = stack.shape
    total, count = np.zeros((height, width)), np.zeros((height, width), int)
    for frame, (dy, dx) in zip(stack, path.astype(int), strict=True):
        for y in range(max(0, -dy), min(height, height - dy)):
            for x in range(max(0, -dx), min(width, width - dx)):
                total[y, x] += frame[y + dy, x + dx]
                count[y, x] += 1
    return total, count


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(0, 99))
def test_whole_shifts_are_averaged_and_counted_exactly(path: np.ndarray, seed: int) -> None:
    stack = np.random.default_rng(seed).integers(0, 200, (len(path), 20, 24)).astype(np.uint8)
    stack[0, 0, :2] = 0, 200  # never constant
    mean, plain, count, _ = mean_images(job_for(stack), torch.from_numpy(path), lambda *_: None)
    total, wanted = by_hand(stack, path)
    np.testing.assert_array_equal(count.numpy(), wanted)
    np.testing.assert_allclose(mean.numpy(), total / wanted, atol=1e-4)
    np.testing.assert_allclose(plain.numpy(), stack.mean(0), atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(PLACES, st.floats(-1e4, 1e4))
def test_a_constant_stack_stays_constant(path: np.ndarray, level: float) -> None:
    stack = np.full((len(path), 24, 20), level)
    mean = mf.integrate(stack, motion_along(path))
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, level, rtol=1e-6, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(PLACES)
def test_coverage_of_any_shift_counts_what_lies_on_the_frame(path: np.ndarray) -> None:
    shape = (24, 20)
    frames = torch.rand(len(path), *shape)
    moved, seen = compensate(frames, torch.from_numpy(path))
    y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    for row, (py, px) in enumerate(path):
        at_y, at_x = y + py, x + px
        inside = (at_y >= -1e-6) & (at_y <= 23 + 1e-6) & (at_x >= -1e-6) & (at_x <= 19 + 1e-6)
        np.testing.assert_array_equal(seen[row].numpy(), inside)
    assert not moved[~seen].any()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=4).map(
        lambda p: np.array([(0, 0), *p])
    )
)
def test_the_scene_stands_still_in_the_mean_and_nothing_wraps(path: np.ndarray) -> None:
    """A ramp across the field would show content of the other side as a jump of 10 or more.

    The mirrored edges have a kink, which a sub-pixel shift makes ring: by up to 0.3 at the edge,
    less than 0.1 further in, where the scene has slopes of at most 2 a pixel.
    """
    shape = (56, 64)
    mean = mf.integrate(seen_through(path, shape).astype(np.float32), motion_along(path))
    truth = seen_through(path[:1], shape)[0]
    assert np.abs(mean - truth).max() < 0.6
    assert np.abs(mean - truth)[18:-18, 18:-18].max() < 0.15


def test_periodic_content_comes_back_all_round() -> None:
    v = np.array([3.4, -7.3])
    for shape in ((48, 48), (47, 51)):
        stack = wrapping((3.4, -7.3), shape, frames=9)
        path = v * np.arange(9)[:, None]
        mean = mf.integrate(stack, motion_along(path, "periodic"))
        np.testing.assert_allclose(mean, stack[0], atol=1e-4)


def test_a_region_is_the_same_part_of_the_whole() -> None:
    known = drifting(side=96, frames=8)
    path = known.velocity * np.arange(8)[:, None]
    motion = motion_along(path)
    region = (slice(20, 70), slice(31, 83))
    part = mf.integrate(known.stack, motion, region=region)
    whole = mf.integrate(known.stack, motion)
    assert part.shape == (50, 52)
    # what is read around a region is mirrored 12 px out, where a sinc still has 1/(12π) = 3 %
    difference = part - whole[region]
    assert np.sqrt((difference**2).mean()) < 0.03 * whole.std()
    assert np.abs(difference).max() < 0.15 * whole.std()


def test_a_pixel_that_no_frame_sees_takes_the_level_of_the_first_frame() -> None:
    stack = np.random.default_rng(0).random((3, 20, 20)) + 4
    mean = mf.integrate(stack, motion_along([(30, 0)] * 3))
    np.testing.assert_allclose(mean, stack[0].mean(), rtol=1e-5)


def test_the_integrated_image_is_the_scene_and_the_plain_mean_is_not() -> None:
    """Noise of std 2 over 16 frames is 0.5: the correlation can be 1/√1.25 = 0.89."""
    known = drifting((1.2, 0.8), side=96, frames=16, snr=0.5, seed=3)
    scene = drifting((1.2, 0.8), side=96, frames=16, snr=1e4, seed=3).stack[0]
    motion = mf.estimate_motion(known.stack)

    def likeness(image: np.ndarray) -> float:
        everywhere = motion.coverage == 16
        return float(np.corrcoef(image[everywhere], scene[everywhere])[0, 1])

    assert likeness(motion.integrated) > 0.86
    assert likeness(motion.plain_mean) < 0.75
    np.testing.assert_allclose(motion.plain_mean, known.stack.mean(0), atol=1e-5)
    assert motion.coverage.max() == 16
    assert motion.coverage.min() >= 1  # frame 0 sees every pixel


@given(
    st.tuples(st.integers(16, 200), st.integers(16, 200)),
    st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300)), min_size=1, max_size=6),
)
def test_reach_holds_the_region_and_its_content_within_the_frame(
    shape: tuple[int, int], places: list[tuple[float, float]]
) -> None:
    box = ((2, 14), (3, 16))
    path = torch.tensor([(0.0, 0.0), *places], dtype=torch.float64)
    wide, begins = reach(box, shape, path)
    for axis, (start, stop) in enumerate(box):
        low, high = wide[axis]
        assert 0 <= low <= start
        assert stop <= high <= shape[axis]
        assert low + begins[axis] == start
        for p in path[:, axis].tolist():
            assert low <= max(0, start + p)
            assert high >= min(shape[axis], stop + p)


@pytest.mark.parametrize("shape", [(1, 20), (2, 7), (5, 5), (16, 300)])
def test_mirrored_edges(shape: tuple[int, int]) -> None:
    frames = torch.rand(2, *shape)
    wide = mirrored(frames, 12)
    top, left = ((wide.shape[1 + i] - shape[i]) // 2 for i in (0, 1))
    torch.testing.assert_close(wide[:, top : top + shape[0], left : left + shape[1]], frames)
    if top and shape[0] > 1:
        torch.testing.assert_close(wide[:, top - 1], wide[:, top + 1])
    assert wide.shape[1] >= min(shape[0] + 24, 3 * shape[0] - 2)
