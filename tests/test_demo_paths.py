"""The demo's path: what it says is true, and it says so when the motion is in doubt."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.viewer.made_path import EXCLUDED, wandering

from napari_motionfft.demo_paths import Drift, demo_paths, rms_error, told_drift


def test_numbers_beside_the_known_ones_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (written,) = demo_paths(tmp_path)
    (said,) = (
        line for line in capsys.readouterr().out.splitlines() if line.startswith("drift with")
    )
    (error,) = re.findall(r"rms error ([\d.]+) px over 14 px of travel", said)
    assert float(error) < 0.05
    assert "jump at frame 33 (known 33)" in said
    assert "0 of 60 frames left out" in said
    assert "NOT RELIABLE" not in said
    assert written.name == "drift_with_jump-path.png"
    with Image.open(written) as image:
        assert min(image.size) > 400
        assert np.asarray(image.convert("L")).std() > 20


def test_a_common_shift_and_frames_left_out_are_no_error() -> None:
    motion = wandering()
    truth = motion.displacements + np.array([0.4, -7.0])
    truth[list(EXCLUDED)] += 50
    truth[5, 0] += 0.58
    drift = Drift(motion, truth)
    expected = 0.58 * np.sqrt((1 - 1 / 58) / (2 * 58))  # one of 2 × 58 numbers, less its mean
    assert rms_error(drift) == pytest.approx(expected)
    assert "2 of 60 frames left out" in told_drift(drift)


def test_doubts_and_missing_jumps_are_said() -> None:
    motion = replace(wandering(), jumps=(), reliable=False, reason="It is too dark.")
    said = told_drift(Drift(motion, motion.displacements))
    assert "jump at frame none (known 33)" in said
    assert said.endswith("NOT RELIABLE: It is too dark.")
