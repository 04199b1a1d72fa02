"""Whether the camera still stands as napari has fitted it, where that was not watched."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_motionfft.viewer.camera import camera_is_fitted


def test_a_picture_beside_a_stack_hinders_nothing() -> None:
    """napari has no extent of layers that have fewer axes than the viewer."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((20, 30)), name="picture")
    viewer.add_image(np.zeros((5, 200, 300)), name="stack")
    viewer.fit_to_view()
    assert camera_is_fitted(viewer)
    viewer.scene.camera.center = (0, 500, 500)
    assert not camera_is_fitted(viewer)
