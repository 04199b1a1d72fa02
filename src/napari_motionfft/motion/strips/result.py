"""What comes back from strips: plain frozen dataclasses of NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.wording import decimals

Array = NDArray[np.float64]


class StripPeak(NamedTuple):
    """One motion along the strip: velocity and standard error in px/frame, height in noise σ."""

    velocity: float
    stderr: float
    score: float


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Motion energy by time and velocity.

    Attributes
    ----------
    values
        (W, V) a row a window: energy of the motion-compensated mean line in standard deviations of
        what noise of the same spectrum would give it. 0 means no better than chance.
    velocities
        (V,) px/frame, ascending, finer near zero: slow motion is resolved by long lags.
    """

    values: NDArray[np.float32]
    velocities: Array


@dataclass(frozen=True, eq=False)
class StripMotion:
    """Velocity along a strip against time, and how sure that is.

    Positive = towards the end of the strip. A line of a line scan is a frame here.

    Attributes
    ----------
    starts
        (W,) first frame of each window.
    window
        Frames a window.
    velocities, stderr
        (W,) px/frame: the strongest motion of each window, and its standard error.
    score
        (W,) height of its peak in noise standard deviations.
    reliable
        (W,) bool: whether the data support the estimate.
    reasons
        W texts: why not; "" where they do.
    peaks
        W tuples of all motions that stand out, highest first: opposite flows show as two.
    spectrogram
        The landscape of every window.
    background
        (L,) the still pattern that was taken out; zeros with background="none".
    shape
        (T, L) of the kymograph.
    dt, dx
        Time from frame to frame in `time_unit`, length of a pixel in `length_unit`; or None.
    settings, device
        What was asked, where it ran.
    notes
        What the user should know about this run.
    """

    starts: NDArray[np.int64]
    window: int
    velocities: Array
    stderr: Array
    score: Array
    reliable: NDArray[np.bool_]
    reasons: tuple[str, ...]
    peaks: tuple[tuple[StripPeak, ...], ...]
    spectrogram: Spectrogram
    background: NDArray[np.float32]
    shape: tuple[int, int]
    dt: float | None
    dx: float | None
    time_unit: str
    length_unit: str
    settings: dict[str, Any]
    device: str
    notes: tuple[str, ...] = field(default=())

    @property
    def centres(self) -> Array:
        """(W,) frame at the middle of each window; half frames are possible."""
        return np.asarray(self.starts + (self.window - 1) / 2, dtype=np.float64)

    @property
    def times(self) -> Array:
        """(W,) middle of each window in `time_unit`, in frames without `dt`; frame 0 is 0."""
        return self.centres * (1.0 if self.dt is None else self.dt)

    @property
    def unit_speed(self) -> float:
        """What 1 px/frame is in `velocity_unit`."""
        return (1.0 if self.dx is None else self.dx) / (1.0 if self.dt is None else self.dt)

    @property
    def velocity_unit(self) -> str:
        """Such as "µm/s"; "px/frame" without `dx` and `dt`."""
        length = "px" if self.dx is None else self.length_unit
        return f"{length}/{'frame' if self.dt is None else self.time_unit}"

    @property
    def physical_velocities(self) -> Array:
        """(W,) velocities in `velocity_unit`."""
        return self.velocities * self.unit_speed

    @property
    def physical_stderr(self) -> Array:
        """(W,) standard errors in `velocity_unit`."""
        return self.stderr * self.unit_speed

    def __str__(self) -> str:
        sure, unit = int(self.reliable.sum()), self.velocity_unit
        told = f"{sure} of {len(self.starts)} windows reliable"
        if not sure:
            return f"velocity not determined; {told}: {self.reasons[0]}"
        n = decimals(self.physical_velocity_stderr)
        mean, error = self.physical_velocity, self.physical_velocity_stderr
        return f"{mean:.{n}f} ± {error:.{n}f} {unit} along the strip; {told}"

    @property
    def physical_velocity(self) -> float:
        """`velocity` in `velocity_unit`."""
        return self.velocity * self.unit_speed

    @property
    def physical_velocity_stderr(self) -> float:
        """`velocity_stderr` in `velocity_unit`."""
        return self.velocity_stderr * self.unit_speed

    @property
    def velocity(self) -> float:
        """Mean over the reliable windows in px/frame; NaN when there are none."""
        return float(self.velocities[self.reliable].mean()) if self.reliable.any() else float("nan")

    @property
    def velocity_stderr(self) -> float:
        """Standard error of `velocity` in px/frame; windows that overlap count as fewer."""
        if not self.reliable.any():
            return float("nan")
        hop = int(np.diff(self.starts).min()) if len(self.starts) > 1 else self.window
        apart = max(1.0, self.reliable.sum() * min(1.0, hop / self.window))
        return float(np.sqrt((self.stderr[self.reliable] ** 2).mean() / apart))
