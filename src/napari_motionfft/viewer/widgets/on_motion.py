"""What the widgets that use a motion share: choose it, choose a layer, run."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, ProgressBar, PushButton

from napari_motionfft.viewer.between import fits, measured_on, up_to_date
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.move_layer import Made, Work, add
from napari_motionfft.viewer.report import DOUBTFUL, FAILED, badge
from napari_motionfft.viewer.runs import Kept, doubtful, marked, motions
from napari_motionfft.viewer.widgets.buttons import allow_cancel, button, row
from napari_motionfft.viewer.widgets.dialogs import ask_what_to_open
from napari_motionfft.viewer.widgets.parts import (
    NO_LAYER,
    alive,
    described,
    form,
    images,
    menu,
    renew,
    rich_text,
    say,
    scrolled,
    set_enabled,
    show_row,
)
from napari_motionfft.viewer.worker import Runner

NO_MOTION = "Estimate a motion first, or open one from a file."
OPEN = "Use a motion that was saved as CSV or JSON."
MEASURED_ON = "The motion is from a file, in px of this image: where things lie on it is from here."


class OnMotion(Container):  # type: ignore[misc]
    """Takes a motion of the viewer, or one from a file, to a layer.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    name, stage, tooltip
        Name of the widget; what the work is called; what Run does.
    layer
        The menu of what the motion is taken to.
    more
        Further fields.
    """

    def __init__(
        self, viewer: Any, name: str, stage: str, tooltip: str, layer: Any, more: list[Any]
    ) -> None:
        self._viewer, self._stage, self._tooltip = viewer, stage, tooltip
        self._opened: list[tuple[str, Kept]] = []
        self.motion = menu("motion", "Motion", self._motions, "The motion, the newest first.")
        self.open_button = described(PushButton(name="open_button", text="Open motion file…"), OPEN)
        self.measured = menu("measured", "Measured on", self._measured, MEASURED_ON)
        self.layer = layer
        self.run_button, self.cancel_button = (
            button("run_button", "Run"),
            button("cancel_button", "Cancel"),
        )
        buttons = row("buttons", [self.run_button, self.cancel_button])
        super().__init__(name=name, labels=False)
        self.progress = described(ProgressBar(name="progress", min=0, max=1000), "How far it is.")
        self.warning, self.message = rich_text("warning"), rich_text("message")
        self.fields = form([self.motion, self.open_button, self.measured, layer, *more])
        parts = [self.fields, buttons, self.progress, self.warning, self.message]
        scrolled(self, parts, least=(350, 150))  # as wide as the dock's title
        self._runner = Runner(self._show_progress)
        self.run_button.changed.connect(self.run)
        self.cancel_button.changed.connect(self.cancel)
        self.open_button.changed.connect(self._open)
        for field in (self.motion, self.measured, layer, *more):
            field.changed.connect(self._refresh)
        self.native_parent_changed.connect(self._undocked)
        events = viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            event.connect(self.reset_choices)
        self._say("")
        self._refresh()

    def _check(self, layer: Any, kept: Kept) -> None:
        """Whether what the fields say can be done; quick.

        Raises
        ------
        ValueError
            Why not.
        """
        raise NotImplementedError

    def _prepare(self, layer: Any, kept: Kept) -> Work:
        """The work that the fields ask for, for the worker thread.

        Raises
        ------
        ValueError
            Why it cannot be done.
        """
        raise NotImplementedError

    def _needs_place(self) -> bool:
        """Whether it matters where the stack lies that the motion was measured on."""
        return False

    @property
    def running(self) -> bool:
        """Work is going on."""
        return self._runner.running

    def _chosen(self) -> Kept:
        """The chosen motion, with its stack where that lies now."""
        motion: Kept = self.motion.value
        if motion.placement is None and self._needs_place() and self.measured.value is not None:
            return measured_on(motion, self.measured.value)
        return up_to_date(motion, self._viewer.layers)

    def run(self) -> None:
        """Start the work; the new layer or an error comes later."""
        if self.running or self.layer.value is None or self.motion.value is None:
            return
        self._say("")
        try:
            kept = self._chosen()
            work = self._prepare(self.layer.value, kept)
        except ValueError as error:
            self._failed(error)
            return

        def work_with_torch(progress: Any, cancel: Any) -> Made:
            load_torch()
            return work(progress, cancel)

        self._runner.start(
            self._stage,
            work_with_torch,
            on_done=lambda made: self._done(made, kept),
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
            for field in (self.motion, self.measured, self.layer):
                renew(field)
            self._refresh()

    def _motions(self, _: Any = None) -> list[tuple[str, Kept]]:
        return [*motions(self._viewer), *self._opened]

    def _measured(self, _: Any = None) -> list[tuple[str, Any]]:
        motion = self.motion.value
        if motion is None:
            return []
        return [(name, layer) for name, layer in images(self._viewer) if fits(layer, motion)]

    def _open(self) -> None:
        path = ask_what_to_open(self.native)
        if path is None:
            return
        try:
            self.open_motion(path)
        except (ValueError, OSError) as error:
            self._failed(error)

    def _done(self, made: Made, kept: Kept) -> None:
        self._add(made, kept)
        self._say(html.escape(made.note))
        self._refresh()

    def _add(self, made: Made, kept: Kept) -> None:
        add(self._viewer, made)

    def _say(self, text: str) -> None:
        say(self.message, text)

    def _failed(self, error: Exception) -> None:
        self._say(badge(str(error) or type(error).__name__, FAILED))
        self._refresh()

    def _show_progress(self, fraction: float, message: str) -> None:
        self.progress.value = round(1000 * fraction)
        self.progress.native.setFormat(f"{message}  %p %")

    def _refresh(self, *_: Any) -> None:
        running = self.running
        motion = self.motion.value
        from_file = motion is not None and motion.placement is None
        show_row(self.fields, self.measured, from_file and self._needs_place())
        why_not = "The work is going on." if running else self._why_not()
        set_enabled(self.run_button, why_not, self._tooltip)
        allow_cancel(self.cancel_button, running, self._runner.stopping)
        self.progress.visible = running
        warn = motion is not None and doubtful(motion.motion)
        said = f"This motion is not reliable: {motion.motion.reason}" if warn else ""
        say(self.warning, badge(said, DOUBTFUL) if warn else "")

    def _why_not(self) -> str | None:
        """Why the work cannot begin, or None."""
        if self.motion.value is None:
            return NO_MOTION
        if self.layer.value is None:
            return NO_LAYER
        try:
            self._check(self.layer.value, self._chosen())
        except ValueError as error:
            return str(error)
        return None

    def _undocked(self, *_: Any) -> None:
        if alive(self) and self.native.parent() is None:
            self._runner.close()
            self._refresh()
