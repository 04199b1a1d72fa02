"""The demo's several motions: textures that cross, an occluder, a faint mover, all known."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files import crossing, faint_mover, occluder
from napari_motionfft.files.layer_pictures import mover_figure, rows_figure
from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.motion.apply import integrate
from napari_motionfft.motion.faint.find import find_movers
from napari_motionfft.motion.faint.result import Movers
from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.several.result import Motions
from napari_motionfft.motion.several.separate import separate_motions
from napari_motionfft.summary import pair

Array = NDArray[np.floating]
Velocity = tuple[float, float]

SCENE = "crossing_textures"
"""What napari shows in *Separate motions*."""
FRAMES, SIDE = 16, 128
"""Of the stacks that are taken apart: smaller than the samples, to be quick."""
NEAR = 0.5
"""px/frame within which a motion found is the known one."""
FASTEST = 2.0
"""px/frame an axis that the faint mover is looked for."""


@dataclass(frozen=True)
class Apart:
    """Two layers taken apart, and what is known of them.

    Attributes
    ----------
    stack, images
        (T, Y, X) and (2, Y, X): each layer alone, as frame 0 would show it.
    velocities
        True ones, (y, x) px/frame, in the order of `images`.
    found
        What came out.
    masks
        (T, Y, X) share of a pixel that shows layer 0, where that is in front of layer 1.
    """

    stack: Array
    images: Array
    velocities: tuple[Velocity, Velocity]
    found: Motions
    masks: Array | None = None

    @property
    def matched(self) -> list[Motion | None]:
        """Of each known velocity: the motion found nearest to it, None where none is near."""
        return [nearest(self.found, velocity) for velocity in self.velocities]


@dataclass(frozen=True)
class Hunted:
    """A faint mover that was looked for; its true track (T, 2) px, and how long that took, s."""

    stack: Array
    track: Array
    found: Movers
    seconds: float


def demo_layers(out: Path) -> list[Path]:
    """Estimate, print the numbers, draw; returns the pictures."""
    print("\nSeveral motions: each with an image of its own")
    written = []
    parts: list[tuple[str, Callable[[], Any], Callable[[Any], str], Callable[[Any], Any]]] = [
        ("crossing_textures-layers.png", crossing_textures, told_crossing, crossing_figure),
        ("occluder-layers.png", occluded_scene, told_occluder, occluder_figure),
        ("faint_mover-track.png", hunted_mover, told_mover, hunted_figure),
    ]
    for name, made, told, figure in parts:
        result = made()
        print(told(result), flush=True)
        drawn = figure(result)
        if drawn is not None:
            written.append(out / name)
            write_figure(written[-1], drawn)
    return written


def crossing_textures() -> Apart:
    """Spots and fibres that add up, as much noise as either."""
    stack, images = crossing.two_textures(FRAMES, SIDE)
    return Apart(stack, images, crossing.VELOCITIES, separate_motions(stack))


def occluded_scene() -> Apart:
    """An opaque wall with holes before cells, both moving."""
    stack, images, masks = occluder.wall_before_scene(FRAMES, SIDE)
    found = separate_motions(stack, kind="occluding")
    return Apart(stack, images, occluder.VELOCITIES, found, masks)


def hunted_mover() -> Hunted:
    """A mover that no frame shows, among stars."""
    stack, track = faint_mover.faint_mover(size=SIDE)
    began = time.perf_counter()
    found = find_movers(stack, max_speed=FASTEST)
    return Hunted(stack, track, found, time.perf_counter() - began)


def nearest(found: Motions, velocity: Velocity) -> Motion | None:
    """The motion nearest to a velocity, within `NEAR`."""
    apart = [float(np.linalg.norm(motion.velocity - velocity)) for motion in found]
    if not apart or min(apart) > NEAR:
        return None
    return found[int(np.argmin(apart))]


def correlation(image: Array, truth: Array) -> float:
    """Of two images of one shape."""
    return float(np.corrcoef(image.ravel(), truth.ravel())[0, 1])


def told_motions(apart: Apart) -> str:
    """Each known velocity, and what was found for it."""
    parts = []
    for motion, (y, x) in zip(apart.matched, apart.velocities, strict=True):
        said = "NOT FOUND" if motion is None else f"{pair(motion)} px/frame"
        doubt = "" if motion is None or motion.reliable else f" NOT RELIABLE: {motion.reason}"
        parts.append(f"{said} (known ({y:g}, {x:g})){doubt}")
    more = len(apart.found) - sum(motion is not None for motion in apart.matched)
    return " and ".join(parts) + (f", and {more} MORE that are not there" if more > 0 else "")


def told_crossing(apart: Apart) -> str:
    """Two lines: velocities, correlation of the images with the true ones, time."""
    agree, plain = [], []
    for motion, image in zip(apart.matched, apart.images, strict=True):
        if motion is not None:
            agree.append(f"{correlation(motion.integrated, image):.3f}")
            plain.append(f"{correlation(integrate(apart.stack, motion), image):.3f}")
    return (
        f"two textures crossing: {told_motions(apart)}\n  correlation with the true images "
        f"{', '.join(agree)} (plain means along the same motions: {', '.join(plain)}); "
        f"{apart.found.residual_energy:.0%} of the variance left; {seconds(apart)}"
    )


def told_occluder(apart: Apart) -> str:
    """Two lines: velocities, which is in front, how many pixels of the masks are right, time."""
    found, wall = apart.found, apart.matched[0]
    if found.front is None or wall is None:
        front = "which is in front is NOT DETERMINED"
    else:
        right = found[found.front] is wall
        front = "the wall is found in front" if right else "the scene is found in front, WRONGLY"
    masks = "no masks"
    if found.masks is not None and apart.masks is not None:
        share = float(np.mean((found.masks > 0.5) == (apart.masks > 0.5)))
        masks = f"{share:.0%} of the pixels assigned to the right one"
    return f"occluder over a scene: {told_motions(apart)}\n  {front}, {masks}; {seconds(apart)}"


def seconds(apart: Apart) -> str:
    """ "4.1 s"."""
    return f"{apart.found[0].settings['seconds']:.1f} s" if apart.found else "no time told"


def told_mover(hunted: Hunted) -> str:
    """Two lines: place, velocity, score, how many others are listed, time."""
    found, track = hunted.found, hunted.track
    (y, x), (vy, vx) = track[0], faint_mover.VELOCITY
    known = f"known: ({y:.2f}, {x:.2f}) px, ({vy:g}, {vx:g}) px/frame"
    if not found:
        return f"faint mover: {found}\n  {known}; {hunted.seconds:.1f} s"
    others = f", and {len(found) - 1} others" if len(found) > 1 else ""
    return (
        f"faint mover, {found[0].contrast:.1f} σ of the noise high in a frame: {found[0]}{others}"
        f"\n  {known}; {hunted.seconds:.1f} s"
    )


def crossing_figure(apart: Apart) -> Any:
    """A frame and the plain mean; of each layer the mean along it, what was taken apart, truth."""
    rows = []
    first = {
        f"one frame of {len(apart.stack)}": apart.stack[0],
        "mean of all frames": apart.stack.mean(0),
    }
    for motion, image, (caption, shown), name in zip(
        apart.matched, apart.images, first.items(), ("spots", "fibres"), strict=True
    ):
        if motion is None:
            return None
        rows.append(
            {
                caption: shown,
                f"mean along the {name}": integrate(apart.stack, motion),
                f"{name} taken apart": motion.integrated,
                f"true {name}": image,
            }
        )
    return rows_figure(rows, "Two textures crossing, as much noise as either")


def occluder_figure(apart: Apart) -> Any:
    """A frame and its mask; of both layers the mean along it, what was taken apart, truth."""
    wall, scene = apart.matched
    if wall is None or scene is None or apart.found.masks is None:
        return None
    last = len(apart.stack) - 1
    rows = [
        {
            "first frame": apart.stack[0],
            "mean along the scene": integrate(apart.stack, scene),
            "scene behind, taken apart": scene.integrated,
            "true scene": apart.images[1],
        },
        {
            f"found to be in front, frame {last}": apart.found.masks[last],
            "mean along the wall": integrate(apart.stack, wall),
            "wall in front, taken apart": wall.integrated,
            "true wall, without its holes": apart.images[0],
        },
    ]
    return rows_figure(rows, "An opaque wall with holes passes before cells")


def hunted_figure(hunted: Hunted) -> Any:
    """The mover, where one was found."""
    if not hunted.found:
        return None
    mover = hunted.found[0]
    (y, x), (vy, vx) = mover.velocity, faint_mover.VELOCITY
    title = (
        f"An object that no frame shows: score {mover.score:.1f}, ({y:.3f}, {x:.3f}) px/frame "
        f"(truth {vy:g}, {vx:g})"
    )
    return mover_figure(hunted.stack, hunted.found, title, hunted.track)
