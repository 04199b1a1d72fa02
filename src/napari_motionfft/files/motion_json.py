"""A whole Motion as strict JSON, one field a line (`json_fields` says how arrays are written)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from napari_motionfft.files.json_fields import packed, plain, table, typed, unpacked, whole
from napari_motionfft.motion.result import Array, Candidate, Landscape, Motion, Peak

FORMAT = "napari-motionfft motion"
VERSION = 2
READ = (1, 2)
"""Version 2 adds what a motion that is not constant needs; 1 was a velocity and its path."""

# shapes; T is the number of frames
TABLES: dict[str, tuple[int | None, ...]] = {
    "displacements": (None, 2),
    "displacement_stderr": (None, 2),
    "velocity": (2,),
    "velocity_stderr": (2,),
    "velocity_covariance": (2, 2),
    "split_half": (2,),
    "bias": (2,),
}
FRAME_TABLES: dict[str, tuple[int | None, ...]] = {
    "correlation": (None,),
    "frame_score": (None,),
    "frame_weights": (None,),
    "split_half_displacements": (2, None, 2),
}
"""Those that version 1 has not."""
FRAMES = ("excluded", "jumps")
"""Lists of frame numbers, from version 2 on."""
IMAGES = {"integrated": "<f4", "plain_mean": "<f4", "coverage": "<i4"}
AXES = ("vy", "vx")


def dump(motion: Motion, layer: dict[str, Any] | None = None) -> str:
    """The whole Motion as text; with `layer`, where its stack lay in a viewer.

    Raises
    ------
    ValueError
        `settings` holds something that is not plain data.
    """
    land = motion.landscape
    record = {
        "format": FORMAT,
        "version": VERSION,
        "units": {"displacements": "px", "velocity": "px/frame", "landscape": "noise sigma"},
        **{name: field(motion, name) for name in TABLES},
        "score": field(motion, "score"),
        "reliable": bool(motion.reliable),
        "reason": motion.reason,
        "model": motion.model,
        "parameters": int(motion.parameters),
        "candidates": field(motion, "candidates"),
        **{name: [int(frame) for frame in getattr(motion, name)] for name in FRAMES},
        **{name: field(motion, name) for name in FRAME_TABLES},
        "region": field(motion, "region"),
        "origin": field(motion, "origin"),
        "settings": field(motion, "settings"),
        "device": motion.device,
        "notes": list(motion.notes),
        **{name: packed(getattr(motion, name), kind) for name, kind in IMAGES.items()},
        "landscape": {
            **{axis: plain(getattr(land, axis), axis) for axis in AXES},
            "peaks": [plain(peak, "peaks") for peak in land.peaks],
            "values": packed(land.values, "<f4"),
        },
    }
    if layer is not None:
        record["layer"] = plain(layer, "layer")
    # one field a line: short to look at, and an error's line number names the field
    lines = [
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for name, value in record.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def begins(start: str) -> bool:
    """Whether text begins as `dump` begins it, however it is spaced."""
    return re.match(rf'\s*{{\s*"format"\s*:\s*"{FORMAT}"', start) is not None


def field(motion: Motion, name: str) -> Any:
    """A field as plain data."""
    return plain(getattr(motion, name), f"motion.{name}")


def parse(text: str, source: Path) -> tuple[Motion, dict[str, Any] | None]:
    """Read what `dump` wrote, or an older version; `source` is named in errors.

    Returns
    -------
    Motion, layer
        The second as given to `dump`, or None.

    Raises
    ------
    ValueError
        Broken or foreign JSON, a later version, a field that is missing or of a wrong shape.
    """
    try:
        record = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        where = f"{source}, line {error.lineno}, column {error.colno}"
        raise ValueError(f"{where}: broken JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source}: broken JSON: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError(f"{source}: not a motion that this package saved (no format {FORMAT!r})")
    if record.get("version") not in READ:
        raise ValueError(
            f"{source}: version {record.get('version')!r} of the format is not known here, "
            f"only {' and '.join(map(str, READ))}; a newer napari-motionfft may read it"
        )
    try:
        layer = typed(record, "layer", dict) if "layer" in record else None
        return from_record(record), layer
    except KeyError as error:
        raise ValueError(f"{source}: no field {error.args[0]!r}") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{source}: {error}") from error


def refuse(name: str) -> NoReturn:
    """Python's json takes NaN literals; JSON does not know them."""
    raise ValueError(f"{name} is not JSON")


def from_record(record: dict[str, Any]) -> Motion:
    """Fields back to arrays and plain types."""
    arrays: dict[str, Any] = {name: table(record, name, shape) for name, shape in TABLES.items()}
    count = len(arrays["displacements"])
    if len(arrays["displacement_stderr"]) != count:
        raise ValueError(f"displacement_stderr has not {count} rows, as displacements has")
    if not np.isfinite(arrays["displacements"]).all():
        raise ValueError("displacements holds NaN or inf")
    (y0, y1), (x0, x1) = whole(record, "region", (2, 2)).tolist()
    later: dict[str, Any] = later_fields(record, count) if record["version"] > 1 else {}
    images: dict[str, Any] = {name: unpacked(record, name, kind) for name, kind in IMAGES.items()}
    return Motion(
        **arrays,
        **later,
        **images,
        score=float(table(record, "score", ())),
        reliable=typed(record, "reliable", bool),
        reason=typed(record, "reason", str),
        landscape=landscape(typed(record, "landscape", dict)),
        region=((y0, y1), (x0, x1)),
        settings=typed(record, "settings", dict),
        device=typed(record, "device", str),
        notes=tuple(str(note) for note in typed(record, "notes", list)),
    )


def later_fields(record: dict[str, Any], count: int) -> dict[str, Any]:
    """What version 2 adds, for a path of `count` frames."""
    found: dict[str, Any] = {
        name: frame_table(record, name, shape, count) for name, shape in FRAME_TABLES.items()
    }
    for name in FRAMES:
        frames = whole(record, name, (None,)).tolist()
        if any(not 0 <= frame < count for frame in frames):
            raise ValueError(f"{name} must be frames of 0–{count - 1}, got {frames}")
        found[name] = tuple(frames)
    y, x = whole(record, "origin", (2,)).tolist()
    return {
        **found,
        "model": typed(record, "model", str),
        "parameters": int(whole(record, "parameters", ())),
        "candidates": tuple(candidate(row) for row in typed(record, "candidates", list)),
        "origin": (y, x),
    }


def frame_table(
    record: dict[str, Any], name: str, shape: tuple[int | None, ...], count: int
) -> Array:
    """A table with one entry a frame."""
    array = table(record, name, shape)
    frames = array.shape[shape.index(None)]
    if frames != count:
        raise ValueError(f"{name} has {frames} frames, displacements has {count}")
    return array


def candidate(row: Any) -> Candidate:
    """One model that was compared."""
    if not (isinstance(row, list) and len(row) == 3):
        raise ValueError(f"candidates must be [model, parameters, evidence], got {row!r:.60}")
    parts = dict(zip(("model", "parameters", "evidence"), row, strict=True))
    return Candidate(
        typed(parts, "model", str),
        int(whole(parts, "parameters", ())),
        float(table(parts, "evidence", ())),
    )


def landscape(record: dict[str, Any]) -> Landscape:
    """The search landscape."""
    vy, vx = (table(record, axis, (None,)) for axis in AXES)
    values = unpacked(record, "values", "<f4")
    if values.shape != (len(vy), len(vx)):
        raise ValueError(f"landscape values are {values.shape}, its axes {(len(vy), len(vx))}")
    peaks = [Peak(*row) for row in table(record, "peaks", (None, 3)).tolist()]
    return Landscape(values, vy, vx, peaks)
