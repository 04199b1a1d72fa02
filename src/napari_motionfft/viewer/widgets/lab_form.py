"""The fields of the Objective lab, and what they say as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from magicgui.widgets import Container, FloatSpinBox, PushButton, SpinBox

from napari_motionfft.viewer import settings as preferences
from napari_motionfft.viewer.lab_run import (
    FIRST,
    OBJECTIVES,
    LabSettings,
    known_truth,
    usual_limit,
    usual_window,
)
from napari_motionfft.viewer.placement import Array, frame_shape
from napari_motionfft.viewer.runs import Kept, motions
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.ticks import tick_text
from napari_motionfft.viewer.widgets.form import WHOLE
from napari_motionfft.viewer.widgets.lab_parts import CheckList
from napari_motionfft.viewer.widgets.parts import (
    choose_active,
    column,
    described,
    form,
    images,
    menu,
    renew,
    shapes,
    show_row,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.stack_fields import (
    chosen_frames,
    frame_range,
    offer_axes,
    offer_frames,
    time_axes,
)
from napari_motionfft.viewer.widgets.usual_fields import DEVICES, axis_menu, device_menu

UNKNOWN = "not known"
OWN = "layer's own"


@dataclass(frozen=True, eq=False)
class LabAsked:
    """What the fields say.

    Attributes
    ----------
    layer, region_layer, frames, time_axis
        As `read_source` takes them.
    truth
        A motion to measure against, the layer's own (y, x) px/frame, or None.
    settings
        How to explore.
    """

    layer: Any
    region_layer: Any
    frames: tuple[int, int]
    time_axis: int
    truth: Kept | tuple[float, float] | None
    settings: LabSettings

    def truth_in(self, source: Source) -> Array | None:
        """(2,) px/frame of the source's px: those of a motion may be of another size."""
        if self.truth is None:
            return None
        if not isinstance(self.truth, Kept):
            return np.asarray(self.truth, dtype=np.float64)
        velocity = np.asarray(self.truth.motion.velocity, dtype=np.float64)
        if self.truth.pixel_size is None or self.truth.unit != source.unit:
            return velocity
        return np.asarray(velocity * self.truth.pixel_size / np.asarray(source.pixel_size))


class LabForm:
    """Fields that follow the viewer's layers; `asked` reads them.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._devices: list[tuple[str, str]] = list(DEVICES)
        self.image = menu("image", "Image layer", lambda _: images(viewer), "The stack of frames.")
        self.example = described(PushButton(name="example", text="Open the posts' square"), "")
        self.region = menu(
            "region",
            "Region",
            lambda _: [(WHOLE, WHOLE), *shapes(viewer)],
            "Where to look: the whole frame, or the upright rectangle of a Shapes layer.",
        )
        self.time_axis = axis_menu(self.axes)
        self.frames = frame_range()
        self.objectives = CheckList(
            "objectives", "Objectives", OBJECTIVES, FIRST, "What to maximise; hover a name."
        )
        self.four = described(
            PushButton(name="four", text="The posts' four"),
            "Tick the four that the posts' figures turn on.",
        )
        self.all = described(
            PushButton(name="all", text="All"), "Tick all; large stacks then take minutes."
        )
        self.truth = menu(
            "truth",
            "Truth",
            self.truths,
            "The true velocity (y, x) in px/frame, which starts should come to: the layer's own, "
            "or a motion that you have estimated. Not known: the highest point of each landscape.",
        )
        self.limit = described(
            FloatSpinBox(name="limit", label="Search range", value=8, min=0.5, max=256, step=1),
            "Landscapes reach from minus to plus this, along y and x. "
            "Starts lie within half of it.",
        )
        self.limit.native.setSuffix(" px/frame")
        self.starts = described(
            SpinBox(name="starts", label="Starts", value=10, min=1, max=200),
            "How many random starts. They are the same for all objectives and in all runs.",
        )
        self.steps = described(
            SpinBox(name="steps", label="Most steps", value=400, min=1, max=5000),
            "Of Adam; a start that has come to the truth stops, after step 100 at the "
            "soonest. The posts take 400. Large stacks: take fewer.",
        )
        self.window = menu(
            "window",
            "Window",
            [("Hann: real frames", "hann"), ("none: content wraps", "none")],
            "Hann fades frames out at their edges, which would stand still and win otherwise. "
            "None is for content that leaves at one edge and comes in opposite, as the posts' "
            "square. Hann is chosen unless the layer says that it is periodic.",
        )
        self.device = device_menu(lambda _: self._devices)
        ticks = Container(
            name="ticks",
            label="Tick",
            layout="horizontal",
            labels=False,
            widgets=[self.four, self.all],
        )
        ticks.margins = (0, 0, 0, 0)
        fields = [self.image, self.example, self.region, self.time_axis, self.frames]
        fields += [self.objectives, ticks, self.truth, self.limit, self.starts, self.steps]
        self._box = form([*fields, self.window, self.device])
        self.native = column([self._box])
        self.image.changed.connect(self.follow_layer)
        self.time_axis.changed.connect(self.follow_axis)
        self.four.changed.connect(lambda: setattr(self.objectives, "value", FIRST))
        self.all.changed.connect(lambda: setattr(self.objectives, "value", tuple(OBJECTIVES)))
        choose_active(self.image, viewer)
        self.follow_layer()

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers."""
        renew(self.image)
        renew(self.region)
        renew(self.truth)

    def follow_layer(self) -> None:
        """Offer the axes, frames and truth of the chosen layer; take its usual window and range."""
        layer = self.image.value
        movie = why_no_movie(layer) is None
        offer_axes(self.time_axis, layer)
        show_row(self._box, self.time_axis, len(self.time_axis.choices) > 1)
        self.follow_axis()
        self.truth.reset_choices()
        self.truth.value = UNKNOWN if known_truth(layer) is None else OWN
        self.window.value = usual_window(layer)
        if movie:
            self.limit.value = usual_limit(frame_shape(layer))

    def axes(self, _: Any = None) -> list[tuple[str, int]]:
        """(name, axis) of every axis of the layer that may be time."""
        return time_axes(self.image.value)

    def truths(self, _: Any = None) -> list[tuple[str, Any]]:
        """(name, truth): none, the layer's own, every motion of the viewer."""
        own = known_truth(self.image.value)
        said = [] if own is None else [(f"{OWN}: {pair(own)}", OWN)]
        return [(UNKNOWN, UNKNOWN), *said, *motions(self._viewer)]

    def follow_axis(self) -> None:
        """Offer all frames along the chosen axis."""
        offer_frames(self.frames, self.image.value, self.time_axis.value)

    def offer_devices(self, choices: list[tuple[str, str]]) -> None:
        """Fill in the real devices; begin with the one that the preferences name."""
        self._devices = choices
        self.device.reset_choices()
        wanted = preferences.read().device
        if wanted in self.device.choices:
            self.device.value = wanted

    def asked(self) -> LabAsked:
        """Read the fields."""
        truth = self.truth.value
        if truth == OWN:
            truth = known_truth(self.image.value)
        return LabAsked(
            layer=self.image.value,
            region_layer=None if self.region.value == WHOLE else self.region.value,
            frames=chosen_frames(self.frames),
            time_axis=int(self.time_axis.value or 0),
            truth=None if truth == UNKNOWN else truth,
            settings=LabSettings(
                objectives=self.objectives.value,
                limit=float(self.limit.value),
                starts=int(self.starts.value),
                steps=int(self.steps.value),
                window=self.window.value,
                device=self.device.value,
            ),
        )


def pair(velocity: tuple[float, float]) -> str:
    """ "(2, 4)"."""
    return "(" + ", ".join(tick_text(v) for v in velocity) + ")"
