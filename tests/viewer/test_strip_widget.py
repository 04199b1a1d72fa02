"""Strip motion, clicked through in a real viewer."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.viewer.drive import click, copied, docked, finish, ours
from tests.viewer.made_flow import flow
from tests.viewer.made_strip_dock import UNITS, VELOCITY, drawn, said

from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_run import COLUMNS, ROWS
from napari_motionfft.viewer.widgets import lab_table
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
    space: dict[str, Any] = {"viewer": viewer}
    exec(copied(widget, "copy_button"), space)
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
    space: dict[str, Any] = {"viewer": viewer}
    exec(copied(widget, "copy_button"), space)
    np.testing.assert_allclose(space["motion"].velocities, motion.velocities, rtol=1e-5)


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
