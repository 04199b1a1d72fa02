"""Touch the landscape in a real window: the button, the mouse, the fields."""

from __future__ import annotations

import html
import threading
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QWidget
from tests.viewer.drive import click, docked, finish, ours

from napari_motionfft.motion import touch as touch_module
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.viewer import touch_run
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.widgets.estimate import EstimateMotion

VELOCITY = (0.75, -1.25)  # of the fixture `moving`
LEFT = Qt.MouseButton.LeftButton

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy(show=True)


@pytest.fixture
def widget(viewer: Any, qtbot: Any, moving: Any) -> Any:
    """The dock, after a run."""
    made = docked(viewer, EstimateMotion, "Estimate motion", qtbot)
    assert not made.touch.touch_button.enabled
    viewer.add_image(moving, name="cells")
    made.form.max_speed.value = 4
    made.run()
    finish(made, qtbot)
    return made


def said(widget: Any) -> str:
    """What the panel says."""
    text = widget.native.findChild(QLabel, "motionfft.touch_told").text()
    return html.unescape(text).replace("\u200b", "")


def rested(widget: Any, qtbot: Any) -> None:
    """Wait until the whole picture is there."""
    qtbot.waitUntil(lambda: not widget.touch._work.busy, timeout=60_000)


def begin(widget: Any, qtbot: Any) -> Any:
    """Press the button; the session once all is there."""
    click(widget, "touch_button")
    qtbot.waitUntil(lambda: widget.touch.session is not None, timeout=60_000)
    rested(widget, qtbot)
    return widget.touch.session


def mouse(viewer: Any, session: Any) -> tuple[QWidget, Any]:
    """The canvas, and where on it a velocity is."""
    canvas = viewer.__wrapped__.window._qt_viewer.canvas
    node = canvas.layer_to_visual[session.marker].node

    def place(velocity: Any) -> QPoint:
        at = node.get_transform("visual", "canvas").map([velocity[1], velocity[0], 0, 1])
        return QPoint(*(round(float(v)) for v in at[:2] / at[3]))

    return canvas.native, place


def test_a_marker_is_dragged_and_the_picture_follows(widget: Any, viewer: Any, qtbot: Any) -> None:
    before = [x.name for x in viewer.layers]
    session = begin(widget, qtbot)
    np.testing.assert_allclose(session.velocity, VELOCITY, atol=0.02)
    peak = session.touch.score(session.velocity)
    assert f"{peak:.1f} σ" in said(widget)

    canvas, place = mouse(viewer, session)
    QTest.mousePress(canvas, LEFT, pos=place(session.velocity))
    for target in ((-0.5, 0.0), (-2.0, 2.0)):
        for nudge in range(50):  # a hand makes many moves, of which napari leaves some out
            QTest.mouseMove(canvas, place(target) + QPoint(nudge % 2, 0))
            qtbot.wait(50)
            if np.abs(session.velocity - target).max() < 0.15:
                break
        np.testing.assert_allclose(session.velocity, target, atol=0.15)
    QTest.mouseRelease(canvas, LEFT, pos=place((-2.0, 2.0)))
    np.testing.assert_allclose(session.marker.data[0], session.velocity)
    assert widget.touch.y.value == pytest.approx(session.velocity[0], abs=0.02)
    rested(widget, qtbot)
    wanted = session.touch.full_image(session.velocity)
    np.testing.assert_allclose(session.picture.data, wanted)
    assert f"{session.touch.score(session.velocity):.1f} σ".replace("-", "−") in said(widget)

    QTest.mouseDClick(canvas, LEFT, pos=place(np.add(VELOCITY, 0.2)))
    qtbot.waitUntil(lambda: "±" in said(widget), timeout=60_000)
    rested(widget, qtbot)
    np.testing.assert_allclose(session.velocity, widget.last.motion.velocity, atol=1e-3)

    widget.touch.y.value = 2.0
    np.testing.assert_allclose(session.marker.data[0], (2.0, -1.25), atol=0.02)
    click(widget, "reset_button")
    np.testing.assert_allclose(session.velocity, widget.last.motion.velocity)

    click(widget, "touch_button")
    assert widget.touch.session is None
    assert [x.name for x in viewer.layers] == before
    assert said(widget) == ""


def test_windows_show_at_the_slider_and_all_goes_with_the_results(
    widget: Any, viewer: Any, qtbot: Any
) -> None:
    session = begin(widget, qtbot)
    whole = np.array(session.landscape.data)
    widget.touch.window.value = 11  # more than there are
    qtbot.waitUntil(lambda: not widget.touch.preparing, timeout=60_000)
    error = widget.native.findChild(QLabel, "motionfft.error").text()
    assert "window must be 2 to 10" in html.unescape(error).replace("\u200b", "")
    assert widget.touch.session is session

    widget.touch.window.value = 4
    qtbot.waitUntil(lambda: session.touch.window == 4, timeout=60_000)
    rested(widget, qtbot)
    assert session.landscape.data.shape != whole.shape
    shown = np.array(session.landscape.data)
    viewer.dims.set_current_step(0, 9)
    rested(widget, qtbot)
    assert session.touch.start == 6
    assert (session.landscape.data != shown).any()
    np.testing.assert_allclose(session.picture.data, session.touch.full_image(session.velocity))
    click(widget, "remove_button")
    qtbot.waitUntil(lambda: widget.touch.session is None)
    assert [x.name for x in viewer.layers] == ["cells"]
    assert not widget.touch.touch_button.enabled
    assert "no result" in widget.touch.touch_button.tooltip or "removed" in (
        widget.touch.touch_button.tooltip
    )


def test_getting_ready_may_fail_or_be_cancelled(
    widget: Any, viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [(x.name, x.visible) for x in viewer.layers]
    begun = threading.Event()

    def wait(*_: Any, cancel: threading.Event, **__: Any) -> Any:
        begun.set()
        cancel.wait(30)
        raise Cancelled("cancelled")

    monkeypatch.setattr(touch_module, "touch_landscape", wait)
    click(widget, "touch_button")
    assert begun.wait(30)
    assert widget.touch.touch_button.text == "Cancel"
    click(widget, "touch_button")
    qtbot.waitUntil(lambda: not widget.touch.preparing)

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no memory for this")

    monkeypatch.setattr(touch_module, "touch_landscape", fail)
    click(widget, "touch_button")
    qtbot.waitUntil(lambda: not widget.touch.preparing)
    error = widget.native.findChild(QLabel, "motionfft.error").text()
    assert "no memory for this" in html.unescape(error).replace("\u200b", "")
    assert widget.touch.session is None
    assert widget.touch.touch_button.enabled
    assert [(x.name, x.visible) for x in viewer.layers] == before


def test_only_the_latest_of_many_moves_is_drawn(
    widget: Any, viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = begin(widget, qtbot)
    looked: list[float] = []
    quick = touch_run.quick

    def slow(touch: Any, velocity: Any) -> Any:
        looked.append(float(velocity[0]))
        return quick(touch, velocity)

    monkeypatch.setattr(touch_run, "quick", slow)
    for y in np.linspace(-3, 3, 50):
        session.go_to((y, 0.0))
    rested(widget, qtbot)
    assert len(looked) <= 3
    assert looked[-1] == 3
    np.testing.assert_allclose(session.picture.data, session.touch.full_image((3.0, 0.0)))

    viewer.layers.remove(session.marker.name)  # by the user: that ends it
    qtbot.waitUntil(lambda: widget.touch.session is None)
    roles = {layer.metadata[KEY]["role"] for layer in ours(viewer)}
    assert "touched image" not in roles
    assert "loss landscape" in roles

    begin(widget, qtbot)
    viewer.window.remove_dock_widget(widget.native)
    assert widget.touch.session is None
    assert roles == {layer.metadata[KEY]["role"] for layer in ours(viewer)}
