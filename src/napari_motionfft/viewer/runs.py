"""The motions of a viewer: each is kept by its own result layers, and goes with them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.placement import Placement
from napari_motionfft.viewer.results import KEY, is_result
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.ticks import pair_text


@dataclass(frozen=True, eq=False)
class Kept:
    """A motion and where it came from.

    Attributes
    ----------
    motion
        In px of the stack that it was estimated on.
    name
        To choose it by.
    first_frame, layer_frames
        The layer's frame that is the motion's frame 0, and how many frames the layer has.
    time_axis
        Axis of the layer that was time; None for a motion from a file.
    pixel_size, unit
        Of the stack: (y, x) world size, and its unit where that is a length.
    source, placement
        Name of the layer, and where the stack's pixels lay when it was estimated on.
    """

    motion: Motion
    name: str
    first_frame: int = 0
    layer_frames: int | None = None
    time_axis: int | None = None
    pixel_size: tuple[float, float] | None = None
    unit: str | None = None
    source: str | None = None
    placement: Placement | None = None


def keep(
    layers: Iterable[Any], motion: Motion, source: Source, layer_frames: int | None = None
) -> Kept:
    """Write a motion into the metadata of its result layers."""
    kept = kept_of(motion, source, layer_frames)
    write_into(layers, kept)
    return kept


def write_into(layers: Iterable[Any], kept: Kept) -> None:
    """The same for one that is made already."""
    for layer in layers:
        layer.metadata[KEY]["motion"] = kept


def kept_of(motion: Motion, source: Source, layer_frames: int | None = None) -> Kept:
    """A motion with where it came from."""
    return Kept(
        motion=motion,
        name=marked(f"{source.name}: {in_short(motion)}", motion),
        first_frame=source.first_frame,
        layer_frames=layer_frames,
        time_axis=source.time_axis,
        pixel_size=source.pixel_size,
        unit=source.unit,
        source=source.name,
        placement=source.placement,
    )


def in_short(motion: Motion) -> str:
    """ "(−2.55, 2.10) px/frame", or for a path "spline, up to 12.3 px"."""
    if motion.model == "velocity":
        return f"{pair_text(motion.velocity, motion.velocity_stderr)} px/frame"
    used = np.delete(motion.displacements, list(motion.excluded), axis=0)
    return f"{motion.model}, up to {np.hypot(*used.T).max(initial=0):.3g} px"


def marked(name: str, motion: Motion) -> str:
    """A name to choose a motion by, which says when the data do not support it."""
    return f"{name} (not reliable)" if doubtful(motion) else name


def doubtful(motion: Motion) -> bool:
    """Whether the data do not support a motion; that is not known of one from a CSV file."""
    return not motion.reliable and math.isfinite(motion.score)


def motions(viewer: Any) -> list[tuple[str, Kept]]:
    """(name, motion) of every run that has layers in a viewer, the newest first.

    Of a run that has separated several motions, each.
    """
    found: dict[tuple[str, int], Kept] = {}
    for layer in viewer.layers:
        about = layer.metadata.get(KEY, {})
        if "motion" in about:
            found.setdefault((about["run"], id(about["motion"].motion)), about["motion"])
    names: dict[str, Kept] = {}
    for kept in found.values():
        name, number = kept.name, 2
        while name in names:
            name, number = f"{kept.name} [{number}]", number + 1
        names[name] = kept
    return list(names.items())[::-1]


def result_count(viewer: Any) -> int:
    """How many layers there are that this plugin has added."""
    return sum(is_result(layer) for layer in viewer.layers)
