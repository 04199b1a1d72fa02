"""The same path whatever holds the stack, from a part of it, and through its symmetries."""

from __future__ import annotations

from functools import cache
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from benchmarks.path_scenes import random_walk, rmse
from benchmarks.scenes import shifted
from tests.motion.made import wrapping
from tests.motion.paths.made import walking

import napari_motionfft as mf
from napari_motionfft.motion.result import Motion

KNOWN = walking(20, 64, 2.0, 0, 0.6)
STACK = KNOWN.stack
MODELS = ["polynomial", "spline", "free", "auto"]


@cache
def plain(model: str = "free") -> Motion:
    return mf.estimate_motion(STACK, model, device="cpu")


def rounded() -> np.ndarray:
    """As a camera gives it: whole counts on a high offset."""
    return np.asarray((60000 + 150 * STACK).round(), dtype=np.uint16)


@pytest.mark.parametrize(
    "given",
    [
        torch.from_numpy(STACK),
        da.from_array(STACK, chunks=(3, 40, 64)),
        STACK.astype(np.float64),
        STACK[:, ::-1][:, ::-1],
        np.asfortranarray(STACK),
        STACK.astype(">f4"),
        list(STACK),
    ],
    ids=["torch", "dask", "float64", "views", "fortran", "big-endian", "list"],
)
def test_any_array_gives_the_same_path(given: Any) -> None:
    motion = mf.estimate_motion(given, "free", device="cpu")
    np.testing.assert_allclose(motion.displacements, plain().displacements, atol=2e-4)


@pytest.mark.parametrize("model", ["spline", "free"])
def test_counts_on_a_high_offset(model: str) -> None:
    motion = mf.estimate_motion(rounded(), model)
    assert motion.reliable == plain(model).reliable
    np.testing.assert_allclose(motion.displacements, plain(model).displacements, atol=0.01)
    assert abs(float(motion.integrated.mean()) - 60000) < 300


def test_the_region_alone_is_what_moves() -> None:
    box = (slice(8, 60), slice(10, 58))
    motion = mf.estimate_motion(STACK, "free", region=box)
    assert motion.region == ((8, 60), (10, 58))
    assert motion.origin == (8, 10)
    assert motion.integrated.shape == (52, 48)
    assert rmse(motion.displacements, KNOWN.path) < 0.06
    # what moves elsewhere does not matter
    stack = STACK.copy()
    stack[:, :, :4] = np.random.default_rng(0).standard_normal((20, 64, 4)) * 9
    again = mf.estimate_motion(stack, "free", region=box)
    assert rmse(again.displacements, KNOWN.path) < 0.06


def same(one: Any, other: Any, atol: float) -> None:
    np.testing.assert_allclose(one - one[0], other - other[0], atol=atol)


@pytest.mark.parametrize("model", ["spline", "free", "auto"])
@pytest.mark.parametrize(("gain", "offset"), [(1e-6, 0.0), (-2e4, 3e5)])
def test_gain_and_offset_change_nothing(model: str, gain: float, offset: float) -> None:
    motion = mf.estimate_motion((gain * STACK.astype(np.float64) + offset), model)
    assert motion.model == plain(model).model
    same(motion.displacements, plain(model).displacements, 2e-3)
    np.testing.assert_allclose(motion.score, plain(model).score, rtol=0.02)


@pytest.mark.parametrize("model", ["polynomial", "free"])
def test_time_runs_backwards(model: str) -> None:
    motion = mf.estimate_motion(np.ascontiguousarray(STACK[::-1]), model)
    assert motion.model == plain(model).model
    # other windows, other noise in them: alike to a fraction of the error
    same(motion.displacements[::-1], plain(model).displacements, 0.05)
    np.testing.assert_allclose(motion.velocity, -plain(model).velocity, atol=0.005)


@pytest.mark.parametrize("model", ["polynomial", "free"])
def test_a_transposed_stack_has_a_transposed_path(model: str) -> None:
    motion = mf.estimate_motion(np.ascontiguousarray(STACK.transpose(0, 2, 1)), model)
    assert motion.model == plain(model).model
    same(motion.displacements[:, ::-1], plain(model).displacements, 0.01)
    np.testing.assert_allclose(
        motion.displacement_stderr[1:, ::-1], plain(model).displacement_stderr[1:], rtol=0.35
    )


@pytest.mark.parametrize("axis", [1, 2])
def test_a_mirrored_stack_has_a_mirrored_path(axis: int) -> None:
    motion = mf.estimate_motion(np.ascontiguousarray(np.flip(STACK, axis)), "free")
    mirrored = motion.displacements * (-1.0 if axis == 1 else 1.0, -1.0 if axis == 2 else 1.0)
    same(mirrored, plain().displacements, 0.02)


def test_the_same_again() -> None:
    again = mf.estimate_motion(STACK, "free", device="cpu")
    np.testing.assert_array_equal(again.displacements, plain().displacements)
    np.testing.assert_array_equal(again.integrated, plain().integrated)


def test_the_stack_is_left_as_it_is() -> None:
    stack = rounded()
    before = stack.copy()
    mf.estimate_motion(stack, "auto")
    np.testing.assert_array_equal(stack, before)


def test_content_that_wraps_around() -> None:
    base = wrapping((0.0, 0.0), (64, 64), 1)[0]
    path = random_walk(3, 20, 2.0)
    stack = np.stack([shifted(base, at) for at in path])
    stack += 0.5 * base.std() * np.random.default_rng(0).standard_normal(stack.shape)
    motion = mf.estimate_motion(stack, "auto", boundary="periodic")
    assert motion.reliable
    assert motion.model == "free"
    assert rmse(motion.displacements, path) < 0.03
    assert motion.coverage.min() == 20


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_still_pattern_does_not_win_when_it_is_taken_out(scale: float) -> None:
    known = walking(24, 64, 2.0, 1, 1.5)
    pattern = scale * known.stack.std() * np.random.default_rng(5).standard_normal((64, 64))
    stack = known.stack + pattern.astype(np.float32)
    motion = mf.estimate_motion(stack, "free", background="static")
    # a little too large where the travel is short: as its note says
    assert rmse(motion.displacements, known.path) < 0.25
    assert any("takes out" in note for note in motion.notes)


@pytest.mark.parametrize("prefilter", ["gradient", "dog"])
def test_a_prefilter_is_heeded(prefilter: str) -> None:
    clean = walking(20, 64, None, 0, 0.6)
    motion = mf.estimate_motion(clean.stack, "free", prefilter=prefilter)
    assert rmse(motion.displacements, clean.path) < 0.05
    # the images are those of the frames themselves
    wanted = mf.estimate_motion(clean.stack, "free").integrated
    assert np.corrcoef(motion.integrated.ravel(), wanted.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("weight", ["flat", "wiener", "phat"])
def test_other_weights_find_the_path_too(weight: str) -> None:
    motion = mf.estimate_motion(STACK, "free", weight=weight)
    assert motion.reliable, motion.reason
    assert rmse(motion.displacements, KNOWN.path) < 0.05


@pytest.mark.gpu
@pytest.mark.parametrize("model", ["velocity", *MODELS])
def test_cpu_and_gpu_agree(model: str) -> None:
    here = mf.estimate_motion(STACK, model, device="cpu")
    there = mf.estimate_motion(STACK, model, device="cuda")
    assert here.model == there.model
    assert here.excluded == there.excluded
    assert here.jumps == there.jumps
    np.testing.assert_allclose(there.displacements, here.displacements, atol=2e-3)
    np.testing.assert_allclose(there.displacement_stderr, here.displacement_stderr, rtol=0.02)
    np.testing.assert_allclose(there.integrated, here.integrated, atol=2e-3 * STACK.std())
