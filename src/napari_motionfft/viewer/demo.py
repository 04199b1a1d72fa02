"""The demo in napari: each sample opened, and run by its widget as a user would."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLUGIN = "napari-motionfft"
SEPARATE = "Separate motions"
SIZE = (1560, 940)  # px of the window, where the screen has as many
PATIENCE = 300.0
"""Seconds to wait for a run: it takes seconds, but the machine may be busy."""


@dataclass(frozen=True)
class Scene:
    """A sample for *Estimate motion*.

    Attributes
    ----------
    key
        Of the manifest's sample data.
    model
        As `estimate_motion` takes it.
    """

    key: str
    model: str = "velocity"


@dataclass(frozen=True)
class StripScene:
    """A sample for *Strip motion*, and how to fill in the widget.

    Attributes
    ----------
    key
        Of the manifest's sample data.
    lines
        (N, 2) vertices (y, x) px of each strip to draw; none for a line scan.
    fields
        Name → value of fields of the widget's form.
    """

    key: str
    lines: tuple[Any, ...] = ()
    fields: dict[str, float] = field(default_factory=dict)


def show(
    scenes: Sequence[Scene], strips: Sequence[StripScene] = (), several: Sequence[str] = ()
) -> None:
    """Open a window for each sample, press Run in each, and stay until all are closed.

    Parameters
    ----------
    scenes
        For *Estimate motion*.
    strips
        For *Strip motion*.
    several
        Keys of sample data for *Separate motions*.
    """
    import napari

    opened = [open_sample(scene.key)[1] for scene in scenes]
    for widget, scene in zip(opened, scenes, strict=True):
        run_scene(widget, scene)
    for strip in strips:
        _, widget = open_strips(strip)
        widget.run()
    for key in several:
        _, widget = open_sample(key, SEPARATE)
        widget.run()
    napari.run()


def photograph(scene: Scene) -> NDArray[np.uint8]:
    """Open a window for a sample, press Run, wait for the result, and take a picture.

    Parameters
    ----------
    scene
        For *Estimate motion*.

    Returns
    -------
    (Y, X, 3) uint8
        The whole window.

    Raises
    ------
    MotionError
        The run failed.
    TimeoutError
        It did not end.
    """
    viewer, widget = open_sample(scene.key)
    return picture_of_run(viewer, widget, lambda: run_scene(widget, scene))


def run_scene(widget: Any, scene: Scene) -> None:
    """Choose the model and press Run; the user's own choice is remembered, not this one."""
    from napari_motionfft.viewer import settings

    # when it has found the devices, the form shows the user's choices
    wait(lambda: not widget._lookup.running)
    mine = settings.read()
    widget.form.models.model.value = scene.model
    widget.run()
    settings.write(mine)


def photograph_strips(scene: StripScene) -> NDArray[np.uint8]:
    """As `photograph`, of *Strip motion*."""
    viewer, widget = open_strips(scene)
    return picture_of_run(viewer, widget, widget.run)


def photograph_motions(key: str) -> NDArray[np.uint8]:
    """As `photograph`, of *Separate motions*, for a sample's key in the manifest."""
    viewer, widget = open_sample(key, SEPARATE)
    return picture_of_run(viewer, widget, widget.run)


def picture_of_run(viewer: Any, widget: Any, run: Callable[[], None]) -> NDArray[np.uint8]:
    """Run, wait for the result, take a picture of the window and close it."""
    from napari_motionfft.motion.errors import MotionError

    try:
        settle()
        run()
        wait(lambda: not widget.running)
        if widget.last is None:
            raise MotionError(f"the run in napari came to no result: {viewer.title}")
        # late in the stack, where the path is long; the layers came in at the user's sliders
        frames = int(viewer.dims.nsteps[0])
        viewer.dims.set_current_step(0, round(0.75 * frames))
        settle()
        picture = viewer.screenshot(canvas_only=False, flash=False)
    finally:
        viewer.close()
        settle(0.1)
    return np.ascontiguousarray(picture[..., :3], dtype=np.uint8)


def open_sample(key: str, widget: str = "Estimate motion") -> tuple[Any, Any]:
    """A viewer with one sample and a docked widget, by its name in the manifest."""
    import napari

    viewer = napari.Viewer(title=f"Motion FFT: {key.replace('_', ' ')}")
    viewer.open_sample(PLUGIN, key)
    _, docked = viewer.window.add_plugin_dock_widget(PLUGIN, widget)
    viewer.window.resize(*fitting(SIZE))
    return viewer, docked


def open_strips(scene: StripScene) -> tuple[Any, Any]:
    """A viewer with a sample, its strips drawn, and *Strip motion* with its fields filled in."""
    viewer, widget = open_sample(scene.key, "Strip motion")
    if scene.lines:
        drawn = widget.draw_strip()
        drawn.add_lines([np.asarray(line, dtype=float) for line in scene.lines])
        drawn.mode = "pan_zoom"
    for name, value in scene.fields.items():
        getattr(widget.form, name).value = value
    return viewer, widget


def fitting(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) px that the screen can show."""
    from qtpy.QtWidgets import QApplication

    screen = QApplication.primaryScreen()
    if screen is None:
        return size
    room = screen.availableGeometry()
    return min(size[0], room.width()), min(size[1], room.height())


def settle(seconds: float = 1.0) -> None:
    """Let Qt lay out and draw."""
    end = time.monotonic() + seconds
    wait(lambda: time.monotonic() > end)


def wait(until: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Handle events until something is so.

    Raises
    ------
    TimeoutError
        It is not so in time.
    """
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + patience
    while not until():
        if time.monotonic() > end:
            raise TimeoutError(f"napari did not get there within {patience:g} s")
        QApplication.processEvents()
        time.sleep(0.01)
