"""Arrays that stay on disk until a block of them is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

REC_709 = (0.2126, 0.7152, 0.0722)
"""Luminance of linear red, green, blue (ITU-R BT.709)."""


def as_lazy(data: Any) -> Any:
    """An array whose slices are views: NumPy and dask as they are, others wrapped in dask.

    zarr, HDF5 and their like read on slicing; wrapped with their own chunks, nothing is read
    before the estimator asks for a block, and then only the chunks it touches.
    """
    if isinstance(data, np.ndarray):
        return data
    import dask.array as da

    if isinstance(data, da.Array):
        return data
    chunks = getattr(data, "chunks", None)
    if not (isinstance(chunks, tuple) and all(isinstance(n, int) for n in chunks)):
        chunks = tuple(1 for _ in data.shape[:-2]) + tuple(data.shape[-2:])
    # without a name it would be hashed, without a meta probed: both read
    meta = np.empty((0,) * len(data.shape), data.dtype)
    return da.from_array(data, chunks=chunks, name=False, asarray=True, meta=meta)


class Slices:
    """An array's slices, and no more: of a NumPy array dask would copy all, also from disk."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return np.asarray(self._array[key])


def sliced(array: NDArray[Any], chunks: tuple[int, ...]) -> Any:
    """A NumPy array as a dask array, of which nothing is copied or read yet."""
    import dask.array as da

    meta = np.empty((0,) * array.ndim, array.dtype)
    return da.from_array(Slices(array), chunks=chunks, name=False, meta=meta)


def luminance(stack: Any) -> Any:
    """(T, Y, X, 3 or 4) colours → (T, Y, X) float32 dask array, computed block by block.

    Alpha is left out.
    """
    import dask.array as da

    if not isinstance(stack, da.Array):
        stack = sliced(stack, (block_frames(stack.shape), *stack.shape[1:]))
    stack = stack.rechunk({3: -1})
    return stack.map_blocks(weigh, drop_axis=3, dtype=np.float32, meta=np.empty((0, 0, 0), "f4"))


def block_frames(shape: tuple[int, ...]) -> int:
    """Frames to a block of about 32 MB of float32."""
    return max(1, 2**23 // max(1, int(np.prod(shape[1:]))))


def weigh(block: NDArray[Any]) -> NDArray[np.float32]:
    """(n, Y, X, C) → (n, Y, X) float32 luminance."""
    red, green, blue = (np.float32(weight) for weight in REC_709)
    grey = block[..., 0] * red
    grey += block[..., 1] * green
    grey += block[..., 2] * blue
    return np.asarray(grey, dtype=np.float32)
