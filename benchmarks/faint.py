"""Faint movers over many seeds: how many are found, how well, false alarms, speed."""

from __future__ import annotations

import time

import numpy as np
import torch

from benchmarks import faint_scenes as scenes
from benchmarks.speed import seconds
from napari_motionfft.motion.faint.find import find_movers
from napari_motionfft.motion.faint.tree import add_shifted, tree_of

NEAR, EVEN = 1.0, 0.05
"""px and px/frame within which an object counts as found."""


def found(shape: str, seeds: int, **settings: object) -> None:
    """One object a stack of 64×256×256, peak 0.5 σ of the noise a frame."""
    hits, false, took = 0, 0, 0.0
    z, scores = [], []
    for seed in range(seeds):
        known = scenes.moving(seed, shape)
        began = time.perf_counter()
        movers = find_movers(known.stack, max_speed=scenes.FASTEST, **settings)  # type: ignore[arg-type]
        took += time.perf_counter() - began
        hit = False
        for mover in movers:
            then = known.start + mover.centre_frame * known.velocity
            off, drift = mover.centre - then, mover.velocity - known.velocity
            if np.hypot(*off) < NEAR and np.hypot(*drift) < EVEN:
                hit = True
                scores.append(mover.score)
                z += [*(off / mover.centre_stderr), *(drift / mover.velocity_stderr)]
            else:
                false += 1
        hits += hit
    names = {"block": "5×5 px, flat"}
    spread = np.sqrt(np.mean(np.square(z))) if z else np.nan
    print(
        f"  {names.get(shape, f'Gaussian, {shape} px wide'):24s} found {hits} of {seeds} "
        f"({hits / seeds:.0%})   false entries {false / seeds:.2f} a stack   score median "
        f"{np.median(scores or [np.nan]):.1f}   error over σ, rms {spread:.2f}   "
        f"{took / seeds:.1f} s"
    )


def alarms(kind: str, seeds: int, stated: float = 0.2) -> None:
    """How many stacks in which nothing moves come back with an entry."""
    shape = (16, 64, 64)
    some, entries, excess = 0, 0, []
    for seed in range(seeds):
        movers = find_movers(scenes.noise(seed, kind, shape), false_alarm=stated)
        some += bool(movers)
        entries += len(movers)
        excess.append(movers.excess)
    print(
        f"  {kind:10s} with an entry {some / seeds:6.1%}, stated {stated:.0%}   entries "
        f"{entries / seeds:.2f} a stack   scatter {np.mean(excess):.2f} of independent noise"
    )


def speed() -> None:
    """The whole search, against stacking every velocity by itself, and against one rfft2."""
    stack = torch.from_numpy(scenes.noise(0, "white", (scenes.FRAMES, scenes.SIDE, scenes.SIDE)))
    tree = tree_of(scenes.FRAMES)
    most = round(scenes.FASTEST / tree.step)
    velocities = (2 * most + 1) ** 2
    some = [(y, x) for y in range(-most, most + 1, 16) for x in range(-most, most + 1, 16)]

    def direct() -> None:
        for y, x in some:
            out = torch.zeros_like(stack[0])
            for t, frame in enumerate(stack):
                late = (t - (scenes.FRAMES - 1) / 2) * tree.step
                add_shifted(out, frame, round(y * late), round(x * late))

    brute = seconds(direct) * velocities / len(some)
    bare = seconds(lambda: torch.fft.rfft2(stack), 5)
    data = stack.numpy()
    print(
        f"64×256×256, {velocities} velocities up to {scenes.FASTEST:g} px/frame an axis, "
        f"{torch.get_num_threads()} threads"
    )
    for size in (2.5, "auto"):
        ours = seconds(lambda size=size: find_movers(data, size=size, max_speed=scenes.FASTEST), 2)  # type: ignore[misc]
        print(
            f"  size={size!r:6}: {ours:.1f} s, {ours / bare:.0f} × one rfft2 of the stack "
            f"({bare:.3f} s); adding the frames up along every velocity takes {brute:.0f} s, "
            f"{brute / ours:.0f} × as long"
        )


def table(seeds: int = 200) -> None:
    """Print every figure of the faint movers."""
    few = max(10, seeds // 8)
    print(f"One object, 64×256×256, peak 0.5 σ a frame, up to 2 px/frame an axis, {few} seeds")
    for shape in ("block", "3.0", "2.5"):
        found(shape, few)
    print(f"Nothing moves, 16×64×64, {seeds} seeds")
    for kind in ("white", "blurred", "drifting", "photons", "stars", "rows"):
        alarms(kind, seeds)
    speed()
