"""Motions: take a stack apart into several motions, and choose which of them are in view."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, ProgressBar

from napari_motionfft.viewer.asked import Asked
from napari_motionfft.viewer.between import up_to_date
from napari_motionfft.viewer.motions_results import add_motions, in_view, show_motions
from napari_motionfft.viewer.motions_run import MotionsRun, asked_run, separate
from napari_motionfft.viewer.move_layer import check
from napari_motionfft.viewer.play_along import play_along, playing
from napari_motionfft.viewer.report import wrapping
from napari_motionfft.viewer.results import remove_results
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.widgets.buttons import allow_cancel, button, row, to_clipboard
from napari_motionfft.viewer.widgets.dialogs import ask_where_to_save, save_new
from napari_motionfft.viewer.widgets.motions_table import MotionsTable
from napari_motionfft.viewer.widgets.parts import described, form, menu, rich_text, say, set_enabled
from napari_motionfft.viewer.widgets.use_result import PLAY, STOP

NUMBERS = (("auto: all that stand out", "auto"), *((str(n), n) for n in range(1, 7)))
KINDS = (("Layers add up", "additive"), ("One hides the other", "occluding"))

NUMBER = "How many motions to look for. auto stops where the next one is no higher than noise "
NUMBER += "makes it once in 100 stacks."
KIND = "Layers add up: light of both is seen at once, as in transmission or fluorescence. "
KIND += "One hides the other: an opaque thing passes before a scene."
SEPARATE = (
    "Find several motions, each with its own image. Takes the place of the separation before."
)
NO_MOTIONS = "There is no result yet: press Separate."
NO_CHOICE = "Choose a motion in the table, of a stack that is in the viewer."
NO_ROW = "Choose a motion in the table."
SAVE = "Save the chosen motion as a table (CSV) or whole, with image and landscape (JSON)."
COPY = "Copy the call that repeats this separation in a script."


class MotionsPart(Container):  # type: ignore[misc]
    """Fields, *Separate* and the table; a part of a dock, whose run it is.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    prepared
        Reads the dock's fields: what is asked, and on what. It raises ValueError.
    start
        The dock's: starts (name, work, on done).
    cancel, on_failed
        The dock's.

    Attributes
    ----------
    run
        The last separation that came to a result.
    """

    def __init__(
        self,
        viewer: Any,
        prepared: Callable[[], tuple[Asked, Source]],
        start: Callable[[str, Any, Callable[[Any], None]], None],
        cancel: Callable[[], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        self._viewer, self._prepared, self._start = viewer, prepared, start
        self._on_failed = on_failed
        self._running = self._mine = False  # a run goes on in the dock, and is a separation
        self.run: MotionsRun | None = None
        self.number = menu("number", "How many", NUMBERS, NUMBER)
        self.kind = menu("kind", "Layers", KINDS, KIND)
        self.separate_button = button("separate_button", "Separate")
        self.cancel_button = button("cancel_motions_button", "Cancel")
        self.copy_button = button("copy_motions_button", "Copy as Python")
        bar = ProgressBar(name="motions_progress", min=0, max=1000)
        self.progress = described(bar, "How far the separation is.")
        super().__init__(name="motions", labels=False)
        self.margins = (0, 0, 0, 0)
        self.table, self.summary = MotionsTable(), rich_text("motions_summary")
        self.play_button = button("play_motion_button", "Play along")
        self.save_button = button("save_motion_button", "Save motion…")
        self._uses = row("motions_uses", [self.play_button, self.save_button])
        self.extend(
            [
                row("motions_buttons", [self.separate_button, self.cancel_button]),
                self.progress,
                self.summary,
                self._uses,
                self.copy_button,
            ]
        )
        inside = self.native.layout()
        inside.insertWidget(0, form([self.number, self.kind]))
        inside.insertWidget(3, self.table)
        self.separate_button.changed.connect(self.separate)
        self.cancel_button.changed.connect(cancel)
        self.play_button.changed.connect(self.play)
        self.save_button.changed.connect(self._save_as)
        self.copy_button.changed.connect(self.copy_as_python)
        self.table.changed.connect(self.show_chosen)
        self._show(None)

    def separate(self) -> None:
        """Start a separation on what the dock's fields say; its result or error comes later."""
        if self._running:
            return
        try:
            asked, source = self._prepared()
            run = asked_run(asked, source, self.number.value, self.kind.value)
        except ValueError as error:
            self._on_failed(error)
            return
        self._mine = True  # before the dock refreshes
        self._start(
            f"Separating the motions of {source.name}",
            lambda progress, cancel: separate(run, progress, cancel),
            self._done,
        )

    def show_chosen(self) -> None:
        """Bring into view what the table says."""
        if self.run is not None:
            show_motions(self._viewer, self.run, self.table.chosen, self.table.shown)
        self._offer_uses()

    def play(self) -> Any:
        """Show the stack in the frame of the chosen motion; again as it is.

        Returns the layer that does, or None.
        """
        if self._chosen is None:
            return None
        kept, layer = self._chosen
        number = (self.table.chosen or 0) + 1
        try:
            return play_along(
                self._viewer, layer, kept, name=f"{layer.name} (along motion {number})"
            )
        except ValueError as error:
            self._on_failed(error)
            return None

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the motion of the chosen row as .csv or .json; returns where.

        Raises
        ------
        ValueError
            No motion is chosen, or another suffix.
        FileExistsError
            The file exists and `overwrite` is not given.
        """
        if self._row is None:
            raise ValueError(NO_ROW)
        return save_new(self._row, path, overwrite)

    def _save_as(self) -> None:
        assert self.run is not None
        name = f"{self.run.source.name} motion {(self.table.chosen or 0) + 1}"
        where = ask_where_to_save(self.native, name)
        try:
            if where is not None:
                self.save(*where)
        except (ValueError, OSError) as error:
            self._on_failed(ValueError(f"Not saved: {error}"))

    @property
    def _row(self) -> Kept | None:
        """The motion of the chosen row, also where its layers are gone."""
        row_, run = self.table.chosen, self.run
        return None if run is None or row_ is None or row_ >= len(run.kept) else run.kept[row_]

    @property
    def _chosen(self) -> tuple[Kept, Any] | None:
        """The motion of the chosen row and its stack; None where either is not there."""
        kept, run = self._row, self.run
        if run is None or kept is None:
            return None
        layer = run.asked.layer
        if layer not in self._viewer.layers or not in_view(self._viewer, run):
            return None
        return up_to_date(kept, [layer]), layer

    def _offer_uses(self) -> None:
        """Switch what is done with the chosen motion to what can be done now."""
        set_enabled(self.save_button, NO_ROW if self._row is None else None, SAVE)
        chosen, why_not = self._chosen, None
        on = chosen is not None and playing(self._viewer, chosen[1], chosen[0]) is not None
        if chosen is None:
            why_not = NO_CHOICE
        elif not on:
            why_not = why_not_moved(chosen[1], chosen[0])
        self.play_button.text = "Stop playing" if on else "Play along"
        set_enabled(self.play_button, why_not, STOP if on else PLAY)

    def copy_as_python(self) -> str:
        """Put the call that repeats the last separation on the clipboard; returns it."""
        script = "" if self.run is None else self.run.script
        return to_clipboard(script)

    def show_progress(self, fraction: float, message: str) -> None:
        """Show how far the dock's run is, where it is a separation."""
        self.progress.value = round(1000 * fraction)
        self.progress.native.setFormat(f"{message}  %p %")

    def offer(self, why_not: str | None, running: bool, stopping: bool) -> None:
        """Switch every button to what can be done now.

        Parameters
        ----------
        why_not
            Why nothing can be separated now, or None.
        running, stopping
            The dock's run goes on; it was cancelled, and has not stopped yet.
        """
        self._running, self._mine = running, self._mine and running
        set_enabled(self.separate_button, why_not, SEPARATE)
        allow_cancel(self.cancel_button, self._mine, self._mine and stopping)
        self.progress.visible = self._mine
        present = self.run is not None and in_view(self._viewer, self.run)
        self.table.setEnabled(present)  # what it shows and hides may be gone
        self._offer_uses()
        set_enabled(self.copy_button, None if self.run is not None else NO_MOTIONS, COPY)

    def _done(self, run: MotionsRun) -> None:
        if self.run is not None and self.run.run_id:
            remove_results(self._viewer, self.run.run_id)
        self.run = add_motions(self._viewer, run)
        self._show(self.run)
        self.show_chosen()

    def _show(self, run: MotionsRun | None) -> None:
        """Fill the table and the line below it."""
        rows = None if run is None else run.rows
        self.table.show_rows(rows)
        say(self.summary, "" if rows is None else wrapping(rows.summary))
        self._uses.visible = self.copy_button.visible = run is not None


def why_not_moved(layer: Any, kept: Kept) -> str | None:
    """Why a stack cannot be shown in the frame of a motion, or None."""
    try:
        check(layer, kept)
    except ValueError as error:
        return str(error)
    return None
