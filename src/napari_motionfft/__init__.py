"""Motion estimation in the Fourier domain, for napari and for scripts.

>>> import napari_motionfft as mf
>>> motion = mf.estimate_motion(stack)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "estimate_motion": "motion.estimate",
    "loss_landscape": "motion.estimate",
    "integrate": "motion.apply",
    "preview_motion": "motion.preview",
    "canvas_box": "motion.canvas",
    "frame_weights": "motion.frame_weights",
    "move_points": "motion.points",
    "import_shifts": "files.shifts_csv",
    "apply_motion": "motion.apply",
    "compare_objectives": "motion.objectives",
    "extract_strip": "motion.strips.extract",
    "estimate_strip_motion": "motion.strips.estimate",
    "strip_motions": "motion.strips.many",
    "find_oscillation": "motion.strips.oscillation",
    "Strip": "motion.strips.paths",
    "StripMotion": "motion.strips.result",
    "StripTable": "motion.strips.many",
    "Oscillation": "motion.strips.oscillation",
    "rectangle_strip": "motion.strips.paths",
    "save_strips": "files.strips_csv",
    "separate_motions": "motion.several.separate",
    "Motions": "motion.several.result",
    "touch_landscape": "motion.touch",
    "find_movers": "motion.faint.find",
    "Movers": "motion.faint.result",
    "Mover": "motion.faint.result",
    "save_movers": "files.movers_csv",
    "Touch": "motion.touching.touched",
    "Motion": "motion.result",
    "Landscape": "motion.result",
    "MotionSeries": "motion.result",
    "Candidate": "motion.result",
    "Cancelled": "motion.errors",
    "MotionError": "motion.errors",
    "save_motion": "files.tables",
    "load_motion": "files.tables",
    "read_stack": "files.stacks",
}

__all__ = [
    "Cancelled",
    "Candidate",
    "Landscape",
    "Motion",
    "MotionError",
    "MotionSeries",
    "Motions",
    "Mover",
    "Movers",
    "Oscillation",
    "Strip",
    "StripMotion",
    "StripTable",
    "Touch",
    "__version__",
    "apply_motion",
    "canvas_box",
    "compare_objectives",
    "estimate_motion",
    "estimate_strip_motion",
    "extract_strip",
    "find_movers",
    "find_oscillation",
    "frame_weights",
    "import_shifts",
    "integrate",
    "load_motion",
    "loss_landscape",
    "move_points",
    "objectives",
    "preview_motion",
    "read_stack",
    "rectangle_strip",
    "save_motion",
    "save_movers",
    "save_strips",
    "separate_motions",
    "strip_motions",
    "touch_landscape",
]

if TYPE_CHECKING:
    from napari_motionfft.files.movers_csv import save_movers
    from napari_motionfft.files.shifts_csv import import_shifts
    from napari_motionfft.files.stacks import read_stack
    from napari_motionfft.files.strips_csv import save_strips
    from napari_motionfft.files.tables import load_motion, save_motion
    from napari_motionfft.motion import objectives
    from napari_motionfft.motion.apply import apply_motion, integrate
    from napari_motionfft.motion.canvas import canvas_box
    from napari_motionfft.motion.errors import Cancelled, MotionError
    from napari_motionfft.motion.estimate import estimate_motion, loss_landscape
    from napari_motionfft.motion.faint.find import find_movers
    from napari_motionfft.motion.faint.result import Mover, Movers
    from napari_motionfft.motion.frame_weights import frame_weights
    from napari_motionfft.motion.objectives import compare_objectives
    from napari_motionfft.motion.points import move_points
    from napari_motionfft.motion.preview import preview_motion
    from napari_motionfft.motion.result import Candidate, Landscape, Motion, MotionSeries
    from napari_motionfft.motion.several.result import Motions
    from napari_motionfft.motion.several.separate import separate_motions
    from napari_motionfft.motion.strips.estimate import estimate_strip_motion
    from napari_motionfft.motion.strips.extract import extract_strip
    from napari_motionfft.motion.strips.many import StripTable, strip_motions
    from napari_motionfft.motion.strips.oscillation import Oscillation, find_oscillation
    from napari_motionfft.motion.strips.paths import Strip, rectangle_strip
    from napari_motionfft.motion.strips.result import StripMotion
    from napari_motionfft.motion.touch import touch_landscape
    from napari_motionfft.motion.touching.touched import Touch


def __getattr__(name: str) -> Any:
    # lazily: torch takes a second to import, and napari's menus import this package
    if name == "objectives":  # a package of its own: mf.objectives.fourier_variance, …
        return importlib.import_module(f"{__name__}.motion.objectives")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
