"""The dock below the canvas: displacement against time, and its link to the slider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QSize

from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.path_report import changing
from napari_motionfft.viewer.run_list import RunList
from napari_motionfft.viewer.widgets.bottom_dock import BottomDock
from napari_motionfft.viewer.widgets.path_plot import PathPlot
from napari_motionfft.viewer.widgets.time_results import TimeResults

TITLE = "Motion over time"


class PathResults(TimeResults):
    """The plot under a line that tells the displacement at the slider.

    Raises
    ------
    ImportError
        matplotlib is not there.
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__(viewer, PathPlot(viewer))
        self.setObjectName("motionfft.path_results")

    def sizeHint(self) -> QSize:
        """Low: the canvas above is what the user looks at."""
        return QSize(900, 205)


class PathDock(BottomDock):
    """`PathResults` in a dock below the canvas.

    It opens by itself for the first run that is more than a constant velocity. Later it follows
    the user: open it stays open, closed it stays closed.
    """

    def __init__(self, viewer: Any, runs: RunList, on_failed: Callable[[Exception], None]) -> None:
        super().__init__(viewer, TITLE, PathResults, on_failed)
        self._runs = runs
        self._offered = False

    def offer(self, run: Run) -> None:
        """Show a new run where the dock is open, or opens by itself."""
        if self.visible or (not self._offered and changing(run.result)):
            self.show(run)

    def show(self, run: Run) -> None:
        """Open the dock if need be, and show a run in it."""
        self._offered = True
        if not self.open():
            return
        self.results.show_chart(run.chart, self._runs.time_link(run))

    def follow_layers(self, run: Run | None) -> None:
        """Find another layer that tells the time where that of the run in view has gone."""
        if run is not None and self.visible and self.results.lost:
            self.results.show_chart(run.chart, self._runs.time_link(run))

    def put_away(self) -> None:
        """Close the dock since there is nothing to show: it opens again for the next path."""
        self._offered = self._offered and not self.visible
        self.close()

    def toggle(self, run: Run | None) -> None:
        """Open the dock on a run, or close it."""
        if self.visible:
            self.close()
        elif run is not None:
            self.show(run)
