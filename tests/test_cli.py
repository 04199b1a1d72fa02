"""The command line: what it writes, what it says, how it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from tests.viewer.made_path import wandering

import napari_motionfft as mf
from napari_motionfft import cli
from napari_motionfft import demo as demo_module
from napari_motionfft.summary import pair, plus_minus, summary

RESULTS = ["integrated.tif", "landscape.tif", "motion.csv", "motion.json"]


def moving(frames: int = 8) -> Any:
    """(T, 48, 56) float32 seen through a window: the content moves by exactly (-1, 2) px/frame."""
    scene = np.random.default_rng(3).normal(size=(96, 96)).cumsum(0).cumsum(1)
    scene -= scene.mean()
    return np.stack([scene[t : t + 48, 30 - 2 * t : 86 - 2 * t] for t in range(frames)]).astype(
        np.float32
    )


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stack in a file, in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "scene.ome.tif"
    tifffile.imwrite(path, moving(), metadata={"axes": "TYX"}, photometric="minisblack")
    return path


def estimate(*arguments: str) -> int:
    """`napari-motionfft estimate`, on the CPU in a narrow range to be quick."""
    return cli.main(["estimate", *arguments, "--device", "cpu", "--max-speed", "4"])


def test_estimate_writes_four_files_and_says_what_it_found(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert estimate(stack.name) == 0
    out = stack.parent / "scene-motion"
    assert sorted(path.name for path in out.iterdir()) == RESULTS
    motion = mf.load_motion(out / "motion.json")
    np.testing.assert_allclose(motion.velocity, [-1, 2], atol=0.02)
    table = mf.load_motion(out / "motion.csv")
    np.testing.assert_array_equal(table.displacements, motion.displacements)
    np.testing.assert_array_equal(tifffile.imread(out / "integrated.tif"), motion.integrated)
    with tifffile.TiffFile(out / "landscape.tif") as tiff:
        np.testing.assert_array_equal(tiff.asarray(), motion.landscape.values)
        (described,) = tiff.shaped_metadata or ()
    assert described["vx_first_last"] == motion.landscape.vx[[0, -1]].tolist()
    said, errors = capsys.readouterr()
    assert "8 frames of 48 × 56 px" in said
    assert f"velocity y  {plus_minus(motion.velocity[0], motion.velocity_stderr[0])}" in said
    assert "reliable    yes" in said
    assert "26.6° (0 = right, 90 = up)" in said
    assert f"on {motion.device}" in said
    assert errors == ""  # no progress where stderr is no terminal


def test_earlier_results_are_not_overwritten_unasked(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = stack.parent / "results"
    out.mkdir()
    (out / "motion.csv").write_text("mine")
    assert estimate(stack.name, "--out", "results") == 2
    assert "results holds motion.csv already; use --force" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ["motion.csv"]
    assert (out / "motion.csv").read_text() == "mine"
    assert estimate(stack.name, "--out", "results", "--force", "--region", "4:44,:50") == 0
    assert sorted(path.name for path in out.iterdir()) == RESULTS
    record = json.loads((out / "motion.json").read_text())
    assert record["region"] == [[4, 44], [0, 50]]


def test_a_path_takes_the_names_of_estimate_motion_and_is_told_as_one(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", "polynomial", "--degree", "2", "--effort", "fast"]
    options += ["--frame-weights", "sharpness", "--canvas", "union"]
    assert estimate(stack.name, *options) == 0
    out = stack.parent / "scene-motion"
    motion = mf.load_motion(out / "motion.json")
    asked = {"model": "polynomial", "degree": 2, "effort": "fast", "canvas": "union"}
    assert motion.settings | asked | {"frame_weights": "sharpness"} == motion.settings
    np.testing.assert_allclose(motion.displacements[-1], [-7, 14], atol=0.1)
    with tifffile.TiffFile(out / "integrated.tif") as tiff:
        assert tiff.asarray().shape == motion.integrated.shape
        (described,) = tiff.shaped_metadata or ()
    y0, y1, x0, x1 = described["region_y0_y1_x0_x1"]
    assert (y0, x0) == motion.origin
    assert (y1 - y0, x1 - x0) == motion.integrated.shape
    # frame 7 sees 7 px more below and 14 px more on the left; the last pixel may be lost
    assert min(y0, 0) == 0
    assert y1 in (54, 55)
    assert x0 in (-14, -13)
    said = capsys.readouterr().out
    assert "model       polynomial, degree 2" in said
    assert "path y      −" in said
    assert "error y, x  typically ± (0.0" in said
    assert "velocity y" not in said
    assert f"score       {motion.score:.1f} standard deviations of noise: each half" in said


def test_jumps_and_frames_left_out_are_told() -> None:
    said = summary(wandering())
    assert "jump        frame 33: (5.9, −4.1) px" in said
    assert "left out    2 of 60 frames: 12, 40" in said
    steady = replace(wandering(), model="velocity", jumps=(), candidates=())
    said = summary(steady)
    assert any(line.startswith("velocity y") for line in said)
    assert "left out    2 of 60 frames: 12, 40" in said
    assert not any(line.startswith(("path", "jump", "model")) for line in said)


def test_noise_is_reported_as_not_reliable_and_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("noise.npy", np.random.default_rng(0).normal(size=(8, 48, 48)))
    assert estimate("noise.npy") == 0
    motion = mf.load_motion("noise-motion/motion.json")
    assert not motion.reliable
    assert f"reliable    NO: {motion.reason}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.tif"], "No such file: gone.tif"),
        (["scene.ome.tif", "--weight", "heavy"], "weight must be one of auto"),
        (["scene.ome.tif", "--model", "spiral"], "model must be one of velocity"),
        (["scene.ome.tif", "--background", "blue"], "background must be one of none"),
        (["scene.ome.tif", "--effort", "lazy"], "effort must be one of fast"),
        (["scene.ome.tif", "--canvas", "vast"], "canvas must be one of frame"),
        (["scene.ome.tif", "--frame-weights", "odd"], "frame_weights must be one of none"),
        (["scene.ome.tif", "--knots", "2"], "knots is for model='spline'"),
        (["scene.ome.tif", "--model", "polynomial", "--degree", "9"], "degree must be 1 to 7"),
        (["scene.ome.tif", "--region", "0:99,0:20"], "leaves the frame"),
        (["scene.ome.tif", "--out", "scene.ome.tif"], "is a file, not a folder"),
        (["notes.txt"], "unknown kind of file '.txt'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    stack: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    (stack.parent / "notes.txt").write_text("hello")
    before = sorted(stack.parent.iterdir())
    assert estimate(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("napari-motionfft: ")
    assert error.count("\n") == 1
    assert "Traceback" not in error
    assert sorted(stack.parent.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["estimate"],
        ["estimate", "a.tif", "--region", "3"],
        ["estimate", "a.tif", "--region", "1:2:3,4:5"],
        ["estimate", "a.tif", "--max-speed", "fast"],
        ["estimate", "a.tif", "--binning", "two"],
    ],
)
def test_usage_errors_exit_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"napari-motionfft {mf.__version__}\n"


def test_progress_is_shown_on_a_terminal_only(
    stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert estimate(stack.name) == 0
    drawn = capsys.readouterr().err
    assert drawn.count("%") >= 3
    assert drawn.startswith("\r")
    assert drawn.endswith("\r\x1b[K")  # nothing is left on the line


def test_an_interrupt_ends_the_run_without_results(
    stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_motionfft.motion.estimate.estimate_motion", stop)
    assert estimate(stack.name) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not (stack.parent / "scene-motion").exists()


def test_a_terminal_without_these_letters_does_not_stop_it(stack: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "napari_motionfft.cli", "estimate", stack.name, "--max-speed", "4"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        cwd=stack.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"velocity y  -1.0" in done.stdout


def test_torch_that_does_not_load_is_explained(
    stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "torch":
                raise OSError("[WinError 1114] c10.dll")

    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    assert estimate(stack.name) == 2
    said = capsys.readouterr().err
    assert "c10.dll" in said
    assert "Visual C++ Redistributable" in said


def test_view_loads_torch_first_and_opens_the_stack(
    stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    fake = types.ModuleType("napari_motionfft.viewer.open")
    fake.open_viewer = lambda path: opened.append((path, "torch" in sys.modules))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "napari_motionfft.viewer.open", fake)
    monkeypatch.setattr(demo_module, "no_window", lambda: "")
    assert cli.main(["view", str(stack)]) == 0
    assert cli.main(["view"]) == 0
    assert opened == [(stack, True), (None, True)]


def test_view_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["view", str(tmp_path / "gone.tif")]) == 2
    assert "gone.tif" in capsys.readouterr().err
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert cli.main(["view"]) == 2
    assert "there is no screen" in capsys.readouterr().err


def test_the_demo_prints_truth_beside_estimate_and_draws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo_module, "no_window", lambda: "this test has none")
    assert cli.main(["demo", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    (radar,) = (line for line in said.splitlines() if line.startswith("rain radar  "))
    (cells,) = (line for line in said.splitlines() if line.startswith("low light  "))
    assert "about (-2.6, 2.2)" in radar
    assert "(0.23, -0.61)" in cells
    assert "NOT RELIABLE" not in radar + cells
    assert "No window: this test has none." in said
    for start in (
        "drift with a jump: rms error",
        "blood flow: 1.50",
        "Tacoma bridge: the deck",
        "two textures crossing: (1.3",
        "occluder over a scene: (0.",
        "faint mover, 0.",
    ):
        assert any(line.startswith(start) for line in said.splitlines()), start
    assert "drift_with_jump-path.png, blood_flow-strip.png, tacoma_bridge-strip.png" in said
    assert "crossing_textures-layers.png, occluder-layers.png, faint_mover-track.png" in said
    for key, side in (("rain_radar", 320), ("low_light", 256)):
        with Image.open(tmp_path / "out" / f"{key}-integrated.png") as image:
            assert (image.size, image.mode) == ((side, side), "L")
            sharp = np.asarray(image).astype(float)
        with Image.open(tmp_path / "out" / f"{key}-plain-mean.png") as image:
            assert image.size == (side, side)
        with Image.open(tmp_path / "out" / f"{key}-landscape.png") as image:
            assert image.mode == "RGB"
            assert min(image.size) > 400
        assert sharp.std() > 20


@pytest.mark.skipif(not demo_module.has_screen(), reason="needs a screen")
def test_the_demo_takes_pictures_of_napari_s_window(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "napari_motionfft.cli", "demo", "--no-window", "--out", "out"],
        env={**os.environ, "NAPARI_CONFIG": str(tmp_path / "settings.yaml")},
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    for key in ("rain_radar", "low_light", "drift_with_jump", "tacoma_bridge", "crossing_textures"):
        with Image.open(tmp_path / "out" / f"{key}-window.png") as image:
            pixels = np.asarray(image)
        assert pixels.shape[0] > 700
        assert pixels.shape[1] > 1000
        canvas = pixels[200:700, 400:1200].reshape(-1, 3)
        assert len(np.unique(canvas, axis=0)) > 100  # a stack, a mean and a colour map, not black


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.23012, 0.0014, "0.2301 ± 0.0014"),
        (-2.6, 0.012, "-2.600 ± 0.012"),
        (12.345, 3.0, "12.3 ± 3.0"),
        (1234.5, 250.0, "1234 ± 250"),
        (1.0, 1e-12, "1.000000000 ± 0.000000000"),
        (1.0, 0.0, "1.0000 ± 0"),
        (1.0, np.inf, "1.0000 ± inf"),
        (1.0, np.nan, "1.0000 ± unknown"),
    ],
)
def test_numbers_show_the_digits_that_count(value: float, error: float, text: str) -> None:
    assert plus_minus(value, error) == text


def test_a_pair_has_as_many_digits_on_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("frame,y,x,stderr_y,stderr_x\n0,0,0,0,0\n1,1.23456,-2,0.012,0.0034\n")
    assert pair(mf.load_motion(path)) == "(1.235 ± 0.012, -2.000 ± 0.003)"
    path.write_text("frame,y,x\n0,0,0\n1,1.23456,-2\n")
    assert pair(mf.load_motion(path)) == "(1.2346 ± unknown, -2.0000 ± unknown)"
