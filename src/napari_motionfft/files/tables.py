"""Motion to and from CSV and JSON, by the file's suffix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from napari_motionfft.files import motion_csv, motion_json
from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.result import Motion

SUFFIXES = (".csv", ".json")
START = 1000
"""Characters that tell what a file is."""


def save_motion(motion: Motion, path: str | os.PathLike[str]) -> None:
    """Write a Motion as a table (.csv) or whole (.json).

    The file is written whole or not at all; an existing one is replaced.

    Parameters
    ----------
    motion
        As `estimate_motion` returns it.
    path
        ``.csv``: the columns frame, y, x, stderr_y, stderr_x, score, correlation, excluded, jump;
        one row a frame, px, displacement of the content relative to frame 0, positive = down /
        right; excluded and jump are 1 or 0. ``.json``: every field, landscape and images
        included. Both give every number back exactly.

    Raises
    ------
    TypeError
        `motion` is not a Motion.
    ValueError
        Another suffix, or a value that the format cannot hold.
    OSError
        The file cannot be written.
    """
    write_motion(motion, path)


def write_motion(
    motion: Motion, path: str | os.PathLike[str], layer: dict[str, Any] | None = None
) -> None:
    """As `save_motion`; .json also holds where the stack lay in a viewer, if that is given."""
    if not isinstance(motion, Motion):
        raise TypeError(f"motion must be a Motion, got {type(motion).__name__}")
    kind = suffix(path)
    if not np.isfinite(motion.displacements).all():
        raise ValueError("motion.displacements holds NaN or inf; it cannot be saved")
    text = motion_csv.dump(motion) if kind == ".csv" else motion_json.dump(motion, layer)
    with written_whole(path) as file:
        file.write(text.encode("utf-8"))


def load_motion(path: str | os.PathLike[str]) -> Motion:
    """Read a Motion from a file that `save_motion` wrote, or from any CSV with frame, y and x.

    Parameters
    ----------
    path
        ``.json``: the whole Motion. ``.csv``: the path and what is known of each frame; columns in
        any order, further ones are ignored, all but frame, y and x may be missing. What a table
        does not hold is left empty: no images, no landscape, no score, and `reliable` is False.

    Returns
    -------
    Motion

    Raises
    ------
    ValueError
        Another suffix, or a file that does not hold a motion; says which file and where in it.
    OSError
        The file cannot be read.
    """
    return read_motion(path)[0]


def read_motion(path: str | os.PathLike[str]) -> tuple[Motion, dict[str, Any] | None]:
    """As `load_motion`, and where the stack lay in a viewer, if the file tells."""
    kind = suffix(path)
    source = Path(path)
    try:
        # utf-8-sig: Excel puts a byte-order mark in front
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{source}: not a text file in UTF-8") from error
    if not text.strip():
        raise ValueError(f"{source}: the file is empty")
    if kind == ".csv":
        return motion_csv.parse(text, source), None
    return motion_json.parse(text, source)


def holds_motion(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as one that `save_motion` wrote; the rest of it is not read.

    A .csv must have no other columns. What cannot be read is none.
    """
    try:
        kind = suffix(path)
        with Path(path).open(encoding="utf-8-sig") as file:
            start = file.read(START)
    except (ValueError, OSError):  # another suffix, no text, not there
        return False
    if kind == ".json":
        return motion_json.begins(start)
    return motion_csv.begins(start)


def suffix(path: str | os.PathLike[str]) -> str:
    """The file's suffix in lower case, one of `SUFFIXES`."""
    found = Path(path).suffix.lower()
    if found not in SUFFIXES:
        raise ValueError(f"{path}: the name must end in .csv or .json, got {found!r}")
    return found
