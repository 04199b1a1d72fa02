"""The array of a zarr store: a bare one, or the finest level of an OME-Zarr image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_motionfft.files.axes import as_stack

MARKS = ("zarr.json", ".zarray", ".zgroup", ".zattrs")


def is_zarr(folder: Path) -> bool:
    """The folder holds a zarr array or group of version 2 or 3."""
    return any((folder / mark).is_file() for mark in MARKS)


def read_zarr(source: Path) -> Any:
    """(T, Y, X) from a zarr store, not loaded.

    Raises
    ------
    ValueError
        Not a readable store, a group without a lone array or image, or axes beside time, y and x.
    """
    import zarr

    try:
        node: Any = zarr.open(str(source), mode="r")
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"{source}: not a readable zarr store: {error}") from error
    try:
        # what bioformats2raw writes: images numbered in a group of their own
        if "bioformats2raw.layout" in ome(node):
            node = node["0"]
        array, axes = (node, names_of(node)) if hasattr(node, "shape") else image_of(node, source)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"{source}: its metadata names what is not there: {error}") from error
    return as_stack(array, axes, source)


def ome(node: Any) -> dict[str, Any]:
    """The OME metadata of a node: in a key of its own since version 0.5."""
    attributes = dict(node.attrs)
    return dict(attributes.get("ome", attributes))


def image_of(group: Any, source: Path) -> tuple[Any, list[str]]:
    """The finest level of an image, or the only array of a group, and its axes' names."""
    scales = ome(group).get("multiscales")
    if scales:
        array = group[scales[0]["datasets"][0]["path"]]
        axes = scales[0].get("axes")
        if axes is None:  # versions before 0.3 have these five
            return array, list("tczyx")[-array.ndim :]
        return array, [axis if isinstance(axis, str) else str(axis["name"]) for axis in axes]
    arrays = sorted(group.array_keys())
    if len(arrays) == 1:
        return group[arrays[0]], names_of(group[arrays[0]])
    inside = ", ".join(arrays or sorted(group.group_keys())) or "nothing"
    raise ValueError(f"{source}: a group without a lone array, give the path of one: {inside}")


def names_of(array: Any) -> list[str]:
    """Axis names of a bare array: of version 3, or xarray's in version 2; "" where none."""
    names = getattr(getattr(array, "metadata", None), "dimension_names", None)
    names = names or array.attrs.get("_ARRAY_DIMENSIONS")
    if not names or len(names) != array.ndim:
        return [""] * int(array.ndim)
    return [str(name or "") for name in names]
