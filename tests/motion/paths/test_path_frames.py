"""Frames that are left out, jumps that are kept, weights that are asked for: the whole way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks.path_scenes import KnownPath, rmse, sinusoid, with_bad_frames
from tests.motion.paths.made import along, walking

import napari_motionfft as mf

FRAMES, SIDE = 30, 96


def spoilt(seed: int, snr: float | None = 2.0) -> tuple[KnownPath, KnownPath]:
    """A clean stack and the same with four blank frames and one of another scene."""
    known = walking(FRAMES, SIDE, snr, seed, 0.6)
    return known, with_bad_frames(known, seed, blank=4, other=1)


@pytest.mark.parametrize(("model", "seed"), [("free", 0), ("free", 1), ("free", 2), ("auto", 0)])
def test_bad_frames_are_listed_and_the_others_are_as_good_as_without(model: str, seed: int) -> None:
    clean, known = spoilt(seed)
    motion = mf.estimate_motion(known.stack, model)
    assert motion.reliable, motion.reason
    assert motion.excluded == known.bad
    assert any("Left out" in note for note in motion.notes)
    bad = list(known.bad)
    good = [t for t in range(FRAMES) if t not in known.bad]
    plain = mf.estimate_motion(clean.stack, model)
    before = rmse(plain.displacements, clean.path, known.bad)
    assert rmse(motion.displacements, known.path, known.bad) < 1.25 * before + 1e-3
    # wide errors that hold what the interpolation misses
    wide = motion.displacement_stderr[bad]
    assert float(wide.min()) > 5 * float(np.median(motion.displacement_stderr[good]))
    missed = np.abs(motion.displacements - known.path)[bad] / wide
    assert (missed < 3).all()
    np.testing.assert_array_equal(motion.frame_weights[bad], 0)
    np.testing.assert_allclose(motion.frame_weights[good], 1 / len(good))
    assert motion.coverage.max() == len(good)
    assert float(np.abs(motion.correlation[bad]).max()) < 0.4
    assert float(motion.correlation[good].min()) > 0.6


def test_a_bad_first_frame_spoils_nothing() -> None:
    known = walking(FRAMES, SIDE, 2.0, 0, 0.6)
    stack = known.stack.copy()
    stack[0] = stack.mean()
    for model in ("free", "spline", "polynomial"):
        good = mf.estimate_motion(known.stack, model)
        motion = mf.estimate_motion(stack, model)
        assert motion.excluded == (0,)
        wanted = rmse(good.displacements, known.path, {0})
        assert rmse(motion.displacements, known.path, {0}) < 1.3 * wanted + 1e-3


def test_the_mean_shows_the_scene_without_the_bad_frames() -> None:
    clean, known = spoilt(1)
    mean = mf.estimate_motion(known.stack, "free").integrated
    wanted = mf.estimate_motion(clean.stack, "free").integrated
    inner = (slice(12, -12),) * 2
    assert np.corrcoef(mean[inner].ravel(), wanted[inner].ravel())[0, 1] > 0.98


@pytest.mark.parametrize("seed", range(3))
def test_constant_velocity_lists_bad_frames_too(seed: int) -> None:
    from benchmarks.path_scenes import steady

    line = along(steady(seed, FRAMES, 0.3), SIDE, 2.0, seed)
    known = with_bad_frames(line, seed, blank=4, other=1)
    motion = mf.estimate_motion(known.stack)
    assert motion.model == "velocity"
    assert motion.excluded == known.bad
    assert motion.reliable
    wanted = (known.path[-1] - known.path[0]) / (FRAMES - 1)
    assert (np.abs(motion.velocity - wanted) < 4 * motion.velocity_stderr + 1e-3).all()
    clean = mf.estimate_motion(line.stack)
    assert clean.excluded == ()
    assert np.isfinite(clean.correlation).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("snr", [None, 1.0, 0.5])
def test_clean_stacks_lose_no_frame_and_have_no_jumps(seed: int, snr: float | None) -> None:
    motion = mf.estimate_motion(walking(20, 64, snr, seed, 0.6).stack, "free")
    assert motion.excluded == ()
    assert motion.jumps == ()


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("spline", "still"),
        ("spline", "wave"),
        ("spline", "line"),
        ("free", "line"),
        ("auto", "wave"),
    ],
)
def test_a_jump_is_found_listed_and_kept(model: str, base: str) -> None:
    from benchmarks.path_scenes import steady

    path = {
        "still": np.zeros((FRAMES, 2)),
        "wave": sinusoid(FRAMES, 3.0),
        "line": steady(0, FRAMES, 0.3),
    }[base].copy()
    path[17:] += (9.0, -7.0)
    known = along(path, SIDE, 1.0)
    motion = mf.estimate_motion(known.stack, model)
    assert motion.reliable, motion.reason
    assert motion.jumps == (17,)
    assert rmse(motion.displacements, known.path) < 0.06
    step = motion.displacements[17] - motion.displacements[16]
    np.testing.assert_allclose(step, known.path[17] - known.path[16], atol=0.25)


def test_a_jump_among_bad_frames() -> None:
    path = np.zeros((FRAMES, 2))
    path[12:] += (-8.0, 6.0)
    known = along(path, SIDE, 2.0)
    stack = known.stack.copy()
    stack[[5, 11, 12, 20]] = stack.mean()
    motion = mf.estimate_motion(stack, "free")
    assert motion.excluded == (5, 11, 12, 20)
    assert motion.jumps == (13,)
    assert rmse(motion.displacements, known.path, motion.excluded) < 0.03


@pytest.mark.parametrize("model", ["velocity", "free"])
@pytest.mark.parametrize("kind", ["geometric", "sharpness"])
def test_named_weights_are_those_of_their_own_function(model: str, kind: str) -> None:
    known = walking(16, 64, 2.0)
    motion = mf.estimate_motion(known.stack, model, frame_weights=kind)
    np.testing.assert_allclose(
        motion.frame_weights, mf.frame_weights(known.stack, kind), atol=1e-9, rtol=1e-6
    )
    assert motion.frame_weights.sum() == pytest.approx(1)


def test_equal_weights_change_nothing() -> None:
    stack = walking(16, 64, 1.0).stack
    plain = mf.estimate_motion(stack, "free")
    equal: Any = np.full(16, 7.0)
    weighted = mf.estimate_motion(stack, "free", frame_weights=equal)
    np.testing.assert_allclose(weighted.displacements, plain.displacements, atol=1e-6)
    np.testing.assert_allclose(weighted.displacement_stderr, plain.displacement_stderr, rtol=1e-4)
    np.testing.assert_allclose(weighted.integrated, plain.integrated, atol=1e-4)


def test_noisier_frames_that_weigh_less_cost_less() -> None:
    """Half of the frames in three times the noise: weights of 1/9 there, three seeds pooled."""
    errors = []
    for seed in range(3):
        known = walking(24, 64, 2.0, seed)
        stack, bad = known.stack.copy(), np.arange(0, 24, 2)
        noise = stack.std() / 2 * np.sqrt(8)
        stack[bad] += noise * np.random.default_rng(seed).standard_normal((12, 64, 64))
        weights = np.ones(24)
        weights[bad] = 1 / 9
        good = set(bad.tolist())
        plain = mf.estimate_motion(stack, "free", binning=1)
        weighted = mf.estimate_motion(stack, "free", binning=1, frame_weights=weights)
        errors.append([rmse(one.displacements, known.path, good) for one in (plain, weighted)])
        np.testing.assert_allclose(weighted.frame_weights, weights / weights.sum())
    plain_error, weighted_error = np.sqrt(np.square(errors).mean(0))
    assert weighted_error < plain_error
