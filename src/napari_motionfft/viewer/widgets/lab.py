"""Objective lab: see which objectives can be climbed on a stack, and why others cannot."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer

from napari_motionfft.viewer.lab_layers import Shown, add_lab
from napari_motionfft.viewer.lab_paths import last_step, show_step
from napari_motionfft.viewer.lab_result import LabResult
from napari_motionfft.viewer.lab_run import explore
from napari_motionfft.viewer.report import FAILED, badge
from napari_motionfft.viewer.results import remove_results
from napari_motionfft.viewer.runs import result_count
from napari_motionfft.viewer.samples import white_square
from napari_motionfft.viewer.source import Source, read_source, slider_position
from napari_motionfft.viewer.widgets.buttons import RUNNING
from napari_motionfft.viewer.widgets.lab_buttons import LabButtons
from napari_motionfft.viewer.widgets.lab_form import LabAsked, LabForm
from napari_motionfft.viewer.widgets.lab_parts import Player
from napari_motionfft.viewer.widgets.lab_report import lab_report
from napari_motionfft.viewer.widgets.lab_table import LabTable, ask_where, save_table
from napari_motionfft.viewer.widgets.parts import (
    alive,
    images,
    rich_text,
    say,
    scrolled,
    set_enabled,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.responses import ResponseDock
from napari_motionfft.viewer.widgets.run_dock import RunDock

NO_PATHS = "There are no paths in this viewer: press Run."


class ObjectiveLab(RunDock):
    """The dock widget; each button calls one method.

    Parameters
    ----------
    napari_viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    form, buttons, player, table
        The fields, the buttons, the step slider, the comparison.
    result, shown
        The last result, and its layers.
    responses
        The dock of the filter responses.
    """

    def __init__(self, napari_viewer: Any) -> None:
        self._begin(napari_viewer)
        self.result: LabResult | None = None
        self.shown: Shown | None = None
        self._name = ""
        self.form = LabForm(napari_viewer)
        self.player, self.table = Player(), LabTable()
        self.error, self.report = rich_text("lab_error"), rich_text("lab_report")
        self.buttons = LabButtons()
        super().__init__(name="objective_lab", labels=False)
        parts = [self.form, self.buttons.above, self.progress, self.error, self.report]
        scrolled(self, [*parts, self.player, self.table, self.buttons.below, self.buttons.remove])
        self.responses = ResponseDock(napari_viewer, self._failed)
        self._soon = QTimer(self.native)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.reset_choices)
        self._connect()
        say(self.error)
        say(self.report)
        self._follow(self.form.offer_devices)

    def _connect(self) -> None:
        self.buttons.run.changed.connect(self.run)
        self.buttons.cancel.changed.connect(self.cancel)
        self.buttons.save.changed.connect(self._save_as)
        self.buttons.responses.changed.connect(self.show_responses)
        self.buttons.remove.changed.connect(self.remove_results)
        self.form.example.changed.connect(self.open_example)
        self.form.image.changed.connect(self._refresh)
        self.form.objectives.changed.connect(self._refresh)
        self.player.step.changed.connect(self.show_step)
        self._viewer.layers.events.inserted.connect(self._reset_soon)

    def open_example(self) -> None:
        """Choose the posts' white square, which knows its velocity; add it if it is not there."""
        from napari.layers import Layer

        ((data, arguments, kind),) = white_square()
        for _, layer in images(self._viewer):
            if layer.metadata == arguments["metadata"] and layer.data.shape == data.shape:
                self.form.image.value = layer
                return
        layer = Layer.create(data, arguments, kind)
        self._viewer.add_layer(layer)
        self.form.image.value = layer

    def run(self) -> None:
        """Start a run on what the fields say; its result or error comes later."""
        if self.running:
            return
        asked = self.form.asked()
        try:
            why_not = self._why_not_run()
            if why_not:
                raise ValueError(why_not)
            source = read_source(
                asked.layer,
                current_step=slider_position(self._viewer.dims, asked.layer),
                time_axis=asked.time_axis,
                frames=asked.frames,
                region_layer=asked.region_layer,
            )
            truth = asked.truth_in(source)
        except ValueError as error:
            self._failed(error)
            return
        say(self.error)
        self._start(
            f"Exploring objectives on {source.name}",
            lambda progress, cancel: explore(source, asked.settings, truth, progress, cancel),
            on_done=lambda result: self._done(asked, source, result),
        )

    def show_step(self, step: int) -> None:
        """Show the optimiser's paths up to a step."""
        if self.shown is not None and self._paths_are_there():
            show_step(self.shown.lines, self.shown.points, self.shown.ways, int(step))

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the comparison as .csv; returns where.

        Raises
        ------
        ValueError
            There is no result.
        FileExistsError
            The file exists and `overwrite` is not given.
        """
        return save_table(self.result, path, overwrite)

    def show_responses(self) -> None:
        """Draw the filter responses for the chosen number of frames, in a dock below the canvas."""
        first, last = self.form.frames.first_frame.value, self.form.frames.last_frame.value
        self.responses.show(max(int(last) - int(first) + 1, 2))

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added; returns how many there were."""
        self.player.stop()
        return remove_results(self._viewer)

    def _reset_soon(self, *_: Any) -> None:
        """Once more: a run writes its motion into its layers after they are in the viewer."""
        if alive(self):
            self._soon.start()

    def _done(self, asked: LabAsked, source: Source, result: LabResult) -> None:
        before = [] if self.shown is None else [self.shown.run]
        self.shown = None  # the player moves nothing while layers come and go
        settings = asdict(asked.settings)
        self.shown = add_lab(self._viewer, result, source, settings, instead_of=before)
        self.result, self._name = result, source.name
        self.table.show_result(result)
        self.player.offer(last_step(result))
        say(self.report, lab_report(result))
        self._refresh()

    def _say_error(self, text: str | None) -> None:
        say(self.error, "" if text is None else badge(text, FAILED))

    def _save_as(self) -> None:
        self._save_to(ask_where(self.native, self._name))

    def _paths_are_there(self) -> bool:
        shown = self.shown
        return shown is not None and all(
            layer in self._viewer.layers for layer in (shown.lines, shown.points)
        )

    def _why_not_run(self) -> str | None:
        if not self.form.objectives.value:
            return "Tick at least one objective."
        return why_no_movie(self.form.image.value)

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        running = self.running
        self.buttons.allow(
            self._why_not_run(),
            running,
            self._runner.stopping,
            self.result is not None,
            result_count(self._viewer),
        )
        set_enabled(self.form.example, RUNNING if running else None, EXAMPLE)
        paths = None if self._paths_are_there() else NO_PATHS
        set_enabled(self.player.play_button, paths, "Play the optimiser's steps.")
        set_enabled(self.player.step, paths, STEP)
        self.progress.visible = running

    def _stop_everything(self) -> None:
        self.player.stop()
        self.responses.close()
        super()._stop_everything()


EXAMPLE = "Add the source posts' white square, whose velocity is known. Then press Run."
STEP = "Steps of the optimiser to show. Your stack's own slider stays where it is."
