"""What every dock with a Run button does: runs, cancels, saves, follows the viewer's layers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, ProgressBar

from napari_motionfft.viewer import settings
from napari_motionfft.viewer.asked import Asked, read
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.devices import device_choices
from napari_motionfft.viewer.draw_region import draw_region
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.widgets.buttons import to_clipboard
from napari_motionfft.viewer.widgets.parts import alive, described, why_no_movie
from napari_motionfft.viewer.worker import Runner

Devices = list[tuple[str, str]]
"""(what is shown, what `device=` takes)."""


class RunDock(Container):  # type: ignore[misc]
    """Base of the docks; theirs are `_refresh`, `_say_error` and, where there is a file, `save`.

    Attributes
    ----------
    form
        The fields; it has `reset_choices`.
    progress
        The bar.
    """

    form: Any
    progress: ProgressBar

    def _begin(self, napari_viewer: Any) -> None:
        """Before the parts are made."""
        self._viewer = napari_viewer
        guard_removal(napari_viewer)
        self.progress = described(
            ProgressBar(name="progress", min=0, max=1000), "How far the run is."
        )
        self._runner, self._lookup = Runner(self._show_progress), Runner()

    def _follow(self, offer_devices: Callable[[Devices], None]) -> None:
        """After the parts are there: follow the viewer, and look for devices in the background."""
        self.native_parent_changed.connect(self._undocked)
        events = self._viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered, events.renamed):
            event.connect(self.reset_choices)
        self._refresh()
        self._lookup.start(
            "Looking for devices",
            lambda progress, cancel: device_choices(),
            on_done=offer_devices,
            on_failed=self._failed,
            on_cancelled=lambda: None,
        )

    @property
    def running(self) -> bool:
        """A run is going on."""
        return self._runner.running

    def cancel(self) -> None:
        """Stop the run; the viewer stays as it was."""
        self._runner.cancel()
        self._refresh()

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Save the last result; returns where."""
        raise NotImplementedError

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers."""
        if alive(self):
            self.form.reset_choices()
            self._refresh()

    def _start(
        self,
        name: str,
        work: Callable[[Any, Any], Any],
        on_done: Callable[[Any], None],
    ) -> None:
        """Work off the main thread; its result, error or end comes back on it."""

        def done(value: Any) -> None:
            on_done(value)
            self._refresh()

        self._runner.start(
            name, work, on_done=done, on_failed=self._failed, on_cancelled=self._refresh
        )
        self._refresh()
        self._show_progress(0.0, "Starting")

    def _save_to(self, chosen: tuple[Path, bool] | None) -> None:
        """Save where the user said, None being nowhere; say what went wrong."""
        if chosen is None:
            return
        try:
            self.save(*chosen)
        except (ValueError, OSError) as error:
            self._say_error(f"Not saved: {error}")
        else:
            self._say_error(None)

    def _failed(self, error: Exception) -> None:
        self._say_error(str(error) or type(error).__name__)
        self._refresh()

    def _say_error(self, text: str | None) -> None:
        """Show what went wrong, or nothing."""
        raise NotImplementedError

    def _refresh(self, *_: Any) -> None:
        """Switch every button to what can be done now, and say why the others are off."""
        raise NotImplementedError

    def _show_progress(self, fraction: float, message: str) -> None:
        self.progress.value = round(1000 * fraction)
        self.progress.native.setFormat(f"{message}  %p %")

    def _stop_everything(self) -> None:
        """The dock is gone: nothing that runs for it is of use."""
        self._runner.close()
        self._lookup.close()

    def _undocked(self, *_: Any) -> None:
        """The dock was closed, or moved."""
        if alive(self) and self.native.parent() is None:
            self._stop_everything()
            self._refresh()


class PanelDock(RunDock):
    """A dock whose result has a panel, and a script that repeats it.

    Attributes
    ----------
    panel
        It shows errors.
    last
        The last run that came to a result, or None.
    """

    panel: Any
    last: Any

    def copy_as_python(self) -> str:
        """Put the call that repeats the last run on the clipboard; returns it."""
        script = "" if self.last is None else str(self.last.script)
        return to_clipboard(script)

    def _say_error(self, text: str | None) -> None:
        if text is None:
            self.panel.clear_error()
        else:
            self.panel.show_error(text)


class StackDock(PanelDock):
    """A dock whose fields are those of `EstimateForm`."""

    def draw_region(self) -> Any:
        """Add a Shapes layer that fits the image, ready to draw a rectangle; returns it."""
        layer = self.form.image.value
        if layer is None:
            return None
        self.form.region.value = draw_region(self._viewer, layer)
        return self.form.region.value

    def _prepared(self) -> tuple[Asked, Source]:
        """What the fields ask for, and on what, once that can be used.

        Raises
        ------
        ValueError
            It cannot.
        """
        asked = self.form.asked()
        why_not = why_no_movie(asked.layer)
        if why_not:
            raise ValueError(why_not)
        source = read(asked, self._viewer.dims)
        settings.write(self.form.lasting())
        self.panel.clear_error()
        return asked, source
