"""Every bad argument of the strip functions is named in a message that says what it takes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import napari_motionfft as mf

LINES = np.random.default_rng(0).normal(100, 7, (40, 64))
STACK = np.random.default_rng(0).normal(100, 7, (12, 40, 60))
PATH = [(5, 5), (5, 50)]
PATHS = [PATH, [(20, 5), (30, 50)]]

SETTINGS: list[tuple[str, Any, type[Exception], str]] = [
    ("window", 3, ValueError, "window must be 4"),
    ("window", 10_000, ValueError, "window must be 4 to [0-9]+, the frames there are, got 10000"),
    ("window", 8.5, TypeError, "window must be a whole number of frames or None, got 8.5"),
    ("window", "8", TypeError, "window must be a whole number of frames or None, got '8'"),
    ("window", True, TypeError, "window must be a whole number"),
    ("hop", 4, ValueError, "hop needs a window"),
    ("max_speed", 0, ValueError, "max_speed must be above 0 and finite"),
    ("max_speed", -1.0, ValueError, "max_speed must be above 0"),
    ("max_speed", float("nan"), ValueError, "max_speed must be above 0"),
    ("max_speed", float("inf"), ValueError, "max_speed must be above 0"),
    ("max_speed", "fast", TypeError, "max_speed must be a number"),
    ("max_speed", True, TypeError, "max_speed must be a number"),
    ("max_speed", 1000.0, ValueError, "max_speed must be at most half the strip, [0-9.]+ px/frame"),
    ("weight", "heavy", ValueError, "weight must be one of auto, .* got 'heavy'"),
    ("weight", np.ones(5), TypeError, "weight must be one of auto"),
    ("background", "moving", ValueError, "background must be one of none, static, got 'moving'"),
    ("background", None, TypeError, "background must be"),
    ("boundary", "open", ValueError, "boundary must be one of crop, periodic, got 'open'"),
    ("dt", 0, ValueError, "dt must be above 0 and finite"),
    ("dt", -0.1, ValueError, "dt must be above 0"),
    ("dt", "1 s", TypeError, "dt must be a number"),
    ("dx", float("nan"), ValueError, "dx must be above 0"),
    ("dx", [1.0, 2.0, 3.0], ValueError, "dx must be one number, or one"),
    ("dx", "1 µm", TypeError, "dx must be a number"),
    ("time_unit", "", TypeError, "time_unit must be a text such as"),
    ("time_unit", 1, TypeError, "time_unit must be a text"),
    ("length_unit", None, TypeError, "length_unit must be a text"),
    ("device", "tpu", ValueError, "device must be .*'cpu'"),
    ("device", 3, TypeError, "device must be a string"),
    ("progress", 5, TypeError, "progress must be callable"),
    ("cancel", True, TypeError, "cancel must be a threading.Event"),
]


@pytest.mark.parametrize(("name", "value", "error", "says"), SETTINGS)
def test_settings_of_one_strip(name: str, value: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        mf.estimate_strip_motion(LINES, **{name: value})


@pytest.mark.parametrize(("name", "value", "error", "says"), SETTINGS)
def test_settings_of_many_strips(name: str, value: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        mf.strip_motions(STACK, PATHS, **{name: value})


@pytest.mark.parametrize("hop", [0, -1, 1.5, "2", False])
def test_hop(hop: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="hop must be"):
        mf.estimate_strip_motion(LINES, 16, hop)


def test_every_setting_is_tested() -> None:
    named = {name for name, *_ in SETTINGS} | {"kymograph"}
    assert set(inspect.signature(mf.estimate_strip_motion).parameters) == named
    more = {"stack", "paths", "names", "width", "reduce", "interpolation"}
    assert set(inspect.signature(mf.strip_motions).parameters) == named - {"kymograph"} | more


@pytest.mark.parametrize(
    ("kymograph", "error", "says"),
    [
        ("file.tif", TypeError, r"kymograph must be a \(T, L\) array, got str"),
        (LINES[None], ValueError, r"kymograph must have 2 axes \(T, L\)"),
        (LINES[:3], ValueError, "kymograph must have at least 4 frames"),
        (LINES[:, :15], ValueError, "kymograph must be at least 16 px long"),
        (LINES + 1j, TypeError, "kymograph must be of a real dtype"),
        (np.where(LINES > 120, np.nan, LINES), ValueError, "kymograph holds NaN or inf in frame"),
    ],
)
def test_kymograph(kymograph: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        mf.estimate_strip_motion(kymograph)


def test_numbers_of_any_kind_are_taken() -> None:
    motion = mf.estimate_strip_motion(
        LINES, np.int64(16), np.uint8(4), np.float32(3), dt=np.float64(0.5), dx=2
    )
    assert motion.window == 16
    assert (motion.dt, motion.dx) == (0.5, 2.0)
    assert np.diff(motion.starts).tolist() == [4] * 6


def test_a_window_of_all_frames_is_one() -> None:
    assert len(mf.estimate_strip_motion(LINES, 40).starts) == 1


def test_half_the_strip_is_the_fastest() -> None:
    motion = mf.estimate_strip_motion(LINES, max_speed=32)
    assert motion.spectrogram.velocities[-1] == pytest.approx(32)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"stack": STACK[0]}, ValueError, r"stack must have 3 axes \(T, Y, X\)"),
        ({"stack": "movie.tif"}, TypeError, r"stack must be a \(T, Y, X\) array"),
        ({"stack": STACK[:3]}, ValueError, "at least 4 frames"),
        ({"paths": []}, TypeError, "paths must be a list of at least one path"),
        ({"paths": None}, TypeError, "paths must be a list"),
        ({"paths": np.zeros((2, 2))}, TypeError, "paths must be a list"),
        ({"paths": [PATH, [(1, 1)]]}, ValueError, r"paths\[1\]: path must be an \(N, 2\) array"),
        ({"paths": [[(5, 5), (5, 90)], PATH]}, ValueError, r"paths\[0\]: path leaves the frame"),
        ({"paths": [PATH, [(5, 5), (5, 12)]]}, ValueError, "strip 2 must be at least 16 px long"),
        ({"paths": [PATH, [(5, np.nan), (5, 12)]]}, ValueError, r"paths\[1\]: path holds NaN"),
        ({"width": 0}, ValueError, "width must be at least 1 px"),
        ({"width": "wide"}, TypeError, "width must be a number of px"),
        ({"reduce": "median"}, ValueError, "reduce must be one of mean, max, got 'median'"),
        ({"interpolation": "best"}, ValueError, "interpolation must be one of .*linear"),
        ({"names": ["a"]}, ValueError, "names must be 2 different texts, one a path"),
        ({"names": ["a", "a"]}, ValueError, "names must be 2 different texts"),
        ({"names": "ab"}, TypeError, "names must be a list of texts"),
        ({"names": [1, 2]}, TypeError, "names must be a list of texts"),
        ({"names": 5}, TypeError, "names must be a list of texts"),
        ({"dx": [0.5]}, ValueError, "dx must be one number, or one for each of 2 paths"),
        ({"dx": [0.5, -1]}, ValueError, "dx must be above 0"),
        ({"dx": np.ones(3)}, ValueError, "dx must be one number, or one for each of 2 paths"),
        ({"window": 4, "hop": 0}, ValueError, "hop must be 1 or more"),
    ],
)
def test_what_only_many_strips_take(
    changed: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        mf.strip_motions(**({"stack": STACK, "paths": PATHS} | changed))


def test_not_a_number_under_one_strip() -> None:
    bad = STACK.copy()
    bad[7, 20:31, 5:51] = np.nan
    with pytest.raises(ValueError, match="stack holds NaN or inf under the strip in frame 7"):
        mf.strip_motions(bad, PATHS)
    assert len(mf.strip_motions(bad, [PATH]).strips) == 1


def test_bad_arguments_are_told_before_any_work() -> None:
    seen: list[float] = []
    for call, data in ((mf.estimate_strip_motion, (LINES,)), (mf.strip_motions, (STACK, PATHS))):
        with pytest.raises(ValueError, match="boundary must be"):
            call(*data, boundary="open", progress=lambda fraction, _: seen.append(fraction))
    assert seen == []
