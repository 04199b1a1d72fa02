"""The demo: the main jobs on packaged data, as numbers, as pictures and in napari."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from napari_motionfft import demo_layers, demo_paths
from napari_motionfft.demo_strips import SCENE, demo_strips
from napari_motionfft.files.pictures import gray, landscape_picture, write_png
from napari_motionfft.files.stacks import read_stack
from napari_motionfft.files.tables import load_motion
from napari_motionfft.motion.estimate import estimate_motion
from napari_motionfft.motion.result import Motion
from napari_motionfft.summary import pair
from napari_motionfft.viewer.demo import Scene

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Sample:
    """One packaged stack.

    Attributes
    ----------
    key
        Of the sample in the plugin's manifest, and in file names.
    title, file
        For people, and in the package's data.
    about
        One sentence for people.
    reference
        What is known of the velocity, (y, x) px/frame.
    truth
        A table of the true displacements, where these are known.
    """

    key: str
    title: str
    file: str
    about: str
    reference: tuple[float, float]
    truth: str | None = None


SAMPLES = (
    Sample(
        "rain_radar",
        "rain radar",
        "radar_rain_fmi.tif",
        "Real data: rain that grows and decays; known are the steps from frame to frame.",
        (-2.6, 2.2),
    ),
    Sample(
        "low_light",
        "low light",
        "known_velocity_low_light.tif",
        "A real image, moved exactly, at 0.7 photons a pixel.",
        (0.23, -0.61),
        "known_velocity_low_light.csv",
    ),
)


OBJECTIVES_SHOWN = ("fourier", "fourier-bilinear", "fourier-unsigned", "gcc-phat-0.7-fejer")


@dataclass(frozen=True)
class Run:
    """A sample and what was estimated on it."""

    sample: Sample
    motion: Motion


def demo(out: Path, window: bool = True, progress: Progress | None = None) -> list[Path]:
    """Estimate the motions in the packaged data, print and draw the results, show them in napari.

    Parameters
    ----------
    out
        Folder for the pictures; made if need be, pictures of an earlier demo are replaced.
    window
        Open napari and wait until it is closed. Otherwise, or with MOTIONFFT_HEADLESS=1 in the
        environment, save pictures of napari's windows and close them.
    progress
        Called with (fraction, message).

    Returns
    -------
    list of Path
        The pictures.
    """
    out.mkdir(parents=True, exist_ok=True)
    runs = [run(sample, progress) for sample in SAMPLES]
    print("\n".join(table(runs)), flush=True)
    written = [path for each in runs for path in draw(each, out)]
    written.append(compare_on_square(out))
    written += demo_paths.demo_paths(out)
    written += demo_strips(out)
    written += demo_layers.demo_layers(out)
    scenes = [*(Scene(each.sample.key) for each in runs), demo_paths.SCENE]
    stay = window and os.environ.get("MOTIONFFT_HEADLESS") != "1"
    problem = no_window()
    if problem:
        print(f"No window: {problem}.")
    elif not stay:
        print("Opening napari to take its picture ...", flush=True)
        from napari_motionfft.viewer.demo import (
            photograph,
            photograph_motions,
            photograph_strips,
        )

        windows = {scene.key: photograph(scene) for scene in scenes}
        windows[SCENE.key] = photograph_strips(SCENE)
        windows[demo_layers.SCENE] = photograph_motions(demo_layers.SCENE)
        for key, pixels in windows.items():
            written.append(out / f"{key}-window.png")
            write_png(written[-1], pixels)
    print(f"\nPictures in {out}: {', '.join(path.name for path in written)}", flush=True)
    if stay and not problem:
        from napari_motionfft.viewer.demo import show

        show(scenes, [SCENE], [demo_layers.SCENE])
    return written


def run(sample: Sample, progress: Progress | None) -> Run:
    """Estimate the motion of one packaged stack, with the defaults."""
    with as_file(files("napari_motionfft") / "data" / sample.file) as path:
        stack = np.array(read_stack(path))  # the file may be gone after this
    named = None
    if progress is not None:
        report = progress

        def named(fraction: float, message: str) -> None:
            report(fraction, f"{sample.title}: {message}")

    return Run(sample, estimate_motion(stack, progress=named))


def table(runs: list[Run]) -> list[str]:
    """Estimates beside what is known, as lines of text."""
    rows = [("(y, x), px/frame", "estimate", "known", "difference", "score", "time")]
    for each in runs:
        motion = each.motion
        exact, (y, x) = known(each.sample)
        dy, dx = motion.velocity - (y, x)
        rows.append(
            (
                each.sample.title,
                pair(motion) if motion.reliable else f"{pair(motion)} NOT RELIABLE",
                f"({y:g}, {x:g})" if exact else f"about ({y:g}, {x:g})",
                f"({dy:+.4f}, {dx:+.4f})" if exact else f"({dy:+.2f}, {dx:+.2f})",
                f"{motion.score:.0f} σ",
                f"{motion.settings['seconds']:.1f} s",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "-" * len(lines[0]))
    lines += [f"{each.sample.title}: {text}" for each in runs for text in remarks(each)]
    return [line.rstrip() for line in lines]


def known(sample: Sample) -> tuple[bool, tuple[float, float]]:
    """Whether the velocity is known exactly, and the velocity, (y, x) px/frame."""
    if sample.truth is None:
        return False, sample.reference
    with as_file(files("napari_motionfft") / "data" / sample.truth) as path:
        y, x = load_motion(path).velocity.round(9)
    return True, (float(y), float(x))


def remarks(each: Run) -> list[str]:
    """What must not go unsaid about a result."""
    why = [] if each.motion.reliable else [each.motion.reason]
    return [each.sample.about, *why, *each.motion.notes]


def draw(each: Run, out: Path) -> list[Path]:
    """Integrated image, plain mean and landscape of one run as PNG files."""
    from napari.utils.colormaps import ensure_colormap

    motion, key = each.motion, each.sample.key
    title = f"{each.sample.title}: {pair(motion)} px/frame"
    colours = 255 * ensure_colormap("viridis").map(np.linspace(0, 1, 256))[:, :3]
    pictures = {
        "integrated": gray(motion.integrated),
        "plain-mean": gray(motion.plain_mean),
        "landscape": landscape_picture(motion, np.rint(colours), title),
    }
    paths = [out / f"{key}-{name}.png" for name in pictures]
    for path, pixels in zip(paths, pictures.values(), strict=True):
        write_png(path, pixels)
    return paths


def compare_on_square(out: Path) -> Path:
    """The source posts' figure: why some objectives can be climbed and one cannot."""
    from napari_motionfft.files.objective_pictures import comparison_figure, write_figure
    from napari_motionfft.motion.objectives import compare_objectives, posts_square

    frames, truth = posts_square()
    comparison = compare_objectives(frames, truth, objectives=OBJECTIVES_SHOWN)
    print("\nThe posts' white square: ten ascents of each objective")
    print(comparison, flush=True)
    path = out / "white_square-objectives.png"
    write_figure(path, comparison_figure(comparison, truth.numpy()))
    return path


def no_window() -> str:
    """Why napari cannot open a window here; empty when it can."""
    if not has_screen():
        return "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    if not has_qt():
        return "napari needs a Qt binding: pip install 'napari[all]'"
    return ""


def has_screen() -> bool:
    """Whether Qt would find a screen: without one it ends the whole process on Linux."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def has_qt() -> bool:
    """Whether one of the Qt bindings is installed, without loading it."""
    names = ("PyQt6", "PySide6", "PyQt5", "PySide2")
    return any(importlib.util.find_spec(name) is not None for name in names)
