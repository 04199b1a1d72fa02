"""The fields that say how a motion may change in time; some show for one model only."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QWidget

from napari_motionfft.viewer.settings import SIZES
from napari_motionfft.viewer.widgets.parts import menu, show_row
from napari_motionfft.viewer.widgets.usual_fields import whole

MODELS = (
    ("velocity: constant", "velocity"),
    ("polynomial", "polynomial"),
    ("spline: smooth path", "spline"),
    ("free: frame by frame", "free"),
    ("auto: let the data choose", "auto"),
)
EFFORTS = (("Fast", "fast"), ("Balanced", "balanced"), ("Precise", "precise"))
FRAME_WEIGHTS = (
    ("none: all alike", "none"),
    ("geometric: early ones more", "geometric"),
    ("sharpness: sharp ones more", "sharpness"),
)
CANVASES = (("frame", "frame"), ("union: travelled field", "union"))


class ModelFields:
    """Model, preset, and the one size that the chosen model has.

    Attributes
    ----------
    model, effort, degree, knots, binning, frame_weights, canvas
        The fields.
    basic, further
        Those always in view, and those under Advanced.
    """

    def __init__(self) -> None:
        self.model = menu(
            "model",
            "Model",
            MODELS,
            "How the motion may change in time. velocity: one speed throughout. polynomial and "
            "spline: a smooth path. free: every frame on its own, for stages that shake. "
            "auto takes the one of the highest likelihood, at a price for each coefficient.",
        )
        self.effort = menu(
            "effort",
            "Preset",
            EFFORTS,
            "How finely the path is looked for. Fast looks at 128 rows, which saves time on large "
            "frames; Balanced at 256; Precise at 512, for fine detail among larger moving things.",
        )
        self.degree = whole(
            "degree",
            "Degree",
            "auto",
            "",
            "Degree of the polynomial: 1 is a constant velocity, 2 an acceleration. "
            "auto takes the one of the highest likelihood, at a price for each coefficient.",
        )
        self.knots = whole(
            "knots",
            "Intervals",
            "auto",
            "",
            "Intervals of the cubic spline: more of them follow faster changes, in more noise. "
            "auto takes the one of the highest likelihood, at a price for each coefficient.",
        )
        self.binning = whole(
            "binning",
            "Bin",
            "auto",
            " frames",
            "The path is straight between nodes so many frames apart: 1 leaves every frame "
            "free, more average over very noisy frames. auto chooses from the data.",
        )
        self.frame_weights = menu(
            "frame_weights",
            "Frame weights",
            FRAME_WEIGHTS,
            "What each frame counts in the estimate and in the integrated image.",
        )
        self.canvas = menu(
            "canvas",
            "Canvas",
            CANVASES,
            "What the integrated image covers: the frame, or everything that any frame has "
            "seen along the path.",
        )
        self.basic = [self.model, self.degree, self.knots, self.binning, self.effort]
        self.further = [self.frame_weights, self.canvas]
        self._box: QWidget | None = None
        self.model.changed.connect(self.follow_model)

    def placed_in(self, box: QWidget) -> None:
        """The form that holds the basic fields is there."""
        self._box = box
        self.follow_model()

    def follow_model(self, *_: Any) -> None:
        """Show the size of the chosen model, and hide the others'."""
        if self._box is None:
            return
        for model, name in SIZES.items():
            show_row(self._box, getattr(self, name), self.model.value == model)
