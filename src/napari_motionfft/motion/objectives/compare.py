"""How well each objective can be optimised, side by side."""

from __future__ import annotations

import csv
import io
import math
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from threading import Event
from typing import Any

from napari_motionfft.motion.job import Progress, reporter, within
from napari_motionfft.motion.objectives.ascent import History, multi_start
from napari_motionfft.motion.objectives.checks import as_batch, as_shifts, number
from napari_motionfft.motion.objectives.landscape import (
    LIMIT,
    ObjectiveLandscape,
    objective_landscape,
)
from napari_motionfft.motion.objectives.registry import OBJECTIVES, find
from napari_motionfft.motion.objectives.square import SPREAD, random_starts


@dataclass(frozen=True)
class Row:
    """One objective's result.

    Attributes
    ----------
    objective
        Its name.
    successes, trials
        Starts that reached the truth, of all.
    median_steps
        Steps until then, median over the successes; NaN if there are none.
    final_error
        Median distance from the truth at the end over the whole batch, px/frame.
    maxima
        Local maxima of the landscape, mean over videos.
    seconds
        Time of the ascents.
    """

    objective: str
    successes: int
    trials: int
    median_steps: float
    final_error: float
    maxima: float
    seconds: float


HEADINGS = ("objective", "local maxima", "successes", "median steps", "final error", "time")
UNITS = ("", "", "", "", "px/frame", "s")


@dataclass(frozen=True)
class Comparison:
    """Rows in the order asked for, and what they were measured from.

    Attributes
    ----------
    rows
        One an objective.
    histories, landscapes
        By name, for pictures; not part of `to_dict`.
    settings
        trials, seed, steps and the like, as plain data.
    """

    rows: tuple[Row, ...]
    histories: dict[str, History]
    landscapes: dict[str, ObjectiveLandscape]
    settings: dict[str, Any]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Row:
        """The row of an objective."""
        for row in self.rows:
            if row.objective == name:
                return row
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Settings and rows as plain data that JSON takes: NaN becomes None."""
        rows = [
            {key: None if value != value else value for key, value in asdict(row).items()}
            for row in self.rows
        ]
        return {"settings": dict(self.settings), "rows": rows}

    def to_csv(self, path: str | PathLike[str] | None = None) -> str:
        """The rows as CSV with a heading; also written to `path` if given. NaN is left empty."""
        out = io.StringIO()
        names = list(Row.__dataclass_fields__)
        writer = csv.DictWriter(out, names, lineterminator="\n")
        writer.writeheader()
        for row in self.to_dict()["rows"]:
            writer.writerow({key: "" if value is None else value for key, value in row.items()})
        text = out.getvalue()
        if path is not None:
            Path(path).write_text(text, encoding="utf-8", newline="")
        return text

    def cells(self) -> list[tuple[str, ...]]:
        """The rows as they are printed, under `HEADINGS`."""
        return [
            (
                row.objective,
                f"{row.maxima:g}",
                f"{row.successes}/{row.trials}",
                "–" if math.isnan(row.median_steps) else f"{row.median_steps:g}",
                f"{row.final_error:.2g}",
                f"{row.seconds:.2f}",
            )
            for row in self.rows
        ]

    def __str__(self) -> str:
        heads = tuple(
            f"{head} ({unit})" if unit else head for head, unit in zip(HEADINGS, UNITS, strict=True)
        )
        table = [heads, *self.cells()]
        widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
        lines = [
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in table
        ]
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def compare_objectives(
    frames: Any,
    true_shifts: Any,
    objectives: Iterable[str] | None = None,
    trials: int = 10,
    seed: int = 0,
    steps: int = 400,
    optimiser: str = "adam",
    spread: float = SPREAD,
    success: float | None = None,
    limit: float = LIMIT,
    step: float = 0.5,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Comparison:
    """Optimise each objective from the same random starts, and count its landscape's maxima.

    Parameters
    ----------
    frames
        (B, T, H, W), or (T, H, W) for one video; array or tensor of any real dtype.
    true_shifts
        (B, 2) px/frame, (y, x), of the content; (2,) for one video.
    objectives
        Names of `OBJECTIVES`; all of them by default.
    trials, seed, spread
        Random starts within ±spread px/frame, as `random_starts` draws them.
    steps, optimiser, success
        As in `multi_start`; success is within 1/T by default.
    limit, step
        Grid of the landscape, px/frame.
    device, progress, cancel
        As in `objective_landscape`.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    Cancelled
        `cancel` was set.
    """
    names = checked_names(objectives)
    batch = as_batch(frames, device)
    truth = as_shifts(true_shifts, batch, "true_shifts")
    if truth.dim() != 2:
        raise ValueError(f"true_shifts must have shape ({len(batch)}, 2), got {tuple(truth.shape)}")
    near = 1 / batch.shape[1] if success is None else number("success", success, 0.0)
    starts = random_starts(trials, len(batch), spread, seed)
    check = reporter(progress, cancel)
    rows, histories, landscapes = [], {}, {}
    for index, name in enumerate(names):
        share = within(check, index / len(names), (index + 1) / len(names))
        landscape = objective_landscape(
            batch, name, limit, step, progress=within(share, 0.0, 0.3), cancel=cancel
        )
        began = time.perf_counter()
        history = multi_start(
            batch,
            name,
            starts,
            steps=steps,
            optimiser=optimiser,
            truth=truth,
            success=near,
            progress=within(share, 0.3, 1.0),
            cancel=cancel,
        )
        seconds = time.perf_counter() - began
        rows.append(row_of(history, landscape, seconds))
        histories[name], landscapes[name] = history, landscape
    check(1.0, "Done")
    settings = {
        "trials": len(starts),
        "seed": int(seed),
        "steps": int(steps),
        "optimiser": optimiser,
        "spread": float(spread),
        "success": near,
        "limit": float(limit),
        "step": float(step),
        "true_shifts": truth.tolist(),
        "device": str(batch.device),
    }
    return Comparison(tuple(rows), histories, landscapes, settings)


def row_of(history: History, landscape: ObjectiveLandscape, seconds: float) -> Row:
    """One line of the table."""
    taken = [int(n) for n in history.converged if n >= 0]
    return Row(
        objective=history.objective,
        successes=history.successes,
        trials=len(history.converged),
        median_steps=float(statistics.median(taken)) if taken else math.nan,
        final_error=float(statistics.median(history.error.tolist())),
        maxima=float(statistics.mean(landscape.count)),
        seconds=seconds,
    )


def checked_names(objectives: Iterable[str] | None) -> tuple[str, ...]:
    """Names of the registry, each once."""
    if objectives is None:
        return tuple(OBJECTIVES)
    if isinstance(objectives, str) or not isinstance(objectives, Iterable):
        raise TypeError(f"objectives must be a list of names, got {objectives!r}")
    names = tuple(dict.fromkeys(objectives))
    if not names:
        raise ValueError("objectives must name at least one objective")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"objectives must be names, got {name!r}")
        find(name)
    return names
