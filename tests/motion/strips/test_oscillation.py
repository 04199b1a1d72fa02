"""Oscillations: known ones are found within their error, noise is not called one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.motion.strips.made import strip_motion

from napari_motionfft.motion.strips.oscillation import FALSE_ALARM, Oscillation, find_oscillation
from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.motion.strips.sinusoid import gain

MEAN = 0.3


def swinging(
    period: float,
    amplitude: float = 1.0,
    noise: float = 0.3,
    *,
    window: int = 8,
    hop: int = 4,
    windows: int = 80,
    seed: int = 0,
    phase: float | None = None,
) -> StripMotion:
    """Mean velocities of windows, with noise as of slopes through noisy positions.

    `noise` is the standard error of a window's velocity, which is exact here.
    """
    rng = np.random.default_rng(seed)
    starts = np.arange(windows) * hop
    frames = np.arange(starts[-1] + window)
    turn = 2 * np.pi * frames / period + (rng.uniform(0, 2 * np.pi) if phase is None else phase)
    t = np.arange(window) - (window - 1) / 2
    position = MEAN * frames - amplitude * period / (2 * np.pi) * np.cos(turn)
    off = rng.normal(0, noise * np.sqrt(t @ t), len(frames))
    velocities = [
        (position[s + window - 1] - position[s]) / (window - 1) + t @ off[s : s + window] / (t @ t)
        for s in starts
    ]
    return strip_motion(velocities, max(noise, 1e-3), window=window, hop=hop)


CASES = [
    {"period": 100.0, "window": 8, "hop": 1, "windows": 240},
    {"period": 37.3, "window": 8, "hop": 4, "windows": 80},
    {"period": 60.0, "window": 16, "hop": 16, "windows": 40},
    {"period": 250.0, "window": 64, "hop": 16, "windows": 110, "noise": 0.1},
]


@pytest.mark.parametrize("case", CASES)
def test_period_and_amplitude_are_known_within_their_errors(case: dict[str, Any]) -> None:
    found = [find_oscillation(swinging(**case, seed=seed)) for seed in range(60)]
    assert all(one.reliable and one.reason == "" for one in found)

    def off(name: str, truth: float) -> np.ndarray:
        return np.array(
            [(getattr(one, name) - truth) / getattr(one, f"{name}_stderr") for one in found]
        )

    for z in (off("period", case["period"]), off("amplitude", 1.0)):
        assert abs(z.mean()) < 0.5
        # 60 draws know a standard deviation within 9 %; overlap is counted on the safe side
        assert 0.3 < z.std() < 1.35
    assert np.mean([one.mean for one in found]) == pytest.approx(MEAN, abs=0.03)
    assert max(one.period_stderr for one in found) < 0.05 * case["period"]


def test_without_noise_the_oscillation_is_exact() -> None:
    motion = swinging(90.0, 0.7, 0.0, window=24, hop=6, windows=60, phase=1.1)
    found = find_oscillation(motion)
    assert found.period == pytest.approx(90, rel=1e-5)
    assert found.amplitude == pytest.approx(0.7, rel=1e-4)  # what windows average out is put back
    assert found.mean == pytest.approx(MEAN, abs=1e-5)
    assert found.phase == pytest.approx(1.1, abs=1e-4)
    assert found.displacement_amplitude == pytest.approx(0.7 * 90 / (2 * np.pi), rel=1e-4)
    assert found.score == pytest.approx(1, abs=2e-3)  # of the best period on the grid
    frames = np.arange(30)
    expected = MEAN + 0.7 * np.sin(2 * np.pi * frames / 90 + 1.1)
    np.testing.assert_allclose(found.at(frames), expected, atol=1e-3)


def test_what_windows_leave_of_an_oscillation() -> None:
    # from the first frame to the last, by hand: the velocity is highest in the middle
    t = np.arange(64) - 31.5
    position = np.sin(2 * np.pi * t / 160) * 160 / (2 * np.pi)
    assert gain(1 / 160, 64) == pytest.approx((position[-1] - position[0]) / 63)
    assert gain(1e-6, 64) == pytest.approx(1)


@pytest.mark.parametrize(
    ("window", "hop", "windows"), [(16, 16, 40), (16, 8, 60), (18, 6, 40), (16, 16, 10)]
)
def test_noise_alone_is_rarely_called_an_oscillation(window: int, hop: int, windows: int) -> None:
    shape = {"window": window, "hop": hop, "windows": windows}
    found = [
        find_oscillation(swinging(50, 0.0, 0.3, **shape, seed=seed))  # type: ignore[arg-type]
        for seed in range(300)
    ]
    called = [one for one in found if one.reliable]
    assert len(called) <= 3  # 1 %
    assert all(
        one.false_alarm > FALSE_ALARM and "noise alone" in one.reason
        for one in found
        if not one.reliable and "periods in view" not in one.reason
    )


def test_chances_of_a_false_alarm_are_what_they_say() -> None:
    chances = [
        find_oscillation(
            swinging(50, 0.0, 0.3, window=16, hop=16, windows=40, seed=seed)
        ).false_alarm
        for seed in range(400)
    ]
    assert np.mean(np.array(chances) < 0.1) == pytest.approx(0.1, abs=0.05)


def test_less_than_two_periods_are_not_enough() -> None:
    found = find_oscillation(swinging(300.0, noise=0.05, window=8, hop=4, windows=110))
    assert not found.reliable
    assert found.reason == "only 1.5 periods in view; 2 are needed"
    assert found.period == pytest.approx(300, rel=0.05)


def test_unreliable_windows_do_not_count() -> None:
    motion = swinging(60.0, noise=0.1)
    wrong = np.zeros(80, bool)
    wrong[10:40:3] = True
    velocities = np.where(wrong, 25.0, motion.velocities)
    motion = replace(motion, velocities=velocities, reliable=~wrong)
    found = find_oscillation(motion)
    assert found.reliable
    assert abs(found.period - 60) < 4 * found.period_stderr < 3


def test_a_window_that_claims_to_be_exact_does_not_decide() -> None:
    motion = swinging(60.0, noise=0.2)
    stderr = motion.stderr.copy()
    stderr[::20] = 1e-6
    found = find_oscillation(replace(motion, stderr=stderr))
    assert found.reliable
    assert found.period == pytest.approx(60, abs=1)


def test_scatter_beyond_the_standard_errors_widens_the_error() -> None:
    motion = swinging(60.0, noise=0.3, hop=8)
    honest = find_oscillation(motion)
    bold = find_oscillation(replace(motion, stderr=motion.stderr / 100))
    assert bold.period_stderr == pytest.approx(honest.period_stderr, rel=0.2)


def test_periods_in_units_of_time() -> None:
    motion = swinging(60.0, noise=0.1)
    plain = find_oscillation(motion)
    assert (plain.physical_period, plain.time_unit) == (plain.period, "frame")
    timed = find_oscillation(replace(motion, dt=0.05))
    assert timed.time_unit == "s"
    assert timed.physical_period == pytest.approx(0.05 * plain.period)
    assert timed.physical_period_stderr == pytest.approx(0.05 * plain.period_stderr)
    assert timed.period == plain.period


def test_the_periodogram_peaks_at_the_period() -> None:
    found = find_oscillation(swinging(60.0, noise=0.1))
    assert found.periods.shape == found.power.shape
    assert (np.diff(found.periods) < 0).all()
    assert ((found.power >= 0) & (found.power <= 1)).all()
    assert found.periods[found.power.argmax()] == pytest.approx(60, rel=0.05)
    assert found.score == found.power.max()


@pytest.mark.parametrize(
    ("motion", "reason"),
    [
        (strip_motion([1.0]), "reliable windows: 1, worth 1.0 that do not overlap; 6 needed"),
        (strip_motion(np.sin(np.arange(8))), "reliable windows: 8, worth 5.3"),
        (strip_motion(np.ones(40)), "the velocity does not change"),
        (
            strip_motion(np.sin(np.arange(40)), reliable=np.zeros(40, bool)),
            "reliable windows: 0",
        ),
        (strip_motion(np.sin(np.arange(40)), np.nan), "reliable windows: 0"),
    ],
)
def test_too_little_to_go_on_is_said(motion: StripMotion, reason: str) -> None:
    found = find_oscillation(motion)
    assert isinstance(found, Oscillation)
    assert not found.reliable
    assert found.reason.startswith(reason)
    assert np.isnan(found.period)
    assert np.isnan(found.physical_period)
    assert found.periods.size == found.power.size == 0


def test_only_a_strip_motion_is_taken() -> None:
    with pytest.raises(TypeError, match="motion must be a StripMotion, got ndarray"):
        find_oscillation(np.zeros(5))  # type: ignore[arg-type]
