"""Velocities as a table, one row a strip and window; thousands of rows cost nothing."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_rows import TIPS, Rows

Role = Qt.ItemDataRole

WIDEST = 170
"""px of a column: longer texts are read in the tooltip."""

MEASURED = 60
"""Rows that columns are fitted to: all of many thousand would take seconds."""


class RowsModel(QAbstractTableModel):  # type: ignore[misc]
    """`Rows` as Qt asks for them."""

    def __init__(self, rows: Rows, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows = rows
        self.names = rows.columns

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.rows.strips)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(self.names)

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:
        name = self.names[index.column()]
        if role == Role.DisplayRole:
            return self.rows.text(index.row(), name)
        if role == Role.ToolTipRole:
            return self.rows.tip(index.row(), name)
        if role == Role.TextAlignmentRole:
            left = name in ("strip", "reliable", "other motions")
            side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Role.DecorationRole and name == "strip":
            square = QPixmap(10, 10)
            square.fill(QColor(strip_colour(int(self.rows.strips[index.row()]))))
            return square
        return None

    def headerData(self, section: int, orientation: Any, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Role.DisplayRole:
                return self.rows.heading(self.names[section])
            if role == Role.ToolTipRole:
                return TIPS[self.names[section]]
        return None


class StripRows(QTableView):  # type: ignore[misc]
    """The table.

    Attributes
    ----------
    chosen
        Emits the time of a row that was clicked.
    """

    chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("motionfft.strip_table")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        self.verticalHeader().setVisible(False)
        across = self.horizontalHeader()
        across.setResizeContentsPrecision(MEASURED)
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setMaximumSectionSize(WIDEST)
        across.setStretchLastSection(True)
        self.clicked.connect(self._clicked)

    def show_rows(self, rows: Rows) -> None:
        """Fill the table in place of what it held."""
        before = self.model()
        self.setModel(RowsModel(rows, self))
        if before is not None:
            before.deleteLater()
        down = self.verticalHeader()
        down.setDefaultSectionSize(self.fontMetrics().height() + 6)

    def columns_width(self) -> int:
        """px that all columns need."""
        bar = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        heads = self.horizontalHeader()
        columns = range(self.model().columnCount())
        each = [max(self.sizeHintForColumn(i), heads.sectionSizeHint(i)) for i in columns]
        return int(sum(min(width, WIDEST) for width in each) + bar)

    def _clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model().rows.time(index.row()))
