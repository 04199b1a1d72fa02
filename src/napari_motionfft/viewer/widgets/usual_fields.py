"""Fields that several forms have alike, and their choices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from magicgui.widgets import FloatSpinBox, PushButton

from napari_motionfft.viewer.widgets.parts import described, menu

WEIGHTS = ("auto", "flat", "bilinear", "lanczos", "gaussian", "fejer", "phat", "wiener")
DEVICES = (("auto", "auto"), ("CPU", "cpu"))
"""Until torch is loaded and the real names are known."""

Choices = Callable[[Any], Any]


def device_menu(choices: Choices) -> Any:
    """Where to compute."""
    tip = "Where to compute. auto takes a GPU when there is one."
    return menu("device", "Device", choices, tip)


def weight_menu() -> Any:
    """Spectral weight."""
    tip = "What each spatial frequency counts. auto measures it from the data."
    return menu("weight", "Weight", WEIGHTS, tip)


def axis_menu(choices: Choices) -> Any:
    """Which axis of the layer is time."""
    tip = "The axis that is time; others stay at the slider."
    return menu("time_axis", "Time axis", choices, tip)


def level_menu(choices: Choices) -> Any:
    """Level of a multiscale layer."""
    return menu("level", "Level", choices, "Level of a multiscale image; 0 is the finest.")


def more_button() -> Any:
    """Shows and hides the further fields."""
    return described(PushButton(name="more", text="▸ Advanced"), "Show more fields.")


def spin(name: str, label: str, at_zero: str, suffix: str, tooltip: str) -> Any:
    """A number that means "choose for me" at 0."""
    box = described(FloatSpinBox(name=name, label=label, min=0, max=1e6, step=0.5), tooltip)
    box.native.setDecimals(3)
    box.native.setSpecialValueText(at_zero)
    box.native.setSuffix(suffix)
    return box


def whole(name: str, label: str, at_zero: str, suffix: str, tooltip: str) -> Any:
    """A whole number that means "choose for me" at 0."""
    box = spin(name, label, at_zero, suffix, tooltip)
    box.step = 1
    box.native.setDecimals(0)
    return box
