"""A picture of the motion along a strip: its kymograph, and the velocity under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.strips.oscillation import Oscillation
from napari_motionfft.motion.strips.result import StripMotion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

SLOPE, VELOCITY, TRUTH = "#ffd23f", "tab:blue", "black"
WIDE = 9.5
"""Inches of the whole figure."""
HEIGHTS = (2.6, 2.1, 1.2)
"""Inches of kymograph, velocity and error."""


def strip_figure(
    kymograph: NDArray[Any],
    motion: StripMotion,
    lines: Array,
    title: str,
    truth: Array | None = None,
    oscillation: Oscillation | None = None,
) -> Figure:
    """Kymograph with the fitted slopes over velocity against time, one time axis for both.

    Parameters
    ----------
    kymograph
        (T, L); drawn with the strip's end at the top, so that rising lines move at a positive
        velocity.
    motion
        What was estimated on it.
    lines
        (n, 2, 2) pieces of line over the kymograph, start and end, (frame, px along the strip).
    title
        Written above.
    truth
        (W,) known velocity of each window in px/frame: drawn, and the error under it.
    oscillation
        Drawn where it is reliable.

    Returns
    -------
    matplotlib Figure
        For `write_figure`.
    """
    from matplotlib.figure import Figure

    rows = HEIGHTS if truth is not None else HEIGHTS[:2]
    figure = Figure(figsize=(WIDE, sum(rows) + 0.8), layout="constrained")
    axes = figure.subplots(len(rows), 1, sharex=True, height_ratios=rows)
    step = 1.0 if motion.dt is None else motion.dt
    time_unit = "frame" if motion.dt is None else motion.time_unit
    figure.suptitle(title, fontsize=11)
    draw_kymograph(axes[0], kymograph, motion, lines, step)
    draw_velocity(axes[1], motion, truth, oscillation, step)
    if truth is not None:
        draw_error(axes[2], motion, truth)
    axes[0].set_xlim(-0.5 * step, (motion.shape[0] - 0.5) * step)
    axes[-1].set_xlabel("frame" if time_unit == "frame" else f"time, {time_unit}")
    figure.align_ylabels(axes)
    return figure


def draw_kymograph(
    axes: Any, kymograph: NDArray[Any], motion: StripMotion, lines: Array, step: float
) -> None:
    """The kymograph, time to the right and the strip upwards, with lines over it."""
    from matplotlib.collections import LineCollection

    frames, length = motion.shape
    px = 1.0 if motion.dx is None else motion.dx
    edges = (-0.5 * step, (frames - 0.5) * step, -0.5 * px, (length - 0.5) * px)
    low, high = np.percentile(kymograph, (1, 99))
    axes.imshow(
        np.asarray(kymograph).T,
        extent=edges,
        origin="lower",
        aspect="auto",
        cmap="gray",
        vmin=low,
        vmax=high,
        interpolation="antialiased",
        interpolation_stage="data",
    )
    axes.add_collection(LineCollection(list(lines * (step, px)), colors=SLOPE, linewidths=1.1))
    axes.set_ylim(edges[2:])
    axes.set_ylabel(f"along the strip, {'px' if motion.dx is None else motion.length_unit}")
    axes.set_title("kymograph; yellow: the fitted motion", fontsize=9, loc="left")


def draw_velocity(
    axes: Any,
    motion: StripMotion,
    truth: Array | None,
    oscillation: Oscillation | None,
    step: float,
) -> None:
    """Velocities with their error band; what is not reliable is left out and counted."""
    times, velocity, error = motion.times, motion.physical_velocities, motion.physical_stderr
    known = np.where(motion.reliable, velocity, np.nan)
    axes.fill_between(times, known - error, known + error, color=VELOCITY, alpha=0.3, lw=0)
    axes.plot(times, known, color=VELOCITY, marker=".", ms=4, lw=1.2, label="estimate")
    if truth is not None:
        axes.plot(times, truth * motion.unit_speed, "--", color=TRUTH, lw=1, label="truth")
    if oscillation is not None and oscillation.reliable:
        frames = np.linspace(0, motion.shape[0] - 1, 500)
        swing = oscillation.at(frames) * motion.unit_speed
        axes.plot(frames * step, swing, ":", color="tab:red", lw=1.3, label="oscillation")
    axes.set_ylabel(f"velocity, {motion.velocity_unit}")
    told = f"mean velocity of windows of {motion.window} frames ± standard error"
    if (left_out := int((~motion.reliable).sum())) > 0:
        told += f"; {left_out} of {len(times)} not reliable, not drawn"
    axes.set_title(told, fontsize=9, loc="left")
    axes.grid(alpha=0.3)
    if len(axes.lines) > 1:
        axes.legend(
            fontsize=8,
            loc="lower right",
            bbox_to_anchor=(1, 1),
            ncols=3,
            frameon=False,
            borderpad=0,
        )


def draw_error(axes: Any, motion: StripMotion, truth: Array) -> None:
    """Estimate − truth, in the band of the standard errors."""
    times, error = motion.times, motion.physical_stderr
    off = np.where(motion.reliable, (motion.velocities - truth) * motion.unit_speed, np.nan)
    axes.fill_between(times, -error, error, color=VELOCITY, alpha=0.3, lw=0)
    axes.plot(times, off, ".", color=VELOCITY, ms=4)
    axes.axhline(0, color=TRUTH, lw=0.8, ls="--")
    axes.set_ylabel(f"error, {motion.velocity_unit}")
    axes.set_title("estimate − truth, and ± standard error", fontsize=9, loc="left")
    axes.grid(alpha=0.3)
