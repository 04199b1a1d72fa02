"""Use a motion on any stack of as many frames: take it out, or average along it."""

from __future__ import annotations

from threading import Event
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion.arguments import one_of
from napari_motionfft.motion.canvas import CANVASES
from napari_motionfft.motion.device import choose_device, frames_per_block
from napari_motionfft.motion.frame_weights import as_weights
from napari_motionfft.motion.frames import as_box, as_frames, load
from napari_motionfft.motion.integrate import mean_images
from napari_motionfft.motion.interpolation import INTERPOLATIONS, Shift, check_fill
from napari_motionfft.motion.job import Job, Progress, reporter, within
from napari_motionfft.motion.result import Motion


def integrate(
    stack: Any,
    motion: Motion,
    *,
    region: tuple[slice, slice] | None = None,
    canvas: str = "frame",
    frame_weights: Any = None,
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
    canvas
        "frame": the region. "union": everything that the region sees as it travels with the frame
        over the scene; `canvas_box` tells where that lies.
    frame_weights
        (T,) numbers, or a kind of `frame_weights`; None takes the motion's own. Frames of weight 0
        are left out, as are the motion's excluded frames unless you give numbers.
    device
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    progress, cancel
        As in `estimate_motion`.

    Returns
    -------
    (Y, X) float32
        Over the canvas. A pixel that no frame sees takes the level of the first frame.

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
    one_of("canvas", canvas, CANVASES)
    asked = {"boundary": motion.settings.get("boundary", "crop"), "background": "none"}
    check = reporter(progress, cancel)
    if frame_weights is None:
        weights = as_weights(motion.frame_weights, frames, box, check, name="motion.frame_weights")
    else:
        early = within(check, 0.0, 0.3) if isinstance(frame_weights, str) else check
        weights = as_weights(frame_weights, frames, box, early, motion.excluded)
    block = frames_per_block(frames.shape, chosen)
    job = Job(frames, box, asked, "flat", chosen, block, check)
    path = torch.from_numpy(motion.displacements)
    mean = mean_images(job, path, check, torch.from_numpy(weights), canvas).mean
    check(1.0, "Done")
    return np.asarray(mean.float().numpy())


def apply_motion(
    stack: Any,
    motion: Motion,
    *,
    fill: float = 0.0,
    interpolation: str = "fourier",
    inverse: bool = False,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Any:
    """Take the motion out: shift each frame back by its displacement. Or put it in again.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array; T as in the motion.
    motion
        From `estimate_motion` or `load_motion`.
    fill
        Value where the field does not reach; one that the dtype can hold.
    interpolation
        "fourier": exact for band-limited frames. "bicubic", "linear": cubic and linear B-splines
        through the pixels (`scipy.ndimage.shift`), without ringing far from an edge. "nearest": no
        new values, for labels and masks. All see the same pixels: those whose place lies on the
        frame. What an interpolation needs from beyond the edge is mirrored. Whole-pixel shifts
        are exact.
    inverse
        Shift each frame along the path instead: content that stands still moves as the motion
        says.
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
        Bad arguments, named; a frame count that is not the motion's; NaN or inf in a frame,
        which only "linear" and "nearest" let pass.
    Cancelled
        `cancel` was set.
    """
    frames = as_frames(stack)
    same_count(frames.count, motion)
    one_of("interpolation", interpolation, INTERPOLATIONS)
    if not isinstance(inverse, (bool, np.bool_)):
        raise TypeError(f"inverse must be True or False, got {inverse!r}")
    dtype = type_of(stack)
    check_fill(fill, dtype)
    path = torch.from_numpy(-motion.displacements if inverse else motion.displacements)
    shift = Shift(frames, path, fill, interpolation, motion.settings.get("boundary") == "periodic")
    if isinstance(stack, (np.ndarray, torch.Tensor, list, tuple)):
        moved = np.empty((frames.count, *frames.shape), dtype)
        block = frames_per_block(frames.shape, torch.device("cpu"))
        check = reporter(progress, cancel)
        for start, stop in frames.blocks(block):
            check(
                start / frames.count,
                "Putting the motion in" if inverse else "Taking the motion out",
            )
            moved[start:stop] = shift.block(load(stack[start:stop]), start)
        check(1.0, "Done")
        return torch.from_numpy(moved).to(stack) if isinstance(stack, torch.Tensor) else moved
    import dask.array as da

    lazy = stack if isinstance(stack, da.Array) else da.from_array(stack)
    lazy = lazy.rechunk({1: -1, 2: -1})  # a frame is shifted as a whole

    def one_chunk(values: Any, block_info: Any = None) -> Any:
        start = block_info[0]["array-location"][0][0] if block_info else 0
        return shift.block(values, start)

    # a name of its own: dask would pickle the whole stack to make one up
    name = f"apply-motion-{uuid4().hex}"
    return lazy.map_blocks(one_chunk, name=name, dtype=dtype, meta=np.empty((0, 0, 0), dtype))


def type_of(stack: Any) -> np.dtype[Any]:
    """The NumPy type of an array's numbers once they are read."""
    if isinstance(stack, torch.Tensor):
        return load(stack[:0]).dtype
    return np.asarray(stack).dtype if isinstance(stack, (list, tuple)) else np.dtype(stack.dtype)


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
