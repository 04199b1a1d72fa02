"""Frame weights: what they are by formula, what blur does to them, and what they do to the mean."""

from __future__ import annotations

import dataclasses
import math
from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tests.motion.made import job_for, motion_along, scene

from napari_motionfft.motion.apply import integrate
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.frame_weights import as_weights, frame_weights, sharpness, softmax
from napari_motionfft.motion.integrate import mean_images

BLURRED = np.array([1, 4, 5, 9, 14])


def ignore(fraction: float, message: str) -> None:
    """No progress."""


def partly_blurred(
    frames: int = 20, side: int = 96, sigma: float = 1.0, snr: float = 2.0, seed: int = 0
) -> np.ndarray:
    """A drifting texture in noise, with the frames `BLURRED` out of focus."""
    sharp = scene(256, seed)
    blurred = ndimage.gaussian_filter(sharp, sigma, mode="wrap")
    stack = np.stack(
        [
            (blurred if t in BLURRED else sharp)[t : t + side, 2 * t : 2 * t + side]
            for t in range(frames)
        ]
    )
    return stack + np.random.default_rng(seed).standard_normal(stack.shape) / snr


@pytest.mark.parametrize(("sigma", "snr"), [(0.7, 5.0), (1.0, 1.0), (1.5, 1.0), (3.0, 1.0)])
def test_blurred_frames_get_less(sigma: float, snr: float) -> None:
    weights = frame_weights(partly_blurred(sigma=sigma, snr=snr))
    assert weights.shape == (20,)
    assert weights.dtype == np.float64
    assert weights.sum() == pytest.approx(1)
    sharp = np.delete(weights, BLURRED)
    assert weights[BLURRED].max() < 0.5 * sharp.min()


def test_weights_sharpen_the_mean() -> None:
    """A quarter of the frames blurred by 1.5 px: with them the mean keeps less detail."""
    stack = partly_blurred(sigma=1.5, snr=20)
    path = np.arange(20)[:, None] * np.array([[-1, -2]])
    motion = motion_along(path)
    truth = scene(256, 0)[:96, :96]

    def error(**asked: Any) -> float:
        difference = integrate(stack, motion, **asked) - truth
        return float(np.sqrt((difference[:70, :50] ** 2).mean()))

    assert error(frame_weights="sharpness") < 0.4 * error()
    assert error(frame_weights=frame_weights(stack, temperature=0.5)) < 0.2 * error()


def test_a_blank_frame_is_not_the_sharpest() -> None:
    """Nothing but noise is white, yet no detail of the scene."""
    stack = partly_blurred(snr=2)
    stack[7] = np.random.default_rng(5).standard_normal(stack[7].shape) / 2
    assert frame_weights(stack).argmin() == 7


def test_pure_noise_weighs_all_frames_alike() -> None:
    """The spread that chance makes is no sharpness: 1/Σw² frames out of 40 still count."""
    for seed in range(10):
        weights = frame_weights(np.random.default_rng(seed).standard_normal((40, 64, 64)))
        assert 1 / (weights**2).sum() > 32


def test_noise_that_all_frames_have_alike_changes_little() -> None:
    """Weights of frames with and without noise at SNR 1 tell the same."""
    clean, noisy = (frame_weights(partly_blurred(snr=snr)) for snr in (1e3, 1.0))
    assert np.corrcoef(clean, noisy)[0, 1] > 0.8


@given(st.floats(1e-3, 1e3), st.floats(-1e4, 1e4))
@settings(max_examples=10, deadline=None)
def test_gain_and_offset_of_the_whole_stack_do_not_matter(gain: float, offset: float) -> None:
    stack = partly_blurred(side=32)
    np.testing.assert_allclose(
        frame_weights(gain * stack + offset), frame_weights(stack), atol=1e-3
    )


def test_temperatures_from_all_alike_to_one_alone() -> None:
    stack = partly_blurred()
    np.testing.assert_allclose(frame_weights(stack, temperature=1e300), 0.05)
    one = frame_weights(stack, temperature=1e-300)
    assert sorted(one) == [0.0] * 19 + [1.0]
    assert one.argmax() == frame_weights(stack).argmax()
    few = [1 / (frame_weights(stack, temperature=t) ** 2).sum() for t in (10, 1, 0.3, 0.1)]
    assert few == sorted(few, reverse=True)


@given(
    st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8).map(np.array),
    st.floats(1e-300, 1e300),
)
def test_softmax_never_overflows_and_keeps_the_order(values: np.ndarray, heat: float) -> None:
    weights = softmax(values, heat)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights[np.argsort(values)]) >= 0).all()


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=8).map(np.array), st.floats(0.1, 10))
def test_softmax_is_its_formula(values: np.ndarray, heat: float) -> None:
    powers = [math.exp((v - values.max()) / heat) for v in values]
    np.testing.assert_allclose(softmax(values, heat), np.array(powers) / math.fsum(powers))


def test_sharpness_is_its_formula() -> None:
    stack = partly_blurred(frames=6, side=24, snr=1e3)
    frames = job_for(stack).frames
    taper = np.sin(np.pi * (np.arange(24) + 0.5) / 24) ** 2
    taper = np.outer(taper, taper)
    k = np.hypot(np.fft.fftfreq(24)[:, None], np.fft.rfftfreq(24))
    energy, powers = [], []
    for frame in (stack - frames.offset) / frames.scale:
        flat = (frame - (frame * taper).sum() / taper.sum()) * taper
        power = np.abs(np.fft.rfft2(flat)[(k >= 1 / 8) & (k <= 1 / 2)]) ** 2
        energy.append(power.sum())
        powers.append(power)
    mean = np.mean(powers, 0)
    sharing = taper.size * (taper**4).sum() / (taper**2).sum() ** 2
    chance = np.mean(energy) ** 2 * sharing * (mean**2).sum() / mean.sum() ** 2
    wanted = (energy - np.mean(energy)) / np.std(energy) * max(0, 1 - chance / np.var(energy))
    np.testing.assert_allclose(sharpness(frames, ((0, 24), (0, 24)), ignore), wanted, rtol=1e-3)


def test_other_kinds() -> None:
    stack = partly_blurred(frames=5)
    np.testing.assert_allclose(frame_weights(stack, "none"), 0.2)
    halves = 0.5 ** np.arange(5)
    np.testing.assert_allclose(frame_weights(stack, "geometric"), halves / halves.sum())
    np.testing.assert_allclose(
        frame_weights(stack, "geometric", alpha=0.1), 0.9 ** np.arange(5) / 4.0951
    )
    np.testing.assert_allclose(frame_weights(np.full((5, 20, 20), 7.0)), 0.2)


def test_a_region_and_lazy_data() -> None:
    stack = partly_blurred()
    region = (slice(10, 60), slice(20, 90))
    part = frame_weights(stack, region=region)
    np.testing.assert_allclose(part, frame_weights(stack[:, 10:60, 20:90]), atol=1e-4)
    lazy = frame_weights(da.from_array(stack, chunks=(3, 40, 40)), region=region)
    np.testing.assert_array_equal(lazy, part)


def test_uniform_weights_are_as_none() -> None:
    """Motions that say nothing of weights give what they always gave, bit by bit."""
    stack = partly_blurred(frames=6)
    path = torch.arange(6)[:, None] * torch.tensor([[-1.3, -2.2]], dtype=torch.float64)
    job = job_for(stack)
    plain = mean_images(job, path, ignore)
    for weights in (torch.full((6,), 1 / 6), torch.full((6,), 3.0)):
        same = mean_images(job, path, ignore, weights)
        assert torch.equal(plain.mean, same.mean)
        assert torch.equal(plain.coverage, same.coverage)
    assert integrate(stack, motion_along(path)).tobytes() == plain.mean.float().numpy().tobytes()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-8, 8), min_size=4, max_size=4),
    st.lists(st.sampled_from([0.0, 1e-60, 0.1, 0.5, 3.0]), min_size=4, max_size=4).filter(any),
)
def test_a_weighted_mean_by_hand(steps: list[int], weights: list[float]) -> None:
    stack = np.random.default_rng(0).random((4, 20, 24))
    path = np.array([(step, 0) for step in steps], float)
    means = mean_images(
        job_for(stack), torch.from_numpy(path), ignore, torch.tensor(weights, dtype=torch.float64)
    )
    total, heavy, count = np.zeros((20, 24)), np.zeros((20, 24)), np.zeros((20, 24), int)
    for frame, step, weight in zip(stack, steps, weights, strict=True):
        to = slice(max(0, -step), min(20, 20 - step))
        if weight:
            total[to] += weight * frame[max(0, step) : min(20, 20 + step)]
            heavy[to] += weight
            count[to] += 1
    np.testing.assert_array_equal(means.coverage.numpy(), count)
    seen = count > 0
    np.testing.assert_allclose(
        means.mean.numpy()[seen], (total / heavy.clip(1e-99))[seen], atol=1e-5
    )
    used = stack[np.array(weights) > 0]
    np.testing.assert_allclose(means.plain.numpy(), used.mean(0), atol=1e-5)


def test_excluded_frames_do_not_count() -> None:
    stack = partly_blurred(frames=6)
    spoilt = stack.copy()
    spoilt[[2, 5]] = 1000
    motion = dataclasses.replace(
        motion_along(np.zeros((6, 2))),
        excluded=(2, 5),
        frame_weights=np.array([1, 1, 0, 1, 1, 0]) / 4,
    )
    good = stack[[0, 1, 3, 4]].mean(0)
    np.testing.assert_allclose(integrate(spoilt, motion), good, atol=1e-4)
    np.testing.assert_allclose(integrate(spoilt, motion, frame_weights="none"), good, atol=1e-4)
    counted = integrate(spoilt, motion, frame_weights=np.ones(6))
    np.testing.assert_allclose(counted, spoilt.mean(0), rtol=1e-4)


def test_excluded_frames_of_a_kind() -> None:
    frames = job_for(partly_blurred(frames=5)).frames
    box = ((0, 96), (0, 96))
    found = as_weights("geometric", frames, box, ignore, excluded=(0, 3))
    np.testing.assert_allclose(found, np.array([0, 0.5, 0.25, 0, 0.0625]) / 0.8125)
    alike = as_weights("none", frames, box, ignore, excluded=range(5))
    np.testing.assert_allclose(alike, 0.2)


def test_bad_arguments() -> None:
    stack = partly_blurred(frames=4, side=32)
    for bad, error, match in (
        ({"kind": "sharp"}, ValueError, "kind must be one of none, geometric, sharpness"),
        ({"kind": np.ones(4)}, TypeError, "kind must be one of none, geometric, sharpness"),
        ({"temperature": 0}, ValueError, "temperature must be finite and above 0, got 0"),
        ({"temperature": np.inf}, ValueError, "temperature must be finite and above 0"),
        ({"temperature": "warm"}, TypeError, "temperature must be a number, got 'warm'"),
        ({"alpha": 1.0}, ValueError, r"alpha must be in \[0, 1\)"),
        ({"alpha": -0.1}, ValueError, "alpha must be"),
        ({"alpha": None}, TypeError, "alpha must be"),
        ({"region": (slice(0, 99), slice(0, 32))}, ValueError, "region: the y slice"),
    ):
        with pytest.raises(error, match=match):
            frame_weights(stack, **bad)  # type: ignore[arg-type]
    stack[2, 3, 3] = np.nan
    with pytest.raises(ValueError, match="NaN or inf in frame 2"):
        frame_weights(stack)
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        frame_weights(stack, cancel=stop)


def test_bad_weights_to_integrate() -> None:
    stack, motion = partly_blurred(frames=4, side=32), motion_along(np.zeros((4, 2)))
    for bad, error, match in (
        ("sharp", ValueError, "frame_weights must be one of none, geometric, sharpness"),
        (np.ones(3), ValueError, r"frame_weights must have shape \(4,\), got \(3,\)"),
        (1.0, ValueError, r"frame_weights must have shape \(4,\), got \(\)"),
        ([1, 1, -1, 1], ValueError, "must be finite and not negative; not so in frame 2"),
        ([1, np.nan, 1, np.inf], ValueError, "not so in frames 1, 3"),
        (np.zeros(4), ValueError, "frame_weights must not be all zero"),
        (["a"] * 4, TypeError, "frame_weights must be one of none, geometric, sharpness, or"),
        ([[1], [1, 2]], TypeError, "frame_weights must be one of"),
        (np.ones(4, complex), TypeError, "frame_weights must be one of"),
    ):
        with pytest.raises(error, match=match):
            integrate(stack, motion, frame_weights=bad)
    broken = dataclasses.replace(motion, frame_weights=np.full(4, np.nan))
    with pytest.raises(ValueError, match=r"motion\.frame_weights must be finite"):
        integrate(stack, broken)
    huge = integrate(stack, motion, frame_weights=torch.full((4,), 1e308, dtype=torch.float64))
    np.testing.assert_allclose(huge, stack.mean(0), atol=1e-5)


def test_progress_rises_to_one() -> None:
    stack, told = partly_blurred(frames=4, side=32), list[float]()
    frame_weights(stack, progress=lambda fraction, _: told.append(fraction))
    assert told[-1] == 1
    told.clear()
    motion = motion_along(np.zeros((4, 2)))
    integrate(
        stack, motion, frame_weights="sharpness", progress=lambda fraction, _: told.append(fraction)
    )
    assert told == sorted(told)
    assert told[-1] == 1
