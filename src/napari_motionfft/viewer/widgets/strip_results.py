"""The dock below the canvas: velocity against time, the table, and their link to the slider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSplitter

from napari_motionfft.viewer.strip_chart import chart_of
from napari_motionfft.viewer.strip_rows import rows_of
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.widgets.bottom_dock import BottomDock
from napari_motionfft.viewer.widgets.strip_table import StripRows
from napari_motionfft.viewer.widgets.time_results import TimeResults
from napari_motionfft.viewer.widgets.velocity_plot import VelocityPlot

TITLE = "Strip velocities"
TABLE_SHARE = 0.45
"""Of the dock's width, at most: the plot is what the user looks at."""


class StripResults(TimeResults):
    """Plot and table side by side, under a line that tells the velocities at the slider.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    plot, table, readout
        The parts.

    Raises
    ------
    ImportError
        matplotlib is not there.
    """

    def __init__(self, viewer: Any) -> None:
        plot, table = VelocityPlot(viewer), StripRows()
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.addWidget(plot)
        parts.addWidget(table)
        parts.setStretchFactor(0, 1)
        parts.setStretchFactor(1, 0)
        parts.setChildrenCollapsible(False)
        super().__init__(viewer, plot, parts)
        self.setObjectName("motionfft.strip_results")
        self.table, self._parts = table, parts
        self.table.chosen.connect(self.go_to)

    def show_table(
        self,
        table: Any,
        link: TimeLink | None,
        first_frame: int = 0,
        oscillations: Sequence[Any] = (),
    ) -> None:
        """Show a `StripTable` in place of the one before.

        Parameters
        ----------
        table
            The result.
        link
            To the slider; None for a line scan, all of which is in view.
        first_frame
            Frame of the layer that is the run's frame 0.
        oscillations
            As for `chart_of`.
        """
        self.show_chart(chart_of(table, first_frame, oscillations), link)
        self.table.show_rows(rows_of(table))
        room = self._parts.width()
        wide = min(self.table.columns_width(), int(TABLE_SHARE * room))
        self._parts.setSizes([room - wide, wide])


class StripDock(BottomDock):
    """`StripResults` in a dock below the canvas, made when there is something to show."""

    def __init__(self, viewer: Any, on_failed: Callable[[Exception], None]) -> None:
        super().__init__(viewer, TITLE, StripResults, on_failed)

    def show(self, table: Any, link: TimeLink | None, *about: Any) -> None:
        """Open the dock if need be, and show a result; see `StripResults.show_table`."""
        if self.open():
            self.results.show_table(table, link, *about)
