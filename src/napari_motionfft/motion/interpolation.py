"""Shift frames back by any displacement, in their own dtype, without wrapping or new values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from napari_motionfft.motion.frames import Frames, to_float32
from napari_motionfft.motion.integrate import compensate, seen_part, shift_part

INTERPOLATIONS = ("fourier", "bicubic", "linear", "nearest")
ORDERS = {"bicubic": 3, "linear": 1}
"""Order of the B-spline."""


@dataclass(frozen=True)
class Shift:
    """How to shift the frames of one stack.

    Attributes
    ----------
    frames
        The stack, for its level and scale.
    path
        (T, 2) float64 px: frame t is shifted by minus this.
    fill
        Value where the field does not reach.
    interpolation
        One of `INTERPOLATIONS`.
    periodic
        Content that leaves the frame comes in opposite.
    """

    frames: Frames
    path: torch.Tensor
    fill: float
    interpolation: str
    periodic: bool

    def block(self, block: NDArray[Any], start: int) -> NDArray[Any]:
        """Frames start… of the stack, shifted, in their own dtype, (n, Y, X)."""
        if len(block) == 0:
            return block
        part = self.path[start : start + len(block)]
        if self.interpolation == "nearest":
            return whole_steps(block, torch.round(part), self.fill, self.periodic)
        # no interpolation, no rounding: wide integers keep every digit
        whole = (part - torch.round(part)).abs().amax(1) < 1e-9
        steps = whole.numpy()
        out = np.empty_like(block)
        if steps.any():
            whole_part = torch.round(part[whole])
            out[steps] = whole_steps(block[steps], whole_part, self.fill, self.periodic)
        if not steps.all():
            wide, seen = self.between(block[~steps], part[~whole])
            moved = rounded(wide, block.dtype)
            moved[~seen] = self.fill
            out[~steps] = moved
        return out

    def between(
        self, block: NDArray[Any], part: torch.Tensor
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Values between the pixels, (n, Y, X), and which pixels each frame sees."""
        if self.interpolation in ORDERS:
            return by_splines(block, part, self.interpolation, self.periodic)
        values = torch.from_numpy(to_float32(block, self.frames.offset, self.frames.scale))
        check_finite(bool(torch.isfinite(values).all()))
        if self.periodic:
            moved, seen = shift_part(values, part, pad=0), torch.ones_like(values).bool()
        else:
            moved, seen = compensate(values, part)
        return moved.double().numpy() * self.frames.scale + self.frames.offset, seen.numpy()


def by_splines(
    block: NDArray[Any], part: torch.Tensor, interpolation: str, periodic: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Shift back along B-splines through the pixels, by `scipy.ndimage.shift`.

    Beyond the edges the splines see a mirror; periodic frames go on opposite.
    """
    wide = block.astype(np.float64)
    if interpolation == "bicubic":  # its coefficients would spread one bad pixel over the frame
        check_finite(bool(np.isfinite(wide).all()))
    out = np.zeros_like(wide)
    seen = np.full(wide.shape, periodic)
    order = ORDERS[interpolation]
    shape = (wide.shape[1], wide.shape[2])
    for row, (frame, displacement) in enumerate(zip(wide, part.tolist(), strict=True)):
        rest = [round(p) - p for p in displacement]
        if periodic:
            back = [-p % n for p, n in zip(displacement, shape, strict=True)]
            out[row] = ndimage.shift(frame, back, order=order, mode="grid-wrap")
            continue
        places = seen_part(shape, displacement)
        if places is not None:
            shifted = ndimage.shift(frame, rest, order=order, mode="mirror")
            out[row][places[0]] = shifted[places[1]]
            seen[row][places[0]] = True
    return out, seen


def check_finite(finite: bool) -> None:
    """Refuse frames that an interpolation would smear out."""
    if not finite:
        raise ValueError(
            "stack holds NaN or inf; fill these first, or use interpolation='linear' or 'nearest'"
        )


def rounded(wide: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Values in another dtype: integers rounded and kept within their range."""
    if dtype.kind == "b":
        return wide > 0.5
    if dtype.kind in "iu":
        # round up to float64's precision: the limits of 64-bit integers are not floats
        info = np.iinfo(dtype)
        wide = np.rint(wide).clip(info.min, np.nextafter(float(info.max) + 1, 0))
    return wide.astype(dtype)


def whole_steps(
    block: NDArray[Any], part: torch.Tensor, fill: float, periodic: bool
) -> NDArray[Any]:
    """Shift back by whole pixels without touching a value, (n, Y, X)."""
    out = np.full_like(block, fill)
    height, width = block.shape[1:]
    for row, (dy, dx) in enumerate(part.tolist()):
        if periodic:
            out[row] = np.roll(block[row], (-int(dy) % height, -int(dx) % width), (0, 1))
            continue
        places = seen_part((height, width), [dy, dx])
        if places is not None:
            out[row][places[0]] = block[row][places[1]]
    return out


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
