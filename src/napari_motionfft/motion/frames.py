"""Any (T, Y, X) array-like as float frames, read a block at a time and never more than needed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.filters import MARGINS, PREFILTERS

MIN_SIDE = 16
"""Smallest region side in px: below it a spectrum holds too few frequencies."""

Box = tuple[tuple[int, int], tuple[int, int]]
"""((y0, y1), (x0, x1)) in px, half open."""


@dataclass(frozen=True)
class Frames:
    """A validated stack: `data` stays what the user gave (lazy stays lazy).

    Frames are read as (value − offset)/scale, so that float32 keeps the digits of large values
    and the squares of tiny or huge ones neither vanish nor overflow.

    Attributes
    ----------
    data
        (T, h, w) array-like, sliced on reading.
    shape
        (Y, X) of the whole frame in px.
    offset, scale
        Mean and standard deviation of the first frame, or its like.
    held
        A part of `data` that was read into memory, and its box; or None.
    """

    data: Any
    shape: tuple[int, int]
    offset: float
    scale: float
    held: tuple[np.ndarray[Any, np.dtype[Any]], Box] | None = None

    @property
    def count(self) -> int:
        """T."""
        return int(self.data.shape[0])

    def raw(self, start: int, stop: int, box: Box) -> np.ndarray[Any, np.dtype[Any]]:
        """Frames start…stop of one box as they are, (n, h, w)."""
        (y0, y1), (x0, x1) = box
        if self.held is not None:
            part, ((top, bottom), (left, right)) = self.held
            if top <= y0 and y1 <= bottom and left <= x0 and x1 <= right:
                return part[start:stop, y0 - top : y1 - top, x0 - left : x1 - left]
        return load(self.data[start:stop, y0:y1, x0:x1])

    def read(self, start: int, stop: int, box: Box) -> torch.Tensor:
        """Frames start…stop of one box as float32 on the host, (n, h, w).

        Raises
        ------
        ValueError
            When a frame holds NaN or inf.
        """
        values = torch.from_numpy(to_float32(self.raw(start, stop, box), self.offset, self.scale))
        if not bool(torch.isfinite(values.sum())) and not bool(torch.isfinite(values).all()):
            which = bad_frames(self, box)
            raise ValueError(f"stack holds NaN or inf in {name_frames(which)}; fill these first")
        return values

    def filtered(self, start: int, stop: int, box: Box, prefilter: str) -> torch.Tensor:
        """As `read`, through a pre-filter of the registry; "none" is none.

        The filter sees the frame around the box; beyond the frame's own edges it sees a mirror.
        """
        if prefilter == "none":
            return self.read(start, stop, box)
        margin = MARGINS[prefilter]
        wide, missing = [], []
        for (first, last), size in zip(box, self.shape, strict=True):
            wide.append((max(0, first - margin), min(size, last + margin)))
            missing.append((margin - (first - wide[-1][0]), margin - (wide[-1][1] - last)))
        values = self.read(start, stop, (wide[0], wide[1]))
        sides = (*missing[1], *missing[0])
        values = torch.nn.functional.pad(values[:, None], sides, mode="reflect")[:, 0]
        height, width = box_shape(box)
        return PREFILTERS[prefilter](values)[
            :, margin : margin + height, margin : margin + width
        ].contiguous()

    def blocks(self, size: int) -> Iterator[tuple[int, int]]:
        """(start, stop) of successive blocks of at most `size` frames."""
        for start in range(0, self.count, size):
            yield start, min(start + size, self.count)

    def hold(self, box: Box, size: int, most: int, check: Callable[[float, str], None]) -> Frames:
        """Keep one box of lazy data in memory in its own dtype, unless that exceeds `most` bytes.

        A pass over dask or zarr may cost decoding, or a whole computation: pay it once.
        """
        height, width = box_shape(box)
        dtype = np.dtype(np.float32 if isinstance(self.data, torch.Tensor) else self.data.dtype)
        needed = self.count * height * width * dtype.itemsize
        if isinstance(self.data, (np.ndarray, torch.Tensor)) or needed > most:
            return self
        held = np.empty((self.count, height, width), dtype)
        for start, stop in self.blocks(size):
            check(start / self.count, "Reading frames")
            held[start:stop] = self.raw(start, stop, box)
        return replace(self, held=(held, box))


def bad_frames(frames: Frames, box: Box) -> list[int]:
    """Numbers of the frames that hold NaN or inf in the box."""
    return [
        t
        for t in range(frames.count)
        if not np.isfinite(frames.raw(t, t + 1, box).astype(np.float64)).all()
    ]


def load(lazy: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """A slice of any array-like as NumPy: computes dask, copies torch to the host."""
    if isinstance(lazy, torch.Tensor):
        if lazy.dtype == torch.bfloat16:  # NumPy has none
            lazy = lazy.float()
        return np.asarray(lazy.detach().cpu().numpy())
    return np.asarray(lazy)


def to_float32(
    block: np.ndarray[Any, np.dtype[Any]], offset: float, scale: float
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Native-endian, contiguous, writable float32; wide types are offset before they are cut."""
    kind, size = block.dtype.kind, block.dtype.itemsize
    if size <= 2 or (kind == "f" and size == 4):
        values = block.astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            values -= np.float32(offset)
            values /= np.float32(scale)
        return np.ascontiguousarray(values)
    with np.errstate(over="ignore", invalid="ignore"):
        wide = (block.astype(np.float64) - offset) / scale
        return np.ascontiguousarray(wide.astype(np.float32))


def as_frames(stack: Any) -> Frames:
    """Check a stack and wrap it without loading it.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.

    Raises
    ------
    TypeError
        Not an array, or complex or non-numeric.
    ValueError
        Not 3-D, RGB, fewer than 2 frames, or zero-length.
    """
    if isinstance(stack, (list, tuple)):
        stack = np.asarray(stack)
    if not hasattr(stack, "shape") or not hasattr(stack, "dtype"):
        raise TypeError(f"stack must be a (T, Y, X) array, got {type(stack).__name__}")
    if any(n != n for n in stack.shape):  # dask's unknown chunks
        raise ValueError(f"stack has an unknown shape {stack.shape}: compute its chunk sizes first")
    if isinstance(stack, np.ma.MaskedArray) and np.ma.getmaskarray(stack).any():
        raise ValueError("stack is a masked array: fill what is masked first, stack.filled(…)")
    shape = tuple(int(n) for n in stack.shape)
    if len(shape) == 4 and shape[-1] in (3, 4):
        raise ValueError(f"stack looks like RGB {shape}; turn it to luminance (T, Y, X) first")
    if len(shape) != 3:
        raise ValueError(f"stack must have 3 axes (T, Y, X), got shape {shape}")
    if 0 in shape:
        raise ValueError(f"stack is empty: shape {shape}")
    if shape[0] < 2:
        raise ValueError(f"stack must have at least 2 frames, got shape {shape}")
    if shape[2] in (3, 4) and shape[1] > 4 * MIN_SIDE:
        raise ValueError(f"stack looks like one RGB image {shape}; give a (T, Y, X) stack")
    if isinstance(stack, torch.Tensor):
        if stack.is_complex():
            raise TypeError(f"stack must be real, got {stack.dtype}")
    elif np.dtype(stack.dtype).kind not in "biuf":
        raise TypeError(f"stack must be of a real dtype, got {stack.dtype}")
    offset, scale = level_of(stack, shape[0])
    return Frames(stack, (shape[1], shape[2]), offset, scale)


def level_of(stack: Any, count: int) -> tuple[float, float]:
    """Mean and standard deviation of the first frame that is not constant, of three looked at."""
    offset = 0.0
    for t in dict.fromkeys((0, count // 2, count - 1)):
        values = load(stack[t]).astype(np.float64)
        finite = values[np.isfinite(values)]
        offset = float(finite.mean()) if finite.size else 0.0
        with np.errstate(over="ignore"):
            scale = float(finite.std()) if finite.size else 0.0
        if 0 < scale < np.inf:
            return offset, scale
    return offset, 1.0


def as_box(region: Any, shape: tuple[int, int]) -> Box:
    """(slice_y, slice_x) in px of the frame → box; None is the whole frame.

    Raises
    ------
    TypeError
        Not a pair of slices.
    ValueError
        Empty, outside the frame, with a step, or a side below 16 px.
    """
    if region is None:
        region = (slice(0, shape[0]), slice(0, shape[1]))
    if (
        not isinstance(region, (tuple, list))
        or len(region) != 2
        or not all(isinstance(part, slice) for part in region)
    ):
        raise TypeError(f"region must be (slice_y, slice_x) or None, got {region!r}")
    sides = []
    for name, part, size in zip("yx", region, shape, strict=True):
        try:
            start = 0 if part.start is None else operator.index(part.start)
            stop = size if part.stop is None else operator.index(part.stop)
        except TypeError:
            raise TypeError(f"region: the {name} slice must be whole pixels, got {part}") from None
        if part.step not in (None, 1):
            raise ValueError(f"region: the {name} slice must have step 1, got {part}")
        if start < 0 or stop > size:
            raise ValueError(f"region: the {name} slice {start}:{stop} leaves the frame 0:{size}")
        if stop <= start:
            raise ValueError(f"region is empty: the {name} slice is {start}:{stop}")
        if stop - start < MIN_SIDE:
            raise ValueError(
                f"region must be at least {MIN_SIDE} px a side, got {stop - start} px along {name}"
            )
        sides.append((start, stop))
    return sides[0], sides[1]


def box_shape(box: Box) -> tuple[int, int]:
    """(h, w) of a box in px."""
    (y0, y1), (x0, x1) = box
    return y1 - y0, x1 - x0


def name_frames(frames: list[int]) -> str:
    """A short list of frame numbers for a message."""
    shown = ", ".join(str(t) for t in frames[:8])
    more = f" and {len(frames) - 8} more" if len(frames) > 8 else ""
    return f"frame{'s' if len(frames) > 1 else ''} {shown}{more}"


def window(shape: tuple[int, int], taper: float) -> torch.Tensor:
    """Separable Tukey window (apodisation), (Y, X) float32; taper 1 is Hann, 0 is flat."""
    along = []
    for n in shape:
        x = (torch.arange(n, dtype=torch.float64) + 0.5) / n
        edge = torch.minimum(x, 1 - x)
        if taper <= 0:
            along.append(torch.ones(n, dtype=torch.float64))
        else:
            along.append(torch.sin(torch.pi * (edge / taper).clamp(max=0.5)) ** 2)
    return torch.outer(*along).float()


def overcount(taper: torch.Tensor) -> float:
    """n·Σw⁴/(Σw²)² ≥ 1: how much neighbouring frequencies share information under a window."""
    squared = taper.double().square()
    return float(squared.numel() * squared.square().sum() / squared.sum() ** 2)


def apodised(frames: torch.Tensor, taper: torch.Tensor) -> torch.Tensor:
    """Subtract each frame's mean under the window, then apply the window, (n, h, w)."""
    mean = (frames * taper).sum((-2, -1), keepdim=True) / taper.sum()
    return (frames - mean).mul_(taper)
