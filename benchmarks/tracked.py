"""Objects that are followed, over many seeds: path, own image, error bars, loss, false alarms."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter

import napari_motionfft as mf
from benchmarks.tracked_scenes import KnownObject, crossing

LEVELS = (math.inf, 3.0, 1.0)
"""Standard deviation of the object over that of the noise."""
SPEEDS = (2.0, 3.0, 4.0)
"""px/frame, in turn."""


@dataclass(frozen=True)
class Tally:
    """What many seeds say.

    Attributes
    ----------
    errors
        (S,) px: root mean square distance from the truth, an axis.
    likeness
        (S,) correlation of the integrated image with the object.
    z
        (n,) errors of the last displacement over their own standard errors.
    reliable
        (S,) bool.
    seconds
        A run, on average.
    """

    errors: np.ndarray
    likeness: np.ndarray
    z: np.ndarray
    reliable: np.ndarray
    seconds: float

    def line(self) -> str:
        """One row of the table."""
        return (
            f"within 0.5 px {np.mean(self.errors < 0.5):6.1%}   "
            f"error median {np.median(self.errors):.3f}, "
            f"90 % {np.quantile(self.errors, 0.9):.3f} px   "
            f"image median {np.median(self.likeness):.3f}, least {self.likeness.min():.3f}   "
            f"reliable {self.reliable.mean():6.1%}   within 1σ {np.mean(self.z < 1):.2f}, "
            f"2σ {np.mean(self.z < 2):.2f}   {self.seconds:.2f} s"
        )


def tally(make: Callable[[int], KnownObject], seeds: int, model: str) -> Tally:
    """Follow the object of one scene a seed."""
    errors, likeness, z, reliable = [], [], [], []
    began = taken = 0.0
    for seed in range(seeds):
        known = make(seed)
        began = time.perf_counter()
        motion = mf.estimate_motion(known.stack, model, region=known.region, track=True)
        taken += time.perf_counter() - began
        errors.append(known.error(motion.displacements))
        likeness.append(known.likeness(motion.integrated))
        off = motion.displacements[-1] - known.path[-1]
        z.extend(np.abs(off / motion.displacement_stderr[-1]))
        reliable.append(motion.reliable)
    return Tally(
        np.array(errors), np.array(likeness), np.array(z), np.array(reliable), taken / seeds
    )


def scene(seed: int, snr: float, size: int, bent: bool, gap: tuple[int, int] | None) -> KnownObject:
    """Speeds and kinds of background in turn."""
    speed, moving = SPEEDS[seed % 3], seed % 2 == 0
    return crossing(seed, snr, size, speed, bent=bent, moving=moving, gap=gap)


def paths(seeds: int) -> None:
    """Straight and curved paths over a photograph that stands still or moves."""
    print(f"Object over a photograph (still, or 1 px/frame), 2–4 px/frame, T = 30, {seeds} seeds")
    for model, bent in (("velocity", False), ("free", True)):
        for size in (24, 32, 48):
            for snr in LEVELS:
                make = partial(scene, snr=snr, size=size, bent=bent, gap=None)
                found = tally(make, seeds, model)
                print(f"  {model:8s} {size} px SNR {snr:<4g} {found.line()}", flush=True)


def lost(seeds: int) -> None:
    """Hidden in frames 12 to 16: left out, and found again."""
    print(f"The same, hidden in 5 frames, straight, 32 px, {seeds} seeds")
    for snr in LEVELS:
        missed = wrong = again = 0
        for seed in range(seeds):
            known = scene(seed, snr, 32, False, (12, 17))
            motion = mf.estimate_motion(known.stack, region=known.region, track=True)
            missed += len(set(known.hidden) - set(motion.excluded))
            wrong += len(set(motion.excluded) - set(known.hidden))
            again += known.error(motion.displacements) < 0.5
        print(
            f"  SNR {snr:<4g} hidden frames left in {missed} of {5 * seeds}, others left out "
            f"{wrong} of {25 * seeds}, within 0.5 px {again / seeds:6.1%}",
            flush=True,
        )


def false_alarms(seeds: int) -> None:
    """Frames that have nothing in common."""
    print(f"Unrelated frames, 32 px region: reliable of {seeds}")
    for blur in (0.0, 1.5, 3.0):
        for frames in (6, 30):
            wrong = 0
            for seed in range(seeds):
                rng = np.random.default_rng([seed, 8])
                noise = rng.standard_normal((frames, 160, 160))
                stack = np.stack([gaussian_filter(one, blur) for one in noise])
                region = (slice(64, 96), slice(64, 96))
                wrong += mf.estimate_motion(stack, region=region, track=True).reliable
            print(f"  blurred by {blur:g} px, T = {frames}: {wrong}", flush=True)


def table(seeds: int) -> None:
    """Everything."""
    paths(max(20, seeds // 4))
    lost(max(20, seeds // 4))
    false_alarms(max(20, seeds // 4))
