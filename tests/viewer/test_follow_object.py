"""Follow the object and Play along, clicked through in a real viewer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks.tracked_scenes import crossing
from qtpy.QtWidgets import QApplication
from tests.viewer.drive import click, docked, finish

import napari_motionfft as mf
from napari_motionfft.viewer.play_along import playing
from napari_motionfft.viewer.widgets.estimate import EstimateMotion
from napari_motionfft.viewer.widgets.form import NO_REGION, WHOLE

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def viewer(make_napari_viewer_proxy: Any) -> Any:
    return make_napari_viewer_proxy()


@pytest.fixture
def widget(viewer: Any, qtbot: Any) -> Any:
    return docked(viewer, EstimateMotion, "Estimate motion", qtbot)


def test_an_object_is_followed_and_stands_still(widget: Any, viewer: Any, qtbot: Any) -> None:
    known = crossing(1, 3.0, 32, frames=20)
    viewer.add_image(known.stack, name="crossing")
    track = widget.form.track
    assert (track.enabled, track.tooltip) == (False, NO_REGION)
    (top, bottom), (left, right) = ((s.start - 0.5, s.stop - 0.5) for s in known.region)
    corners = [[top, left], [bottom, right]]
    viewer.add_shapes([corners], shape_type="rectangle", name="object")
    shapes = next(layer for layer in viewer.layers if layer.name == "object")
    widget.form.region.value = shapes
    assert track.enabled
    assert not widget.form.asked().track
    track.value = True
    click(widget, "run_button")
    finish(widget, qtbot)
    motion = widget.last.motion
    assert known.error(motion.displacements) < 0.3
    assert "track=True" in widget.last.script
    space: dict[str, Any] = {"viewer": viewer}
    exec(widget.last.script, space)  # as a user would paste it
    np.testing.assert_allclose(space["motion"].displacements, motion.displacements)
    assert any("object at y" in value for _, value in widget.last.report.rows)

    names = [layer.name for layer in viewer.layers]
    viewer.dims.set_current_step(0, 7)
    click(widget, "play_button")
    stack = next(layer for layer in viewer.layers if layer.name == "crossing")
    copy = playing(viewer)
    assert copy is not None
    assert [layer.name for layer in viewer.layers] == [
        "crossing", "crossing (playing along)", *names[1:]
    ]  # fmt: skip
    low = float(stack.contrast_limits[0])
    expected = mf.apply_motion(known.stack[:8], shortened(motion, 8), fill=low)[7]
    np.testing.assert_allclose(copy.data[7], expected, atol=1e-4)
    assert viewer.dims.current_step[0] == 7
    QApplication.processEvents()
    assert widget.use.play_button.text == "Stop playing"
    click(widget, "play_button")
    assert playing(viewer) is None
    assert [layer.name for layer in viewer.layers] == names
    QApplication.processEvents()
    assert widget.use.play_button.text == "Play along"

    # removed by hand, the button knows
    click(widget, "play_button")
    viewer.layers.remove("crossing (playing along)")
    QApplication.processEvents()
    assert widget.use.play_button.text == "Play along"

    # the tick counts only with a region
    widget.form.region.value = WHOLE
    assert not track.enabled
    assert not widget.form.asked().track
    assert "track" not in widget.form.asked().arguments


def shortened(motion: mf.Motion, frames: int) -> mf.Motion:
    """The same of fewer frames."""
    return replace(motion, displacements=motion.displacements[:frames])
