"""The demo's strips: what it says is true, and it says so when nothing is found."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.motion.strips.made import strip_motion

from napari_motionfft.demo_strips import (
    demo_strips,
    period,
    slopes,
    told_bridge,
    window_means,
)
from napari_motionfft.motion.strips.oscillation import find_oscillation


def test_numbers_beside_the_known_ones_and_two_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = demo_strips(tmp_path)
    said = capsys.readouterr().out
    (flow,) = (line for line in said.splitlines() if line.startswith("blood flow: "))
    (bridge,) = (line for line in said.splitlines() if line.startswith("Tacoma bridge: "))
    velocity, error = (float(x) for x in re.findall(r": ([\d.]+) ± ([\d.]+) mm/s", flow)[0])
    assert abs(velocity - 1.5037) < 3 * error
    pulse, error = (float(x) for x in re.findall(r"pulse ([\d.]+) ± ([\d.]+) s", flow)[0])
    assert abs(pulse - 0.25) < 3 * error
    assert float(re.findall(r"rms error ([\d.]+)%", flow)[0]) < 1
    assert "45 of 45 windows" in flow
    swing, error = (
        float(x) for x in re.findall(r"period of ([\d.]+) ± ([\d.]+) frames", bridge)[0]
    )
    assert abs(swing - 101) < 3 * error  # after so many frames the picture comes back
    assert "5 of 5 strips" in bridge
    assert [path.name for path in written] == ["blood_flow-strip.png", "tacoma_bridge-strip.png"]
    for path in written:
        with Image.open(path) as image:
            assert min(image.size) > 500
            assert np.asarray(image.convert("L")).std() > 20


def test_the_known_velocity_of_a_window_is_displacement_over_time() -> None:
    place = np.cumsum(np.random.default_rng(2).normal(size=41))
    # at the frames, so that the mean of neighbours is the step between them
    velocities = np.zeros(41)
    for t, step in enumerate(np.diff(place)):
        velocities[t + 1] = 2 * step - velocities[t]
    motion = strip_motion(np.zeros(3), starts=[0, 10, 25])
    expected = [(place[s + 15] - place[s]) / 15 for s in (0, 10, 25)]
    np.testing.assert_allclose(window_means(velocities, motion), expected)


def test_slopes_of_what_is_not_reliable_are_not_drawn() -> None:
    motion = strip_motion([1.0, 1.0, 1.0, 1.0])
    every = slopes(motion)
    half = slopes(strip_motion([1.0] * 4, reliable=np.array([True, True, False, False])))
    assert 0 < half[..., 0].max() < every[..., 0].max()


def test_no_oscillation_is_said() -> None:
    rng = np.random.default_rng(3)
    none = find_oscillation(strip_motion(0.02 * rng.normal(size=40)))
    assert period(none).startswith("not determined (")
    assert "0 of 5 strips" in told_bridge([none] * 5)
