"""Runs that a dock has not made itself: opened from files, or left by an earlier dock."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication, QLabel
from tests.viewer.drive import click, docked
from tests.viewer.made_path import EXCLUDED, FRAMES, PHYSICAL, cells, source_of, wandering

import napari_motionfft as mf
from napari_motionfft.files.tables import read_motion, write_motion
from napari_motionfft.viewer.opened import clock, opened_run
from napari_motionfft.viewer.report import as_html, as_text
from napari_motionfft.viewer.results import add_results, tagged
from napari_motionfft.viewer.run_list import RunList
from napari_motionfft.viewer.runs import keep, kept_of
from napari_motionfft.viewer.saved_place import place_record
from napari_motionfft.viewer.widgets.estimate import EstimateMotion

PLUGIN = "napari-motionfft"

pytestmark = pytest.mark.usefixtures("plugin")


def saved(path: Path, first: int = 0) -> Path:
    """A file as the panel saves it."""
    source = source_of(first, **PHYSICAL)
    kept = kept_of(wandering(), source, FRAMES + 5)
    write_motion(kept.motion, path, place_record(kept))
    return path


def test_an_opened_file_is_a_run_with_the_numbers_of_its_own(tmp_path: Path) -> None:
    path = saved(tmp_path / "motion.json", 5)
    viewer = ViewerModel()
    runs = RunList(viewer)
    assert runs.take_up() == []
    viewer.open(str(path), plugin=PLUGIN)
    (run,) = runs.take_up()
    assert runs.take_up() == []  # known by now
    assert runs.runs == [run]
    text = as_text(run.report)
    assert "Data:           cells, frames 5–64, whole frame" in text
    assert "Left out:       2 of 60 frames: 17, 45" in text
    assert "µm/s" in text
    assert (run.chart.time_unit, run.chart.step, run.chart.first_frame) == ("s", 0.5, 5)
    space: dict[str, Any] = {}
    exec(run.script, space)
    np.testing.assert_array_equal(space["motion"].displacements, wandering().displacements)

    # the slider is that of the path, or of the image where that is there
    link = runs.time_link(run)
    assert link is not None
    link.go_to(7)
    assert viewer.dims.current_step[0] == 12 - 5  # the path begins at frame 5
    assert link.frame() == 7
    assert runs.stack(run) is None
    image = viewer.add_layer(cells(**PHYSICAL))
    assert runs.stack(run) is image
    link = runs.time_link(run)
    assert link is not None
    link.go_to(7)
    assert viewer.dims.current_step[0] == 12
    viewer.layers.remove(image)

    viewer.layers.clear()
    runs.forget_gone()
    assert runs.runs == []


def test_a_region_is_told(tmp_path: Path) -> None:
    motion = wandering(region=((4, 40), (0, 64)))
    kept = kept_of(motion, source_of(**PHYSICAL))
    write_motion(motion, tmp_path / "motion.json", place_record(kept))
    viewer = ViewerModel()
    viewer.open(str(tmp_path / "motion.json"), plugin=PLUGIN)
    (run,) = RunList(viewer).take_up()
    assert dict(run.report.rows)["Data"] == "cells, frames 0–59, y 4–39, x 0–63"


def test_a_table_says_what_it_knows_and_no_more(tmp_path: Path) -> None:
    mf.save_motion(wandering(), tmp_path / "my motion.csv")
    viewer = ViewerModel()
    viewer.open(str(tmp_path / "my motion.csv"), plugin=PLUGIN)
    (run,) = RunList(viewer).take_up()
    rows = dict(run.report.rows)
    assert not {"Peak", "Ran on"} & set(rows)
    assert rows["Data"] == "my motion, frames 0–59"
    assert "nan" not in as_text(run.report)
    assert "which does not say how reliable it is" in run.report.verdict
    assert "Not reliable" not in as_html(run.report)
    assert "best guess" not in as_html(run.report)
    assert run.chart.doubt == ""


def test_runs_that_are_not_over_or_have_no_path_are_left_alone() -> None:
    viewer = ViewerModel()
    source = source_of(**PHYSICAL)
    layers = add_results(viewer, wandering(), source)
    assert opened_run(layers) is None  # its own dock is about to write the motion
    kept = keep(layers, wandering(), source)
    assert clock(layers[:4]) is None
    assert opened_run(layers[:4]) is None  # its path is not in the viewer yet
    run = opened_run(layers)
    assert run is not None
    assert run.kept is kept
    assert run.script == ""


def said(widget: Any) -> str:
    """All that the panel shows."""
    label = widget.native.findChild(QLabel, "motionfft.report")
    return html.unescape(label.text()).replace("\u200b", "")


def test_in_the_window_an_opened_run_has_numbers_plot_and_buttons(
    make_napari_viewer_proxy: Any, qtbot: Any, tmp_path: Path
) -> None:
    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1400, 900)
    widget = docked(viewer, EstimateMotion, "Estimate motion", qtbot)
    viewer.open(str(saved(tmp_path / "motion.json")), plugin=PLUGIN)
    assert "spline, 8 intervals" in said(widget)
    assert widget.dock.visible
    shown = widget.dock.results
    viewer.dims.set_current_step(0, 20)
    assert shown.plot.time == pytest.approx(10)
    shown.plot.chosen.emit(4.4)
    assert viewer.dims.current_step[0] == 9
    assert "load_motion(" in widget.copy_as_python()
    assert "no longer in the viewer" in widget.use.stack_button.tooltip
    viewer.add_image(np.zeros((FRAMES + 5, 48, 64), np.float32), name="cells", **PHYSICAL)
    click(widget, "stack_button")
    assert "cells (motion-compensated)" in [layer.name for layer in viewer.layers]

    # what is saved again tells the place, too
    widget.save(tmp_path / "again.json")
    motion, record = read_motion(tmp_path / "again.json")
    assert motion.excluded == EXCLUDED
    assert record == read_motion(tmp_path / "motion.json")[1]

    # a second one beside it, from a script: in px
    mf.save_motion(wandering(model="free"), tmp_path / "other.json")
    viewer.open(str(tmp_path / "other.json"), plugin=PLUGIN)
    assert len(widget.panel.shown.choices) == 2
    assert "free" in said(widget)
    assert "does not tell where its image lies" in widget.use.stack_button.tooltip
    assert "does not tell where its image lies" in widget.use.follow_button.tooltip
    assert widget.use.follow_button.tooltip.endswith("Track > Follow the region.")

    # a dock that is opened later shows them, but no plot unasked
    viewer.window.remove_dock_widget(widget.native)
    QApplication.processEvents()
    again = docked(viewer, EstimateMotion, "again", qtbot)
    assert len(again.panel.shown.choices) == 2
    assert not again.dock.there
    click(again, "plot_button")
    assert again.dock.visible
    click(again, "remove_button")
    assert not tagged(viewer)
    assert not again.dock.there


def test_a_result_of_an_earlier_dock_has_no_call(make_napari_viewer_proxy: Any, qtbot: Any) -> None:
    viewer = make_napari_viewer_proxy()
    source = source_of(**PHYSICAL)
    keep(add_results(viewer, wandering(), source), wandering(), source)
    widget = docked(viewer, EstimateMotion, "Estimate motion", qtbot)
    assert "spline, 8 intervals" in said(widget)
    assert "call is not known" in widget.panel.copy_button.tooltip
    assert widget.panel.save_button.enabled
