"""Buttons of the docks, each of which says why it is off."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton
from qtpy.QtWidgets import QApplication

from napari_motionfft.viewer.widgets.parts import described, set_enabled

RUNNING = "A run is going on."
NO_RESULT = "There is no result yet: press Run."


def button(name: str, text: str) -> Any:
    """A button whose tooltip comes with its state."""
    return described(PushButton(name=name, text=text), "")


def row(name: str, widgets: list[Any]) -> Any:
    """Widgets side by side."""
    box = Container(name=name, layout="horizontal", labels=False, widgets=widgets)
    box.margins = (0, 0, 0, 0)
    return box


def allow_cancel(cancel: Any, running: bool, stopping: bool) -> None:
    """Switch Cancel; `stopping`: it was pressed, and the run has not stopped yet."""
    idle = None if running else "Nothing is running."
    idle = "Stopping …" if stopping else idle
    set_enabled(cancel, idle, "Stop the run; the viewer stays as it was.")


def allow_remove(remove: Any, layers: int, running: bool) -> None:
    """Switch Remove results; `layers`: how many this plugin has added."""
    why = None if layers else "There are no result layers in this viewer."
    why = f"{RUNNING[:-1]}: cancel it first." if running else why
    set_enabled(remove, why, f"Remove all {layers} layers that this plugin has added.")


def to_clipboard(text: str) -> str:
    """Put a text on the clipboard, unless there is none; returns it."""
    clipboard = QApplication.clipboard()
    if text and clipboard is not None:
        clipboard.setText(text)
    return text
