"""Does the velocity along a strip swing, and with what period?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import lombscargle

from napari_motionfft.motion.strips.result import Array, StripMotion
from napari_motionfft.motion.strips.sinusoid import (
    covariance,
    false_alarm,
    gain,
    shared,
    sinusoid,
    unexplained,
    wave,
)

FINENESS = 10
"""Frequencies tried for each 1/span: a peak is then never missed by more than a few percent."""
FEWEST = 6.0
"""Windows, counted as if they did not overlap, that are needed: the model has four numbers."""
FALSE_ALARM = 5e-3
"""Chance with which noise alone may be called an oscillation."""


@dataclass(frozen=True, eq=False)
class Oscillation:
    """A sinusoid in the velocity along a strip: v(t) = mean + amplitude·sin(2πt/period + phase).

    Attributes
    ----------
    period, period_stderr
        Frames.
    amplitude, amplitude_stderr
        Of the velocity, px/frame, with what the windows average out put back.
    mean
        Velocity that the oscillation is around, px/frame.
    phase
        Radians at frame 0.
    score
        Share of the velocities' variance that the sinusoid explains, 0…1.
    false_alarm
        Chance that noise alone reaches this score at any period.
    reliable, reason
        Whether there is an oscillation at all, and why not.
    periods, power
        (P,) frames, descending, and the share explained at each: the periodogram.
    dt, time_unit
        As of the StripMotion.
    """

    period: float
    period_stderr: float
    amplitude: float
    amplitude_stderr: float
    mean: float
    phase: float
    score: float
    false_alarm: float
    reliable: bool
    reason: str
    periods: Array
    power: Array
    dt: float | None
    time_unit: str

    @property
    def displacement_amplitude(self) -> float:
        """Px from the middle to the turning point."""
        return self.amplitude * self.period / (2 * math.pi)

    @property
    def physical_period(self) -> float:
        """Period in `time_unit`; in frames without `dt`."""
        return self.period * (1.0 if self.dt is None else self.dt)

    @property
    def physical_period_stderr(self) -> float:
        """Its standard error."""
        return self.period_stderr * (1.0 if self.dt is None else self.dt)

    def at(self, frames: Array) -> Array:
        """Velocities in px/frame at these frames."""
        turn = 2 * np.pi / self.period * np.asarray(frames, np.float64) + self.phase
        out: Array = self.mean + self.amplitude * np.sin(turn)
        return out


def find_oscillation(motion: StripMotion) -> Oscillation:
    """The strongest oscillation in the velocity of the reliable windows.

    Parameters
    ----------
    motion
        As `estimate_strip_motion` returns it with a window several times shorter than the period.

    Returns
    -------
    Oscillation
        `reliable` is False, with a reason, for noise alone or less than two periods in view.

    Raises
    ------
    TypeError
        `motion` is not a StripMotion.

    Notes
    -----
    The generalised Lomb–Scargle periodogram (Zechmeister & Kürster, A&A 496, 577, 2009) finds the
    period, a least-squares fit of the sinusoid refines it. Where velocities scatter more than
    their standard errors tell, the same variance is added to all until they do not. The chance of a
    false alarm is Baluev's bound (MNRAS 385, 1279, 2008), with `shared` windows counted as one.
    Periods from twice the hop, or one window where that is longer, to twice the recording are
    tried. What a window averages out of an oscillation: see `gain`.
    """
    if not isinstance(motion, StripMotion):
        raise TypeError(f"motion must be a StripMotion, got {type(motion).__name__}")
    good = motion.reliable & np.isfinite(motion.velocities) & np.isfinite(motion.stderr)
    t, v, sigma = motion.centres[good], motion.velocities[good], motion.stderr[good]
    hop = int(np.diff(motion.starts).min()) if len(motion.starts) > 1 else motion.window
    apart = len(t) / shared(hop / motion.window)
    span = float(np.ptp(t)) + hop if len(t) else 0.0
    shortest = float(max(2 * hop, motion.window))
    if apart < FEWEST:
        text = (
            f"reliable windows: {len(t)}, worth {apart:.1f} that do not overlap; {FEWEST:g} needed"
        )
        return nothing(motion, text)
    if not np.ptp(v) > 0:
        return nothing(motion, "the velocity does not change")
    count = math.ceil(FINENESS * span * (1 / shortest - 0.5 / span)) + 1
    frequencies = np.linspace(0.5 / span, 1 / shortest, max(count, 2))  # (P,)
    middle = float(t.mean())
    # at first all count nearly alike: a few that claim to be exact must not choose the period
    extra = float(v.var())
    for _ in range(2):
        weights = 1 / (sigma**2 + extra)
        power = lombscargle(
            t, v, 2 * np.pi * frequencies, weights=weights, floating_mean=True, normalize=True
        )
        peak, step = float(frequencies[power.argmax()]), float(frequencies[1] - frequencies[0])
        fit = sinusoid(t - middle, v, weights, peak - step, peak + step)
        extra = unexplained(v - wave(t - middle, *fit), sigma)
    score = float(np.clip(power.max(), 0, 1))
    frequency, mean, sine, cosine = fit
    place = np.rint(motion.starts[good] / hop).astype(int)
    overlap = math.ceil(motion.window / hop)
    errors = covariance(t - middle, v, weights, fit, place, overlap)
    passed = gain(frequency, motion.window)
    size = math.hypot(sine, cosine)
    way = np.array([0, 0, sine, cosine]) / max(size, 1e-300)
    alarm = false_alarm(score, apart, float(frequencies[-1]), t)
    reason = ""
    if alarm > FALSE_ALARM:
        reason = f"noise alone gives such an oscillation with a chance of {min(alarm, 1):.2g}"
    elif frequency * span < 2:
        reason = f"only {frequency * span:.1f} periods in view; 2 are needed"
    elif frequency > frequencies[-1]:
        reason = f"the period is shorter than {shortest:g} frames, what these windows resolve"
    return Oscillation(
        period=1 / frequency,
        period_stderr=math.sqrt(errors[0, 0]) / frequency**2,
        amplitude=size / passed,
        amplitude_stderr=math.sqrt(way @ errors @ way) / passed,
        mean=mean,
        phase=math.remainder(math.atan2(cosine, sine) - 2 * math.pi * frequency * middle, math.tau),
        score=score,
        false_alarm=alarm,
        reliable=not reason,
        reason=reason,
        periods=1 / frequencies,
        power=power,
        dt=motion.dt,
        time_unit=motion.time_unit if motion.dt is not None else "frame",
    )


def nothing(motion: StripMotion, reason: str) -> Oscillation:
    """What there is to say without enough to go on."""
    nan, none = float("nan"), np.zeros(0)
    unit = motion.time_unit if motion.dt is not None else "frame"
    numbers = (nan,) * 6
    return Oscillation(*numbers, 0.0, 1.0, False, reason, none, none, motion.dt, unit)
