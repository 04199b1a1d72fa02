"""Sample data: real motions, known ones under heavy noise, and the plainest of all."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

LayerData = tuple[Any, dict[str, Any], str]

TRUTH = "true velocity (y, x) px/frame"
BOUNDARY = "boundary"
"""Entries of a layer's metadata: its known velocity; "periodic…" where its content wraps."""
TRUTHS = "true velocities (y, x) px/frame"
TRUE_IMAGES = "true images in frame 0"
TRUE_MASKS = "true masks of the front"
"""Entries of the metadata of a stack of several motions: a pair, and a (Y, X) image, each."""
LINE_TRUTH = "true velocity px/line"
"""(T,) entry of the metadata of a line scan."""
PATH_TRUTH = "true displacement (y, x) px"
"""(T, 2) entry of the metadata of a stack whose path is known."""
TRUE_TRACK = "true place (y, x) px"
"""(T, 2) entry of the metadata of a stack with one moving object."""


def rain_radar() -> list[LayerData]:
    """Rain on a weather radar: 24 × 320 × 320 uint8, 5 minutes a frame, 1 km a pixel."""
    arguments = {
        "name": "rain radar",
        "scale": (5.0, 1.0, 1.0),
        "units": ("minute", "kilometer", "kilometer"),
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            "credit": "Finnish Meteorological Institute, 28 September 2016, CC BY 4.0",
        },
    }
    return [(read("radar_rain_fmi.tif"), arguments, "image")]


def low_light() -> list[LayerData]:
    """Cells at 0.7 photons a pixel that drift by exactly (0.23, −0.61) px/frame: 48 × 256 × 256."""
    arguments = {
        "name": "low light",
        "axis_labels": ("t", "y", "x"),
        "contrast_limits": (0, 5),  # photons: almost every pixel counts 0, 1 or 2
        "metadata": {
            TRUTH: (0.23, -0.61),
            "credit": "T98G image from oist/Usiigaci (MIT); noise simulated",
        },
    }
    return [(read("known_velocity_low_light.tif"), arguments, "image")]


def drift_with_jump() -> list[LayerData]:
    """Cells on a stage that wanders and is bumped once, path known exactly: 60 × 256 × 256.

    Steps of 0.5 px a frame at random; at frame 33 one of about (6.8, −3.4) px.
    """
    arguments = {
        "name": "drift with a jump",
        "axis_labels": ("t", "y", "x"),
        "contrast_limits": (5, 40),  # 20 photons at full scale and read noise: no more of 255
        "metadata": {
            PATH_TRUTH: true_path("known_drift_with_jump.csv"),
            "try": "model: free or auto",
            "credit": "T98G image from oist/Usiigaci (MIT); motion and noise simulated",
        },
    }
    return [(read("known_drift_with_jump.tif"), arguments, "image")]


def crawling_cells() -> list[LayerData]:
    """T98G cells that crawl while the stage drifts by about 1 px in all: 37 × 384 × 384 uint8."""
    arguments = {
        "name": "T98G cells",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            "what": "the cells move by themselves: the stage's drift is that of the background",
            "credit": "oist/Usiigaci (MIT)",
        },
    }
    return [(read("t98g_phase_contrast.tif"), arguments, "image")]


def tensile_test() -> list[LayerData]:
    """A speckled specimen that is pulled, and stretches: 11 × 512 × 320 uint8."""
    arguments = {
        "name": "tensile test",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            "what": "travels up by about 100 px and stretches, so no one motion fits all of it",
            "try": "model: free, on a part of the specimen",
            "credit": "PolymerGuy/muDIC (MIT)",
        },
    }
    return [(read("tensile_test_mudic.tif"), arguments, "image")]


def white_square() -> list[LayerData]:
    """The source posts' white square, rolled by (2, 4) px a frame: 5 × 128 × 128 float32."""
    square = np.zeros((128, 128), dtype=np.float32)
    square[25:103, 25:103] = 1
    stack = np.stack([np.roll(square, (2 * t, 4 * t), axis=(0, 1)) for t in range(5)])
    arguments = {
        "name": "white square",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            TRUTH: (2.0, 4.0),
            BOUNDARY: "periodic: the square leaves and comes in opposite",
        },
    }
    return [(stack, arguments, "image")]


def tacoma_bridge() -> list[LayerData]:
    """The swinging Tacoma Narrows bridge: 248 × 250 × 334 uint8, time in frames.

    At what rate the film was taken is not known, so time has no unit. Of six frames only two are
    new: windows of a multiple of 6 frames see an even motion.
    """
    from napari_motionfft.files.videos import read_video

    with as_file(files("napari_motionfft") / "data" / "tacoma_bridge.mp4") as path:
        stack = np.asarray(read_video(path))
    arguments = {
        "name": "Tacoma bridge",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            "time": "shown at 30 frames/s; the rate of recording is not known",
            "try": "Strip motion: a vertical strip over the right edge of the deck, 15 px wide, "
            "windows of 12 frames, every frame",
            "credit": "ladisk/pyidi (MIT)",
        },
    }
    return [(stack, arguments, "image")]


def blood_flow() -> list[LayerData]:
    """A made line scan of blood flow with a known pulse: 1500 lines × 256 px, 1 ms a line, 1 µm."""
    from napari_motionfft.files.line_scan import blood_flow_line_scan

    scan, velocities = blood_flow_line_scan()
    arguments = {
        "name": "blood flow",
        "scale": (1.0, 1.0),
        "units": ("millisecond", "micrometer"),
        "axis_labels": ("t", "x"),
        "metadata": {
            LINE_TRUTH: velocities,
            "what": "simulated: 1.5 mm/s ± 20 % at 4 Hz, noise as strong as the cells, still wall",
        },
    }
    return [(scan, arguments, "image")]


def crossing_textures() -> list[LayerData]:
    """Round spots and fibres that cross, and add up, in noise as strong: 24 × 192 × 192 float32."""
    from napari_motionfft.files.crossing import VELOCITIES, two_textures

    stack, images = two_textures()
    arguments = {
        "name": "crossing textures",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            TRUTHS: VELOCITIES,
            TRUE_IMAGES: images,
            "what": "simulated: spots and fibres of equal variance, each with its own velocity",
            "try": "Separate motions: Layers add up",
        },
    }
    return [(stack, arguments, "image")]


def occluder() -> list[LayerData]:
    """A wall with holes that moves before cells that move too: 24 × 192 × 192 float32."""
    from napari_motionfft.files.occluder import VELOCITIES, wall_before_scene

    stack, images, masks = wall_before_scene()
    arguments = {
        "name": "occluder",
        "axis_labels": ("t", "y", "x"),
        "metadata": {
            TRUTHS: VELOCITIES,
            TRUE_IMAGES: images,
            TRUE_MASKS: masks,
            "what": "simulated: an opaque wall with holes, and cells behind it; the wall is first",
            "try": "Separate motions: One hides the other",
            "credit": "T98G image from oist/Usiigaci (MIT); wall, motion and noise simulated",
        },
    }
    return [(stack, arguments, "image")]


def faint_mover() -> list[LayerData]:
    """An object in noise that no frame shows, among stars that stand still: 64 × 160 × 160."""
    from napari_motionfft.files.faint_mover import VELOCITY, faint_mover

    stack, track = faint_mover()
    arguments = {
        "name": "faint mover",
        "axis_labels": ("t", "y", "x"),
        "contrast_limits": (70.0, 150.0),
        "metadata": {
            TRUTH: VELOCITY,
            TRUE_TRACK: track,
            "what": "simulated: one object of 3 px, 0.6 σ of the noise a frame, and still stars",
            "try": "Find faint movers",
        },
    }
    return [(stack, arguments, "image")]


def read(name: str) -> NDArray[Any]:
    """One of the packaged stacks, (T, Y, X)."""
    import tifffile

    with as_file(files("napari_motionfft") / "data" / name) as path:
        return np.asarray(tifffile.imread(path))


def true_path(name: str) -> NDArray[np.float64]:
    """(T, 2) px of a packaged table."""
    from napari_motionfft.files.tables import load_motion

    with as_file(files("napari_motionfft") / "data" / name) as path:
        return load_motion(path).displacements
