"""Velocities along strips as a CSV table: a row a strip and window."""

from __future__ import annotations

import csv
import errno
import io
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.strips.result import StripMotion

if TYPE_CHECKING:
    from napari_motionfft.motion.strips.many import StripTable


def save_strips(
    table: StripTable | StripMotion, path: str | os.PathLike[str], overwrite: bool = False
) -> None:
    """Write the velocities of one or many strips as a table.

    The file is written whole or not at all.

    Parameters
    ----------
    table
        As `strip_motions` or `estimate_strip_motion` returns it.
    path
        ``.csv``. One row a strip and window, units in the header; velocity is positive towards the
        end of the strip. Numbers are exact; one that is not known is an empty cell. The columns in
        physical units are there where the frame interval or the pixel size is known.
    overwrite
        Replace an existing file.

    Raises
    ------
    TypeError
        `table` is neither.
    ValueError
        Another suffix, no strips, or strips in different units.
    FileExistsError
        The file is there, and `overwrite` is False.
    OSError
        The file cannot be written.
    """
    strips, names = parts(table)
    target = Path(path)
    if target.suffix.lower() != ".csv":
        raise ValueError(f"{path}: the name must end in .csv, got {target.suffix!r}")
    if not overwrite and target.exists():
        raise FileExistsError(errno.EEXIST, "This file exists already", str(target))
    text = dump(strips, names)
    with written_whole(target) as file:
        file.write(text.encode("utf-8"))


def parts(table: Any) -> tuple[Sequence[StripMotion], Sequence[str]]:
    """The strips and their names; a lone one is called "strip 1"."""
    if isinstance(table, StripMotion):
        return (table,), ("strip 1",)
    strips, names = getattr(table, "strips", None), getattr(table, "names", None)
    if strips is None or names is None or not all(isinstance(s, StripMotion) for s in strips):
        raise TypeError(f"table must be a StripTable or a StripMotion, got {type(table).__name__}")
    if not strips:
        raise ValueError("table holds no strips")
    return strips, names


def dump(strips: Sequence[StripMotion], names: Sequence[str]) -> str:
    """The table as text: repr of a float is the shortest text that gives it back exactly."""
    units = {(s.velocity_unit, "frame" if s.dt is None else s.time_unit) for s in strips}
    if len(units) > 1:
        known = ", ".join(sorted(f"{velocity} and {time}" for velocity, time in units))
        raise ValueError(f"table holds strips in different units: {known}")
    ((velocity, time),) = units
    physical = velocity != "px/frame"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header(velocity, time, physical))
    for strip, name in zip(strips, names, strict=True):
        writer.writerows(rows(strip, name, physical))
    return text.getvalue()


def header(velocity: str, time: str, physical: bool) -> list[str]:
    """Names of the columns and their units."""
    in_units = [f"velocity ({velocity})", f"velocity stderr ({velocity})"] if physical else []
    return [
        "strip",
        "first frame",
        "frames",
        f"time ({time})",
        *in_units,
        "velocity (px/frame)",
        "velocity stderr (px/frame)",
        "score (noise sigma)",
        "reliable",
        "reason",
        "further peaks (velocity px/frame, stderr px/frame, score noise sigma; …)",
    ]


def rows(strip: StripMotion, name: str, physical: bool) -> list[list[str]]:
    """The cells of one strip, a row a window."""
    found = []
    for w in range(len(strip.starts)):
        values = [strip.velocities[w], strip.stderr[w]]
        if physical:
            values = [strip.physical_velocities[w], strip.physical_stderr[w], *values]
        further = (" ".join(number(v) for v in peak) for peak in strip.peaks[w][1:])
        found.append(
            [
                name,
                str(int(strip.starts[w])),
                str(strip.window),
                number(strip.times[w]),
                *(number(v) for v in values),
                number(strip.score[w]),
                str(bool(strip.reliable[w])),
                strip.reasons[w],
                "; ".join(further),
            ]
        )
    return found


def number(value: float) -> str:
    """Exact; empty where it is not known."""
    return "" if math.isnan(value) else repr(float(value))
