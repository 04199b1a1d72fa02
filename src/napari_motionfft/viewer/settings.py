"""What the widget starts with: the plugin's own page of napari's preferences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

PLUGIN = "napari-motionfft"

SIZES = {"polynomial": "degree", "spline": "knots", "free": "binning"}
"""Model → the one number that says how finely it follows changes; the others have none."""


@dataclass(frozen=True)
class Preferences:
    """The choices that outlast a session: how to estimate, not on what.

    Attributes
    ----------
    max_speed
        Search range in px/frame; 0 picks one.
    weight, background, boundary, device, model, effort, frame_weights, canvas
        As `estimate_motion` takes them.
    degree, knots, binning
        Size of the polynomial, the spline, the free path; 0 lets the data choose.
    layout
        Where the results go: "beside" the stack or "over" it.
    """

    max_speed: float = 0.0
    weight: str = "auto"
    background: str = "none"
    boundary: str = "crop"
    device: str = "auto"
    layout: str = "beside"
    model: str = "velocity"
    effort: str = "balanced"
    degree: int = 0
    knots: int = 0
    binning: int = 0
    frame_weights: str = "none"
    canvas: str = "frame"


def stored() -> Any:
    """The evented model that napari saves, or None when napari does not know the plugin."""
    from napari.settings import get_plugin_settings

    try:
        return get_plugin_settings(PLUGIN).estimate
    except KeyError:  # used as a library, or the plugin is switched off
        return None


def read() -> Preferences:
    """The saved preferences, or the defaults."""
    model = stored()
    if model is None:
        return Preferences()
    return Preferences(**{field.name: getattr(model, field.name) for field in fields(Preferences)})


def write(preferences: Preferences) -> None:
    """Save what differs; napari writes its file."""
    model = stored()
    if model is None:
        return
    for name, value in asdict(preferences).items():
        if getattr(model, name) != value:
            setattr(model, name, value)


def follow(changed: Callable[..., None]) -> None:
    """Call a method whenever a preference changes; napari holds it weakly."""
    model = stored()
    if model is not None:
        model.events.connect(changed)
