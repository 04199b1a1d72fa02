"""Find faint movers: shift and stack along all velocities, and list what stands out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from magicgui.widgets import Container

from napari_motionfft.viewer import settings
from napari_motionfft.viewer.camera import watch_fits
from napari_motionfft.viewer.draw_region import draw_region
from napari_motionfft.viewer.movers_results import add_movers, emphasise
from napari_motionfft.viewer.movers_run import MoversRun, read, search
from napari_motionfft.viewer.report import FAILED, badge, wrapping
from napari_motionfft.viewer.results import remove_results
from napari_motionfft.viewer.runs import result_count
from napari_motionfft.viewer.widgets.buttons import (
    NO_RESULT,
    RUNNING,
    allow_cancel,
    allow_remove,
    button,
    row,
    to_clipboard,
)
from napari_motionfft.viewer.widgets.lab_table import ask_where
from napari_motionfft.viewer.widgets.movers_form import MoversForm
from napari_motionfft.viewer.widgets.movers_table import MoversTable
from napari_motionfft.viewer.widgets.parts import (
    rich_text,
    say,
    scrolled,
    set_enabled,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.run_dock import PanelDock
from napari_motionfft.viewer.widgets.stamp import Stamp

RUN = "Search all places and velocities for objects too faint to see in one frame."
SAVE = "Save a row for every object as CSV, units in its header."
COPY_CSV = "Copy the table, as it would be saved."
COPY = "Copy the call that repeats this search in a script."


class MoversPanel(Container):  # type: ignore[misc]
    """What came out: a sentence, the table, the chosen object's image, and what to do with it.

    Attributes
    ----------
    table, stamp
        The table and the image.
    save_button, copy_csv_button, copy_button, remove_button
        The buttons.
    """

    def __init__(self) -> None:
        self.save_button = button("save_button", "Save table…")
        self.copy_csv_button = button("copy_csv_button", "Copy as CSV")
        self.copy_button = button("copy_button", "Copy as Python")
        self.remove_button = button("remove_button", "Remove results")
        super().__init__(name="panel", labels=False)
        self.margins = (0, 0, 0, 0)
        self.error, self.report = rich_text("error"), rich_text("report")
        self.table, self.stamp = MoversTable(), Stamp()
        files = row("files", [self.save_button, self.copy_csv_button])
        self.extend([self.error, self.report, files])
        self.append(row("further", [self.copy_button, self.remove_button]))
        self.native.layout().insertWidget(2, self.table)
        self.native.layout().insertWidget(3, self.stamp)
        say(self.error)
        say(self.report)

    def show_run(self, run: MoversRun) -> None:
        """Show a result."""
        rows, told = run.rows, run.result
        say(self.error)
        notes = [*run.source.notes, *told.notes]
        notes.append(f"Ran on {told.device}, {run.seconds:.1f} s.")
        text = f"<p><b>{wrapping(rows.summary)}</b></p>"
        say(self.report, text + "".join(f"<p>{wrapping(note)}</p>" for note in notes))
        self.stamp.show_picture(None)
        self.table.show_rows(rows)

    def show_error(self, message: str) -> None:
        """Show what went wrong, in the error's own words."""
        say(self.error, badge(message, FAILED))

    def clear_error(self) -> None:
        """What went wrong is put right."""
        say(self.error)

    def allow(self, has_result: bool, layers: int, running: bool) -> None:
        """Switch the buttons to what can be done now."""
        nothing = None if has_result else NO_RESULT
        set_enabled(self.save_button, nothing, SAVE)
        set_enabled(self.copy_csv_button, nothing, COPY_CSV)
        set_enabled(self.copy_button, nothing, COPY)
        allow_remove(self.remove_button, layers, running)


class FindMovers(PanelDock):
    """The dock widget; each button calls one method.

    Parameters
    ----------
    napari_viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    form, panel
        The fields and the result panel.
    last
        The last run that came to a result.
    """

    def __init__(self, napari_viewer: Any) -> None:
        self._begin(napari_viewer)
        watch_fits(napari_viewer)
        self.last: MoversRun | None = None
        self.form, self.panel = MoversForm(napari_viewer), MoversPanel()
        self.run_button = button("run_button", "Run")
        self.cancel_button = button("cancel_button", "Cancel")
        super().__init__(name="find_movers", labels=False)
        buttons = row("buttons", [self.run_button, self.cancel_button])
        scrolled(self, [self.form, buttons, self.progress, self.panel], least=(0, 160))
        self.run_button.changed.connect(self.run)
        self.cancel_button.changed.connect(self.cancel)
        self.form.draw.changed.connect(self.draw_region)
        self.form.image.changed.connect(self._refresh)
        self.panel.table.chosen.connect(self.choose)
        self.panel.save_button.changed.connect(self._save_as)
        self.panel.copy_csv_button.changed.connect(self.copy_as_csv)
        self.panel.copy_button.changed.connect(self.copy_as_python)
        self.panel.remove_button.changed.connect(self.remove_results)
        self._follow(self._offer_devices)

    def draw_region(self) -> Any:
        """Add a Shapes layer that fits the image, ready to draw a rectangle; returns it."""
        layer = self.form.image.value
        if layer is None:
            return None
        self.form.region.value = draw_region(self._viewer, layer)
        return self.form.region.value

    def run(self) -> None:
        """Start a search on what the fields say; its result or error comes later."""
        if self.running:
            return
        asked = self.form.asked()
        try:
            why_not = why_no_movie(asked.layer)
            if why_not:
                raise ValueError(why_not)
            this = read(asked, self._viewer.dims)
        except ValueError as error:
            self._failed(error)
            return
        self.panel.clear_error()
        self._start(
            f"Searching {this.source.name} for movers",
            lambda progress, cancel: search(this, progress, cancel),
            on_done=self._done,
        )

    def choose(self, index: int) -> None:
        """Show the image of an object of the last run, and draw its ring larger."""
        if self.last is None or not 0 <= index < len(self.last.result):
            return
        self.panel.stamp.show_picture(self.last.result[index].image, self.last.rows.caption(index))
        emphasise(self._viewer, self.last, index)

    def copy_as_csv(self) -> str:
        """Put the table on the clipboard; returns it."""
        text = "" if self.last is None else as_csv(self.last)
        return to_clipboard(text)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the last result as .csv, a row an object; returns where.

        Raises
        ------
        ValueError
            There is no result.
        FileExistsError
            The file exists and `overwrite` is not given.
        """
        from napari_motionfft.files.movers_csv import save_movers

        if self.last is None:
            raise ValueError("There is no result to save yet.")
        speeds, unit = speeds_of(self.last)
        save_movers(self.last.result, path, overwrite, speeds=speeds, unit=unit)
        return Path(path)

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added; returns how many there were."""
        return remove_results(self._viewer)

    def _done(self, run: MoversRun) -> None:
        if self.last is not None and self.last.run_id:  # two lists of rings would cover each other
            remove_results(self._viewer, self.last.run_id)
        self.last = add_movers(self._viewer, run)
        self.panel.show_run(self.last)
        self._refresh()

    def _save_as(self) -> None:
        name = "" if self.last is None else self.last.source.name
        self._save_to(ask_where(self.native, name, "Save faint movers", "movers"))

    def _offer_devices(self, choices: list[tuple[str, str]]) -> None:
        self.form.offer_devices(choices)
        usual = settings.read().device
        if usual in self.form.device.choices:
            self.form.device.value = usual

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        running, no_movie = self.running, why_no_movie(self.form.image.value)
        set_enabled(self.run_button, RUNNING if running else no_movie, RUN)
        allow_cancel(self.cancel_button, running, self._runner.stopping)
        set_enabled(self.form.draw, no_movie, "Add a Shapes layer over the image to draw in.")
        self.panel.allow(self.last is not None, result_count(self._viewer), running)
        self.progress.visible = running


def speeds_of(run: MoversRun) -> tuple[tuple[float, float] | None, str]:
    """What 1 px/frame along y and x is in a physical unit, and that unit, where they are known."""
    known = run.rows.physical
    if known is None:
        return None, ""
    (y, x), unit = known
    return (float(y), float(x)), unit


def as_csv(run: MoversRun) -> str:
    """The table of a run as text."""
    from napari_motionfft.files.movers_csv import movers_csv

    return movers_csv(run.result, *speeds_of(run))
