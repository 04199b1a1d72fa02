"""The displacements of a Motion as a CSV table."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Array, Landscape, Motion

COLUMNS = (
    *("frame", "y", "x", "stderr_y", "stderr_x"),
    *("score", "correlation", "excluded", "jump"),
)
NEEDED = COLUMNS[:3]
FLAGS = COLUMNS[-2:]
"""1 where a frame is one of them, else 0; `jump`: the first frame after it."""


def dump(motion: Motion) -> str:
    """The table as text: repr of a float is the shortest text that gives it back exactly.

    What is not known (NaN) is an empty cell.
    """
    known = [motion.displacements, motion.displacement_stderr]
    known += [motion.frame_score[:, None], motion.correlation[:, None]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for t, row in enumerate(np.hstack(known).tolist()):
        flags = [int(t in frames) for frames in (motion.excluded, motion.jumps)]
        writer.writerow([t, *("" if math.isnan(v) else repr(v) for v in row), *flags])
    return text.getvalue()


def begins(start: str) -> bool:
    """Whether text begins with a header of ours: frame, y and x, and no foreign column."""
    line = start.lstrip().partition("\n")[0]
    names = [cell.strip().lower() for cell in line.split(",")]
    return set(NEEDED) <= set(names) <= set(COLUMNS)


def parse(text: str, source: Path) -> Motion:
    """Read a table; `source` is named in errors.

    Raises
    ------
    ValueError
        Missing columns, ragged rows, cells that are not finite numbers, frames not 0…T−1.
    """
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"{source}, line {reader.line_num}: not a CSV table: {error}") from error
    place = header(rows[0][1], f"{source}, line {rows[0][0]}")
    if len(rows) < 3:
        raise ValueError(f"{source}: a motion has at least 2 frames, got {len(rows) - 1}")
    table = np.full((len(rows) - 1, len(COLUMNS)), np.nan)
    for t, (line, row) in enumerate(rows[1:]):
        where = f"{source}, line {line}"
        if len(row) != len(rows[0][1]):
            raise ValueError(f"{where}: {len(row)} cells, but the header has {len(rows[0][1])}")
        for name, column in place.items():
            table[t, COLUMNS.index(name)] = number(row[column], name, where)
        if table[t, 0] != t:
            raise ValueError(f"{where}: frame is {row[place['frame']]}, expected {t}")
    motion = from_table(table[:, 1:3], table[:, 3:5], source)
    score, correlation, excluded, jumps = (table[:, i] for i in range(5, 9))
    return with_frames(motion, score, correlation, excluded == 1, jumps == 1, source)


def header(row: list[str], where: str) -> dict[str, int]:
    """Which column holds what."""
    names = [cell.strip().lower() for cell in row]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        hint = "; cells must be separated by commas" if any(c in row[0] for c in ";\t") else ""
        raise ValueError(f"{where}: no column {', '.join(missing)} in {', '.join(names)}{hint}")
    place = {name: names.index(name) for name in COLUMNS if name in names}
    for name in place:
        if names.count(name) > 1:
            raise ValueError(f"{where}: more than one column {name}")
    return place


def number(cell: str, name: str, where: str) -> float:
    """One cell as a float: frame, y and x are finite, the others may also be unknown."""
    needed, error = name in NEEDED, name.startswith("stderr")
    if not needed and not cell.strip():
        return math.nan
    try:
        # float() takes Python's 1_000, which no table means
        value = float(cell.replace("_", "?"))
    except ValueError:
        raise ValueError(f"{where}: {name} is {cell!r}, not a number") from None
    if needed and not math.isfinite(value):
        raise ValueError(f"{where}: {name} is {cell.strip()}, not a finite number")
    if name in FLAGS and value not in (0, 1):
        raise ValueError(f"{where}: {name} is {cell.strip()}, neither 0 nor 1")
    if error and value < 0:
        raise ValueError(f"{where}: {name} is negative: {cell.strip()}")
    return value


def from_table(displacements: Array, stderr: Array, source: Path) -> Motion:
    """A Motion with only what a table tells; (T, 2) px each.

    The velocity is the least-squares slope of the displacements. Its standard error is the slope of
    theirs, which is exact for a constant velocity, where all frames err together.
    """
    t = np.arange(len(displacements)) - (len(displacements) - 1) / 2
    slope = t / (t @ t)  # (T,)
    with np.errstate(invalid="ignore"):  # an infinite error in one frame
        error = np.abs(slope @ stderr)
    image = np.zeros((0, 0), np.float32)
    return Motion(
        displacements=displacements,
        displacement_stderr=stderr,
        velocity=slope @ displacements,
        velocity_stderr=error,
        velocity_covariance=np.diag(error**2),
        score=math.nan,
        reliable=False,
        reason=f"Read from a table ({source.name}), which does not say how reliable it is.",
        split_half=np.full(2, math.nan),
        bias=np.zeros(2),
        integrated=image,
        plain_mean=image.copy(),
        coverage=np.zeros((0, 0), np.int32),
        landscape=Landscape(image.copy(), np.zeros(0), np.zeros(0), []),
        region=((0, 0), (0, 0)),
        settings={"source": source.name, "frames": len(displacements)},
        device="",
        model="free",
        parameters=len(displacements) - 1,
    )


def with_frames(
    motion: Motion,
    score: Array,
    correlation: Array,
    excluded: NDArray[np.bool_],
    jumps: NDArray[np.bool_],
    source: Path,
) -> Motion:
    """A Motion with what a table tells about each frame; (T,) each.

    Raises
    ------
    ValueError
        All frames are excluded.
    """
    if excluded.all():
        raise ValueError(f"{source}: all frames are excluded")
    return replace(
        motion,
        frame_score=score,
        correlation=correlation,
        excluded=tuple(np.flatnonzero(excluded).tolist()),
        jumps=tuple(np.flatnonzero(jumps).tolist()),
        frame_weights=~excluded / (~excluded).sum(),
    )
