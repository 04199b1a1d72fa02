"""Motion-compensated mean: the integrated image of any layer, in place."""

from __future__ import annotations

from typing import Any

from napari_motionfft.viewer.move_layer import Work, averaging
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.targets import check_target
from napari_motionfft.viewer.widgets.on_motion import OnMotion
from napari_motionfft.viewer.widgets.parts import choose_active, images, menu


class CompensatedMean(OnMotion):
    """Adds "<layer> (motion-compensated mean)", without the time axis."""

    def __init__(self, napari_viewer: Any) -> None:
        layer = menu(
            "image",
            "Image layer",
            lambda _: images(napari_viewer),
            "It has as many frames as the motion.",
        )
        choose_active(layer, napari_viewer)
        super().__init__(
            napari_viewer,
            name="motion_compensated_mean",
            stage="Average along the motion",
            tooltip="Average along the motion. The chosen layer stays as it is.",
            layer=layer,
            more=[],
        )

    def _check(self, layer: Any, kept: Kept) -> None:
        check_target(layer, kept)

    def _prepare(self, layer: Any, kept: Kept) -> Work:
        return averaging(layer, kept)
