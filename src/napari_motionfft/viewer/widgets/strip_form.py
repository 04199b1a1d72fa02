"""The fields of Strip motion, and what they say as plain data."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton

from napari_motionfft.viewer.source import level_data, level_of
from napari_motionfft.viewer.strip_run import COLUMNS, MOVIE, ROWS, StripAsked, usual_window
from napari_motionfft.viewer.strip_units import Known, known_sizes
from napari_motionfft.viewer.widgets.form import TIME_UNITS
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
)
from napari_motionfft.viewer.widgets.stack_fields import (
    chosen_frames,
    frame_range,
    offer_axes,
    offer_count,
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
    whole,
)

KINDS = (
    ("movie: draw strips on it", MOVIE),
    ("line scan: rows are time", ROWS),
    ("line scan: columns are time", COLUMNS),
)
LENGTH_UNITS = ("µm", "nm", "mm", "cm", "m", "km")


class StripForm:
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
        self.image = menu("image", "Image layer", lambda _: images(viewer), "What moves.")
        self.kind = menu("kind", "It is a", self.kinds, KIND)
        self.strips = menu("strips", "Strips", lambda _: shapes(viewer), STRIPS)
        self.draw = described(PushButton(name="draw", text="Draw strip"), "")
        self.width = spin("width", "Width", "", " px", WIDTH)
        self.width.min = 1
        self.width.native.setDecimals(1)
        self.frames = frame_range()
        self.window = whole("window", "Window", "all frames", " frames", WINDOW)
        self.hop = whole("hop", "Every", "half a window", " frames", HOP)
        self.max_speed = spin("max_speed", "Search range", "auto", " px/frame", MAX_SPEED)
        self.background = menu(
            "background",
            "Background",
            [("static: take it out", "static"), ("none", "none")],
            "static takes what stands still out of the search: vessel walls, stuck particles.",
        )
        self.interval = spin("interval", "Frame interval", "", "", INTERVAL)
        self.time_unit = menu("time_unit", "Time unit", TIME_UNITS, "Unit of the frame interval.")
        self.pixel = spin("pixel", "Pixel size", "", "", PIXEL)
        self.length_unit = menu(
            "length_unit", "Length unit", LENGTH_UNITS, "Unit of the pixel size."
        )
        self.device = device_menu(lambda _: self._devices)
        self.more = more_button()
        self.time_axis = axis_menu(self.axes)
        self.level = level_menu(self.levels)
        self.weight = weight_menu()
        self.reduce = menu(
            "reduce", "Across the strip", ["mean", "max"], "What becomes of the px across a strip."
        )
        self.interpolation = menu(
            "interpolation", "Interpolation", ["linear", "cubic", "nearest"], "Between pixels."
        )
        self._basic = form(
            [
                self.image,
                self.kind,
                self.strips,
                self.draw,
                self.width,
                self.frames,
                self.window,
                self.hop,
                self.max_speed,
                self.background,
                beside("time_step", "Frame interval", self.interval, self.time_unit),
                beside("pixel_step", "Pixel size", self.pixel, self.length_unit),
                self.device,
            ]
        )
        self._further = form(
            [self.time_axis, self.level, self.weight, self.reduce, self.interpolation]
        )
        self._further.setVisible(False)
        self.native = column([self._basic, self.more, self._further])
        self._connect()
        choose_active(self.image, viewer)
        self.follow_layer()

    def _connect(self) -> None:
        self.more.changed.connect(self.toggle)
        self.image.changed.connect(self.follow_layer)
        self.kind.changed.connect(self.follow_kind)
        self.time_axis.changed.connect(self.follow_axis)
        self.window.changed.connect(self.follow_window)
        self.interval.changed.connect(self._show_units)
        self.pixel.changed.connect(self._show_units)

    @property
    def is_movie(self) -> bool:
        """Strips are cut from a movie."""
        return bool(self.kind.value == MOVIE)

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
        renew(self.strips)

    def kinds(self, _: Any = None) -> list[tuple[str, str]]:
        """What the layer can be: a 2-D one is no movie."""
        layer = self.image.value
        return list(KINDS if layer is None or layer.ndim > 2 else KINDS[1:])

    def axes(self, _: Any = None) -> list[tuple[str, int]]:
        """(name, axis) of every axis of the movie that may be time."""
        return time_axes(self.image.value)

    def levels(self, _: Any = None) -> list[tuple[str, int]]:
        """(name, level) of a multiscale movie."""
        layer = self.image.value
        names = [] if layer is None or layer.ndim < 3 else level_of(layer)
        return [(name, level) for level, name in enumerate(names)]

    def follow_layer(self) -> None:
        """Offer what the chosen layer can be, its axes, levels and frames."""
        layer = self.image.value
        with self.kind.changed.blocked():
            self.kind.reset_choices()
            if layer is not None:
                self.kind.value = ROWS if layer.ndim < 3 else MOVIE
        offer_axes(self.time_axis, layer)
        self.level.reset_choices()
        self.follow_kind()

    def follow_kind(self) -> None:
        """Show the fields that a movie, or a line scan, has."""
        movie = self.is_movie
        for field in (self.strips, self.width):
            show_row(self._basic, field, movie)
        self.draw.native.setVisible(movie)
        for field in (self.time_axis, self.reduce, self.interpolation):
            show_row(self._further, field, movie)
        show_row(self._further, self.level, movie and bool(self.level.choices))
        self.follow_axis()

    def follow_axis(self) -> None:
        """Offer all frames along the axis of time, and say what the layer's units are."""
        axis, layer = self.layer_axis(), self.image.value
        count = 2 if axis is None else max(int(level_data(layer, 0).shape[axis]), 1)
        offer_count(self.frames, count)
        self.window.value = usual_window(count)
        self.follow_window()
        known = Known() if axis is None else known_sizes(layer, axis, self.is_movie)
        self.interval.native.setSpecialValueText(known.interval_text)
        self.pixel.native.setSpecialValueText(known.pixel_text)
        self._show_units()

    def follow_window(self, *_: Any) -> None:
        """With all frames in one window there is no next one."""
        self.hop.enabled = self.window.value > 0

    def layer_axis(self) -> int | None:
        """Axis of the layer that is time; None without a layer."""
        layer = self.image.value
        if layer is None:
            return None
        if self.is_movie:
            return int(self.time_axis.value or 0)
        return int(layer.ndim) - (2 if self.kind.value == ROWS else 1)

    def offer_devices(self, choices: list[tuple[str, str]]) -> None:
        """Fill in the real devices, and keep the choice where it is still there."""
        self._devices = choices
        self.device.reset_choices()

    def asked(self) -> StripAsked:
        """Read the fields."""
        return StripAsked(
            layer=self.image.value,
            kind=self.kind.value or MOVIE,
            strips_layer=self.strips.value if self.is_movie else None,
            frames=chosen_frames(self.frames),
            time_axis=int(self.time_axis.value or 0),
            level=int(self.level.value or 0),
            width=float(self.width.value),
            reduce=self.reduce.value,
            interpolation=self.interpolation.value,
            interval=float(self.interval.value) or None,
            time_unit=self.time_unit.value,
            pixel=float(self.pixel.value) or None,
            length_unit=self.length_unit.value,
            estimate={
                "window": int(self.window.value) or None,
                "hop": int(self.hop.value) or None if self.window.value else None,
                "max_speed": float(self.max_speed.value) or None,
                "weight": self.weight.value,
                "background": self.background.value,
                "device": self.device.value,
            },
        )

    def _show_units(self, *_: Any) -> None:
        """A unit counts only with a number: what the layer says has its own."""
        self.time_unit.native.setVisible(self.interval.value > 0)
        self.length_unit.native.setVisible(self.pixel.value > 0)


def beside(name: str, label: str, number: Any, unit: Any) -> Any:
    """A number and its unit on one row."""
    row = Container(name=name, label=label, layout="horizontal", labels=False)
    row.extend([number, unit])
    row.margins = (0, 0, 0, 0)
    unit.native.setMinimumContentsLength(3)
    return described(row, number.tooltip)


KIND = "A movie to draw strips on, or an image of one line over time (a kymograph)."
STRIPS = "Shapes layer with lines, paths or rectangles (along the longer side), at any angle."
WIDTH = "The image is averaged over so many px across a line or path; rectangles have their own."
WINDOW = "Frames that one velocity, their mean, is estimated from: more are surer, fewer show "
WINDOW += "faster changes."
HOP = "Frames from one window to the next."
MAX_SPEED = "Velocities up to this, both ways, are searched. auto picks it from the strip's length."
INTERVAL = "Time from frame to frame (line to line), for velocities in physical units."
PIXEL = "Length of a px along the strip, for velocities in physical units."
