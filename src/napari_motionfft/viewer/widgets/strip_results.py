"""The dock below the canvas: velocity against time, the table, and their link to the slider."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QLabel, QSizePolicy, QSplitter, QVBoxLayout, QWidget

from napari_motionfft.viewer.strip_chart import Chart, chart_of, reading
from napari_motionfft.viewer.strip_rows import rows_of
from napari_motionfft.viewer.strip_time import TimeLink
from napari_motionfft.viewer.widgets.responses import docked
from napari_motionfft.viewer.widgets.strip_table import StripRows
from napari_motionfft.viewer.widgets.velocity_plot import VelocityPlot

TITLE = "Strip velocities"
TABLE_SHARE = 0.45
"""Of the dock's width, at most: the plot is what the user looks at."""


class StripResults(QWidget):  # type: ignore[misc]
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
        super().__init__()
        self.setObjectName("motionfft.strip_results")
        self._viewer = viewer
        self._chart: Chart | None = None
        self._link: TimeLink | None = None
        self.plot, self.table = VelocityPlot(viewer), StripRows()
        self.readout = QLabel()
        self.readout.setObjectName("motionfft.readout")
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._parts = QSplitter(Qt.Orientation.Horizontal)
        self._parts.addWidget(self.plot)
        self._parts.addWidget(self.table)
        self._parts.setStretchFactor(0, 1)
        self._parts.setStretchFactor(1, 0)
        self._parts.setChildrenCollapsible(False)
        around = QVBoxLayout(self)
        around.setContentsMargins(4, 2, 4, 2)
        around.setSpacing(2)
        around.addWidget(self.readout)
        around.addWidget(self._parts, stretch=1)
        self.plot.chosen.connect(self.go_to)
        self.table.chosen.connect(self.go_to)
        viewer.dims.events.current_step.connect(self.follow_slider)
        viewer.dims.events.ndim.connect(self.follow_slider)

    def sizeHint(self) -> QSize:
        """Low: the canvas above is what the user looks at."""
        return QSize(900, 230)

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
        self._chart, self._link = chart_of(table, first_frame, oscillations), link
        self.plot.show_chart(self._chart)
        self.table.show_rows(rows_of(table))
        room = self._parts.width()
        wide = min(self.table.columns_width(), int(TABLE_SHARE * room))
        self._parts.setSizes([room - wide, wide])
        self._show_time(None)
        self.follow_slider()

    def follow_slider(self, *_: Any) -> None:
        """Move the line to where the slider stands."""
        if self._chart is None or self._link is None or not docked(self.plot):
            return
        frame = self._link.frame()
        self._show_time(None if frame is None else frame * self._chart.step)

    def go_to(self, time: float) -> None:
        """Move the slider, and with it the line, to a time of the run."""
        if self._chart is None:
            return
        if self._link is None:
            self._show_time(time)
        else:
            self._link.go_to(time / self._chart.step)

    def _show_time(self, time: float | None) -> None:
        self.plot.show_time(time)
        if time is None or self._chart is None:
            self.readout.setText("")
            return
        advance = self.readout.fontMetrics().horizontalAdvance
        self.readout.setText(said(self._chart, time, self.readout.width(), advance))


class StripDock:
    """`StripResults` in a dock below the canvas, made when there is something to show.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel; a model has no window for a dock.
    on_failed
        Called with what went wrong.

    Attributes
    ----------
    results
        None until it was shown.
    """

    def __init__(self, viewer: Any, on_failed: Callable[[Exception], None]) -> None:
        self._viewer, self._failed = viewer, on_failed
        self.results: StripResults | None = None

    @property
    def there(self) -> bool:
        """The dock is open."""
        return self.results is not None and docked(self.results)

    def show(self, table: Any, link: TimeLink | None, *about: Any) -> None:
        """Open the dock if need be, and show a result; see `StripResults.show_table`."""
        try:
            if self.results is None or not self.there:
                self._drop()
                self.results = StripResults(self._viewer)
                window = getattr(self._viewer, "window", None)
                if window is not None:
                    made = window.add_dock_widget(self.results, name=TITLE, area="bottom")
                    made.show()  # at once: layers are laid out for the canvas that is left
        except ImportError as error:
            self._failed(ImportError(f"The velocity plot needs matplotlib ({error})."))
            return
        self.results.show_table(table, link, *about)

    def close(self) -> None:
        """Take the dock away."""
        window = getattr(self._viewer, "window", None)
        if self.there and window is not None:
            window.remove_dock_widget(self.results)
        self._drop()

    def _drop(self) -> None:
        """Let Qt delete what has no dock any more: Python might do so in a worker's thread."""
        if self.results is not None:
            with suppress(RuntimeError):  # its window is closed, and it is gone with it
                self.results.deleteLater()
        self.results = None


def said(chart: Chart, time: float, room: int, advance: Callable[[str], int]) -> str:
    """Rich text of one line: the strips' velocities at a time, as many as there is room for.

    Parameters
    ----------
    chart, time
        What and when.
    room
        px of the line.
    advance
        px of a plain text.
    """
    number = round(time / chart.step)
    here = f"frame {number + chart.first_frame}"
    if chart.time_unit != "frame":
        here += f", {number * chart.step:.4g} {chart.time_unit}"
    line, used = f"<b>{here}</b>", 1.2 * advance(here)
    told = reading(chart, time)
    for index, (name, colour, text) in enumerate(told):
        used += advance(f"   ■ {name}: {text}")
        if index and used + advance(" …") > room:
            return f"{line} …"
        square = f'<font color="{colour}">■</font>'
        line += f"&nbsp;&nbsp; {square}&nbsp;{html.escape(name)}: {text}"
    return line
