"""Shifts that another tool measured, from its table to a Motion."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.motion_csv import COLUMNS, from_table, number
from napari_motionfft.files.shift_columns import (
    FRAME,
    NEEDED,
    checked_columns,
    header,
    is_number,
    meaning,
    numeric,
)
from napari_motionfft.motion.frames import name_frames
from napari_motionfft.motion.result import Array, Motion

SIGNS = ("content", "correction")
Row = tuple[int, list[str]]
"""A line's number and its cells."""


def import_shifts(
    path: str | os.PathLike[str], *, sign: str = "content", columns: Sequence[str] | None = None
) -> Motion:
    """Read the shifts of another tool's table as a Motion.

    Parameters
    ----------
    path
        A text table with a row a frame and a header that names a frame, a y and an x column, in any
        order and case: also slice, t, index; dy, shift_y, y shift, row; dx, shift_x, column…;
        stderr_y and stderr_x if there are any. Between cells stand commas, semicolons (then decimal
        commas too), tabs or spaces; lines that begin with # are comments. Frames may begin with 0
        or 1 and stand in any order. Shifts are in px.
    sign
        "content": how far the content has moved, positive = down / right, as in the matrices of
        pystackreg. "correction": the opposite, the shift that puts a frame back on the first one,
        as of scikit-image's `phase_cross_correlation`.
    columns
        What each column holds, "frame", "y", "x" or "" for none of these, for a table without a
        header or with other names. Without "frame" the rows are the frames.

    Returns
    -------
    Motion
        Displacements relative to the first frame. What a table does not hold is left empty, and
        `reliable` is False.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, or a table that is not as above; says where in it.
    OSError
        The file cannot be read.
    """
    if sign not in SIGNS:
        raise ValueError(f"sign must be one of {', '.join(SIGNS)}, got {sign!r}")
    source = Path(path)
    rows = cells(source)
    given = checked_columns(columns)
    if given is not None:
        if not any(map(is_number, rows[0][1])):
            rows = rows[1:]
        place = {name: at for at, name in enumerate(given) if name}
        width, counted = len(given), FRAME not in place
    else:
        place = header(rows[0][1], f"{source}, line {rows[0][0]}")
        width, counted = len(rows[0][1]), False
        rows = rows[1:]
    if len(rows) < 2:
        raise ValueError(f"{source}: a motion has at least 2 frames, got {len(rows)}")
    table = np.full((len(rows), len(COLUMNS)), np.nan)
    for row, (line, texts) in enumerate(rows):
        if len(texts) != width:
            raise ValueError(f"{source}, line {line}: {len(texts)} cells, expected {width}")
        for name, at in place.items():
            where = f"{source}, line {line}, column {at + 1}"
            table[row, COLUMNS.index(name)] = number(texts[at], name, where)
    if counted:
        table[:, 0] = np.arange(len(table))
    table = table[frame_order(table[:, 0], [line for line, _ in rows], source)]
    shifts = table[:, 1:3] - table[:1, 1:3]
    shifts = (-shifts if sign == "correction" else shifts) + 0.0  # no negative zeros
    motion = from_table(shifts, table[:, 3:5], source)
    settings = {**motion.settings, "sign": sign}
    return replace(motion, model="free", parameters=len(shifts), settings=settings)


def cells(source: Path) -> list[Row]:
    """Lines that hold anything, split; a header that stands in a comment counts as one.

    Raises
    ------
    ValueError
        Not text, empty, or a broken quotation.
    """
    try:
        # utf-8-sig: Excel puts a byte-order mark in front
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{source}: not a text file in UTF-8") from error
    # whole lines: a tab in front is an empty cell
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    body = [(at, line) for at, line in lines if not line.lstrip().startswith("#")]
    if not body:
        raise ValueError(f"{source}: the file is empty")
    before = [(at, line.strip().lstrip("# ")) for at, line in lines if at < body[0][0]]
    mark = separator(body[0][1])
    rows = [(at, split(line, mark, f"{source}, line {at}")) for at, line in body]
    if numeric(rows[0][1]) and before:
        # NumPy's savetxt writes the header as a comment
        at, line = before[-1]
        names = [name.strip() for name in line.split(separator(line))]
        if set(NEEDED) <= set(map(meaning, names)):
            rows.insert(0, (at, names))
    return rows


def separator(line: str) -> str | None:
    """What stands between the cells of a line: tab, semicolon, comma, or None for spaces."""
    return next((mark for mark in "\t;," if mark in line), None)


def split(line: str, mark: str | None, where: str) -> list[str]:
    """The cells of a line, with decimal points."""
    if mark is None:
        return line.split()
    try:
        found = next(csv.reader([line], delimiter=mark, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise ValueError(f"{where}: not a table: {error}") from error
    texts = [cell.strip() for cell in found]
    return texts if mark == "," else [cell.replace(",", ".") for cell in texts]


def frame_order(frames: Array, lines: list[int], source: Path) -> NDArray[np.intp]:
    """Rows in the order of their frames, which count from 0 or 1 without a gap.

    Raises
    ------
    ValueError
        Frames that are no whole numbers, come twice, are missing, or begin elsewhere.
    """
    for frame, line in zip(frames.tolist(), lines, strict=True):
        if not frame.is_integer() or frame < 0:
            raise ValueError(f"{source}, line {line}: frame is {frame:g}, not a frame number")
    order = np.argsort(frames, kind="stable")
    found = frames[order]
    steps = np.diff(found)
    for at in np.flatnonzero(steps == 0)[:1].tolist():
        one, other = lines[order[at]], lines[order[at + 1]]
        raise ValueError(f"{source}: frame {found[at]:g} stands in line {one} and in line {other}")
    if found[0] > 1:
        raise ValueError(f"{source}: frames begin at {found[0]:g}, expected 0 or 1")
    if (steps > 1).any():
        gaps = [(int(found[at]) + 1, int(found[at + 1])) for at in np.flatnonzero(steps > 1)]
        # a slip of the pen may be 1e9
        named = [frame for low, high in gaps for frame in range(low, min(high, low + 8))][:8]
        rest = sum(high - low for low, high in gaps) - len(named)
        more = f" and {rest} more" if rest else ""
        raise ValueError(f"{source}: {name_frames(named)}{more} missing")
    return np.asarray(order)
