"""Any (T, L) array-like as float lines, read a block at a time (docs/method.md § 11)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.device import HOLD_BUDGET
from napari_motionfft.motion.frames import load, name_frames, to_float32

MIN_LENGTH = 16
"""Shortest strip in px: below it a spectrum holds too few frequencies."""
MIN_FRAMES = 4
"""Fewest frames of a window."""


@dataclass(frozen=True)
class Lines:
    """A validated kymograph: `data` stays what the user gave (lazy stays lazy).

    Lines are read as (value − offset)/scale, as `Frames` are.

    Attributes
    ----------
    data
        (T, L) array-like, sliced on reading.
    offset, scale
        Mean and standard deviation of the lines looked at first.
    """

    data: Any
    offset: float
    scale: float

    @property
    def count(self) -> int:
        """T."""
        return int(self.data.shape[0])

    @property
    def length(self) -> int:
        """L in px."""
        return int(self.data.shape[1])

    def read(self, start: int, stop: int) -> torch.Tensor:
        """Lines start…stop as float32 on the host, (n, L).

        Raises
        ------
        ValueError
            When a line holds NaN or inf.
        """
        raw = load(self.data[start:stop])
        values = torch.from_numpy(to_float32(raw, self.offset, self.scale))
        if not bool(torch.isfinite(values.sum())):
            bad = torch.nonzero(~torch.isfinite(values).all(1)).flatten() + start
            if len(bad):
                which = name_frames([int(t) for t in bad])
                raise ValueError(f"kymograph holds NaN or inf in {which}; fill these first")
        return values


def as_lines(kymograph: Any, name: str = "kymograph") -> Lines:
    """Check a kymograph and wrap it; lazy data of moderate size are read once, here.

    Parameters
    ----------
    kymograph
        (T, L) NumPy, torch, dask or zarr array of any real dtype; rows are time.

    Raises
    ------
    TypeError
        Not an array, or complex or non-numeric.
    ValueError
        Not 2-D, too short, or too few frames.
    """
    if isinstance(kymograph, (list, tuple)):
        kymograph = np.asarray(kymograph)
    if not hasattr(kymograph, "shape") or not hasattr(kymograph, "dtype"):
        raise TypeError(f"{name} must be a (T, L) array, got {type(kymograph).__name__}")
    if any(n != n for n in kymograph.shape):  # dask's unknown chunks
        raise ValueError(f"{name} has an unknown shape {kymograph.shape}: compute it first")
    shape = tuple(int(n) for n in kymograph.shape)
    if len(shape) != 2:
        raise ValueError(f"{name} must have 2 axes (T, L), rows are time; got shape {shape}")
    if isinstance(kymograph, np.ma.MaskedArray) and np.ma.getmaskarray(kymograph).any():
        raise ValueError(f"{name} is a masked array: fill what is masked first, .filled(…)")
    if isinstance(kymograph, torch.Tensor):
        if kymograph.is_complex():
            raise TypeError(f"{name} must be real, got {kymograph.dtype}")
    elif np.dtype(kymograph.dtype).kind not in "biuf":
        raise TypeError(f"{name} must be of a real dtype, got {kymograph.dtype}")
    if shape[0] < MIN_FRAMES:
        raise ValueError(f"{name} must have at least {MIN_FRAMES} frames, got shape {shape}")
    if shape[1] < MIN_LENGTH:
        raise ValueError(f"{name} must be at least {MIN_LENGTH} px long, got shape {shape}")
    if not isinstance(kymograph, np.ndarray) and 4 * shape[0] * shape[1] <= HOLD_BUDGET:
        kymograph = load(kymograph[:])
    some = load(kymograph[: min(shape[0], 256)]).astype(np.float64)
    finite = some[np.isfinite(some)]
    with np.errstate(over="ignore"):
        offset = float(finite.mean()) if finite.size else 0.0
        scale = float(finite.std()) if finite.size else 0.0
    if not 0 < scale < np.inf:
        scale = 1.0
    return Lines(kymograph, offset, scale)
