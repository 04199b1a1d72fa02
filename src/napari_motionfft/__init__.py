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
    "apply_motion": "motion.apply",
    "compare_objectives": "motion.objectives",
    "Motion": "motion.result",
    "Landscape": "motion.result",
    "Cancelled": "motion.errors",
    "MotionError": "motion.errors",
    "save_motion": "files.tables",
    "load_motion": "files.tables",
}

__all__ = [
    "Cancelled",
    "Landscape",
    "Motion",
    "MotionError",
    "__version__",
    "apply_motion",
    "compare_objectives",
    "estimate_motion",
    "integrate",
    "load_motion",
    "loss_landscape",
    "objectives",
    "save_motion",
]

if TYPE_CHECKING:
    from napari_motionfft.files.tables import load_motion, save_motion
    from napari_motionfft.motion import objectives
    from napari_motionfft.motion.apply import apply_motion, integrate
    from napari_motionfft.motion.errors import Cancelled, MotionError
    from napari_motionfft.motion.estimate import estimate_motion, loss_landscape
    from napari_motionfft.motion.objectives import compare_objectives
    from napari_motionfft.motion.result import Landscape, Motion


def __getattr__(name: str) -> Any:
    # lazily: torch takes a second to import, and napari's menus import this package
    if name == "objectives":  # a package of its own: mf.objectives.fourier_variance, …
        return importlib.import_module(f"{__name__}.motion.objectives")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
