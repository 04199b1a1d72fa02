"""A quick first answer: a few frames at low resolution."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.estimate import estimate_motion
from napari_motionfft.motion.frames import Box, Frames, box_shape, load
from napari_motionfft.motion.job import Progress, plan
from napari_motionfft.motion.result import Landscape, Motion, Peak

FRAMES = 24
"""Frames at most."""
SIDE = 128
"""px of the shorter side at most."""
SIZES = {"degree": 12, "knots": FRAMES // 4, "binning": FRAMES // 4}
"""Largest sizes of models that so few frames support."""


def preview_motion(
    stack: Any,
    model: str = "velocity",
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
    **further: Any,
) -> Motion:
    """A quick estimate from at most 24 frames of about 128 px, for a first look.

    An object that is followed is looked at in every frame.

    Parameters
    ----------
    stack, model, region, max_speed, device, progress, cancel, **further
        As `estimate_motion` takes them, but for `window` and `hop`. A spectral weight that is an
        array counts as "auto".

    Returns
    -------
    Motion
        In px and frames of the stack: displacements between the frames used lie on the lines
        between them, images are enlarged. Jumps and excluded frames are those of the frames used.

    Raises
    ------
    TypeError, ValueError, Cancelled
        As `estimate_motion`.
    """
    weight = further.pop("weight", "auto")
    background = further.pop("background", "none")
    boundary = further.pop("boundary", "crop")
    prefilter = further.pop("prefilter", "none")
    job = plan(
        stack,
        model,
        region,
        max_speed,
        weight,
        background,
        boundary,
        prefilter,
        device,
        progress,
        cancel,
        **further,
    )
    track = bool(job.asked["track"])
    stride = 1 if track else -(-job.frames.count // FRAMES)
    factor = max(1, min(box_shape(job.box)) // SIDE)
    height, width = job.frames.shape
    seen = ((0, height), (0, width)) if track else job.box
    small = reduced(job.frames, seen, stride, factor)  # (n, h, w)
    inner = part(job.box, factor) if track else None
    for name, most in SIZES.items():
        if further.get(name):
            further[name] = min(further[name], most, max(1, len(small) // 2))
    if job.frame_weights is not None:
        further["frame_weights"] = job.frame_weights.numpy()[::stride]
    fastest = min(box_shape(job.box)) // factor / 2
    motion = estimate_motion(
        small,
        model,
        region=inner,
        max_speed=min(float(job.asked["max_speed"]) * stride / factor, fastest),
        weight=weight if isinstance(weight, str) else "auto",
        background=background,
        boundary=boundary,
        prefilter=prefilter,
        device=device,
        progress=progress,
        cancel=cancel,
        **{**further, "effort": "fast"},
    )
    if track:
        motion = replace(motion, origin=(0, 0))  # of the region, as where only that is looked at
    return enlarged(motion, job.frames.count, job.box, stride, factor, job.asked)


def part(box: Box, factor: int) -> tuple[slice, slice]:
    """A region in px of frames that are `factor` times smaller."""
    y, x = (slice(low // factor, low // factor + (high - low) // factor) for low, high in box)
    return y, x


def reduced(frames: Frames, box: Box, stride: int, factor: int) -> NDArray[np.float32]:
    """(n, h, w) every `stride`-th frame, averaged over blocks of factor × factor px."""
    (y0, y1), (x0, x1) = box
    height, width = ((y1 - y0) // factor, (x1 - x0) // factor)
    kept = range(0, frames.count, stride)
    out = np.empty((len(kept), height, width), np.float32)
    for row, t in enumerate(kept):
        part = load(frames.data[t : t + 1, y0 : y0 + height * factor, x0 : x0 + width * factor])
        blocks = part[0].astype(np.float64).reshape(height, factor, width, factor)
        out[row] = blocks.mean((1, 3))
    return out


def enlarged(
    motion: Motion, count: int, box: Box, stride: int, factor: int, asked: dict[str, Any]
) -> Motion:
    """A motion of reduced frames in px and frames of the stack."""
    used = np.arange(len(motion.displacements)) * stride
    every = np.arange(count)
    beyond = np.clip(every - used[-1], 0, None)[:, None]  # frames past the last one used

    def between(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.interp(every, used, column) for column in values.T], 1) * factor

    scale = factor / stride
    velocity = motion.velocity * scale
    path = between(motion.displacements) + beyond * velocity
    halves = np.stack(
        [between(half) + beyond * velocity for half in motion.split_half_displacements]
    )
    land = motion.landscape
    peaks = [Peak(p.vy * scale, p.vx * scale, p.score) for p in land.peaks]
    weights = np.interp(every, used, motion.frame_weights)
    return replace(
        motion,
        displacements=path,
        displacement_stderr=between(motion.displacement_stderr),
        velocity=velocity,
        velocity_stderr=motion.velocity_stderr * scale,
        velocity_covariance=motion.velocity_covariance * scale**2,
        split_half=motion.split_half * scale,
        bias=motion.bias * scale,
        integrated=wide(motion.integrated, factor, box),
        plain_mean=wide(motion.plain_mean, factor, box),
        coverage=wide(motion.coverage, factor, box),
        landscape=Landscape(land.values, land.vy * scale, land.vx * scale, peaks),
        region=box,
        settings={**asked, "seconds": motion.settings.get("seconds", 0.0)},
        notes=("A preview from a few frames at low resolution.", *motion.notes),
        excluded=tuple(int(used[t]) for t in motion.excluded),
        jumps=tuple(int(used[t]) for t in motion.jumps),
        correlation=np.interp(every, used, motion.correlation),
        frame_score=np.interp(every, used, motion.frame_score),
        frame_weights=weights / weights.sum(),
        split_half_displacements=halves,
        origin=(
            box[0][0] + motion.origin[0] * factor,
            box[1][0] + motion.origin[1] * factor,
        ),
    )


def wide(image: NDArray[Any], factor: int, box: Box) -> NDArray[Any]:
    """An image with each pixel repeated; one of the region fills it to the edge."""
    large = image.repeat(factor, 0).repeat(factor, 1)
    missing = [
        size - side if 0 < size - side < factor else 0
        for size, side in zip(box_shape(box), large.shape, strict=True)
    ]
    return np.pad(large, ((0, missing[0]), (0, missing[1])), mode="edge") if any(missing) else large
