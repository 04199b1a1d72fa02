"""Any layer and a motion → a new layer with the motion taken out, or put in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

from napari_motionfft.viewer.compensate import Options, compensate, mean
from napari_motionfft.viewer.move_points import check_movable, moved_layer
from napari_motionfft.viewer.results import kept as as_it_was
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.targets import check_target, target_of
from napari_motionfft.viewer.worker import Progress

COMPENSATED = "napari-motionfft compensated"
"""Entry in the metadata of these layers: no results of a run, so they stay when those go."""


@dataclass(frozen=True, eq=False)
class Made:
    """A layer to add, as `napari.layers.Layer.create` takes it, and what to tell of it.

    A picture goes right above the layer that it was made of: what lies on that lies on both.
    """

    data: Any
    arguments: dict[str, Any]
    kind: str
    note: str = ""
    above: Any = None


Work = Callable[[Progress, Event], Made]


def movable(viewer: Any) -> list[Any]:
    """The layers of a viewer that a motion can be applied to, if their frames fit."""
    from napari.layers import Image, Labels, Points, Shapes, Tracks

    kinds = (Image, Labels, Points, Shapes, Tracks)
    return [layer for layer in viewer.layers if isinstance(layer, kinds)]


def is_picture(layer: Any) -> bool:
    """Whether a layer is an image or labels; else it holds coordinates."""
    from napari.layers import Image, Labels

    return isinstance(layer, Image | Labels)


def check(layer: Any, kept: Kept) -> None:
    """Whether a motion fits a layer; quick.

    Raises
    ------
    SourceError
        It does not.
    """
    if is_picture(layer):
        check_target(layer, kept)
    else:
        check_movable(layer, kept)


def moving(layer: Any, kept: Kept, options: Options) -> Work:
    """The work of `move_layer`: read the layer now, on the main thread; move it in any thread.

    Raises
    ------
    SourceError
        The motion does not fit the layer.
    """
    done = "with motion" if options.inverse else "motion-compensated"
    names = named(layer, kept, done)
    if is_picture(layer):
        target = target_of(layer, kept)
        arguments = {**target.full, **names}

        def picture(progress: Progress, cancel: Event) -> Made:
            data = compensate(target, progress, cancel, options)
            return Made(data, arguments, target.kind, above=layer)

        return picture
    (data, arguments, kind), note = moved_layer(layer, kept, inverse=options.inverse)
    made = Made(data, {**arguments, **names}, kind, note)
    return lambda progress, cancel: made


def averaging(layer: Any, kept: Kept) -> Work:
    """The mean of an image along a motion: read the layer now, average in any thread.

    Raises
    ------
    SourceError
        The motion does not fit the layer.
    """
    target = target_of(layer, kept)
    arguments = {**target.still, **named(layer, kept, "motion-compensated mean")}
    return lambda progress, cancel: Made(mean(target, progress, cancel), arguments, target.kind)


def named(layer: Any, kept: Kept, what: str) -> dict[str, Any]:
    """Name and metadata of a new layer."""
    about = {"what": what, "motion": kept.name, "settings": dict(kept.motion.settings)}
    return {"name": f"{layer.name} ({what})", "metadata": {COMPENSATED: about}}


def move_layer(
    viewer: Any,
    layer: Any,
    kept: Kept,
    *,
    interpolation: str = "fourier",
    fill: float = 0.0,
    inverse: bool = False,
    lazy: bool = True,
) -> Any:
    """Add a layer with the motion taken out, or put in; main thread only.

    The chosen layer, the sliders and the selection stay as they are.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    layer
        Image (also RGB, multiscale or with more axes), Labels, Points, Shapes or Tracks, with a
        time axis.
    kept
        A motion of the viewer (`motions`), or one from a file, placed by `measured_on` where the
        layer holds coordinates.
    interpolation, fill, inverse
        As in `apply_motion`; labels are always moved by "nearest", coordinates exactly.
    lazy
        Compute frames when they are shown; otherwise all of them now.

    Returns
    -------
    napari.layers.Layer
        Of the same kind, transforms and look.

    Raises
    ------
    ValueError
        The motion does not fit the layer, or the fill value does not fit its type.
    """
    options = Options(interpolation, fill, inverse, lazy)
    return add(viewer, moving(layer, kept, options)(lambda *_: None, Event()))


def add(viewer: Any, made: Made) -> Any:
    """Add a layer and nothing else; main thread only."""
    from napari.layers import Layer

    layer = Layer.create(made.data, made.arguments, made.kind)
    place = len(viewer.layers)
    if made.above is not None and made.above in viewer.layers:
        place = viewer.layers.index(made.above) + 1
    with as_it_was(viewer):
        viewer.layers.insert(place, layer)
    return layer
