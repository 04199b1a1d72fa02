"""Small stacks along known paths, and what the search for a path works on."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from benchmarks.path_scenes import KnownPath, moving_window, random_walk
from benchmarks.scenes import Array
from tests.motion.made import scene

from napari_motionfft.motion.job import Job, plan
from napari_motionfft.motion.paths.find import Field
from napari_motionfft.motion.paths.pipeline import field_of, still_pattern
from napari_motionfft.motion.search import searched, see

IMAGE = scene(256, seed=1)


def walking(
    frames: int = 20, side: int = 64, snr: float | None = 1.0, seed: int = 0, step: float = 0.5
) -> KnownPath:
    """A texture on a random walk behind a window: nothing wraps around."""
    return moving_window(IMAGE, random_walk(seed, frames, step), side, snr, seed)


def along(path: Array, side: int = 64, snr: float | None = 1.0, seed: int = 0) -> KnownPath:
    """The same texture on a given path (T, 2)."""
    return moving_window(IMAGE, np.asarray(path, dtype=np.float64), side, snr, seed)


def job_of(stack: Any, model: str = "free", **asked: Any) -> Job:
    """A checked run of a path's model."""
    given = {"region": None, "max_speed": None, "weight": "auto", "background": "none"}
    given |= {"boundary": "crop", "prefilter": "none", "device": "cpu", "progress": None}
    return plan(stack, model, **{**given, "cancel": None, **asked})


def field(stack: Any, **asked: Any) -> Field:
    """What the searches of a run share, made as the pipeline makes it."""
    job = job_of(stack, **asked)
    seen = see(job, job.check)
    return field_of(job, seen, searched(job, seen, job.check), still_pattern(job, job.check))


def ones(frames: int) -> torch.Tensor:
    """(T,) equal weights."""
    return torch.ones(frames, dtype=torch.float64)


def tensor(values: Any) -> torch.Tensor:
    """float64."""
    return torch.as_tensor(np.asarray(values), dtype=torch.float64)
