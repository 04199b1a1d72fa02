"""The picture of a path: both components, their errors, jumps and frames left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from tests.viewer.made_path import EXCLUDED, FRAMES, JUMP, wandering

from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.path_pictures import path_figure, stretches


def test_path_truth_and_error_on_one_axis(tmp_path: Path) -> None:
    motion = wandering()
    truth = motion.displacements - (0.1, 0.2)
    figure = path_figure(motion, "a stage", truth, "table")
    above, below = figure.axes
    assert above.get_xlim() == below.get_xlim() == (-0.5, FRAMES - 0.5)
    said = [text.get_text() for text in above.get_legend().get_texts()]
    assert said == ["y (down)", "x (right)", "table", "left out, interpolated"]
    assert [axes.get_ylabel() for axes in figure.axes] == ["displacement, px", "error, px"]
    assert "estimate − table" in below.get_title(loc="left")
    off = [np.asarray(line.get_ydata(), float) for line in below.lines[:2]]
    for values, expected in zip(off, (0.1, 0.2), strict=True):
        assert np.flatnonzero(np.isnan(values)).tolist() == list(EXCLUDED)
        np.testing.assert_allclose(values[np.isfinite(values)], expected)
    path = tmp_path / "path.png"
    write_figure(path, figure)
    with Image.open(path) as image:
        assert np.asarray(image.convert("L")).std() > 10


def test_no_line_crosses_a_jump_and_it_is_named() -> None:
    (above,) = path_figure(wandering(), "").axes
    lines = [np.asarray(line.get_xdata(), float) for line in above.lines]
    joined = [x for x in lines if len(x) > len(EXCLUDED)]
    assert sorted(len(x) for x in joined) == [FRAMES - JUMP] * 2 + [JUMP] * 2
    assert any(np.allclose(x, JUMP - 0.5) for x in lines)
    (told,) = (text.get_text() for text in above.texts)
    step = wandering().displacements[JUMP] - wandering().displacements[JUMP - 1]
    assert told.strip() == f"jump of {np.hypot(*step):.1f} px, frame {JUMP}"


def test_a_band_is_one_standard_error_and_leaves_out_what_is_not_known() -> None:
    motion = replace(wandering(), jumps=(), excluded=())
    error = np.full((FRAMES, 2), 0.25)
    error[7] = np.nan
    (above,) = path_figure(replace(motion, displacement_stderr=error), "").axes
    for axis, band in enumerate(above.collections):
        corners = band.get_paths()[0].vertices
        for t in (3, 7):
            here = corners[corners[:, 0] == t, 1]
            wide = 0.0 if t == 7 else 0.5
            np.testing.assert_allclose(np.ptp(here), wide, atol=1e-12)
            np.testing.assert_allclose(here.mean(), motion.displacements[t, axis])


def test_stretches_go_from_jump_to_jump() -> None:
    motion = replace(wandering(), jumps=(10, JUMP))
    assert stretches(motion) == [slice(0, 10), slice(10, JUMP), slice(JUMP, FRAMES)]
    assert stretches(replace(motion, jumps=())) == [slice(0, FRAMES)]
