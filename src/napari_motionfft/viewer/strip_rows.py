"""The table of a run on strips: its columns, and the text of every cell; no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.wording import decimals
from napari_motionfft.viewer.strip_peaks import others_of
from napari_motionfft.viewer.strip_reasons import NO, in_short
from napari_motionfft.viewer.wording import measured, signed

if TYPE_CHECKING:
    from napari_motionfft.motion.strips.result import StripMotion
    from napari_motionfft.viewer.strip_layers import Table

RELIABLE = "yes"
HEADINGS = ("strip", "time", "velocity", "± error", "score", "reliable", "other motions")
TIPS = {
    "strip": "The strip, in the colour of its curve.",
    "time": "The middle of the window.",
    "velocity": "The strongest motion along the strip, its mean over the window; positive runs "
    "towards the end of the strip.",
    "± error": "Standard error of the velocity.",
    "score": "Height of the peak in standard deviations of the noise.",
    "reliable": "Whether the data support the velocity; if not, why: hover over a cell.",
    "other motions": "Further motions that stand out in the same window, such as opposite flow.",
}
"""What each column is, for its tooltip."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Where each row of the table comes from; texts are made when they are shown.

    Attributes
    ----------
    table
        The result.
    strips, windows
        (R,) index of the strip and of its window, row by row.
    """

    table: Table
    strips: NDArray[np.int64]
    windows: NDArray[np.int64]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns; further motions only where there are any."""
        several = any(len(peaks) > 1 for strip in self.table.strips for peaks in strip.peaks)
        return HEADINGS if several else HEADINGS[:-1]

    def heading(self, column: str) -> str:
        """Name over unit."""
        first = self.table.strips[0]
        speeds = {strip.velocity_unit for strip in self.table.strips}
        speed = speeds.pop() if len(speeds) == 1 else ""
        unit = {
            "time": "frame" if first.dt is None else first.time_unit,
            "velocity": speed,
            "± error": speed,
            "score": "σ",
        }.get(column, "")
        return f"{column}\n{unit}"

    def text(self, row: int, column: str) -> str:
        """What a cell says."""
        index, window = int(self.strips[row]), int(self.windows[row])
        strip = self.table.strips[index]
        if column == "strip":
            return str(self.table.names[index])
        if column == "reliable":
            sure = strip.reliable[window]
            return RELIABLE if sure else f"{NO}: {in_short(strip.reasons[window])}"
        if column == "time":
            return signed(float(strip.times[window]), time_digits(strip))
        if column == "score":
            return signed(float(strip.score[window]), 1)
        if column == "other motions":
            return others(strip, window)
        value = float(strip.physical_velocities[window])
        error = float(abs(strip.physical_stderr[window]))
        return pair(value, error)[column == "± error"]

    def tip(self, row: int, column: str) -> str:
        """What hovering over a cell tells: the whole reason, or what the cell says."""
        reason = self.table.strips[int(self.strips[row])].reasons[int(self.windows[row])]
        return reason if column == "reliable" and reason else self.text(row, column)

    def time(self, row: int) -> float:
        """Middle of a row's window, in the unit of the time column."""
        return float(self.table.strips[int(self.strips[row])].times[int(self.windows[row])])


def rows_of(table: Table) -> Rows:
    """One row a strip and window, strip by strip."""
    counts = [len(strip.velocities) for strip in table.strips]
    return Rows(
        table,
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate([np.arange(count) for count in counts]),
    )


def pair(value: float, error: float) -> tuple[str, str]:
    """A velocity and its error, to the same place."""
    if not math.isfinite(value):
        return "unknown", "–"
    if not (math.isfinite(error) and error > 0):
        return signed(value, 4), "unknown"
    digits = decimals(error)
    return signed(value, digits), f"{error:.{digits}f}"


def time_digits(strip: StripMotion) -> int:
    """Figures after the point: as many as all times have, or as tell windows apart."""
    times = strip.times
    apart = float(np.diff(times).min()) if len(times) > 1 else float(strip.dt or 1.0)
    most = decimals(max(abs(apart), 1e-8) / 10)
    for digits in range(most):
        if np.abs(np.round(times, digits) - times).max() < 1e-6 * apart:
            return digits
    return most


def others(strip: StripMotion, window: int) -> str:
    """ "−0.80 ± 0.01, …": the peaks of a window besides the one in its velocity column."""
    unit = strip.unit_speed
    rest = [
        measured(peak.velocity * unit, abs(peak.stderr * unit)) for peak in others_of(strip, window)
    ]
    return ", ".join(rest)
