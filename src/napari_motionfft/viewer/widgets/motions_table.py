"""The table of a separation: click a row for its image, tick it to have it in view."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_motionfft.viewer.motions_rows import TIPS, MotionRows

Flag = Qt.ItemFlag

SWATCH = 12
"""px of the square in a motion's colour."""

BOX = "QTableView::indicator:unchecked { border: 1px solid #8c8c8c; }"
"""An edge of a box without a tick that is seen on any theme."""


class MotionsTable(QTableWidget):  # type: ignore[misc]
    """A table that is as tall as its rows: the dock scrolls, not the table.

    Attributes
    ----------
    changed
        Emitted when the user chooses another row, or ticks one.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("motionfft.motions_table")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.setStyleSheet(BOX)
        self.verticalHeader().setVisible(False)
        across = self.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.itemSelectionChanged.connect(self.changed)
        self.itemChanged.connect(self.changed)
        self.show_rows(None)

    @property
    def chosen(self) -> int | None:
        """The row that is selected."""
        rows = {index.row() for index in self.selectedIndexes()}
        return next(iter(rows), None)

    @property
    def shown(self) -> set[int]:
        """The rows that are ticked."""
        first = [self.item(row, 0) for row in range(self.rowCount())]
        return {row for row, item in enumerate(first) if item.checkState() == Qt.CheckState.Checked}

    def tick(self, row: int, on: bool = True) -> None:
        """Tick a row, or take its tick away."""
        self.item(row, 0).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def show_rows(self, rows: MotionRows | None) -> None:
        """Fill the table and choose the first row, all ticked; or hide the table."""
        self.blockSignals(True)
        self.clear()
        names = () if rows is None else rows.columns
        self.setColumnCount(len(names))
        self.setRowCount(0 if rows is None else len(rows.names))
        for column, name in enumerate(names):
            assert rows is not None
            header = QTableWidgetItem(rows.heading(name))
            header.setToolTip(TIPS[name])
            self.setHorizontalHeaderItem(column, header)
            for row in range(len(rows.names)):
                self.setItem(row, column, cell(rows, row, name))
        self.clearSelection()
        if rows is not None and rows.pictured:
            self.selectRow(0)
        self.blockSignals(False)
        self.setVisible(rows is not None)
        self._fit()

    def resizeEvent(self, event: Any) -> None:
        """The last column takes the room that is left, and is never cut."""
        super().resizeEvent(event)
        self._stretch()

    def _stretch(self) -> None:
        across = self.horizontalHeader()
        columns = range(self.columnCount())
        wide = sum(max(across.sectionSizeHint(c), self.sizeHintForColumn(c)) for c in columns)
        across.setStretchLastSection(wide <= self.viewport().width())

    def _fit(self) -> None:
        """As tall as its rows."""
        self._stretch()
        self.resizeRowsToContents()
        tall = self.horizontalHeader().sizeHint().height()
        tall += sum(self.rowHeight(row) for row in range(self.rowCount()))
        tall += self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(tall + 2 * self.frameWidth())


def cell(rows: MotionRows, row: int, column: str) -> QTableWidgetItem:
    """One cell; the first of a row has its colour and its tick."""
    item = QTableWidgetItem(rows.text(row, column))
    item.setToolTip(rows.tip(row, column))
    pictured = row < rows.pictured
    item.setFlags(Flag.ItemIsEnabled | Flag.ItemIsSelectable if pictured else Flag.ItemIsEnabled)
    colour = rows.colour(row)
    if column != "motion":
        item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    elif colour is not None:
        item.setIcon(swatch(colour))
        item.setFlags(item.flags() | Flag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked)
    return item


def swatch(colour: str) -> Any:
    """A square in a colour, the same on a chosen row, with an edge that is seen on any theme."""
    square = QPixmap(SWATCH, SWATCH)
    square.fill(QColor(colour))
    painter = QPainter(square)
    painter.setPen(QColor("#606060"))
    painter.drawRect(0, 0, SWATCH - 1, SWATCH - 1)
    painter.end()
    icon = QIcon(square)
    icon.addPixmap(square, QIcon.Mode.Selected)  # or Qt would tint it
    return icon
