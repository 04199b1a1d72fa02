"""Moving objects as a CSV table: a row an object."""

from __future__ import annotations

import csv
import errno
import io
import math
import os
from collections.abc import Sequence
from pathlib import Path

from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.faint.result import Mover, Movers

COLUMNS = (
    "object",
    "y in frame 0 (px)",
    "x in frame 0 (px)",
    "y stderr (px)",
    "x stderr (px)",
    "velocity y (px/frame)",
    "velocity x (px/frame)",
    "velocity y stderr (px/frame)",
    "velocity x stderr (px/frame)",
    "score (noise sigma)",
    "false-alarm probability",
    "brightness",
    "contrast (noise sigma a frame)",
    "size (px)",
    "frames seen",
    "best determined frame",
    "y then (px)",
    "x then (px)",
    "y then stderr (px)",
    "x then stderr (px)",
)


def save_movers(
    movers: Movers,
    path: str | os.PathLike[str],
    overwrite: bool = False,
    *,
    speeds: Sequence[float] | None = None,
    unit: str = "",
) -> None:
    """Write the objects that `find_movers` found as a table.

    The file is written whole or not at all.

    Parameters
    ----------
    movers
        As `find_movers` returns them; an empty list gives the header alone.
    path
        ``.csv``. One row an object, units in the header; numbers are exact.
    overwrite
        Replace an existing file.
    speeds, unit
        What 1 px/frame along y and along x is in a physical unit, and that unit: adds columns.

    Raises
    ------
    TypeError
        `movers` are none.
    ValueError
        Another suffix.
    FileExistsError
        The file is there, and `overwrite` is False.
    OSError
        The file cannot be written.
    """
    text = movers_csv(movers, speeds, unit)
    target = Path(path)
    if target.suffix.lower() != ".csv":
        raise ValueError(f"{path}: the name must end in .csv, got {target.suffix!r}")
    if not overwrite and target.exists():
        raise FileExistsError(errno.EEXIST, "This file exists already", str(target))
    with written_whole(target) as file:
        file.write(text.encode("utf-8"))


def movers_csv(movers: Movers, speeds: Sequence[float] | None = None, unit: str = "") -> str:
    """The table as text; see `save_movers`.

    Raises
    ------
    TypeError
        `movers` are none.
    """
    if not isinstance(movers, Movers):
        raise TypeError(f"movers must be what find_movers returns, got {type(movers).__name__}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    physical = [] if speeds is None else [f"velocity y ({unit})", f"velocity x ({unit})"]
    writer.writerow([*COLUMNS, *physical])
    for number, mover in enumerate(movers, start=1):
        values = cells(mover)
        if speeds is not None:
            values += [v * by for v, by in zip(mover.velocity, speeds, strict=True)]
        writer.writerow([str(number), *(exact(value) for value in values)])
    return text.getvalue()


def cells(mover: Mover) -> list[float]:
    """The numbers of one row."""
    return [
        *mover.position,
        *mover.position_stderr,
        *mover.velocity,
        *mover.velocity_stderr,
        mover.score,
        mover.false_alarm,
        mover.brightness,
        mover.contrast,
        mover.size,
        mover.frames,
        mover.centre_frame,
        *mover.centre,
        *mover.centre_stderr,
    ]


def exact(value: float) -> str:
    """The shortest text that gives a number back exactly; empty where it is not known."""
    if isinstance(value, int):
        return str(value)
    return "" if math.isnan(value) else repr(float(value))
