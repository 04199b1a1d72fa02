"""Estimate motion: choose a stack and a region, run, read how the scene moves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_motionfft.viewer import settings
from napari_motionfft.viewer.asked import Run, estimate, preview, script_of
from napari_motionfft.viewer.camera import watch_fits
from napari_motionfft.viewer.preview import add_preview
from napari_motionfft.viewer.results import add_results, remove_results
from napari_motionfft.viewer.run_list import RunList
from napari_motionfft.viewer.runs import result_count, write_into
from napari_motionfft.viewer.widgets.buttons import RUNNING, allow_cancel, button, row
from napari_motionfft.viewer.widgets.dialogs import ask_where_to_save, save_new
from napari_motionfft.viewer.widgets.form import EstimateForm
from napari_motionfft.viewer.widgets.motions import MotionsPart
from napari_motionfft.viewer.widgets.panel import ResultPanel
from napari_motionfft.viewer.widgets.parts import (
    alive,
    heading,
    scrolled,
    set_enabled,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.path_results import PathDock
from napari_motionfft.viewer.widgets.run_dock import StackDock
from napari_motionfft.viewer.widgets.time_plot import load_plots
from napari_motionfft.viewer.widgets.touch import TouchPanel
from napari_motionfft.viewer.widgets.use_result import UseResult

RUN = "Estimate how the scene moves."
PREVIEW = "A quick first answer from a few frames at low resolution; Run replaces it."


class EstimateMotion(StackDock):
    """The dock widget; each button calls one method of the same name.

    Parameters
    ----------
    napari_viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    form, panel, use, motions, dock
        The fields, the result panel, the row of buttons in it that use the result, the part that
        separates several motions, the time plot below the canvas.
    last
        The run in view: the last one that came to a result, or the one chosen since.
    """

    def __init__(self, napari_viewer: Any) -> None:
        self._begin(napari_viewer)
        watch_fits(napari_viewer)
        self.last: Run | None = None
        self.form = EstimateForm(napari_viewer)
        self.panel = ResultPanel()
        self.use = UseResult(napari_viewer, self._failed)
        self.panel.insert(3, self.use)  # above what it does with files
        self.touch = TouchPanel(napari_viewer, self._failed)
        self.panel.insert(4, self.touch)
        self.runs = RunList(napari_viewer)
        self.run_button = button("run_button", "Run")
        self.preview_button = button("preview_button", "Preview")
        self.cancel_button = button("cancel_button", "Cancel")
        buttons = row("buttons", [self.preview_button, self.run_button, self.cancel_button])
        super().__init__(name="estimate_motion", labels=False)
        self.motions = MotionsPart(
            napari_viewer, self._prepared, self._start, self.cancel, self._failed
        )
        parts = [self.form, buttons, self.progress, self.panel, heading("Motions"), self.motions]
        scrolled(self, parts, least=(0, 320))
        self.dock = PathDock(napari_viewer, self.runs, self._failed)
        self._connect()
        self.form.show_preferences(settings.read())
        self._follow(self._offer_devices)
        self._take_up()  # what a dock before this one has left

    def _connect(self) -> None:
        self.run_button.changed.connect(self.run)
        self.preview_button.changed.connect(self.preview)
        self.cancel_button.changed.connect(self.cancel)
        self.form.draw.changed.connect(self.draw_region)
        self.form.image.changed.connect(self._refresh)
        self.panel.save_button.changed.connect(self._save_as)
        self.panel.copy_button.changed.connect(self.copy_as_python)
        self.panel.plot_button.changed.connect(self.toggle_plot)
        self.panel.remove_button.changed.connect(self.remove_results)
        self.panel.shown.changed.connect(self.show_run)
        self._viewer.layers.events.inserted.connect(self._offer_opened)
        settings.follow(self._preferences_changed)

    def run(self) -> None:
        """Start a run on what the fields say; its result or error comes later.

        Does nothing but say so in the panel when the fields cannot be used.
        """
        self._run(estimate)

    def preview(self) -> None:
        """The same for a quick first answer, whose path is shown until a run replaces it."""
        self._run(preview)

    def _run(self, work: Any) -> None:
        if self.running:
            return
        quick = work is preview
        try:
            asked, source = self._prepared()
        except ValueError as error:
            self._failed(error)
            return
        script = script_of(asked, source, "preview_motion" if quick else "estimate_motion")
        this = Run(asked, source, script, preview=quick)
        self._start(
            f"{'Previewing' if quick else 'Estimating'} the motion of {source.name}",
            lambda progress, cancel: work(asked, source, progress, cancel),
            on_done=lambda motion: self._done(this.with_result(motion)),
        )

    def toggle_plot(self) -> None:
        """Show the time plot of the run in view below the canvas, or take it away."""
        self.dock.toggle(self.last)

    def show_run(self, run_id: str) -> None:
        """Bring the numbers and the time plot of another run into view."""
        run = self.runs.find(run_id)
        if run is None or run.report is None:
            return
        self.last = run
        self.panel.show_report(run.report)
        if self.dock.visible:
            self.dock.show(run)
        self._refresh()

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers: what they showed goes with them."""
        if not alive(self):
            return
        had_layers = self._in_view
        self.runs.forget_gone()
        if had_layers and not self._in_view:
            if self.runs.runs:
                self.show_run(self.runs.runs[-1].run_id)
            else:
                self._clear_view()
        self.dock.follow_layers(self.last)
        super().reset_choices()

    def _take_up(self) -> Run | None:
        """Bring the newest of the runs that others have added into view; returns it."""
        found = self.runs.take_up()
        if found:
            self.show_run(found[-1].run_id)
        return found[-1] if found else None

    def _offer_opened(self, *_: Any) -> None:
        """A layer was added: it may be the last that it takes to know a run from a file."""
        opened = self._take_up() if alive(self) else None
        if opened is not None and not self.dock.visible:
            self.dock.offer(opened)

    @property
    def _in_view(self) -> bool:
        """The layers of the run in view are in the viewer."""
        return self.last is not None and self.runs.find(self.last.run_id) is not None

    def _clear_view(self) -> None:
        """The layers are gone, and the plot with them; numbers stay to be saved."""
        self.dock.put_away()
        if self.last is not None and self.last.preview:  # it has nothing more to say
            self.last = None
            self.panel.show_nothing()

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the last result as .csv or .json; returns where.

        Raises
        ------
        ValueError
            There is no result, or another suffix.
        FileExistsError
            The file exists and `overwrite` is not given.
        """
        return save_new(None if self.last is None else self.last.kept, path, overwrite)

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added; returns how many there were."""
        self.runs.runs.clear()
        self._clear_view()
        return remove_results(self._viewer)

    def _save_as(self) -> None:
        name = "motion" if self.last is None else f"{self.last.source.name} motion"
        self._save_to(ask_where_to_save(self.native, name))

    def _done(self, run: Run) -> None:
        assert run.asked is not None
        assert run.kept is not None
        assert run.report is not None
        self.dock.offer(run)  # before the layers, which are laid out for the canvas that is left
        self.last = run
        for quick in self.runs.previews():
            remove_results(self._viewer, quick.run_id)
        source, motion = run.source, run.result
        if run.preview:
            layers = add_preview(self._viewer, motion, source)
        else:
            layout = run.asked.preferences.layout
            layers = add_results(self._viewer, motion, source, layout=layout)
            write_into(layers, run.kept)
        self.last = self.runs.add(run, layers)
        self.panel.show_report(run.report)

    def _show_progress(self, fraction: float, message: str) -> None:
        super()._show_progress(fraction, message)
        self.motions.show_progress(fraction, message)

    def _stop_everything(self) -> None:
        super()._stop_everything()
        self.touch.close()
        self.dock.close()

    def _offer_devices(self, choices: list[tuple[str, str]]) -> None:
        self.form.offer_devices(choices)
        self.form.show_preferences(settings.read())
        self._lookup.start(
            "Loading the plot",
            lambda progress, cancel: load_plots(),
            on_done=lambda _: None,
            on_failed=self._failed,
            on_cancelled=lambda: None,
        )

    def _preferences_changed(self, *_: Any) -> None:
        if alive(self) and not self.running:
            self.form.show_preferences(settings.read())

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        layer, running = self.form.image.value, self.running
        why_not = RUNNING if running else why_no_movie(layer)
        set_enabled(self.run_button, why_not, RUN)
        set_enabled(self.preview_button, why_not, PREVIEW)
        allow_cancel(self.cancel_button, running, self._runner.stopping)
        no_draw = why_no_movie(layer)
        set_enabled(self.form.draw, no_draw, "Add a Shapes layer over the image to draw in.")
        last, count = self.last, result_count(self._viewer)
        self.panel.offer_runs(self.runs.choices(), last.run_id if last else "")
        called = last is not None and bool(last.script)
        self.panel.allow(last is not None, self._in_view, called, count, running)
        whole = last if last and not last.preview else None  # a preview is not made for more
        shown = whole.run_id if whole and self._in_view else None
        stack = self.runs.stack(whole) if whole else None
        self.use.offer(shown, stack, has_result=whole is not None, running=running)
        touched = whole if shown else None
        link = self.runs.time_link(touched) if touched else None
        gone = whole is not None and not shown
        self.touch.offer(touched, stack, link, gone=gone, running=running)
        self.motions.offer(why_not, running, self._runner.stopping)
        self.progress.visible = running
