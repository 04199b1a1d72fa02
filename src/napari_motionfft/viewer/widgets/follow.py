"""Follow the region: a shape that moves along with the scene."""

from __future__ import annotations

from typing import Any

from napari_motionfft.viewer.between import placed, shown_frame
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.follow_region import add_made, following_layer, why_not_own
from napari_motionfft.viewer.move_layer import Made, Work
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.widgets.on_motion import OnMotion
from napari_motionfft.viewer.widgets.parts import menu, shapes

OWN = "the region of the motion"
REGION = (
    "The region that the motion was measured in, or the shapes of a layer: all of them, or those "
    "selected. Shapes without a time axis are taken to be drawn on the frame that is shown."
)
RUN = "Add a layer in which the region moves along, a shape a frame. It goes with the results."


class FollowRegion(OnMotion):
    """Adds "following region": the shape of the frame shown is where the content has gone."""

    def __init__(self, napari_viewer: Any) -> None:
        guard_removal(napari_viewer)
        layer = menu("region", "Region", lambda _: [(OWN, OWN), *shapes(napari_viewer)], REGION)
        super().__init__(
            napari_viewer,
            name="follow_region",
            stage="Follow the region",
            tooltip=RUN,
            layer=layer,
            more=[],
        )
        self.run_button.text = "Follow"

    def _needs_place(self) -> bool:
        return True

    def _check(self, layer: Any, kept: Kept) -> None:
        placed(kept)
        if layer == OWN:
            why_not = why_not_own(kept)
            if why_not:
                raise SourceError(why_not)
        elif not len(layer.data):
            raise SourceError(f"{layer.name!r} is empty. Draw a region in it.")

    def _prepare(self, layer: Any, kept: Kept) -> Work:
        self._check(layer, kept)
        frame = shown_frame(self._viewer.dims, kept)
        drawn = None if layer == OWN else layer
        (data, arguments, kind), notes = following_layer(kept, drawn, frame=frame)
        made = Made(data, arguments, kind, " ".join(notes))
        return lambda progress, cancel: made

    def _add(self, made: Made, kept: Kept) -> None:
        add_made(self._viewer, kept, (made.data, made.arguments, made.kind))
