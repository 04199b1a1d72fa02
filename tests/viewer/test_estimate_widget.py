"""Estimate motion, clicked through in a real viewer."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QLabel
from tests.viewer.drive import click, copied, docked, finish, ours

import napari_motionfft as mf
from napari_motionfft.motion import estimate as estimate_module
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.viewer import samples, settings
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.widgets import dialogs
from napari_motionfft.viewer.widgets.estimate import EstimateMotion
from napari_motionfft.viewer.widgets.form import WHOLE

VELOCITY = (0.75, -1.25)  # of the fixture `moving`

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy()


@pytest.fixture
def widget(viewer: Any, qtbot: Any) -> Any:
    return docked(viewer, EstimateMotion, "Estimate motion", qtbot)


def said(widget: Any) -> str:
    """All that the panel shows."""
    labels = (widget.native.findChild(QLabel, f"motionfft.{part}") for part in ("error", "report"))
    text = "".join(label.text() for label in labels)
    return html.unescape(text).replace("\u200b", "")


def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Replace the estimator by one that waits until it is cancelled; set when it has begun."""
    begun = threading.Event()

    def wait(stack: Any, *, progress: Callable[..., Any], cancel: threading.Event, **_: Any) -> Any:
        begun.set()
        for step in range(10_000):
            progress(step / 10_000, "Waiting")
            if cancel.wait(0.005):
                raise Cancelled("cancelled")

    monkeypatch.setattr(estimate_module, "estimate_motion", wait)
    return begun


def test_run_adds_results_and_leaves_the_rest_alone(
    widget: Any, viewer: Any, qtbot: Any, moving: Any
) -> None:
    stack = viewer.add_image(moving, name="cells", scale=(1, 0.5, 0.5), translate=(0, 3, 4))
    points = viewer.add_points([[0, 10, 10]], name="mine")
    viewer.layers.selection.active = points
    viewer.dims.set_current_step(0, 3)
    before = stack.__wrapped__.as_layer_data_tuple()[1]
    widget.form.image.value = next(x for x in viewer.layers if x.name == "cells")
    click(widget, "run_button")
    assert widget.running
    finish(widget, qtbot)

    assert widget.last is not None, said(widget)
    motion = widget.last.motion
    np.testing.assert_allclose(motion.velocity, VELOCITY, atol=0.02)
    assert motion.reliable
    roles = {layer.metadata[KEY]["role"] for layer in ours(viewer)}
    assert {"trajectory", "integrated image", "loss landscape", "plain mean"} <= roles
    assert "Reliable" in said(widget)
    assert "px/frame" in said(widget)
    assert widget.run_button.enabled

    assert viewer.layers.selection.active.name == "mine"
    assert viewer.dims.current_step[0] == 3
    after = stack.__wrapped__.as_layer_data_tuple()[1]
    assert repr(after) == repr(before)
    np.testing.assert_array_equal(stack.data, moving)

    click(widget, "remove_button")
    assert ours(viewer) == []
    assert [layer.name for layer in viewer.layers] == ["cells", "mine"]
    assert not widget.panel.remove_button.enabled


def test_copy_as_python_repeats_the_run(widget: Any, viewer: Any, qtbot: Any, moving: Any) -> None:
    viewer.add_image(np.stack([moving, moving[::-1]], axis=1), name="two channels")
    viewer.dims.set_current_step(1, 1)  # the channel where time runs backwards
    widget.form.frames.last_frame.value = 7
    click(widget, "run_button")
    finish(widget, qtbot)
    motion = widget.last.motion
    np.testing.assert_allclose(motion.velocity, np.negative(VELOCITY), atol=0.03)
    assert len(motion.displacements) == 8
    assert "slider" in said(widget)

    script = copied(widget, "copy_button")
    space: dict[str, Any] = {"viewer": viewer}
    exec(script, space)
    np.testing.assert_allclose(space["motion"].displacements, motion.displacements, atol=1e-9)
    assert space["motion"].score == pytest.approx(motion.score)


def test_colour_is_turned_to_luminance_and_said(
    widget: Any, viewer: Any, qtbot: Any, moving: Any
) -> None:
    grey = np.clip(moving, 0, 255).astype(np.uint8)
    viewer.add_image(np.stack([grey, grey, grey], axis=-1), rgb=True, name="video")
    click(widget, "run_button")
    finish(widget, qtbot)
    np.testing.assert_allclose(widget.last.motion.velocity, VELOCITY, atol=0.03)
    assert "luminance" in said(widget)


def test_a_drawn_region_is_used(widget: Any, viewer: Any, qtbot: Any, moving: Any) -> None:
    viewer.add_image(moving, scale=(1, 2, 2), units=("pixel", "um", "um"))
    click(widget, "draw")
    region = next(x for x in viewer.layers if x.name == "region")
    assert region.mode == "add_rectangle"
    assert viewer.layers.selection.active.name == "region"
    assert widget.form.region.value is region
    assert tuple(region.scale) == (2, 2)

    click(widget, "run_button")  # nothing drawn yet
    assert "Draw a rectangle" in said(widget)
    assert not widget.running
    assert widget.run_button.enabled

    box = np.array([[9.5, 19.5], [9.5, 79.5], [69.5, 79.5], [69.5, 19.5]])
    region.add_rectangles(box)
    click(widget, "run_button")
    finish(widget, qtbot)
    assert widget.last.motion.region == ((10, 70), (20, 80))
    np.testing.assert_allclose(widget.last.motion.velocity, VELOCITY, atol=0.03)
    viewer.layers.remove("region")
    assert widget.form.region.value == WHOLE


def test_cancel_stops_at_once_and_leaves_the_viewer(
    widget: Any, viewer: Any, qtbot: Any, moving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = waiting(monkeypatch)
    viewer.add_image(moving)
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    assert not widget.run_button.enabled
    assert widget.run_button.tooltip == "A run is going on."
    qtbot.waitUntil(lambda: "Waiting" in widget.progress.native.format())
    began = time.perf_counter()
    click(widget, "cancel_button")
    finish(widget, qtbot)
    assert time.perf_counter() - began < 0.5
    assert len(viewer.layers) == 1
    assert widget.last is None
    assert widget.run_button.enabled
    assert said(widget) == ""


def test_cancel_stops_the_real_estimator_soon(widget: Any, viewer: Any, qtbot: Any) -> None:
    rng = np.random.default_rng(0)
    viewer.add_image(rng.integers(0, 255, (120, 384, 384), dtype=np.uint8))
    took: list[float] = []
    for wait in (0.3, 0.8, 1.3):
        click(widget, "run_button")
        until = time.perf_counter() + wait
        qtbot.waitUntil(lambda until=until: time.perf_counter() > until)
        assert widget.running, "the run was over before it could be cancelled"
        began = time.perf_counter()
        click(widget, "cancel_button")
        finish(widget, qtbot)
        took.append(time.perf_counter() - began)
    print(f"cancel took {max(took):.3f} s at most")
    assert np.median(took) < 1.5  # 0.5 s on a machine of its own; test machines are shared
    assert len(viewer.layers) == 1


def test_the_main_thread_stays_free_during_a_run(
    widget: Any, viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the result is there: adding layers is napari's own work."""
    monkeypatch.setattr("napari_motionfft.viewer.widgets.estimate.add_results", lambda *_, **__: [])
    rng = np.random.default_rng(0)
    viewer.add_image(rng.integers(0, 255, (60, 320, 320), dtype=np.uint8))
    gaps: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    click(widget, "run_button")
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(tick)
    last[0] = time.perf_counter()
    timer.start()
    until = last[0] + 1.5
    qtbot.waitUntil(lambda: time.perf_counter() > until or not widget.running)
    timer.stop()
    widget.cancel()
    finish(widget, qtbot)
    print(f"longest block: {1000 * max(gaps):.0f} ms over {len(gaps)} ticks")
    assert len(gaps) > 20
    assert max(gaps) < 0.25  # 50 ms on a machine of its own; test machines are shared


@pytest.mark.parametrize(
    "error",
    [RuntimeError("CUDA error: device-side assert"), ValueError("stack holds NaN in frame 3")],
)
def test_an_error_is_shown_in_its_own_words(
    widget: Any,
    viewer: Any,
    qtbot: Any,
    moving: Any,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(estimate_module, "estimate_motion", fail)
    viewer.add_image(moving)
    click(widget, "run_button")
    finish(widget, qtbot)
    assert str(error) in said(widget)
    assert widget.run_button.enabled
    assert len(viewer.layers) == 1


def test_the_estimator_refuses_in_plain_words(widget: Any, viewer: Any, qtbot: Any) -> None:
    viewer.add_image(np.zeros((6, 64, 64), np.uint8))
    click(widget, "run_button")
    finish(widget, qtbot)
    assert "constant" in said(widget)
    assert ours(viewer) == []


def test_noise_is_called_unreliable(widget: Any, viewer: Any, qtbot: Any) -> None:
    viewer.add_image(np.random.default_rng(3).normal(size=(8, 64, 64)))
    click(widget, "run_button")
    finish(widget, qtbot)
    assert not widget.last.motion.reliable
    assert f"Not reliable: {widget.last.motion.reason}"[:30] in said(widget)


def test_buttons_that_are_off_say_why(widget: Any, viewer: Any) -> None:
    assert not widget.run_button.enabled
    assert "image layer first" in widget.run_button.tooltip
    assert "image layer first" in widget.form.draw.tooltip
    assert widget.cancel_button.tooltip == "Nothing is running."
    assert "no result yet" in widget.panel.save_button.tooltip
    assert "no result yet" in widget.panel.copy_button.tooltip
    assert "no result layers" in widget.panel.remove_button.tooltip
    viewer.add_image(np.zeros((32, 32)), name="flat")
    assert not widget.run_button.enabled
    assert "'flat' is 2-D" in widget.run_button.tooltip
    assert not widget.form.draw.enabled
    assert "'flat' is 2-D" in widget.form.draw.tooltip
    widget.run()  # from a script: says the same
    assert "'flat' is 2-D" in said(widget)
    viewer.add_image(np.zeros((4, 32, 32)), name="stack")
    widget.form.image.value = next(x for x in viewer.layers if x.name == "stack")
    assert widget.run_button.enabled
    viewer.layers.remove("stack")
    assert not widget.run_button.enabled


def test_fields_follow_the_layer(widget: Any, viewer: Any) -> None:
    form = widget.form
    data = np.zeros((5, 7, 40, 40))
    viewer.add_image(data, axis_labels=("c", "t", "y", "x"), name="channels")
    assert form.time_axis.value == 1
    assert (form.frames.first_frame.value, form.frames.last_frame.value) == (0, 6)
    form.time_axis.value = 0
    assert (form.frames.first_frame.value, form.frames.last_frame.value) == (0, 4)
    viewer.add_image([data, data[..., ::2, ::2]], multiscale=True, name="pyramid")
    form.image.value = next(x for x in viewer.layers if x.name == "pyramid")
    form.toggle()
    assert form.level.choices == (0, 1)
    form.level.value = 1
    asked = form.asked()
    assert (asked.level, asked.time_axis, asked.frames) == (1, 0, (0, 5))
    viewer.layers["pyramid"].name = "renamed"
    viewer.add_points([[0, 0]])
    assert form.image.value.name == "renamed"
    assert form.level.value == 1


def test_the_chosen_layer_is_offered_first(viewer: Any) -> None:
    viewer.add_image(np.zeros((4, 32, 32)), name="first")
    viewer.add_image(np.zeros((5, 32, 32)), name="second")
    made = EstimateMotion(viewer)
    assert made.form.image.value.name == "second"
    assert made.form.frames.last_frame.value == 4
    viewer.layers.selection.active = None
    assert EstimateMotion(viewer).form.image.value.name == "first"


def test_every_field_has_a_tooltip_and_a_name(widget: Any, viewer: Any) -> None:
    form = widget.form
    fields = [form.image, form.region, form.draw, form.frames, form.max_speed, form.weight]
    fields += [form.background, form.device, form.time_axis, form.level, form.boundary]
    fields += [form.placing, form.interval, form.time_unit, form.more, widget.progress]
    fields += [widget.run_button, widget.cancel_button, widget.panel.save_button]
    names = [field.native.objectName() for field in fields]
    assert all(name.startswith("motionfft.") for name in names)
    assert len(set(names)) == len(names)
    assert all(field.tooltip for field in fields)


def test_the_dock_may_be_narrow_and_low(widget: Any, viewer: Any) -> None:
    widget.form.toggle()
    widget.panel.show_error("A long message, of many words that must go on several lines. " * 9)
    QApplication.processEvents()
    least = widget.native.minimumSizeHint()
    assert least.width() <= 340
    assert 300 <= least.height() <= 340  # a second dock leaves the form in view
    labels = [x for x in widget.form.native.findChildren(QLabel) if x.text()]
    assert len(labels) >= 13
    for label in labels:
        assert (
            label.fontMetrics().horizontalAdvance(label.text()) <= label.minimumSizeHint().width()
        )


def test_devices_have_their_real_names(widget: Any) -> None:
    texts = [
        widget.form.device.native.itemText(i) for i in range(widget.form.device.native.count())
    ]
    assert texts[0].startswith("auto (")
    assert any(text.startswith("CPU (") for text in texts)
    assert "cpu" in widget.form.device.choices


def test_preferences_fill_the_fields_and_a_run_keeps_them(
    widget: Any, viewer: Any, moving: Any, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    settings.stored().weight = "gaussian"
    assert widget.form.weight.value == "gaussian"
    settings.stored().device = "cuda:7"  # a saved device that is gone
    assert widget.form.device.value == "auto"
    widget.form.background.value = "static"
    widget.form.max_speed.value = 3.5
    assert settings.read().background == "none"
    begun = waiting(monkeypatch)
    viewer.add_image(moving)
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    widget.cancel()
    finish(widget, qtbot)
    assert settings.read() == settings.Preferences(
        max_speed=3.5, weight="gaussian", background="static"
    )
    again = EstimateMotion(viewer)
    assert again.form.preferences() == settings.read()
    again._lookup.close()


def test_a_periodic_layer_is_taken_as_such_and_no_preference(
    widget: Any, viewer: Any, qtbot: Any
) -> None:
    ((data, arguments, _),) = samples.white_square()
    viewer.add_image(data, **arguments)
    assert widget.form.boundary.value == "periodic"
    click(widget, "run_button")
    finish(widget, qtbot)
    assert widget.last.motion.settings["boundary"] == "periodic"
    np.testing.assert_allclose(widget.last.motion.velocity, (2, 4), atol=1e-3)
    assert "Frames depart" not in said(widget)
    assert settings.read().boundary == "crop"
    region = viewer.add_shapes([[[20, 20], [90, 90]]], shape_type="rectangle", name="part")
    widget.form.region.value = next(x for x in viewer.layers if x.name == "part")
    assert widget.form.boundary.value == "crop"  # a part of the frame does not wrap around
    viewer.layers.remove(region.name)
    assert widget.form.boundary.value == "periodic"
    viewer.add_image(np.zeros((4, 32, 32)), name="real")
    widget.form.image.value = next(x for x in viewer.layers if x.name == "real")
    assert widget.form.boundary.value == "crop"


def test_physical_units_need_the_interval(
    widget: Any, viewer: Any, qtbot: Any, moving: Any
) -> None:
    viewer.add_image(moving, scale=(1, 0.5, 0.5), units=("pixel", "um", "um"))
    widget.form.interval.value = 0.2
    widget.form.time_unit.value = "s"
    click(widget, "run_button")
    finish(widget, qtbot)
    speed = np.hypot(*widget.last.motion.velocity) * 0.5 / 0.2
    line = dict(widget.last.report.rows)[""]
    assert line.endswith("µm/s")
    assert float(line.split(" ±")[0]) == pytest.approx(speed, abs=0.01)


def test_save_writes_once_and_never_over_a_file(
    widget: Any,
    viewer: Any,
    qtbot: Any,
    moving: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="no result"):
        widget.save(tmp_path / "a.json")
    viewer.add_image(moving)
    click(widget, "run_button")
    finish(widget, qtbot)
    motion = widget.last.motion
    for name in ("a.json", "a.csv"):
        widget.save(tmp_path / name)
        read = mf.load_motion(tmp_path / name)
        np.testing.assert_array_equal(read.displacements, motion.displacements)
        with pytest.raises(FileExistsError, match="exists already"):
            widget.save(tmp_path / name)
    # the dialog: a name without a suffix, whose file with a suffix exists
    kinds = list(dialogs.FILTERS)
    answer = SimpleNamespace(
        getSaveFileName=lambda *_: (str(tmp_path / "a"), kinds[1]),
    )
    monkeypatch.setattr(dialogs, "QFileDialog", answer)
    click(widget, "save_button")
    assert "Not saved" in said(widget)
    assert "exists already" in said(widget)
    assert "Velocity y" in said(widget)  # the numbers stay
    assert said(widget).index("exists already") < said(widget).index("Velocity y")
    answer.getSaveFileName = lambda *_: (str(tmp_path / "b"), kinds[1])
    click(widget, "save_button")
    assert (tmp_path / "b.csv").exists()
    assert "Not saved" not in said(widget)
    assert "Velocity y" in said(widget)
    answer.getSaveFileName = lambda *_: ("", "")
    click(widget, "save_button")


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("mouse 4: GFP / day 2? motion", "mouse 4_ GFP _ day 2_ motion"),
        ('<a>|"b*"\\c', "_a_b_c"),
        (" ..", "motion"),
        ("µm² data", "µm² data"),
    ],
)
def test_a_suggested_file_name_is_one(name: str, suggested: str) -> None:
    assert dialogs.clean(name) == suggested


def test_a_dock_that_is_closed_cancels_its_run(
    widget: Any, viewer: Any, qtbot: Any, moving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = waiting(monkeypatch)
    viewer.add_image(moving)
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    viewer.window.remove_dock_widget(widget.native)
    assert not widget.running
    qtbot.wait(100)
    assert len(viewer.layers) == 1


def test_a_window_that_is_closed_ends_the_run(
    make_napari_viewer: Any, qtbot: Any, moving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = waiting(monkeypatch)
    viewer = make_napari_viewer()
    viewer.add_image(moving)
    widget = EstimateMotion(viewer)
    viewer.window.add_dock_widget(widget, name="Estimate motion")
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set)
    viewer.close()
    qtbot.waitUntil(lambda: not widget._runner.running)
