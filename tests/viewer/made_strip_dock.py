"""Helpers for tests of the Strip motion dock: strips drawn, what it says, a run that waits."""

from __future__ import annotations

import html
import threading
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QLabel
from tests.viewer.drive import click

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.strips import many

VELOCITY = 0.8
UNITS = ("s", "um", "um")


def said(widget: Any) -> str:
    """All that the panel shows."""
    labels = (widget.native.findChild(QLabel, f"motionfft.{part}") for part in ("error", "report"))
    text = "".join(label.text() for label in labels)
    return html.unescape(text).replace("\u200b", "")


def drawn(widget: Any, viewer: Any, movie: Any, **arguments: Any) -> Any:
    """A movie with two strips: there and back."""
    viewer.add_image(movie, name="vessel", **arguments)
    click(widget, "draw")
    strips = next(x for x in viewer.layers if x.name == "strips")
    strips.add_lines(np.array([[20, 5], [20, 90]]))
    strips.add_lines(np.array([[30, 90], [30, 5]]))
    return strips


def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Replace the estimator by one that waits until it is cancelled; set when it has begun."""
    begun = threading.Event()

    def wait(*_: Any, progress: Any, cancel: threading.Event, **__: Any) -> Any:
        begun.set()
        for step in range(10_000):
            progress(step / 10_000, "Waiting")
            if cancel.wait(0.005):
                raise Cancelled("cancelled")

    monkeypatch.setattr(many, "strip_motions", wait)
    return begun
