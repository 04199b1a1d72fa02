"""Pictures of motion that is not constant: real stacks before and after, and errors in noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from benchmarks import path_peers, paths, real_paths
from benchmarks.path_scenes import error_about_mean, long_drift, rmse
from numpy.typing import NDArray

import napari_motionfft as mf
from napari_motionfft.demo_paths import drift_figure, drifting_stage
from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.path_pictures import COLOURS, NAMES

mpl.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[np.float64]

DETAIL = (slice(214, 242), slice(218, 260))
"""A part of the T98G stack that no cell enters."""
SPECK = (slice(214, 242), slice(228, 231))
"""A speck on the dish in it."""
SPECIMEN = (slice(180, 340), slice(70, 250))
"""A part of the tensile specimen, px of frame 0."""


def main(out: Path) -> None:
    """All of them."""
    write_figure(out / "drift-with-jump.png", drift_figure(drifting_stage()))
    crawling_cells(out / "t98g.png")
    tensile_test(out / "tensile-test.png")
    long_way(out / "long-drift.png")
    against_noise(out / "path-error-against-noise.png")


def crawling_cells(path: Path) -> None:
    """The stage's drift under crawling cells, beside that of the bare background."""
    stack, check = real_paths.crawling_cells()
    motion = mf.estimate_motion(stack, "free")
    off = error_about_mean(motion.displacements, check)
    print(f"T98G: {motion.displacement_stderr[1:].mean(0).round(3)} px standard error")
    print(f"  rms difference from the bare background {np.sqrt((off**2).mean(0)).round(3)} px")
    print(f"  reliable {motion.reliable} {motion.reason} {motion.notes}")
    figure = plt.figure(figsize=(9.5, 4.8), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(1.5, 1))
    axes = above.subplots()
    t = np.arange(len(stack))
    for axis in range(2):
        values, error = motion.displacements[:, axis], motion.displacement_stderr[:, axis]
        # a path is known but for a common shift
        known = check[:, axis] + (values - check[:, axis]).mean()
        axes.fill_between(t, values - error, values + error, color=COLOURS[axis], alpha=0.25, lw=0)
        axes.plot(t, values, color=COLOURS[axis], lw=1.3, label=f"free path, {NAMES[axis]}")
        axes.plot(t, known, ".", color="black" if axis else "0.5", ms=5)
        axes.lines[-1].set_label(f"bare background alone, {NAMES[axis]}")
    axes.set(xlabel="frame", ylabel="displacement, px", xlim=(-0.5, len(stack) - 0.5))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2)
    axes.set_title("T98G cells crawl, the stage shakes: path ± standard error", fontsize=10)
    still = mf.apply_motion(stack.astype(np.float32), motion)
    images = {
        "mean of all frames": motion.plain_mean[DETAIL],
        "mean along the path": motion.integrated[DETAIL],
        "a speck against time": against_time(stack),
        "the same, path taken out": against_time(still),
    }
    draw_images(below, images, limits=np.percentile(images["mean along the path"], (0.5, 99.5)))
    figure.savefig(path, dpi=90)
    plt.close(figure)


def against_time(stack: NDArray[Any]) -> Array:
    """(Y, T) of a few px across a speck."""
    return np.asarray(stack[:, *SPECK].mean(2).T, dtype=np.float64)


def tensile_test(path: Path) -> None:
    """The specimen's travel taken out, on a part of it and on all that it has travelled over."""
    stack = real_paths.read("tensile_test_mudic.tif")
    motion = mf.estimate_motion(stack, "free", region=SPECIMEN, canvas="union")
    small = mf.integrate(stack, motion, region=SPECIMEN)
    y, x = motion.displacements[-1]
    print(f"tensile test: {y:.2f}, {x:.2f} px in all, reliable {motion.reliable} {motion.notes}")
    figure = plt.figure(figsize=(9.5, 3.75), layout="constrained")
    images = {
        "first frame": stack[0][SPECIMEN],
        "mean of all frames": motion.plain_mean,
        "mean along the path": small,
        f"all {abs(y):.0f} px of its travel": motion.integrated,
    }
    heights = [image.shape[0] for image in images.values()]
    draw_images(figure, images, max(heights))
    figure.savefig(path, dpi=90)
    plt.close(figure)


def long_way(path: Path) -> None:
    """A window that goes three of its widths: the canvas holds the whole field."""
    from skimage.data import coins

    known = long_drift(coins().astype(np.float64), frames=120, side=80, snr=1.0, wander=5.0)
    motion = mf.estimate_motion(known.stack, "free", canvas="union")
    error = rmse(motion.displacements, known.path)
    print(f"long drift: rmse {error:.3f} px, reliable {motion.reliable} {motion.notes}")
    figure = plt.figure(figsize=(9.5, 2.0), layout="constrained")
    images = {
        "one frame": known.stack[60],
        "mean of all frames": motion.plain_mean,
        f"along the path: rms error {error:.2f} px": motion.integrated,
    }
    draw_images(figure, images)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def against_noise(path: Path, seeds: int = 3) -> None:
    """Error of free paths and of peers against noise, and the bound."""
    levels = np.array([10.0, 3.0, 1.0, 0.5, 0.3, 0.2])
    every = path_peers.tools()
    shown = {
        "OpenCV ECC, to the first": "C4",
        "pystackreg, to the first": "C3",
        "scikit-image cross, to the first": "C2",
        "scikit-image phase, to the first": "C1",
    }

    def ours(stack: path_peers.Stack) -> Array:
        return mf.estimate_motion(stack, "free").displacements

    tools = {"napari-motionfft, free": ours, **{name: every[name] for name in shown}}
    errors: dict[str, list[float]] = {name: [] for name in tools}
    bounds = []
    for level in levels:
        known = [paths.walk(seed, float(level)) for seed in range(seeds)]
        bounds.append(np.sqrt(np.mean([one.bound**2 for one in known])))
        for name, tool in tools.items():
            each = [rmse(tool(one.stack), one.path) for one in known]
            errors[name].append(float(np.sqrt(np.mean(np.square(each)))))
        print(level, {name: round(found[-1], 4) for name, found in errors.items()}, flush=True)
    figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, found in errors.items():
        style = {"color": "C0"} if name not in shown else {"color": shown[name], "ls": "--"}
        axis.loglog(levels, found, marker="o", ms=4, label=name, **style)
    axis.loglog(levels, bounds, ":", color="0.4", label="bound")
    axis.set_xlabel("signal / noise, standard deviations of a pixel")
    axis.set_ylabel("rms error, px")
    title = f"Photograph, 256² window on a random walk of 0.8 px/frame, 60 frames, {seeds} seeds"
    axis.set_title(title, fontsize=10)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=9)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def draw_images(
    figure: Any, images: dict[str, Any], height: int | None = None, limits: Any = None
) -> None:
    """Images side by side: of one scale where `height` px is the tallest, within limits or each
    within its own.
    """
    widths = [image.shape[1] if height else 1 for image in images.values()]
    if height is None:
        widths = [image.shape[1] / image.shape[0] for image in images.values()]
    row = figure.subplots(1, len(images), width_ratios=widths)
    for axes, (title, image) in zip(row, images.items(), strict=True):
        low, high = np.percentile(image, (0.5, 99.5)) if limits is None else limits
        axes.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        if height:
            axes.set_ylim(height - 0.5, -0.5)
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
