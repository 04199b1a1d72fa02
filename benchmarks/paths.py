"""Paths over many seeds: error over the bound, error bars, bad frames, long drift, peers, speed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import torch

import napari_motionfft as mf
from benchmarks import path_peers
from benchmarks import path_scenes as scenes
from benchmarks.accuracy import photograph
from benchmarks.path_scenes import KnownPath, rmse
from benchmarks.path_tally import likeness, tally, z_scores
from benchmarks.scenes import Array

LEVELS = (math.inf, 3.0, 1.0, 0.5, 0.3, 0.2)
"""Standard deviation of the scene over that of the noise."""


def walk(seed: int, snr: float) -> KnownPath:
    """The photograph behind a 256² window that walks at random, 0.8 px a step, T = 60."""
    return scenes.moving_window(photograph(), scenes.random_walk(seed), 256, snr, seed)


def wave(seed: int, snr: float) -> KnownPath:
    """The same along one period of a sine of 8 px."""
    return scenes.moving_window(photograph(), scenes.sinusoid(), 256, snr, seed)


def straight(seed: int, snr: float) -> KnownPath:
    """The same at 0.4 px/frame."""
    return scenes.moving_window(photograph(), scenes.steady(seed), 256, snr, seed)


def walks(seeds: int, levels: Iterable[float] = LEVELS, **asked: Any) -> None:
    """Random walks, every frame free."""
    print(f"Photograph, 256² window on a random walk of 0.8 px/frame, T = 60, {seeds} seeds, free")
    for snr in levels:
        found = tally(partial(walk, snr=snr), range(seeds), model="free", **asked)
        print(f"  SNR {snr:<4g} {found.line()}", flush=True)


def peers(seeds: int, levels: Iterable[float] = LEVELS) -> None:
    """Every tool on the same random walks: error and time."""

    def ours(stack: path_peers.Stack) -> Array:
        return mf.estimate_motion(stack, model="free").displacements

    print(f"Peers on the same random walks, {seeds} seeds")
    print(f"  {'':46s}{'rmse, px':>12s}{'worst seed':>12s}{'time':>15s}")
    tools = {"napari-motionfft, free": ours, **path_peers.tools()}
    for snr in levels:
        stacks = [walk(seed, snr) for seed in range(seeds)]
        base = 0.0
        for name, tool in tools.items():
            tool(stacks[0].stack[:4])  # imports and plans are not timed
            began = time.perf_counter()
            paths = [tool(known.stack) for known in stacks]
            took = time.perf_counter() - began
            each = [rmse(path, known.path) for path, known in zip(paths, stacks, strict=True)]
            base = base or took
            total = math.sqrt(np.mean(np.square(each)))
            print(
                f"  SNR {snr:<5g}{name:37s}{total:12.4f}{max(each):12.4f}{took / base:9.2f} × ours",
                flush=True,
            )


def jump() -> None:
    """The sample with a bump of the stage."""
    known = scenes.drift_with_jump()
    print("Low light, random walk of 0.5 px a step, jump of (6.3, -4.2) px at frame 33")
    for model in ("free", "auto"):
        motion = mf.estimate_motion(known.stack, model=model)
        z = z_scores(motion, known)
        print(
            f"  model={model!r}: {motion.model} ({motion.parameters})   rmse "
            f"{rmse(motion.displacements, known.path):.4f} px   jumps {motion.jumps}   within 1σ "
            f"{(z < 1).mean():.2f}, 2σ {(z < 2).mean():.2f}   reliable {motion.reliable}   "
            f"left out {motion.excluded}"
        )


def smooth(seeds: int) -> None:
    """A slow wave, in little noise and in much."""
    print(f"Photograph, one period of a sine of 8 px, T = 60, {seeds} seeds")
    for model, levels in (("spline", (10.0, 3.0, 1.0, 0.3, 0.1)), ("free", (10.0, 3.0, 1.0))):
        for snr in levels:
            found = tally(partial(wave, snr=snr), range(seeds), model=model)
            print(f"  {model:6s} SNR {snr:<4g} {found.line()}   {found.models}", flush=True)


def bad_frames(seeds: int) -> None:
    """5 of 60 frames blank, 2 of another scene: found, and the others as good as without them."""
    print(f"The same walks, 5 frames blank and 2 of another scene, {seeds} seeds, free")
    for snr in (math.inf, 3.0, 1.0, 0.3):
        missed, wrong, with_them, without, z = 0, 0, [], [], []
        for seed in range(seeds):
            good = walk(seed, snr)
            known = scenes.with_bad_frames(good, seed)
            motion = mf.estimate_motion(known.stack, model="free")
            missed += len(set(known.bad) - set(motion.excluded))
            wrong += len(set(motion.excluded) - set(known.bad))
            with_them.append(rmse(motion.displacements, known.path, known.bad))
            kept = np.delete(good.stack, known.bad, axis=0)
            other = mf.estimate_motion(kept, model="free")
            without.append(rmse(other.displacements, np.delete(good.path, known.bad, axis=0)))
            bad = np.array(known.bad)[np.array(known.bad) > 0]
            error = motion.displacements - motion.displacements[0] - known.path
            z.append(np.abs(error[bad] / motion.displacement_stderr[bad]).ravel())
        ratio = math.sqrt(np.mean(np.square(with_them)) / np.mean(np.square(without)))
        inside = (np.concatenate(z) < 2).mean()
        print(
            f"  SNR {snr:<4g} missed {missed} of {7 * seeds}, wrongly left out {wrong}   rmse of "
            f"the others {ratio:.3f} × that without them   theirs within 2σ {inside:.2f}",
            flush=True,
        )


def long_drift(seeds: int) -> None:
    """Three fields in 200 frames: the first and the last share nothing."""
    print(f"Drift of 3 field widths over 200 frames, canvas='union', {seeds} seeds, free")
    for name, image, side in (("photograph", photograph(), 96), ("random", None, 128)):
        for snr in (math.inf, 3.0, 1.0):
            each, like, grown = [], [], []
            for seed in range(seeds):
                known = scenes.long_drift(image, side=side, snr=snr, seed=seed)
                clean = scenes.long_drift(image, side=side, snr=None, seed=seed)
                motion = mf.estimate_motion(known.stack, model="free", canvas="union")
                each.append(rmse(motion.displacements, known.path))
                like.append(likeness(motion, clean))
                grown.append(motion.integrated.shape[1] / (known.path[-1, 1] + side))
            print(
                f"  {name}, {side}², SNR {snr:<4g} rmse {math.sqrt(np.mean(np.square(each))):.4f} "
                f"px (worst {max(each):.4f})   canvas {np.mean(grown):.3f} of the field's width, "
                f"like the scene {min(like):.3f} at least",
                flush=True,
            )


def choices(seeds: int) -> None:
    """What model="auto" makes of straight, smooth and random paths."""
    print(f"model='auto', {seeds} seeds")
    kinds = {"straight": straight, "sine": wave, "random walk": walk}
    for name, kind in kinds.items():
        for snr in (3.0, 1.0, 0.3, 0.1):
            found = tally(partial(kind, snr=snr), range(seeds), model="auto")
            print(f"  {name:12s} SNR {snr:<4g} {found.line()}   {found.models}", flush=True)


def noise_alarms(seeds: int) -> None:
    """White noise has no path."""
    print(f"Pure noise, T = 60, 128², {seeds} seeds")
    for model in ("free", "spline", "auto"):
        stacks = (scenes.noise_only(seed) for seed in range(seeds))
        alarms = [s for s, one in enumerate(stacks) if mf.estimate_motion(one, model).reliable]
        print(f"  model={model!r}: reliable {len(alarms)} of {seeds}   seeds {alarms[:10]}")


def speed(repeats: int = 5) -> None:
    """The free model on 100×512×512 float32 against one batched rfft2 of it."""
    mirrored = np.pad(photograph(), 256, mode="symmetric")
    path = scenes.random_walk(0, frames=100)
    stack = scenes.moving_window(mirrored, path, 512, snr=1.0).stack
    tensor = torch.from_numpy(stack)
    torch.fft.rfft2(tensor)
    print(f"100×512×512 float32, {torch.get_num_threads()} threads, median of {repeats}")
    for model in ("free", "spline", "auto"):
        ratios, ours = [], []
        for _ in range(repeats):
            began = time.perf_counter()
            torch.fft.rfft2(tensor)
            between = time.perf_counter()
            mf.estimate_motion(stack, model=model)
            ours.append(time.perf_counter() - between)
            ratios.append(ours[-1] / (between - began))
        print(
            f"  model={model!r}: {np.median(ratios):.0f} × one batched rfft2 of the stack "
            f"({np.median(ours):.2f} s)",
            flush=True,
        )


def table(seeds: int = 200) -> None:
    """Print every figure of the paths."""
    some, few = max(4, seeds // 10), max(2, seeds // 40)
    walks(some)
    jump()
    smooth(some)
    bad_frames(max(2, some // 2))
    long_drift(few)
    choices(few)
    noise_alarms(seeds)
    speed()
    peers(few)
