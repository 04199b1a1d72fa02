"""Several motions over many seeds: still layers, crossing textures, false extra motions, time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import napari_motionfft as mf
from benchmarks import layer_scenes as scenes
from benchmarks.layer_scenes import KnownLayers
from benchmarks.layer_tally import Fits, best_images, compared, correlation
from napari_motionfft.files.stacks import read_stack

RATIOS = (0.1, 1.0, 10.0, 100.0)
"""Variance of the still layer over that of the moving one."""
SPEEDS: dict[str, tuple[float, float] | None] = {
    "±2": None,
    "0.2-0.5": (0.2, 0.5),
    "0.1-0.2": (0.1, 0.2),
}
"""Px/frame."""
REAL = (
    "known_velocity_low_light.tif",
    "known_drift_with_jump.tif",
    "radar_rain_fmi.tif",
    "t98g_phase_contrast.tif",
    "tensile_test_mudic.tif",
    "tacoma_bridge.mp4",
)


def mixed(seed: int, make: Callable[..., KnownLayers], **asked: Any) -> KnownLayers:
    """A scene of each kind of texture in turn."""
    return make(seed, kind=scenes.TEXTURES[seed % len(scenes.TEXTURES)], **asked)


def still_layers(seeds: int) -> None:
    """background="static", and the temporal mean taken off by hand."""
    print(f"One texture over a still one, 128², T = 8, noise 0.1 of its std, {seeds} seeds")
    print("  median error in px/frame; 'mean off': the temporal mean taken off, nothing more")
    for boundary in ("crop", "periodic"):
        for name, speeds in SPEEDS.items():
            for ratio in RATIOS:
                errors, plain, least, z, reliable = [], [], [], [], []
                for seed in range(seeds):
                    known = mixed(
                        seed, scenes.over_still, ratio=ratio, boundary=boundary, speeds=speeds
                    )
                    stack, truth = known.stack, known.velocities[0]
                    motion = mf.estimate_motion(stack, background="static", boundary=boundary)
                    bare = mf.estimate_motion(stack - stack.mean(0), boundary=boundary)
                    errors.append(math.hypot(*(motion.velocity - truth)))
                    plain.append(math.hypot(*(bare.velocity - truth)))
                    least.append(math.hypot(*known.bound[0]))
                    z.append(np.abs(motion.velocity - truth) / motion.velocity_stderr)
                    reliable.append(motion.reliable)
                inside = np.concatenate(z)
                print(
                    f"  {boundary:8s} {name:8s} × {ratio:<5g} {np.median(errors):.4f} (worst "
                    f"{max(errors):.3f}, bound {np.median(least):.4f}; mean off "
                    f"{np.median(plain):.4f})   within 1σ {(inside < 1).mean():.2f}, 2σ "
                    f"{(inside < 2).mean():.2f}   reliable {np.mean(reliable):.0%}",
                    flush=True,
                )


def separated(
    make: Callable[[int], KnownLayers], seeds: Iterable[int], n: int | str, within: float
) -> tuple[list[int], str]:
    """Separate one stack a seed: seeds that missed a motion by more than `within`; a row."""
    every: list[Fits] = []
    missed, took = [], []
    for seed in seeds:
        known = make(seed)
        began = time.perf_counter()
        motions = mf.separate_motions(known.stack, n, boundary=known.boundary)
        took.append(time.perf_counter() - began)
        every.append(compared(known, motions))
        if every[-1].error.max() > within:
            missed.append(seed)
    error, z, like, seen, gain = (
        np.concatenate([getattr(one, name) for one in every])
        for name in ("error", "z", "correlation", "correlation_seen", "gain")
    )
    extra = sum(one.count > len(one.error) for one in every)
    row = (
        f"all within {within:g}: {1 - len(missed) / len(every):.0%}   error {np.median(error):.4f}"
        f"   within 1σ {(z < 1).mean():.2f}, 2σ {(z < 2).mean():.2f}   correlation "
        f"{np.median(like):.3f}, {(like >= 0.95).mean():.0%} ≥ 0.95 (with edges "
        f"{np.median(seen):.3f})   crosstalk -{np.median(gain):.0f} dB, {(gain >= 10).mean():.0%} "
        f"≥ 10   extra {extra}   {np.median(took):.2f} s"
    )
    return missed, row


def crossings(seeds: int, kinds: Iterable[str] = scenes.TEXTURES) -> None:
    """Two and three textures of equal energy, at least 1.5 px/frame apart, in ±4; n="auto"."""
    for count, frames, within in ((2, 16, 0.02), (3, 32, 0.05)):
        print(f"{count} textures, 128², T = {frames}, each of the std of the noise, {seeds} seeds")
        for kind in kinds:
            for boundary in ("crop", "periodic"):
                make = partial(
                    scenes.crossing, count=count, kind=kind, boundary=boundary, frames=frames
                )
                missed, row = separated(make, range(seeds), "auto", within)
                print(f"  {kind:10s} {boundary:8s} {row}", flush=True)
                if missed:
                    print(f"    missed: seeds {missed[:20]}")


def best(seeds: int) -> None:
    """What the images could be at best: velocities and spectra known."""
    print(f"Correlation of the best linear images, velocities and power known, {seeds} seeds")
    for count, frames in ((2, 16), (3, 32)):
        for kind in scenes.TEXTURES:
            like = []
            for seed in range(seeds):
                known = scenes.crossing(seed, count, kind, "periodic", frames)
                for image, truth in zip(best_images(known), known.images, strict=True):
                    like.append(correlation(image, truth, np.ones(truth.shape, bool)))
            print(f"  {count} × {kind:10s} {np.median(like):.3f} (least {min(like):.3f})")


def false_extras(seeds: int) -> None:
    """n="auto" on one motion and on none."""
    print(f"Motions too many, n='auto', {seeds} seeds")
    for kind in scenes.TEXTURES:
        for boundary in ("crop", "periodic"):
            for snr in (0.3, 1.0, 3.0, 10.0):
                make = partial(
                    scenes.crossing, count=1, kind=kind, boundary=boundary, snr=snr, side=96
                )
                counts = [many(make(seed).stack, boundary) for seed in range(seeds)]
                told = f"one {kind}, {boundary}, SNR {snr:g}"
                print(f"  {told:36s} {tallied(counts, 1)}", flush=True)
    for kind in scenes.NOISES:
        for boundary in ("crop", "periodic"):
            counts = [many(scenes.noises(seed, kind), boundary) for seed in range(seeds)]
            print(f"  {f'no motion, {kind}, {boundary}':36s} {tallied(counts, 0)}", flush=True)


def many(stack: Any, boundary: str = "crop") -> int:
    """How many motions come back that are called reliable."""
    return sum(m.reliable for m in mf.separate_motions(stack, boundary=boundary))


def tallied(counts: list[int], right: int) -> str:
    """Share of stacks with too many motions, and the seeds."""
    extra = [seed for seed, count in enumerate(counts) if count > right]
    few = sum(count < right for count in counts)
    named = f"   seeds {extra[:12]}" if extra else ""
    return f"too many {len(extra) / len(counts):5.1%}, too few {few / len(counts):5.1%}{named}"


def packaged(name: str) -> NDArray[Any]:
    """(T, Y, X) of a stack that comes with the package."""
    with as_file(files("napari_motionfft") / "data" / name) as path:
        return np.asarray(read_stack(path))


def real_stacks() -> None:
    """What n="auto" makes of real stacks."""
    print("Packaged stacks, n='auto'")
    for name in REAL:
        stack = packaged(name)
        began = time.perf_counter()
        motions = mf.separate_motions(stack)
        took = time.perf_counter() - began
        print(f"  {name}: {len(motions)} motions, {took:.1f} s; {motions.stopped}")
        for motion, share in zip(motions, motions.shares, strict=True):
            (vy, vx), (sy, sx) = motion.velocity, motion.velocity_stderr
            print(
                f"    ({vy:.3f} ± {sy:.3f}, {vx:.3f} ± {sx:.3f}) px/frame   score "
                f"{motion.score:.1f}   share {share:.3f}   reliable {motion.reliable}",
                flush=True,
            )


def speed(repeats: int = 5) -> None:
    """Separation of two layers against one batched rfft2 of the stack."""
    known = scenes.crossing(0, side=256)
    tensor = torch.from_numpy(known.stack)
    torch.fft.rfft2(tensor)
    print(f"16×256×256 float32, {torch.get_num_threads()} threads, median of {repeats}")
    for n in (2, "auto"):
        ratios, ours = [], []
        for _ in range(repeats):
            began = time.perf_counter()
            torch.fft.rfft2(tensor)
            between = time.perf_counter()
            mf.separate_motions(known.stack, n)
            ours.append(time.perf_counter() - between)
            ratios.append(ours[-1] / (between - began))
        print(
            f"  n={n!r}: {np.median(ratios):.0f} × one batched rfft2 of the stack "
            f"({np.median(ours):.2f} s)",
            flush=True,
        )


def table(seeds: int = 200) -> None:
    """Print every figure of additive layers."""
    some = max(6, seeds // 5)
    still_layers(some)
    crossings(some)
    best(max(4, seeds // 20))
    false_extras(some)
    real_stacks()
    speed()
