"""Estimate motion: choose a stack and a region, run, read how the scene moves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer import settings
from napari_motionfft.viewer.asked import Run, estimate, script_of
from napari_motionfft.viewer.camera import watch_fits
from napari_motionfft.viewer.placement import last_axes
from napari_motionfft.viewer.report import report_of
from napari_motionfft.viewer.results import add_results, remove_results
from napari_motionfft.viewer.runs import keep, result_count
from napari_motionfft.viewer.source import read_source, slider_position
from napari_motionfft.viewer.widgets.buttons import RUNNING, allow_cancel, button, row
from napari_motionfft.viewer.widgets.dialogs import ask_where_to_save, save_new
from napari_motionfft.viewer.widgets.form import EstimateForm
from napari_motionfft.viewer.widgets.panel import ResultPanel
from napari_motionfft.viewer.widgets.parts import (
    alive,
    scrolled,
    set_enabled,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.run_dock import PanelDock


class EstimateMotion(PanelDock):
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
        self._begin(napari_viewer)
        watch_fits(napari_viewer)
        self.last: Run | None = None
        self.form = EstimateForm(napari_viewer)
        self.panel = ResultPanel()
        self.run_button = button("run_button", "Run")
        self.cancel_button = button("cancel_button", "Cancel")
        buttons = row("buttons", [self.run_button, self.cancel_button])
        super().__init__(name="estimate_motion", labels=False)
        scrolled(self, [self.form, buttons, self.progress, self.panel], least=(0, 320))
        self._connect()
        self.form.show_preferences(settings.read())
        self._follow(self._offer_devices)

    def _connect(self) -> None:
        self.run_button.changed.connect(self.run)
        self.cancel_button.changed.connect(self.cancel)
        self.form.draw.changed.connect(self.draw_region)
        self.form.image.changed.connect(self._refresh)
        self.panel.save_button.changed.connect(self._save_as)
        self.panel.copy_button.changed.connect(self.copy_as_python)
        self.panel.remove_button.changed.connect(self.remove_results)
        settings.follow(self._preferences_changed)

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
        self._start(
            f"Estimating the motion of {source.name}",
            lambda progress, cancel: estimate(asked, source, progress, cancel),
            on_done=lambda motion: self._done(this, motion),
        )

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

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added; returns how many there were."""
        return remove_results(self._viewer)

    def _save_as(self) -> None:
        name = "motion" if self.last is None else f"{self.last.source.name} motion"
        self._save_to(ask_where_to_save(self.native, name))

    def _done(self, run: Run, motion: Motion) -> None:
        asked, source = run.asked, run.source
        report = report_of(motion, source, asked.interval, asked.time_unit)
        self.last = Run(asked, source, run.script, motion, report)
        layers = add_results(self._viewer, motion, source, layout=asked.preferences.layout)
        keep(layers, motion, source, run.layer_frames)
        self.panel.show_report(report)
        self._refresh()

    def _offer_devices(self, choices: list[tuple[str, str]]) -> None:
        self.form.offer_devices(choices)
        self.form.show_preferences(settings.read())

    def _preferences_changed(self, *_: Any) -> None:
        if alive(self) and not self.running:
            self.form.show_preferences(settings.read())

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        layer, running = self.form.image.value, self.running
        why_not = RUNNING if running else why_no_movie(layer)
        set_enabled(self.run_button, why_not, "Estimate how the scene moves.")
        allow_cancel(self.cancel_button, running, self._runner.stopping)
        set_enabled(
            self.form.draw,
            why_no_movie(layer),
            "Add a Shapes layer over the image to draw in.",
        )
        self.panel.allow(self.last is not None, result_count(self._viewer), running)
        self.progress.visible = running
