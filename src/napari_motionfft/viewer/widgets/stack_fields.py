"""Fields that say which frames of a layer to take: the time axis, and the first and last frame."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, Label, SpinBox

from napari_motionfft.viewer.source import guess_time_axis, movie_axes
from napari_motionfft.viewer.widgets.parts import described, why_no_movie


def time_axes(layer: Any) -> list[tuple[str, int]]:
    """(name, axis) of every axis of a layer that may be time."""
    names = [] if why_no_movie(layer) else movie_axes(layer)
    return [(name, axis) for axis, name in enumerate(names)]


def offer_axes(field: Any, layer: Any) -> None:
    """Fill a menu of `time_axes` anew and choose the one that is most likely time."""
    with field.changed.blocked():
        field.reset_choices()
        if why_no_movie(layer) is None:
            field.value = guess_time_axis(layer)


def frame_range() -> Any:
    """Two numbers side by side, `first_frame` and `last_frame`."""
    box = Container(
        name="frames",
        label="Frames",
        layout="horizontal",
        labels=False,
        widgets=[
            described(SpinBox(name="first_frame", min=0, max=1), "First frame to use."),
            Label(name="dash", value="–"),
            described(SpinBox(name="last_frame", min=0, max=1), "Last frame to use."),
        ],
    )
    box.margins = (0, 0, 0, 0)
    for number in (box.first_frame, box.last_frame):  # napari's theme leaves room for 3 figures
        number.native.setStyleSheet("padding: 1px 2px; min-width: 86px;")
    return described(box, "The frames to use, first and last.")


def offer_frames(frames: Any, layer: Any, axis: int | None) -> None:
    """Offer all frames of a layer along an axis in a `frame_range`."""
    count = 2
    if axis is not None and why_no_movie(layer) is None:
        data = layer.data[0] if layer.multiscale else layer.data
        count = max(int(data.shape[axis]), 1)
    offer_count(frames, count)


def offer_count(frames: Any, count: int) -> None:
    """Offer so many frames in a `frame_range`, and choose all."""
    for box, value in ((frames.first_frame, 0), (frames.last_frame, count - 1)):
        box.value = min(box.value, count - 1)
        box.max = count - 1
        box.value = value


def chosen_frames(frames: Any) -> tuple[int, int]:
    """(start, stop) of a `frame_range`; the last frame is in."""
    return int(frames.first_frame.value), int(frames.last_frame.value) + 1
