"""The intensity along a strip against time: a kymograph."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from napari_motionfft.motion.device import frames_per_block
from napari_motionfft.motion.frames import Box, Frames, as_frames, box_shape, name_frames
from napari_motionfft.motion.job import Progress, one_of, reporter
from napari_motionfft.motion.strips.paths import Strip, as_strip, sample_points
from napari_motionfft.motion.strips.taps import MARGINS, Taps, taps_of

REDUCTIONS = ("mean", "max")
INTERPOLATIONS = tuple(MARGINS)
CHUNK_LIMIT = 2**28
"""Most bytes that a block grows to when it takes whole chunks of a lazy stack along time."""


def extract_strip(
    stack: Any,
    path: Any,
    width: float = 1.0,
    reduce: str = "mean",
    interpolation: str = "linear",
    *,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> NDArray[np.float32]:
    """Read the intensity along a line, a polyline or a strip of any width and angle.

    Sampled at each px of arc length; of a lazy stack only the chunks under the strip are read,
    a block of frames at a time.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.
    path
        (N, 2) vertices (y, x) in px, N ≥ 2, the centre of pixel (0, 0) at (0, 0); or a `Strip`,
        whose own width counts. Motion towards the last vertex is positive.
    width
        Px across: so many lines 1 px apart, rounded, become one. Those off the frame do not count.
    reduce
        "mean" or "max" across the width.
    interpolation
        "linear", "cubic" (spline) or "nearest".
    progress
        Called with (fraction, message).
    cancel
        Set this event to stop.

    Returns
    -------
    (T, L) float32
        In the units of the stack; L = ⌊length of the path⌋ + 1.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes; the path leaves the frame; NaN or inf under the strip.
    Cancelled
        `cancel` was set.
    """
    strip = as_strip(path, width)
    one_of("reduce", reduce, REDUCTIONS)
    one_of("interpolation", interpolation, INTERPOLATIONS)
    check = reporter(progress, cancel)
    points = sample_points(strip)  # (L, W, 2)
    frames = frames_under(stack, points)
    check_inside(strip, frames.shape)
    taps = taps_of(points, frames.shape, interpolation)
    out = np.empty((frames.count, len(points)), np.float32)
    for start, stop in frames.blocks(block_frames(frames, taps.box)):
        check(start / frames.count, "Reading the strip")
        values = read(frames.raw(start, stop, taps.box), taps, interpolation, reduce)  # (n, L)
        bad = np.flatnonzero(~np.isfinite(values).all(1))
        if bad.size:
            which = name_frames([start + int(t) for t in bad])
            raise ValueError(f"stack holds NaN or inf under the strip in {which}; fill these first")
        out[start:stop] = values
    check(1.0, "Strip read")
    return out


def read(
    block: NDArray[Any], taps: Taps, interpolation: str, reduce: str
) -> NDArray[np.float64]:  # (n, h, w) → (n, L)
    """One block of frames along the strip; NaN where a frame holds NaN or inf under it."""
    if interpolation == "cubic":
        wide = block.astype(np.float64)
        for axis in (1, 2):
            if wide.shape[axis] > 1:
                wide = ndimage.spline_filter1d(wide, order=3, axis=axis, mode="mirror")
        block = wide
    used = block.reshape(len(block), -1)[:, taps.pixels].astype(np.float64)  # (n, U)
    samples = (taps.weights @ used.T).T.reshape(len(block), *taps.counted.shape)  # (n, L, W)
    if reduce == "max":
        out = np.where(taps.counted, samples, -np.inf).max(-1)
    else:
        with np.errstate(invalid="ignore"):  # inf − inf
            out = samples.sum(-1) / taps.counted.sum(-1)
    out[~np.isfinite(samples).all((1, 2))] = np.nan  # a maximum hides what is −inf
    return np.asarray(out)


def check_inside(strip: Strip, shape: tuple[int, int]) -> None:
    """Refuse a centre line that leaves the frame, ±0.5 px around its outer pixels' centres."""
    outside = (strip.path < -0.5 - 1e-6) | (strip.path > np.array(shape) - 0.5 + 1e-6)
    if outside.any():
        y, x = strip.path[outside.any(1)][0]
        raise ValueError(
            f"path leaves the frame: (y, x) = ({y:g}, {x:g}) px is outside {shape[0]} × {shape[1]}"
        )


class Under:
    """A lazy stack of which a whole frame is never read, only the part around some points.

    `as_frames` looks at whole frames to learn their level, which a strip does not need.
    """

    def __init__(self, stack: Any, points: NDArray[np.float64]) -> None:
        self.shape, self.dtype = stack.shape, stack.dtype
        self._stack = stack
        low, high = points.min((0, 1)), points.max((0, 1))
        self._part = tuple(
            slice(max(0, int(first)), max(1, int(last) + 1))
            for first, last in zip(low, high, strict=True)
        )

    def __getitem__(self, key: Any) -> Any:
        return self._stack[key if isinstance(key, tuple) else (key, *self._part)]


def frames_under(stack: Any, points: NDArray[np.float64]) -> Frames:
    """As `as_frames`, without reading beside the sample points of a lazy stack."""
    at_hand = isinstance(stack, (np.ndarray, torch.Tensor)) or not hasattr(stack, "dtype")
    return as_frames(stack if at_hand else Under(stack, points))


def block_frames(frames: Frames, box: Box) -> int:
    """Frames to read at once: whole chunks along time where that is not too much."""
    data = frames.data._stack if isinstance(frames.data, Under) else frames.data
    height, width = box_shape(box)
    block = frames_per_block((height, width), torch.device("cpu"))
    chunks = getattr(data, "chunks", None)
    if not isinstance(chunks, tuple) or len(chunks) != 3:
        return block
    longest = chunks[0] if isinstance(chunks[0], int) else max(chunks[0])
    if longest * height * width * 8 > CHUNK_LIMIT:
        return block
    return int(max(1, block // longest) * longest)
