"""Strip motion, clicked through in a real viewer."""

from __future__ import annotations

import csv
import html
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QLabel
from tests.viewer.drive import click, docked, finish, ours
from tests.viewer.made_flow import flow

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.strips import many
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_run import COLUMNS, MOVIE, ROWS
from napari_motionfft.viewer.widgets import lab_table
from napari_motionfft.viewer.widgets.strip import StripMotionDock
from napari_motionfft.viewer.widgets.strip_results import TITLE

VELOCITY = 0.8
UNITS = ("s", "um", "um")

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture(scope="module")
def movie() -> Any:
    return flow(VELOCITY, frames=64)


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy()


@pytest.fixture
def widget(viewer: Any, qtbot: Any) -> Any:
    return docked(viewer, StripMotionDock, "Strip motion", qtbot)


def said(widget: Any) -> str:
    """All that the panel shows."""
    labels = (widget.native.findChild(QLabel, f"motionfft.{part}") for part in ("error", "report"))
    text = "".join(label.text() for label in labels)
    return html.unescape(text).replace("\u200b", "")


def drawn(widget: Any, viewer: Any, movie: Any, **arguments: Any) -> Any:
    """A movie with two strips: there and back."""
    viewer.add_image(movie, name="vessel", **arguments)
    click(widget, "draw")
    strips = next(x for x in viewer.layers if x.name == "strips")
    strips.add_lines(np.array([[20, 5], [20, 90]]))
    strips.add_lines(np.array([[30, 90], [30, 5]]))
    return strips


def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Replace the estimator by one that waits until it is cancelled; set when it has begun."""
    begun = threading.Event()

    def wait(*_: Any, progress: Any, cancel: threading.Event, **__: Any) -> Any:
        begun.set()
        for step in range(10_000):
            progress(step / 10_000, "Waiting")
            if cancel.wait(0.005):
                raise Cancelled("cancelled")

    monkeypatch.setattr(many, "strip_motions", wait)
    return begun


def test_draw_run_read_save_copy_remove(
    widget: Any, viewer: Any, qtbot: Any, movie: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    strips = drawn(widget, viewer, movie, scale=(0.1, 0.5, 0.5), units=UNITS)
    assert strips.mode == "add_line"
    assert tuple(strips.scale) == (0.5, 0.5)
    assert viewer.layers.selection.active.name == "strips"
    (outline,) = ours(viewer)  # how wide the strips are, while they are drawn
    assert len(outline.data) == 2
    before = np.ptp(outline.data[0][:, 0])
    widget.form.width.value = 9
    assert np.ptp(ours(viewer)[0].data[0][:, 0]) == pytest.approx(before + 8)
    click(widget, "draw")  # goes on in the same layer
    assert [x.name for x in viewer.layers if x not in ours(viewer)] == ["vessel", "strips"]

    assert widget.form.window.value == 16
    widget.form.window.value = 32
    viewer.dims.set_current_step(0, 20)
    click(widget, "run_button")
    assert widget.running
    finish(widget, qtbot)

    table = widget.last.table
    there, back = table.strips
    np.testing.assert_allclose(there.velocities, VELOCITY, atol=0.02)
    np.testing.assert_allclose(back.velocities, -VELOCITY, atol=0.02)
    assert {"kymograph", "velocity spectrogram"} <= {
        layer.metadata[KEY]["role"] for layer in ours(viewer)
    }
    assert outline.name not in [x.name for x in viewer.layers]
    assert viewer.layers.selection.active.name == "strips"
    assert viewer.dims.current_step[0] == 20
    assert "Reliable" in said(widget)
    assert "strip 2" in said(widget)
    assert "µm/s" in said(widget)
    assert "32 frames (3.2 s), one every 16" in said(widget)

    # the plot below the canvas, and the slider
    results = widget.dock.results
    assert TITLE in list(viewer.window.dock_widgets)
    (axes,) = results.plot.figure.axes
    assert axes.get_title(loc="left") == "velocity, µm/s"
    assert results.plot.time == pytest.approx(2.0)
    viewer.dims.set_current_step(0, 40)
    assert results.plot.time == pytest.approx(4.0)
    results.go_to(1.04)
    assert viewer.dims.current_step[0] == 10
    assert results.table.model().rowCount() == len(there.starts) + len(back.starts)

    # another strip's kymograph
    def shown() -> Any:
        return next(x for x in ours(viewer) if x.metadata[KEY]["role"] == "kymograph")

    np.testing.assert_allclose(shown().data, table.kymographs[0])
    assert widget.panel.shown.choices == (0, 1)
    widget.panel.shown.value = 1
    np.testing.assert_allclose(shown().data, table.kymographs[1])

    # the table as CSV, through the dialog, and never over a file
    answer = SimpleNamespace(getSaveFileName=lambda *_: (str(tmp_path / "v"), ""))
    monkeypatch.setattr(lab_table, "QFileDialog", answer)
    click(widget, "save_button")
    lines = list(csv.DictReader((tmp_path / "v.csv").read_text(encoding="utf-8").splitlines()))
    assert len(lines) == results.table.model().rowCount()
    assert any("µm/s" in heading for heading in lines[0])
    click(widget, "save_button")
    assert "Not saved" in said(widget)
    assert "strip 2" in said(widget)  # the numbers stay
    with pytest.raises(FileExistsError):
        widget.save(tmp_path / "v.csv")
    answer.getSaveFileName = lambda *_: (str(tmp_path / "v.csv"), "")  # Qt has asked
    click(widget, "save_button")
    assert "Not saved" not in said(widget)

    # the script repeats the run
    click(widget, "copy_button")
    space: dict[str, Any] = {"viewer": viewer}
    exec(QApplication.clipboard().text(), space)
    np.testing.assert_allclose(
        space["table"].strips[1].velocities, back.velocities, rtol=1e-5, atol=1e-7
    )

    # the plot comes back when it was closed; all goes in one click
    viewer.window.remove_dock_widget(results)
    click(widget, "plot_button")
    assert widget.dock.results is not results
    assert widget.dock.there
    click(widget, "remove_button")
    assert [layer.name for layer in viewer.layers] == ["vessel", "strips"]
    middle = viewer.layers["vessel"].extent.world[:, -2:].mean(axis=0)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], middle, atol=0.5)
    assert TITLE not in list(viewer.window.dock_widgets)
    assert not widget.panel.remove_button.enabled


def test_a_line_scan_needs_no_strip(widget: Any, viewer: Any, qtbot: Any, movie: Any) -> None:
    form = widget.form
    viewer.add_image(movie[:, 20], name="scan", scale=(0.002, 0.5), units=("s", "um"))
    assert form.kind.choices == (ROWS, COLUMNS)
    assert form.kind.value == ROWS
    assert not form.strips.native.isVisibleTo(widget.native)
    assert not form.draw.native.isVisibleTo(widget.native)
    assert form.interval.native.text() == "0.002 s (layer)"
    assert form.pixel.native.text() == "0.5 µm (layer)"
    assert form.frames.last_frame.value == 63
    form.kind.value = COLUMNS
    assert form.frames.last_frame.value == 95
    form.kind.value = ROWS
    form.hop.value = 4
    assert form.hop.enabled
    assert form.asked().estimate["hop"] == 4
    form.window.value = 0  # all frames: a hop that was set before does not count
    assert not form.hop.enabled
    assert form.asked().estimate["hop"] is None
    form.window.value, form.hop.value = 16, 0
    form.interval.value, form.time_unit.value = 1.0, "ms"
    click(widget, "run_button")
    finish(widget, qtbot)
    (motion,) = widget.last.table.strips
    assert motion.velocity_unit == "µm/ms"
    np.testing.assert_allclose(motion.physical_velocities, VELOCITY * 0.5, atol=0.02)
    assert widget.panel.shown.choices == (0,)
    assert not widget.panel.shown.native.isVisibleTo(widget.native)
    assert "scan" in said(widget)
    widget.dock.results.go_to(20.0)
    assert widget.dock.results.plot.time == 20.0
    click(widget, "copy_button")
    space: dict[str, Any] = {"viewer": viewer}
    exec(QApplication.clipboard().text(), space)
    np.testing.assert_allclose(space["motion"].velocities, motion.velocities, rtol=1e-5)


def test_cancelled_and_failed_runs_leave_the_viewer_as_it_was(
    widget: Any, viewer: Any, qtbot: Any, movie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    strips = drawn(widget, viewer, movie)
    names = [layer.name for layer in viewer.layers]
    begun = waiting(monkeypatch)
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    assert not widget.run_button.enabled
    assert "cancel it first" in widget.panel.remove_button.tooltip
    qtbot.waitUntil(lambda: "Waiting" in widget.progress.native.format())
    click(widget, "cancel_button")
    finish(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == names
    assert widget.run_button.enabled
    assert widget.last is None
    assert TITLE not in list(viewer.window.dock_widgets)

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(many, "strip_motions", fail)
    click(widget, "run_button")
    finish(widget, qtbot)
    assert "CUDA out of memory" in said(widget)
    assert [layer.name for layer in viewer.layers] == names
    assert widget.run_button.enabled
    monkeypatch.undo()

    strips.add_ellipses(np.array([[5, 5], [5, 20], [20, 20], [20, 5]]))
    click(widget, "run_button")  # refused before anything runs
    assert not widget.running
    assert "ellipse" in said(widget)
    strips.data = strips.data[:2]
    click(widget, "run_button")
    finish(widget, qtbot)
    assert "ellipse" not in said(widget)
    assert widget.last is not None
    first = widget.last

    viewer.layers["vessel"].data = np.zeros_like(movie)
    click(widget, "run_button")
    finish(widget, qtbot)
    assert widget.last is not first
    assert not any(strip.reliable.any() for strip in widget.last.table.strips)
    assert "Not reliable" in said(widget)
    assert widget.run_button.enabled


def test_buttons_that_are_off_say_why_and_all_have_names(widget: Any, viewer: Any) -> None:
    form, panel = widget.form, widget.panel
    assert "image layer first" in widget.run_button.tooltip
    assert "image layer first" in form.draw.tooltip
    assert widget.cancel_button.tooltip == "Nothing is running."
    for button in (panel.save_button, panel.copy_button, panel.plot_button):
        assert "no result yet" in button.tooltip
    assert "no result layers" in panel.remove_button.tooltip
    widget.show_plot()
    widget.show_strip(0)
    with pytest.raises(ValueError, match="no result"):
        widget.save("a.csv")
    widget.run()  # from a script: says the same
    assert "image layer first" in said(widget)
    viewer.add_image(np.zeros((40, 5, 32, 48)), axis_labels=("c", "t", "y", "x"), name="channels")
    assert "Draw a strip first" in widget.run_button.tooltip
    assert (form.kind.value, form.time_axis.value, form.window.value) == (MOVIE, 1, 0)
    assert form.frames.last_frame.value == 4
    assert form.interval.native.text() == "not known"
    form.time_axis.value = 0
    assert (form.frames.last_frame.value, form.window.value) == (39, 16)
    assert not form.time_unit.native.isVisibleTo(widget.native)
    form.interval.value = 2.0
    assert form.time_unit.native.isVisibleTo(widget.native)
    viewer.add_shapes([[[5, 5], [5, 30]]], shape_type="line", name="mine")
    assert widget.run_button.enabled
    assert len(viewer.layers) == 2  # a layer of the user's is not drawn over unasked
    click(widget, "draw")  # nor drawn in
    assert [x.name for x in viewer.layers if x not in ours(viewer)] == [
        "channels", "mine", "strips"
    ]  # fmt: skip
    assert form.strips.value.name == "strips"

    fields = [form.image, form.kind, form.strips, form.draw, form.width, form.frames, form.window]
    fields += [form.hop, form.max_speed, form.background, form.interval, form.time_unit]
    fields += [form.pixel, form.length_unit, form.device, form.more, form.time_axis, form.level]
    fields += [form.weight, form.reduce, form.interpolation, widget.run_button, panel.shown]
    fields += [widget.cancel_button, widget.progress, panel.save_button, panel.copy_button]
    fields += [panel.plot_button, panel.remove_button]
    names = [field.native.objectName() for field in fields]
    assert all(name.startswith("motionfft.") for name in names)
    assert len(set(names)) == len(names)
    assert all(field.tooltip for field in fields)
    form.toggle()
    widget.panel.show_error("A long message, of many words that must go on several lines. " * 9)
    QApplication.processEvents()
    least = widget.native.minimumSizeHint()
    assert least.width() <= 350
    assert 150 <= least.height() <= 180  # other docks and the plot below leave this room
    for label in [x for x in form.native.findChildren(QLabel) if x.text()]:
        wide = label.fontMetrics().horizontalAdvance(label.text())
        assert wide <= label.minimumSizeHint().width()


def test_a_dock_that_is_closed_cancels_its_run(
    widget: Any, viewer: Any, qtbot: Any, movie: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(widget, viewer, movie)
    begun = waiting(monkeypatch)
    names = [layer.name for layer in viewer.layers]
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    viewer.window.remove_dock_widget(widget.native)
    assert not widget.running
    qtbot.wait(100)
    assert [layer.name for layer in viewer.layers] == names


def test_the_strips_have_the_colours_of_their_curves(
    widget: Any, viewer: Any, qtbot: Any, movie: Any
) -> None:
    drawn(widget, viewer, movie)
    click(widget, "run_button")
    finish(widget, qtbot)
    outlines = next(x for x in ours(viewer) if x.metadata[KEY]["role"] == "strip outlines")
    (axes,) = widget.dock.results.plot.figure.axes
    for index in range(2):
        rgb = np.array([int(strip_colour(index)[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        np.testing.assert_allclose(outlines.edge_color[index][:3], rgb, atol=0.01)
        (curve,) = [line for line in axes.lines if line.get_label() == f"strip {index + 1}"]
        assert curve.get_color() == strip_colour(index)
