"""Apply motion to layer…, Follow the region, and the buttons of a result, without a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QLabel

import napari_motionfft as mf
from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.results import KEY, add_results, remove_results
from napari_motionfft.viewer.runs import Kept, keep
from napari_motionfft.viewer.widgets.apply import ApplyMotion
from napari_motionfft.viewer.widgets.follow import OWN, FollowRegion
from napari_motionfft.viewer.widgets.use_result import UseResult

T, REGION = 6, ((10, 40), (20, 60))
PATH = np.asarray([(0, 0), (1, -2), (0, 3), (-7, 3), (-8, 4), (-8, 5)], dtype=float)


@pytest.fixture
def walk(made: Any) -> Motion:
    """A free path with a jump, measured in a region, its mean on a canvas of its own."""
    canvas = np.ones((50, 70), np.float32)
    motion: Motion = replace(
        made.motion_of(frames=T, region=REGION),
        displacements=PATH,
        integrated=canvas,
        coverage=canvas.astype(np.int32),
        origin=(-2, 12),
    )
    return motion


@pytest.fixture
def viewer(made: Any, walk: Motion, qtbot: Any) -> ViewerModel:
    """A stack and the results of a run on it."""
    model = ViewerModel()
    stack = model.add_layer(made.layer_of("scaled"))
    source = made.source_of(stack)
    keep(add_results(model, walk, source), walk, source, T)
    return model


@pytest.fixture
def run(qtbot: Any) -> Callable[[Any], None]:
    """Press the button and wait."""

    def press(widget: Any) -> None:
        assert widget.run_button.enabled, widget.run_button.tooltip
        widget.run_button.native.click()
        qtbot.waitUntil(lambda: not widget.running, timeout=30_000)

    return press


def said(widget: Any) -> str:
    return str(widget.native.findChild(QLabel, "motionfft.message").text()).replace("\u200b", "")


def rows_of(widget: Any) -> set[str]:
    """Names of the fields that are there."""
    fields = [widget.motion, widget.measured, widget.layer]
    fields += [getattr(widget, name) for name in ("interpolation", "fill", "inverse", "now")]
    return {field.name for field in fields if not field.native.isHidden()}


def test_each_kind_of_layer_has_its_fields(viewer: Any, run: Any) -> None:
    stack = viewer.layers["cells"]
    placed = {"scale": stack.scale, "translate": stack.translate, "units": stack.units}
    labels = viewer.add_labels(np.ones((T, 64, 96), int), **placed)
    points = viewer.add_points([(3, 20, 30)], name="spots", **placed)
    flat = viewer.add_shapes([[(10, 10), (20, 20)]], shape_type="line", name="flat")
    widget = ApplyMotion(viewer)
    always = {"motion", "layer", "inverse"}
    names = [layer.name for layer in widget.layer.choices]
    assert names == ["cells", "Labels", "spots", "flat"]  # and no results
    widget.layer.value = stack
    assert rows_of(widget) == always | {"interpolation", "fill", "now"}
    widget.layer.value = labels
    assert rows_of(widget) == always | {"fill", "now"}
    run(widget)
    assert isinstance(viewer.layers["Labels (motion-compensated)"].data, da.Array)
    widget.layer.value = points
    assert rows_of(widget) == always
    widget.fill.value = "nothing"  # of no matter to points
    widget.inverse.value = True
    run(widget)
    np.testing.assert_allclose(viewer.layers["spots (with motion)"].data[0, 1:], (13, 33))
    widget.layer.value = flat
    assert not widget.run_button.enabled
    assert "'flat' has no frame coordinate" in widget.run_button.tooltip
    widget.layer.value = stack
    assert widget.run_button.tooltip == "The fill value must be a number, not 'nothing'."


def test_the_fields_are_heeded(viewer: Any, run: Any) -> None:
    stack = viewer.layers["cells"]
    widget = ApplyMotion(viewer)
    widget.layer.value = stack
    widget.interpolation.value, widget.fill.value, widget.now.value = "linear", "nan", True
    run(widget)
    result = viewer.layers["cells (motion-compensated)"]
    assert viewer.layers.index(result) == 1  # above the stack, below what lies on it
    assert isinstance(result.data, np.ndarray)
    moved = mf.apply_motion(stack.data, replace(_kept(viewer).motion), fill=np.nan,
                            interpolation="linear")  # fmt: skip
    np.testing.assert_array_equal(result.data, moved)
    assert np.isnan(result.data).any()
    np.testing.assert_array_equal(result.scale, stack.scale)
    assert result.units == stack.units


def _kept(viewer: Any) -> Kept:
    kept: Kept = viewer.layers["trajectory"].metadata[KEY]["motion"]
    return kept


def test_what_is_left_out_is_said(made: Any, walk: Motion, run: Any) -> None:
    viewer = ViewerModel()
    stack = viewer.add_layer(made.layer_of("plain", (20, 64, 96)))
    source = made.source_of(stack, frames=(5, 5 + T))
    keep(add_results(viewer, walk, source), walk, source, 20)
    points = viewer.add_points([(4, 20, 30), (5, 20, 30)])
    widget = ApplyMotion(viewer)
    widget.layer.value = points
    run(widget)
    assert said(widget) == "1 of 2 points lie in no frame of the motion: left out."


def test_a_motion_from_a_file_asks_what_it_was_measured_on(
    made: Any, walk: Motion, run: Any, tmp_path: Path
) -> None:
    mf.save_motion(walk, tmp_path / "walk.csv")
    viewer = ViewerModel()
    stack = viewer.add_layer(made.layer_of("scaled"))
    viewer.add_image(np.zeros((9, 64, 96)), name="longer")
    points = viewer.add_points([stack.data_to_world((3, 20, 30))])
    widget = ApplyMotion(viewer)
    widget.open_motion(tmp_path / "walk.csv")
    widget.layer.value = stack
    assert "measured" not in rows_of(widget)
    widget.layer.value = points
    assert "measured" in rows_of(widget)
    assert [layer.name for layer in widget.measured.choices] == ["cells"]
    run(widget)
    there = stack.data_to_world((3, *((20, 30) - PATH[3])))
    np.testing.assert_allclose(viewer.layers["Points (motion-compensated)"].data[0], there)
    viewer.layers.remove(stack)
    assert not widget.run_button.enabled
    assert "choose the image that it was measured on" in widget.run_button.tooltip


def test_the_region_follows(viewer: Any, run: Any) -> None:
    drawn = viewer.add_shapes(
        [np.asarray(((100, -30), (100, -25), (110, -25), (110, -30)))],
        shape_type="rectangle", name="mine", units=("um", "um"),
    )  # fmt: skip
    empty = viewer.add_shapes(ndim=2, name="empty")
    widget = FollowRegion(viewer)
    assert widget.layer.value == OWN
    run(widget)
    own = viewer.layers["following region"]
    corners = own.data[3][:, 1:]
    np.testing.assert_allclose(corners.min(0), np.asarray((9.5, 19.5)) + PATH[3])
    widget.layer.value = drawn
    viewer.dims.set_current_step(0, 4)  # the frame that it is on
    run(widget)
    other = viewer.layers["following region 2"]
    np.testing.assert_allclose(other.data[4][0, 1:], (0, 0), atol=1e-5)
    np.testing.assert_allclose(other.data[0][0, 1:], PATH[0] - PATH[4], atol=1e-5)
    widget.layer.value = empty
    assert widget.run_button.tooltip == "'empty' is empty. Draw a region in it."
    remove_results(viewer)
    assert [layer.name for layer in viewer.layers] == ["cells", "mine", "empty"]
    assert "Estimate a motion first" in widget.run_button.tooltip


def test_the_buttons_of_a_result(viewer: Any, qtbot: Any) -> None:
    errors: list[Exception] = []
    widget = UseResult(viewer, errors.append)
    assert "press Run" in widget.stack_button.tooltip
    stack = viewer.layers["cells"]
    run_id = viewer.layers["trajectory"].metadata[KEY]["run"]
    widget.offer(run_id, stack, has_result=True)
    widget.stack_button.native.click()
    widget.follow_button.native.click()
    assert isinstance(viewer.layers["cells (motion-compensated)"].data, da.Array)
    assert viewer.layers["following region"].metadata[KEY]["run"] == run_id
    widget.offer(run_id, stack, has_result=True, running=True)
    assert not widget.stack_button.enabled
    viewer.layers.remove(stack)
    widget.offer(run_id, stack, has_result=True)
    assert "no longer in the viewer" in widget.stack_button.tooltip
    assert widget.follow_button.enabled
    for layer in [layer for layer in viewer.layers if KEY in layer.metadata]:
        layer.metadata[KEY].pop("motion", None)
    widget.offer(run_id, stack, has_result=True)
    assert "preview" in widget.follow_button.tooltip
    remove_results(viewer)
    widget.offer(None, stack, has_result=True)
    assert "were removed" in widget.follow_button.tooltip
    assert not errors


def test_the_whole_frame_is_no_region(made: Any, qtbot: Any) -> None:
    viewer = ViewerModel()
    stack = viewer.add_layer(made.layer_of())
    source = made.source_of(stack)
    motion = made.motion_of(frames=T)
    keep(add_results(viewer, motion, source), motion, source, T)
    widget = FollowRegion(viewer)
    assert not widget.run_button.enabled
    assert "whole frame: draw a region" in widget.run_button.tooltip
    buttons = UseResult(viewer, lambda error: None)
    buttons.offer(viewer.layers["trajectory"].metadata[KEY]["run"], stack, has_result=True)
    assert "choose that in Layers > Track > Follow the region." in buttons.follow_button.tooltip
    assert buttons.stack_button.enabled
