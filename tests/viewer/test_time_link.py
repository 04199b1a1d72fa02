"""The slider as a frame of the run, through scale, units and other axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_motionfft.viewer.time_link import TimeLink

LAYERS: dict[str, Any] = {
    "plain": ((20, 16, 16), 0, {}),
    "scaled": ((20, 16, 16), 0, {"scale": (0.25, 2, 2), "translate": (7, 0, 0)}),
    "seconds": ((20, 16, 16), 0, {"scale": (50, 1, 1), "units": ("ms", "um", "um")}),
    "second of four": ((3, 20, 16, 16), 1, {"scale": (1, 0.5, 1, 1)}),
    "first of four": ((20, 3, 16, 16), 0, {}),
}


@pytest.mark.parametrize("name", list(LAYERS))
def test_there_and_back(name: str) -> None:
    shape, axis, arguments = LAYERS[name]
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 3, 4, 30, 30)), name="of more axes")
    layer = viewer.add_layer(Image(np.zeros(shape), **arguments))
    if "units" in arguments:  # napari converts for display: its sliders count in one unit
        viewer.layers.remove("of more axes")
        viewer.add_image(np.zeros((5, 8, 8)), scale=(0.1, 1, 1), units=("s", "um", "um"))
    link = TimeLink(viewer, layer, axis, first_frame=4, frames=10)
    others = tuple(viewer.dims.point)
    for frame in (0, 3, 9):
        link.go_to(frame)
        assert link.frame() == frame
        moved = [
            i for i, (a, b) in enumerate(zip(others, viewer.dims.point, strict=True)) if a != b
        ]
        assert moved in ([], [viewer.dims.ndim - layer.ndim + axis])
    link.go_to(5.4)
    assert link.frame() == 5
    link.go_to(-3)
    assert link.frame() == 0
    link.go_to(99)
    assert link.frame() == 9


def test_outside_the_run_and_without_the_layer() -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(Image(np.zeros((20, 16, 16))))
    link = TimeLink(viewer, layer, 0, first_frame=4, frames=10)
    viewer.dims.set_current_step(0, 3)
    assert link.frame() is None
    viewer.dims.set_current_step(0, 14)
    assert link.frame() is None
    viewer.dims.set_current_step(0, 13)
    assert link.frame() == 9
    viewer.layers.remove(layer)
    assert link.frame() is None
    link.go_to(2)  # nothing to move
