"""Separate motions, clicked through in a real viewer, in both docks that have it."""

from __future__ import annotations

import html
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QLabel
from tests.viewer.drive import click, copied, docked, finish, ours
from tests.viewer.made_motions import crossing, separated

import napari_motionfft as mf
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.several.result import Motions
from napari_motionfft.viewer import settings
from napari_motionfft.viewer.motions_run import SEVERAL
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.runs import motions as motions_of
from napari_motionfft.viewer.widgets import dialogs
from napari_motionfft.viewer.widgets.estimate import EstimateMotion
from napari_motionfft.viewer.widgets.motions_table import MotionsTable
from napari_motionfft.viewer.widgets.separate import SeparateMotions

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy()


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[..., Any]) -> list[dict[str, Any]]:
    """Replace the separation; the list gets what each call was given."""
    calls: list[dict[str, Any]] = []

    def separate_motions(stack: Any, **settings: Any) -> Any:
        calls.append({"stack": stack, **settings})
        return answer(**settings)

    monkeypatch.setitem(sys.modules, SEVERAL, SimpleNamespace(separate_motions=separate_motions))
    return calls


def stack_in(viewer: Any, **arguments: Any) -> Any:
    data = np.random.default_rng(0).random((6, 64, 96), dtype=np.float32)
    viewer.add_image(data, name="cells", **arguments)
    return data


def error_in(widget: Any) -> str:
    label = widget.native.findChild(QLabel, "motionfft.error")
    return html.unescape(label.text()).replace("\u200b", "")


def visible(viewer: Any) -> set[str]:
    return {x.name for x in ours(viewer) if x.visible}


def test_separate_fills_the_table_and_its_rows_choose_what_is_in_view(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = answering(monkeypatch, lambda **_: crossing(3, background=True))
    widget = docked(viewer, SeparateMotions, "Separate motions", qtbot)
    assert widget.motions.separate_button.tooltip.startswith("Open an image layer first")
    stack = stack_in(viewer)
    region = viewer.add_shapes([[[9.5, 19.5], [49.5, 79.5]]], shape_type="rectangle", name="part")
    viewer.layers.selection.active = region
    widget.form.region.value = next(x for x in viewer.layers if x.name == "part")
    widget.form.max_speed.value = 4.5
    widget.form.weight.value = "phat"
    widget.form.background.value = "static"
    widget.motions.number.value = 3
    click(widget, "separate_button")
    assert widget.running
    assert widget.motions.cancel_button.enabled
    finish(widget, qtbot)

    (call,) = calls
    np.testing.assert_array_equal(call.pop("stack"), stack)
    assert callable(call.pop("progress"))
    assert isinstance(call.pop("cancel"), threading.Event)
    assert call == {
        "n": 3,
        "kind": "additive",
        "region": (slice(10, 50), slice(20, 80)),
        "max_speed": 4.5,
        "weight": "phat",
        "background": "static",
        "boundary": "crop",
        "device": "auto",
    }
    assert settings.read().weight == "phat"
    assert settings.read().model == settings.Preferences().model
    assert viewer.layers.selection.active.name == "part"

    table = widget.motions.table
    assert [table.item(row, 0).text() for row in range(5)] == ["1", "2", "3", "still", "rest"]
    assert table.item(4, 3).text() == "20.0"
    assert not table.item(4, 0).flags() & Qt.ItemFlag.ItemIsSelectable
    assert "once in 100" in widget.motions.summary.value
    assert table.chosen == 0
    drawn = {f"motion {part}" for part in ("landscape", "axes", "peaks", "arrows", "positions")}
    assert visible(viewer) == {"motion 1", *drawn}
    # a click on the second row, and a press of a key to the third
    at = table.visualItemRect(table.item(1, 1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert visible(viewer) == {"motion 2", *drawn}
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert visible(viewer) == {"motion 3", *drawn}
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert visible(viewer) == {"still background", *drawn}
    # ticks
    table.selectRow(0)
    table.tick(0, False)
    assert visible(viewer) == drawn
    peaks = viewer.layers["motion peaks"]
    assert peaks.size[0] == 0
    assert peaks.size[1] > 0
    table.tick(0)
    assert visible(viewer) == {"motion 1", *drawn}

    # the stack along the chosen motion
    table.selectRow(1)
    click(widget, "play_motion_button")
    played = viewer.layers["cells (along motion 2)"]
    np.testing.assert_allclose(played.metadata[KEY]["motion"].motion.velocity, (1.0, -0.5))
    assert widget.motions.play_button.text == "Stop playing"
    assert len({name for name, _ in motions_of(viewer)}) == 3
    table.selectRow(0)
    assert widget.motions.play_button.text == "Play along"
    click(widget, "play_motion_button")  # one at a time
    assert "cells (along motion 2)" not in viewer.layers
    assert "cells (along motion 1)" in viewer.layers
    click(widget, "play_motion_button")
    assert "cells (along motion 1)" not in viewer.layers
    table.selectRow(3)
    assert widget.motions.play_button.tooltip.startswith("Choose a motion")
    assert not widget.motions.save_button.enabled
    with pytest.raises(ValueError, match="Choose a motion"):
        widget.motions.save(tmp_path / "still.json")

    # the motion of a row, as a file that is never written over another
    table.selectRow(1)
    answer = SimpleNamespace(getSaveFileName=lambda *_: (str(tmp_path / "second"), ""))
    monkeypatch.setattr(dialogs, "QFileDialog", answer)
    click(widget, "save_motion_button")
    saved = mf.load_motion(tmp_path / "second.json")
    np.testing.assert_array_equal(saved.velocity, (1.0, -0.5))
    assert error_in(widget) == ""
    click(widget, "save_motion_button")
    assert "Not saved: " in error_in(widget)
    table.selectRow(0)

    assert "mf.separate_motions(" in copied(widget, "copy_motions_button")
    # once more: in place of the ones before
    before = {id(x) for x in ours(viewer)}
    table.selectRow(1)
    widget.run()
    finish(widget, qtbot)
    assert len(ours(viewer)) == len(before) == 9
    assert before.isdisjoint(id(x) for x in ours(viewer))
    assert table.chosen == 0
    assert visible(viewer) == {"motion 1", *drawn}

    click(widget, "remove_button")
    assert [x.name for x in viewer.layers] == ["cells", "part"]
    assert not table.isEnabled()
    assert table.item(1, 0).text() == "2"  # the numbers stay
    assert "mf.separate_motions(" in widget.copy_as_python()


def test_cancel_and_failure_leave_the_viewer_and_the_button_ready(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def wait(progress: Any, cancel: threading.Event, **_: Any) -> Any:
        begun.set()
        for step in range(10_000):
            progress(step / 10_000, "Waiting")
            if cancel.wait(0.005):
                raise Cancelled("cancelled")

    widget = docked(viewer, SeparateMotions, "Separate motions", qtbot)
    stack_in(viewer)
    answering(monkeypatch, lambda **_: crossing())
    click(widget, "separate_button")
    finish(widget, qtbot)
    before = [id(x) for x in viewer.layers]

    answering(monkeypatch, wait)
    click(widget, "separate_button")
    qtbot.waitUntil(begun.is_set)
    assert widget.motions.separate_button.tooltip == "A run is going on."
    qtbot.waitUntil(lambda: "Waiting" in widget.motions.progress.native.format())
    assert not widget.motions.progress.native.isHidden()
    click(widget, "cancel_motions_button")
    assert widget.motions.cancel_button.tooltip == "Stopping …"
    finish(widget, qtbot)
    assert [id(x) for x in viewer.layers] == before
    assert widget.motions.separate_button.enabled
    assert widget.motions.progress.native.isHidden()
    assert not widget.motions.cancel_button.enabled
    assert error_in(widget) == ""

    def fail(**_: Any) -> Any:
        raise RuntimeError("CUDA out of memory")

    answering(monkeypatch, fail)
    click(widget, "separate_button")
    finish(widget, qtbot)
    assert "CUDA out of memory" in error_in(widget)
    assert [id(x) for x in viewer.layers] == before
    assert widget.motions.table.item(1, 0).text() == "2"
    # and it works again, and finds nothing
    answering(monkeypatch, lambda **_: Motions(stopped="Best peak 3 < 4.2 σ."))
    click(widget, "separate_button")
    finish(widget, qtbot)
    assert error_in(widget) == ""
    assert [x.name for x in viewer.layers] == ["cells"]
    said = html.unescape(widget.motions.summary.value)
    assert said == "No motion stands out from the noise. Best peak 3 < 4.2 σ."
    assert "3 &lt; 4.2" in widget.motions.summary.value  # the label takes rich text
    assert not widget.panel.remove_button.enabled


def test_the_estimate_dock_has_it_too(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, moving: Any
) -> None:
    size = moving.shape[1:]
    answering(
        monkeypatch,
        lambda **_: crossing(2, kind="occluding", frames=10, region=tuple((0, n) for n in size)),
    )
    viewer.add_image(moving, name="cells")
    widget = docked(viewer, EstimateMotion, "Estimate motion", qtbot)
    least = widget.native.minimumSizeHint().width()
    click(widget, "run_button")
    assert not widget.motions.separate_button.enabled
    assert not widget.motions.cancel_button.enabled  # that run is not its own
    finish(widget, qtbot)
    estimated = {x.metadata[KEY]["run"] for x in ours(viewer)}
    widget.motions.kind.value = "occluding"
    click(widget, "separate_button")
    assert not widget.run_button.enabled
    finish(widget, qtbot)

    runs = {x.metadata[KEY]["run"] for x in ours(viewer)}
    assert runs - estimated == {widget.motions.run.run_id}
    assert "front mask" in visible(viewer)
    assert "in front" in widget.motions.table.item(1, 0).text()
    # the estimate stays in view, and its buttons are its own
    assert widget.last.run_id in estimated
    assert len(widget.panel.shown.choices) == 1
    assert "mf.estimate_motion(" in widget.copy_as_python()
    assert "mf.separate_motions(" in widget.motions.copy_as_python()
    assert widget.use.stack_button.enabled
    widget.motions.table.selectRow(1)
    assert "motion 2" in visible(viewer)
    QApplication.processEvents()
    assert widget.native.minimumSizeHint().width() <= max(least, 340)
    click(widget, "remove_button")
    assert ours(viewer) == []
    # a script that asks for what cannot be done is told in the panel
    viewer.layers.clear()
    widget.motions.separate()
    assert "Open an image layer first" in error_in(widget)


def test_every_part_has_a_tooltip_and_a_name(viewer: Any, qtbot: Any) -> None:
    widget = docked(viewer, SeparateMotions, "Separate motions", qtbot)
    part = widget.motions
    fields = [
        part.number,
        part.kind,
        part.separate_button,
        part.cancel_button,
        part.copy_button,
        part.play_button,
        part.save_button,
    ]
    fields += [part.progress, widget.panel.remove_button]
    names = [field.native.objectName() for field in fields]
    assert all(name.startswith("motionfft.") for name in names)
    assert len(set(names)) == len(names)
    assert all(field.tooltip for field in fields)
    # no field of a model of one motion
    assert widget.form.models.model.native.parent() is None
    assert widget.form.max_speed.native.parent() is not None


def test_no_column_of_a_narrow_table_is_cut(qtbot: Any) -> None:
    table = MotionsTable()
    qtbot.addWidget(table)
    table.show_rows(separated(crossing(kind="occluding")).rows)
    header, last = table.horizontalHeader(), table.columnCount() - 1
    for width in (200, 280, 300, 320, 500):
        table.resize(width, 200)
        table.show()
        QApplication.processEvents()
        assert table.columnWidth(last) >= header.sectionSizeHint(last)
    assert header.length() == table.viewport().width()  # and it fills a wide one
