"""Velocity of a region against time: windows of a stack."""

from __future__ import annotations

from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
from benchmarks.accuracy import photograph
from benchmarks.scenes import shifted

import napari_motionfft as mf

FRAMES, WINDOW, HOP = 48, 16, 8


def wandering(snr: float, seed: int = 0) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(T, 96, 96) of a photograph whose velocity changes, and its (T, 2) positions."""
    t = np.arange(FRAMES)
    turn = 2 * np.pi * t / 70
    velocity = np.stack([0.8 + 0.4 * np.sin(turn), -0.5 * np.cos(turn)], 1)
    position = np.cumsum(velocity, 0) - velocity[0]
    image = photograph()
    clean = np.stack([shifted(image, p)[180:276, 200:296] for p in position])
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    return (clean + clean[0].std() / snr * noise).astype(np.float32), position


def mean_velocities(position: np.ndarray[Any, Any], starts: Any) -> np.ndarray[Any, Any]:
    """(W, 2) displacement over time of each window."""
    return np.array([(position[s + WINDOW - 1] - position[s]) / (WINDOW - 1) for s in starts])


@pytest.mark.parametrize(("snr", "within"), [(3.0, 0.02), (0.5, 0.04)])
def test_the_velocity_follows_the_truth(snr: float, within: float) -> None:
    stack, position = wandering(snr)
    found = mf.estimate_motion(stack, window=WINDOW, hop=HOP)
    assert isinstance(found, mf.MotionSeries)
    np.testing.assert_array_equal(found.starts, np.arange(0, FRAMES - WINDOW + 1, HOP))
    np.testing.assert_array_equal(found.times, found.starts + 7.5)
    error = found.velocities - mean_velocities(position, found.starts)
    assert found.reliable.all()
    assert np.abs(error).max() < within
    assert (np.abs(error) < 3 * found.stderr).all()


@pytest.mark.parametrize("background", ["none", "static"])
def test_a_window_is_as_if_estimated_alone(background: str) -> None:
    stack, _ = wandering(1.0)
    found = mf.estimate_motion(stack, window=WINDOW, hop=HOP, background=background)
    for at in (0, 3):
        start = found.starts[at]
        alone = mf.estimate_motion(
            stack[start : start + WINDOW],
            max_speed=found.settings["max_speed"],
            background=background,
        )
        np.testing.assert_allclose(found.velocities[at], alone.velocity, atol=2e-3)
        np.testing.assert_allclose(found.stderr[at], alone.velocity_stderr, rtol=0.1)
        assert found.score[at] == pytest.approx(alone.score, rel=0.25)  # all frames weigh


def test_lazy_stacks_and_regions() -> None:
    stack, _ = wandering(1.0)
    region = (slice(8, 88), slice(4, 84))
    eager = mf.estimate_motion(stack, window=WINDOW, region=region)
    lazy = mf.estimate_motion(da.from_array(stack, (8, 48, 48)), window=WINDOW, region=region)
    assert eager.region == ((8, 88), (4, 84))
    np.testing.assert_allclose(lazy.velocities, eager.velocities, atol=1e-6)


def test_noise_is_reliable_in_no_window() -> None:
    noise = np.random.default_rng(1).standard_normal((48, 64, 64)).astype(np.float32)
    found = mf.estimate_motion(noise, window=12)
    assert not found.reliable.any()
    assert all("not determined" in reason for reason in found.reasons)


def test_frames_that_fill_no_window_are_told() -> None:
    stack, _ = wandering(3.0)
    found = mf.estimate_motion(stack[:30], window=WINDOW, hop=HOP)
    assert "The last 6 frames do not fill a window." in found.notes


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"window": 1}, ValueError, "window must be 2 to 48, the frames there are, got 1"),
        ({"window": 49}, ValueError, "window must be 2 to 48, the frames there are, got 49"),
        ({"window": 2.5}, TypeError, "window must be a whole number of frames"),
        ({"window": True}, TypeError, "window must be a whole number of frames"),
        ({"window": 16, "hop": 0}, ValueError, "hop must be 1 or more, got 0"),
        ({"hop": 4}, ValueError, "hop needs a window"),
    ],
)
def test_bad_windows_are_refused(
    wrong: dict[str, Any], error: type[Exception], message: str
) -> None:
    stack, _ = wandering(3.0)
    with pytest.raises(error, match=message):
        mf.estimate_motion(stack, **wrong)


def test_progress_goes_up_and_cancel_stops() -> None:
    stack, _ = wandering(3.0)
    seen: list[float] = []
    mf.estimate_motion(stack, window=WINDOW, progress=lambda f, _: seen.append(f))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    cancel = Event()

    def stop(fraction: float, _: str) -> None:
        if fraction > 0.5:
            cancel.set()

    with pytest.raises(mf.Cancelled):
        mf.estimate_motion(stack, window=WINDOW, progress=stop, cancel=cancel)


@pytest.mark.gpu
def test_cpu_and_gpu_agree() -> None:
    stack, _ = wandering(1.0)
    cpu = mf.estimate_motion(stack, window=WINDOW, device="cpu")
    gpu = mf.estimate_motion(stack, window=WINDOW, device="cuda")
    np.testing.assert_allclose(gpu.velocities, cpu.velocities, atol=1e-4)
