"""Strips over many seeds: error over the bound, calibration, flows, reasons, speed, real video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import napari_motionfft as mf
from benchmarks import strip_peers
from benchmarks import strip_scenes as scenes
from benchmarks.speed import seconds
from benchmarks.strip_peers import HOP, WINDOW, rms
from benchmarks.strip_scenes import Array, Image, KnownStrip
from napari_motionfft.files.stacks import read_stack

DECK = (
    (110, 85, 185),
    (150, 90, 150),
    (245, 40, 160),
    (260, 40, 160),
    (275, 40, 160),
    (290, 40, 160),
    (305, 40, 160),
)
"""Strips over the edges of the Tacoma bridge: x, and y from … to, px."""


@dataclass(frozen=True)
class StripTally:
    """What many seeds of constant velocity say.

    Attributes
    ----------
    success
        Share of seeds within 0.1 px/frame.
    over_bound
        Root mean square of the error over the bound, among those that are reliable.
    within_1, within_2
        Share of the reliable ones within 1 and 2 of their own standard errors.
    reliable
        Share that came back reliable.
    false
        Share that came back reliable and is no success.
    """

    success: float
    over_bound: float
    within_1: float
    within_2: float
    reliable: float
    false: float

    def line(self) -> str:
        """One row of the table."""
        return (
            f"success {self.success:6.1%}   rmse/bound {self.over_bound:5.2f}   "
            f"within 1σ {self.within_1:.3f}, 2σ {self.within_2:.3f}   reliable {self.reliable:6.1%}"
            f"   reliable but wrong {self.false:.1%}"
        )


def tally(
    make: Callable[[int], KnownStrip], seeds: Iterable[int], **asked: Any
) -> tuple[StripTally, NDArray[np.float64]]:
    """Estimate one kymograph a seed; also (seeds, 4) velocity, error/bound, error/σ, reliable."""
    rows, reliable = [], []
    for seed in seeds:
        known = make(seed)
        motion = mf.estimate_strip_motion(known.kymograph, **asked)
        error = motion.velocities[0] - known.velocities[0]
        rows.append((known.velocities[0], error, error / known.bound, error / motion.stderr[0]))
        reliable.append(bool(motion.reliable[0]))
    velocity, error, over, z = np.array(rows).T
    good, sure = np.abs(error) < 0.1, np.array(reliable)
    found = StripTally(
        float(good.mean()),
        rms(over[sure]),
        float((np.abs(z[sure]) < 1).mean()) if sure.any() else float("nan"),
        float((np.abs(z[sure]) < 2).mean()) if sure.any() else float("nan"),
        float(sure.mean()),
        float((sure & ~good).mean()),
    )
    return found, np.stack([velocity, over, z, sure], axis=1)


def constant(seeds: int) -> None:
    """Constant velocity, scene unknown, what leaves is lost."""
    print(f"Constant velocity in ±2 px/frame, L = 256, T = 128, {seeds} seeds")
    for snr in (3.0, 1.0, 0.3, 0.1):
        found, _ = tally(partial(scenes.kymograph, snr=snr), range(seeds), background="none")
        print(f"  SNR {snr:<4g} background='none'    {found.line()}")
    for static in (0.0, 25.0):
        print(f"background='static', behind a still texture of {static:g} times the variance")
        for snr in (1.0, 0.3):
            make = partial(scenes.kymograph, snr=snr, static=static)
            found, rows = tally(make, range(seeds))
            print(f"  SNR {snr:<4g} {found.line()}")
            # the bound knows of no still pattern, from which slow motion is hard to tell
            for title, some in (
                ("of |v| < 0.2 px/frame", np.abs(rows[:, 0]) < 0.2),
                ("of the others", np.abs(rows[:, 0]) >= 0.2),
            ):
                sure = some & (rows[:, 3] > 0)
                print(
                    f"           {title}: reliable {sure.sum()} of {some.sum()}, their "
                    f"rmse/bound {rms(rows[sure, 1]):.2f}"
                )


def whole_velocities(seeds: int) -> None:
    """At k = 1/v a moving pattern is the same in every frame: it looks still there."""
    print(f"Velocities near whole numbers, L = 256, T = 128, SNR 1, {seeds} seeds")
    for velocity in (1.0, 1.99, 2.0, 2.02, 3.0, 4.02):
        make = partial(scenes.kymograph, snr=1.0, velocity=velocity)
        found, _ = tally(make, range(seeds))
        print(f"  {velocity:4.2f} px/frame   {found.line()}")


def pulse_errors(known: KnownStrip) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """(W,) relative errors from mean and from slope, error from mean over σ, reliable."""
    motion = mf.estimate_strip_motion(known.kymograph, window=WINDOW, hop=HOP)
    scale = known.velocities.mean()
    error = motion.velocities - known.mean_velocities(motion.starts, WINDOW)
    other = motion.velocities - known.slopes(motion.starts, WINDOW)
    return error / scale, other / scale, error / motion.stderr, motion.reliable


def pulses(title: str, make: Callable[[int, float], KnownStrip], seeds: int) -> None:
    """A line scan that pulses by 20 %, window by window."""
    print(f"{title}: velocity that pulses by 20 %, windows of {WINDOW} lines, {seeds} seeds")
    for snr in (3.0, 1.0, 0.3):
        parts = [pulse_errors(make(seed, snr)) for seed in range(seeds)]
        error, other, z, reliable = (np.concatenate(part) for part in zip(*parts, strict=True))
        print(
            f"  SNR {snr:<4g} relative error: rms {rms(error):.2%} from the mean velocity, "
            f"{rms(other):.2%} from the slope, largest {np.abs(error).max():.2%}   within 1σ "
            f"{(np.abs(z) < 1).mean():.3f}, 2σ {(np.abs(z) < 2).mean():.3f}   "
            f"reliable {reliable.mean():.1%}"
        )


def flows(seeds: int) -> None:
    """Two textures that pass each other."""
    print(f"Two flows of {scenes.FLOWS} px/line, equally strong, L = 256, T = 128, {seeds} seeds")
    for snr in (3.0, 1.0, 0.3):
        errors, count = [], Counter[int]()
        for seed in range(seeds):
            motion = mf.estimate_strip_motion(scenes.two_flows(seed, snr))
            peaks = np.array([peak.velocity for peak in motion.peaks[0]] or [np.inf])
            count[len(motion.peaks[0])] += 1
            errors.append([np.abs(peaks - flow).min() for flow in scenes.FLOWS])
        worst = np.array(errors).max(1)
        both = worst < 0.05
        rms = np.sqrt((np.array(errors)[both] ** 2).mean()) if both.any() else float("nan")
        print(
            f"  SNR {snr:<4g} both within 0.05 px/line {both.mean():.1%}   rms error {rms:.4f}   "
            f"peaks reported {dict(sorted(count.items()))}"
        )


def refusals(seeds: int) -> None:
    """Kymographs that hold no answer: how often one is given, and what is said instead."""
    print(f"No answer in the data, L = 256, T = 128, {seeds} seeds")
    cases: dict[str, Callable[[int], Image]] = {
        "aliased, 0.6 to 0.9 L a line, SNR 3": lambda seed: scenes.aliased(seed, 3.0).kymograph,
        "aliased, 0.6 to 0.9 L a line, SNR 1": lambda seed: scenes.aliased(seed, 1.0).kymograph,
        "still texture, SNR 3": lambda seed: scenes.static_only(seed, 3.0),
        "still texture, SNR 0.3": lambda seed: scenes.static_only(seed, 0.3),
        "white noise": scenes.noise_only,
    }
    for title, make in cases.items():
        for background in ("static", "none"):
            answered, reasons = 0, Counter[str]()
            for seed in range(seeds):
                motion = mf.estimate_strip_motion(make(seed), background=background)
                answered += bool(motion.reliable[0])
                reasons[motion.reasons[0]] += not motion.reliable[0]
            said = f"“{reasons.most_common(1)[0][0]}”" if answered < seeds else ""
            print(
                f"  {title:36s} background={background!r:9} reliable {answered} of {seeds}   {said}"
            )


def oblique(seeds: int) -> None:
    """A strip at 30° on a texture that drifts along it or across."""
    print(f"Strip at 30°, 128 frames, texture in a known direction, {seeds} seeds, SNR 3")
    for heading in (0.0, 30.0, -45.0, 60.0, 180.0):
        movies = [
            scenes.oblique_movie(seed, 3.0, heading=heading, frames=128) for seed in range(seeds)
        ]
        for width in (1.0, 9.0, 25.0):
            relative, z, sure = np.array([across(known, width) for known in movies]).T
            print(
                f"  {heading:+5.0f}° from the strip, {width:2g} px wide: error rms "
                f"{rms(relative):6.2%}, median {np.median(np.abs(relative)):6.2%}, mean "
                f"{relative.mean():+.2%} of the projection   within 2σ {(z < 2).mean():.2f}   "
                f"reliable {sure.mean():.0%}"
            )


def across(known: scenes.KnownMovie, width: float) -> tuple[float, float, bool]:
    """Relative error of the velocity along a strip, error over σ, reliable."""
    motion = mf.strip_motions(known.stack, [known.path], width=width).strips[0]
    error = float(motion.velocities[0]) - known.along
    return error / known.along, abs(error) / float(motion.stderr[0]), bool(motion.reliable[0])


def tacoma() -> None:
    """The swinging bridge: one period, whatever the strip on the deck."""
    with as_file(files("napari_motionfft") / "data" / "tacoma_bridge.mp4") as path:
        movie = np.asarray(read_stack(path))
    print("Tacoma bridge, vertical strips, 15 px wide, windows of 12 frames, hop 1")
    periods = []
    for x, top, bottom in DECK:
        table = mf.strip_motions(movie, [np.array([[top, x], [bottom, x]])], 12, 1, width=15)
        found = mf.find_oscillation(table.strips[0])
        if found.reliable:
            periods.append(found.period)
        print(
            f"  x = {x:3d}, y = {top} to {bottom}: period {found.period:6.1f} ± "
            f"{found.period_stderr:.1f} frames, amplitude {found.amplitude:.2f} px/frame, windows "
            f"reliable {table.strips[0].reliable.mean():.0%}   {found.reason}"
        )
    if periods:
        middle = np.median(periods)
        print(
            f"  reliable on {len(periods)} of {len(DECK)} strips; they depart from their median, "
            f"{middle:.1f} frames, by {np.abs(np.array(periods) / middle - 1).max():.1%} at most"
        )


def speed() -> None:
    """1,000 windows of 64×256 against one bare batched FFT of the same windows."""
    frames = (1000 - 1) * HOP + WINDOW
    lines = scenes.kymograph(0, 1.0, 1.3, frames=frames).kymograph
    starts = HOP * np.arange(1000)
    blocks = torch.from_numpy(lines[starts[:, None] + np.arange(WINDOW)])  # (1000, 64, 256)
    bare = seconds(lambda: torch.fft.rfft(blocks), 5)
    plane = seconds(lambda: torch.fft.rfft2(blocks), 5)

    def ours(speed: float | None) -> Callable[[], object]:
        return lambda: mf.estimate_strip_motion(lines, window=WINDOW, hop=HOP, max_speed=speed)

    print(f"1,000 windows of {WINDOW}×256, {torch.get_num_threads()} threads")
    for asked in (None, 4.0):
        took = seconds(ours(asked))
        print(
            f"  max_speed={asked}: {took:.2f} s, {took / bare:.0f} × a bare batched rfft of the "
            f"lines ({bare:.3f} s), {took / plane:.0f} × an rfft2 of the windows"
        )


def table(seeds: int = 200) -> None:
    """Print every figure of the strips."""
    few = max(10, seeds // 10)
    constant(seeds)
    whole_velocities(few)
    pulses("Random texture, period 500", scenes.pulsatile, max(3, seeds // 40))
    pulses("Blood flow, period 250, wall", scenes.blood_flow, max(3, seeds // 40))
    flows(few)
    refusals(few)
    oblique(max(8, few // 2))
    tacoma()
    speed()
    strip_peers.table()
