"""The made line scan: it moves as it says, holds what it says, and aliases nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_motionfft.files.line_scan import blood_flow_line_scan

CLEAN = {"snr": float("inf"), "wall": 0.0}


def moved(line: np.ndarray, by: float) -> np.ndarray:
    """A line shifted in the Fourier domain."""
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(len(line)) * by)
    return np.fft.irfft(np.fft.rfft(line) * turn, n=len(line))


@pytest.mark.parametrize("velocity", [1.5, -2.3, 0.37])
def test_each_line_is_the_one_before_moved_by_the_velocity(velocity: float) -> None:
    scan, true = blood_flow_line_scan(400, 512, velocity, 0.2, 130, **CLEAN, seed=3)
    np.testing.assert_allclose(true.mean(), velocity, rtol=0.05)
    for t in (0, 60, 250, 398):
        # the velocity is instantaneous; between two lines lies its mean, to second order
        step = (true[t] + true[t + 1]) / 2
        inner = slice(64, -64)  # what the shift wraps around does not reach so far
        error = moved(scan[t].astype(float), step)[inner] - scan[t + 1][inner]
        assert np.abs(error).max() < 0.02 * scan.std()


def test_velocity_is_the_pulse_that_was_asked_for() -> None:
    _, true = blood_flow_line_scan(1000, 32, 2.0, 0.2, 250)
    np.testing.assert_allclose(true, 2 + 0.4 * np.sin(2 * np.pi * np.arange(1000) / 250))


def test_nothing_is_near_the_nyquist_frequency() -> None:
    scan, _ = blood_flow_line_scan(50, 256, **CLEAN)
    spectrum = np.abs(np.fft.rfft(scan * np.hanning(256), axis=1)).mean(0)
    assert spectrum[-16:].max() < 1e-5 * spectrum.max()


def test_noise_and_wall_are_as_large_as_asked() -> None:
    def make(**change: float) -> np.ndarray:
        return blood_flow_line_scan(600, 128, seed=4, **(CLEAN | change))[0].astype(float)

    clean = make()
    noise = make(snr=0.5) - clean
    assert noise.std() == pytest.approx(clean.std() / 0.5, rel=0.01)
    assert np.abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.3
    wall = make(wall=2.0) - clean
    np.testing.assert_allclose(wall, np.broadcast_to(wall[0], wall.shape), atol=1e-4)
    assert wall[0].std() == pytest.approx(2 * clean.std(), rel=1e-3)


def test_the_seed_decides_all_that_is_random() -> None:
    a, b, c = (blood_flow_line_scan(20, 64, seed=seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
    assert a.dtype == np.float32


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"lines": 1}, ValueError, "lines must be at least 2, got 1"),
        ({"lines": 10.5}, TypeError, "lines must be a whole number"),
        ({"length": 8}, ValueError, "length must be at least 16"),
        ({"mean_velocity": np.nan}, ValueError, "mean_velocity must be finite"),
        ({"modulation": 1.5}, ValueError, "modulation must be 0…1, got 1.5"),
        ({"period": 0}, ValueError, "period must be 2 or more"),
        ({"wall": -1}, ValueError, "wall must be 0 or more"),
        ({"snr": 0}, ValueError, "snr must be above 0"),
        ({"snr": np.nan}, ValueError, "snr must be above 0"),
        ({"period": "1 s"}, TypeError, "period must be a number"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        blood_flow_line_scan(**change)
