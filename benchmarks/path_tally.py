"""What many seeds of one kind of path say."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import napari_motionfft as mf
from benchmarks.path_scenes import KnownPath, error_about_mean
from benchmarks.scenes import Array, shifted


@dataclass(frozen=True)
class PathTally:
    """What many seeds of one kind of path say.

    Attributes
    ----------
    rmse, worst
        Px a component, the mean difference removed: over all seeds, and of the worst of them.
    over_bound
        Root mean square of the errors over that of the bound; NaN where there is none.
    within_1, within_2
        Share of displacements, relative to frame 0, within 1 and 2 of their standard errors.
    reliable
        Share that came back reliable.
    excluded
        Frames left out of a stack, on average.
    models
        How often which model was used, with its coefficients an axis.
    seconds
        A stack, median.
    """

    rmse: float
    worst: float
    over_bound: float
    within_1: float
    within_2: float
    reliable: float
    excluded: float
    models: dict[str, int]
    seconds: float

    def line(self) -> str:
        """One row of the table."""
        return (
            f"rmse {self.rmse:7.4f} px (worst seed {self.worst:7.4f})   "
            f"over bound {self.over_bound:5.2f}   within 1σ {self.within_1:.3f}, "
            f"2σ {self.within_2:.3f}   reliable {self.reliable:6.1%}   "
            f"left out {self.excluded:.1f} frames   {self.seconds:.1f} s"
        )


def z_scores(motion: mf.Motion, known: KnownPath) -> Array:
    """(N,) |error| over its standard error, relative to frame 0; frames left out do not count."""
    gone = {0, *motion.excluded, *known.bad}
    kept = [t for t in range(len(known.path)) if t not in gone]
    error = (motion.displacements - motion.displacements[0] - known.path)[kept]
    return np.abs(error / motion.displacement_stderr[kept]).ravel()


def tally(make: Callable[[int], KnownPath], seeds: Iterable[int], **asked: Any) -> PathTally:
    """Estimate the path of one stack a seed and compare with the truth and the bound."""
    squares, each, bounds, z, reliable, excluded, took = [], [], [], [], [], [], []
    models: Counter[str] = Counter()
    for seed in seeds:
        known = make(seed)
        began = time.perf_counter()
        motion = mf.estimate_motion(known.stack, **asked)
        took.append(time.perf_counter() - began)
        error = error_about_mean(motion.displacements, known.path, known.bad)
        each.append(math.sqrt((error**2).mean()))
        squares.append((error**2).mean())
        bounds.append((known.bound**2).mean())
        z.append(z_scores(motion, known))
        reliable.append(motion.reliable)
        excluded.append(len(motion.excluded))
        models[f"{motion.model} ({motion.parameters})"] += 1
    all_z, least = np.concatenate(z), float(np.mean(bounds))
    return PathTally(
        math.sqrt(np.mean(squares)),
        max(each),
        math.sqrt(np.mean(squares) / least) if least > 0 else math.nan,
        float((all_z < 1).mean()),
        float((all_z < 2).mean()),
        float(np.mean(reliable)),
        float(np.mean(excluded)),
        dict(models.most_common()),
        float(np.median(took)),
    )


def likeness(motion: mf.Motion, clean: KnownPath) -> float:
    """Least correlation of the canvas with views without noise, where they belong on it."""
    least, side, edge = 1.0, clean.stack.shape[1], 16
    for t in (0, len(clean.path) // 2, len(clean.path) - 1):
        place = -clean.path[t]
        corner = np.round(place).astype(int)
        # what the shift's wrap and the canvas's frame spoil is left out
        view = shifted(clean.stack[t].astype(np.float64), place - corner)[edge:-edge, edge:-edge]
        low = corner - np.array(motion.origin) + edge
        rows, columns = (slice(n, n + side - 2 * edge) for n in low)
        part = motion.integrated[rows, columns]
        if (low < 0).any() or part.shape != view.shape or not motion.coverage[rows, columns].all():
            return 0.0
        least = min(least, float(np.corrcoef(part.ravel(), view.ravel())[0, 1]))
    return least
