"""A picture of a path: displacement against time, and how far it is off where that is known."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

NAMES = ("y (down)", "x (right)")
COLOURS = ("tab:orange", "tab:blue")
WIDE = 9.5
"""Inches of the whole figure."""
HEIGHTS = (2.6, 1.5)
"""Inches of the path and of the error."""


def path_figure(
    motion: Motion, title: str, truth: Array | None = None, known: str = "truth"
) -> Figure:
    """Displacement along y and x with its error band; jumps and frames left out are marked.

    Parameters
    ----------
    motion
        What was estimated.
    title
        Written above.
    truth
        (T, 2) px relative to frame 0: drawn, and the difference under it.
    known
        What `truth` is called in the picture.

    Returns
    -------
    matplotlib Figure
        For `write_figure`.
    """
    from matplotlib.figure import Figure

    rows = HEIGHTS if truth is not None else HEIGHTS[:1]
    figure = Figure(figsize=(WIDE, sum(rows) + 0.7), layout="constrained")
    axes = figure.subplots(len(rows), 1, sharex=True, squeeze=False, height_ratios=rows)[:, 0]
    figure.suptitle(title, fontsize=11)
    draw_path(axes[0], motion, truth, known)
    if truth is not None:
        draw_error(axes[1], motion, truth, known)
    for each in axes:
        each.grid(alpha=0.3)
        for jump in motion.jumps:
            each.axvline(jump - 0.5, color="0.35", lw=0.9, ls="--")
    axes[-1].set_xlabel("frame")
    axes[-1].set_xlim(-0.5, len(motion.displacements) - 0.5)
    figure.align_ylabels(axes)
    return figure


def draw_path(axes: Any, motion: Motion, truth: Array | None, known: str) -> None:
    """Both components; no line crosses a jump."""
    kept = seen(motion)
    for axis in range(2):
        values, errors = parts(motion, axis)
        banded(axes, motion, values - errors, values + errors, axis)
        for stretch in stretches(motion):
            label = NAMES[axis] if stretch.start == 0 else None
            t = np.arange(stretch.start, stretch.stop)
            axes.plot(t, values[stretch], color=COLOURS[axis], lw=1.4, label=label)
            if truth is not None:
                last = known if axis == 1 and stretch.start == 0 else None
                axes.plot(t, truth[stretch, axis], "--", color="black", lw=0.9, label=last)
        out = np.flatnonzero(~kept)
        named = "left out, interpolated" if axis == 1 and len(out) else None
        axes.plot(out, values[out], "x", color="tab:red", ms=5, label=named)
    for jump in motion.jumps:
        step = np.hypot(*(motion.displacements[jump] - motion.displacements[jump - 1]))
        between = motion.displacements[jump : jump + 5].mean()  # where no curve runs
        told = f" jump of {step:.1f} px, frame {jump}"
        axes.text(jump - 0.5, between, told, fontsize=8, va="center", color="0.25")
    axes.set_ylabel("displacement, px")
    axes.legend(fontsize=8, loc="best", frameon=False, ncols=1 + (truth is not None))


def draw_error(axes: Any, motion: Motion, truth: Array, known: str) -> None:
    """Estimate less truth, in the bands of the standard errors."""
    kept = seen(motion)
    for axis in range(2):
        values, errors = parts(motion, axis)
        banded(axes, motion, -errors, errors, axis)
        off = np.where(kept, values - truth[:, axis], np.nan)
        axes.plot(np.arange(len(off)), off, ".", color=COLOURS[axis], ms=5)
    axes.axhline(0, color="black", lw=0.8, ls="--")
    axes.set_ylabel("error, px")
    told = f"estimate − {known}, and ± standard error; the error of frame 0 is in all of them"
    axes.set_title(told, fontsize=9, loc="left")


def banded(axes: Any, motion: Motion, low: Array, high: Array, axis: int) -> None:
    """An error band, from jump to jump; frames left out would hide the others in theirs."""
    kept = seen(motion)
    for stretch in stretches(motion):
        t = np.arange(stretch.start, stretch.stop)
        shown = kept[stretch]
        axes.fill_between(
            t[shown],
            low[stretch][shown],
            high[stretch][shown],
            color=COLOURS[axis],
            alpha=0.25,
            lw=0,
        )


def parts(motion: Motion, axis: int) -> tuple[Array, Array]:
    """(T,) px of one component, and its standard error; 0 where that is not known."""
    return motion.displacements[:, axis], np.nan_to_num(
        motion.displacement_stderr[:, axis], nan=0.0, posinf=0.0
    )


def seen(motion: Motion) -> NDArray[np.bool_]:
    """(T,) whether a frame was used."""
    kept = np.ones(len(motion.displacements), dtype=bool)
    kept[list(motion.excluded)] = False
    return kept


def stretches(motion: Motion) -> list[slice]:
    """Frames from jump to jump."""
    edges = [0, *motion.jumps, len(motion.displacements)]
    return [slice(*pair) for pair in pairwise(edges)]
