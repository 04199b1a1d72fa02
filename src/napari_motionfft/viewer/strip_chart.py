"""Velocities of strips as curves: what the plot draws and the readout says; no Qt, no layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_peaks import other_motion, switches
from napari_motionfft.viewer.time_chart import TimeChart
from napari_motionfft.viewer.wording import measured

if TYPE_CHECKING:
    from napari_motionfft.motion.strips.oscillation import Oscillation
    from napari_motionfft.motion.strips.result import StripMotion
    from napari_motionfft.viewer.strip_layers import Table

Array = NDArray[np.float64]

MARGIN = 0.15
"""Free space above and below the curves, as a share of their height."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One strip: W windows, in the chart's units.

    Attributes
    ----------
    name, colour
        Of the strip.
    times, values, errors
        (W,) middle of each window, velocity, standard error.
    reliable
        (W,) bool.
    half
        Half a window's length in time.
    swing
        (2, n) times and velocities of the oscillation that was found in it, or None.
    others
        (2, n) times and velocities of the highest other motions, where there are any.
    breaks
        (W − 1,) whether the strongest motion is another one in the next window.
    """

    name: str
    colour: str
    times: Array
    values: Array
    errors: Array
    reliable: NDArray[np.bool_]
    half: float
    swing: Array | None = None
    others: Array = field(default_factory=lambda: np.empty((2, 0)))
    breaks: NDArray[np.bool_] | None = None

    def at(self, time: float) -> int | None:
        """The window whose middle is nearest to a time, or None where no window reaches."""
        if not len(self.times):
            return None
        nearest = int(np.argmin(np.abs(self.times - time)))
        return nearest if abs(self.times[nearest] - time) <= self.half else None


@dataclass(frozen=True, eq=False)
class Chart(TimeChart):
    """Curves and their axes.

    Attributes
    ----------
    curves
        One a strip.
    unit
        Of the velocities: "px/frame" where nothing else is known.
    """

    curves: tuple[Curve, ...]
    unit: str

    def reading(self, time: float) -> list[tuple[str, str, str]]:
        """(name, colour, "2.31 ± 0.04 µm/s") of every strip at a time."""
        said = []
        for curve in self.curves:
            window = curve.at(time)
            if window is None:
                text = "no window"
            else:
                text = f"{measured(curve.values[window], curve.errors[window])} {self.unit}"
                text += "" if curve.reliable[window] else " (not reliable)"
            said.append((curve.name, curve.colour, text))
        return said


def chart_of(table: Table, first_frame: int = 0, oscillations: Sequence[Oscillation] = ()) -> Chart:
    """The curves of all strips of a run.

    Parameters
    ----------
    table
        The result.
    first_frame
        Frame of the layer that is the run's frame 0.
    oscillations
        One a strip, or none: those that are no noise are drawn.
    """
    strips = table.strips
    swings = oscillations or (None,) * len(strips)
    one_unit = len({strip.velocity_unit for strip in strips}) == 1
    first = strips[0]
    return Chart(
        curves=tuple(
            curve_of(strip, name, index, 1.0 if not one_unit else strip.unit_speed, swing)
            for index, (strip, name, swing) in enumerate(
                zip(strips, table.names, swings, strict=True)
            )
        ),
        time_unit="frame" if first.dt is None else first.time_unit,
        unit=first.velocity_unit if one_unit else "px/frame",
        step=1.0 if first.dt is None else first.dt,
        frames=first.shape[0],
        first_frame=first_frame,
    )


def curve_of(
    strip: StripMotion, name: str, index: int, scale: float, found: Oscillation | None = None
) -> Curve:
    """One strip, its velocities times `scale`."""
    step = 1.0 if strip.dt is None else strip.dt
    swing = None
    if found is not None and found.reliable:
        each = int(np.clip(found.period / 24, 1, 10_000))  # 24 points a period make a smooth line
        frames = np.arange(0, strip.shape[0], each, dtype=np.float64)
        swing = np.stack([frames * step, found.at(frames) * scale])
    other = other_motion(strip)
    found_other = np.empty((2, 0))
    if other is not None:
        found_other = np.stack([strip.times, other.velocities * scale])[:, other.reliable]
    return Curve(
        name=name,
        colour=strip_colour(index),
        times=strip.times,
        values=strip.velocities * scale,
        errors=strip.stderr * abs(scale),
        reliable=strip.reliable & np.isfinite(strip.velocities),
        half=strip.window * step / 2,
        swing=swing,
        others=found_other,
        breaks=switches(strip),
    )


def limits(chart: Chart) -> tuple[float, float]:
    """(low, high) of the velocity axis: all reliable windows with errors, all other motions.

    Zero is in view unless it is far from all of them; windows that are not reliable do not
    stretch the axis.
    """
    parts = [_band(curve, curve.reliable) for curve in chart.curves]
    parts += [curve.others[1] for curve in chart.curves]
    seen = np.concatenate(parts)
    if not seen.size:
        seen = np.concatenate([_band(curve, ~curve.reliable) for curve in chart.curves])
    if not seen.size:
        return -1.0, 1.0
    low, high = float(seen.min()), float(seen.max())
    if low > 0 and low <= 2 * (high - low):
        low = 0.0
    elif high < 0 and -high <= 2 * (high - low):
        high = 0.0
    room = MARGIN * (high - low) or max(0.1 * abs(high), 0.1)
    return low - room, high + room


def _band(curve: Curve, which: NDArray[np.bool_]) -> Array:
    """Both ends of the error bars of some windows, as far as they are numbers."""
    values, errors = curve.values[which], np.nan_to_num(curve.errors[which], posinf=0.0)
    both = np.concatenate([values - errors, values + errors])
    return np.asarray(both[np.isfinite(both)])
