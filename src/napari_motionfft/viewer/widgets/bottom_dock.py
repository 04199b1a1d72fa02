"""A dock below the canvas that opens when there is something to show, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from napari_motionfft.viewer.widgets.responses import docked


class BottomDock:
    """Holds one widget; makes it anew where the user has closed it.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel; a model has no window for a dock.
    title
        Of the dock.
    make
        Makes the widget.
    on_failed
        Called with what went wrong.

    Attributes
    ----------
    results
        The widget; None until it was shown.
    """

    def __init__(
        self,
        viewer: Any,
        title: str,
        make: Callable[[Any], Any],
        on_failed: Callable[[Exception], None],
    ) -> None:
        self._viewer, self._title, self._make = viewer, title, make
        self._failed = on_failed
        self.results: Any = None

    @property
    def there(self) -> bool:
        """The dock is open."""
        return self.results is not None and docked(self.results)

    @property
    def visible(self) -> bool:
        """The dock is open, and the user has not hidden it."""
        return self.there and not self._dock_hidden()

    def open(self) -> bool:
        """Open the dock if need be; returns whether it is open now."""
        if self.there:
            if self._dock_hidden():
                self.results.parentWidget().show()
            return True
        self._drop()
        try:
            self.results = self._make(self._viewer)
        except ImportError as error:
            self._failed(ImportError(f"The plot needs matplotlib ({error})."))
            return False
        window = getattr(self._viewer, "window", None)
        if window is not None:
            made = window.add_dock_widget(self.results, name=self._title, area="bottom")
            made.show()  # at once: layers are laid out for the canvas that is left
        return True

    def close(self) -> None:
        """Take the dock away."""
        window = getattr(self._viewer, "window", None)
        if self.there and window is not None:
            around = self.results.window()
            window.remove_dock_widget(self.results)
            around.layout().activate()  # at once: what fits the view next finds the whole canvas
        self._drop()

    def _dock_hidden(self) -> bool:
        """The user has hidden the dock: it has its own button for that."""
        around = self.results.parentWidget()
        return around is not None and bool(around.isHidden())

    def _drop(self) -> None:
        """Let Qt delete what has no dock any more: Python might do so in a worker's thread."""
        if self.results is not None:
            with suppress(RuntimeError):  # its window is closed, and it is gone with it
                self.results.deleteLater()
        self.results = None
