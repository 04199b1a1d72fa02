"""The swinging Tacoma bridge: strips across the deck's edge agree on its period."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.videos import read_video
from napari_motionfft.motion.strips.estimate import estimate_strip_motion
from napari_motionfft.motion.strips.extract import extract_strip
from napari_motionfft.motion.strips.oscillation import find_oscillation

COLUMNS = (245, 260, 275, 290, 305)
"""x in px of vertical strips over the right edge of the deck."""


def bridge() -> NDArray[np.uint8]:
    with as_file(files("napari_motionfft") / "data" / "tacoma_bridge.mp4") as path:
        return np.asarray(read_video(path))


def test_the_period_of_the_deck_is_stable_within_3_percent() -> None:
    stack = bridge()
    found = []
    for x in COLUMNS:
        kymograph = extract_strip(stack, [(40, x), (160, x)], width=15)
        motion = estimate_strip_motion(kymograph, 12, 1, max_speed=4, device="cpu")
        found.append(find_oscillation(motion))
    assert all(one.reliable for one in found), [one.reason for one in found]
    periods = np.array([one.period for one in found])
    assert np.ptp(periods) < 0.03 * periods.mean()
    # when the whole picture comes back, apart from any estimate of motion
    frames = stack.astype(np.float32)
    lags = np.arange(60, 140)
    change = [float(np.abs(frames[lag::3] - frames[:-lag:3]).mean()) for lag in lags]
    assert abs(periods.mean() - lags[np.argmin(change)]) < 3
