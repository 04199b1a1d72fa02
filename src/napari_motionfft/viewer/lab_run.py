"""What a run of the Objective lab asks, and the work that answers it; no Qt, no layers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.lab_result import Array, Explored, LabResult, grid_step
from napari_motionfft.viewer.samples import BOUNDARY, TRUTH
from napari_motionfft.viewer.source import Source

if TYPE_CHECKING:
    import torch

    from napari_motionfft.motion.job import Check, Progress

OBJECTIVES = {
    "spatial": "Bilinear warp, mean over frames, variance.",
    "fourier": "Phase ramps, mean over frames, energy without DC.",
    "fourier-bilinear": "The same behind sinc², the response of bilinear interpolation.",
    "fourier-lanczos": "The same behind a Lanczos filter.",
    "fourier-gaussian": "The same behind a Gaussian of 1 px.",
    "fourier-unsigned": "As in the posts: frequencies 0…N−1, wrong between whole shifts.",
    "fourier-unsigned-bilinear": "The posts' cure: sinc² takes out the wrong half.",
    "gcc-phat-0": "Even against odd frames: cross-energy.",
    "gcc-phat-0.5": "Even against odd frames, half whitened.",
    "gcc-phat-1": "Even against odd frames, phase alone.",
    "gcc-phat-0.7-fejer": "Even against odd frames, whitened by |G|^0.7, Fejér taper.",
}
"""The registry's names and what they are: the registry itself would load torch."""

FIRST = ("fourier-unsigned", "fourier", "fourier-unsigned-bilinear", "fourier-bilinear")
"""Chosen at first: the four that the posts' figures turn on."""

WINDOWS = ("hann", "none")
LIMIT = 8.0
"""± px/frame, the posts' range."""
GRID = 16
"""Steps of the landscape from 0 to the limit: half a pixel at the posts' range."""
MOST = 2**26
"""Most px of all frames together: beyond, a run would take hours."""

STANDS = "The Hann window stands still while the content moves: it pulls peaks a little toward 0."


@dataclass(frozen=True)
class LabSettings:
    """How to explore.

    Attributes
    ----------
    objectives
        Names, each once.
    limit
        Half the landscape's side in px/frame. The starts lie within half of it, as in the posts.
    starts, steps
        How many starts, and the most steps for each.
    window
        "hann", or "none" for content that wraps around the frame.
    device
        As `estimate_motion` takes it.
    seed
        Of the first start.
    """

    objectives: tuple[str, ...] = FIRST
    limit: float = LIMIT
    starts: int = 10
    steps: int = 400
    window: str = "hann"
    device: str = "auto"
    seed: int = 0


def known_truth(layer: Any) -> tuple[float, float] | None:
    """(vy, vx) px/frame that a layer says it moves by, or None."""
    given: Any = getattr(layer, "metadata", {}).get(TRUTH, ())
    try:
        y, x = (float(v) for v in given)
    except (TypeError, ValueError):
        return None
    return (y, x) if np.isfinite([y, x]).all() else None


def usual_window(layer: Any) -> str:
    """ "none" for a layer that says it is periodic, else "hann"."""
    said = str(getattr(layer, "metadata", {}).get(BOUNDARY, ""))
    return "none" if said.startswith("periodic") else "hann"


def usual_limit(shape: Sequence[int]) -> float:
    """px/frame: the posts' range, or half of a frame's (Y, X) shorter side when that is less."""
    return min(LIMIT, max(1.0, min(shape) // 2))


def explore(
    source: Source,
    settings: LabSettings,
    truth: Array | tuple[float, float] | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> LabResult:
    """Landscape and ascents of each objective; any thread.

    Parameters
    ----------
    source
        What to explore.
    settings
        How.
    truth
        (2,) px/frame (y, x); None takes the peak of each landscape as the place to come to.
    progress, cancel
        callable(fraction, message); event that stops the work.

    Raises
    ------
    SourceError
        Too many pixels, or nothing to see in them.
    TypeError, ValueError
        A setting is not what it takes.
    Cancelled
        `cancel` was set.
    """
    load_torch()
    from napari_motionfft.motion.device import describe_device
    from napari_motionfft.motion.job import reporter, within
    from napari_motionfft.motion.objectives.checks import as_batch

    if not settings.objectives:
        raise ValueError("Choose at least one objective.")
    began = time.perf_counter()
    check = reporter(progress, cancel)
    frames = as_batch(read_frames(source, settings.window, within(check, 0, 0.05)), settings.device)
    target = None if truth is None else np.asarray(truth, dtype=np.float64)
    count = len(settings.objectives)
    explored = []
    for index, name in enumerate(settings.objectives):
        share = within(check, 0.05 + 0.95 * index / count, 0.05 + 0.95 * (index + 1) / count)
        explored.append(explore_one(name, frames, settings, target, share, cancel))
    return LabResult(
        explored=tuple(explored),
        truth=target,
        frames=int(frames.shape[1]),
        device=describe_device(frames.device),
        seconds=time.perf_counter() - began,
        notes=(*source.notes, *([STANDS] if settings.window == "hann" else [])),
    )


def explore_one(
    name: str,
    frames: torch.Tensor,
    settings: LabSettings,
    truth: Array | None,
    check: Check,
    cancel: Event | None,
) -> Explored:
    """One objective: (1, T, H, W) frames, truth (2,) or None."""
    from napari_motionfft.motion.job import within
    from napari_motionfft.motion.objectives import (
        multi_start,
        objective_landscape,
        random_starts,
    )

    found = objective_landscape(
        frames,
        name,
        settings.limit,
        settings.limit / GRID,
        progress=within(check, 0.0, 0.4),
        cancel=cancel,
    )
    landscape = Landscape(found.values[0].astype(np.float32), found.vy, found.vx)
    # a start is done when it is there: at the truth, or at the grid's peak as far as it is known
    near = 1 / frames.shape[1]
    if truth is None:
        near = max(near, grid_step(landscape))
    starts = random_starts(settings.starts, 1, settings.limit / 2, settings.seed)
    began = time.perf_counter()
    history = multi_start(
        frames,
        name,
        starts,
        steps=settings.steps,
        truth=found.peak if truth is None else truth,
        success=near,
        progress=within(check, 0.4, 1.0),
        cancel=cancel,
    )
    return Explored(
        name=name,
        landscape=landscape,
        maxima=found.count[0],
        paths=np.concatenate([history.starts[:, None], history.shifts], axis=1)[:, :, 0],
        converged=history.converged.astype(np.int64),
        seconds=time.perf_counter() - began,
    )


def read_frames(source: Source, window: str, check: Check) -> Any:
    """(T, h, w) float32 tensor of the region, apodised where asked.

    Raises
    ------
    SourceError
        Too many pixels, a constant stack, or NaN.
    ValueError
        Unknown window.
    """
    import torch

    from napari_motionfft.motion import frames as motion_frames

    if window not in WINDOWS:
        raise ValueError(f"window must be one of {', '.join(WINDOWS)}, got {window!r}")
    shape = tuple(int(n) for n in source.stack.shape)
    box = motion_frames.as_box(source.region, (shape[1], shape[2]))
    height, width = motion_frames.box_shape(box)
    if shape[0] * height * width > MOST:
        raise SourceError(
            f"{shape[0]} frames of {height} × {width} px are too many to explore: "
            "draw a region, or take fewer frames."
        )
    (y0, y1), (x0, x1) = box
    read = []
    for t in range(shape[0]):
        check(t / shape[0], "Reading frames")
        read.append(np.asarray(source.stack[t, y0:y1, x0:x1], dtype=np.float32))
    stack = np.stack(read)
    bad = [t for t in range(shape[0]) if not np.isfinite(stack[t]).all()]
    if bad:
        named = motion_frames.name_frames([t + source.first_frame for t in bad])
        raise SourceError(f"There is NaN or inf in {named}; fill these first.")
    if stack.max() == stack.min():
        raise SourceError("Every pixel has the same value: there is nothing to see moving.")
    frames = torch.from_numpy(stack)
    if window == "hann":
        frames = motion_frames.apodised(frames, motion_frames.window((height, width), 1.0))
    return frames
