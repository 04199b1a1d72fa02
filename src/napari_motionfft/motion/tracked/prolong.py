"""A motion of the frames that show an object → one of all frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_motionfft.motion.frames import name_frames
from napari_motionfft.motion.job import Job
from napari_motionfft.motion.result import Array, Motion
from napari_motionfft.motion.tracked.search import Track

LEFT = "The object leaves the frame after frame {0}: {1} left out."
GONE = "The object is not seen any more after frame {0}: {1} left out."
RECENT = 5
"""Frames whose slope the path goes on at."""


def prolonged(motion: Motion, job: Job, track: Track) -> Motion:
    """All T frames: those after the object has gone are excluded, their displacement goes on.

    Its standard error grows as if each further step were off by one more usual change of step.
    """
    count, known = job.frames.count, len(motion.displacements)
    left = count - known
    settings = {**motion.settings, "frames": count}
    if not left:
        return replace(motion, settings=settings)
    ahead = np.arange(1, left + 1)[:, None]
    path = motion.displacements
    slope = motion.velocity
    if motion.model != "velocity":
        few = path[-RECENT:]
        slope = (few[-1] - few[0]) / max(1, len(few) - 1)
    bends = np.diff(path, 2, axis=0)
    change = np.sqrt(np.mean(bends**2, 0)) if len(bends) else np.ones(2)
    drift = (motion.velocity_stderr * ahead) ** 2 + change**2 * ahead**3 / 3
    stderr = np.sqrt(motion.displacement_stderr[-1] ** 2 + drift)
    words = LEFT if not bool(track.inside[known:].all()) else GONE
    gone = list(range(known, count))
    note = words.format(known - 1, f"{name_frames(gone)} {'are' if left > 1 else 'is'}")
    nothing = np.full(left, np.nan)
    halves = motion.split_half_displacements
    return replace(
        motion,
        displacements=np.concatenate([path, path[-1] + slope * ahead]),
        displacement_stderr=np.concatenate([motion.displacement_stderr, stderr]),
        settings=settings,
        notes=(*motion.notes, note),
        excluded=(*motion.excluded, *gone),
        correlation=np.concatenate([motion.correlation, nothing]),
        frame_score=np.concatenate([motion.frame_score, nothing]),
        frame_weights=np.concatenate([motion.frame_weights, np.zeros(left)]),
        split_half_displacements=np.stack([onward(half, slope * ahead) for half in halves]),
    )


def onward(path: Array, steps: Array) -> Array:
    """A path (T, 2) that goes on by steps (n, 2) from its end."""
    return np.concatenate([path, path[-1] + steps])
