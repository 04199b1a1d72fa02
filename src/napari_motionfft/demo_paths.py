"""The path of the demo: a stage that wanders and is bumped once, known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.path_pictures import path_figure
from napari_motionfft.files.stacks import read_stack
from napari_motionfft.files.tables import load_motion
from napari_motionfft.motion.estimate import estimate_motion
from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.demo import Scene

Array = NDArray[np.float64]

SCENE = Scene("drift_with_jump", "free")
"""What napari shows."""
JUMP = 33
"""First frame after the known jump."""


@dataclass(frozen=True)
class Drift:
    """What was estimated on the drifting stage, and its true path (T, 2) px from frame 0."""

    motion: Motion
    truth: Array


def demo_paths(out: Path) -> list[Path]:
    """Estimate, print a line of numbers, draw; returns the picture."""
    print("\nA path: every frame for itself")
    drift = drifting_stage()
    print(told_drift(drift), flush=True)
    written = out / "drift_with_jump-path.png"
    write_figure(written, drift_figure(drift))
    return [written]


def drifting_stage() -> Drift:
    """The packaged stack, 20 photons a pixel at full scale, and its path."""
    data = files("napari_motionfft") / "data"
    with as_file(data / "known_drift_with_jump.tif") as path:
        stack = np.array(read_stack(path))  # the file may be gone after this
    with as_file(data / "known_drift_with_jump.csv") as path:
        truth = load_motion(path).displacements
    return Drift(estimate_motion(stack, "free"), truth)


def rms_error(drift: Drift) -> float:
    """px a component, over the frames used; a common shift means nothing."""
    kept = np.delete(np.arange(len(drift.truth)), list(drift.motion.excluded))
    off = (drift.motion.displacements - drift.truth)[kept]
    return float(np.sqrt(np.mean((off - off.mean(0)) ** 2)))


def told_drift(drift: Drift) -> str:
    """One line: error, jumps, frames left out, time."""
    motion = drift.motion
    jumps = ", ".join(map(str, motion.jumps)) or "none"
    doubt = "" if motion.reliable else f" NOT RELIABLE: {motion.reason}"
    return (
        f"drift with a jump: rms error {rms_error(drift):.3f} px over {travel(drift):.0f} px of "
        f"travel, jump at frame {jumps} (known {JUMP}), {len(motion.excluded)} of "
        f"{len(drift.truth)} frames left out, {motion.settings['seconds']:.1f} s{doubt}"
    )


def travel(drift: Drift) -> float:
    """px from end to end of the true path, along the longer axis."""
    return float(np.ptp(drift.truth, axis=0).max())


def drift_figure(drift: Drift) -> Any:
    """Path and error of the drifting stage."""
    title = (
        "A stage that wanders and is bumped, 20 photons a pixel at full scale: "
        f"rms error {rms_error(drift):.3f} px"
    )
    return path_figure(drift.motion, title, drift.truth)
