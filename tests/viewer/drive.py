"""Use a docked widget as a person would."""

from __future__ import annotations

from typing import Any

from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QPushButton

from napari_motionfft.viewer.results import KEY


def docked(viewer: Any, kind: Any, name: str, qtbot: Any) -> Any:
    """The docked widget, once it has looked for devices."""
    made = kind(viewer)
    viewer.window.add_dock_widget(made, name=name)
    qtbot.waitUntil(lambda: not made._lookup.running, timeout=30_000)
    return made


def click(widget: Any, name: str) -> None:
    """Press the button of this object name, which must be enabled."""
    button = widget.native.findChild(QPushButton, f"motionfft.{name}")
    assert button is not None
    assert button.isEnabled(), button.toolTip()
    button.click()


def copied(widget: Any, name: str) -> str:
    """Press a button that copies; the text on the clipboard.

    Tests that run beside each other share one clipboard: it is pressed again where another took it.
    """
    clipboard = QApplication.clipboard()
    for _ in range(20):
        click(widget, name)
        QApplication.processEvents()
        if clipboard.ownsClipboard() and (text := str(clipboard.text())):
            return text
        QTest.qWait(50)
    raise AssertionError("nothing came onto the clipboard")


def finish(widget: Any, qtbot: Any) -> None:
    """Wait until the run is over."""
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)


def ours(viewer: Any) -> list[Any]:
    """The layers that the plugin has added."""
    return [layer for layer in viewer.layers if KEY in layer.metadata]
