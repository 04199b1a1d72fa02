"""Motions in a strip besides the strongest one, and where the strongest becomes another."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.result import StripMotion, StripPeak

APART = 3.0
"""Standard errors from the strongest motion to one that is drawn as another."""

CLOSE = 0.25
"""Of a jump in velocity: so near must another motion be to where it began or went."""


def sure(motion: StripMotion) -> NDArray[np.bool_]:
    """(W,) whether a window's velocity is supported, and a number."""
    return np.asarray(motion.reliable & np.isfinite(motion.velocities), dtype=bool)


def others_of(motion: StripMotion, window: int) -> list[StripPeak]:
    """All motions of a window but the one that is its velocity, highest first."""
    velocity = motion.velocities[window]
    return [
        peak
        for peak in motion.peaks[window]
        if not math.isclose(peak.velocity, velocity, rel_tol=1e-6, abs_tol=1e-9)
    ]


def apart_from(motion: StripMotion, window: int) -> list[StripPeak]:
    """Those of `others_of` that are told from the window's velocity."""
    velocity, error = motion.velocities[window], motion.stderr[window]
    return [
        peak
        for peak in others_of(motion, window)
        if abs(peak.velocity - velocity) > APART * math.hypot(peak.stderr, error)
    ]


def other_motion(motion: StripMotion) -> StripMotion | None:
    """The highest other peak of each supported window as a motion of its own.

    Those that are not told from the strongest motion do not count. Windows without one are not
    reliable, and NaN.

    Returns
    -------
    StripMotion or None
        None where no window has one.
    """
    velocities = np.full(len(motion.velocities), np.nan)
    stderr, score = velocities.copy(), velocities.copy()
    for window in np.flatnonzero(sure(motion)).tolist():
        for peak in apart_from(motion, window)[:1]:
            velocities[window], stderr[window], score[window] = peak
    found = np.isfinite(velocities)
    if not found.any():
        return None
    reasons = tuple("" if there else "no other motion" for there in found)
    return replace(
        motion,
        velocities=velocities,
        stderr=stderr,
        score=score,
        reliable=found,
        reasons=reasons,
    )


def switches(motion: StripMotion) -> NDArray[np.bool_]:
    """(W − 1,) whether the strongest motion is another one from this window to the next.

    Both windows are supported, and where the velocity jumps to, or from, there is a weaker motion
    in the other window.
    """
    supported, velocity = sure(motion), motion.velocities
    found = np.zeros(max(len(velocity) - 1, 0), dtype=bool)
    for i in np.flatnonzero(supported[:-1] & supported[1:]).tolist():
        jump = abs(velocity[i + 1] - velocity[i])
        misses = [abs(peak.velocity - velocity[i + 1]) for peak in apart_from(motion, i)]
        misses += [abs(peak.velocity - velocity[i]) for peak in apart_from(motion, i + 1)]
        found[i] = min(misses, default=math.inf) < CLOSE * jump
    return found


def mixed(motion: StripMotion) -> bool:
    """Whether a mean over the windows would be one of different motions.

    The strongest motion switches, and a tenth of the supported windows has another one: less is
    an accident.
    """
    other = other_motion(motion)
    if other is None or not switches(motion).any():
        return False
    return bool(other.reliable.sum() >= 0.1 * sure(motion).sum())
