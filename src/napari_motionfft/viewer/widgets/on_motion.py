"""What the widgets that use a motion share: choose it, choose a layer, run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, ProgressBar, PushButton

from napari_motionfft.viewer.compensate import Target, target_of
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.report import DOUBTFUL, FAILED, badge
from napari_motionfft.viewer.results import kept
from napari_motionfft.viewer.runs import Kept, doubtful, marked, motions
from napari_motionfft.viewer.widgets.dialogs import ask_what_to_open
from napari_motionfft.viewer.widgets.parts import (
    NO_LAYER,
    alive,
    choose_active,
    described,
    form,
    images,
    menu,
    renew,
    rich_text,
    scrolled,
    set_enabled,
)
from napari_motionfft.viewer.worker import Runner

COMPENSATED = "napari-motionfft compensated"
"""Entry in the metadata of these layers: no results of a run, so they stay when those go."""

NO_MOTION = "Estimate a motion first, or open one from a file."


class OnMotion(Container):  # type: ignore[misc]
    """Takes a motion of the viewer, or one from a file, to an image layer.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    stage, role, suffix
        What the work is called; what the new layer is, in its metadata and its name.
    work
        (target, progress, cancel) → data, in the worker thread.
    still
        The result has no time axis.
    """

    def __init__(
        self,
        viewer: Any,
        stage: str,
        role: str,
        suffix: str,
        work: Callable[..., Any],
        still: bool,
    ) -> None:
        self._viewer, self._stage, self._role, self._suffix = viewer, stage, role, suffix
        self._work, self._still = work, still
        self._opened: list[tuple[str, Kept]] = []
        self.motion = menu("motion", "Motion", self._motions, "The motion, the newest first.")
        self.open_button = described(PushButton(name="open_button", text="Open motion file…"), OPEN)
        self.image = menu(
            "image", "Image layer", lambda _: images(viewer), "It has as many frames as the motion."
        )
        choose_active(self.image, viewer)
        buttons = Container(
            name="buttons",
            layout="horizontal",
            labels=False,
            widgets=[
                described(PushButton(name="run_button", text="Run"), ""),
                described(PushButton(name="cancel_button", text="Cancel"), ""),
            ],
        )
        buttons.margins = (0, 0, 0, 0)
        super().__init__(name=role.replace(" ", "_"), labels=False)
        self.progress = described(ProgressBar(name="progress", min=0, max=1000), "How far it is.")
        self.warning, self.message = rich_text("warning"), rich_text("message")
        fields = form([self.motion, self.open_button, self.image])
        parts = [fields, buttons, self.progress, self.warning, self.message]
        scrolled(self, parts, least=(350, 150))  # as wide as the dock's title
        self.run_button, self.cancel_button = buttons.run_button, buttons.cancel_button
        self._runner = Runner(self._show_progress)
        self.run_button.changed.connect(self.run)
        self.cancel_button.changed.connect(self.cancel)
        self.open_button.changed.connect(self._open)
        self.motion.changed.connect(self._refresh)
        self.image.changed.connect(self._refresh)
        self.native_parent_changed.connect(self._undocked)
        events = viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            event.connect(self.reset_choices)
        self.message.visible = self.warning.visible = False
        self._refresh()

    @property
    def running(self) -> bool:
        """Work is going on."""
        return self._runner.running

    def run(self) -> None:
        """Start the work; the new layer or an error comes later."""
        layer, chosen = self.image.value, self.motion.value
        if self.running or layer is None or chosen is None:
            return
        self.message.visible = False
        try:
            target = target_of(layer, chosen)
        except ValueError as error:
            self._failed(error)
            return
        name = f"{layer.name} ({self._suffix})"
        work = self._work

        def work_with_torch(progress: Any, cancel: Any) -> Any:
            load_torch()
            return work(target, progress, cancel)

        self._runner.start(
            f"{self._stage}: {layer.name}",
            work_with_torch,
            on_done=lambda data: self._done(target, name, chosen, data),
            on_failed=self._failed,
            on_cancelled=self._refresh,
        )
        self._refresh()

    def cancel(self) -> None:
        """Stop the work; the viewer stays as it was."""
        self._runner.cancel()
        self._refresh()

    def open_motion(self, path: str | os.PathLike[str]) -> None:
        """Offer and choose the motion of a file.

        Raises
        ------
        ValueError, OSError
            The file does not hold a motion, or cannot be read.
        """
        from napari_motionfft.files.tables import load_motion

        name = Path(path).name
        opened = Kept(load_motion(path), name)
        others = [pair for pair in self._opened if pair[1].name != name]
        self._opened = [(marked(name, opened.motion), opened), *others]
        self.reset_choices()
        self.motion.value = opened

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers."""
        if alive(self):
            renew(self.motion)
            renew(self.image)
            self._refresh()

    def _motions(self, _: Any = None) -> list[tuple[str, Kept]]:
        return [*motions(self._viewer), *self._opened]

    def _open(self) -> None:
        path = ask_what_to_open(self.native)
        if path is None:
            return
        try:
            self.open_motion(path)
        except (ValueError, OSError) as error:
            self._failed(error)

    def _done(self, target: Target, name: str, chosen: Kept, data: Any) -> None:
        from napari.layers import Image

        about = {"what": self._role, "motion": chosen.name, "settings": chosen.motion.settings}
        arguments = target.still if self._still else target.full
        with kept(self._viewer):
            self._viewer.add_layer(
                Image(data, name=name, metadata={COMPENSATED: about}, **arguments)
            )
        self._refresh()

    def _failed(self, error: Exception) -> None:
        self.message.value = badge(str(error) or type(error).__name__, FAILED)
        self.message.visible = True
        self._refresh()

    def _show_progress(self, fraction: float, message: str) -> None:
        self.progress.value = round(1000 * fraction)
        self.progress.native.setFormat(f"{message}  %p %")

    def _refresh(self, *_: Any) -> None:
        running = self.running
        why_not = "The work is going on." if running else self._why_not()
        set_enabled(self.run_button, why_not, f"{self._stage}. The chosen layer stays as it is.")
        idle = None if running and not self._runner.stopping else "Nothing is running."
        set_enabled(self.cancel_button, idle, "Stop; the viewer stays as it was.")
        self.progress.visible = running
        chosen = self.motion.value
        warn = chosen is not None and doubtful(chosen.motion)
        said = f"This motion is not reliable: {chosen.motion.reason}" if warn else ""
        self.warning.value = badge(said, DOUBTFUL) if warn else ""
        self.warning.visible = warn

    def _why_not(self) -> str | None:
        """Why the work cannot begin, or None."""
        if self.motion.value is None:
            return NO_MOTION
        if self.image.value is None:
            return NO_LAYER
        try:
            target_of(self.image.value, self.motion.value)
        except ValueError as error:
            return str(error)
        return None

    def _undocked(self, *_: Any) -> None:
        if alive(self) and self.native.parent() is None:
            self._runner.close()
            self._refresh()


OPEN = "Use a motion that was saved as CSV or JSON."
