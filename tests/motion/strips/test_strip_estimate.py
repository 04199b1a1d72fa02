"""Velocity along a strip: errors against the bound, error bars, flows, and what is refused."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks import strip_scenes as scenes

import napari_motionfft as mf
from napari_motionfft.motion.strips.result import StripMotion


def consistent(motion: StripMotion) -> None:
    """Every field has its shape; what a user reads is finite, and refusals say why."""
    windows = len(motion.starts)
    for values in (motion.velocities, motion.stderr, motion.score, motion.reliable):
        assert values.shape == (windows,)
    assert len(motion.reasons) == len(motion.peaks) == windows
    assert motion.spectrogram.values.shape == (windows, len(motion.spectrogram.velocities))
    assert motion.spectrogram.values.dtype == np.float32
    assert (np.diff(motion.spectrogram.velocities) > 0).all()
    assert motion.background.shape == (motion.shape[1],)
    assert np.isfinite(motion.velocities).all()
    assert np.isfinite(motion.spectrogram.values).all()
    assert np.isfinite(motion.score).all()
    sure = motion.reliable
    assert (motion.stderr[sure] > 0).all()
    assert np.isfinite(motion.stderr[sure]).all()
    for at, (reliable, reason) in enumerate(zip(sure, motion.reasons, strict=True)):
        assert reliable == (reason == "")
        assert reliable or reason.endswith(".")
        if reliable:
            best = motion.peaks[at][0]
            assert (best.velocity, best.stderr) == (motion.velocities[at], motion.stderr[at])
            assert best.score == motion.score[at] == max(peak.score for peak in motion.peaks[at])


@pytest.mark.parametrize("background", ["none", "static"])
@pytest.mark.parametrize("snr", [1.0, 0.3])
def test_constant_velocity_is_within_the_bound_and_its_own_error(
    snr: float, background: str
) -> None:
    """16 seeds, L = 256, T = 128: a root mean square is known to 18 %; benchmarks know more."""
    over, z = [], []
    for seed in range(16):
        known = scenes.kymograph(seed, snr)
        motion = mf.estimate_strip_motion(known.kymograph, background=background)
        consistent(motion)
        assert motion.reliable.all()
        off = motion.velocities[0] - known.velocities[0]
        over.append(off / known.bound)
        z.append(off / motion.stderr[0])
    assert np.sqrt(np.mean(np.square(over))) < 1.6
    assert np.abs(over).max() < 4
    assert 0.55 < np.sqrt(np.mean(np.square(z))) < 1.5


@pytest.mark.parametrize("velocity", [2.0, -2.02, 1.99, 4.02, -1.0])
def test_near_whole_numbers_a_moving_pattern_is_no_still_one(velocity: float) -> None:
    """At k = 1/v it looks the same in every frame."""
    for seed in (40003, 1):
        known = scenes.kymograph(seed, 1.0, velocity)
        motion = mf.estimate_strip_motion(known.kymograph)
        assert motion.reliable.all()
        assert abs(motion.velocities[0] - velocity) < 4 * known.bound
        assert motion.stderr[0] < 2 * known.bound


@pytest.mark.parametrize("static", [1.0, 25.0])
def test_a_wall_in_front_does_not_matter(static: float) -> None:
    for seed in range(4):
        known = scenes.kymograph(seed, 1.0, static=static)
        motion = mf.estimate_strip_motion(known.kymograph)
        assert motion.reliable.all()
        off = motion.velocities[0] - known.velocities[0]
        assert abs(off) < 4 * known.bound
        assert abs(off) < 4 * motion.stderr[0]
    level = motion.background - known.kymograph.mean(0)
    assert np.ptp(level) < 1e-3 * np.ptp(motion.background)


@pytest.mark.parametrize(("snr", "most"), [(1.0, 0.02), (0.3, 0.06)])
@pytest.mark.parametrize("blood", [False, True])
def test_pulsatile_flow(snr: float, most: float, blood: bool) -> None:
    """±20 %, windows of 64 lines: the issue's figures, of every window's mean velocity."""
    known = scenes.blood_flow(1, snr) if blood else scenes.pulsatile(1, snr)
    motion = mf.estimate_strip_motion(known.kymograph, 64, 32)
    consistent(motion)
    truth = known.mean_velocities(motion.starts, 64)
    assert np.ptp(truth) > 0.3 * truth.mean()
    assert motion.reliable.mean() > 0.97
    sure = motion.reliable
    off = (motion.velocities - truth)[sure]
    assert np.sqrt(np.mean((off / truth[sure]) ** 2)) < most / 2
    assert np.abs(off / truth[sure]).max() < most
    assert np.mean(np.abs(off) < 2 * motion.stderr[sure]) > 0.8


@pytest.mark.parametrize("snr", [3.0, 0.5])
@pytest.mark.parametrize("window", [None, 64])
def test_two_flows_are_both_found(snr: float, window: int | None) -> None:
    for seed in range(3):
        motion = mf.estimate_strip_motion(scenes.two_flows(seed, snr), window)
        consistent(motion)
        assert motion.reliable.all()
        for peaks in motion.peaks:
            assert len(peaks) == 2
            found = sorted(peaks, key=lambda peak: -peak.velocity)
            for peak, velocity in zip(found, scenes.FLOWS, strict=True):
                assert abs(peak.velocity - velocity) < 0.05
                assert peak.stderr < 0.02


REFUSED: dict[str, tuple[Any, str]] = {
    "aliased": (lambda seed: scenes.aliased(seed, 1.0).kymograph, "No pattern returns .* aliased"),
    "still": (lambda seed: scenes.static_only(seed, 1.0), "The pattern stands still: .* variance"),
    "noise": (scenes.noise_only, "Only noise is seen"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("window", [None, 32])
def test_what_cannot_be_told_is_refused_and_named(kind: str, window: int | None) -> None:
    """One false alarm in a thousand windows is allowed by design; here are 6 and 42."""
    make, says = REFUSED[kind]
    for seed in range(6):
        motion = mf.estimate_strip_motion(make(seed), window)
        consistent(motion)
        assert not motion.reliable.any()
        assert math.isnan(motion.velocity)
        assert math.isnan(motion.velocity_stderr)
        for reason in motion.reasons:
            assert "chance alone reaches" in reason
            assert re.search(says, reason), reason


def test_still_and_aliased_without_noise() -> None:
    still = mf.estimate_strip_motion(scenes.static_only(0, math.inf))
    assert "The pattern stands still: 100%" in still.reasons[0]
    assert still.score[0] == 0
    kept = mf.estimate_strip_motion(scenes.static_only(0, 3.0), background="none")
    assert kept.reliable.all()
    assert abs(kept.velocities[0]) < 4 * kept.stderr[0]


def test_stop_and_go_says_when_it_stood_still() -> None:
    """128 lines at rest, then 1.2 px a line: no window of the first half claims a motion."""
    positions = np.concatenate([np.zeros(128), 1.2 * np.arange(128)])
    motion = mf.estimate_strip_motion(scenes.moving_line(0, 2.0, positions, 128)[0], 32)
    consistent(motion)
    before, after = motion.starts + 32 <= 128, motion.starts >= 128
    assert not motion.reliable[before].any()
    for at in np.flatnonzero(before):
        assert "The pattern stands still in this window" in motion.reasons[at]
    assert motion.reliable[after].all()
    assert np.abs(motion.velocities[after] - 1.2).max() < 0.02


def test_what_bleaches_leaves_no_second_motion() -> None:
    """A still level that fades is not taken out in whole; it is no motion, be it that uncertain."""
    fading = np.exp(-np.arange(256) / 60)[:, None]
    lines = (scenes.kymograph(0, 3.0, 0.7, 128, 256).kymograph + 10) * fading
    motion = mf.estimate_strip_motion(lines, 32)
    bright = motion.starts < 180
    assert motion.reliable[bright].all()
    assert all(len(motion.peaks[at]) == 1 for at in np.flatnonzero(bright))
    assert np.abs(motion.velocities[bright] - 0.7).max() < 0.02


def test_motion_too_slow_to_tell_from_stillness_is_refused() -> None:
    motion = mf.estimate_strip_motion(scenes.kymograph(0, 3.0, 0.004).kymograph)
    assert not motion.reliable.any()
    free = mf.estimate_strip_motion(scenes.kymograph(0, 3.0, 0.004).kymograph, background="none")
    assert free.reliable.all()
    assert abs(free.velocities[0] - 0.004) < 4 * free.stderr[0]


def test_too_small_a_search_range_gives_no_other_velocity() -> None:
    known = scenes.kymograph(0, 3.0, 1.5)
    motion = mf.estimate_strip_motion(known.kymograph, max_speed=1.0)
    assert not motion.reliable.any()
    assert np.abs(motion.spectrogram.velocities).max() == pytest.approx(1.0)
    wide = mf.estimate_strip_motion(known.kymograph, max_speed=2.0)
    assert wide.reliable.all()
    assert abs(wide.velocities[0] - 1.5) < 4 * wide.stderr[0]


@pytest.mark.parametrize("fast", [20.0, -45.0])
def test_fast_motion_within_the_range(fast: float) -> None:
    known = scenes.kymograph(0, 3.0, fast, frames=24)
    motion = mf.estimate_strip_motion(known.kymograph)
    assert motion.reliable.all()
    assert abs(motion.velocities[0] - fast) < 4 * motion.stderr[0]
    assert motion.stderr[0] < 0.1


@pytest.mark.parametrize("weight", ["auto", "flat", "gaussian", "phat", "wiener"])
def test_every_weight_finds_the_motion(weight: str) -> None:
    known = scenes.kymograph(1, 1.0, 0.9, length=128, frames=64)
    motion = mf.estimate_strip_motion(known.kymograph, weight=weight)
    consistent(motion)
    assert motion.reliable.all()
    assert abs(motion.velocities[0] - 0.9) < max(5 * motion.stderr[0], 0.01)
    assert motion.settings["weight"] == weight


def test_periodic_content_comes_back_in() -> None:
    bound = scenes.strip_bound(scenes.texture_power(128, 1 / 128), 1.0, np.zeros(64), 128)
    error = []
    for seed in range(6):
        line = scenes.texture(np.random.default_rng(seed), 128, 1 / 128)
        lines = scenes.seen(line, 128, 1.7 * np.arange(64.0), 128)
        lines = lines + np.random.default_rng(100 + seed).standard_normal(lines.shape)
        motion = mf.estimate_strip_motion(lines, boundary="periodic", background="none")
        assert motion.reliable.all()
        assert abs(motion.velocities[0] - 1.7) < 4 * motion.stderr[0]
        error.append(motion.stderr[0])
    assert 1.0 < np.median(error) / bound < 1.7


@pytest.mark.parametrize("velocity", [2.5, -10.0, 30.0])
def test_one_fast_flow_is_one_peak(velocity: float) -> None:
    known = scenes.kymograph(0, 2.0, velocity, frames=64)
    motion = mf.estimate_strip_motion(known.kymograph)
    assert [len(peaks) for peaks in motion.peaks] == [1]


@pytest.mark.parametrize("heading", [0.0, 30.0])
def test_oblique_strip_sees_the_projection(heading: float) -> None:
    """30° from the x axis; content that crosses the strip needs one wider than it moves."""
    off = []
    for seed in range(3):
        known = scenes.oblique_movie(seed, 3.0, heading=heading)
        strip = mf.extract_strip(known.stack, known.path, 25)
        motion = mf.estimate_strip_motion(strip)
        assert motion.reliable.all()
        off.append(motion.velocities[0] / known.along - 1)
    assert np.abs(off).max() < (0.02 if heading else 0.003)


def test_constant_lines_are_no_error() -> None:
    """One dark strip among many must not end the run."""
    motion = mf.estimate_strip_motion(np.full((32, 64), 7.0), 16)
    consistent(motion)
    assert not motion.reliable.any()
    np.testing.assert_allclose(motion.background, 7.0, atol=1e-5)


@pytest.mark.parametrize("shape", [(4, 16), (4, 300), (300, 16), (5, 17)])
def test_the_smallest_kymographs_run(shape: tuple[int, int]) -> None:
    frames, length = shape
    known = scenes.kymograph(0, 5.0, 0.5, length, frames)
    for background in ("none", "static"):
        motion = mf.estimate_strip_motion(known.kymograph, background=background)
        consistent(motion)
        if motion.reliable[0]:
            assert abs(motion.velocities[0] - 0.5) < max(5 * motion.stderr[0], 0.05)


@pytest.mark.gpu
def test_gpu_and_cpu_agree() -> None:
    pulse = scenes.pulsatile(0, 1.0, frames=600)
    for lines, window in ((pulse.kymograph, 64), (scenes.two_flows(0, 1.0), None)):
        cpu = mf.estimate_strip_motion(lines, window, device="cpu")
        gpu = mf.estimate_strip_motion(lines, window, device="cuda")
        assert "cuda" in gpu.device
        assert gpu.reasons == cpu.reasons
        assert np.abs((gpu.velocities - cpu.velocities) / cpu.stderr).max() < 0.05
        np.testing.assert_allclose(gpu.stderr, cpu.stderr, rtol=0.05)
        np.testing.assert_allclose(
            gpu.spectrogram.values, cpu.spectrogram.values, atol=1e-3 * float(cpu.score.max())
        )
        there = mf.estimate_strip_motion(torch.from_numpy(lines).cuda(), window, device="cuda")
        np.testing.assert_allclose(there.velocities, gpu.velocities, atol=1e-4)
