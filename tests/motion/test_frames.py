"""Every container and number type gives the same frames, and none is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
import zarr
from tests.motion.made import drifting

import napari_motionfft as mf
from napari_motionfft.motion.frames import apodised, as_box, as_frames, overcount, window

KNOWN = drifting((0.6, -0.9), side=72, frames=9)
INTEGERS = np.rint(60 + 12 * (KNOWN.stack - KNOWN.stack.mean())).clip(0, 125).astype(np.uint8)
EXPECTED = mf.estimate_motion(INTEGERS)


def test_the_stack_of_these_tests_has_a_known_answer() -> None:
    assert EXPECTED.reliable
    np.testing.assert_allclose(EXPECTED.velocity, KNOWN.velocity, atol=0.03)


def same(motion: mf.Motion, rtol: float = 1e-5) -> None:
    """As EXPECTED, to a small part of its standard error and of the picture's range."""
    near = rtol * 100
    np.testing.assert_array_less(
        np.abs(motion.velocity - EXPECTED.velocity), near * EXPECTED.velocity_stderr + 1e-12
    )
    np.testing.assert_allclose(motion.velocity_stderr, EXPECTED.velocity_stderr, rtol=near)
    np.testing.assert_allclose(motion.score, EXPECTED.score, rtol=near)
    np.testing.assert_allclose(motion.integrated, EXPECTED.integrated, atol=near * 60)
    np.testing.assert_array_equal(motion.coverage, EXPECTED.coverage)


def as_zarr(stack: np.ndarray) -> Any:
    return zarr.create_array(store={}, data=stack, chunks=(4, 40, 40))


CONTAINERS: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda a: a,
    "list": lambda a: list(a),
    "torch": lambda a: torch.from_numpy(a.copy()),
    "torch with gradient": lambda a: torch.from_numpy(a.astype(np.float32)).requires_grad_(),
    "dask": lambda a: da.from_array(a, chunks=(4, 40, 40)),
    "dask, a frame a chunk": lambda a: da.from_array(a, chunks=(1, -1, -1)),
    "zarr": as_zarr,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_answer(container: str) -> None:
    same(mf.estimate_motion(CONTAINERS[container](INTEGERS)))


def test_a_memory_map_gives_the_same_answer(tmp_path: Path) -> None:
    np.save(tmp_path / "stack.npy", INTEGERS)
    same(mf.estimate_motion(np.load(tmp_path / "stack.npy", mmap_mode="r")))


TYPES = [
    *("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64", ">u2", ">i4", ">f4", ">f8", "<f4", "longdouble"),
]


@pytest.mark.parametrize("dtype", TYPES)
def test_every_number_type_gives_the_same_answer(dtype: str) -> None:
    same(mf.estimate_motion(INTEGERS.astype(dtype)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float16", "float64"])
def test_torch_number_types_give_the_same_answer(dtype: str) -> None:
    same(mf.estimate_motion(torch.from_numpy(INTEGERS).to(getattr(torch, dtype))))


def test_bfloat16_gives_nearly_the_same_answer() -> None:
    """8 bits of mantissa hold these integers exactly."""
    same(mf.estimate_motion(torch.from_numpy(INTEGERS).bfloat16()))


def test_a_binary_stack_moves_as_it_does() -> None:
    binary = KNOWN.stack > KNOWN.stack.mean()
    motion = mf.estimate_motion(binary)
    assert motion.reliable
    np.testing.assert_allclose(motion.velocity, KNOWN.velocity, atol=0.06)
    ours = mf.estimate_motion(torch.from_numpy(binary))
    np.testing.assert_allclose(ours.velocity, motion.velocity, atol=1e-9)
    # a sub-pixel shift of a step rings: seen by few frames, by up to a third of the step
    assert -0.5 < motion.integrated.min() < motion.integrated.max() < 1.5


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Fortran order": np.asfortranarray,
    "every other row of twice as many": lambda a: np.repeat(a, 2, 1)[:, ::2],
    "reversed twice": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "axes moved": lambda a: np.moveaxis(np.moveaxis(a, 0, 2).copy(), 2, 0),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layout_does_not_matter(layout: str) -> None:
    same(mf.estimate_motion(LAYOUTS[layout](INTEGERS)))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_input_is_read_only_and_stays_as_it_is(dtype: str) -> None:
    stack = INTEGERS.astype(dtype)
    before = stack.copy()
    stack.flags.writeable = False  # a write would raise
    motion = mf.estimate_motion(stack, background="static")
    mf.integrate(stack, motion)
    mf.apply_motion(stack, motion)
    mf.loss_landscape(stack)
    np.testing.assert_array_equal(stack, before)
    tensor = torch.from_numpy(before.copy())
    mf.estimate_motion(tensor, background="static")
    mf.apply_motion(tensor, motion)
    np.testing.assert_array_equal(tensor.numpy(), before)


@pytest.mark.parametrize("level", [1e4, 1e6])
def test_a_high_level_costs_no_digits(level: float) -> None:
    """float64 and wide integers are taken off their level before they are cut to float32."""
    motion = mf.estimate_motion(INTEGERS.astype(np.int64) + int(level))
    np.testing.assert_allclose(motion.velocity, EXPECTED.velocity, atol=1e-6)
    np.testing.assert_allclose(motion.integrated - level, EXPECTED.integrated, atol=level * 1e-6)


def test_a_region_of_a_lazy_stack_is_the_region_of_the_stack_itself() -> None:
    """The path of the search decides what is held; the refined path may reach a pixel further."""
    for seed in range(8):
        stack = drifting((-0.7, 1.0), side=120, frames=12, snr=0.3, seed=seed).stack
        region = (slice(30, 90), slice(24, 88))
        lazy = mf.estimate_motion(da.from_array(stack, chunks=(3, 40, 40)), region=region)
        whole = mf.estimate_motion(stack, region=region)
        np.testing.assert_allclose(lazy.velocity, whole.velocity, atol=1e-9)
        np.testing.assert_allclose(lazy.integrated, whole.integrated, atol=1e-4)
        np.testing.assert_array_equal(lazy.coverage, whole.coverage)


class Counted:
    """A (T, Y, X) array-like that notes what is read from it."""

    def __init__(self, data: np.ndarray) -> None:
        self.data, self.shape, self.dtype, self.ndim = data, data.shape, data.dtype, data.ndim
        self.read: list[tuple[int, ...]] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        part = self.data[key]
        self.read.append(part.shape)
        return part


REGION = (slice(20, 56), slice(16, 56))


def loads(stack: np.ndarray, chunks: tuple[int, int, int]) -> tuple[da.Array, list[Any]]:
    """A dask array, and a list that grows by the place of each chunk that is computed."""
    seen: list[Any] = []

    def note(block: np.ndarray, block_info: Any = None) -> np.ndarray:
        if block_info:
            seen.append(tuple(block_info[0]["chunk-location"]))
        return block

    lazy = da.from_array(stack, chunks=chunks)
    return lazy.map_blocks(note, dtype=stack.dtype, meta=np.empty((0, 0, 0), stack.dtype)), seen


def test_dask_reads_only_the_chunks_it_needs_and_each_at_most_four_times() -> None:
    """One pass to search, one to hold; the first frames once more to learn the level and type."""
    big = np.pad(INTEGERS, ((0, 0), (64, 64), (64, 64)), mode="reflect")  # 200 × 200 px
    lazy, seen = loads(big, (3, 20, 20))
    mf.estimate_motion(lazy, region=(slice(80, 120), slice(80, 120)), max_speed=2, device="cpu")
    later = [place for place in seen if place[0] > 0]  # the first chunks tell the level
    # region 80…120, content within 2 px/frame × 8 frames, 12 px margin: chunks 2…7 an axis
    assert {place[1] for place in later} <= set(range(2, 8))
    assert {place[2] for place in later} <= set(range(2, 8))
    assert max(seen.count(place) for place in set(seen)) <= 4
    # and never the whole stack
    assert len(set(later)) <= 2 * 36


def test_dask_whole_frame_is_read_twice_and_little_more() -> None:
    lazy, seen = loads(INTEGERS, (1, -1, -1))
    mf.estimate_motion(lazy, device="cpu")
    assert set(seen) == {(t, 0, 0) for t in range(9)}
    assert len(seen) <= 2 * 9 + 2


def test_any_array_like_is_read_by_slices_within_reach() -> None:
    counted = Counted(INTEGERS)
    motion = mf.estimate_motion(counted, region=REGION)
    assert all(shape[-2:] != () for shape in counted.read)
    alike = mf.estimate_motion(INTEGERS, region=REGION)
    np.testing.assert_allclose(motion.velocity, alike.velocity, atol=1e-9)


def test_level_and_scale_are_those_of_the_first_frame() -> None:
    frames = as_frames(INTEGERS)
    assert frames.offset == pytest.approx(INTEGERS[0].mean())
    assert frames.scale == pytest.approx(INTEGERS[0].std())
    read = frames.read(0, 2, ((0, 72), (0, 72)))
    assert read.dtype == torch.float32
    np.testing.assert_allclose(
        read.numpy() * frames.scale + frames.offset, INTEGERS[:2], rtol=0, atol=1e-4
    )


def test_a_constant_first_frame_does_not_set_the_scale() -> None:
    stack = INTEGERS.astype(np.float64) * 1e5
    stack[0] = 0
    assert as_frames(stack).scale == pytest.approx(stack[len(stack) // 2].std())


def test_region_of_none_and_open_slices() -> None:
    assert as_box(None, (30, 40)) == ((0, 30), (0, 40))
    assert as_box((slice(None), slice(8, None)), (30, 40)) == ((0, 30), (8, 40))
    assert as_box([slice(None, 20), slice(np.int64(3), np.int64(23))], (30, 40)) == (
        (0, 20),
        (3, 23),
    )


def test_windows() -> None:
    flat, hann, tukey = (window((24, 31), taper) for taper in (0.0, 1.0, 0.125))
    assert bool((flat == 1).all())
    y, x = (np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in (24, 31))
    np.testing.assert_allclose(hann.numpy(), np.outer(y, x), atol=1e-6)
    assert float(tukey[12, 15]) == 1
    assert float((tukey == 1).float().mean()) > 0.5
    for w in (hann, tukey):
        torch.testing.assert_close(w, w.flip(0, 1))
        assert 0 <= float(w.min()) <= float(w.max()) <= 1
    assert overcount(flat) == pytest.approx(1)
    # Hann: n·Σw⁴/(Σw²)² = (35/128)/(3/8)² an axis
    assert overcount(window((64, 64), 1.0)) == pytest.approx((35 / 128 / (3 / 8) ** 2) ** 2)
    assert 1 < overcount(tukey) < overcount(hann)


def test_apodised_frames_have_no_level() -> None:
    taper = window((20, 20), 1.0)
    frames = torch.rand(3, 20, 20) + torch.tensor([0.0, 5.0, 100.0])[:, None, None]
    out = apodised(frames, taper)
    torch.testing.assert_close(out.sum((1, 2)), torch.zeros(3), atol=2e-2, rtol=0)
    level = apodised(torch.full((1, 20, 20), 7.0), taper)
    assert float(level.abs().max()) < 1e-5
