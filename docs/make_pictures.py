"""Make the README's pictures: `make pictures`. Needs a screen, real or virtual."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
import numpy as np
import tifffile
from benchmarks import peers, scenes
from benchmarks.accuracy import photograph as photo
from numpy.typing import NDArray

import napari_motionfft as mf
from docs import layers, paths, posts
from napari_motionfft import demo_paths
from napari_motionfft.demo_strips import SCENE, blood_flow, flow_figure
from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.pictures import write_png
from napari_motionfft.viewer.demo import Scene, photograph, photograph_strips

mpl.use("Agg")
import matplotlib.pyplot as plt

OUT = Path(__file__).parent / "pictures"


def main() -> None:
    """All pictures."""
    OUT.mkdir(exist_ok=True)
    write_png(OUT / "window.png", photograph(Scene("rain_radar")))
    low_light(OUT / "low-light.png")
    error_against_noise(OUT / "error-against-noise.png")
    write_png(OUT / "path-window.png", photograph(demo_paths.SCENE))
    paths.main(OUT)
    write_png(OUT / "strip-window.png", photograph_strips(SCENE))
    write_figure(OUT / "strip.png", flow_figure(blood_flow()))
    layers.main(OUT)
    posts.main(OUT)


def low_light(path: Path) -> None:
    """One frame, the plain mean and the integrated image of the low-light stack."""
    data = files("napari_motionfft") / "data" / "known_velocity_low_light.tif"
    with data.open("rb") as stream:
        stack = tifffile.imread(stream)
    motion = mf.estimate_motion(stack)
    panels = {
        "one frame of 48, 0.7 photons a pixel": stack[0],
        "mean of all frames": motion.plain_mean,
        "mean with the motion taken out": motion.integrated,
    }
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.8), layout="constrained")
    for axis, (title, image) in zip(axes, panels.items(), strict=True):
        low, high = np.percentile(image, (0.5, 99.5))
        axis.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
        axis.set_title(title, fontsize=11)
        axis.set_axis_off()
    (vy, vx), (sy, sx) = motion.velocity, motion.velocity_stderr
    figure.suptitle(
        f"vy = {vy:.4f} ± {sy:.4f}, vx = {vx:.4f} ± {sx:.4f} px/frame (truth 0.23, −0.61)",
        fontsize=11,
    )
    figure.savefig(path, dpi=100)
    plt.close(figure)


def error_against_noise(path: Path, seeds: int = 6) -> None:
    """Error of ours and of peers on a photograph through a moving window, and the bound."""
    levels = np.array([10.0, 3.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.05])
    tools = {
        "napari-motionfft": (peers.ours, "C0", "-"),
        "scikit-image, phase correlation": (peers.cross_correlation("phase"), "C1", "--"),
        "scikit-image, cross-correlation": (peers.cross_correlation(None), "C2", "--"),
        "pystackreg, to the first": (peers.stackreg("first"), "C3", "--"),
    }
    errors = {name: [] for name in tools}
    bounds = []
    for level in levels:
        known = [scenes.through_window(photo(), seed, float(level)) for seed in range(seeds)]
        bounds.append(np.sqrt(np.mean([np.diag(one.bound) for one in known])))
        for name, (tool, _, _) in tools.items():
            errors[name].append(rms([tool(k.stack) - k.velocity for k in known]))
    figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, (_, colour, style) in tools.items():
        axis.loglog(levels, errors[name], style, color=colour, marker="o", ms=4, label=name)
    axis.loglog(levels, bounds, ":", color="0.4", label="bound")
    axis.set_xlabel("signal / noise, standard deviations of a pixel")
    axis.set_ylabel("rms error, px/frame")
    axis.set_title(
        f"Photograph through a moving 256² window, 30 frames, {seeds} seeds", fontsize=10
    )
    axis.grid(alpha=0.3)
    axis.legend(fontsize=9)
    figure.savefig(path, dpi=100)
    plt.close(figure)


def rms(errors: list[NDArray[np.float64]]) -> float:
    """Root mean square of all components."""
    return float(np.sqrt(np.mean(np.square(errors))))


if __name__ == "__main__":
    main()
