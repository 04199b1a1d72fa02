"""Stacks at the edge of what there is to see: few frames, small frames, blank and equal ones."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.path_scenes import random_walk, rmse
from tests.motion.paths.made import along, walking

import napari_motionfft as mf
from napari_motionfft.motion.result import Motion

MODELS = ["velocity", "polynomial", "spline", "free", "auto"]


def sound(motion: Motion, frames: int) -> None:
    """Numbers where there must be numbers, a reason where it is in doubt."""
    assert motion.displacements.shape == (frames, 2)
    assert np.isfinite(motion.displacements).all()
    assert np.isfinite(motion.integrated).all()
    assert motion.reliable == (motion.reason == "")
    if motion.reliable:
        assert np.isfinite(motion.displacement_stderr).all()
        assert np.isfinite(motion.velocity_stderr).all()
    assert motion.frame_weights.sum() == pytest.approx(1)
    assert set(motion.excluded) <= set(range(frames))
    assert not set(motion.jumps) & set(motion.excluded)


def holds(motion: Motion, truth: np.ndarray, sigmas: float = 5.0) -> bool:
    """Whether the typical error is what the error bars say."""
    off = np.abs(motion.displacements - truth)[1:]
    return bool(np.median(off / (motion.displacement_stderr[1:] + 1e-3)) < sigmas)


@pytest.mark.parametrize("frames", [2, 3, 4, 5])
@pytest.mark.parametrize("model", MODELS)
def test_few_frames(model: str, frames: int) -> None:
    known = walking(frames, 64, 2.0, 3, 0.8)
    if model == "spline" and frames < 5:
        with pytest.raises(
            ValueError, match=f"model='spline' needs at least 5 frames, got {frames}"
        ):
            mf.estimate_motion(known.stack, model)
        return
    motion = mf.estimate_motion(known.stack, model)
    sound(motion, frames)
    if model in ("free", "auto"):
        assert motion.reliable, motion.reason
        assert rmse(motion.displacements, known.path) < 0.1


def test_two_frames_are_one_velocity() -> None:
    known = walking(2, 64, 2.0, 3, 2.0)
    motion = mf.estimate_motion(known.stack, "auto")
    assert motion.model == "velocity"
    assert holds(motion, known.path)


@pytest.mark.parametrize("side", [16, 20])
@pytest.mark.parametrize("model", ["velocity", "free", "auto"])
def test_small_frames(model: str, side: int) -> None:
    known = walking(20, side, 2.0, 3, 0.3)
    motion = mf.estimate_motion(known.stack, model)
    sound(motion, 20)
    if model == "free" and motion.reliable:
        assert holds(motion, known.path)
    # nowhere near a place that no frame of that size can tell
    assert np.abs(motion.displacements).max() < 4 * side


@pytest.mark.parametrize("model", ["velocity", "spline", "free"])
@pytest.mark.parametrize(
    "region", [(slice(50, 66), slice(0, 128)), (slice(0, 128), slice(90, 106))]
)
def test_long_thin_regions(model: str, region: tuple[slice, slice]) -> None:
    known = walking(16, 128, 2.0, 2)
    motion = mf.estimate_motion(known.stack, model, region=region)
    sound(motion, 16)
    if model == "free":
        assert motion.reliable, motion.reason
        assert rmse(motion.displacements, known.path) < 0.1


@pytest.mark.parametrize("model", MODELS)
def test_equal_frames_do_not_move(model: str) -> None:
    motion = mf.estimate_motion(np.repeat(walking(2, 64, 2.0).stack[:1], 8, 0), model)
    sound(motion, 8)
    assert motion.reliable, motion.reason
    assert motion.excluded == motion.jumps == ()
    np.testing.assert_allclose(motion.displacements, 0, atol=1e-3)


@pytest.mark.parametrize("model", ["polynomial", "auto"])
@pytest.mark.parametrize("value", ["constant", "noise"])
def test_every_other_frame_blank(model: str, value: str) -> None:
    known = walking(20, 64, 2.0, 3, 0.3)
    stack = known.stack.copy()
    bad = list(range(0, 20, 2))
    rng = np.random.default_rng(1)
    stack[bad] = 0.3 if value == "constant" else 0.7 * rng.standard_normal((10, 64, 64))
    motion = mf.estimate_motion(stack, model)
    sound(motion, 20)
    good = set(bad)
    if motion.reliable:
        assert set(motion.excluded) == good
        if model in ("free", "auto"):
            assert rmse(motion.displacements, known.path, good) < 0.05
            # frame 0 is bad: what it is measured from is not known
            assert motion.displacement_stderr[bad].min() > 0.1
    else:
        assert "match" in motion.reason or "not determined" in motion.reason


def test_more_than_half_blank_is_told() -> None:
    known = walking(20, 64, 2.0, 3, 0.3)
    stack = known.stack.copy()
    stack[[t for t in range(20) if t % 5 < 3]] = 0.5
    motion = mf.estimate_motion(stack, "free")
    sound(motion, 20)
    assert not motion.reliable
    assert "More than half of the frames do not match" in motion.reason


@pytest.mark.parametrize("model", ["velocity", "spline", "auto"])
def test_only_two_frames_show_anything(model: str) -> None:
    known = walking(12, 64, 2.0, 3)
    stack = np.zeros_like(known.stack)
    stack[[4, 5]] = known.stack[[4, 5]]
    sound(mf.estimate_motion(stack, model), 12)


@pytest.mark.parametrize("model", ["velocity", "spline", "auto"])
def test_saturated_frames(model: str) -> None:
    known = walking(20, 64, 2.0, 3, 0.3)
    stack = known.stack - known.stack.min()
    stack = (stack / stack.max() * 200).astype(np.uint8)
    stack[[4, 5, 13]] = 255
    motion = mf.estimate_motion(stack, model)
    sound(motion, 20)
    if model in ("free", "auto"):
        assert motion.excluded == (4, 5, 13)
        assert rmse(motion.displacements, known.path, motion.excluded) < 0.05


def test_a_stack_that_flickers() -> None:
    """Brightness and contrast that change from frame to frame are no motion."""
    known = walking(20, 64, 2.0, 3)
    rng = np.random.default_rng(0)
    gain = np.exp(0.4 * rng.standard_normal(20))[:, None, None]
    stack = gain * known.stack + 5 * rng.standard_normal(20)[:, None, None]
    motion = mf.estimate_motion(stack, "free")
    assert motion.reliable, motion.reason
    assert motion.excluded == ()
    assert rmse(motion.displacements, known.path) < 0.08


def test_many_small_frames() -> None:
    known = along(random_walk(3, 200, 0.1), 32, 1.0)
    motion = mf.estimate_motion(known.stack, "free", effort="fast")
    sound(motion, 200)
    assert motion.reliable, motion.reason
    assert motion.excluded == ()
    assert rmse(motion.displacements, known.path) < 0.12
    assert motion.settings["seconds"] < 15


def test_fast_travel_in_one_direction() -> None:
    """A fifth of the field a frame, given the range: windows chained frame by frame."""
    from benchmarks.path_scenes import steady

    known = along(steady(1, 12, 12.0), 64, 2.0)
    motion = mf.estimate_motion(known.stack, "free", max_speed=16)
    sound(motion, 12)
    assert motion.reliable, motion.reason
    assert rmse(motion.displacements, known.path) < 0.3
