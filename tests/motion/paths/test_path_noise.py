"""Where nothing says how the scene moved, the answer says that, and why."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.path_scenes import moving_window, noise_only, random_walk
from tests.motion.made import scene
from tests.motion.paths.made import along, walking

import napari_motionfft as mf


@pytest.mark.parametrize(("model", "count"), [("spline", 4), ("free", 10), ("auto", 6)])
def test_pure_noise_is_not_reliable(model: str, count: int) -> None:
    """Twenty noises, 12 frames of 48 px: none passes for motion."""
    for seed in range(count):
        motion = mf.estimate_motion(noise_only(seed, 12, 48), model)
        assert not motion.reliable
        assert motion.reason.endswith(".")
        assert np.isfinite(motion.displacements).all()


def test_smooth_noise_is_not_reliable() -> None:
    """A new 1/f texture in every frame: strong, but nothing in common."""
    for seed in range(2):
        stack = np.stack([scene(256, 50 * seed + t)[:48, :48] for t in range(12)])
        for model in ("free", "auto"):
            motion = mf.estimate_motion(stack, model)
            assert not motion.reliable, (seed, model)


@pytest.mark.parametrize(
    ("model", "at"), [("polynomial", 12), ("spline", 10), ("free", 10), ("free", 12)]
)
def test_two_scenes_are_not_one_path(model: str, at: int) -> None:
    known = walking(20, 64, 2.0, 3)
    other = moving_window(scene(256, 9), random_walk(5, 20, 0.5), 64, 2.0)
    stack = known.stack.copy()
    stack[at:] = other.stack[at:] * (known.stack.std() / other.stack.std())
    motion = mf.estimate_motion(stack, model)
    if motion.reliable:  # the lesser part is left out
        assert set(range(at, 20)) <= set(motion.excluded) | set(range(at))
        assert motion.excluded
    else:
        assert "nothing in common" in motion.reason or "not determined" in motion.reason


@pytest.mark.parametrize("model", ["velocity", "polynomial", "spline", "free"])
def test_a_jump_beyond_half_the_field_is_doubted_or_right(model: str) -> None:
    path = random_walk(3, 20, 0.3)
    path[10:] += (40, 0)
    known = along(path, 64, 2.0)
    motion = mf.estimate_motion(known.stack, model)
    off = motion.displacements - known.path
    wrong = np.abs(off[10:].mean(0) - off[:10].mean(0)).max()
    assert wrong < 1 or not motion.reliable


@pytest.mark.parametrize("model", ["polynomial", "free"])
def test_stripes_say_nothing_along_themselves(model: str) -> None:
    rng = np.random.default_rng(0)
    lines = np.cumsum(rng.standard_normal(200))
    path = random_walk(0, 16, 1.0)[:, 0]
    t = np.arange(64)
    stack = np.stack([np.interp(t + 60 - at, np.arange(200), lines) for at in path])
    stack = np.repeat(stack[:, :, None], 64, 2) + 0.3 * rng.standard_normal((16, 64, 64))
    motion = mf.estimate_motion(stack, model)
    assert not motion.reliable
    assert "direction" in motion.reason or "not determined" in motion.reason


@pytest.mark.parametrize("model", ["spline", "free"])
def test_where_most_frames_are_noise_no_scene_is_meant(model: str) -> None:
    known = walking(20, 64, 2.0, 3)
    stack = known.stack.copy()
    bad = [t for t in range(20) if t % 5 != 2]
    stack[bad] = stack.std() * np.random.default_rng(0).standard_normal((16, 64, 64))
    motion = mf.estimate_motion(stack, model)
    good = [t for t in range(20) if t not in bad]
    off = (motion.displacements - known.path)[good]
    assert not motion.reliable or float(np.abs(off - off.mean(0)).max()) < 0.2
