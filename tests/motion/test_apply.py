"""Taking a motion out of a stack: type, laziness, exactness, fill."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import drifting, motion_along, wrapping

import napari_motionfft as mf
from napari_motionfft.motion.interpolation import INTERPOLATIONS

DTYPES = ["uint8", "uint16", "int16", "uint32", "float32", "float64", "float16", ">u2", ">f4"]
WHOLE = st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), min_size=2, max_size=5).map(
    lambda p: np.array(p, np.float64)
)


def rolled_by_hand(stack: np.ndarray, path: np.ndarray, fill: Any) -> np.ndarray:
    """Whole-pixel shifts back, `fill` where the field does not reach."""
    out = np.full_like(stack, fill)
    _, height, width = stack.shape
    for t, (dy, dx) in enumerate(path.astype(int)):
        for y in range(height):
            for x in range(width):
                if 0 <= y + dy < height and 0 <= x + dx < width:
                    out[t, y, x] = stack[t, y + dy, x + dx]
    return out


def integers(count: int, dtype: str = "uint8", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 120, (count, 18, 21)).astype(dtype)


@settings(max_examples=40, deadline=None)
@given(WHOLE, st.sampled_from(["uint8", "uint16", "int16", ">u2", "bool"]), st.integers(0, 1))
def test_whole_shifts_are_exact(path: np.ndarray, dtype: str, fill: int) -> None:
    stack = integers(len(path), "uint8") > 60 if dtype == "bool" else integers(len(path), dtype)
    for interpolation in INTERPOLATIONS:
        moved = mf.apply_motion(stack, motion_along(path), fill=fill, interpolation=interpolation)
        assert moved.dtype == stack.dtype
        np.testing.assert_array_equal(moved, rolled_by_hand(stack, path, fill))


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", "int64"])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_the_type_is_kept(dtype: str, interpolation: str) -> None:
    stack = integers(4, dtype) if dtype != "bool" else integers(4) > 60
    path = np.array([(0, 0), (0.3, 1.2), (0.6, 2.4), (0.9, 3.6)])
    moved = mf.apply_motion(stack, motion_along(path), interpolation=interpolation)
    assert moved.dtype == stack.dtype
    assert moved.shape == stack.shape
    np.testing.assert_allclose(
        moved[0].astype(np.float64), stack[0].astype(np.float64), rtol=1e-6, atol=1e-4
    )


def test_integers_stay_within_their_range() -> None:
    """A sub-pixel shift of a step rings beyond both levels: 0 and 255 must not wrap round."""
    stack = np.zeros((2, 32, 32), np.uint8)
    stack[:, 8:24, 8:24] = 255
    moved = mf.apply_motion(stack, motion_along([(0, 0), (0.5, 0.5)]))[1]
    assert moved[2:6, 2:6].max() < 60
    assert moved[12:20, 12:20].min() > 200


@pytest.mark.parametrize("dtype", ["int32", "uint32"])
def test_whole_shifts_of_wide_integers_are_exact(dtype: str) -> None:
    info = np.iinfo(dtype)
    stack = np.random.default_rng(0).integers(info.min, info.max, (3, 18, 21)).astype(dtype)
    path = np.array([(0, 0), (1, -2), (2, -4)], float)
    moved = mf.apply_motion(stack, motion_along(path))
    np.testing.assert_array_equal(moved, rolled_by_hand(stack, path, 0))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_the_largest_integers_do_not_overflow(dtype: str) -> None:
    top = np.iinfo(dtype).max
    stack = np.full((2, 16, 16), top, dtype)
    stack[:, 4:12, 4:12] = top // 2
    moved = mf.apply_motion(stack, motion_along([(0, 0), (0.5, 0.5)]))[:, :-1, :-1]
    assert int(moved.min()) > top // 4  # wrapped round, it would be near 0
    assert int(moved.max()) > top - top // 100


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=2, max_size=4),
    st.integers(0, 99),
)
def test_nearest_makes_no_new_labels(path: list[tuple[float, float]], seed: int) -> None:
    labels = np.random.default_rng(seed).choice([0, 3, 70000, 2**31 - 1], (len(path), 16, 16))
    labels = labels.astype(np.int32)
    moved = mf.apply_motion(labels, motion_along(path), interpolation="nearest")
    assert set(np.unique(moved)) <= {0, *np.unique(labels)}
    assert moved.dtype == np.int32


def test_nearest_lets_nan_pass() -> None:
    stack = integers(2, "float32")
    stack[1, 5, 5] = np.nan
    moved = mf.apply_motion(stack, motion_along([(0, 0), (2, -3)]), interpolation="nearest")
    assert np.isnan(moved[1, 3, 8])
    assert np.isnan(moved).sum() == 1


@pytest.mark.parametrize("fill", [0, 7, -1.5, np.nan])
def test_fill_stands_where_the_field_does_not_reach(fill: float) -> None:
    stack = integers(3, "float32") + 1
    path = np.array([(0, 0), (2.5, 0), (0, -40)])
    moved = mf.apply_motion(stack, motion_along(path), fill=fill)
    np.testing.assert_array_equal(moved[1, -3:], np.float32(fill))  # rows 15.5… lie beyond 17
    assert (moved[1, :-3] != fill).all()
    np.testing.assert_array_equal(moved[2], np.float32(fill))
    np.testing.assert_allclose(moved[0], stack[0], atol=1e-4)


def test_torch_gives_torch() -> None:
    stack = integers(3, "int16")
    motion = motion_along([(0, 0), (1.4, 0.2), (2.8, 0.4)])
    moved = mf.apply_motion(torch.from_numpy(stack), motion)
    assert isinstance(moved, torch.Tensor)
    assert moved.dtype == torch.int16
    np.testing.assert_array_equal(moved.numpy(), mf.apply_motion(stack, motion))


@pytest.mark.parametrize("chunks", [(2, 9, 9), (1, 18, 21), ((3, 1, 3), 18, 7), (7, 18, 21)])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_dask_stays_lazy_and_keeps_its_chunks_along_t(chunks: Any, interpolation: str) -> None:
    stack = integers(7, "uint16")
    motion = motion_along(np.arange(7)[:, None] * np.array([[0.7, -1.1]]))
    calls: list[int] = []

    def note(block: np.ndarray) -> np.ndarray:
        calls.append(len(block))
        return block

    lazy = da.from_array(stack, chunks=chunks)
    noted = lazy.map_blocks(note, dtype=stack.dtype, meta=np.empty((0, 0, 0), stack.dtype))
    moved = mf.apply_motion(noted, motion, fill=9, interpolation=interpolation)
    assert isinstance(moved, da.Array)
    first = lazy.chunks[0][0] * lazy.numblocks[1] * lazy.numblocks[2]
    assert sum(calls) <= 3 * first  # the first frame, for level and type
    assert moved.chunks == (lazy.chunks[0], (18,), (21,))
    assert moved.dtype == stack.dtype
    plain = mf.apply_motion(stack, motion, fill=9, interpolation=interpolation)
    np.testing.assert_array_equal(moved.compute(scheduler="synchronous"), plain)
    np.testing.assert_array_equal(moved[4].compute(scheduler="synchronous"), plain[4])


def test_zarr_gives_dask() -> None:
    stack = integers(6, "uint8")
    motion = motion_along(np.arange(6)[:, None] * np.array([[0.7, -1.1]]))
    moved = mf.apply_motion(zarr.create_array(store={}, data=stack, chunks=(2, 9, 9)), motion)
    assert isinstance(moved, da.Array)
    assert all(n % 2 == 0 for n in moved.chunks[0])  # whole chunks of the store
    np.testing.assert_array_equal(
        moved.compute(scheduler="synchronous"), mf.apply_motion(stack, motion)
    )


def test_a_moved_stack_stands_still_and_its_mean_is_the_integrated_image() -> None:
    known = drifting((0.7, -1.1), side=80, frames=9)
    motion = mf.estimate_motion(known.stack)
    moved = mf.apply_motion(known.stack, motion, fill=np.nan)
    seen = np.isfinite(moved)
    np.testing.assert_array_equal(seen.sum(0), motion.coverage)
    np.testing.assert_allclose(np.nanmean(moved, 0), motion.integrated, atol=1e-3)
    np.testing.assert_allclose(mf.integrate(known.stack, motion), motion.integrated, atol=1e-4)
    inner = moved[:, 8:-8, 12:-12]
    assert np.isfinite(inner).all()
    again = mf.estimate_motion(inner)
    assert (np.abs(again.velocity) < 4 * again.velocity_stderr).all()


def test_integrate_of_a_moved_stack_with_no_motion_is_the_same() -> None:
    stack = integers(4, "float32")
    path = np.array([(0, 0), (0, 0), (0, 0), (0, 0)], float)
    moved = mf.apply_motion(stack, motion_along(path))
    np.testing.assert_allclose(moved, stack, atol=1e-4)
    np.testing.assert_allclose(mf.integrate(moved, motion_along(path)), stack.mean(0), atol=1e-4)


def test_periodic_motion_moves_all_round() -> None:
    stack = wrapping((2.5, -3.5), (32, 37), frames=6)
    path = np.arange(6)[:, None] * np.array([[2.5, -3.5]])
    moved = mf.apply_motion(stack, motion_along(path, "periodic"), fill=99)
    np.testing.assert_allclose(moved, np.broadcast_to(stack[0], stack.shape), atol=1e-4)
    rolled = np.stack([np.roll(stack[0], (2 * t, -3 * t), (0, 1)) for t in range(6)])
    back = mf.apply_motion(
        rolled,
        motion_along(np.arange(6)[:, None] * np.array([[2, -3]]), "periodic"),
        interpolation="nearest",
    )
    np.testing.assert_array_equal(back, np.broadcast_to(stack[0], stack.shape))
