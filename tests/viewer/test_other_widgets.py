"""Apply motion to layer…, Motion-compensated mean, and opening napari with the widget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask.array as da
import numpy as np
import pytest
from qtpy.QtWidgets import QLabel

import napari_motionfft as mf
from napari_motionfft.viewer import move_layer
from napari_motionfft.viewer import open as open_module
from napari_motionfft.viewer.follow_region import run_motion
from napari_motionfft.viewer.results import KEY, add_results, remove_results
from napari_motionfft.viewer.runs import keep, motions
from napari_motionfft.viewer.source import read_source
from napari_motionfft.viewer.widgets import on_motion
from napari_motionfft.viewer.widgets.apply import ApplyMotion
from napari_motionfft.viewer.widgets.estimate import EstimateMotion
from napari_motionfft.viewer.widgets.mean import CompensatedMean
from napari_motionfft.viewer.widgets.use_result import UseResult

VELOCITY = (0.75, -1.25)  # of the fixture `moving`

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture(scope="module")
def motion(moving: Any, made: Any) -> Any:
    """The motion as it is; what an estimate makes of it is tested elsewhere."""
    known = made.motion_of(VELOCITY, frames=10, region=((0, 80), (0, 96)))
    return replace(known, integrated=mf.integrate(moving, known))


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any, moving: Any, motion: Any) -> Any:
    """A stack and the results of a run on it."""
    made = make_napari_viewer_proxy()
    made.add_image(moving, name="cells")
    layer = next(iter(made.layers))
    source = read_source(layer, current_step=(0, 0, 0))
    keep(add_results(made, motion, source), motion, source, len(moving))
    return made


def docked(viewer: Any, kind: Any) -> Any:
    widget = kind(viewer)
    viewer.window.add_dock_widget(widget, name=kind.__name__)
    return widget


def finish(widget: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not widget.running, timeout=30_000)


def said(widget: Any) -> str:
    return str(widget.native.findChild(QLabel, "motionfft.message").text()).replace("\u200b", "")


def test_the_motions_of_a_viewer_go_with_their_layers(viewer: Any, motion: Any) -> None:
    ((name, found),) = motions(viewer)
    assert found.motion is motion
    assert name.startswith("cells: (0.7")
    assert ", −1.2" in name  # a true minus
    assert name.endswith(") px/frame")
    for layer in [layer for layer in viewer.layers if KEY in layer.metadata]:
        viewer.layers.remove(layer)
    assert motions(viewer) == []


def test_apply_adds_a_layer_that_stands_still(
    viewer: Any, qtbot: Any, moving: Any, motion: Any
) -> None:
    lazy = da.from_array(moving, chunks=(2, -1, -1))
    viewer.add_image(lazy, name="second channel")
    widget = docked(viewer, ApplyMotion)
    widget.layer.value = next(x for x in viewer.layers if x.name == "second channel")
    names = {layer.name for layer in viewer.layers}
    widget.run_button.native.click()
    finish(widget, qtbot)
    (added,) = {layer.name for layer in viewer.layers} - names
    assert added == "second channel (motion-compensated)"
    layer = viewer.layers[added]
    assert isinstance(layer.data, da.Array)
    still = np.asarray(layer.data)
    inside = (slice(10, -15), slice(15, -15))
    assert np.std(still[-1][inside] - still[0][inside]) < 0.5 * np.std(still[0][inside])
    assert np.std(moving[-1][inside] - moving[0][inside]) > np.std(moving[0][inside])
    # the new stack can be estimated on: nothing is left of the motion
    form = EstimateMotion(viewer).form
    assert added in [x.name for x in form.image.choices]


def test_a_second_result_does_not_overwrite_the_first(viewer: Any, qtbot: Any) -> None:
    widget = docked(viewer, CompensatedMean)
    for _ in range(2):
        widget.run()
        finish(widget, qtbot)
    names = [layer.name for layer in viewer.layers if "mean)" in layer.name]
    assert len(set(names)) == 2


def test_the_mean_is_the_integrated_image(viewer: Any, qtbot: Any, motion: Any) -> None:
    widget = docked(viewer, CompensatedMean)
    widget.run_button.native.click()
    finish(widget, qtbot)
    layer = viewer.layers["cells (motion-compensated mean)"]
    np.testing.assert_allclose(layer.data, motion.integrated, atol=0.1)
    assert layer.ndim == 2


def test_a_motion_from_a_file(viewer: Any, qtbot: Any, motion: Any, tmp_path: Path) -> None:
    mf.save_motion(motion, tmp_path / "kept.csv")
    (tmp_path / "broken.json").write_text("{")
    widget = docked(viewer, ApplyMotion)
    widget.open_motion(tmp_path / "kept.csv")
    assert widget.motion.value.name == "kept.csv"
    np.testing.assert_array_equal(widget.motion.value.motion.displacements, motion.displacements)
    with pytest.raises(ValueError, match=r"broken\.json"):
        widget.open_motion(tmp_path / "broken.json")
    widget.run()
    finish(widget, qtbot)
    assert "cells (motion-compensated)" in [layer.name for layer in viewer.layers]


def test_the_buttons_of_a_result_in_a_window(
    viewer: Any, qtbot: Any, motion: Any, moving: Any
) -> None:
    stack = next(x for x in viewer.layers if x.name == "cells")
    remove_results(viewer)
    part = replace(motion, region=((20, 60), (20, 70)))
    source = read_source(stack, current_step=(0, 0, 0))
    kept = keep(add_results(viewer, part, source), part, source, len(moving))
    errors: list[Exception] = []
    widget = UseResult(viewer, errors.append)
    viewer.window.add_dock_widget(widget, name="Use the result")
    run = next(x for x in viewer.layers if x.name == "trajectory").metadata[KEY]["run"]
    widget.offer(run, stack, has_result=True)
    assert run_motion(viewer, run) is kept
    widget.stack_button.native.click()
    widget.follow_button.native.click()
    names = [layer.name for layer in viewer.layers]
    assert names[:2] == ["cells", "cells (motion-compensated)"]
    assert names[-1] == "following region"
    for t in (1, 8):
        viewer.dims.set_current_step(0, t)
        viewer.screenshot(canvas_only=True, flash=False)
    remove_results(viewer)  # a Shapes layer that was drawn: napari and Mesa need care here
    viewer.screenshot(canvas_only=True, flash=False)
    assert [layer.name for layer in viewer.layers] == names[:2]
    assert not errors


def test_open_asks_and_shows_what_is_wrong(
    viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = docked(viewer, ApplyMotion)
    (tmp_path / "broken.json").write_text("{")
    monkeypatch.setattr(on_motion, "ask_what_to_open", lambda parent: tmp_path / "broken.json")
    widget.open_button.native.click()
    assert "broken.json" in said(widget)
    monkeypatch.setattr(on_motion, "ask_what_to_open", lambda parent: None)
    widget.open_button.native.click()


def test_another_number_of_frames_is_refused(viewer: Any) -> None:
    viewer.add_image(np.zeros((4, 40, 40)), name="short")
    widget = docked(viewer, ApplyMotion)
    widget.layer.value = next(x for x in viewer.layers if x.name == "short")
    assert not widget.run_button.enabled
    assert "has 4 frames, the motion has 10" in widget.run_button.tooltip
    widget.run()  # from a script: says the same
    assert not widget.running
    assert "has 4 frames, the motion has 10" in said(widget)
    viewer.add_image(np.zeros((40, 40)), name="flat")
    widget.layer.value = next(x for x in viewer.layers if x.name == "flat")
    assert not widget.run_button.enabled
    assert "single image" in widget.run_button.tooltip
    widget.layer.value = next(x for x in viewer.layers if x.name == "cells")
    assert widget.run_button.enabled


def test_a_motion_that_is_not_reliable_is_marked_and_warned_of(
    viewer: Any, motion: Any, tmp_path: Path
) -> None:
    layer = next(x for x in viewer.layers if x.name == "cells")
    source = read_source(layer, current_step=(0, 0, 0))
    poor = replace(motion, reliable=False, reason="No peak stands out.")
    keep(add_results(viewer, poor, source), poor, source, 10)
    widget = docked(viewer, ApplyMotion)
    warning = widget.native.findChild(QLabel, "motionfft.warning")
    names = [widget.motion.native.itemText(i) for i in range(widget.motion.native.count())]
    assert [name.endswith("(not reliable)") for name in names] == [True, False]
    assert "not reliable: No peak stands out." in warning.text()
    assert widget.run_button.enabled
    widget.motion.value = motions(viewer)[1][1]
    assert not warning.text()
    assert widget.warning.native.isHidden()
    # a table of displacements says nothing on it
    mf.save_motion(poor, tmp_path / "poor.csv")
    mf.save_motion(poor, tmp_path / "poor.json")
    widget.open_motion(tmp_path / "poor.csv")
    assert not warning.text()
    widget.open_motion(tmp_path / "poor.json")
    assert "No peak" in warning.text()
    widget.open_motion(tmp_path / "poor.json")
    names = [widget.motion.native.itemText(i) for i in range(widget.motion.native.count())]
    assert sorted(names[2:]) == ["poor.csv", "poor.json (not reliable)"]


def test_an_error_in_the_work_is_shown(
    viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = docked(viewer, CompensatedMean)

    def fail(*_: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(move_layer, "mean", fail)
    count = len(viewer.layers)
    widget.run()
    finish(widget, qtbot)
    assert "out of memory" in said(widget)
    assert widget.run_button.enabled
    assert len(viewer.layers) == count


def test_buttons_that_are_off_say_why(make_napari_viewer_proxy: Any) -> None:
    viewer = make_napari_viewer_proxy()
    widget = docked(viewer, ApplyMotion)
    assert not widget.run_button.enabled
    assert "Estimate a motion first" in widget.run_button.tooltip
    assert widget.cancel_button.tooltip == "Nothing is running."


def test_view_opens_the_stack_with_the_widget(
    plugin: Any,
    make_napari_viewer: Any,
    moving: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    import napari

    order: list[str] = []
    viewer = make_napari_viewer()
    monkeypatch.setattr(open_module, "load_torch", lambda: order.append("torch"))
    monkeypatch.setattr(napari, "Viewer", lambda: order.append("viewer") or viewer)
    monkeypatch.setattr(napari, "run", lambda: order.append("run"))
    path = tmp_path / "stack.npy"
    np.save(path, moving)
    with pytest.raises(FileNotFoundError, match=r"missing\.tif"):
        open_module.open_viewer(tmp_path / "missing.tif")
    reader = SimpleNamespace(opened=None)
    monkeypatch.setattr(
        type(viewer), "open", lambda self, given: setattr(reader, "opened", given), raising=True
    )
    assert open_module.open_viewer(path) is viewer
    assert order == ["torch", "viewer", "run"]
    assert reader.opened == str(path)
    docks = list(viewer.window.dock_widgets)
    assert any("Estimate motion" in name for name in docks)
