"""Which axes a file holds, and the (T, Y, X) stack among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# letters of tifffile and names of OME-Zarr; "" is an axis that the file does not name
TIME = ("t", "time", "frame", "q", "i", "z", "")
COLOUR = ("s", "rgb")
NAMES = {"q": "?", "i": "image", "s": "rgb", "": "?"}


def as_stack(data: Any, axes: Sequence[str], source: object) -> Any:
    """Drop axes of length 1 and put the rest in the order (T, Y, X), lazily where `data` is lazy.

    A lone z axis counts as time: many programs save a movie as a stack of slices.

    Parameters
    ----------
    data
        Array-like of any number of axes.
    axes
        A name for each axis, "" where the file gives none.
    source
        Named in errors.

    Returns
    -------
    array-like
        (T, Y, X); `data` itself where nothing is to be done.

    Raises
    ------
    ValueError
        One image, colour, or more axes than one beside y and x.
    """
    names = [name.lower() for name in axes]
    shape = [int(n) for n in data.shape]
    wide = [i for i, n in enumerate(shape) if n != 1 or names[i] in ("y", "x")]
    if any(names[i] in COLOUR for i in wide):
        raise ValueError(
            f"{source}: the frames are in colour: {described(axes, shape)}; save one channel or "
            "the luminance, or use `napari-motionfft view`, which turns colour to luminance"
        )
    if len(wide) < 3:
        raise ValueError(f"{source}: one image, not a stack of frames: {described(axes, shape)}")
    if len(wide) > 3:
        raise ValueError(
            f"{source}: more axes than time, y and x: {described(axes, shape)}; save one of them "
            "on its own, or use `napari-motionfft view`, where sliders choose it"
        )
    y, x = plane(names, wide)
    (t,) = (i for i in wide if i not in (y, x))
    if names[t] not in TIME:
        raise ValueError(f"{source}: no time axis: {described(axes, shape)}")
    if len(shape) == 3 and (t, y, x) == (0, 1, 2):
        return data
    lazy = data if isinstance(data, np.ndarray) else as_dask(data)
    rest = tuple(i for i in range(len(shape)) if i not in wide)
    return lazy.transpose((*rest, t, y, x)).reshape([shape[i] for i in (t, y, x)])


def plane(names: list[str], wide: list[int]) -> tuple[int, int]:
    """Where y and x are: by name, else the last two."""
    if "y" in names and "x" in names:
        return names.index("y"), names.index("x")
    return wide[-2], wide[-1]


def described(axes: Sequence[str], shape: Sequence[int]) -> str:
    """E.g. "t = 20, c = 2, y = 64, x = 64"."""
    short = [NAMES.get(name.lower(), name.lower()) for name in axes]
    return ", ".join(f"{name} = {n}" for name, n in zip(short, shape, strict=True))


def as_dask(data: Any) -> Any:
    """Wrap an array-like so that it can be turned without loading it."""
    import dask.array as da

    # without a name dask would hash the content, that is, read all of it
    return da.from_array(data, chunks=getattr(data, "chunks", "auto"), name=False)
