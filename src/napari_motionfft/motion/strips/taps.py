"""Reading a strip as one sparse product: which pixels, with which weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_motionfft.motion.frames import Box

MARGINS = {"nearest": 0, "linear": 0, "cubic": 12}
"""Px around the strip that the interpolation looks at: spline coefficients fade as 0.27 a px."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Taps:
    """What a strip reads of every frame.

    Attributes
    ----------
    box
        The part of the frame that holds every pixel needed.
    pixels
        (U,) places in the box, flattened, that carry any weight.
    weights
        (L·W, U) sparse float64: pixels → samples; rows of samples that do not count are empty.
    counted
        (L, W) bool: the sample lies on the frame.
    """

    box: Box
    pixels: NDArray[np.int64]
    weights: Any
    counted: NDArray[np.bool_]


def taps_of(points: Array, shape: tuple[int, int], interpolation: str) -> Taps:
    """Pixels and weights of sample points (L, W, 2) on a frame (Y, X).

    A pixel is the square ±0.5 px around its centre: a sample in the outer half of an edge pixel
    reads that pixel, one farther out does not count. Where none of a line across counts, which
    only a corner on the corner of the frame can do, the nearest pixels do.
    """
    sizes = np.array(shape)
    on_frame = (points >= -0.5 - 1e-9) & (points <= sizes - 0.5 + 1e-9)
    counted = np.asarray(on_frame.all(-1))  # (L, W)
    counted[~counted.any(1)] = True
    # rounded: a neighbour must not be read for the last digit of an arc length
    inside = np.clip(points, 0, sizes - 1)[counted].round(9)  # (n, 2)
    places, shares = [], []
    for axis in (0, 1):
        place, share = neighbours(inside[:, axis], interpolation)  # (n, k) each
        mirrored = np.abs(place)
        places.append(np.where(mirrored < sizes[axis], mirrored, 2 * (sizes[axis] - 1) - mirrored))
        shares.append(share)
        if sizes[axis] == 1:
            places[-1][:] = 0
    weight = shares[0][:, :, None] * shares[1][:, None, :]  # (n, k, k)
    y = np.broadcast_to(places[0][:, :, None], weight.shape)
    x = np.broadcast_to(places[1][:, None, :], weight.shape)
    kept = weight != 0  # a neighbour without weight may be NaN, or need another chunk
    margin = MARGINS[interpolation]
    box = (
        (max(0, int(y[kept].min()) - margin), min(shape[0], int(y[kept].max()) + 1 + margin)),
        (max(0, int(x[kept].min()) - margin), min(shape[1], int(x[kept].max()) + 1 + margin)),
    )
    flat = (y[kept] - box[0][0]) * (box[1][1] - box[1][0]) + (x[kept] - box[1][0])
    pixels, column = np.unique(flat, return_inverse=True)
    row = np.broadcast_to(np.flatnonzero(counted)[:, None, None], weight.shape)[kept]
    matrix = sparse.csr_array((weight[kept], (row, column)), shape=(counted.size, len(pixels)))
    return Taps(box, pixels, matrix, counted)


def neighbours(at: Array, interpolation: str) -> tuple[NDArray[np.int64], Array]:
    """Places (n, k) along one axis around each position (n,), and their shares (n, k).

    Cubic shares are of B-spline coefficients, not of pixels (Unser, IEEE SPM 16(6), 1999).
    """
    if interpolation == "nearest":
        return np.floor(at + 0.5).astype(np.int64)[:, None], np.ones((len(at), 1))
    base = np.floor(at).astype(np.int64)
    part = at - base
    if interpolation == "linear":
        return base[:, None] + np.arange(2), np.stack([1 - part, part], 1)
    rest = 1 - part
    shares = [
        rest**3 / 6,
        2 / 3 - part**2 * (2 - part) / 2,
        2 / 3 - rest**2 * (2 - rest) / 2,
        part**3 / 6,
    ]
    return base[:, None] + np.arange(-1, 3), np.stack(shares, 1)
