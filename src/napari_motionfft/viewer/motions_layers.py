"""Motions → layer tuples: an image each, and one layer for all arrows, points and peaks each."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.landscape_layers import landscape_image
from napari_motionfft.viewer.motions_arrows import arrow_shapes
from napari_motionfft.viewer.motions_colours import STILL, motion_colour, tint, veil
from napari_motionfft.viewer.motions_peaks import axes_marks, peak_points
from napari_motionfft.viewer.placement import Array, Placement, moved
from napari_motionfft.viewer.result_layers import (
    CANVAS,
    KEY,
    LayerData,
    about,
    limits,
    spots,
    unique_names,
)
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.trajectory_layers import in_layer, position

if TYPE_CHECKING:
    from napari_motionfft.motion.several.result import Motions

IMAGE, STILL_IMAGE, MASK = "motion image", "still background", "front mask"
LANDSCAPE, AXES, PEAKS = "loss landscape", "landscape axes", "motion peaks"
ARROWS, POSITIONS = "motion arrows", "motion positions"
"""Roles in the layers' metadata; `PART` tells of which motion an image is."""

PART = "part"


def motions_layers(
    motions: Motions,
    source: Source,
    taken: Collection[str] = (),
    run: str = "run",
    layout: str = "beside",
    *,
    below: float = 0.0,
    canvas: tuple[float, float] = CANVAS,
    occupied: tuple[float, float] = (0.0, 0.0),
) -> list[LayerData]:
    """The layers of one separation, from the bottom of the layer list to its top.

    Parameters
    ----------
    motions, source
        A result and what it was made on.
    taken, run, layout, below, canvas, occupied
        As for `result_layers`.

    Returns
    -------
    list of (data, arguments, kind)
        As `napari.layers.Layer.create` takes them; none for no motions. The first motion's image
        is in view, the others' are hidden.

    Raises
    ------
    ValueError
        Unknown layout.
    """
    if not motions:
        return []
    place, first = source.placement, motions[0]
    where = spots(first, source, layout, below, canvas, occupied)
    made: dict[str, tuple[str, int | None, LayerData]] = {}
    if motions.background is not None:
        placed = place.crop(first.origin, where.beside)
        data = still_image(motions.background, placed)
        made["still background"] = (STILL_IMAGE, len(motions), data)
    for index in reversed(range(len(motions))):  # the strongest on top
        motion = motions[index]
        picture = {
            **place.crop(motion.origin, where.beside),
            "rgb": False,
            "colormap": tint(motion_colour(index)),
            "contrast_limits": limits(motion),
            "visible": index == 0,
        }
        made[f"motion {index + 1}"] = (IMAGE, index, (motion.integrated, picture, "image"))
    if motions.masks is not None and motions.front is not None:
        made["front mask"] = (MASK, motions.front, mask(motions, source))
    values, pictured = landscape_image(first, where.frame, place)
    made["motion landscape"] = (LANDSCAPE, None, (values, pictured, "image"))
    made["motion axes"] = (AXES, None, axes_marks(motions, where.frame, place, where.zoom))
    made["motion peaks"] = (PEAKS, None, peak_points(motions, where.frame, place, where.zoom))
    made["motion arrows"] = (ARROWS, None, arrow_shapes(motions, source))
    made["motion positions"] = (POSITIONS, None, positions(motions, source))
    names = unique_names(made, taken)
    layers = []
    for title, (role, part, (data, arguments, kind)) in made.items():
        entry = {
            "name": names[title],
            **about(
                motions[part or 0] if role == IMAGE else first, source, run, role, where.bottom
            ),
            "several": True,
        }
        if part is not None:
            entry[PART] = part
        if role == PEAKS:
            entry["span"] = where.frame.span
        given = {**arguments, "name": names[title], "metadata": {KEY: entry}}
        layers.append((data, given, kind))
    return layers


def still_image(image: NDArray[np.float32], placed: dict[str, Any]) -> LayerData:
    """What stands still, hidden until its row is chosen."""
    low, high = (float(v) for v in np.percentile(image, (0.2, 99.8)))
    arguments = {
        **placed,
        "rgb": False,
        "colormap": tint(STILL),
        "contrast_limits": (low, high if high > low else low + 1.0),
        "visible": False,
    }
    return image, arguments, "image"


def mask(motions: Motions, source: Source) -> LayerData:
    """Where the motion in front is seen: (T, 1…, Y, X), a veil in its colour over the stack."""
    assert motions.masks is not None
    assert motions.front is not None
    front = motions[motions.front]
    place = source.placement
    values, arguments = on_stack(motions.masks, front.region, place, source.first_frame)
    look = {
        "rgb": False,
        "colormap": veil(motion_colour(motions.front)),
        "contrast_limits": (0.0, 1.0),
        "blending": "translucent",
    }
    return values, {**arguments, **look}, "image"


def on_stack(
    values: NDArray[Any], region: Any, place: Placement, first_frame: int
) -> tuple[NDArray[Any], dict[str, Any]]:
    """(T, Y, X) values of a region as an image on the frames that they are of.

    Returns
    -------
    array, dict
        With an axis of length 1 for each of the stack's axes between time and y, and the
        arguments that place it.
    """
    between = place.others[place.time_axis + 1 : -2]
    shape = (len(values), *(1 for _ in between), *values.shape[-2:])
    corner = place.to_layer([side[0] for side in region])
    offset = np.asarray([first_frame, *between, *corner], dtype=np.float64)
    pixel = np.asarray([1.0, *(1.0 for _ in between), *place.factor])
    return values.reshape(shape), moved(place.from_axis(place.time_axis), offset, pixel)


def positions(motions: Motions, source: Source) -> LayerData:
    """A point a motion and frame, in its colour: those of the current frame are in view."""
    _, arguments, kind = position(motions[0], source)
    rows: Array = np.concatenate([in_layer(motion, source, 0) for motion in motions])
    counts = [len(motion.displacements) for motion in motions]
    which = np.repeat(np.arange(len(motions)), counts)
    frames = np.concatenate([np.arange(count) for count in counts]) + source.first_frame
    look = {
        "features": {"motion": which + 1, "frame": frames},
        "face_color": [motion_colour(int(index)) for index in which],
    }
    return rows, {**arguments, **look}, kind
