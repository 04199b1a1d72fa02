"""Fields of a JSON record to and from arrays: numbers to read, images as the bytes they are.

Vectors and tables are lists of numbers, written with the fewest digits that give the same float64
back. Images are objects with `dtype`, `shape` and the raw little-endian bytes, C order, in
`base64`. NaN and infinities, which JSON does not have, are strings.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Array

NONFINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: Any, where: str) -> Any:
    """Plain data for JSON; `where` is named in errors.

    Raises
    ------
    ValueError
        Something that is not plain data.
    """
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
    raise ValueError(f"{where} holds a {type(value).__name__}; it cannot be saved as JSON")


def packed(array: NDArray[Any], kind: str) -> dict[str, Any]:
    """An array as its bytes."""
    raw = np.ascontiguousarray(array, np.dtype(kind))
    # ascontiguousarray makes a 0-d array 1-d, so the shape is the original's
    text = base64.b64encode(raw.tobytes()).decode("ascii")
    return {"dtype": kind, "shape": list(np.shape(array)), "base64": text}


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
    if None in shape and array.size == 0:
        return array.reshape([n or 0 for n in shape])
    matches = array.ndim == len(shape) and all(
        want in (None, got) for want, got in zip(shape, array.shape, strict=True)
    )
    if not matches:
        want = tuple("T" if n is None else n for n in shape)
        raise ValueError(f"{name} must have the shape {want}, got {array.shape}")
    return array


def whole(record: dict[str, Any], name: str, shape: tuple[int | None, ...]) -> NDArray[np.int64]:
    """A field of whole numbers; None in `shape` is any length."""
    array = table(record, name, shape)
    # beyond 2**53 floats are all whole, and none is what was written
    if not (np.abs(array) < 2**53).all() or (array % 1 != 0).any():
        raise ValueError(f"{name} must hold whole numbers, got {record[name]!r:.60}")
    return array.astype(np.int64)


def numbers(value: Any, name: str) -> Any:
    """Lists of numbers, with the strings for NaN and infinities turned back."""
    if isinstance(value, list):
        return [numbers(item, name) for item in value]
    if isinstance(value, str) and value in NONFINITE:
        return NONFINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} holds {value!r:.60}, not a number")
    return float(value)
