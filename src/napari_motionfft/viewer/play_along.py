"""Play along: a stack in the frame of a motion, so that what moves in this way stands still."""

from __future__ import annotations

from threading import Event
from typing import Any
from uuid import uuid4

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.ahead import Ahead
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.compensate import Options, compensate
from napari_motionfft.viewer.follow_region import run_of
from napari_motionfft.viewer.placement import frame_shape
from napari_motionfft.viewer.result_layers import KEY, unique_names
from napari_motionfft.viewer.results import is_result
from napari_motionfft.viewer.results import kept as as_it_was
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import SourceError
from napari_motionfft.viewer.targets import Target, target_of

ROLE = "playing along"
OF = "playing"
"""Entry in the metadata of such a layer: (the stack's layer, the motion)."""


def play_along(viewer: Any, layer: Any, motion: Motion | Kept, *, name: str | None = None) -> Any:
    """Lay a copy of a stack over it in which a motion stands still; again takes it away.

    Frames are made when they are shown, and a few ahead of these. The stack itself, the sliders
    and the selection stay as they are. Of a stack one motion plays at a time; main thread only.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    layer
        An Image layer of it with the frames of the motion; also RGB, multiscale or of more axes.
    motion
        A motion in px of the layer's frames, or one of the viewer with its place (`motions`).
    name
        Of the new layer; by default "<stack> (playing along)".

    Returns
    -------
    napari.layers.Image or None
        The layer on top of the stack; None where this motion was playing, and is not any more.

    Raises
    ------
    SourceError
        The motion does not fit the layer.
    """
    from napari.layers import Image, Layer

    if not isinstance(layer, Image):
        raise SourceError(f"{layer.name!r} is no image: only a stack of frames can play along.")
    kept = motion if isinstance(motion, Kept) else Kept(motion, "motion", source=str(layer.name))
    if playing(viewer, layer, kept.motion) is not None:
        stop_play_along(viewer, layer)
        return None
    data, target = moving_frames(layer, kept)
    stop_play_along(viewer, layer)
    wanted = name or f"{layer.name} ({ROLE})"
    free = unique_names([wanted], [other.name for other in viewer.layers])[wanted]
    run = run_of(viewer, kept)
    about: dict[str, Any] = {
        "run": run or uuid4().hex[:8],
        "role": ROLE,
        "name": free,
        "source": str(layer.name),
        "settings": dict(kept.motion.settings),
        # it lies on the stack and takes no room
        "bottom": -0.04 * max(frame_shape(layer)),
        OF: (layer, kept.motion),
    }
    if run is not None:
        about["motion"] = kept
    # all of what it covers is hidden, and only that
    look = {**target.full, "opacity": 1.0, "blending": "opaque", "visible": True}
    made = Layer.create(data, {**look, "name": free, "metadata": {KEY: about}}, "image")
    guard_removal(viewer)
    viewer.layers.events.removed.connect(forget)
    with as_it_was(viewer):
        viewer.layers.insert(viewer.layers.index(layer) + 1, made)
    return made


def stop_play_along(viewer: Any, layer: Any = None) -> int:
    """Take away what plays along with a stack, or with any; returns how many layers went."""
    found = [one for one in copies(viewer) if layer is None or one.metadata[KEY][OF][0] is layer]
    with as_it_was(viewer):
        for one in found:
            viewer.layers.remove(one)
    return len(found)


def playing(viewer: Any, layer: Any = None, motion: Motion | Kept | None = None) -> Any:
    """The layer that plays along (with this stack, and with this motion), or None."""
    wanted = motion.motion if isinstance(motion, Kept) else motion
    for one in copies(viewer):
        stack, along = one.metadata[KEY][OF]
        if (layer is None or stack is layer) and (wanted is None or along is wanted):
            return one
    return None


def copies(viewer: Any) -> list[Any]:
    """The layers that play along."""
    return [one for one in viewer.layers if is_result(one) and one.metadata[KEY]["role"] == ROLE]


def moving_frames(layer: Any, kept: Kept) -> tuple[Any, Target]:
    """The stack with the motion taken out, made when it is shown; what it was made from."""
    target = target_of(layer, kept)
    fill = darkest(target)
    try:
        lazy = compensate(target, nothing, Event(), Options(fill=fill))
    except ValueError:  # NaN, which only these let pass
        lazy = compensate(target, nothing, Event(), Options(fill=fill, interpolation="linear"))
    planes = 3 if target.rgb else 2
    if isinstance(lazy, list):
        return [Ahead(level, target.axis, planes) for level in lazy], target
    return Ahead(lazy, target.axis, planes), target


def nothing(fraction: float, message: str) -> None:
    """Nothing is computed yet, so there is no progress to tell."""


def darkest(target: Target) -> float:
    """Value for where the field does not reach: the lower end of the contrast."""
    low = float(target.full.get("contrast_limits", (0.0, 1.0))[0])
    if target.rgb or target.data.dtype.kind == "f":
        return 0.0 if target.rgb else low
    if target.data.dtype.kind == "b":
        return 0.0
    info = np.iinfo(target.data.dtype)
    return float(np.clip(round(low), info.min, info.max))


def forget(event: Any) -> None:
    """A layer is gone, by whatever way: make no more of its frames."""
    if event.value.metadata.get(KEY, {}).get("role") != ROLE:
        return
    data = event.value.data
    for level in data if event.value.multiscale else [data]:
        if isinstance(level, Ahead):
            level.stop()
