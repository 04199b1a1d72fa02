"""The picture of objectives side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from napari_motionfft.files.objective_pictures import comparison_figure, write_figure
from napari_motionfft.motion.objectives import compare_objectives, posts_square

NAMES = ("fourier", "fourier-unsigned")


def test_each_objective_has_its_landscape_paths_and_truth(tmp_path: Path) -> None:
    frames, truth = posts_square()
    comparison = compare_objectives(frames, truth, objectives=NAMES, trials=2, steps=20)
    figure = comparison_figure(comparison, truth.numpy())
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title().split("\n")[0] for axes in shown] == list(NAMES)
    assert "1 maximum" in shown[0].get_title()
    assert "225 maxima" in shown[1].get_title()
    for axes in shown:
        cross = [line for line in axes.lines if line.get_marker() == "+"]
        np.testing.assert_array_equal(cross[0].get_xydata(), [[4, 2]])
        paths = [line for line in axes.lines if len(line.get_xdata()) == 21]
        assert len(paths) == 2
        assert axes.get_ylim()[0] > axes.get_ylim()[1]  # down is positive
    path = tmp_path / "objectives.png"
    write_figure(path, figure)
    assert np.asarray(Image.open(path).convert("L")).std() > 10
    assert [entry.name for entry in tmp_path.iterdir()] == ["objectives.png"]
