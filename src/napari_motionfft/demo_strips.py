"""The strips of the demo: blood flow with a known pulse, and the swinging Tacoma bridge."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.line_scan import blood_flow_line_scan
from napari_motionfft.files.objective_pictures import write_figure
from napari_motionfft.files.stacks import read_stack
from napari_motionfft.files.strip_pictures import strip_figure
from napari_motionfft.motion.strips.estimate import estimate_strip_motion
from napari_motionfft.motion.strips.many import strip_motions
from napari_motionfft.motion.strips.oscillation import Oscillation, find_oscillation
from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.summary import plus_minus
from napari_motionfft.viewer.demo import StripScene
from napari_motionfft.viewer.strip_lines import slope_lines

Array = NDArray[np.float64]

LINES = 64
"""Lines a window of the blood flow."""
PULSE = 250.0
"""Its known period, ms."""
COLUMNS = (245, 260, 275, 290, 305)
DECK = (40, 160)
"""x, and y from … to, px: vertical strips over the edge of the bridge's deck."""
DECK_WIDTH = 15.0
BRIDGE: dict[str, Any] = {"window": 12, "hop": 1, "max_speed": 4.0}
"""Short windows: the deck turns around."""
PATHS = [((DECK[0], x), (DECK[1], x)) for x in COLUMNS]
SHOWN = len(PATHS) // 2
"""Of the strips over the deck: the one in the pictures."""
SCENE = StripScene("tacoma_bridge", (PATHS[SHOWN],), {"width": DECK_WIDTH, **BRIDGE})
"""What napari shows."""


@dataclass(frozen=True)
class Flow:
    """The blood flow's line scan, what was estimated on it, and what is known."""

    scan: NDArray[np.float32]
    motion: StripMotion
    pulse: Oscillation
    truth: Array


def demo_strips(out: Path) -> list[Path]:
    """Estimate, print a line of numbers each, draw; returns the pictures."""
    print("\nStrips: velocity along a line, against time")
    flow = blood_flow()
    print(told_flow(flow), flush=True)
    written = [out / "blood_flow-strip.png"]
    write_figure(written[0], flow_figure(flow))
    swings, path = bridge(out)
    print(told_bridge(swings), flush=True)
    return [*written, path]


def blood_flow() -> Flow:
    """A simulated line scan, 1 ms a line and 1 µm a px, and its velocity in windows."""
    scan, velocities = blood_flow_line_scan(period=PULSE)
    # µm and ms in mm and s: flow is told in mm/s
    motion = estimate_strip_motion(scan, LINES, dt=1e-3, dx=1e-3, time_unit="s", length_unit="mm")
    return Flow(scan, motion, find_oscillation(motion), window_means(velocities, motion))


def window_means(velocities: Array, motion: StripMotion) -> Array:
    """(W,) displacement over time of each window, px/frame, from (T,) velocities at the frames."""
    middles = (velocities[1:] + velocities[:-1]) / 2
    return np.array([middles[s : s + motion.window - 1].mean() for s in motion.starts])


def flow_figure(flow: Flow) -> Any:
    """Kymograph, velocity and error of the blood flow."""
    title = (
        f"Blood flow, simulated line scan: {mean_velocity(flow.motion)}, pulse {period(flow.pulse)}"
    )
    return strip_figure(flow.scan, flow.motion, slopes(flow.motion), title, flow.truth)


def slopes(motion: StripMotion) -> Array:
    """(n, 2, 2) lines along the motion of the reliable windows, for `strip_figure`."""
    lines, window = slope_lines(motion)
    return lines[motion.reliable[window]]


def told_flow(flow: Flow) -> str:
    """One line: velocity, pulse, error."""
    motion, truth = flow.motion, flow.truth
    good = motion.reliable
    known = truth[good].mean() * motion.unit_speed
    off = np.sqrt(np.mean((motion.velocities[good] / truth[good] - 1) ** 2))
    return (
        f"blood flow: {mean_velocity(motion)} (known {known:.4f}), pulse {period(flow.pulse)} "
        f"(known {1e-3 * PULSE:g}), rms error {off:.2%} in {good.sum()} of {len(good)} windows, "
        f"{motion.settings['seconds']:.1f} s"
    )


def bridge(out: Path) -> tuple[list[Oscillation], Path]:
    """Strips over the bridge's deck, and the picture of the middle one."""
    with as_file(files("napari_motionfft") / "data" / "tacoma_bridge.mp4") as path:
        stack = np.array(read_stack(path))  # the file may be gone after this
    table = strip_motions(stack, PATHS, width=DECK_WIDTH, **BRIDGE)
    swings = [find_oscillation(motion) for motion in table.strips]
    motion = table.strips[SHOWN]
    title = f"Tacoma bridge, strip across the deck's edge: period {period(swings[SHOWN])}"
    figure = strip_figure(
        table.kymographs[SHOWN],
        motion,
        slopes(motion),
        title,
        oscillation=swings[SHOWN],
    )
    written = out / "tacoma_bridge-strip.png"
    write_figure(written, figure)
    return swings, written


def told_bridge(swings: list[Oscillation]) -> str:
    """One line: the period, and how far strips agree on it."""
    periods = [one.period for one in swings if one.reliable]
    among = f"{min(periods):.1f} to {max(periods):.1f} frames" if periods else "none"
    return (
        f"Tacoma bridge: the deck swings with a period of {period(swings[SHOWN])}; "
        f"{len(periods)} of {len(swings)} strips tell it, {among}"
    )


def mean_velocity(motion: StripMotion) -> str:
    """ "1.5040 ± 0.0004 mm/s"."""
    value, error = (v * motion.unit_speed for v in (motion.velocity, motion.velocity_stderr))
    return f"{plus_minus(value, error)} {motion.velocity_unit}"


def period(swing: Oscillation) -> str:
    """ "103.6 ± 2.5 frames", or that there is none."""
    if not swing.reliable:
        return f"not determined ({swing.reason})"
    unit = "frames" if swing.dt is None else swing.time_unit
    return f"{plus_minus(swing.physical_period, swing.physical_period_stderr)} {unit}"
