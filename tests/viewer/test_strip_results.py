"""The dock of velocities: plot, table, and the slider, which move one another."""

from __future__ import annotations

import html
import time
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication
from tests.viewer.made_strips import motion_of, table_of

from napari_motionfft.motion.strips.oscillation import find_oscillation
from napari_motionfft.viewer.strip_chart import chart_of
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.widgets.strip_results import TITLE, StripDock, StripResults
from napari_motionfft.viewer.widgets.velocity_plot import VelocityPlot

UNITS = {"dt": 0.1, "dx": 0.5}


def two_strips() -> Any:
    return table_of(
        motion_of((1, 2, 3), **UNITS),
        motion_of((-1, 90, -1.2), reliable=[True, False, True], **UNITS),
    )


@pytest.fixture
def results(qtbot: Any) -> Any:
    """Beside a model viewer whose movie begins 4 frames before the run: frame 4 is time 0."""
    viewer = ViewerModel()
    layer = viewer.add_layer(Image(np.zeros((80, 32, 32)), scale=(0.1, 1, 1)))
    shown = StripResults(viewer)
    qtbot.addWidget(shown)
    shown.resize(1000, 260)
    shown.show()
    shown.show_table(two_strips(), TimeLink(viewer, layer, 0, 4, 64), 4)
    shown.plot.canvas.draw()
    shown.viewer = viewer
    return shown


def line_at(plot: Any) -> float | None:
    """Time at which the picture shows the line: the column that is ink from top to bottom."""
    picture = np.asarray(plot.canvas.buffer_rgba())[..., :3].astype(int)
    box = plot.figure.axes[0].bbox
    rows = picture[int(picture.shape[0] - box.y1) + 4 : int(picture.shape[0] - box.y0) - 4]
    ink = np.array([240, 241, 242])
    columns = np.flatnonzero((np.abs(rows - ink).max(-1) < 100).all(0))
    columns = columns[(columns > box.x0 + 2) & (columns < box.x1 - 2)]
    if not columns.size:
        return None
    return float(plot.figure.axes[0].transData.inverted().transform((columns.mean() + 0.5, 0))[0])


def test_curves_have_names_units_and_hollow_marks(results: Any) -> None:
    (axes,) = results.plot.figure.axes
    assert axes.get_title(loc="left") == "velocity, µm/s"
    assert axes.get_xlabel() == "time since frame 4, s"
    named = {line.get_label(): line for line in axes.lines if line.get_label()[0] != "_"}
    assert set(named) == {"strip 1", "strip 2"}
    assert named["strip 1"].get_color() == strip_colour(0)
    np.testing.assert_allclose(named["strip 1"].get_ydata(), [5, 10, 15])
    bands = [band.get_paths()[0].get_extents() for band in axes.collections]
    assert bands[0].y0 == pytest.approx(4.75)
    assert bands[0].y1 == pytest.approx(15.25)
    (edge,) = [line for line in axes.lines if line.get_marker() == "^"]
    assert edge.get_markerfacecolor() == "none"
    assert axes.get_ylim()[1] < 20  # 45 µm/s, which is not reliable, is marked at the edge
    assert axes.get_ylim()[0] < edge.get_ydata()[0] < axes.get_ylim()[1]
    legend = results.plot.figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["strip 1", "strip 2"]


def test_the_slider_moves_the_line_and_nothing_else(results: Any) -> None:
    plot, viewer = results.plot, results.viewer
    viewer.dims.set_current_step(0, 3)  # one frame before the run
    assert plot.time is None
    drawn: list[Any] = []
    plot.canvas.mpl_connect("draw_event", drawn.append)
    for step in (10, 40, 67):
        viewer.dims.set_current_step(0, step)
        assert plot.time == pytest.approx((step - 4) * 0.1)
        assert line_at(plot) == pytest.approx((step - 4) * 0.1, abs=0.02)
    said = html.unescape(results.readout.text())
    assert "frame 67, 6.3 s" in said
    assert "15.00 ± 0.25 µm/s" in said
    began = time.perf_counter()
    for step in range(4, 68):
        viewer.dims.set_current_step(0, step)
    took = (time.perf_counter() - began) / 64
    print(f"{1000 * took:.2f} ms a step")
    assert took < 0.02  # a full drawing takes some 40 ms
    assert not drawn
    viewer.dims.set_current_step(0, 70)
    assert plot.time is None
    assert line_at(plot) is None
    assert results.readout.text() == ""


def test_a_click_and_a_drag_in_the_plot_move_the_slider(results: Any, qtbot: Any) -> None:
    plot, viewer = results.plot, results.viewer
    (axes,) = plot.figure.axes
    ratio = plot.canvas.device_pixel_ratio

    def point(at: float) -> QPoint:
        x, y = axes.transData.transform((at, 7.0)) / ratio
        return QPoint(round(x), round(plot.canvas.height() - y))

    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(plot.canvas, left, pos=point(3.0))
    assert viewer.dims.current_step[0] == 34
    assert plot.time == pytest.approx(3.0)
    qtbot.mousePress(plot.canvas, left, pos=point(3.0))
    qtbot.mouseMove(plot.canvas, point(5.0))
    qtbot.waitUntil(lambda: viewer.dims.current_step[0] == 54)
    qtbot.mouseRelease(plot.canvas, left, pos=point(5.0))
    qtbot.mouseMove(plot.canvas, point(1.0))
    qtbot.wait(50)
    assert viewer.dims.current_step[0] == 54
    qtbot.mouseClick(plot.canvas, Qt.MouseButton.RightButton, pos=point(1.0))
    assert viewer.dims.current_step[0] == 54


def test_a_row_of_the_table_moves_the_slider(results: Any, qtbot: Any) -> None:
    table = results.table
    model = table.model()
    assert (model.rowCount(), model.columnCount()) == (6, 6)
    where = table.visualRect(model.index(2, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert results.plot.time == pytest.approx(4.8, abs=0.06)  # window 32–63: its middle is 47.5
    across = Qt.Orientation.Horizontal
    heads = [model.headerData(i, across) for i in range(6)]
    assert heads[2] == "velocity\nµm/s"
    assert all(model.headerData(i, across, Qt.ItemDataRole.ToolTipRole) for i in range(6))
    assert model.data(model.index(4, 5)) == "no: no peak stands out"
    assert model.data(model.index(4, 5), Qt.ItemDataRole.ToolTipRole) == "no peak stands out"
    assert model.data(model.index(4, 5), Qt.ItemDataRole.ToolTipRole) == "no peak stands out"
    square = model.data(model.index(4, 0), Qt.ItemDataRole.DecorationRole)
    assert square.toImage().pixelColor(5, 5).name() == strip_colour(1)


def test_a_line_scan_has_a_line_of_its_own(results: Any) -> None:
    results.show_table(two_strips(), None)
    assert results.plot.time is None
    results.go_to(3.0)
    assert results.plot.time == 3.0
    results.viewer.dims.set_current_step(0, 50)
    assert results.plot.time == 3.0
    assert "frame 30, 3 s" in html.unescape(results.readout.text())


def test_the_readout_tells_as_many_strips_as_there_is_room_for(results: Any) -> None:
    results.show_table(table_of(*[motion_of((1, 2, 3), **UNITS)] * 12), None)
    QApplication.processEvents()
    results.go_to(3.0)
    text = results.readout.text()
    assert text.endswith("…")
    assert 2 <= text.count("■") < 12
    assert results.readout.sizeHint().width() <= results.readout.width()
    wide = text.count("■")
    results.resize(700, 260)
    QApplication.processEvents()
    results.go_to(3.0)
    assert 1 <= results.readout.text().count("■") < wide


def test_one_window_shows_as_long_as_it_is(qtbot: Any) -> None:
    plot = VelocityPlot(ViewerModel())
    qtbot.addWidget(plot)
    plot.show_chart(chart_of(table_of(motion_of((2.0,), shape=(64, 80), window=64))))
    plot.canvas.draw()  # warnings are errors
    (axes,) = plot.figure.axes
    wide = next(
        line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_zorder() == 2
    )
    np.testing.assert_allclose(wide.get_xdata(), [0, 63])
    assert not plot.figure.legends
    alone = motion_of((2.0, 2.1, 2.2), reliable=[False, True, False])
    plot.show_chart(chart_of(table_of(alone)))
    plot.canvas.draw()
    (error,) = plot.figure.axes[0].collections[0].get_segments()
    np.testing.assert_allclose(error, [[31.5, 2.05], [31.5, 2.15]])
    plot.show_chart(chart_of(table_of(*[motion_of((2.0, 2.1))] * 16)))
    assert len(plot.figure.legends[0].get_texts()) == 16
    plot.show_chart(chart_of(table_of(*[motion_of((2.0, 2.1))] * 17)))
    assert not plot.figure.legends
    nothing = motion_of((np.nan, np.nan), stderr=np.nan, reliable=[False, False])
    plot.show_chart(chart_of(table_of(nothing)))
    plot.canvas.draw()
    assert plot.figure.axes[0].get_ylim() == (-1, 1)


def test_an_oscillation_is_drawn_where_there_is_one(qtbot: Any) -> None:
    times = np.arange(60) * 8 + 7.5
    swinging = motion_of(1 + np.sin(times / 20), shape=(488, 40), window=16, dt=0.5, dx=2.0)
    steady = motion_of(np.linspace(1, 1.001, 60), shape=(488, 40), window=16, dt=0.5, dx=2.0)
    table = table_of(swinging, steady)
    chart = chart_of(table, 0, [find_oscillation(strip) for strip in table.strips])
    assert chart.curves[1].swing is None
    plot = VelocityPlot(ViewerModel())
    qtbot.addWidget(plot)
    plot.show_chart(chart)
    plot.canvas.draw()
    (axes,) = plot.figure.axes
    (dashed,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    seen = 4 * (1 + np.sin(dashed.get_xdata() / 0.5 / 20))  # µm/s; windows average a little out
    np.testing.assert_allclose(dashed.get_ydata(), seen, atol=0.25)
    assert "dashed" in axes.get_title(loc="right")
    assert "mean over its window" in plot.toolTip()
    assert "dashed" not in plot.figure.legends[0].get_texts()[0].get_text()


def test_a_narrow_plot_keeps_its_title_and_tells_the_rest_in_its_tooltip(results: Any) -> None:
    plot = results.plot
    title, key = plot._titles
    assert key.get_visible()
    assert title.get_window_extent().x1 < key.get_window_extent().x0
    assert "standard error; ○ not reliable" in plot.toolTip()
    wide = plot.canvas.size()
    plot.canvas.resize(400, 200)
    plot.canvas.draw()
    assert title.get_visible()
    assert not key.get_visible()
    plot.canvas.resize(wide)
    plot.canvas.draw()
    assert key.get_visible()


def test_the_plot_follows_the_theme(results: Any) -> None:
    plot, viewer = results.plot, results.viewer
    viewer.dims.set_current_step(0, 40)
    dark = plot.figure.get_facecolor()
    viewer.theme = "light"
    plot.canvas.draw()
    light = plot.figure.get_facecolor()
    assert sum(light[:3]) > 2 > 1 > sum(dark[:3])
    assert plot.time == pytest.approx(3.6)  # the line is still there
    named = [line for line in plot.figure.axes[0].lines if line.get_label() == "strip 1"]
    assert named[0].get_color() == strip_colour(0)


def test_thousands_of_rows_open_at_once(qtbot: Any) -> None:
    viewer = ViewerModel()
    shown = StripResults(viewer)
    qtbot.addWidget(shown)
    shown.show()
    many = motion_of(np.sin(np.arange(1000) / 30), shape=(8000, 40), window=64)
    table = table_of(*[many] * 12)
    began = time.perf_counter()
    shown.show_table(table, None)
    took = time.perf_counter() - began
    print(f"{took:.2f} s")
    assert shown.table.model().rowCount() == 12_000
    assert took < 2
    began = time.perf_counter()
    shown.plot.canvas.draw()
    print(f"drawn in {time.perf_counter() - began:.2f} s")


def test_the_dock_is_made_once_and_again_when_it_was_closed(
    make_napari_viewer_proxy: Any, plugin: Any
) -> None:
    viewer = make_napari_viewer_proxy()
    said: list[Exception] = []
    dock = StripDock(viewer, said.append)
    dock.close()  # nothing to close
    dock.show(two_strips(), None)
    first = dock.results
    assert dock.there
    dock.show(two_strips(), None)
    assert dock.results is first
    viewer.window.remove_dock_widget(first)
    assert not dock.there
    dock.show(two_strips(), None)
    assert dock.results is not first
    assert list(viewer.window.dock_widgets).count(TITLE) == 1
    dock.close()
    assert TITLE not in list(viewer.window.dock_widgets)
    assert not dock.there
    assert said == []
