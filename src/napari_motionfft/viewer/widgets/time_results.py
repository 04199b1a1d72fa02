"""A plot against time under a line of figures, both of which follow the time slider and move it."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_motionfft.viewer.time_chart import TimeChart
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.widgets.responses import docked
from napari_motionfft.viewer.widgets.time_plot import TimePlot


class TimeResults(QWidget):  # type: ignore[misc]
    """What a dock below the canvas holds.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    plot
        The plot.
    body
        Shown below the line of figures; holds the plot. None: the plot alone.

    Attributes
    ----------
    plot, readout, top
        The plot, the line of figures, the row that it is in.
    """

    def __init__(self, viewer: Any, plot: TimePlot, body: QWidget | None = None) -> None:
        super().__init__()
        self._viewer = viewer
        self._chart: TimeChart | None = None
        self._link: TimeLink | None = None
        self.plot = plot
        self.readout = QLabel()
        self.readout.setObjectName("motionfft.readout")
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.top = QHBoxLayout()
        self.top.addWidget(self.readout, stretch=1)
        around = QVBoxLayout(self)
        around.setContentsMargins(4, 2, 4, 2)
        around.setSpacing(2)
        around.addLayout(self.top)
        around.addWidget(plot if body is None else body, stretch=1)
        self.plot.chosen.connect(self.go_to)
        viewer.dims.events.current_step.connect(self.follow_slider)
        viewer.dims.events.ndim.connect(self.follow_slider)

    def sizeHint(self) -> QSize:
        """Low: the canvas above is what the user looks at."""
        return QSize(900, 230)

    def show_chart(self, chart: TimeChart, link: TimeLink | None) -> None:
        """Show a chart in place of the one before.

        Parameters
        ----------
        chart
            What to draw.
        link
            To the slider; None where there is none, and all is in view.
        """
        self._chart, self._link = chart, link
        self.plot.show_chart(chart)
        self._show_time(None)
        self.follow_slider()

    @property
    def lost(self) -> bool:
        """The layer has gone whose slider was followed."""
        return self._link is not None and not self._link.there

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

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """There is room for more of the figures, or for less."""
        super().resizeEvent(event)
        self._show_time(self.plot.time)

    def _show_time(self, time: float | None) -> None:
        self.plot.show_time(time)
        if time is None or self._chart is None:
            self.readout.setText("")
            return
        advance = self.readout.fontMetrics().horizontalAdvance
        self.readout.setText(said(self._chart, time, self.readout.width(), advance))


def said(chart: TimeChart, time: float, room: int, advance: Callable[[str], int]) -> str:
    """Rich text of one line: the values at a time, as many as there is room for.

    Parameters
    ----------
    chart, time
        What and when.
    room
        px of the line.
    advance
        px of a plain text.
    """
    here = chart.here(time)
    line, used = f"<b>{here}</b>", 1.2 * advance(here)
    for index, (name, colour, text) in enumerate(chart.reading(time)):
        used += advance(f"   ■ {name}: {text}")
        if index and used + advance(" …") > room:
            return f"{line} …"
        square = f'<font color="{colour}">■</font>'
        line += f"&nbsp;&nbsp; {square}&nbsp;{html.escape(name)}: {text}"
    return line
