"""The fields of Find faint movers, and what they say as plain data."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import FloatSpinBox, PushButton

from napari_motionfft.viewer.movers_run import MoversAsked
from napari_motionfft.viewer.source import level_of
from napari_motionfft.viewer.widgets.form import WHOLE
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
)


class MoversForm:
    """Fields that follow the viewer's layers; `asked` reads them.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    native
        The Qt widget that holds all fields; each field is an attribute too.
    """

    def __init__(self, viewer: Any) -> None:
        self._devices: list[tuple[str, str]] = list(DEVICES)
        self.image = menu("image", "Image layer", lambda _: images(viewer), "The stack of frames.")
        self.region = menu("region", "Region", lambda _: [(WHOLE, WHOLE), *shapes(viewer)], REGION)
        self.draw = described(PushButton(name="draw", text="Draw region"), "")
        self.frames = frame_range()
        self.max_speed = spin("max_speed", "Fastest", "auto", " px/frame", MAX_SPEED)
        self.min_speed = spin("min_speed", "Slowest", "auto", " px/frame", MIN_SPEED)
        self.size = spin("size", "Object size", "auto: 2 to 10 px", " px", SIZE)
        self.false_alarm = described(
            FloatSpinBox(name="false_alarm", label="False alarm", min=0.01, max=90, value=5),
            FALSE_ALARM,
        )
        self.false_alarm.native.setSuffix(" %")
        self.device = device_menu(lambda _: self._devices)
        self.more = more_button()
        self.time_axis = axis_menu(lambda _: time_axes(self.image.value))
        self.level = level_menu(self.levels)
        self.background = menu(
            "background",
            "Background",
            [("static: take it out", "static"), ("none", "none")],
            "static takes out what stands still: stars, dirt, an uneven field.",
        )
        self.landscapes = tick("landscapes", "Show landscapes", LANDSCAPES)
        basic = [self.image, self.region, self.draw, self.frames, self.max_speed]
        basic += [self.size, self.false_alarm, self.device]
        further = [self.time_axis, self.level, self.min_speed, self.background, self.landscapes]
        self._further = form(further)
        self._further.setVisible(False)
        self.native = column([form(basic), self.more, self._further])
        self.more.changed.connect(self.toggle)
        self.image.changed.connect(self.follow_layer)
        self.time_axis.changed.connect(self.follow_axis)
        choose_active(self.image, viewer)
        self.follow_layer()

    def toggle(self) -> None:
        """Unfold or fold the further fields."""
        unfold = self.more.text.startswith("▸")
        self.more.text = "▾ Advanced" if unfold else "▸ Advanced"
        self.more.tooltip = "Hide these fields." if unfold else "Show more fields."
        self._further.setVisible(unfold)

    def reset_choices(self, *_: Any) -> None:
        """Follow the viewer's layers."""
        renew(self.image)
        renew(self.region)

    def follow_layer(self, *_: Any) -> None:
        """Offer the axes, levels and frames of the chosen layer."""
        offer_axes(self.time_axis, self.image.value)
        self.level.reset_choices()
        show_row(self._further, self.level, bool(self.level.choices))
        self.follow_axis()

    def follow_axis(self, *_: Any) -> None:
        """Offer all frames along the chosen axis."""
        offer_frames(self.frames, self.image.value, self.time_axis.value)

    def levels(self, _: Any = None) -> list[tuple[str, int]]:
        """(name, level) of a multiscale layer."""
        layer = self.image.value
        names = [] if why_no_movie(layer) else level_of(layer)
        return [(name, level) for level, name in enumerate(names)]

    def offer_devices(self, choices: list[tuple[str, str]]) -> None:
        """Fill in the real devices, and keep the choice where it is still there."""
        self._devices = choices
        self.device.reset_choices()

    def asked(self) -> MoversAsked:
        """Read the fields."""
        return MoversAsked(
            layer=self.image.value,
            region_layer=None if self.region.value == WHOLE else self.region.value,
            frames=chosen_frames(self.frames),
            time_axis=int(self.time_axis.value or 0),
            level=int(self.level.value or 0),
            search={
                "max_speed": float(self.max_speed.value) or None,
                "min_speed": float(self.min_speed.value) or None,
                "size": float(self.size.value) or "auto",
                "background": self.background.value,
                "false_alarm": float(self.false_alarm.value) / 100,
                "device": self.device.value,
            },
            landscapes=bool(self.landscapes.value),
        )


REGION = "Where to look: the whole frame, or the upright rectangle of a Shapes layer."
MAX_SPEED = "Velocities up to this, along y and x each, are searched; the time grows with its "
MAX_SPEED += "square. auto is half the shorter side in all frames."
MIN_SPEED = "Slower objects are left out. auto is two widths of the object in all frames: slower "
MIN_SPEED += "ones are taken out with what stands still."
SIZE = "Full width at half maximum of the objects. auto tries 2.5, 4.5 and 8 px."
FALSE_ALARM = "How often noise alone may make an entry in the list."
LANDSCAPES = "Add a hidden layer: for each tile of 64 px, the highest score at every velocity."
