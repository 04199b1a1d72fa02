"""The table of faint movers in words, and what is told of the one that is chosen; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_motionfft.viewer.placement import Array
from napari_motionfft.viewer.wording import measured, signed

if TYPE_CHECKING:
    from napari_motionfft.motion.faint.result import Mover, Movers

TIPS = {
    "object": "Its colour here and on the stack.",
    "score": "Height above the noise in standard deviations, over all places and velocities.",
    "false alarm": "Probability that noise alone brings up as high a score anywhere.",
    "position": "In the first frame of the search, ± standard error; outside where it comes later.",
    "velocity": "± its standard error. y: positive is down; x: positive is right.",
    "physical": "The velocity by the size of a pixel and the time from frame to frame.",
    "contrast": "Brightness of its centre in standard deviations of a frame's noise.",
    "size": "Full width at half maximum that fits best among those that were tried.",
    "frames": "In how many frames it is in view.",
}
"""What each column is, for its tooltip."""

UNITS = {
    "score": "σ",
    "velocity": "px/frame",
    "contrast": "σ a frame",
    "size": "px",
}


@dataclass(frozen=True, eq=False)
class MoverRows:
    """Texts of the table's cells.

    Attributes
    ----------
    movers
        The result.
    first_frame
        Frame of the layer that is the search's frame 0.
    physical
        (2,) velocity in physical units of 1 px/frame along y and x, and their unit; or None.
    """

    movers: Movers
    first_frame: int = 0
    physical: tuple[Array, str] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        known = ("physical",) if self.physical is not None else ()
        first = ("object", "score", "false alarm", "position", "velocity")
        return (*first, *known, "contrast", "size", "frames")

    def heading(self, column: str) -> str:
        """Name over its unit."""
        if column == "physical" and self.physical is not None:
            return f"velocity\n{self.physical[1]}"
        if column == "position":
            return f"in frame {self.first_frame}\npx"
        unit = UNITS.get(column)
        return f"{column}\n{unit}" if unit else column

    def text(self, row: int, column: str) -> str:
        """What a cell says."""
        mover = self.movers[row]
        if column == "position":
            return lines(mover.position, mover.position_stderr)
        if column == "velocity":
            return lines(mover.velocity, mover.velocity_stderr)
        if column == "physical" and self.physical is not None:
            by = self.physical[0]
            return lines(mover.velocity * by, mover.velocity_stderr * by)
        return {
            "object": str(row + 1),
            "score": f"{mover.score:.1f}",
            "false alarm": chance(mover.false_alarm),
            "contrast": signed(mover.contrast, 2),
            "size": f"{mover.size:g}",
            "frames": str(mover.frames),
        }[column]

    @property
    def summary(self) -> str:
        """One sentence on the result."""
        count, least = len(self.movers), self.movers.threshold
        if not count:
            return (
                f"Nothing that moves stands out: no score reaches {least:.1f} σ, which noise alone "
                f"reaches in {percent(self.movers.settings['false_alarm'])} of such stacks."
            )
        what = "1 object moves" if count == 1 else f"{count} objects move"
        return (
            f"{what}: above {least:.1f} σ, which noise alone reaches in "
            f"{percent(self.movers.settings['false_alarm'])} of such stacks."
        )

    def caption(self, row: int) -> str:
        """What is said beside an object's image."""
        mover = self.movers[row]
        half = (len(mover.image) - 1) / 2
        where = f"At frame {mover.centre_frame + self.first_frame:.1f}, when it is known best"
        return (
            f"Object {row + 1}: mean of {mover.frames} frames along its track, ±{half:g} px. "
            f"{where}: {inline(mover)} px."
        )


def inline(mover: Mover) -> str:
    """ "(y 12.30 ± 0.21, x 4.50 ± 0.22)"."""
    y, x = (measured(*each) for each in zip(mover.centre, mover.centre_stderr, strict=True))
    return f"(y {y}, x {x})"


def lines(value: Array, error: Array) -> str:
    """Both components ± their errors, a line each."""
    pairs = zip("yx", value, error, strict=True)
    return "\n".join(f"{axis}  {measured(float(v), float(e))}" for axis, v, e in pairs)


def chance(probability: float) -> str:
    """ "0.012", "3e−7", "< 1e−12"."""
    if probability < 1e-12:
        return "< 1e−12"
    text = f"{probability:.3f}" if probability >= 0.01 else f"{probability:.0e}"
    return text.replace("e-0", "e−").replace("e-", "e−")


def percent(probability: float) -> str:
    """ "5 %"."""
    return f"{100 * probability:.3g} %"
