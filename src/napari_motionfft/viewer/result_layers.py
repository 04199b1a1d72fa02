"""Motion → layer tuples, placed by the source they were estimated on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.arrange import arrange, zoom
from napari_motionfft.viewer.landscape_frame import Frame, landscape_aspect, stand
from napari_motionfft.viewer.landscape_layers import landscape_image, landscape_marks
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.trajectory_layers import position, trajectory

KEY = "napari-motionfft"
"""Name of our entry in a layer's metadata: only layers that have it are ours."""

CANVAS = (800.0, 1000.0)
"""(y, x) px of a canvas where there is no window to ask."""

LayerData = tuple[Any, dict[str, Any], str]


def result_layers(
    motion: Motion,
    source: Source,
    taken: Collection[str] = (),
    run: str = "run",
    layout: str = "beside",
    *,
    below: float = 0.0,
    canvas: tuple[float, float] = CANVAS,
    occupied: tuple[float, float] = (0.0, 0.0),
) -> list[LayerData]:
    """The layers of one run, from the bottom of the layer list to its top.

    Parameters
    ----------
    motion, source
        A result and what it was estimated on.
    taken
        Names of layers that exist.
    run
        Identifier of this run, written into every layer's metadata.
    layout
        "beside": integrated image and landscape next to the stack. "over": the integrated image
        lies on the region it is of.
    below
        px of the layer down to where free space begins.
    canvas
        (y, x) screen px: the arrangement that shows the stack largest is taken.
    occupied
        px (y, x) of the layer to where other images reach that are to stay uncovered.

    Returns
    -------
    list of (data, arguments, kind)
        As `napari.layers.Layer.create` takes them.

    Raises
    ------
    ValueError
        Unknown layout.
    """
    layers, bottom = pictures(motion, source, layout, below, canvas, occupied)
    layers["trajectory"] = trajectory(motion, source)
    layers["position"] = position(motion, source)
    names = unique_names(layers, taken)
    return [
        (
            data,
            {
                **arguments,
                "name": names[role],
                "metadata": {
                    KEY: {
                        "name": names[role],
                        **about(motion, source, run, role, bottom),
                    }
                },
            },
            kind,
        )
        for role, (data, arguments, kind) in layers.items()
    ]


def pictures(
    motion: Motion,
    source: Source,
    layout: str,
    below: float,
    canvas: tuple[float, float],
    occupied: tuple[float, float],
) -> tuple[dict[str, LayerData], float]:
    """The pictures of a run by their role, and px of level 0 down to where they end.

    A motion from a table or another program has no pictures.
    """
    if not (motion.integrated.size and motion.landscape.values.size):
        return {}, below
    place = source.placement
    (y0, _), (x0, _) = motion.region
    where = spots(motion, source, layout, below, canvas, occupied)
    picture = {"rgb": False, "colormap": "gray", "contrast_limits": limits(motion)}
    marks, mark_arguments = landscape_marks(motion, where.frame, place, where.zoom)
    values, image_arguments = landscape_image(motion, where.frame, place)
    mean = {**place.crop((y0, x0), where.beside), **picture, "visible": False}
    made: dict[str, LayerData] = {
        "plain mean": (motion.plain_mean, mean, "image"),
        "integrated image": (
            motion.integrated,
            {**place.crop(motion.origin, where.beside), **picture},
            "image",
        ),
        "loss landscape": (values, image_arguments, "image"),
        "landscape axes": (marks, mark_arguments, "shapes"),
    }
    return made, where.bottom


@dataclass(frozen=True, eq=False)
class Spots:
    """Where the pictures of a run go.

    Attributes
    ----------
    beside
        px (y, x) of level 0 from the region to its integrated image.
    frame
        Where the landscape stands.
    zoom
        Screen px a px of level 0 when all is in view.
    bottom
        px of level 0 down to where all ends.
    """

    beside: tuple[float, float]
    frame: Frame
    zoom: float
    bottom: float


def spots(
    motion: Motion,
    source: Source,
    layout: str,
    below: float,
    canvas: tuple[float, float],
    occupied: tuple[float, float],
) -> Spots:
    """Room for one integrated image and one landscape; see `result_layers`."""
    place = source.placement
    aspect = landscape_aspect(motion.landscape)
    # pixels may be no squares: arrange in squares as high as they are
    square = np.asarray([1.0, 1.0 / place.stretch])
    (rows, columns), (down, right) = (np.asarray(pair) * square for pair in (place.shape, occupied))
    places = arrange(
        (rows, columns),
        box_of(motion) * (np.asarray(place.factor) * square)[:, None],
        canvas,
        aspect,
        layout,
        below,
        (down, right),
    )
    step, start = np.asarray(places.integrated) / square, np.asarray(places.landscape) / square
    beside = (float(step[0]), float(step[1]))
    corner = (start[0] - 0.5, start[1] - 0.5)  # pixel 0 begins at −0.5
    frame = stand(motion.landscape, corner, places.height, place.stretch)
    return Spots(beside, frame, zoom(places.size, canvas), places.size[0])


def box_of(motion: Motion) -> NDArray[np.int64]:
    """((y0, y1), (x0, x1)) px of the stack that the integrated image shows.

    That is the region, or on a canvas of all that was seen a box that may reach out of the frame.
    """
    start = np.asarray(motion.origin, dtype=np.int64)
    return np.stack([start, start + motion.integrated.shape], axis=1)


def limits(motion: Motion) -> tuple[float, float]:
    """Contrast for the integrated image and the plain mean alike, so that they compare."""
    seen = motion.integrated[motion.coverage >= motion.coverage.max() / 2]
    low, high = (float(v) for v in np.percentile(seen, (0.2, 99.8)))
    return (low, high) if high > low else (low, low + 1.0)


def unique_names(roles: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """The roles as names; with one common number where one of them is taken."""
    roles = list(roles)
    for number in count(1):
        names = {role: role if number == 1 else f"{role} {number}" for role in roles}
        if not set(names.values()) & set(taken):
            return names
    raise AssertionError("unreachable")


def about(motion: Motion, source: Source, run: str, role: str, bottom: float) -> dict[str, Any]:
    """Our metadata of one layer: what it is, how it was made, where its run ends."""
    entry: dict[str, Any] = {
        "run": run,
        "role": role,
        "source": source.name,
        "settings": dict(motion.settings),
        "bottom": bottom,
    }
    if role == "loss landscape":
        entry["vy"], entry["vx"] = motion.landscape.vy, motion.landscape.vx
        entry["peaks"] = [tuple(peak) for peak in motion.landscape.peaks]
    return entry
