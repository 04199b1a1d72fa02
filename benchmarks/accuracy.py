"""Accuracy over many seeds: error over the bound, calibration of the error bars, false alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import tifffile

import napari_motionfft as mf
from benchmarks import scenes
from benchmarks.scenes import Known


@dataclass(frozen=True)
class Tally:
    """What many seeds say.

    Attributes
    ----------
    success
        Share of seeds with both components within 0.5 px/frame.
    over_bound
        Root mean square error of the successes over that of the bound.
    within_1, within_2
        Share of components within 1 and 2 of their own standard errors.
    reliable
        Share that came back reliable.
    """

    success: float
    over_bound: float
    within_1: float
    within_2: float
    reliable: float
    median: float

    def line(self) -> str:
        """One row of the table."""
        return (
            f"success {self.success:6.1%}   rmse/bound {self.over_bound:5.2f}   "
            f"within 1σ {self.within_1:.3f}, 2σ {self.within_2:.3f}   reliable {self.reliable:6.1%}"
            f"   median error {self.median:.2g} px/frame"
        )


def tally(make: Callable[[int], Known], seeds: Iterable[int], **asked: Any) -> Tally:
    """Estimate the motion of one scene a seed and compare with the truth and the bound."""
    errors, bounds, own, reliable = [], [], [], []
    for seed in seeds:
        known = make(seed)
        motion = mf.estimate_motion(known.stack, **asked)
        errors.append(motion.velocity - known.velocity)
        bounds.append(np.diag(known.bound))
        own.append(motion.velocity_stderr)
        reliable.append(motion.reliable)
    error, bound, stderr = np.array(errors), np.array(bounds), np.array(own)
    good = np.abs(error).max(1) < 0.5
    ratio = np.sqrt((error[good] ** 2).mean() / bound[good].mean()) if good.any() else np.nan
    z = np.abs(error[good] / stderr[good])
    return Tally(
        float(good.mean()),
        float(ratio),
        float((z < 1).mean()),
        float((z < 2).mean()),
        float(np.mean(reliable)),
        float(np.median(np.hypot(*error.T))),
    )


def table(seeds: int = 200) -> None:
    """Print every accuracy figure; `seeds` of the periodic scenes, fewer of the large ones."""
    few = max(20, seeds // 5)
    print(f"Periodic 1/f scene, 64², T = 16, white noise, {seeds} seeds")
    for db in (6, 3, 0, -3, -6, -9, -12, -15, -18):
        found = tally(lambda s, db=db: scenes.periodic(s, db), range(seeds), boundary="periodic")
        print(f"  {db:+3d} dB   {found.line()}")
    image = photograph()
    print(f"Photograph through a moving 256² window, T = 30, {few} seeds")
    for snr in (3.0, 1.0, 0.3):
        found = tally(lambda s, snr=snr: scenes.through_window(image, s, snr), range(few))
        print(f"  SNR {snr:<4g} {found.line()}")
    print("The same behind a still texture of 100 times the variance, background='static'")
    for snr in (1.0, 0.3):
        found = tally(
            lambda s, snr=snr: scenes.through_window(image, s, snr, static=100.0),
            range(few),
            background="static",
        )
        print(f"  SNR {snr:<4g} {found.line()}")
    print(f"Pure noise, T = 16, 64², {seeds} seeds")
    for boundary in ("crop", "periodic"):
        alarms = sum(noise_alarm(seed, boundary) for seed in range(seeds))
        print(f"  boundary={boundary!r}: reliable {alarms} of {seeds}")
    print("Known and real stacks, defaults")
    for line in real_stacks():
        print("  " + line)


def noise_alarm(seed: int, boundary: str) -> bool:
    """Whether white noise passes for motion."""
    noise = np.random.default_rng(10_000 + seed).standard_normal((16, 64, 64)).astype(np.float32)
    return mf.estimate_motion(noise, boundary=boundary).reliable


def photograph() -> np.ndarray[Any, np.dtype[np.float64]]:
    """scikit-image's `camera`, 512²."""
    from skimage.data import camera

    return np.asarray(camera(), dtype=np.float64)


def real_stacks() -> list[str]:
    """The packaged stacks and the posts' square, estimate beside truth."""
    data = files("napari_motionfft") / "data"
    lines = []
    for name, truth in (
        ("known_velocity_low_light", (0.23, -0.61)),
        ("radar_rain_fmi", (-2.6, 2.2)),
    ):
        with (data / f"{name}.tif").open("rb") as stream:
            stack = tifffile.imread(stream)
        motion = mf.estimate_motion(stack)
        lines.append(f"{name}: {spelled(motion)} (reference {truth})")
    known = scenes.white_square()
    motion = mf.estimate_motion(known.stack, boundary="periodic")
    lines.append(f"white square: {spelled(motion)} (truth (2, 4))")
    return lines


def spelled(motion: mf.Motion) -> str:
    """(vy ± σ, vx ± σ) px/frame."""
    (vy, vx), (sy, sx) = motion.velocity, motion.velocity_stderr
    return f"({vy:.4f} ± {sy:.4f}, {vx:.4f} ± {sx:.4f}) px/frame"
