"""What a run of the Objective lab gives: landscapes, paths, and the numbers that compare them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Landscape

Array = NDArray[np.float64]

Row = dict[str, str | int | float]

NONE = "–"
"""Where no start came to the end, there are no steps to count."""


@dataclass(frozen=True, eq=False)
class Explored:
    """One objective on one stack.

    Attributes
    ----------
    name
        Of the registry.
    landscape
        Its values on a grid of px/frame, each objective in its own unit.
    maxima
        How many local maxima these values have.
    paths
        (S, N + 1, 2) px/frame (y, x): each start, then each of the optimiser's N steps.
    converged
        (S,) steps until each start came to the truth (to the landscape's peak without one), −1
        where it did not. As in the posts, the first 100 steps do not count.
    seconds
        How long the ascent took, all starts together.
    """

    name: str
    landscape: Landscape
    maxima: int
    paths: Array
    converged: NDArray[np.int64]
    seconds: float

    @cached_property
    def peak(self) -> Array:
        """(2,) px/frame: where the landscape is highest on its grid."""
        values = np.nan_to_num(self.landscape.values, nan=-np.inf)
        y, x = np.unravel_index(int(values.argmax()), values.shape)
        return np.asarray([self.landscape.vy[y], self.landscape.vx[x]])

    @property
    def there(self) -> NDArray[np.bool_]:
        """(S,) which starts came to where they should."""
        return self.converged >= 0

    @property
    def ends(self) -> Array:
        """(S, 2) px/frame: where each start came to."""
        return self.paths[:, -1]


@dataclass(frozen=True, eq=False)
class LabResult:
    """Every objective of a run.

    Attributes
    ----------
    explored
        In the order that they were asked for.
    truth
        (2,) px/frame (y, x), or None where it is not known.
    frames
        T: ends within 1/T px/frame of the truth count as there, as in the posts.
    device, seconds
        Where it ran, and how long it took, landscapes included.
    notes
        What the user should know about data and run.
    """

    explored: tuple[Explored, ...]
    truth: Array | None
    frames: int
    device: str
    seconds: float
    notes: tuple[str, ...] = ()


def grid_step(landscape: Landscape) -> float:
    """px/frame from one value of a landscape to the next, the larger of y and x."""
    return float(max(np.diff(landscape.vy).max(initial=0), np.diff(landscape.vx).max(initial=0)))


def rows(result: LabResult) -> list[Row]:
    """The comparison, one row an objective; errors only where there is a truth to measure them."""
    return [row(result, one) for one in result.explored]


def row(result: LabResult, one: Explored) -> Row:
    """One row of the table: the same keys for all objectives of a run."""
    there = one.there
    found = "found truth" if result.truth is not None else "found peak"
    cells: Row = {
        "objective": one.name,
        "local maxima": one.maxima,
        found: f"{int(there.sum())}/{len(there)}",
        "median steps": float(np.median(one.converged[there])) if there.any() else NONE,
    }
    if result.truth is not None:
        cells["final error"] = float(np.median(np.linalg.norm(one.ends - result.truth, axis=-1)))
    cells["peak vy"], cells["peak vx"] = (float(v) for v in one.peak)
    cells["time"] = one.seconds
    return cells


UNITS = {
    "final error": "px/frame",
    "peak vy": "px/frame",
    "peak vx": "px/frame",
    "time": "s",
}
"""Of the columns that have one."""


def as_csv(result: LabResult) -> str:
    """The comparison as CSV; a count of starts is split in two columns of numbers."""
    out = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for one, cells in zip(result.explored, rows(result), strict=True):
        plain: dict[str, object] = {}
        for key, value in cells.items():
            if key.startswith("found"):
                plain[f"starts that {key}"], plain["starts"] = int(one.there.sum()), len(one.there)
            else:
                unit = UNITS.get(key)
                plain[f"{key} ({unit})" if unit else key] = "" if value == NONE else value
        if writer is None:
            writer = csv.DictWriter(out, list(plain), lineterminator="\n")
            writer.writeheader()
        writer.writerow(plain)
    return out.getvalue()
