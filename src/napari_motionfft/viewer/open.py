"""Open napari with a stack and the widget, torch first."""

from __future__ import annotations

import os
from typing import Any

from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.readers import get_reader

PLUGIN = "napari-motionfft"
WIDGET = "Estimate motion"


def open_viewer(path: str | os.PathLike[str] | None = None, *, block: bool = True) -> Any:
    """Open napari with the widget docked.

    Parameters
    ----------
    path
        A stack that napari can read, or None.
    block
        Stay until the window is closed; otherwise return at once.

    Returns
    -------
    napari.Viewer

    Raises
    ------
    FileNotFoundError
        There is nothing at `path`.
    MotionError
        torch does not load here.
    """
    if path is not None and not os.path.exists(path):
        raise FileNotFoundError(f"{os.fspath(path)}: there is no such file")
    load_torch()  # on Windows it can fail once Qt is loaded
    import napari

    viewer = napari.Viewer()
    if path is not None:
        # napari's own reader would decode a whole video at once, in colour
        reader = {"plugin": PLUGIN} if get_reader(os.fspath(path)) else {}
        viewer.open(os.fspath(path), **reader)
    viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)
    if block:
        napari.run()
    return viewer
