"""Asking for files; an existing one is never replaced without asking."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog

from napari_motionfft.files.tables import write_motion
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.saved_place import place_record

FILTERS = {"JSON, all of it (*.json)": ".json", "CSV, the displacements (*.csv)": ".csv"}


def ask_where_to_save(parent: Any, name: str) -> tuple[Path, bool] | None:
    """(path, may be replaced), or None when the dialog was cancelled."""
    chosen, kind = QFileDialog.getSaveFileName(
        parent, "Save motion", f"{clean(name)}.json", ";;".join(FILTERS)
    )
    return finished_name(chosen, kind) if chosen else None


def clean(name: str) -> str:
    """A layer's name as a file name that every system takes."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]+', "_", name).strip(" .") or "motion"


def finished_name(chosen: str, kind: str) -> tuple[Path, bool]:
    """Add a missing suffix. The dialog has asked about the name as typed, not about ours."""
    path = Path(chosen)
    if path.suffix.lower() in FILTERS.values():
        return path, True
    return path.with_name(path.name + FILTERS.get(kind, ".json")), False


def save_new(kept: Kept | None, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Save a motion, and where its stack lies; see `EstimateMotion.save`."""
    if kept is None:
        raise ValueError("There is no result to save yet.")
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists already; choose another name.")
    write_motion(kept.motion, target, place_record(kept))
    return target


def ask_what_to_open(parent: Any) -> Path | None:
    """A motion file, or None when the dialog was cancelled."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Open motion", "", "Motion (*.json *.csv)")
    return Path(chosen) if chosen else None
