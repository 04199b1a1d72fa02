"""Real stacks whose path is known from elsewhere: another method, on what surely stands still."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, shift

from benchmarks.scenes import Array
from napari_motionfft.files.stacks import read_stack

CALM = 15.0
"""Per cent of the pixels that count as never touched by a cell."""


def read(name: str) -> NDArray[Any]:
    """One of the packaged stacks."""
    with as_file(files("napari_motionfft") / "data" / name) as path:
        return np.array(read_stack(path))  # the file may be gone after this


def crawling_cells() -> tuple[NDArray[Any], Array]:
    """The T98G stack, and the path (T, 2) px of the dish under the cells, from frame 0.

    It shakes by 0.36 px (y) and 0.27 px (x) rms. Single patches and phase correlation say the same
    within 0.1 px.
    """
    stack = read("t98g_phase_contrast.tif")
    return stack, background_path(stack.astype(np.float64))


def background_path(stack: Array, passes: int = 4) -> Array:
    """(T, 2) px of what lies still on the dish: Lucas–Kanade on pixels that no cell ever comes to.

    Nothing of the package: band-passed frames, least squares on the gradient of their mean.
    """
    passed = gaussian_filter(stack, (0, 0.7, 0.7)) - gaussian_filter(stack, (0, 6, 6))
    restless = gaussian_filter((stack - gaussian_filter(stack, (0, 12, 12))).std(0), 2)
    calm = gaussian_filter((restless < np.percentile(restless, CALM)).astype(float), 1.5)
    calm *= calm > 0.5
    path = np.zeros((len(stack), 2))
    for _ in range(passes):
        moved = np.stack(
            [shift(f, -p, order=3, mode="nearest") for f, p in zip(passed, path, strict=True)]
        )
        mean = moved.mean(0)
        slopes = np.stack([slope.ravel() for slope in np.gradient(mean)])  # (2, N)
        weighed = slopes * calm.ravel()
        left = (mean - moved).reshape(len(stack), -1)
        path += np.linalg.solve(weighed @ slopes.T, weighed @ left.T).T
    return np.asarray(path - path[0])
