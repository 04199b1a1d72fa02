"""A whole Motion as strict JSON: numbers to read, images as the bytes they are.

Vectors and tables are lists of numbers, written with the fewest digits that give the same float64
back. Images and the landscape's values are objects with `dtype`, `shape` and the raw little-endian
bytes, C order, in `base64`. NaN and infinities, which JSON does not have, are strings.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Array, Landscape, Motion, Peak

FORMAT = "napari-motionfft motion"
VERSION = 1

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
IMAGES = {"integrated": "<f4", "plain_mean": "<f4", "coverage": "<i4"}
AXES = ("vy", "vx")
NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def dump(motion: Motion) -> str:
    """The whole Motion as text.

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
        **{name: plain(getattr(motion, name), name) for name in TABLES},
        "score": plain(motion.score, "score"),
        "reliable": bool(motion.reliable),
        "reason": motion.reason,
        "region": plain(motion.region, "region"),
        "settings": plain(motion.settings, "settings"),
        "device": motion.device,
        "notes": list(motion.notes),
        **{name: packed(getattr(motion, name), kind) for name, kind in IMAGES.items()},
        "landscape": {
            **{axis: plain(getattr(land, axis), axis) for axis in AXES},
            "peaks": [plain(peak, "peaks") for peak in land.peaks],
            "values": packed(land.values, "<f4"),
        },
    }
    # one field a line: short to look at, and an error's line number names the field
    lines = [
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for name, value in record.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def plain(value: Any, where: str) -> Any:
    """Plain data for JSON."""
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist(), where)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item, where) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    raise ValueError(f"motion.{where} holds a {type(value).__name__}; it cannot be saved as JSON")


def packed(array: NDArray[Any], kind: str) -> dict[str, Any]:
    """An array as its bytes."""
    raw = np.ascontiguousarray(array, np.dtype(kind))
    # ascontiguousarray makes a 0-d array 1-d, so the shape is the original's
    text = base64.b64encode(raw.tobytes()).decode("ascii")
    return {"dtype": kind, "shape": list(np.shape(array)), "base64": text}


def parse(text: str, source: Path) -> Motion:
    """Read what `dump` wrote; `source` is named in errors.

    Raises
    ------
    ValueError
        Broken or foreign JSON, another version, a field that is missing or of a wrong shape.
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
    if record.get("version") != VERSION:
        raise ValueError(
            f"{source}: version {record.get('version')!r} of the format is not known here, "
            f"only {VERSION}; a newer napari-motionfft may read it"
        )
    try:
        return from_record(record)
    except KeyError as error:
        raise ValueError(f"{source}: no field {error.args[0]!r}") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{source}: {error}") from error


def refuse(name: str) -> NoReturn:
    """Python's json takes NaN literals; JSON does not know them."""
    raise ValueError(f"{name} is not JSON")


def from_record(record: dict[str, Any]) -> Motion:
    """Fields back to arrays and plain types."""
    land = typed(record, "landscape", dict)
    arrays: dict[str, Any] = {name: table(record, name, shape) for name, shape in TABLES.items()}
    count = len(arrays["displacements"])
    if len(arrays["displacement_stderr"]) != count:
        raise ValueError(f"displacement_stderr has not {count} rows, as displacements has")
    if not np.isfinite(arrays["displacements"]).all():
        raise ValueError("displacements holds NaN or inf")
    vy, vx = (table(land, axis, (None,)) for axis in AXES)
    values = unpacked(land, "values", "<f4")
    if values.shape != (len(vy), len(vx)):
        raise ValueError(f"landscape values are {values.shape}, its axes {(len(vy), len(vx))}")
    peaks = [Peak(*row) for row in table(land, "peaks", (None, 3)).tolist()]
    region = table(record, "region", (2, 2)).tolist()
    if not all(float(edge).is_integer() for side in region for edge in side):
        raise ValueError(f"region must hold whole px, got {region}")
    return Motion(
        **arrays,
        **{name: unpacked(record, name, kind) for name, kind in IMAGES.items()},
        score=float(table(record, "score", ())),
        reliable=typed(record, "reliable", bool),
        reason=typed(record, "reason", str),
        landscape=Landscape(values, vy, vx, peaks),
        region=(pair(region[0]), pair(region[1])),
        settings=typed(record, "settings", dict),
        device=typed(record, "device", str),
        notes=tuple(str(note) for note in typed(record, "notes", list)),
    )


def pair(side: list[float]) -> tuple[int, int]:
    """(start, stop) of one side of the region, px."""
    return int(side[0]), int(side[1])


def typed(record: dict[str, Any], name: str, kind: type) -> Any:
    """A field of one JSON type."""
    if not isinstance(record[name], kind):
        raise ValueError(f"{name} must be a {kind.__name__}, got {record[name]!r:.60}")
    return record[name]


def table(record: dict[str, Any], name: str, shape: tuple[int | None, ...]) -> Array:
    """A field of numbers as a float64 array; None in `shape` is any length."""
    value = numbers(record[name], name)
    try:
        array = np.array(value, np.float64)
    except ValueError:
        raise ValueError(f"{name}: its rows are of unequal length") from None
    if shape and shape[0] is None and array.size == 0:
        return array.reshape([n or 0 for n in shape])
    matches = array.ndim == len(shape) and all(
        want in (None, got) for want, got in zip(shape, array.shape, strict=True)
    )
    if not matches:
        want = tuple("T" if n is None else n for n in shape)
        raise ValueError(f"{name} must have the shape {want}, got {array.shape}")
    return array


def numbers(value: Any, name: str) -> Any:
    """Lists of numbers, with the strings for NaN and infinities turned back."""
    if isinstance(value, list):
        return [numbers(item, name) for item in value]
    if isinstance(value, str) and value in NONFINITE:
        return NONFINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} holds {value!r:.60}, not a number")
    return float(value)


def unpacked(record: dict[str, Any], name: str, kind: str) -> NDArray[Any]:
    """An array from its bytes, native and writable."""
    stored = typed(record, name, dict)
    if stored["dtype"] != kind:
        raise ValueError(f"{name} must be of dtype {kind}, got {stored['dtype']!r}")
    try:
        raw = base64.b64decode(stored["base64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"{name}: broken base64: {error}") from error
    shape = [int(n) for n in stored["shape"]]
    if min(shape, default=0) < 0 or len(raw) != math.prod(shape) * np.dtype(kind).itemsize:
        raise ValueError(f"{name}: {len(raw)} bytes do not make the shape {tuple(shape)}")
    return np.frombuffer(raw, kind).reshape(shape).astype(kind[1:])
