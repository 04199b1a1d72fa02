"""A Motion in a few lines of plain text, for a terminal."""

from __future__ import annotations

import math

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.wording import decimals
from napari_motionfft.viewer.path_report import events, half_rows, model_rows, typical_error
from napari_motionfft.viewer.wording import signed

STEADY = "the landscape's noise"
HELD_OUT = "noise: each half of the data along the path of the other"
"""What the score of a path is."""


def summary(motion: Motion) -> list[str]:
    """The motion and its error, score, whether to trust it, where it ran and how long."""
    steady = motion.model == "velocity"
    rows = [
        *model_rows(motion),
        *(velocity_rows(motion) if steady else path_rows(motion)),
        *events(motion, 0),
        ("score", f"{motion.score:.1f} standard deviations of {STEADY if steady else HELD_OUT}"),
        ("reliable", "yes" if motion.reliable else f"NO: {motion.reason}"),
        ("time", f"{motion.settings.get('seconds', math.nan):.1f} s on {motion.device}"),
        *(("note", note) for note in motion.notes),
    ]
    return [f"{name.lower():<11} {text}" for name, text in rows]


def velocity_rows(motion: Motion) -> list[tuple[str, str]]:
    """Of a constant velocity."""
    (y, x), (sy, sx) = motion.velocity, motion.velocity_stderr
    return [
        ("velocity y", f"{plus_minus(y, sy)} px/frame (positive = down)"),
        ("velocity x", f"{plus_minus(x, sx)} px/frame (positive = right)"),
        ("direction", f"{way(motion)}, {motion.speed:.4g} px/frame"),
    ]


def path_rows(motion: Motion) -> list[tuple[str, str]]:
    """Of a path: between what, typical error, how far apart two halves of the data say it is."""
    path = np.delete(motion.displacements, list(motion.excluded), axis=0)
    errors = typical_error(motion)
    known = np.isfinite(errors).all() and max(errors) > 0
    n = decimals(max(errors)) if known else 4
    rows = []
    for axis, (name, sense) in enumerate((("y", "down"), ("x", "right"))):
        low, high = (signed(float(end), n) for end in (path[:, axis].min(), path[:, axis].max()))
        rows.append((f"path {name}", f"{low} to {high} px (positive = {sense})"))
    told = f"typically ± ({errors[0]:.{n}f}, {errors[1]:.{n}f}) px a frame" if known else "unknown"
    return [*rows, ("error y, x", told), *half_rows(motion)]


def plus_minus(value: float, error: float) -> str:
    """Both to the digit where the error has its second figure: "0.2301 ± 0.0014"."""
    if not (math.isfinite(error) and error > 0):
        return f"{value:.4f} ± {'unknown' if math.isnan(error) else f'{error:g}'}"
    n = decimals(error)
    return f"{value:.{n}f} ± {error:.{n}f}"


def pair(motion: Motion) -> str:
    """The velocity, both parts to the same digit: "(-2.516 ± 0.012, 2.156 ± 0.007)"."""
    errors = [float(e) for e in motion.velocity_stderr]
    largest = max(errors, default=math.nan)
    if not (math.isfinite(largest) and largest > 0):
        parts = [plus_minus(v, e) for v, e in zip(motion.velocity, errors, strict=True)]
        return f"({', '.join(parts)})"
    n = decimals(largest)
    parts = [f"{v:.{n}f} ± {e:.{n}f}" for v, e in zip(motion.velocity, errors, strict=True)]
    return f"({', '.join(parts)})"


def way(motion: Motion) -> str:
    """E.g. "40° (0 = right, 90 = up)"; none where nothing moves beyond the error."""
    if not motion.speed > 0 or motion.speed < math.hypot(*motion.velocity_stderr):
        return "none: the speed is below its error"
    return f"{motion.direction:.1f}° (0 = right, 90 = up)"
