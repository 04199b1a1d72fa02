"""napari saves the layers of a run: as a table of its path, or whole."""

from __future__ import annotations

from pathlib import Path

from napari_motionfft.viewer.result_layers import KEY, LayerData
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.saved_place import place_record

SUFFIXES = (".csv", ".json")


def write_table(path: str, layers: list[LayerData]) -> list[str]:
    """Save the path of a run as .csv; see `write`."""
    return write(path, layers, ".csv")


def write_whole(path: str, layers: list[LayerData]) -> list[str]:
    """Save the whole result of a run as .json; see `write`."""
    return write(path, layers, ".json")


def write(path: str, layers: list[LayerData], kind: str) -> list[str]:
    """Save the motion that layers belong to, whole or not at all.

    Parameters
    ----------
    path
        Where to; `kind` is appended where it ends in neither .csv nor .json.
    layers
        One or more of the layers that a run added, as napari hands them over.
    kind
        ".csv" or ".json".

    Returns
    -------
    list of str
        The file.

    Raises
    ------
    TypeError
        A layer is not of a run, or they are of several: they would not be in the file.
    FileExistsError
        There is a file of the name with the suffix, which napari has not asked about.
    OSError
        The file cannot be written.
    """
    from napari_motionfft.files.tables import write_motion

    kept = motion_of(layers)
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        target = target.with_name(target.name + kind)
        if target.exists():
            raise FileExistsError(f"{target} exists already; choose another name.")
    write_motion(kept.motion, target, place_record(kept))
    return [str(target)]


def motion_of(layers: list[LayerData]) -> Kept:
    """The motion that all layers belong to.

    Raises
    ------
    TypeError
        There is none. Not a ValueError: napari hides those and says that no plugin was found.
    """
    entries = [arguments.get("metadata", {}).get(KEY, {}) for _, arguments, _ in layers]
    for entry, (_, arguments, _) in zip(entries, layers, strict=True):
        if not isinstance(entry.get("motion"), Kept):
            if "several" in entry:
                raise TypeError(
                    f"{arguments['name']!r} is of several motions. Select the image of one "
                    "alone to save that motion."
                )
            raise TypeError(
                f"{arguments.get('name', 'a layer')!r} is no result of Estimate motion. "
                "Select layers of one run alone to save its motion."
            )
    if len({entry["run"] for entry in entries}) != 1:
        raise TypeError("These layers are of several runs. Select those of one to save its motion.")
    if len({entry.get("part") for entry in entries}) != 1:
        raise TypeError("These are of several motions. Select the image of one to save it.")
    kept: Kept = entries[0]["motion"]
    return kept
