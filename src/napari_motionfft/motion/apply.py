"""Use a motion on any stack of as many frames: take it out, or average along it."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion.device import choose_device, frames_per_block
from napari_motionfft.motion.frames import Frames, as_box, as_frames, load, to_float32
from napari_motionfft.motion.integrate import compensate, mean_images, shift_part
from napari_motionfft.motion.job import Job, Progress, one_of, reporter
from napari_motionfft.motion.result import Motion

INTERPOLATIONS = ("fourier", "nearest")


def integrate(
    stack: Any,
    motion: Motion,
    *,
    region: tuple[slice, slice] | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> NDArray[np.float32]:
    """Mean of the motion-compensated frames.

    Where fewer frames see a pixel, the mean is over those; nothing wraps around an edge.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array; T as in the motion.
    motion
        From `estimate_motion` or `load_motion`.
    region
        (slice_y, slice_x) in px of frame 0, or None for the whole frame.
    device
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    progress, cancel
        As in `estimate_motion`.

    Returns
    -------
    (Y, X) float32
        A pixel that no frame sees takes the level of the first frame.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named; a frame count that is not the motion's.
    Cancelled
        `cancel` was set.
    """
    frames = as_frames(stack)
    same_count(frames.count, motion)
    chosen = choose_device(device)
    box = as_box(region, frames.shape)
    asked = {"boundary": motion.settings.get("boundary", "crop"), "background": "none"}
    job = Job(
        frames,
        box,
        asked,
        "flat",
        chosen,
        frames_per_block(frames.shape, chosen),
        reporter(progress, cancel),
    )
    mean = mean_images(job, torch.from_numpy(motion.displacements), job.check).mean
    job.check(1.0, "Done")
    return np.asarray(mean.float().numpy())


def apply_motion(
    stack: Any,
    motion: Motion,
    *,
    fill: float = 0.0,
    interpolation: str = "fourier",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Any:
    """Take the motion out: shift each frame back by its displacement.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array; T as in the motion.
    motion
        From `estimate_motion` or `load_motion`.
    fill
        Value where the field does not reach; one that the dtype can hold.
    interpolation
        "fourier" (exact for band-limited frames), or "nearest" for labels and masks.
    progress, cancel
        As in `estimate_motion`; a lazy stack is not touched yet, so it heeds neither.

    Returns
    -------
    (T, Y, X) array of the same dtype
        NumPy for NumPy, torch for torch, lazy dask for dask and zarr. Integers are rounded and
        kept within their range.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named; a frame count that is not the motion's; NaN or inf in a frame.
    Cancelled
        `cancel` was set.
    """
    frames = as_frames(stack)
    same_count(frames.count, motion)
    one_of("interpolation", interpolation, INTERPOLATIONS)
    dtype = np.dtype(load(stack[:1]).dtype)
    check_fill(fill, dtype)
    periodic = motion.settings.get("boundary") == "periodic"
    path = torch.from_numpy(motion.displacements)
    if interpolation == "nearest":
        path = torch.round(path)
    job = (frames, path, fill, interpolation, periodic)
    if isinstance(stack, (np.ndarray, torch.Tensor, list, tuple)):
        moved = np.empty((frames.count, *frames.shape), dtype)
        block = frames_per_block(frames.shape, torch.device("cpu"))
        check = reporter(progress, cancel)
        for start, stop in frames.blocks(block):
            check(start / frames.count, "Taking the motion out")
            moved[start:stop] = moved_block(load(stack[start:stop]), start, *job)
        check(1.0, "Done")
        return torch.from_numpy(moved) if isinstance(stack, torch.Tensor) else moved
    import dask.array as da

    lazy = stack if isinstance(stack, da.Array) else da.from_array(stack)
    lazy = lazy.rechunk({1: -1, 2: -1})  # a frame is shifted as a whole

    def one_chunk(values: Any, block_info: Any = None) -> Any:
        start = block_info[0]["array-location"][0][0] if block_info else 0
        return moved_block(values, start, *job)

    return lazy.map_blocks(one_chunk, dtype=dtype, meta=np.empty((0, 0, 0), dtype))


def same_count(count: int, motion: Motion) -> None:
    """Refuse a stack of another length than the motion's, or what is no motion."""
    if not isinstance(motion, Motion):
        raise TypeError(f"motion must be a Motion, got {type(motion).__name__}")
    if not np.isfinite(motion.displacements).all():
        raise ValueError("motion holds NaN or inf in its displacements")
    if count != len(motion.displacements):
        raise ValueError(
            f"stack has {count} frames, but the motion has {len(motion.displacements)}"
        )


def check_fill(fill: float, dtype: np.dtype[Any]) -> None:
    """Refuse a fill value that the dtype cannot hold."""
    if isinstance(fill, bool) or not isinstance(fill, (int, float, np.number)):
        raise TypeError(f"fill must be a number, got {fill!r}")
    if dtype.kind == "f":
        if np.isfinite(fill) and abs(fill) > np.finfo(dtype).max:
            raise ValueError(f"fill must fit {dtype}, got {fill!r}")
        return
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if not (np.isfinite(fill) and low <= fill <= high and float(fill).is_integer()):
        raise ValueError(f"fill must be a whole number {low}…{high} for {dtype}, got {fill!r}")


def moved_block(
    block: NDArray[Any],
    start: int,
    frames: Frames,
    path: torch.Tensor,
    fill: float,
    interpolation: str,
    periodic: bool,
) -> NDArray[Any]:
    """Frames start… of a stack, compensated, in their own dtype, (n, Y, X)."""
    if len(block) == 0:
        return block
    part = path[start : start + len(block)]
    if interpolation == "nearest":
        return whole_steps(block, part, fill, periodic)
    values = torch.from_numpy(to_float32(block, frames.offset, frames.scale))
    if not bool(torch.isfinite(values).all()):
        raise ValueError("stack holds NaN or inf; fill these first, or use interpolation='nearest'")
    if periodic:
        moved, seen = shift_part(values, part, pad=0), torch.ones_like(values, dtype=torch.bool)
    else:
        moved, seen = compensate(values, part)
    wide: NDArray[Any] = moved.double().numpy() * frames.scale + frames.offset
    if block.dtype.kind == "b":
        wide = wide > 0.5
    elif block.dtype.kind in "iu":
        # round up to float64's precision: the limits of 64-bit integers are not floats
        info = np.iinfo(block.dtype)
        wide = np.rint(wide).clip(info.min, np.nextafter(float(info.max) + 1, 0))
    out = wide.astype(block.dtype)
    out[~seen.numpy()] = fill
    whole = ((part - torch.round(part)).abs().amax(1) < 1e-9).numpy()
    # no interpolation, no rounding: wide integers keep every digit
    out[whole] = whole_steps(block[whole], torch.round(part[whole]), fill, periodic)
    return out


def whole_steps(
    block: NDArray[Any], part: torch.Tensor, fill: float, periodic: bool
) -> NDArray[Any]:
    """Shift back by whole pixels without touching a value, (n, Y, X)."""
    out = np.full_like(block, fill)
    for row, (dy, dx) in enumerate(part.int().tolist()):
        if periodic:
            out[row] = np.roll(block[row], (-dy, -dx), (0, 1))
            continue
        height, width = block.shape[1:]
        to_y = slice(max(0, -dy), max(0, min(height, height - dy)))
        to_x = slice(max(0, -dx), max(0, min(width, width - dx)))
        from_y = slice(to_y.start + dy, to_y.stop + dy)
        from_x = slice(to_x.start + dx, to_x.stop + dx)
        if to_y.start < to_y.stop and to_x.start < to_x.stop:
            out[row, to_y, to_x] = block[row, from_y, from_x]
    return out
