"""Use a docked widget as a person would."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QPushButton

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


def finish(widget: Any, qtbot: Any) -> None:
    """Wait until the run is over."""
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)


def ours(viewer: Any) -> list[Any]:
    """The layers that the plugin has added."""
    return [layer for layer in viewer.layers if KEY in layer.metadata]
