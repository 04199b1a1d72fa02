"""An opaque front over a moving background, over many seeds: velocities, order, images, masks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

import napari_motionfft as mf
from benchmarks.occluder_scenes import SHAPES, KnownOcclusion, occluder
from benchmarks.scenes import Array

NEAR = 0.05
"""px/frame within which both velocities count as found."""


@dataclass(frozen=True)
class Match:
    """What one separation has of the truth, the front first.

    Attributes
    ----------
    error, z
        (2,) px/frame, and in its own standard errors (root mean square of both components).
    correlation
        (2,) of each image with the true texture, where two frames or more show it.
    overlap
        Of the masks: both over either (intersection over union).
    order
        True: the front is named right; False: wrong; None: not determined.
    certain
        Both motions came back reliable.
    """

    error: Array
    z: Array
    correlation: Array
    overlap: float
    order: bool | None
    certain: bool


def matched(known: KnownOcclusion, found: mf.Motions) -> Match | None:
    """Compare a separation with the truth; None where it holds no two motions."""
    if len(found) != 2 or found.masks is None:
        return None
    misses = np.array([[m.velocity - v for v in known.velocities] for m in found])  # (2, 2, 2)
    far = np.hypot(misses[..., 0], misses[..., 1])
    first = 0 if max(far[0, 0], far[1, 1]) <= max(far[1, 0], far[0, 1]) else 1
    which = [first, 1 - first]  # of the motions, for the true front and background
    z, alike = [], []
    for truth, index in enumerate(which):
        motion, miss = found[index], misses[index, truth]
        z.append(math.sqrt(miss @ np.linalg.pinv(motion.velocity_covariance) @ miss / 2))
        seen = motion.coverage >= 2
        pair = motion.integrated[seen], known.images[truth][seen]
        alike.append(float(np.corrcoef(*pair)[0, 1]) if seen.sum() > 2 else 0.0)
    shown = found.masks > 0.5
    if found.front is not None and found.front != first:
        shown = ~shown
    true = known.masks > 0.5
    return Match(
        np.array([far[which[0], 0], far[which[1], 1]]),
        np.array(z),
        np.array(alike),
        float((shown & true).sum() / max(1, (shown | true).sum())),
        None if found.front is None else found.front == first,
        all(motion.reliable for motion in found),
    )


def tally(
    make: Callable[[int], KnownOcclusion], seeds: Iterable[int], within: float = NEAR
) -> tuple[list[int], str]:
    """Separate one stack a seed: seeds that missed a velocity by more than `within`; a row."""
    every: list[Match | None] = []
    missed, took = [], []
    for seed in seeds:
        known = make(seed)
        began = time.perf_counter()
        found = mf.separate_motions(known.stack, 2, kind="occluding")
        took.append(time.perf_counter() - began)
        every.append(matched(known, found))
        last = every[-1]
        if last is None or last.error.max() > within:
            missed.append(seed)
    kept = [one for one in every if one is not None]
    if not kept:
        return missed, "no stack gave two motions"
    error, z, alike = (
        np.array([getattr(one, name) for one in kept]) for name in ("error", "z", "correlation")
    )
    told = [one.order for one in kept if one.order is not None]
    right = f"{np.mean(told):.0%}" if told else "–"
    good = z[error.max(1) <= within]
    row = (
        f"both within {within:g}: {1 - len(missed) / len(every):.0%}   error "
        f"{np.median(error):.4f}   within 1σ {(good < 1).mean():.2f}, 2σ {(good < 2).mean():.2f}   "
        f"order told {len(told) / len(kept):.0%}, right {right}   correlation "
        f"{np.median(alike[:, 0]):.2f}, {np.median(alike[:, 1]):.2f}   masks "
        f"{np.median([one.overlap for one in kept]):.2f}   certain "
        f"{np.mean([one.certain for one in kept]):.0%}   {np.median(took):.1f} s"
    )
    return missed, row


def photographs(seeds: int) -> None:
    """Two photographs, velocities in ±3 px/frame and at least 1 apart."""
    print(f"Photograph in front of another, 128², T = 16, {seeds} seeds")
    for coverage in (0.3, 0.5):
        for snr in (1.0, 3.0, math.inf):
            make = partial(occluder, coverage=coverage, snr=snr)
            missed, row = tally(make, range(seeds))
            print(f"  covers {coverage:.0%}, SNR {snr:<3g} {row}", flush=True)
            if missed:
                print(f"    missed: seeds {missed[:20]}")
    print(f"By shape, SNR 1, 30 %, {seeds} seeds")
    for shape in SHAPES:
        _, row = tally(partial(occluder, shape=shape), range(seeds))
        print(f"  {shape:6s} {row}", flush=True)


def larger(seeds: int) -> None:
    """256², T = 32."""
    print(f"256², T = 32, SNR 1, {seeds} seeds, {torch.get_num_threads()} threads")
    for coverage in (0.3, 0.5):
        missed, row = tally(partial(occluder, coverage=coverage, side=256, frames=32), range(seeds))
        print(f"  covers {coverage:.0%} {row}   missed {missed}", flush=True)


def table(seeds: int = 200) -> None:
    """Print every figure of opaque layers."""
    photographs(max(6, seeds // 5))
    larger(max(3, seeds // 20))
