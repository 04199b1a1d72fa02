"""The picture of a strip: kymograph, slopes, velocity and its error on one time axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.motion.strips.made import strip_motion

from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.strip_pictures import strip_figure
from napari_motionfft.motion.strips.oscillation import find_oscillation

RNG = np.random.default_rng(5)
VELOCITIES = [1.0, 1.5, 2.0, 1.5, 1.0]
PHYSICAL: dict[str, Any] = {"dt": 0.002, "dx": 0.5}
LINES = np.array([[[0.0, 2.0], [10.0, 12.0]], [[10.0, 12.0], [20.0, 27.0]]])


def kymograph(motion: Any) -> Any:
    return RNG.normal(size=motion.shape).astype(np.float32)


def test_all_is_in_physical_units_on_one_time_axis(tmp_path: Path) -> None:
    motion = strip_motion(VELOCITIES, 0.1, **PHYSICAL)
    truth = np.array(VELOCITIES) + 0.05
    figure = strip_figure(kymograph(motion), motion, LINES, "a vessel", truth)
    above, middle, below = figure.axes
    # 48 frames of 2 ms, 64 px of 0.5 µm; pixels are drawn around their centres
    assert above.get_xlim() == middle.get_xlim() == below.get_xlim()
    np.testing.assert_allclose(below.get_xlim(), (-0.001, 0.095))
    np.testing.assert_allclose(above.get_ylim(), (-0.25, 31.75))
    (drawn,) = above.collections
    np.testing.assert_allclose(drawn.get_segments(), LINES * (0.002, 0.5))
    estimate, known = middle.lines
    np.testing.assert_allclose(estimate.get_xdata(), 0.002 * (np.arange(5) * 8 + 7.5))
    np.testing.assert_allclose(estimate.get_ydata(), 250 * np.array(VELOCITIES))
    np.testing.assert_allclose(known.get_ydata(), 250 * truth)
    np.testing.assert_allclose(below.lines[0].get_ydata(), -12.5)
    (band,) = below.collections
    np.testing.assert_allclose(np.ptp(band.get_paths()[0].vertices[:, 1]), 50)
    said = [axes.get_ylabel() for axes in figure.axes]
    assert said == ["along the strip, µm", "velocity, µm/s", "error, µm/s"]
    assert below.get_xlabel() == "time, s"
    path = tmp_path / "strip.png"
    write_figure(path, figure)
    assert np.asarray(Image.open(path).convert("L")).std() > 10


def test_positive_motion_rises_in_the_picture() -> None:
    motion = strip_motion(VELOCITIES)
    ramp = np.broadcast_to(np.arange(64.0), motion.shape)
    figure = strip_figure(ramp, motion, LINES, "")
    above = figure.axes[0]
    shown = np.asarray(above.images[0].get_array())  # (L, T)
    assert above.images[0].origin == "lower"
    assert above.get_ylim()[1] > above.get_ylim()[0]
    assert shown[0, 0] < shown[-1, 0]
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "along the strip, px",
        "velocity, px/frame",
    ]
    assert figure.axes[-1].get_xlabel() == "frame"


def test_what_is_not_reliable_is_left_out_and_counted() -> None:
    reliable = np.array([True, False, True, False, True])
    motion = strip_motion(VELOCITIES, reliable=reliable)
    truth = np.array(VELOCITIES)
    _, middle, below = strip_figure(kymograph(motion), motion, LINES, "", truth).axes
    for drawn in (middle.lines[0].get_ydata(), below.lines[0].get_ydata()):
        np.testing.assert_array_equal(np.isfinite(drawn), reliable)
    assert "2 of 5 not reliable" in middle.get_title(loc="left")


@pytest.mark.parametrize("swings", [True, False])
def test_an_oscillation_is_drawn_where_there_is_one(swings: bool) -> None:
    t = np.arange(60) * 8 + 7.5
    noise = 0.02 * np.random.default_rng(1).normal(size=60)
    motion = strip_motion((np.sin(2 * np.pi * t / 120) if swings else 0.0) + noise)
    found = find_oscillation(motion)
    assert found.reliable == swings
    figure = strip_figure(kymograph(motion), motion, LINES, "", oscillation=found)
    names = [line.get_label() for line in figure.axes[1].lines]
    assert names == (["estimate", "oscillation"] if swings else ["estimate"])
    if swings:
        frames, values = figure.axes[1].lines[1].get_data()
        np.testing.assert_allclose(values, found.at(frames))
