"""Where a stack lay in the viewer, as plain data for a file, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import Source, read_source

TRANSFORMS = ("scale", "translate", "rotate", "shear", "affine")


def place_record(kept: Kept) -> dict[str, Any] | None:
    """Where the stack of a motion lay; None where that is not known.

    Returns
    -------
    dict
        `name`, `shape` and transforms of the layer; `level` (Y, X) px of the level in use;
        `time_axis`, `first_frame`, and `at`, the index of every axis where the stack was taken.
    """
    place = kept.placement
    if place is None:
        return None
    frames = kept.layer_frames or kept.first_frame + len(kept.motion.displacements)
    # of the axes that are neither time nor plane, only the index matters
    shape = [index + 1 for index in place.others[:-2]] + list(place.shape)
    shape[place.time_axis] = frames
    level = [round(n / f) for n, f in zip(place.shape, place.factor, strict=True)]
    return {
        "name": kept.source or "",
        "shape": shape,
        "level": level,
        "time_axis": place.time_axis,
        "at": list(place.others),
        "first_frame": kept.first_frame,
        **{name: place.full[name] for name in TRANSFORMS},
        "units": [str(unit) for unit in place.full["units"]],
        "axis_labels": list(place.full["axis_labels"]),
    }


def place_source(record: dict[str, Any], frames: int) -> tuple[Source, int]:
    """The place of a stack of `frames` frames, as `place_record` wrote it.

    Returns
    -------
    Source, int
        With a stack that holds nothing; and how many frames the layer has.

    Raises
    ------
    ValueError
        The record does not describe a layer of that many frames.
    """
    from napari.layers import Image

    try:
        shape = [int(n) for n in record["shape"]]
        levels = [shape, [*shape[:-2], *(int(n) for n in record["level"])]]
        stacks = [np.broadcast_to(np.uint8(0), each) for each in levels]  # takes no memory
        lower = levels[1] != levels[0]
        layer = Image(
            stacks if lower else stacks[0],
            multiscale=lower,
            rgb=False,
            contrast_limits=(0, 1),
            visible=False,  # or napari would copy a plane of it
            name=str(record["name"]),
            **{name: np.asarray(record[name], dtype=np.float64) for name in TRANSFORMS},
            units=tuple(record["units"]),
            axis_labels=tuple(record["axis_labels"]),
        )
        first, axis = int(record["first_frame"]), int(record["time_axis"])
        source = read_source(
            layer,
            current_step=[int(index) for index in record["at"]],
            time_axis=axis,
            frames=(first, first + frames),
            level=int(lower),
        )
    except KeyError as error:
        raise ValueError(f"layer has no {error.args[0]!r}") from error
    except Exception as error:  # napari and pint raise many kinds
        raise ValueError(f"layer cannot be placed: {error}") from error
    return replace(source, notes=()), shape[axis]


def source_of(kept: Kept, name: str = "") -> Source:
    """What a motion was estimated on, with a stack that holds nothing.

    Parameters
    ----------
    kept
        A motion; where its place is not known it lies in px from the corner.
    name
        What it is of, where that is not known.
    """
    motion = kept.motion
    record, frames = place_record(kept), len(motion.displacements)
    sides = np.asarray(motion.region)
    (y0, y1), (x0, x1) = sides.tolist()
    if record is None:
        source = plain_source(name or kept.name, frames, (y1, x1))
    else:
        source, _ = place_source(record, frames)
        if [[0, y1], [0, x1]] == sides.tolist() and [y1, x1] == record["level"]:
            return source
    return replace(source, region=(slice(y0, y1), slice(x0, x1)))


def plain_source(name: str, frames: int, shape: tuple[int, int]) -> Source:
    """The place of a stack that is known by its shape (Y, X) alone: in px from the corner."""
    from napari.layers import Image

    rows, columns = (max(1, n) for n in shape)
    stack = np.broadcast_to(np.uint8(0), (frames, rows, columns))
    layer = Image(
        stack,
        rgb=False,
        contrast_limits=(0, 1),
        visible=False,
        name=name,
        axis_labels=("t", "y", "x"),
    )
    return replace(read_source(layer, current_step=(0, 0, 0)), notes=())
