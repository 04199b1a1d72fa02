"""What to do with a result in view: play along, the corrected stack, the region that follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicgui.widgets import Container

from napari_motionfft.viewer.between import up_to_date
from napari_motionfft.viewer.follow_region import add_following, run_motion, why_not_own
from napari_motionfft.viewer.move_layer import check, move_layer
from napari_motionfft.viewer.play_along import play_along, playing
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.widgets.buttons import NO_RESULT, RUNNING, button, row
from napari_motionfft.viewer.widgets.parts import set_enabled

STACK = (
    "Add the stack with the motion taken out; frames are computed when they are shown. "
    "Apply motion to layer… in the Layers menu has more choices."
)
PLAY = "Lay the stack over itself with the motion taken out: what moves in this way stands still."
STOP = "Take the copy away again: the stack is as it was."
REGION = "Add a layer in which the region moves along with the scene, a shape a frame."
GONE = "The result layers of this run were removed."
PREVIEW = "This is a preview only: press Run."
NO_PLACE = "The file does not tell where its image lies: choose both in Layers > "
TO_STACK, TO_REGION = "Transform > Apply motion to layer…", "Track > Follow the region."
NO_STACK = "The stack of this run is no longer in the viewer."


class UseResult(Container):  # type: ignore[misc]
    """Buttons; each calls one method of the same name.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    on_failed
        Told of what went wrong.
    """

    def __init__(self, viewer: Any, on_failed: Callable[[Exception], None]) -> None:
        self._viewer, self._on_failed = viewer, on_failed
        self._kept: Kept | None = None
        self._layer: Any = None
        self.stack_button = button("stack_button", "Corrected stack")
        self.follow_button = button("follow_button", "Follow the region")
        self.play_button = button("play_button", "Play along")
        both = row("make_layers", [self.stack_button, self.follow_button])
        super().__init__(name="use_result", labels=False, widgets=[self.play_button, both])
        self.margins = (0, 0, 0, 0)
        self.stack_button.changed.connect(self.corrected_stack)
        self.follow_button.changed.connect(self.follow_the_region)
        self.play_button.changed.connect(self.play)
        self.offer(None, None)

    def offer(
        self, run: str | None, layer: Any, *, has_result: bool = False, running: bool = False
    ) -> None:
        """Say what the buttons are for, and switch them to what can be done now.

        Parameters
        ----------
        run
            Identifier of the run in view, None where its layers are gone.
        layer
            The image that it was made on.
        has_result, running
            There is a run in view; another one is going on.
        """
        kept = None if run is None else run_motion(self._viewer, run)
        present = layer is not None and layer in self._viewer.layers
        self._layer = layer if present else None
        self._kept = None if kept is None else up_to_date(kept, [layer] if present else [])
        why_not = RUNNING if running else None
        if why_not is None and self._kept is None:
            why_not = NO_RESULT if not has_result else GONE if run is None else PREVIEW
        set_enabled(self.stack_button, why_not or self._why_no_stack(), STACK)
        on = self._playing()
        self.play_button.text = "Stop playing" if on else "Play along"
        no_play = None if on else why_not or self._why_no_stack()
        set_enabled(self.play_button, no_play, STOP if on else PLAY)
        set_enabled(self.follow_button, why_not or self._why_no_region(), REGION)

    def corrected_stack(self) -> Any:
        """Add "<stack> (motion-compensated)", lazy; returns it."""
        kept, layer = self._kept, self._layer
        if kept is None or layer is None:
            return None
        return self._try(lambda: move_layer(self._viewer, layer, kept))

    def play(self) -> Any:
        """Show the stack in the frame of the motion; again as it is. Returns the copy, or None."""
        kept, layer = self._kept, self._layer
        if kept is None or layer is None:
            return None
        return self._try(lambda: play_along(self._viewer, layer, kept))

    def follow_the_region(self) -> Any:
        """Add "following region"; returns it."""
        kept = self._kept
        return None if kept is None else self._try(lambda: add_following(self._viewer, kept))

    def _try(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except ValueError as error:
            self._on_failed(error)
            return None

    def _playing(self) -> bool:
        if self._kept is None or self._layer is None:
            return False
        return playing(self._viewer, self._layer, self._kept) is not None

    def _why_no_stack(self) -> str | None:
        assert self._kept is not None
        if self._kept.placement is None:
            return NO_PLACE + TO_STACK
        if self._layer is None:
            return NO_STACK
        try:
            check(self._layer, self._kept)
        except ValueError as error:
            return str(error)
        return None

    def _why_no_region(self) -> str | None:
        assert self._kept is not None
        if self._kept.placement is None:
            return NO_PLACE + TO_REGION
        why_not = why_not_own(self._kept)
        return None if why_not is None else f"{why_not[:-1]} in Layers > {TO_REGION}"
