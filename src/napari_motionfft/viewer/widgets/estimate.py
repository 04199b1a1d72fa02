"""Estimate motion: choose a stack and a region, run, read how the scene moves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, ProgressBar, PushButton
from qtpy.QtWidgets import QApplication

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer import settings
from napari_motionfft.viewer.asked import Run, estimate, script_of
from napari_motionfft.viewer.camera import watch_fits
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.devices import device_choices
from napari_motionfft.viewer.placement import last_axes
from napari_motionfft.viewer.report import report_of
from napari_motionfft.viewer.results import add_results, remove_results
from napari_motionfft.viewer.runs import keep, result_count
from napari_motionfft.viewer.source import read_source, slider_position
from napari_motionfft.viewer.widgets.dialogs import ask_where_to_save, save_new
from napari_motionfft.viewer.widgets.form import EstimateForm
from napari_motionfft.viewer.widgets.panel import ResultPanel
from napari_motionfft.viewer.widgets.parts import (
    alive,
    described,
    scrolled,
    set_enabled,
    why_no_movie,
)
from napari_motionfft.viewer.worker import Runner

RUNNING = "A run is going on."


class EstimateMotion(Container):  # type: ignore[misc]
    """The dock widget; each button calls one method of the same name.

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
        self._viewer = napari_viewer
        guard_removal(napari_viewer)
        watch_fits(napari_viewer)
        self.last: Run | None = None
        self.form = EstimateForm(napari_viewer)
        self.panel = ResultPanel()
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
        bar = described(ProgressBar(name="progress", min=0, max=1000), "How far the run is.")
        super().__init__(name="estimate_motion", labels=False)
        scrolled(self, [self.form, buttons, bar, self.panel], least=(0, 320))
        self.run_button, self.cancel_button = buttons.run_button, buttons.cancel_button
        self.progress = bar
        self._runner = Runner(self._show_progress)
        self._lookup = Runner()
        self._connect()
        self.form.show_preferences(settings.read())
        self._refresh()
        self._lookup.start(
            "Looking for devices",
            lambda progress, cancel: device_choices(),
            on_done=self._offer_devices,
            on_failed=self._failed,
            on_cancelled=lambda: None,
        )

    def _connect(self) -> None:
        self.run_button.changed.connect(self.run)
        self.cancel_button.changed.connect(self.cancel)
        self.form.draw.changed.connect(self.draw_region)
        self.form.image.changed.connect(self._refresh)
        self.panel.save_button.changed.connect(self._save_as)
        self.panel.copy_button.changed.connect(self.copy_as_python)
        self.panel.remove_button.changed.connect(self.remove_results)
        self.native_parent_changed.connect(self._undocked)
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            event.connect(self.reset_choices)
        settings.follow(self._preferences_changed)

    @property
    def running(self) -> bool:
        """A run is going on."""
        return self._runner.running

    def run(self) -> None:
        """Start a run on what the fields say; its result or error comes later.

        Does nothing but say so in the panel when the fields cannot be used.
        """
        if self.running:
            return
        asked = self.form.asked()
        why_not = why_no_movie(asked.layer)
        try:
            if why_not:
                raise ValueError(why_not)
            source = read_source(
                asked.layer,
                current_step=slider_position(self._viewer.dims, asked.layer),
                time_axis=asked.time_axis,
                frames=asked.frames,
                level=asked.level,
                region_layer=asked.region_layer,
            )
        except ValueError as error:
            self._failed(error)
            return
        settings.write(self.form.lasting())
        this = Run(asked, source, script_of(asked, source))
        self.panel.show_nothing()
        self._runner.start(
            f"Estimating the motion of {source.name}",
            lambda progress, cancel: estimate(asked, source, progress, cancel),
            on_done=lambda motion: self._done(this, motion),
            on_failed=self._failed,
            on_cancelled=self._refresh,
        )
        self._refresh()
        self._show_progress(0.0, "Starting")

    def cancel(self) -> None:
        """Stop the run; the viewer stays as it was."""
        self._runner.cancel()
        self._refresh()

    def draw_region(self) -> Any:
        """Add a Shapes layer that fits the image, ready to draw a rectangle; returns it."""
        layer = self.form.image.value
        if layer is None:
            return None
        region = self._viewer.add_shapes(
            ndim=2,
            name="region",
            edge_color="#ffd400",
            face_color="transparent",
            edge_width=max(layer.extent.data[1, -2:].max() / 250, 1),
            **last_axes(layer, 2),
        )
        self._viewer.layers.selection.active = region
        region.mode = "add_rectangle"
        # the viewer hands out a proxy of the layer; the menu holds the layer
        self.form.region.value = next(x for x in self._viewer.layers if x.name == region.name)
        return region

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the last result as .csv or .json; returns where.

        Raises
        ------
        ValueError
            There is no result, or another suffix.
        FileExistsError
            The file exists and `overwrite` is not given.
        """
        return save_new(None if self.last is None else self.last.motion, path, overwrite)

    def copy_as_python(self) -> str:
        """Put the call that repeats the last run on the clipboard; returns it."""
        script = "" if self.last is None else self.last.script
        clipboard = QApplication.clipboard()
        if script and clipboard is not None:
            clipboard.setText(script)
        return script

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added; returns how many there were."""
        return remove_results(self._viewer)

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers."""
        if alive(self):
            self.form.reset_choices()
            self._refresh()

    def _save_as(self) -> None:
        name = "motion" if self.last is None else f"{self.last.source.name} motion"
        chosen = ask_where_to_save(self.native, name)
        if chosen is None:
            return
        try:
            self.save(*chosen)
        except (ValueError, OSError) as error:
            self.panel.show_error(f"Not saved: {error}")
        else:
            self.panel.clear_error()

    def _done(self, run: Run, motion: Motion) -> None:
        asked, source = run.asked, run.source
        report = report_of(motion, source, asked.interval, asked.time_unit)
        self.last = Run(asked, source, run.script, motion, report)
        layers = add_results(self._viewer, motion, source, layout=asked.preferences.layout)
        keep(layers, motion, source, run.layer_frames)
        self.panel.show_report(report)
        self._refresh()

    def _failed(self, error: Exception) -> None:
        self.panel.show_error(str(error) or type(error).__name__)
        self._refresh()

    def _offer_devices(self, choices: list[tuple[str, str]]) -> None:
        self.form.offer_devices(choices)
        self.form.show_preferences(settings.read())

    def _preferences_changed(self, *_: Any) -> None:
        if alive(self) and not self.running:
            self.form.show_preferences(settings.read())

    def _show_progress(self, fraction: float, message: str) -> None:
        self.progress.value = round(1000 * fraction)
        self.progress.native.setFormat(f"{message}  %p %")

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        layer, running = self.form.image.value, self.running
        why_not = RUNNING if running else why_no_movie(layer)
        set_enabled(self.run_button, why_not, "Estimate how the scene moves.")
        idle = "Nothing is running." if not running else None
        if self._runner.stopping:
            idle = "Stopping …"
        set_enabled(self.cancel_button, idle, "Stop the run; the viewer stays as it was.")
        set_enabled(
            self.form.draw,
            why_no_movie(layer),
            "Add a Shapes layer over the image to draw in.",
        )
        self.panel.allow(self.last is not None, result_count(self._viewer), running)
        self.progress.visible = running

    def _undocked(self, *_: Any) -> None:
        """The dock was closed, or moved: a run whose widget is gone is of no use."""
        if alive(self) and self.native.parent() is None:
            self._runner.close()
            self._lookup.close()
            self._refresh()
