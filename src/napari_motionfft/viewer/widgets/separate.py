"""Separate motions: take a stack apart into several motions without estimating one first."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container

from napari_motionfft.viewer import settings
from napari_motionfft.viewer.camera import watch_fits
from napari_motionfft.viewer.motions_run import MotionsRun
from napari_motionfft.viewer.report import FAILED, badge
from napari_motionfft.viewer.results import remove_results
from napari_motionfft.viewer.runs import result_count
from napari_motionfft.viewer.widgets.buttons import RUNNING, allow_remove, button
from napari_motionfft.viewer.widgets.form import EstimateForm
from napari_motionfft.viewer.widgets.motions import MotionsPart
from napari_motionfft.viewer.widgets.parts import (
    rich_text,
    say,
    scrolled,
    set_enabled,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.run_dock import StackDock


class ErrorPanel(Container):  # type: ignore[misc]
    """What went wrong, over the button that removes results.

    Attributes
    ----------
    remove_button
        The button.
    """

    def __init__(self) -> None:
        self.remove_button = button("remove_button", "Remove results")
        super().__init__(name="panel", labels=False)
        self.margins = (0, 0, 0, 0)
        self.error = rich_text("error")
        self.extend([self.error, self.remove_button])
        self.clear_error()

    def show_error(self, message: str) -> None:
        """Show what went wrong, in the error's own words."""
        say(self.error, badge(message, FAILED))

    def clear_error(self) -> None:
        """What went wrong is put right."""
        say(self.error)


class SeparateMotions(StackDock):
    """The dock widget.

    Parameters
    ----------
    napari_viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    form, motions, panel
        The fields, the part with *Separate* and the table, and errors.
    """

    def __init__(self, napari_viewer: Any) -> None:
        self._begin(napari_viewer)
        watch_fits(napari_viewer)
        self.form = EstimateForm(napari_viewer, models=False)
        self.panel = ErrorPanel()
        self.motions = MotionsPart(
            napari_viewer, self._prepared, self._start, self.cancel, self._failed
        )
        self.progress = self.motions.progress
        super().__init__(name="separate_motions", labels=False)
        scrolled(self, [self.form, self.motions, self.panel], least=(0, 320))
        self.form.draw.changed.connect(self.draw_region)
        self.form.image.changed.connect(self._refresh)
        self.panel.remove_button.changed.connect(self.remove_results)
        self.form.show_preferences(settings.read())
        self._follow(self._offer_devices)

    @property
    def last(self) -> MotionsRun | None:
        """The last separation that came to a result."""
        return self.motions.run

    def run(self) -> None:
        """Start a separation, as its button does."""
        self.motions.separate()

    def remove_results(self) -> int:
        """Remove every layer that this plugin has added; returns how many there were."""
        return remove_results(self._viewer)

    def _offer_devices(self, choices: list[tuple[str, str]]) -> None:
        self.form.offer_devices(choices)
        self.form.show_preferences(settings.read())

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        running = self.running
        why_not = RUNNING if running else why_no_movie(self.form.image.value)
        self.motions.offer(why_not, running, self._runner.stopping)
        no_draw = why_no_movie(self.form.image.value)
        set_enabled(self.form.draw, no_draw, "Add a Shapes layer over the image to draw in.")
        allow_remove(self.panel.remove_button, result_count(self._viewer), running)
