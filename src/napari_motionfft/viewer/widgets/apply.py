"""Apply motion to layer…: the motion of one layer taken out of another."""

from __future__ import annotations

from typing import Any

from napari_motionfft.viewer.compensate import compensate
from napari_motionfft.viewer.widgets.on_motion import OnMotion


class ApplyMotion(OnMotion):
    """Adds "<layer> (motion-compensated)", lazy where the layer is lazy."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(
            napari_viewer,
            stage="Take the motion out",
            role="motion-compensated",
            suffix="motion-compensated",
            work=compensate,
            still=False,
        )
