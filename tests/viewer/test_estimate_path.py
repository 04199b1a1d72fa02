"""Estimate motion for paths: the time plot, the runs in view, previews; in a real viewer."""

from __future__ import annotations

import html
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QLabel, QLineEdit
from tests.viewer.drive import click, docked, finish, ours
from tests.viewer.made_path import EXCLUDED, FRAMES, PHYSICAL, wandering

from napari_motionfft.motion import estimate as estimate_module
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.viewer import settings
from napari_motionfft.viewer.report import PREVIEW
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.runs import motions
from napari_motionfft.viewer.settings import Preferences
from napari_motionfft.viewer.widgets.estimate import EstimateMotion
from napari_motionfft.viewer.widgets.path_results import TITLE

pytestmark = pytest.mark.usefixtures("plugin")


class Fake:
    """Estimators that give what they are told to, at once, and note what they are asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gives: Any = wandering()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.begun = threading.Event()
        monkeypatch.setattr(estimate_module, "estimate_motion", self.named("estimate_motion"))
        made = SimpleNamespace(preview_motion=self.named("preview_motion"))
        monkeypatch.setitem(sys.modules, "napari_motionfft.motion.preview", made)

    def named(self, name: str) -> Callable[..., Any]:
        """One of the functions."""

        def call(stack: Any, *, progress: Any, cancel: threading.Event, **asked: Any) -> Any:
            self.calls.append((name, asked))
            if isinstance(self.gives, Exception):
                raise self.gives
            if self.gives is None:  # until it is cancelled
                self.begun.set()
                cancel.wait(20)
                raise Cancelled("cancelled")
            return self.gives

        return call


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    return Fake(monkeypatch)


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    made = make_napari_viewer_proxy(show=True)
    made.window.resize(1400, 900)
    data = np.random.default_rng(0).random((FRAMES, 48, 64), dtype=np.float32)
    made.add_image(data, name="cells", **PHYSICAL)
    return made


@pytest.fixture
def widget(viewer: Any, qtbot: Any) -> Any:
    return docked(viewer, EstimateMotion, "Estimate motion", qtbot)


def press(widget: Any, name: str, qtbot: Any) -> None:
    """Press a button and wait for what it begins."""
    click(widget, name)
    finish(widget, qtbot)
    QApplication.processEvents()


def said(widget: Any) -> str:
    """All that the panel shows."""
    labels = (widget.native.findChild(QLabel, f"motionfft.{part}") for part in ("error", "report"))
    return html.unescape("".join(label.text() for label in labels)).replace("\u200b", "")


def names(viewer: Any) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_the_plot_opens_for_a_path_and_follows_the_user(
    widget: Any, viewer: Any, qtbot: Any, fake: Fake
) -> None:
    typing = QLineEdit()
    qtbot.addWidget(typing)
    viewer.window.add_dock_widget(typing, name="notes", area="left")
    typing.activateWindow()
    typing.setFocus()
    QApplication.processEvents()
    assert typing.hasFocus()
    assert "no result yet" in widget.panel.plot_button.tooltip
    before = viewer.canvas.size[0]
    viewer.dims.set_current_step(0, 20)
    press(widget, "run_button", qtbot)
    assert TITLE in list(viewer.window.dock_widgets)
    assert typing.hasFocus()
    shown = widget.dock.results
    assert 180 <= shown.height() <= 260
    assert viewer.canvas.size[0] > 0.5 * before
    assert shown.plot.time == pytest.approx(10)
    assert "3.18 ± 0.25 px (0.795 ± 0.062 µm)" in html.unescape(shown.readout.text())
    viewer.dims.set_current_step(0, 30)
    assert shown.plot.time == pytest.approx(15)
    shown.plot.chosen.emit(4.4)
    assert viewer.dims.current_step[0] == 9
    for part in ("spline, 8 intervals", "2 of 60 frames: 12, 40", "frame 33", "Mean velocity y"):
        assert part in said(widget)

    # another run: the menu chooses whose numbers and plot are in view
    assert not widget.panel.shown.native.isVisible()
    fake.gives = wandering(displacements=2 * wandering().displacements)
    press(widget, "run_button", qtbot)
    first, second = widget.runs.runs
    assert widget.panel.shown.native.isVisible()
    assert widget.panel.shown.choices == (first.run_id, second.run_id)
    assert (widget.last, widget.panel.shown.value) == (second, second.run_id)
    assert widget.panel.shown.tooltip.endswith(f"\n{second.name}")
    far = [float(run.name.split()[-2]) for run in (first, second)]
    assert far[1] == pytest.approx(2 * far[0], rel=0.01)

    def drawn() -> float:
        return max(float(np.nanmax(x.get_ydata())) for x in shown.plot.figure.axes[0].lines[:3])

    high = drawn()
    widget.panel.shown.value = first.run_id
    assert widget.last is first
    assert drawn() == pytest.approx(high / 2, rel=0.1)
    text = said(widget)
    widget.panel.shown.value = second.run_id
    assert said(widget) != text

    # what is shown goes with its layers
    for layer in [x for x in ours(viewer) if x.metadata[KEY]["run"] == second.run_id]:
        viewer.layers.remove(layer.name)
    assert widget.last is first
    assert not widget.panel.shown.native.isVisible()
    assert widget.dock.visible
    low = viewer.canvas.size[0]
    click(widget, "remove_button")
    assert viewer.canvas.size[0] > low + 100  # at once: what is left is fitted to it
    assert TITLE not in list(viewer.window.dock_widgets)
    assert widget.dock.results is None
    assert names(viewer) == ["cells"]
    assert "were removed" in widget.panel.plot_button.tooltip
    assert widget.panel.save_button.enabled  # the numbers are still there
    viewer.dims.set_current_step(0, 3)  # nothing is left that follows

    # it went with its results, and comes back with the next; closed by hand it stays closed
    press(widget, "run_button", qtbot)
    assert widget.dock.visible
    click(widget, "plot_button")
    click(widget, "remove_button")
    press(widget, "run_button", qtbot)
    assert not widget.dock.there
    click(widget, "plot_button")
    assert widget.dock.visible
    viewer.window.dock_widgets[TITLE].parent().hide()  # napari's own button for it
    assert not widget.dock.visible
    click(widget, "plot_button")
    assert widget.dock.visible
    click(widget, "plot_button")
    assert TITLE not in list(viewer.window.dock_widgets)


def test_the_plot_follows_the_path_where_the_image_is_gone(
    widget: Any, viewer: Any, qtbot: Any, fake: Fake
) -> None:
    press(widget, "run_button", qtbot)
    viewer.layers.remove("cells")
    shown = widget.dock.results
    shown.plot.chosen.emit(4.4)
    assert viewer.dims.current_step[0] == 9
    assert shown.plot.time == pytest.approx(4.5)
    for name in ("trajectory", "position"):
        viewer.layers.remove(name)
    shown.plot.chosen.emit(7.0)  # the pictures have no time
    assert shown.plot.time == pytest.approx(7.0)


def test_a_constant_velocity_has_a_plot_when_asked(
    widget: Any, viewer: Any, qtbot: Any, fake: Fake, made: Any
) -> None:
    fake.gives = made.motion_of(frames=FRAMES, region=((0, 48), (0, 64)))
    press(widget, "run_button", qtbot)
    assert not widget.dock.there
    click(widget, "plot_button")
    assert widget.dock.visible
    viewer.window.remove_dock_widget(widget.native)  # the plot goes with its panel
    assert TITLE not in list(viewer.window.dock_widgets)
    again = EstimateMotion(viewer)
    viewer.window.add_dock_widget(again, name="again")
    qtbot.waitUntil(lambda: not again._lookup.running, timeout=30_000)
    fake.gives = wandering()
    press(again, "run_button", qtbot)
    assert again.dock.visible
    viewer.window.remove_dock_widget("all")
    assert again.dock.results is None
    viewer.dims.set_current_step(0, 7)
    viewer.theme = "light"


def test_a_preview_is_replaced_by_the_run(widget: Any, viewer: Any, qtbot: Any, fake: Fake) -> None:
    stack = viewer.layers["cells"]
    before = repr(stack.__wrapped__.as_layer_data_tuple()[1])
    press(widget, "preview_button", qtbot)
    assert fake.calls[-1][0] == "preview_motion"
    assert names(viewer) == ["cells", "trajectory (preview)", "position (preview)"]
    assert PREVIEW in said(widget)
    assert widget.dock.visible
    assert "(preview)" in widget.dock.results.plot.figure.axes[0].get_title(loc="left")
    assert "mf.preview_motion(" in widget.copy_as_python()
    assert motions(viewer) == []  # nothing to apply to other layers
    assert not widget.use.stack_button.enabled
    press(widget, "preview_button", qtbot)  # a newer one takes its place
    assert names(viewer) == ["cells", "trajectory (preview)", "position (preview)"]

    # runs that fail or are cancelled leave it
    kept, text = names(viewer), said(widget)
    fake.gives = RuntimeError("CUDA out of memory")
    press(widget, "run_button", qtbot)
    assert "CUDA out of memory" in said(widget)
    assert names(viewer) == kept
    assert widget.last.preview
    fake.gives = None
    for name in ("run_button", "preview_button"):
        fake.begun.clear()
        click(widget, name)
        qtbot.waitUntil(fake.begun.is_set)
        assert not widget.run_button.enabled
        assert not widget.preview_button.enabled
        press(widget, "cancel_button", qtbot)
        assert names(viewer) == kept
        assert said(widget) == text
        assert widget.run_button.enabled
        assert widget.preview_button.enabled

    fake.gives = wandering()
    press(widget, "run_button", qtbot)
    assert not [name for name in names(viewer) if "preview" in name]
    assert "integrated image" in names(viewer)
    assert PREVIEW not in said(widget)
    assert "(preview)" not in widget.dock.results.plot.figure.axes[0].get_title(loc="left")
    assert [run.preview for run in widget.runs.runs] == [False]

    # dismissed: the numbers of the run before are in view again
    press(widget, "preview_button", qtbot)
    assert PREVIEW in said(widget)
    for name in [name for name in names(viewer) if "preview" in name]:
        viewer.layers.remove(name)
    assert PREVIEW not in said(widget)
    assert widget.last is widget.runs.runs[0]
    press(widget, "preview_button", qtbot)
    click(widget, "remove_button")
    assert names(viewer) == ["cells"]
    assert said(widget) == ""
    assert not widget.panel.save_button.enabled
    assert repr(stack.__wrapped__.as_layer_data_tuple()[1]) == before


def test_fields_of_the_model_are_asked_saved_and_in_the_script(
    widget: Any, viewer: Any, qtbot: Any, fake: Fake
) -> None:
    models = widget.form.models
    sizes = {"polynomial": models.degree, "spline": models.knots, "free": models.binning}
    for name in ("velocity", *sizes, "auto"):
        models.model.value = name
        for other, box in sizes.items():
            assert box.native.isVisible() == (other == name)
            assert box.native.text() == "auto"
    models.model.value, models.knots.value, models.effort.value = "spline", 8, "precise"
    models.frame_weights.value, models.canvas.value = "sharpness", "union"
    press(widget, "preview_button", qtbot)
    press(widget, "run_button", qtbot)
    (_, quick), (_, whole) = fake.calls
    assert quick == whole
    wanted = {"model": "spline", "knots": 8, "effort": "precise"}
    wanted |= {"frame_weights": "sharpness", "canvas": "union"}
    assert {key: whole[key] for key in wanted} == wanted
    assert not {"degree", "binning"} & set(whole)
    for key, value in wanted.items():
        assert f"    {key}={value!r},\n" in widget.copy_as_python()
    assert settings.read() == Preferences(**wanted)
    again = EstimateMotion(viewer)
    assert again.form.preferences() == settings.read()
    again._lookup.close()
    fields = [models.model, models.effort, *sizes.values(), models.frame_weights, models.canvas]
    fields += [widget.preview_button, widget.panel.plot_button, widget.panel.shown]
    assert all(field.native.objectName().startswith("motionfft.") for field in fields)
    assert all(field.tooltip for field in fields)


def test_the_real_estimators_take_what_is_asked(
    widget: Any, viewer: Any, qtbot: Any, moving: Any
) -> None:
    viewer.layers.clear()
    viewer.add_image(moving, name="cells")
    models = widget.form.models
    models.model.value, models.degree.value = "polynomial", 2
    models.frame_weights.value, models.canvas.value = "sharpness", "union"
    for name in ("preview_button", "run_button"):
        press(widget, name, qtbot)
        assert widget.last is not None, said(widget)
        motion = widget.last.result
        assert (motion.model, motion.parameters) == ("polynomial", 2)
        np.testing.assert_allclose(motion.displacements[-1], (9 * 0.75, -9 * 1.25), atol=0.3)
        assert "polynomial, degree 2" in said(widget)
    np.testing.assert_allclose(motion.displacements[-1], (9 * 0.75, -9 * 1.25), atol=0.1)
    assert "frame weights sharpness, canvas union" in said(widget)
    (picture,) = [x for x in viewer.layers if x.name == "integrated image"]
    assert picture.data.shape > moving.shape[1:]
    models.model.value, models.knots.value = "spline", 40
    press(widget, "run_button", qtbot)
    assert "knots must be 1 to 5 for 10 frames" in said(widget)


def test_a_viewer_that_is_closed_takes_the_plot_along(
    make_napari_viewer: Any, qtbot: Any, fake: Fake
) -> None:
    viewer = make_napari_viewer()
    viewer.add_image(np.zeros((FRAMES, 48, 64), np.float32), name="cells")
    widget = EstimateMotion(viewer)
    viewer.window.add_dock_widget(widget, name="Estimate motion")
    press(widget, "run_button", qtbot)
    assert widget.dock.visible
    assert widget.last.motion.excluded == EXCLUDED
    viewer.close()
    QApplication.processEvents()
    assert not widget.dock.there
