"""Motion-compensated mean: the integrated image of any layer, in place."""

from __future__ import annotations

from typing import Any

from napari_motionfft.viewer.compensate import mean
from napari_motionfft.viewer.widgets.on_motion import OnMotion


class CompensatedMean(OnMotion):
    """Adds "<layer> (motion-compensated mean)", without the time axis."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(
            napari_viewer,
            stage="Average along the motion",
            role="motion-compensated mean",
            suffix="motion-compensated mean",
            work=mean,
            still=True,
        )
