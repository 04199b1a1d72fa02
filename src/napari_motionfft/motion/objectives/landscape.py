"""An objective's values on a grid of shifts, and its local maxima."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from napari_motionfft.motion.job import Check, Progress, reporter
from napari_motionfft.motion.objectives.checks import as_batch, number
from napari_motionfft.motion.objectives.registry import (
    Objective,
    Prepared,
    blocks,
    find,
    prepared,
    starts_at_once,
    title,
)

LIMIT = 8.0
"""The posts' search range, ± px/frame."""


@dataclass(frozen=True)
class ObjectiveLandscape:
    """An objective on a grid.

    Attributes
    ----------
    objective
        Its name.
    values
        (B, Ny, Nx) float.
    vy, vx
        (Ny,), (Nx,) px/frame.
    """

    objective: str
    values: NDArray[Any]
    vy: NDArray[np.float64]
    vx: NDArray[np.float64]

    @property
    def maxima(self) -> list[NDArray[np.float64]]:
        """Local maxima of each video: (N, 2) shifts (y, x) px/frame, highest first."""
        found = []
        for values in self.values:
            cells = local_maxima(values)
            found.append(np.column_stack([self.vy[cells[:, 0]], self.vx[cells[:, 1]]]))
        return found

    @property
    def count(self) -> list[int]:
        """Number of local maxima of each video."""
        return [len(shifts) for shifts in self.maxima]

    @property
    def peak(self) -> NDArray[np.float64]:
        """(B, 2) shift (y, x) of the highest cell of each video, px/frame."""
        flat = self.values.reshape(len(self.values), -1).argmax(1)
        rows, columns = np.unravel_index(flat, self.values.shape[1:])
        return np.column_stack([self.vy[rows], self.vx[columns]])


def objective_landscape(
    frames: Any,
    objective: str | Objective | Callable[..., torch.Tensor],
    limit: float = LIMIT,
    step: float = 0.5,
    vy: Any = None,
    vx: Any = None,
    frame_weights: Any = None,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> ObjectiveLandscape:
    """Values of one objective on a grid of shifts.

    Parameters
    ----------
    frames
        (B, T, H, W), or (T, H, W) for one video; array or tensor of any real dtype.
    objective
        A name of `OBJECTIVES`, or a callable (frames, shifts) → (B,).
    limit, step
        The grid −limit…limit in px/frame, zero on it; step is the largest spacing.
    vy, vx
        Ascending grids in px/frame instead of limit and step; both or neither.
    frame_weights
        (T,), or None for all alike.
    device
        "auto" stays where a tensor is, and takes the best device for an array.
    progress, cancel
        callable(fraction, message); event that stops the work.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    Cancelled
        `cancel` was set.
    """
    find(objective)
    along_y, along_x = grids(limit, step, vy, vx)
    batch = as_batch(frames, device)
    check = reporter(progress, cancel)
    ready = prepared(objective, batch, frame_weights)
    with torch.no_grad():
        values = on_grid(ready, batch, along_y, along_x, check, f"Landscape of {title(objective)}")
    return ObjectiveLandscape(
        title(objective), values.cpu().numpy(), along_y.numpy(), along_x.numpy()
    )


def on_grid(
    ready: Prepared,
    batch: torch.Tensor,
    vy: torch.Tensor,
    vx: torch.Tensor,
    check: Check,
    message: str,
) -> torch.Tensor:
    """(B, Ny, Nx), by the objective's own way for grids or block after block of shifts."""
    there = [v.to(batch.device, batch.dtype) for v in (vy, vx)]
    own = getattr(ready, "grid", None)
    if own is not None:
        rows = blocks(there[0], 8)
        done = []
        for index, part in enumerate(rows):
            check(index / len(rows), message)
            done.append(own(part, there[1]))
        return torch.cat(done, 1)
    shifts = torch.cartesian_prod(*there)[:, None].expand(-1, len(batch), -1)  # (N, B, 2)
    parts = blocks(shifts, starts_at_once(ready.cost))
    values = []
    for index, block in enumerate(parts):
        check(index / len(parts), message)
        values.append(ready(block))
    return torch.cat(values).T.reshape(len(batch), len(vy), len(vx))


def local_maxima(values: Any) -> NDArray[np.intp]:
    """Cells inside the grid that no neighbour of 8 tops, (N, 2) indices, highest first.

    The rim does not count: what lies beyond it is unknown. Equal cells that touch are one maximum;
    a maximum that lies midway between cells is such a pair.

    Raises
    ------
    ValueError
        Not 2-D.
    """
    field = np.asarray(values)
    if field.ndim != 2:
        raise ValueError(f"values must have 2 axes, got shape {field.shape}")
    top = field >= ndimage.maximum_filter(field, 3, mode="nearest")
    if (field == field.flat[0]).all():
        return np.zeros((0, 2), np.intp)
    labels, number_found = ndimage.label(top, structure=np.ones((3, 3)))
    rim = np.ones(field.shape, bool)
    rim[1:-1, 1:-1] = False
    outside = np.unique(labels[rim])
    cells = [
        np.argwhere(labels == label)[0]
        for label in range(1, number_found + 1)
        if label not in outside
    ]
    cells.sort(key=lambda cell: -float(field[tuple(cell)]))
    return np.array(cells, np.intp).reshape(-1, 2)


def grids(limit: Any, step: Any, vy: Any, vx: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Two ascending grids, float64."""
    if (vy is None) != (vx is None):
        raise ValueError("vy and vx must be given both or neither")
    if vy is None:
        limit, step = number("limit", limit, 0.0), number("step", step, 0.0)
        if limit == 0 or not 0 < step <= limit:
            raise ValueError(f"step must be above 0 and at most limit, got {step:g} and {limit:g}")
        cells = math.ceil(limit / step - 1e-9)
        axis = torch.arange(-cells, cells + 1, dtype=torch.float64) * (limit / cells)
        return axis, axis
    found = []
    for name, given in (("vy", vy), ("vx", vx)):
        values = np.asarray(given, dtype=np.float64)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ValueError(f"{name} must be a 1-D array of shifts in px/frame, got {given!r}")
        if (np.diff(values) <= 0).any():
            raise ValueError(f"{name} must be ascending")
        found.append(torch.from_numpy(values))
    return found[0], found[1]
