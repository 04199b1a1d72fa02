"""The intensity along a strip against time: a kymograph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from napari_motionfft.motion.arguments import one_of
from napari_motionfft.motion.device import frames_per_block
from napari_motionfft.motion.frames import Box, Frames, as_frames, box_shape, name_frames
from napari_motionfft.motion.job import Progress, reporter
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
    return extract_strips(
        stack, [strip], 1.0, reduce, interpolation, progress=progress, cancel=cancel
    )[0]


def extract_strips(
    stack: Any,
    paths: Sequence[Any],
    width: float = 1.0,
    reduce: str = "mean",
    interpolation: str = "linear",
    *,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> list[NDArray[np.float32]]:
    """As `extract_strip` for many strips; chunks that they share are read once.

    Parameters
    ----------
    paths
        S paths or `Strip`s.

    Returns
    -------
    S kymographs (T, L) float32, each of its own length.

    Raises
    ------
    TypeError, ValueError, Cancelled
        As `extract_strip`; the number of the path is named where there are several.
    """
    one_of("reduce", reduce, REDUCTIONS)
    one_of("interpolation", interpolation, INTERPOLATIONS)
    check = reporter(progress, cancel)
    if isinstance(paths, Strip) or not len(paths):
        raise ValueError("paths must be a list of at least one path")
    strips = [numbered(as_strip, path, width, of=(i, paths)) for i, path in enumerate(paths)]
    points = [sample_points(strip) for strip in strips]  # S × (L, W, 2)
    frames = frames_under(stack, points[0])
    for i, strip in enumerate(strips):
        numbered(check_inside, strip, frames.shape, of=(i, paths))
    taps = [taps_of(at, frames.shape, interpolation) for at in points]
    out = [np.empty((frames.count, len(at)), np.float32) for at in points]
    boxes = read_together([tap.box for tap in taps], frames)
    for turn, (box, members) in enumerate(boxes):
        for start, stop in frames.blocks(block_frames(frames, box)):
            check((turn + start / frames.count) / len(boxes), "Reading the strip")
            block = frames.raw(start, stop, box)
            for i in members:
                values = read(part(block, box, taps[i].box), taps[i], interpolation, reduce)
                refuse_bad(values, start)
                out[i][start:stop] = values
    check(1.0, "Strip read")
    return out


def numbered(work: Callable[..., Any], *given: Any, of: tuple[int, Sequence[Any]]) -> Any:
    """Call it, and say in its errors which of several paths it was."""
    try:
        return work(*given)
    except (TypeError, ValueError) as error:
        if len(of[1]) == 1:
            raise
        raise type(error)(f"paths[{of[0]}]: {error}") from error


def read_together(boxes: Sequence[Box], frames: Frames) -> list[tuple[Box, list[int]]]:
    """What to read, and for which strips: all at once where that touches no more chunks."""
    alone = [(box, [i]) for i, box in enumerate(boxes)]
    if len(boxes) == 1 or not isinstance(frames.data, Under):
        return alone
    low, high = np.min(boxes, axis=(0, 2)), np.max(boxes, axis=(0, 2))
    around = ((int(low[0]), int(high[0])), (int(low[1]), int(high[1])))
    sizes = frames.data.chunk_shape[1:]
    together = chunks_in(around, sizes) <= sum(chunks_in(box, sizes) for box in boxes)
    return [(around, list(range(len(boxes))))] if together else alone


def chunks_in(box: Box, sizes: tuple[int, ...]) -> int:
    """How many chunks of a frame a box touches."""
    counts = [
        (last - 1) // size - first // size + 1
        for (first, last), size in zip(box, sizes, strict=True)
    ]
    return counts[0] * counts[1]


def part(block: NDArray[Any], box: Box, inner: Box) -> NDArray[Any]:
    """Of a block (n, h, w) that was read for one box, what lies in another."""
    ((top, _), (left, _)), ((y0, y1), (x0, x1)) = box, inner
    return block[:, y0 - top : y1 - top, x0 - left : x1 - left]


def refuse_bad(values: NDArray[np.float64], start: int) -> None:
    """Frames (n, L) from frame `start` on must be finite."""
    bad = np.flatnonzero(~np.isfinite(values).all(1))
    if bad.size:
        which = name_frames([start + int(t) for t in bad])
        raise ValueError(f"stack holds NaN or inf under the strip in {which}; fill these first")


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

    @property
    def chunk_shape(self) -> tuple[int, ...]:
        """Largest chunk along each axis; 1 where the stack tells none."""
        chunks = getattr(self._stack, "chunks", None)
        if not isinstance(chunks, tuple) or len(chunks) != 3:
            return (1, 1, 1)
        return tuple(int(c) if np.ndim(c) == 0 else int(max(c)) for c in chunks)

    def __getitem__(self, key: Any) -> Any:
        return self._stack[key if isinstance(key, tuple) else (key, *self._part)]


def frames_under(stack: Any, points: NDArray[np.float64]) -> Frames:
    """As `as_frames`, without reading beside the sample points of a lazy stack."""
    at_hand = isinstance(stack, (np.ndarray, torch.Tensor)) or not hasattr(stack, "dtype")
    return as_frames(stack if at_hand else Under(stack, points))


def block_frames(frames: Frames, box: Box) -> int:
    """Frames to read at once: whole chunks along time where that is not too much."""
    height, width = box_shape(box)
    block = frames_per_block((height, width), torch.device("cpu"))
    longest = frames.data.chunk_shape[0] if isinstance(frames.data, Under) else 1
    if longest * height * width * 8 > CHUNK_LIMIT:
        return block
    return max(1, block // longest) * longest
