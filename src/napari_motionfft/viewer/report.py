"""Motion and Source → what the result panel says, and the call that repeats it; no Qt."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.wording import decimals
from napari_motionfft.viewer.path_report import changing, half_rows, model_rows, path_rows
from napari_motionfft.viewer.runs import doubtful
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.units import physical
from napari_motionfft.viewer.wording import measured, signed

WAYS = ("right", "up-right", "up", "up-left", "left", "down-left", "down", "down-right")
ARROWS = "→↗↑↖←↙↓↘"

PREVIEW = "Preview: press Run for the whole"

UNSTEADY = "Frames depart from constant velocity"
"""Begins the estimator's note."""
TRY = "Model free or auto follows motion that is not constant."

ZERO_WIDTH = "\u200b"
"""A space that is not seen, where a line may end."""
NO_BREAK = "\u00a0"
TOGETHER = re.compile(r"(?<=[\d)]) (?=px|σ|s$|µm|km)")
"""The space between a number and its unit: no line ends there."""

GOOD = ("#1b6e35", "#ffffff")
DOUBTFUL = ("#f2b01e", "#1a1a1a")
FAILED = ("#b3261e", "#ffffff")
QUICK = ("#3d5a99", "#ffffff")
"""Background and text of a badge: each pair reads on light and dark themes alike."""


@dataclass(frozen=True)
class Report:
    """What there is to say about one run.

    Attributes
    ----------
    reliable, verdict
        Whether the data support the estimate, and one sentence on it.
    rows
        (name, value) pairs, in the order to read them.
    notes
        What the user should know about data and run.
    preview
        The run was a quick one.
    known
        Whether it is known if the data support it: a table does not tell.
    """

    reliable: bool
    verdict: str
    rows: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    preview: bool = False
    known: bool = True


def report_of(
    motion: Motion,
    source: Source,
    interval: float | None = None,
    time_unit: str | None = None,
    preview: bool = False,
) -> Report:
    """Put a result into words.

    Parameters
    ----------
    motion, source
        A result and what it was estimated on.
    interval, time_unit
        Time from frame to frame as the user gave it; None takes the layer's own, if any.
    preview
        The run was a quick one.

    Returns
    -------
    Report
    """
    notes = list(source.notes)
    if interval is not None and source.unit is None:
        notes.append(f"No µm/{time_unit}: the layer has no length unit.")
    step, unit = physical(source, interval, time_unit) or (None, None)
    varies = changing(motion)
    rows = model_rows(motion)
    rows += path_rows(motion, source) if varies else []
    for axis, name in enumerate(("Velocity y", "Velocity x")):
        value, error = motion.velocity[axis], motion.velocity_stderr[axis]
        rows.append(
            (f"Mean {name.lower()}" if varies else name, f"{measured(value, error)} px/frame")
        )
        if step is not None:
            rows.append(("", f"{measured(value * step[axis], error * step[axis])} {unit}"))
    rows.append(("Speed", f"{measured(*speed(motion))} px/frame"))
    if step is not None:
        rows.append(("", f"{measured(*speed(motion, step))} {unit}"))
    rows.append(("Direction", direction(motion, source.pixel_size)))
    if math.isfinite(motion.score):
        rows.append(score_row(motion))
    halves = half_rows(motion) if varies else []
    if not halves and np.isfinite(motion.split_half).all():
        y, x = (signed(part, 4) for part in motion.split_half)
        halves = [("Split half", f"even − odd ({y}, {x}) px/frame")]
    rows += halves
    rows.append(("Data", data_line(motion, source)))
    seconds = motion.settings.get("seconds")
    if motion.device:
        took = f", {seconds:.1f} s" if seconds is not None else ""
        rows.append(("Ran on", motion.device + took))
    verdict = "Reliable" if motion.reliable else f"Not reliable: {motion.reason}"
    known = motion.reliable or doubtful(motion)
    verdict = verdict if known else motion.reason
    if preview:
        verdict = f"{PREVIEW}. {verdict}"
    notes += motion.notes
    asked = motion.settings.get("model") == "velocity"  # not chosen among others
    if asked and any(note.startswith(UNSTEADY) for note in notes):
        notes.append(TRY)
    return Report(motion.reliable, verdict, tuple(rows), tuple(notes), preview, known)


def speed(motion: Motion, step: Any = (1.0, 1.0)) -> tuple[float, float]:
    """Speed and its standard error, with `step` (y, x) times px/frame as the unit."""
    scale = np.asarray(step, dtype=np.float64)
    velocity = np.asarray(motion.velocity) * scale
    covariance = np.asarray(motion.velocity_covariance) * np.outer(scale, scale)
    length = float(np.hypot(*velocity))
    if length == 0:
        return 0.0, float(np.sqrt(np.trace(covariance) / 2))
    along = velocity / length
    return length, float(max(float(along @ covariance @ along), 0.0) ** 0.5)


def direction(motion: Motion, pixel_size: tuple[float, float]) -> str:
    """ "39.5° ± 0.4° ↗ up-right" on the image; 0° is right, 90° is up, 180° is left."""
    scale = np.asarray(pixel_size, dtype=np.float64)
    velocity = np.asarray(motion.velocity) * scale
    covariance = np.asarray(motion.velocity_covariance) * np.outer(scale, scale)
    length, along = speed(motion, scale)
    if not length > 2 * along:
        return "not determined: the speed is within its error of 0"
    y, x = velocity / length
    across = np.array([x, -y])
    spread = math.degrees(max(float(across @ covariance @ across), 0.0) ** 0.5 / length)
    digits = 1 if not 0 < spread < 0.1 else decimals(spread)
    angle = round(math.degrees(math.atan2(-y, x)), digits)
    angle = 180.0 if angle == -180 else angle
    way = round(angle / 45) % 8
    error = f" ± {spread:.{digits}f}°" if math.isfinite(spread) and spread > 0 else ""
    return f"{signed(angle, digits)}°{error} {ARROWS[way]} {WAYS[way]}"


def score_row(motion: Motion) -> tuple[str, str]:
    """What the score is depends on the model."""
    if motion.model == "velocity":
        return "Peak", f"{motion.score:.1f} σ above the landscape's noise"
    return "Agreement", f"{motion.score:.1f} σ between two halves of the data"


def data_line(motion: Motion, source: Source) -> str:
    """Layer, frames and region in words."""
    count = len(motion.displacements)
    (y0, y1), (x0, x1) = motion.region
    frames = f"frames {source.first_frame}–{source.first_frame + count - 1}"
    what = "object at " if motion.settings.get("track") else ""
    where = f", {what}y {y0}–{y1 - 1}, x {x0}–{x1 - 1}"
    where = where if source.region is not None else ", whole frame"
    return f"{source.name}, {frames}{where if y0 < y1 and x0 < x1 else ''}"


def as_text(report: Report) -> str:
    """The report as plain lines."""
    lines = [report.verdict, *(f"{name + ':' if name else '':16}{v}" for name, v in report.rows)]
    return "\n".join([*lines, *report.notes])


def wrapping(text: str, longest: int = 20) -> str:
    """Escaped for rich text; a long word may break anywhere: layer names and paths are words."""
    words = (
        ZERO_WIDTH.join(word) if len(word) > longest else word for word in re.split(r"(\s+)", text)
    )
    return html.escape("".join(words))


def badge(text: str, colours: tuple[str, str]) -> str:
    """Text on its own background, as rich text that fills the width."""
    background, ink = colours
    return (
        f'<table width="100%" cellpadding="5" bgcolor="{background}"><tr><td>'
        f'<font color="{ink}"><b>{wrapping(text)}</b></font></td></tr></table>'
    )


def as_html(report: Report) -> str:
    """The report as rich text: the verdict on colour, then a table that wraps."""
    cells = "".join(
        f'<tr><td style="padding-right: 8px; white-space: nowrap;">{html.escape(name)}</td>'
        f"<td>{wrapping(TOGETHER.sub(NO_BREAK, value))}</td></tr>"
        for name, value in report.rows
    )
    doubted = report.known and not report.reliable
    good = GOOD if report.known and not report.preview else QUICK
    parts = [badge(report.verdict, DOUBTFUL if doubted else good)]
    if doubted:
        parts.append("<p><i>The best guess, which the data do not support:</i></p>")
    parts.append(f'<table cellspacing="0" cellpadding="1">{cells}</table>')
    parts += [f"<p>{wrapping(note)}</p>" for note in report.notes]
    return "".join(parts)
