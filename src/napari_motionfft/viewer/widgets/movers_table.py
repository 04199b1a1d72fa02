"""The table of faint movers: click a row for the object's image."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_motionfft.viewer.movers_rows import TIPS, MoverRows
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.widgets.motions_table import swatch

TALLEST = 6
"""Rows that are in view at most: of more, the table scrolls."""


class MoversTable(QTableWidget):  # type: ignore[misc]
    """A row an object, highest score first.

    Attributes
    ----------
    chosen
        Emits the row that is selected.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("motionfft.movers_table")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.verticalHeader().setVisible(False)
        across = self.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setStretchLastSection(True)
        self.itemSelectionChanged.connect(self._selected)
        self.show_rows(None)

    def show_rows(self, rows: MoverRows | None) -> None:
        """Fill the table and choose the first row; hide it where there is none."""
        self.blockSignals(True)
        self.clear()
        names = () if rows is None else rows.columns
        count = 0 if rows is None else len(rows.movers)
        self.setColumnCount(len(names))
        self.setRowCount(count)
        for column, name in enumerate(names):
            assert rows is not None
            header = QTableWidgetItem(rows.heading(name))
            header.setToolTip(TIPS[name])
            self.setHorizontalHeaderItem(column, header)
            for row in range(count):
                self.setItem(row, column, cell(rows, row, name))
        self.blockSignals(False)
        self.setVisible(count > 0)
        self._fit()
        if count:
            self.selectRow(0)

    def _selected(self) -> None:
        rows = {index.row() for index in self.selectedIndexes()}
        if rows:
            self.chosen.emit(rows.pop())

    def _fit(self) -> None:
        """As tall as its rows, up to a few."""
        self.resizeRowsToContents()
        tall = self.horizontalHeader().sizeHint().height()
        tall += sum(self.rowHeight(row) for row in range(min(self.rowCount(), TALLEST)))
        tall += self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(tall + 2 * self.frameWidth())


def cell(rows: MoverRows, row: int, column: str) -> Any:
    """One cell; the first of a row has its colour."""
    item = QTableWidgetItem(rows.text(row, column))
    item.setToolTip(TIPS[column])
    if column == "object":
        item.setIcon(swatch(strip_colour(row)))
    else:
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
