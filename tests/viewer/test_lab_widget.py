"""The Objective lab, clicked through in a real viewer."""

from __future__ import annotations

import csv
import html
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QLabel
from tests.viewer.drive import click, docked, finish, ours

from napari_motionfft.motion import objectives
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.viewer.lab_run import FIRST, OBJECTIVES
from napari_motionfft.viewer.results import add_results
from napari_motionfft.viewer.runs import keep
from napari_motionfft.viewer.widgets import lab_table
from napari_motionfft.viewer.widgets.lab import ObjectiveLab
from napari_motionfft.viewer.widgets.lab_form import OWN, UNKNOWN

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy()


@pytest.fixture
def widget(viewer: Any, qtbot: Any) -> Any:
    return docked(viewer, ObjectiveLab, "Objective lab", qtbot)


def said(widget: Any, label: str = "lab_error") -> str:
    return html.unescape(widget.native.findChild(QLabel, f"motionfft.{label}").text())


def cells(widget: Any) -> dict[str, dict[str, str]]:
    """The table: first column → heading → text."""
    table = widget.table.native
    heads = [
        table.horizontalHeaderItem(i).text().replace("\n", " ") for i in range(table.columnCount())
    ]
    rows = [
        [table.item(row, i).text() for i in range(table.columnCount())]
        for row in range(table.rowCount())
    ]
    return {row[0]: dict(zip(heads, row, strict=True)) for row in rows}


def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Replace the ascent by one that waits until it is cancelled; set when it has begun."""
    begun = threading.Event()

    def wait(*_: Any, progress: Callable[..., Any], cancel: threading.Event, **__: Any) -> Any:
        begun.set()
        for step in range(10_000):
            progress(step / 10_000, "Waiting")
            if cancel.wait(0.005):
                raise Cancelled("cancelled")

    monkeypatch.setattr(objectives, "multi_start", wait)
    return begun


def test_the_posts_figure_in_two_clicks(
    widget: Any, viewer: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    click(widget, "example")
    assert widget.form.truth.value == OWN
    assert widget.form.window.value == "none"
    before = (viewer.dims.point, viewer.dims.ndim)
    click(widget, "run_button")
    finish(widget, qtbot)

    assert said(widget) == ""
    table = cells(widget)
    assert set(table) == set(FIRST)
    assert table["fourier-unsigned"]["local maxima"] == "225"
    assert table["fourier-unsigned"]["found truth"] == "0/10"
    assert table["fourier-unsigned"]["median steps"] == "–"
    for name in ("fourier", "fourier-bilinear", "fourier-unsigned-bilinear"):
        assert (table[name]["local maxima"], table[name]["found truth"]) == ("1", "10/10")
        assert (table[name]["peak vy px/frame"], table[name]["peak vx px/frame"]) == (
            "2.00",
            "4.00",
        )
    assert [layer.name for layer in ours(viewer)][:4] == list(table)
    assert len(ours(viewer)) == 7
    assert (viewer.dims.point, viewer.dims.ndim) == before
    assert "5 frames" in said(widget, "lab_report")
    assert "truth" in said(widget, "lab_report")

    # the step slider and Play move the paths alone
    assert (widget.player.step.value, widget.player.step.max) == (400, 400)
    points = next(x for x in ours(viewer) if x.name == "lab: starts, ends")
    ends = points.data.copy()
    widget.player.step.value = 0
    half = len(ends) // 2
    np.testing.assert_array_equal(points.data[half:], points.data[:half])
    click(widget, "play_button")
    assert widget.player.playing
    qtbot.waitUntil(lambda: widget.player.step.value > 8)
    click(widget, "play_button")
    assert not widget.player.playing
    widget.player.step.value = 399
    click(widget, "play_button")
    qtbot.waitUntil(lambda: not widget.player.playing)
    np.testing.assert_allclose(points.data, ends)
    assert (viewer.dims.point, viewer.dims.ndim) == before

    # Save as CSV, through the dialog, and never over a file
    answer = SimpleNamespace(getSaveFileName=lambda *_: (str(tmp_path / "table"), ""))
    monkeypatch.setattr(lab_table, "QFileDialog", answer)
    click(widget, "save_button")
    lines = list(csv.DictReader((tmp_path / "table.csv").read_text(encoding="utf-8").splitlines()))
    assert [line["objective"] for line in lines] == list(table)
    assert [line["starts that found truth"] for line in lines] == ["10", "10", "0", "10"]
    click(widget, "save_button")
    assert "Not saved" in said(widget)
    assert "exists already" in said(widget)
    with pytest.raises(FileExistsError):
        widget.save(tmp_path / "table.csv")
    answer.getSaveFileName = lambda *_: (str(tmp_path / "table.csv"), "")  # Qt has asked
    click(widget, "save_button")
    assert said(widget) == ""

    # a second run takes the place of the first
    widget.form.objectives.value = ("fourier",)
    click(widget, "run_button")
    finish(widget, qtbot)
    assert [layer.name for layer in ours(viewer)] == [
        "fourier",
        "lab: paths",
        "lab: starts, ends",
        "lab: axes",
    ]
    click(widget, "example")  # it is there already
    assert len(viewer.layers) == 5
    click(widget, "remove_button")
    assert [layer.name for layer in viewer.layers] == ["white square"]
    assert not widget.player.step.enabled
    assert "press Run" in widget.player.play_button.tooltip


def test_cancelled_and_failed_runs_leave_the_viewer_as_it_was(
    widget: Any, viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    click(widget, "example")
    widget.form.objectives.value = ("fourier",)
    click(widget, "run_button")
    finish(widget, qtbot)
    names = [layer.name for layer in viewer.layers]
    begun = waiting(monkeypatch)
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    assert not widget.buttons.run.enabled
    assert "cancel it first" in widget.buttons.remove.tooltip
    click(widget, "cancel_button")
    finish(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == names
    assert widget.buttons.run.enabled
    assert len(cells(widget)) == 1

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(objectives, "multi_start", fail)
    click(widget, "run_button")
    finish(widget, qtbot)
    assert "CUDA out of memory" in said(widget)
    assert [layer.name for layer in viewer.layers] == names

    viewer.add_image(np.zeros((4, 32, 32)), name="black")
    widget.form.image.value = next(x for x in viewer.layers if x.name == "black")
    click(widget, "run_button")
    finish(widget, qtbot)
    assert "nothing to see" in said(widget)

    begun = waiting(monkeypatch)
    widget.open_example()
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    viewer.window.remove_dock_widget(widget.native)
    assert not widget.running
    qtbot.wait(100)
    assert [layer.name for layer in viewer.layers] == [*names, "black"]


def test_real_frames_in_a_region_without_a_truth(
    widget: Any, viewer: Any, qtbot: Any, moving: Any, made: Any
) -> None:
    stack = viewer.add_image(moving, name="cells", scale=(1, 0.5, 0.5), translate=(0, 3, 4))
    viewer.add_shapes(
        [[8, 10], [8, 74], [72, 74], [72, 10]], name="roi", scale=(0.5, 0.5), translate=(3, 4)
    )
    form = widget.form
    form.image.value = next(x for x in viewer.layers if x.name == "cells")
    assert (form.truth.value, form.window.value, form.limit.value) == (UNKNOWN, "hann", 8)
    assert (form.frames.first_frame.value, form.frames.last_frame.value) == (0, 9)
    form.region.value = next(x for x in viewer.layers if x.name == "roi")
    form.objectives.value = ("fourier", "gcc-phat-0.7-fejer")
    form.limit.value, form.starts.value, form.steps.value = 4, 3, 150
    click(widget, "run_button")
    finish(widget, qtbot)
    assert said(widget) == ""
    table = cells(widget)
    assert set(table["fourier"]) == {
        "objective", "local maxima", "found peak", "median steps",
        "peak vy px/frame", "peak vx px/frame", "time s",
    }  # fmt: skip
    assert float(table["fourier"]["peak vy px/frame"]) == pytest.approx(0.75, abs=0.3)
    assert float(table["fourier"]["peak vx px/frame"].replace("−", "-")) == pytest.approx(
        -1.25, abs=0.3
    )
    assert "Hann" in said(widget, "lab_report")
    assert widget.result.explored[0].landscape.vy[-1] == 4
    assert widget.result.truth is None

    # a motion of the viewer is a truth to choose, once its run has ended
    from napari_motionfft.viewer.source import read_source

    source = read_source(stack.__wrapped__, current_step=(0, 0, 0))
    motion = made.motion_of((0.75, -1.25), frames=10, region=((0, 80), (0, 96)))
    keep(add_results(viewer, motion, source), motion, source)
    qtbot.waitUntil(lambda: len(form.truth.choices) == 2)
    form.truth.value = form.truth.choices[1]
    form.objectives.value = ("fourier",)
    click(widget, "run_button")
    finish(widget, qtbot)
    np.testing.assert_allclose(widget.result.truth, (0.75, -1.25))
    assert "found truth" in cells(widget)["fourier"]


def test_buttons_that_are_off_say_why_and_all_have_names(widget: Any, viewer: Any) -> None:
    buttons, form = widget.buttons, widget.form
    assert "image layer first" in buttons.run.tooltip
    assert buttons.cancel.tooltip == "Nothing is running."
    assert "no result yet" in buttons.save.tooltip
    assert "no result layers" in buttons.remove.tooltip
    assert "press Run" in widget.player.step.tooltip
    widget.run()  # from a script: says the same
    assert "image layer first" in said(widget)
    viewer.add_image(np.zeros((32, 32)), name="flat")
    assert "'flat' is 2-D" in buttons.run.tooltip
    viewer.add_image(np.zeros((3, 5, 32, 12)), name="channels", axis_labels=("c", "t", "y", "x"))
    form.image.value = next(x for x in viewer.layers if x.name == "channels")
    assert (form.time_axis.value, form.frames.last_frame.value) == (1, 4)
    assert form.limit.value == 6  # half the frame
    assert buttons.run.enabled
    form.objectives.value = ()
    assert buttons.run.tooltip == "Tick at least one objective."
    click(widget, "all")
    assert form.objectives.value == tuple(OBJECTIVES)
    click(widget, "four")
    assert set(form.objectives.value) == set(FIRST)
    assert buttons.run.enabled

    fields = [form.image, form.example, form.region, form.time_axis, form.frames, form.objectives]
    fields += [form.four, form.all, form.truth, form.limit, form.starts, form.steps, form.window]
    fields += [form.device, buttons.run, buttons.cancel, buttons.save, buttons.responses]
    fields += [buttons.remove, widget.progress, widget.player.play_button, widget.player.step]
    names = [field.native.objectName() for field in fields]
    assert all(name.startswith("motionfft.") for name in names)
    assert len(set(names)) == len(names)
    assert all(field.tooltip for field in fields)
    QApplication.processEvents()
    least = widget.native.minimumSizeHint()
    assert least.width() <= 340
    assert least.height() <= 200


def test_filter_responses_follow_frames_and_theme(
    widget: Any, viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.add_image(np.zeros((8, 32, 32)))
    click(widget, "responses_button")
    qtbot.waitUntil(lambda: widget.responses.plot is not None, timeout=30_000)
    plot = widget.responses.plot
    (axes,) = plot.figure.axes
    assert [line.get_label() for line in axes.lines[:3]] == [
        "moving average, T = 8",
        "sinc², 8 px wide",
        "cascade of these two",
    ]
    plot.canvas.draw()  # warnings are errors
    dark = plot.figure.get_facecolor()
    viewer.theme = "light"
    plot.canvas.draw()
    light = plot.figure.get_facecolor()
    assert sum(light[:3]) > 2 > 1 > sum(dark[:3])
    widget.form.frames.last_frame.value = 4
    click(widget, "responses_button")
    qtbot.waitUntil(lambda: not widget.responses.running, timeout=30_000)
    assert widget.responses.plot is plot  # the same dock
    assert plot.figure.axes[0].lines[0].get_label() == "moving average, T = 5"

    viewer.window.remove_dock_widget(plot)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    click(widget, "responses_button")
    qtbot.waitUntil(lambda: "need matplotlib" in said(widget), timeout=30_000)
