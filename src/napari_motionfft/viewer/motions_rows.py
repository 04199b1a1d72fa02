"""The table of a separation: a row a motion, then what stands still, and what is left; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_motionfft.viewer.motions_colours import STILL, motion_colour
from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.wording import measured, signed

if TYPE_CHECKING:
    from napari_motionfft.motion.several.result import Motions

TIPS = {
    "motion": "Its colour here, on the stack and on the landscape. Tick to show, untick to hide; "
    "click the row for its own image.",
    "velocity": "± its standard error. y: positive is down; x: positive is right.",
    "score": "Height of the peak in standard deviations of the noise.",
    "share": "Of the variance of the frames, what its layer explains.",
    "physical": "The velocity by the size of a pixel and the time from frame to frame.",
}
"""What each column is, for its tooltip."""

REST = "What no layer explains: noise, and what changes."
STANDS = "What stands still in all frames."
DOUBT = " ?"
"""Follows the number of a motion that the data do not support."""
DOUBTFUL = "? is not reliable: point at its row for the reason."
NO_MOTION = "No motion stands out from the noise."


@dataclass(frozen=True, eq=False)
class MotionRows:
    """Texts of the table's cells.

    Attributes
    ----------
    motions
        The result.
    physical
        (2,) velocity in physical units of 1 px/frame along y and x, and their unit; or None.
    """

    motions: Motions
    physical: tuple[Array, str] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        known = ("physical",) if self.physical is not None else ()
        return ("motion", "velocity", "score", "share", *known)

    @property
    def names(self) -> tuple[str, ...]:
        """What each row is."""
        still = ("still",) if self.has_still else ()
        return (*(str(index + 1) for index in range(len(self.motions))), *still, "rest")

    @property
    def has_still(self) -> bool:
        """Something that stands still was taken out."""
        return self.motions.background is not None

    @property
    def pictured(self) -> int:
        """How many rows have a picture of their own: all but the last."""
        return len(self.names) - 1

    def heading(self, column: str) -> str:
        """Name over its unit."""
        if column == "physical" and self.physical is not None:
            return f"velocity\n{self.physical[1]}"
        unit = {"velocity": "px/frame", "score": "σ", "share": "%"}.get(column)
        return f"{column}\n{unit}" if unit else column

    def colour(self, row: int) -> str | None:
        """ "#rrggbb" of a row; the rest has none."""
        if row < len(self.motions):
            return motion_colour(row)
        return STILL if row < self.pictured else None

    def text(self, row: int, column: str) -> str:
        """What a cell says."""
        if column == "motion":
            sure = row >= len(self.motions) or self.motions[row].reliable
            return self.names[row] + ("" if sure else DOUBT) + self.place(row)
        if column == "share":
            return percent(self.share(row))
        if row >= len(self.motions):
            return "0" if column == "velocity" and row < self.pictured else ""
        if column == "score":
            return signed(self.motions[row].score, 1)
        return self.speed(row, (1.0, 1.0) if column == "velocity" else self.scale)

    def place(self, row: int) -> str:
        """A line that says which motion is in front, where one hides the other."""
        if self.motions.front is None or row >= len(self.motions):
            return ""
        return "\nin front" if row == self.motions.front else "\nbehind"

    def share(self, row: int) -> float:
        """Of the variance of the frames."""
        if row < len(self.motions):
            return float(self.motions.shares[row])
        still = row < self.pictured
        return float(self.motions.background_share if still else self.motions.residual_energy)

    @property
    def scale(self) -> tuple[float, float]:
        """Physical velocity of 1 px/frame along y and x."""
        assert self.physical is not None
        y, x = self.physical[0]
        return float(y), float(x)

    def speed(self, row: int, scale: tuple[float, float]) -> str:
        """Both components of a velocity ± their errors, a line each."""
        motion = self.motions[row]
        parts = zip("yx", motion.velocity, motion.velocity_stderr, scale, strict=True)
        return "\n".join(
            f"{axis}  {measured(float(value) * by, float(error) * by)}"
            for axis, value, error, by in parts
        )

    def tip(self, row: int, column: str) -> str:
        """What hovering over a cell tells."""
        if row >= len(self.motions):
            return STANDS if row < self.pictured else REST
        motion = self.motions[row]
        doubt = () if motion.reliable else (f"Not reliable: {motion.reason}",)
        return "\n".join([*doubt, *motion.notes] or [TIPS[column]])

    @property
    def summary(self) -> str:
        """A line below the table: why there are no more, and what a question mark says."""
        none = () if self.motions else (NO_MOTION,)
        doubt = () if all(motion.reliable for motion in self.motions) else (DOUBTFUL,)
        return " ".join([*none, *([self.motions.stopped] if self.motions.stopped else ()), *doubt])


def percent(share: float) -> str:
    """A share in percent to the place that tells it from nothing."""
    value = 100 * share
    return f"{value:.1f}" if value >= 0.1 or value <= 0 else "< 0.1"
