"""The Strip motion dock when a run fails, is cancelled, or cannot begin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QLabel
from tests.viewer.drive import click, docked, finish, ours
from tests.viewer.made_flow import flow
from tests.viewer.made_strip_dock import VELOCITY, drawn, said, waiting

from napari_motionfft.motion.strips import many
from napari_motionfft.viewer.strip_run import MOVIE
from napari_motionfft.viewer.widgets.strip import StripMotionDock
from napari_motionfft.viewer.widgets.strip_results import TITLE

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
