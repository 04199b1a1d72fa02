"""What a plot against time shows, whatever its curves: frames, their time, and what is there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class TimeChart:
    """The time axis of a run; each chart adds its own curves.

    Attributes
    ----------
    time_unit
        Of the axis: "frame" where nothing else is known.
    step
        Time from frame to frame.
    frames
        T of the run.
    first_frame
        Frame of the layer at time 0.
    """

    time_unit: str
    step: float
    frames: int
    first_frame: int

    @property
    def end(self) -> float:
        """Time of the last frame."""
        return (self.frames - 1) * self.step

    @property
    def time_label(self) -> str:
        """What the time axis is called."""
        if self.time_unit == "frame":
            return f"frames since frame {self.first_frame}" if self.first_frame else "frame"
        since = f" since frame {self.first_frame}" if self.first_frame else ""
        return f"time{since}, {self.time_unit}"

    def here(self, time: float) -> str:
        """ "frame 67, 6.3 s": the layer's frame that is nearest to a time of the run."""
        number = round(time / self.step)
        told = f"frame {number + self.first_frame}"
        if self.time_unit != "frame":
            told += f", {number * self.step:.4g} {self.time_unit}"
        return told

    def reading(self, time: float) -> list[tuple[str, str, str]]:
        """(name, colour, "2.31 ± 0.04 µm/s") of every curve at a time."""
        raise NotImplementedError
