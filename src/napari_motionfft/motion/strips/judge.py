"""Why a window does not determine the velocity, in words."""

from __future__ import annotations

import math

import numpy as np
import torch

from napari_motionfft.motion.strips.plan import StripJob
from napari_motionfft.motion.strips.result import Spectrogram, StripMotion, StripPeak
from napari_motionfft.motion.strips.scene import STILL, Scene
from napari_motionfft.motion.strips.search import Found
from napari_motionfft.motion.strips.stages import Rows
from napari_motionfft.motion.strips.windows import Windows

TEXTURED = 0.2
"""Signal over noise of the lines from which one expects to see a pattern return."""


def judged(
    job: StripJob, windows: Windows, strip: int, found: Found, rows: Rows, device: str
) -> StripMotion:
    """What comes back for one strip."""
    setup, scene, lines = windows.setup, windows.scenes[strip], job.strips[strip]
    mine = windows.of(strip)
    place = {int(w): i for i, w in enumerate(mine)}
    peaks: list[list[StripPeak]] = [[] for _ in mine]
    error = rows.stderr
    swollen = []
    for r in torch.nonzero(windows.strip[rows.window] == strip).flatten().tolist():
        at = place[int(rows.window[r])]
        height = float(found.height[rows.window[r], rows.rank[r]])
        peak = StripPeak(float(rows.velocity[r]), float(error[r]), height)
        if int(rows.rank[r]) == 0 or is_motion(peak, setup.frames, job.static):
            peaks[at].append(peak)
            swollen.append(float(rows.inflation[r]))
    velocities, stderr, score, reasons = [], [], [], []
    slow = setup.grid.abs() * (setup.frames - 1) < STILL
    for at, window in enumerate(mine.tolist()):
        start = float(found.velocity[window, 0])
        height = float(found.height[window, 0])
        velocity, sigma = start if height > 0 else 0.0, math.nan
        if peaks[at]:
            velocity, sigma = peaks[at][0][:2]
        velocities.append(velocity)
        stderr.append(sigma)
        score.append(height)
        reasons.append(
            doubt(
                scene,
                height,
                float(found.score[window, slow].max()),
                velocity,
                sigma,
                start,
                setup.frames,
                lines.length,
                lines.count,
                job.limit(strip),
                job.static,
            )
        )
    notes = []
    typical = float(np.median(swollen)) if swollen else 1.0
    if typical > 4:
        notes.append(
            "Lines depart from constant velocity within a window, or the pattern changes: standard "
            f"errors are {typical**0.5:.1f} times those of noise alone."
        )
    left = lines.count - (int(windows.start[mine[-1]]) + setup.frames)
    if left > 0:
        notes.append(f"The last {left} frames do not fill a window.")
    background = scene.still.numpy() * lines.scale
    if job.static:
        background = background + lines.offset
    return StripMotion(
        starts=windows.start[mine].numpy(),
        window=setup.frames,
        velocities=np.array(velocities),
        stderr=np.array(stderr),
        score=np.array(score),
        reliable=np.array([reason == "" for reason in reasons]),
        reasons=tuple(reasons),
        peaks=tuple(tuple(each) for each in peaks),
        spectrogram=Spectrogram(found.score[mine].numpy(), setup.grid.numpy().copy()),
        background=background.astype(np.float32),
        shape=(lines.count, lines.length),
        dt=job.dt,
        dx=job.dx[strip],
        time_unit=job.time_unit,
        length_unit=job.length_unit,
        settings=dict(job.asked),
        device=device,
        notes=tuple(notes),
    )


def is_motion(peak: StripPeak, frames: int, static: bool) -> bool:
    """Whether a further peak can be told from what a still pattern and chance leave over."""
    if static and abs(peak.velocity) * (frames - 1) < STILL:
        return False
    return math.isfinite(peak.stderr) and not too_wide(peak.velocity, peak.stderr, frames)


def too_wide(velocity: float, error: float, frames: int) -> bool:
    """Whether the error says that it may have moved otherwise."""
    return error * (frames - 1) > max(4.0, 0.3 * abs(velocity) * (frames - 1))


def doubt(
    scene: Scene,
    score: float,
    at_rest: float,
    velocity: float,
    error: float,
    found_at: float,
    frames: int,
    length: int,
    lines: int,
    limit: float,
    static: bool,
) -> str:
    """Why the data do not determine the velocity, or "" when they do."""
    moved = abs(velocity) * (frames - 1)
    if score < scene.chance:
        told = (
            f"The highest peak stands {score:.1f} σ above noise; chance alone reaches "
            f"{scene.chance:.1f} σ. "
        )
        still = scene.still_share
        if static and scene.texture < TEXTURED and still > max(0.02, 10 / lines):
            return told + (
                f"The pattern stands still: {still:.0%} of its variance does not change."
            )
        if static and at_rest > scene.chance:
            return told + "The pattern stands still in this window."
        if scene.texture > TEXTURED:
            return told + (
                "No pattern returns from frame to frame: it moves more than "
                f"{limit:g} px/frame, or more than half the strip ({length / 2:g} px/frame, "
                "aliased), or it changes."
            )
        return told + "Only noise is seen."
    if not math.isfinite(error):
        return "The pattern leaves the strip from one frame to the next; choose a longer strip."
    if static and moved < STILL:
        return (
            f"It moves {moved:.2g} px within the window: not told from a still pattern. "
            "Take a longer window, or background='none'."
        )
    if too_wide(velocity, error, frames) or error > limit / 2:
        return f"The standard error, {error:.2g} px/frame, is too large to say how it moved."
    if abs(velocity) > 0.98 * limit:
        return f"The peak is at the edge of the search range (±{limit:g} px/frame); widen it."
    if abs(velocity - found_at) * min(frames - 1, length / max(abs(velocity), 1e-9)) > max(
        8.0, length / 8
    ):
        return "The refinement left the landscape's peak: the velocity is not determined."
    return ""
