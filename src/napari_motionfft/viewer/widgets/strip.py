"""Strip motion: draw a line, run, read how fast things move along it, and when."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_motionfft.viewer import settings
from napari_motionfft.viewer.camera import camera_is_fitted, watch_fits
from napari_motionfft.viewer.results import remove_results
from napari_motionfft.viewer.runs import result_count
from napari_motionfft.viewer.strip_draw import drawing_layer
from napari_motionfft.viewer.strip_outline import hide_width, show_width
from napari_motionfft.viewer.strip_report import strip_report
from napari_motionfft.viewer.strip_results import add_strip_results, show_strip
from napari_motionfft.viewer.strip_run import StripRun, answer, read
from napari_motionfft.viewer.strip_script import script_of
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.widgets.buttons import RUNNING, allow_cancel, button, row
from napari_motionfft.viewer.widgets.lab_table import ask_where
from napari_motionfft.viewer.widgets.parts import (
    NO_LAYER,
    scrolled,
    set_enabled,
)
from napari_motionfft.viewer.widgets.run_dock import PanelDock
from napari_motionfft.viewer.widgets.strip_form import StripForm
from napari_motionfft.viewer.widgets.strip_panel import StripPanel
from napari_motionfft.viewer.widgets.strip_results import StripDock

DRAW = "Draw a line along the motion, in a Shapes layer that fits the image. Motion towards the "
DRAW += "line's end counts as positive."
NO_STRIPS = "Draw a strip first: press Draw strip, and draw a line along the motion."
IS_SCAN = "All of a line scan is one strip."


class StripMotionDock(PanelDock):
    """The dock widget; each button calls one method.

    Parameters
    ----------
    napari_viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    form, panel, dock
        The fields, the result panel, the plot and table below the canvas.
    last
        The last run that came to a result.
    """

    def __init__(self, napari_viewer: Any) -> None:
        self._begin(napari_viewer)
        watch_fits(napari_viewer)
        self.last: StripRun | None = None
        self.form, self.panel = StripForm(napari_viewer), StripPanel()
        self.run_button = button("run_button", "Run")
        self.cancel_button = button("cancel_button", "Cancel")
        super().__init__(name="strip_motion", labels=False)
        buttons = row("buttons", [self.run_button, self.cancel_button])
        scrolled(self, [self.form, buttons, self.progress, self.panel], least=(0, 160))
        self.dock = StripDock(napari_viewer, self._failed)
        self._connect()
        self._follow(self._offer_devices)

    def _connect(self) -> None:
        self.run_button.changed.connect(self.run)
        self.cancel_button.changed.connect(self.cancel)
        self.form.draw.changed.connect(self.draw_strip)
        self.form.width.changed.connect(self.show_width)
        for field in (self.form.image, self.form.kind, self.form.strips):
            field.changed.connect(self._refresh)
        self.panel.save_button.changed.connect(self._save_as)
        self.panel.copy_button.changed.connect(self.copy_as_python)
        self.panel.plot_button.changed.connect(self.show_plot)
        self.panel.remove_button.changed.connect(self.remove_results)
        self.panel.shown.changed.connect(self.show_strip)

    def draw_strip(self) -> Any:
        """Make a Shapes layer that fits the image ready to draw a line in; returns it."""
        layer = self.form.image.value
        if layer is None or not self.form.is_movie:
            return None
        drawn = drawing_layer(self._viewer, layer, self.form.strips.value)
        self.form.strips.value = drawn
        self.show_width()
        return drawn

    def show_width(self, *_: Any) -> None:
        """Draw on the image how wide the strips are, now and while they change."""
        form = self.form
        if form.is_movie and form.image.value is not None and form.strips.value is not None:
            width, level = float(form.width.value), int(form.level.value or 0)
            show_width(self._viewer, form.strips.value, form.image.value, width, level)

    def run(self) -> None:
        """Start a run on what the fields say; its result or error comes later.

        Does nothing but say so in the panel when the fields cannot be used.
        """
        if self.running:
            return
        asked = self.form.asked()
        try:
            why_not = self._why_not()
            if why_not:
                raise ValueError(why_not)
            source = read(asked, self._viewer.dims)
            this = StripRun(asked, source, script_of(asked, source))
        except ValueError as error:
            self._failed(error)
            return
        self.panel.clear_error()
        self._start(
            f"Estimating motion along strips of {source.name}",
            lambda progress, cancel: answer(this, progress, cancel),
            on_done=self._done,
        )

    def show_plot(self) -> None:
        """Open the plot and the table of the last run below the canvas."""
        if self.last is None:
            return
        run, asked, source = self.last, self.last.asked, self.last.source
        count = asked.frames[1] - asked.frames[0]
        link = TimeLink(self._viewer, asked.layer, source.time_axis, source.first_frame, count)
        about = (source.first_frame, run.oscillations)
        self.dock.show(run.table, link if asked.is_movie else None, *about)

    def show_strip(self, index: int) -> None:
        """Bring the kymograph and the spectrogram of a strip of the last run into view."""
        if self.last is not None and self.last.table is not None and index is not None:
            show_strip(self._viewer, self.last.table, self.last.source, int(index))

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the last result as .csv, a row a strip and window; returns where.

        Raises
        ------
        ValueError
            There is no result.
        FileExistsError
            The file exists and `overwrite` is not given.
        """
        from napari_motionfft.files.strips_csv import save_strips

        if self.last is None or self.last.table is None:
            raise ValueError("There is no result to save yet.")
        save_strips(self.last.table, path, overwrite)
        return Path(path)

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added, and the plot; returns how many layers.

        What is left is brought into view unless the user has moved the camera.
        """
        fitted = camera_is_fitted(self._viewer)
        self.dock.close()
        self.panel.offer_strips(())
        count = remove_results(self._viewer)
        if fitted and count and len(self._viewer.layers):
            self._viewer.fit_to_view()
        return count

    def _done(self, run: StripRun) -> None:
        assert run.table is not None
        self.last = run
        fitted = camera_is_fitted(self._viewer)
        self.show_plot()  # before the layers, which fill the canvas that is left
        hide_width(self._viewer)  # the results have their outlines
        add_strip_results(self._viewer, run.table, run.source, fit=fitted)
        self.panel.show_report(strip_report(run.table, run.source, run.oscillations))
        self.panel.offer_strips(run.table.names)
        self._refresh()

    def _save_as(self) -> None:
        name = "" if self.last is None else self.last.source.name
        self._save_to(ask_where(self.native, name, "Save velocities", "strips"))

    def _offer_devices(self, choices: list[tuple[str, str]]) -> None:
        self.form.offer_devices(choices)
        usual = settings.read().device
        if usual in self.form.device.choices:
            self.form.device.value = usual

    def _why_not(self) -> str | None:
        """Why a run cannot begin, or None."""
        if self.form.image.value is None:
            return NO_LAYER
        return NO_STRIPS if self.form.is_movie and self.form.strips.value is None else None

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        running = self.running
        why_not = RUNNING if running else self._why_not()
        set_enabled(self.run_button, why_not, "Estimate the velocity along each strip.")
        allow_cancel(self.cancel_button, running, self._runner.stopping)
        no_draw = NO_LAYER if self.form.image.value is None else None
        no_draw = no_draw if self.form.is_movie else IS_SCAN
        set_enabled(self.form.draw, no_draw, DRAW)
        self.panel.allow(self.last is not None, result_count(self._viewer), running)
        self.progress.visible = running
