"""Pictures of several motions: layers taken apart, an object followed, movers, the windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from benchmarks.tracked_scenes import KnownObject, crossing

import napari_motionfft as mf
from docs.paths import draw_images
from napari_motionfft import demo_layers
from napari_motionfft.files.crossing import VELOCITIES
from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.pictures import write_png
from napari_motionfft.viewer.demo import (
    open_sample,
    photograph_motions,
    picture_of_run,
    settle,
    wait,
)

mpl.use("Agg")
import matplotlib.pyplot as plt

SEED = 2
"""Of the object that is followed."""


def main(out: Path) -> None:
    """All of them."""
    textures, wall = demo_layers.crossing_textures(), demo_layers.occluded_scene()
    mover = demo_layers.hunted_mover()
    for told in (
        demo_layers.told_crossing(textures),
        demo_layers.told_occluder(wall),
        demo_layers.told_mover(mover),
    ):
        print(told)
    write_figure(out / "crossing-textures.png", demo_layers.crossing_figure(textures))
    write_figure(out / "occluder.png", demo_layers.occluder_figure(wall))
    write_figure(out / "faint-mover.png", demo_layers.hunted_figure(mover))
    followed_object(out / "tracked.png")
    write_png(out / "motions-window.png", photograph_motions(demo_layers.SCENE))
    write_png(out / "touch-window.png", touched_window())
    write_png(out / "movers-window.png", movers_window())


def followed_object(path: Path) -> None:
    """An object that turns before a moving photograph: its path, and its own image."""
    known = crossing(SEED, 3.0, 48, 3.0, bent=True, moving=True)
    motion = mf.estimate_motion(known.stack, "free", region=known.region, track=True)
    error, alike = known.error(motion.displacements), known.likeness(motion.integrated)
    print(f"object followed: error {error:.3f} px, image {alike:.3f}, {motion.reliable}")
    figure = plt.figure(figsize=(10.5, 2.65), layout="constrained")
    images = {
        "first frame, region and path": known.stack[0],
        "region, first frame": known.stack[0][known.region],
        "region, mean of all frames": motion.plain_mean,
        "mean along the path": motion.integrated,
        "true object": known.image * known.opaque,
    }
    draw_images(figure, images)
    first = figure.axes[0]
    mark_path(first, known, motion)
    travel = np.hypot(*np.diff(known.path, axis=0).T).sum()
    figure.suptitle(
        f"An object that turns before a moving scene, noise a third of its contrast: error "
        f"{error:.2f} px over {travel:.0f} px of its way",
        fontsize=10,
    )
    figure.savefig(path, dpi=100)
    plt.close(figure)


def mark_path(axes: Any, known: KnownObject, motion: mf.Motion) -> None:
    """The region, and the way of its middle."""
    (y0, x0), (y1, x1) = ([side.start for side in known.region], [s.stop for s in known.region])
    axes.plot(
        np.array([x0, x1, x1, x0, x0]) - 0.5, np.array([y0, y0, y1, y1, y0]) - 0.5, color="cyan"
    )
    middle = np.array([y0 + y1 - 1, x0 + x1 - 1]) / 2
    way = middle + motion.displacements
    axes.plot(way[:, 1], way[:, 0], color="tab:orange", lw=1.5)


def touched_window() -> Any:
    """The landscape of two textures, touched at the motion that was not estimated."""
    viewer, widget = open_sample(demo_layers.SCENE)

    def run() -> None:
        # when it has found the devices, the form shows the user's choices
        wait(lambda: not widget._lookup.running)
        widget.run()
        wait(lambda: not widget.running)
        widget.touch.touch()
        wait(lambda: widget.touch.session is not None)
        far = max(VELOCITIES, key=lambda v: float(np.hypot(*(v - widget.last.motion.velocity))))
        widget.touch.session.go_to(far)
        wait(lambda: not widget.touch._work.busy)

    return picture_of_run(viewer, widget, run)


def movers_window() -> Any:
    """*Find faint movers* on its sample."""
    viewer, widget = open_sample("faint_mover", "Find faint movers")
    return picture_of_run(viewer, widget, chosen(widget))


def chosen(widget: Any) -> Callable[[], None]:
    """Run, then choose the first row."""

    def run() -> None:
        widget.run()
        wait(lambda: not widget.running)
        settle()
        widget.choose(0)

    return run
