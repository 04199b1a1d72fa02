"""An image or labels layer as frames for a motion, and where the result goes."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.between import displacements_in, time_of
from napari_motionfft.viewer.lazy import as_lazy
from napari_motionfft.viewer.placement import last_axes, shear_matrix
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import SourceError, level_data, pixel_size


@dataclass(frozen=True, eq=False)
class Target:
    """A layer's frames, ready for a motion; plain data, for any thread.

    Attributes
    ----------
    data
        The frames that the motion is of, with all axes of the layer; lazy stays lazy.
    axis
        The axis that is time.
    rgb
        Colours are the last axis.
    motion
        In px of `data`.
    full, still
        Layer arguments of a result with all axes, and of one without time.
    kind
        "image" or "labels".
    lower
        The other levels of a multiscale layer, each with the motion in its px.
    """

    data: Any
    axis: int
    rgb: bool
    motion: Motion
    full: dict[str, Any]
    still: dict[str, Any]
    kind: str = "image"
    lower: tuple[tuple[Any, Motion], ...] = ()


def target_of(layer: Any, kept: Kept) -> Target:
    """Match an image or labels layer and a motion; main thread, computes nothing.

    Raises
    ------
    SourceError
        A single image, another number of frames, or pixels of a size that does not compare.
    """
    axis, first = time_of(layer, level_data(layer, 0), kept)
    count = len(kept.motion.displacements)
    key: list[Any] = [slice(None)] * len(level_data(layer, 0).shape)
    key[axis] = slice(first, first + count)
    full = last_axes(layer, int(layer.ndim))
    corner = np.zeros(int(layer.ndim))
    corner[axis] = first
    moved = np.asarray(layer.data_to_world(corner)) - layer.data_to_world(0 * corner)
    full["translate"] = full["translate"] + moved
    kind = "image" if hasattr(layer, "rgb") else "labels"
    look = look_of(layer, kind)
    motion = in_pixels_of(layer, kept)
    lower = [(data[tuple(key)], m) for data, m in lower_levels(layer, motion)]
    return Target(
        data=as_lazy(level_data(layer, 0))[tuple(key)],
        axis=axis,
        rgb=bool(look.get("rgb", False)),
        motion=motion,
        full={**full, **look, **({"multiscale": True} if lower else {})},
        still={**without(full, axis), **look},
        kind=kind,
        lower=tuple(lower),
    )


def check_target(layer: Any, kept: Kept) -> None:
    """What `target_of` refuses; quick.

    Raises
    ------
    SourceError
        As there.
    """
    time_of(layer, level_data(layer, 0), kept)
    in_pixels_of(layer, kept)


def look_of(layer: Any, kind: str) -> dict[str, Any]:
    """Layer arguments by which a result looks as its layer does."""
    look: dict[str, Any] = {"opacity": float(layer.opacity), "blending": str(layer.blending)}
    if kind == "labels":
        return {**look, "colormap": copy(layer.colormap), "features": layer.features.copy()}
    look["rgb"] = bool(layer.rgb)
    if not layer.rgb:
        look |= {"colormap": layer.colormap, "contrast_limits": tuple(layer.contrast_limits)}
        look["gamma"] = float(layer.gamma)
    return look


def lower_levels(layer: Any, motion: Motion) -> list[tuple[Any, Motion]]:
    """The other levels of a multiscale layer and the motion in px of each.

    None where a level has fewer planes, too: level 0 then stands for all.
    """
    if not getattr(layer, "multiscale", False):
        return []
    ndim = int(layer.ndim)
    levels = [as_lazy(data) for data in layer.data]
    full = np.asarray(levels[0].shape)
    if any(data.shape[: ndim - 2] != levels[0].shape[: ndim - 2] for data in levels):
        return []
    sides = slice(ndim - 2, ndim)
    return [
        (
            data,
            replace(
                motion,
                displacements=motion.displacements * (np.asarray(data.shape[sides]) / full[sides]),
            ),
        )
        for data in levels[1:]
    ]


def in_pixels_of(layer: Any, kept: Kept) -> Motion:
    """The motion in px of a layer's level 0; pixels of another size move by another number.

    Raises
    ------
    SourceError
        One has a unit of length and the other has not, so that sizes do not compare.
    """
    if kept.placement is None:
        return kept.motion
    _, unit = pixel_size(layer, (1.0, 1.0))
    if (unit is None) != (kept.unit is None):
        raise SourceError(
            f"{layer.name!r} is in {unit or 'pixels'}, the motion in {kept.unit or 'pixels'}: "
            "pixel sizes do not compare. Give both layers the same kind of unit (layer.units)."
        )
    moved = displacements_in(layer, kept)
    if moved is kept.motion.displacements:
        return kept.motion
    return replace(kept.motion, displacements=moved)


def without(full: dict[str, Any], axis: int) -> dict[str, Any]:
    """Layer arguments less one axis."""
    ndim = len(full["scale"])
    rest = [i for i in range(ndim) if i != axis]
    square = np.ix_(rest, rest)
    corner = np.ix_([*rest, ndim], [*rest, ndim])
    return {
        "scale": np.asarray(full["scale"])[rest],
        "translate": np.asarray(full["translate"])[rest],
        "rotate": np.asarray(full["rotate"])[square],
        "shear": shear_matrix(full["shear"])[square],
        "affine": np.asarray(full["affine"])[corner],
        "units": tuple(full["units"][i] for i in rest),
        "axis_labels": tuple(full["axis_labels"][i] for i in rest),
    }
