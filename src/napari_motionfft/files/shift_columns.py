"""Which column of another tool's table holds what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from napari_motionfft.files.motion_csv import COLUMNS

FRAME, Y, X = NEEDED = COLUMNS[:3]
KNOWN = {
    FRAME: "frame frames framenumber frameindex slice slicenumber image index timepoint t time",
    Y: "y dy deltay yshift shifty ydrift drifty ydisplacement displacementy yoffset offsety row",
    X: "x dx deltax xshift shiftx xdrift driftx xdisplacement displacementx xoffset offsetx col "
    "column",
    "stderr_y": "stderry yerr erry sigmay ysigma",
    "stderr_x": "stderrx xerr errx sigmax xsigma",
}
ALIASES = {kind: names.split() for kind, names in KNOWN.items()}
"""Names of each column as `plain` writes them, the better ones first."""
ALIASES[FRAME].append("")  # pandas writes its index without a name
PIXELS = ("px", "pix", "pixel", "pixels", "")
UNIT = re.compile(r"[(\[]([^)\]]*)[)\]]\s*$")


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def numeric(texts: list[str]) -> bool:
    """Whether a row holds numbers and nothing else, but for empty cells."""
    full = [cell for cell in texts if cell]
    return bool(full) and all(map(is_number, full))


def plain(name: str) -> str:
    """A column's name in lower case without its unit, spaces, underscores, dots and dashes."""
    bare = re.sub(r"[\s_.\-]", "", UNIT.sub("", name)).lower()
    return re.sub(r"(?<=.)(px|pixels?)$", "", bare)


def meaning(name: str) -> str:
    """What a column of this name holds, one of `COLUMNS`, or "" for something else."""
    return next((kind for kind, names in ALIASES.items() if plain(name) in names), "")


def header(names: list[str], where: str) -> dict[str, int]:
    """Which column holds what.

    Raises
    ------
    ValueError
        No header, a column missing or twice, another unit than px.
    """
    if numeric(names):
        example = '("frame", "y", "x")' if len(names) == 3 else '("y", "x")'
        raise ValueError(
            f"{where}: no header, so it is not clear which column is which; name them, as in "
            f"columns={example}"
        )
    place: dict[str, int] = {}
    for kind in COLUMNS:
        found = [at for at, name in enumerate(names) if meaning(name) == kind]
        if kind == FRAME:  # a number says more than a time, and a time more than no name
            found = sorted(found, key=lambda at: ALIASES[FRAME].index(plain(names[at])))[:1]
        if len(found) > 1:
            both = " and ".join(f"column {at + 1} ({names[at]})" for at in found[:2])
            raise ValueError(f"{where}: {both} both hold {kind}; say which with columns=…")
        for at in found:
            unit = UNIT.search(names[at])
            if kind != FRAME and unit and unit[1].strip().lower() not in PIXELS:
                raise ValueError(f"{where}, column {at + 1}: {names[at]} is not in px")
            place[kind] = at
    missing = [name for name in NEEDED if name not in place]
    if missing:
        raise ValueError(
            f"{where}: no column for {', '.join(missing)} among {', '.join(names)}; "
            "name the columns with columns=…"
        )
    return place


def checked_columns(columns: Sequence[str] | None) -> tuple[str, ...] | None:
    """The names given for columns, or None.

    Raises
    ------
    TypeError, ValueError
        Not a sequence of known names that holds y and x once.
    """
    if columns is None:
        return None
    if isinstance(columns, str) or not isinstance(columns, Sequence):
        raise TypeError(f'columns must be names such as ("frame", "y", "x"), got {columns!r}')
    names = tuple(columns)
    unknown = [name for name in names if name not in (*COLUMNS, "")]
    if unknown:
        raise ValueError(f'columns must be of {", ".join(COLUMNS)} or "", got {unknown[0]!r}')
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice or not {Y, X} <= set(names):
        raise ValueError(f"columns must hold y and x, and nothing twice, got {names!r}")
    return names
