"""The fields of Estimate motion, and what they say as plain data."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from magicgui.widgets import PushButton

from napari_motionfft.viewer.asked import Asked
from napari_motionfft.viewer.samples import BOUNDARY
from napari_motionfft.viewer.settings import Preferences
from napari_motionfft.viewer.source import level_of
from napari_motionfft.viewer.widgets.model_fields import ModelFields
from napari_motionfft.viewer.widgets.parts import (
    choose_active,
    column,
    described,
    form,
    images,
    menu,
    renew,
    set_enabled,
    shapes,
    show_row,
    tick,
    why_no_movie,
)
from napari_motionfft.viewer.widgets.stack_fields import (
    chosen_frames,
    frame_range,
    offer_axes,
    offer_frames,
    time_axes,
)
from napari_motionfft.viewer.widgets.usual_fields import (
    DEVICES,
    axis_menu,
    device_menu,
    level_menu,
    more_button,
    spin,
    weight_menu,
)

WHOLE = "whole frame"
TRACK = (
    "The region is drawn around an object in the first frame, and goes along with it over whatever "
    "else there is: path and integrated image are those of the object."
)
NO_REGION = "Draw a region around the object first, and choose it."
TIME_UNITS = ("s", "ms", "min", "h")


class EstimateForm:
    """Fields that follow the viewer's layers; `asked` reads them.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    models
        With the fields of the model, which are those of one motion; else only their saved values
        are kept.

    Attributes
    ----------
    native
        The Qt widget that holds all fields; each field is an attribute too.
    models
        Those of the model.
    """

    def __init__(self, viewer: Any, models: bool = True) -> None:
        self._devices: list[tuple[str, str]] = list(DEVICES)
        self._usual_boundary: str | None = None  # while a layer says that it is periodic
        self.image = menu("image", "Image layer", lambda _: images(viewer), "The stack of frames.")
        self.region = menu(
            "region",
            "Region",
            lambda _: [(WHOLE, WHOLE), *shapes(viewer)],
            "Where to look: the whole frame, or the upright rectangle of a Shapes layer.",
        )
        self.draw = described(PushButton(name="draw", text="Draw region"), "")
        self.track = tick("track", "Follow the object", TRACK)
        self.frames = frame_range()
        self.models = ModelFields()
        self.max_speed = spin(
            "max_speed",
            "Search range",
            "auto",
            " px/frame",
            "Velocities up to this, along y and x each, are searched. "
            "auto picks it from the frame size and the number of frames.",
        )
        self.weight = weight_menu()
        self.background = menu(
            "background",
            "Background",
            [("none", "none"), ("static: take it out", "static")],
            "static takes a pattern that stands still (dirt, a mask) out of the search.",
        )
        self.device = device_menu(lambda _: self._devices)
        self.more = more_button()
        self.time_axis = axis_menu(self.axes)
        self.level = level_menu(self.levels)
        self.boundary = menu(
            "boundary",
            "Frame edges",
            [("crop: real frames", "crop"), ("periodic: content wraps", "periodic")],
            "periodic only where content that leaves comes in opposite: synthetic data.",
        )
        self.placing = menu(
            "placing",
            "Results",
            [("beside the stack", "beside"), ("over the stack", "over")],
            "Where the integrated image goes.",
        )
        self.interval = spin(
            "interval",
            "Frame interval",
            "from the layer",
            "",
            "Time from frame to frame, for velocities in physical units. They also need a "
            "layer with a pixel size in a unit of length.",
        )
        self.time_unit = menu("time_unit", "Time unit", TIME_UNITS, "Unit of the frame interval.")
        basic = [self.image, self.region, self.draw]
        basic += [self.track, self.frames, *self.models.basic] if models else [self.frames]
        basic += [self.max_speed, self.weight, self.background, self.device]
        further = [self.time_axis, self.level, self.boundary]
        further += self.models.further if models else []
        further += [self.placing, self.interval, self.time_unit]
        always, self._further = form(basic), form(further)
        self._further.setVisible(False)
        self.native = column([always, self.more, self._further])
        if models:
            self.models.placed_in(always)
        self.more.changed.connect(self.toggle)
        self.image.changed.connect(self.follow_layer)
        self.region.changed.connect(self.follow_boundary)
        self.region.changed.connect(self.follow_region)
        self.time_axis.changed.connect(self.follow_axis)
        choose_active(self.image, viewer)
        self.follow_layer()

    @property
    def unfolded(self) -> bool:
        """The further fields show."""
        return bool(self.more.text.startswith("▾"))

    def toggle(self) -> None:
        """Unfold or fold the further fields."""
        unfold = not self.unfolded
        self.more.text = "▾ Advanced" if unfold else "▸ Advanced"
        self.more.tooltip = "Hide these fields." if unfold else "Show more fields."
        self._further.setVisible(unfold)

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers."""
        renew(self.image)
        renew(self.region)
        self.follow_region()

    def follow_layer(self) -> None:
        """Offer the axes, levels and frames of the chosen layer."""
        layer = self.image.value
        offer_axes(self.time_axis, layer)
        self.level.reset_choices()
        self.follow_level()
        self.follow_axis()
        self.follow_region()
        self.follow_boundary()

    def follow_boundary(self) -> None:
        """Take the edges for periodic where the layer's metadata say so; a region is cropped."""
        about = getattr(self.image.value, "metadata", {}).get(BOUNDARY, "")
        periodic = str(about).startswith("periodic") and self.region.value == WHOLE
        usual = self._usual_boundary
        if periodic and usual is None:
            self._usual_boundary = self.boundary.value
            self.boundary.value = "periodic"
        elif not periodic and usual is not None:
            self._usual_boundary, self.boundary.value = None, usual

    def follow_region(self, *_: Any) -> None:
        """An object is followed only where a region says which."""
        whole = self.region.value in (None, WHOLE)
        set_enabled(self.track, NO_REGION if whole else None, TRACK)

    def axes(self, _: Any = None) -> list[tuple[str, int]]:
        """(name, axis) of every axis of the layer that may be time."""
        return time_axes(self.image.value)

    def levels(self, _: Any = None) -> list[tuple[str, int]]:
        """(name, level) of a multiscale layer."""
        layer = self.image.value
        names = [] if why_no_movie(layer) else level_of(layer)
        return [(name, level) for level, name in enumerate(names)]

    def follow_level(self) -> None:
        """Show the level where the layer has several."""
        show_row(self._further, self.level, bool(self.level.choices))

    def follow_axis(self) -> None:
        """Offer all frames along the chosen axis."""
        offer_frames(self.frames, self.image.value, self.time_axis.value)

    def offer_devices(self, choices: list[tuple[str, str]]) -> None:
        """Fill in the real devices, and keep the choice where it is still there."""
        self._devices = choices
        self.device.reset_choices()

    def show_preferences(self, preferences: Preferences) -> None:
        """Fill in what is saved; a value that does not exist here is left out."""
        for name, value in asdict(preferences).items():
            field = self._field(name)
            if field is self.boundary and self._usual_boundary is not None:
                self._usual_boundary = value
            elif value in getattr(field, "choices", (value,)):
                field.value = value

    def lasting(self) -> Preferences:
        """What is worth keeping for the next session: not what a layer chose by itself."""
        chosen = self.preferences()
        usual = self._usual_boundary
        return chosen if usual is None else replace(chosen, boundary=usual)

    def preferences(self) -> Preferences:
        """How to estimate now."""
        usual = asdict(Preferences()).items()
        return Preferences(**{name: type(v)(self._field(name).value) for name, v in usual})

    def _field(self, name: str) -> Any:
        """The field of a preference."""
        if name == "layout":
            return self.placing
        return getattr(self if hasattr(self, name) else self.models, name)

    def asked(self) -> Asked:
        """Read the fields."""
        interval = float(self.interval.value) or None
        return Asked(
            layer=self.image.value,
            region_layer=None if self.region.value == WHOLE else self.region.value,
            frames=chosen_frames(self.frames),
            time_axis=int(self.time_axis.value or 0),
            level=int(self.level.value or 0),
            interval=interval,
            time_unit=self.time_unit.value if interval else None,
            preferences=self.preferences(),
            track=bool(self.track.value) and self.region.value != WHOLE,
        )
