"""A workaround for layers that are removed while another OpenGL context is current."""

from __future__ import annotations

import sys
from typing import Any


def guard_removal(viewer: Any) -> None:
    """From now on, make the canvas current before any layer of a viewer is removed.

    napari (0.9.2) deletes a removed layer's OpenGL buffers in whatever context is current, which
    after drawing is Qt's own. With Mesa drivers the process then ends at the next drawing; a
    removed Shapes layer suffices. Connecting twice is the same as once.
    """
    viewer.layers.events.removing.connect(make_current)


def make_current(event: Any = None) -> None:
    """Make the canvas that was drawn last current; nothing without a window."""
    context = sys.modules.get("vispy.gloo.context")
    canvas = None if context is None else context.get_current_canvas()
    if canvas is None:
        return
    try:
        canvas.set_current()
    except RuntimeError:  # its window is closed, and its buffers gone with it
        return
