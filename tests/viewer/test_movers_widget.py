"""Find faint movers, clicked through in a real viewer."""

from __future__ import annotations

import csv
import html
import io
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel
from tests.viewer.drive import click, copied, docked, finish, ours
from tests.viewer.made_movers import VELOCITY, stack_with_mover

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.faint import find
from napari_motionfft.viewer.movers_layers import RINGS
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.widgets import lab_table
from napari_motionfft.viewer.widgets.movers import FindMovers

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy()


@pytest.fixture
def widget(viewer: Any, qtbot: Any) -> Any:
    return docked(viewer, FindMovers, "Find faint movers", qtbot)


def said(widget: Any) -> str:
    labels = (widget.native.findChild(QLabel, f"motionfft.{part}") for part in ("error", "report"))
    return html.unescape("".join(label.text() for label in labels)).replace("\u200b", "")


def test_run_read_save_copy_remove(
    widget: Any, viewer: Any, qtbot: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    assert not widget.run_button.enabled
    assert "Open an image layer first" in widget.run_button.tooltip
    viewer.add_image(stack_with_mover(), name="sky", scale=(2.0, 0.5, 0.5), units=("s", "um", "um"))
    form = widget.form
    form.max_speed.value, form.size.value = 1.2, 3.0
    form.frames.first_frame.value = 2
    viewer.dims.set_current_step(0, 5)
    click(widget, "run_button")
    assert widget.running
    finish(widget, qtbot)
    run = widget.last
    assert len(run.result) == 1
    np.testing.assert_allclose(run.result[0].velocity, VELOCITY, atol=0.05)
    assert "1 object moves" in said(widget)
    assert viewer.dims.current_step[0] == 5
    (rings,) = [x for x in ours(viewer) if x.metadata[KEY]["role"] == RINGS]
    (now,) = rings.data[rings.data[:, 0] == 5]
    wanted = np.array([24.0, 28.0]) + (5 - 11.5) * np.array(VELOCITY)
    np.testing.assert_allclose(now[1:], wanted, atol=1.0)

    # the table, and the image of the chosen row
    table = widget.panel.table
    assert table.rowCount() == 1
    headings = [table.horizontalHeaderItem(i).text() for i in range(table.columnCount())]
    assert "velocity\nµm/s" in headings
    assert "in frame 2\npx" in headings
    stamp = widget.panel.stamp
    assert stamp.isVisibleTo(widget.native)
    assert not stamp.picture.pixmap().isNull()
    assert "Object 1" in stamp.caption.text()

    # CSV: on the clipboard, and as a file that is never written over another
    (line,) = csv.DictReader(io.StringIO(copied(widget, "copy_csv_button")))
    assert float(line["velocity y (px/frame)"]) == run.result[0].velocity[0]
    assert float(line["velocity y (µm/s)"]) == pytest.approx(run.result[0].velocity[0] * 0.25)
    answer = SimpleNamespace(getSaveFileName=lambda *_: (str(tmp_path / "m"), ""))
    monkeypatch.setattr(lab_table, "QFileDialog", answer)
    click(widget, "save_button")
    assert (tmp_path / "m.csv").read_text(encoding="utf-8") == widget.copy_as_csv()
    click(widget, "save_button")
    assert "Not saved" in said(widget)
    with pytest.raises(FileExistsError):
        widget.save(tmp_path / "m.csv")

    # the script repeats the run
    space: dict[str, Any] = {"viewer": viewer}
    script = copied(widget, "copy_button")
    assert "mf.find_movers(" in script
    exec(
        script.replace(
            "import napari_motionfft as mf", "from types import SimpleNamespace"
        ).replace("data = ", "mf = SimpleNamespace(find_movers=find)\ndata = "),
        space | {"find": find.find_movers},
    )

    # a second run takes the place of the first; all goes in one click
    form.landscapes.value = True
    click(widget, "run_button")
    finish(widget, qtbot)
    assert len(ours(viewer)) == 3
    click(widget, "remove_button")
    assert [layer.name for layer in viewer.layers] == ["sky"]
    widget.choose(0)  # without layers, the image is still shown
    assert not widget.panel.remove_button.enabled


def test_nothing_found_is_said(widget: Any, viewer: Any, qtbot: Any) -> None:
    viewer.add_image(stack_with_mover(3, peak=0.0), name="sky")
    widget.form.max_speed.value, widget.form.size.value = 0.8, 3.0
    widget.form.false_alarm.value = 0.1
    widget.run()
    finish(widget, qtbot)
    assert "Nothing that moves stands out" in said(widget)
    assert not widget.panel.table.isVisibleTo(widget.native)
    assert not widget.panel.stamp.isVisibleTo(widget.native)
    assert ours(viewer) == []


def test_what_cannot_be_searched_is_said(widget: Any, viewer: Any, qtbot: Any) -> None:
    viewer.add_image(np.random.default_rng(0).random((3, 48, 48)), name="short")
    widget.run()
    finish(widget, qtbot)
    assert "at least 4 frames" in said(widget)
    widget.panel.clear_error()
    viewer.add_image(stack_with_mover(), name="sky")
    widget.form.image.value = viewer.layers["sky"]
    widget.form.size.value = 1.0
    widget.run()
    finish(widget, qtbot)
    assert "size must be 2 to" in said(widget)
    with pytest.raises(ValueError, match="no result"):
        widget.save("m.csv")
    assert widget.copy_as_csv() == ""


def test_cancel_stops_and_leaves_the_viewer(
    widget: Any, viewer: Any, qtbot: Any, monkeypatch: Any
) -> None:
    begun = threading.Event()

    def wait(*_: Any, progress: Any, cancel: threading.Event, **__: Any) -> Any:
        begun.set()
        for step in range(10_000):
            progress(step / 10_000, "Waiting")
            if cancel.wait(0.005):
                raise Cancelled("cancelled")

    monkeypatch.setattr(find, "find_movers", wait)
    viewer.add_image(stack_with_mover(), name="sky")
    click(widget, "run_button")
    qtbot.waitUntil(begun.is_set, timeout=10_000)
    assert widget.cancel_button.enabled
    assert not widget.run_button.enabled
    click(widget, "cancel_button")
    finish(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == ["sky"]
    assert widget.run_button.enabled


def test_a_region_is_searched_alone(widget: Any, viewer: Any, qtbot: Any) -> None:
    viewer.add_image(stack_with_mover(), name="sky")
    click(widget, "draw")
    (region,) = [x for x in viewer.layers if x.name == "region"]
    region.add_rectangles(np.array([[3.5, 9.5], [43.5, 49.5]]))
    asked = widget.form.asked()
    assert asked.region_layer is not None
    widget.form.max_speed.value, widget.form.size.value = 1.2, 3.0
    widget.run()
    finish(widget, qtbot)
    assert widget.last.source.region == (slice(4, 44), slice(10, 50))
    assert "region=(slice(4, 44), slice(10, 50))" in widget.last.script
    np.testing.assert_allclose(widget.last.result[0].velocity, VELOCITY, atol=0.08)
