"""The comparison as a table, one row an objective, and as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from napari_motionfft.viewer.lab_result import UNITS, LabResult, as_csv, rows
from napari_motionfft.viewer.widgets.dialogs import clean
from napari_motionfft.viewer.wording import signed

ABOUT = {
    "objective": "The objective that was climbed.",
    "local maxima": "Of its landscape on the grid; the rim does not count.",
    "found truth": "Starts that came within 1/T px/frame of the truth (T frames), of all.",
    "found peak": "Starts that came to the landscape's highest point, of all. "
    "The true velocity is not known.",
    "median steps": "Steps until then, of the starts that came there. "
    "The first 100 do not count, as in the posts.",
    "final error": "Distance from the truth at the end, the median over all starts.",
    "peak vy": "Where the landscape is highest on its grid; positive is down.",
    "peak vx": "Where the landscape is highest on its grid; positive is right.",
    "time": "Of the ascent, all starts together.",
}
"""What each column is, for its tooltip."""

LONGEST = "fourier-unsigned-"
"""Of the pieces into which names may be wrapped."""


class LabTable:
    """A table that holds as many rows as it shows; `native` is the Qt widget."""

    def __init__(self) -> None:
        self.native = QTableWidget()
        self.native.setObjectName("motionfft.table")
        self.native.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.native.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.native.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.native.verticalHeader().setVisible(False)
        self.native.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        across = self.native.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.show_result(None)

    def show_result(self, result: LabResult | None) -> None:
        """Fill the table, or hide it."""
        table = rows(result) if result is not None else []
        names = list(table[0]) if table else []
        self.native.clear()
        self.native.setColumnCount(len(names))
        self.native.setRowCount(len(table))
        for column, name in enumerate(names):
            unit = UNITS.get(name)
            words = name.replace(" ", "\n", 1)
            header = QTableWidgetItem(f"{words}\n{unit}" if unit else words)
            header.setToolTip(ABOUT[name])
            self.native.setHorizontalHeaderItem(column, header)
        for line, cells in enumerate(table):
            for column, (name, value) in enumerate(cells.items()):
                item = QTableWidgetItem(cell_text(name, value))
                if name != "objective":
                    item.setTextAlignment(right())
                self.native.setItem(line, column, item)
        if names:  # names wrap at their hyphens, so that more columns are in view
            across = self.native.horizontalHeader()
            across.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
            across.resizeSection(0, self._name_width())
        self.native.setVisible(bool(table))
        self._fit()

    def _name_width(self) -> int:
        """Wide enough for "fourier-unsigned-"."""
        return int(self.native.fontMetrics().horizontalAdvance(LONGEST)) + 12

    def _fit(self) -> None:
        """As tall as its rows: the dock scrolls, not the table."""
        self.native.resizeRowsToContents()
        tall = self.native.horizontalHeader().sizeHint().height()
        tall += sum(self.native.rowHeight(row) for row in range(self.native.rowCount()))
        tall += self.native.horizontalScrollBar().sizeHint().height()
        self.native.setFixedHeight(tall + 2 * self.native.frameWidth())


def right() -> Any:
    """Numbers line up at their last digit."""
    return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def cell_text(name: str, value: str | int | float) -> str:
    """A value in the figures that its column is worth."""
    if not isinstance(value, float):
        return str(value)
    if name == "median steps":
        return f"{value:g}"
    if name == "final error":
        return f"{value:.2g}" if value < 1 else f"{value:.1f}"
    return signed(value, 1 if name == "time" and value >= 10 else 2)


def save_table(result: LabResult | None, path: str | os.PathLike[str], overwrite: bool) -> Path:
    """Write the comparison; see `ObjectiveLab.save`."""
    if result is None:
        raise ValueError("There is no result to save yet.")
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists already; choose another name.")
    target.write_text(as_csv(result), encoding="utf-8", newline="")
    return target


def ask_where(
    parent: Any, name: str, title: str = "Save comparison", suffix: str = "objectives"
) -> tuple[Path, bool] | None:
    """(path of a CSV file, may be replaced), or None when the dialog was cancelled."""
    chosen, _ = QFileDialog.getSaveFileName(
        parent, title, f"{clean(name)} {suffix}.csv", "CSV (*.csv)"
    )
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() == ".csv":
        return path, True
    # the dialog has asked about the name as typed, not about ours
    return path.with_name(f"{path.name}.csv"), False
