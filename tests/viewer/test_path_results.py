"""The plot of a path: what it draws, in which colours, and the slider, which it moves."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from napari.components import ViewerModel
from napari.utils.theme import get_theme
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication
from tests.viewer.made import motion_of
from tests.viewer.made_path import EXCLUDED, JUMP, PHYSICAL, cells, source_of, wandering

from napari_motionfft.viewer.path_chart import NAMES, path_chart
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.widgets.path_plot import PathPlot
from napari_motionfft.viewer.widgets.path_results import PathResults


@pytest.fixture
def results(qtbot: Any) -> Any:
    """Beside a model viewer whose movie begins 5 frames before the run: frame 5 is time 0."""
    viewer = ViewerModel()
    layer = viewer.add_layer(cells(**PHYSICAL))
    shown = PathResults(viewer)
    qtbot.addWidget(shown)
    shown.resize(1000, 220)
    shown.show()
    chart = path_chart(wandering(), source_of(5, **PHYSICAL))
    shown.show_chart(chart, TimeLink(viewer, layer, 0, 5, 60))
    shown.plot.canvas.draw()
    shown.viewer = viewer
    return shown


def legend(plot: Any) -> list[str]:
    """What the legend names."""
    return [text.get_text() for text in plot.figure.legends[0].get_texts()]


def test_curves_bands_halves_and_marks(results: Any) -> None:
    (axes,) = results.plot.figure.axes
    assert axes.get_title(loc="left") == "displacement, px"
    assert axes.get_xlabel() == "time since frame 5, s"
    assert legend(results.plot) == [*NAMES, "half the data", "left out", "jump"]
    path = wandering().displacements
    for axis in range(2):
        lines = [x for x in axes.lines if x.get_color() == strip_colour(axis)]
        thick = [x for x in lines if x.get_linewidth() == 1.5 and x.get_linestyle() == "-"]
        assert [len(x.get_xdata()) for x in thick] == [JUMP, 60 - JUMP]  # none crosses the jump
        np.testing.assert_allclose(np.concatenate([x.get_ydata() for x in thick]), path[:, axis])
        thin = [x for x in lines if x.get_linewidth() == 0.7]
        assert len(thin) == 4
        sway = 0.1 * (np.arange(JUMP) % 3 - 1)
        np.testing.assert_allclose(thin[0].get_ydata(), path[:JUMP, axis] + sway)
        (marks,) = [x for x in lines if x.get_marker() == "o"]
        assert np.isnan(marks.get_ydata()[list(EXCLUDED)]).all()
    hollow = [x for x in axes.lines if x.get_label() == "left out"]
    for axis, marks in enumerate(hollow):
        np.testing.assert_allclose(marks.get_xdata(), np.array(EXCLUDED) * 0.5)
        np.testing.assert_allclose(marks.get_ydata(), path[list(EXCLUDED), axis])
        assert marks.get_markerfacecolor() == get_theme("dark").background.as_hex("long")
    (jump,) = [x for x in axes.lines if x.get_label() == "jump"]
    np.testing.assert_allclose(jump.get_xdata(), (JUMP - 0.5) * 0.5)
    assert [x.get_text() for x in axes.texts] == [f"frame {JUMP + 5}"]
    band = axes.collections[0].get_paths()[0]
    inside = [band.contains_point((10.0, path[20, 0] + off)) for off in (-0.2, 0.2, -0.3, 0.3)]
    assert inside == [True, True, False, False]


def test_lengths_are_on_the_right_where_one_axis_can_tell_them(results: Any) -> None:
    (axes,) = results.plot.figure.axes
    (right,) = axes.child_axes
    assert right.get_ylabel() == "µm"
    np.testing.assert_allclose(right.get_ylim(), np.array(axes.get_ylim()) * 0.25)
    plain = path_chart(wandering(), source_of())
    results.plot.show_chart(plain)
    assert not results.plot.figure.axes[0].child_axes


def test_the_theme_is_followed_live(results: Any) -> None:
    for name in ("light", "dark"):
        results.viewer.theme = name
        theme = get_theme(name)
        (axes,) = results.plot.figure.axes
        ink, ground = theme.text.as_hex("long"), theme.background.as_hex("long")
        results.plot.canvas.draw()
        corner = np.asarray(results.plot.canvas.buffer_rgba())[2, 2, :3]
        np.testing.assert_array_equal(corner, [int(ground[i : i + 2], 16) for i in (1, 3, 5)])
        texts = [*results.plot._titles, axes.xaxis.label, axes.child_axes[0].yaxis.label]
        texts += [*axes.texts, *results.plot.figure.legends[0].get_texts()]
        assert {to_hex(text.get_color()) for text in texts} == {ink}


def test_slider_and_plot_move_one_another(results: Any, qtbot: Any) -> None:
    plot, viewer = results.plot, results.viewer
    viewer.dims.set_current_step(0, 4)  # one frame before the run
    assert plot.time is None
    assert results.readout.text() == ""
    drawn: list[Any] = []
    plot.canvas.mpl_connect("draw_event", drawn.append)
    viewer.dims.set_current_step(0, 25)
    assert plot.time == pytest.approx(10)
    assert not drawn  # the line alone
    said = html.unescape(results.readout.text())
    assert "frame 25, 10 s" in said
    assert "3.18 ± 0.25 px (0.795 ± 0.062 µm)" in said
    viewer.dims.set_current_step(0, 17)
    assert "left out" in results.readout.text()

    (axes,) = plot.figure.axes
    ratio = plot.canvas.device_pixel_ratio

    def point(at: float) -> QPoint:
        x, y = axes.transData.transform((at, 3.0)) / ratio
        return QPoint(round(x), round(plot.canvas.height() - y))

    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(plot.canvas, left, pos=point(20.0))
    assert viewer.dims.current_step[0] == 45
    assert plot.time == pytest.approx(20)
    qtbot.mousePress(plot.canvas, left, pos=point(20.0))
    qtbot.mouseMove(plot.canvas, point(5.0))
    qtbot.waitUntil(lambda: viewer.dims.current_step[0] == 15)
    qtbot.mouseRelease(plot.canvas, left, pos=point(5.0))
    viewer.layers.clear()
    results.go_to(3.0)  # nothing to move any more


def test_a_constant_velocity_and_many_jumps_are_drawn_too(qtbot: Any) -> None:
    plot = PathPlot(ViewerModel())
    qtbot.addWidget(plot)
    plot.resize(900, 200)
    plot.show_chart(path_chart(motion_of(frames=60), source_of()))
    plot.canvas.draw()  # warnings are errors
    assert legend(plot) == list(NAMES)
    jumps = (3, 4, 5, 30, 58)
    plot.show_chart(path_chart(wandering(jumps=jumps), source_of()))
    plot.canvas.draw()
    (axes,) = plot.figure.axes
    assert sum(line.get_label() == "jump" for line in axes.lines) == len(jumps)
    named = [text.get_text() for text in axes.texts]
    assert named == ["frame 3", "frame 30", "frame 58"]  # those that do not cover one another
    boxes = [text.get_window_extent() for text in axes.texts]
    assert all(box.x1 <= axes.bbox.x1 for box in boxes)
    unknown = np.full((60, 2), np.inf)
    plot.show_chart(path_chart(wandering(displacement_stderr=unknown), source_of()))
    plot.canvas.draw()
    plot.show_chart(path_chart(wandering(excluded=tuple(range(60))), source_of()))
    plot.canvas.draw()


def test_the_line_of_figures_takes_the_room_that_there_is(results: Any) -> None:
    results.viewer.dims.set_current_step(0, 25)
    assert "x (right)" in results.readout.text()
    results.resize(400, 220)
    QApplication.processEvents()
    assert "x (right)" not in results.readout.text()
    assert results.readout.text().endswith("…")
    results.resize(1000, 220)
    QApplication.processEvents()
    assert "x (right)" in results.readout.text()


def test_names_of_jumps_leave_curves_free_in_a_low_plot(results: Any) -> None:
    plot = results.plot
    plot.canvas.resize(900, plot.minimumHeight())
    QApplication.processEvents()
    plot.canvas.draw()
    (axes,) = plot.figure.axes
    path = wandering().displacements
    top = axes.transData.transform((0, path[JUMP:].max()))[1]
    (name,) = axes.texts
    assert name.get_window_extent().y0 > top


@pytest.mark.parametrize("size", [(380, 110), (600, 180), (1600, 205)])
def test_nothing_overlaps_nor_is_cut_at_any_size(results: Any, size: tuple[int, int]) -> None:
    plot = results.plot
    plot.canvas.resize(*size)
    QApplication.processEvents()
    plot.canvas.draw()
    plot.canvas.draw()  # the first one may have found that the key has no room
    (axes,) = plot.figure.axes
    title, key = plot._titles
    parts = [title, axes.xaxis.label, axes.child_axes[0].yaxis.label, plot.figure.legends[0]]
    for part in parts:
        box = part.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= plot.figure.bbox.x1
        assert 0 <= box.y0 < box.y1 <= plot.figure.bbox.y1
    if key.get_visible():
        assert title.get_window_extent().x1 < key.get_window_extent().x0
    assert axes.bbox.width > 0.35 * plot.figure.bbox.width
