"""Velocity against time, in napari's colours, with a line at the time slider."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_motionfft.viewer.strip_chart import Chart, Curve, limits
from napari_motionfft.viewer.strip_windows import runs_of

BAND = "band: ± standard error; ○ not reliable"
DIAMONDS = "; ◇ other motion"
DASHED = "; dashed: oscillation"
NAMED = 16
"""Strips that a legend names: of more, the table has the colours."""
MEANS = "A velocity is the mean over its window: an oscillation reaches beyond these."
CLICK = "Click or drag to move the time slider."


class VelocityPlot(QWidget):  # type: ignore[misc]
    """Curves of a `Chart`, with matplotlib's canvas inside.

    Only the line at the slider is drawn again when the slider moves.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel: its theme is followed.

    Attributes
    ----------
    chosen
        Emits the time that was clicked, or dragged to.
    time
        Where the line stands, or None.

    Raises
    ------
    ImportError
        matplotlib is not there.
    """

    chosen = Signal(float)

    def __init__(self, viewer: Any) -> None:
        # here, not above: matplotlib takes half a second that menus need not wait for
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        super().__init__()
        self.setObjectName("motionfft.velocity_plot")
        self._viewer = viewer
        self._chart: Chart | None = None
        self._axes: Any = None
        self._line: Any = None
        self._titles: tuple[Any, ...] = ()
        self._still: Any = None  # all but the line, as drawn
        self.time: float | None = None
        self.figure = Figure(figsize=(8, 2.2), layout="constrained")
        self.canvas = FigureCanvasQTAgg(self.figure)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.canvas)
        self.setMinimumSize(380, 110)
        self.setToolTip(CLICK)
        self.canvas.mpl_connect("draw_event", self._drawn)
        self.canvas.mpl_connect("resize_event", self._resized)
        for event in ("button_press_event", "motion_notify_event"):
            self.canvas.mpl_connect(event, self._pointed)
        viewer.events.theme.connect(self.follow_theme)

    def sizeHint(self) -> QSize:
        """Low: the canvas above is what the user looks at."""
        return QSize(800, 210)

    def show_chart(self, chart: Chart) -> None:
        """Draw curves in place of those before."""
        from napari.utils.theme import get_theme

        self._chart = chart
        theme = get_theme(self._viewer.theme)
        ground, ink = theme.background.as_hex("long"), theme.text.as_hex("long")
        faint = theme.secondary.as_hex("long")
        self.figure.clear()
        self.figure.set_facecolor(ground)
        axes = self.figure.add_subplot()
        axes.set_facecolor(ground)
        low, high = limits(chart)
        for curve in chart.curves:
            draw_curve(axes, curve, (low, high), chart.step)
        if low < 0 < high:
            axes.axhline(0, color=ink, linewidth=0.8, alpha=0.7, zorder=1)
        axes.set_xlim(-0.5 * chart.step, chart.end + 0.5 * chart.step)
        axes.set_ylim(low, high)
        axes.set_xlabel(chart.time_label, color=ink, fontsize=9)
        # above the axis, not along it: the dock may be lower than the words are long
        title = axes.set_title(f"velocity, {chart.unit}", color=ink, fontsize=9, loc="left", pad=4)
        swings = any(curve.swing is not None for curve in chart.curves)
        several = any(curve.others.size for curve in chart.curves)
        said = BAND + (DIAMONDS if several else "") + (DASHED if swings else "")
        key = axes.set_title(said, color=ink, fontsize=8, loc="right", pad=4)
        self._titles = (title, key)
        told = f"{CLICK}\n{said[:1].upper()}{said[1:]}."
        self.setToolTip(f"{told}\n{MEANS}" if swings else told)
        axes.tick_params(colors=ink, labelsize=8)
        for spine in axes.spines.values():
            spine.set_color(faint)
        axes.grid(color=faint, alpha=0.4, linewidth=0.5)
        if 1 < len(chart.curves) <= NAMED:
            self.figure.legend(
                handles=[line for line in axes.lines if not str(line.get_label()).startswith("_")],
                loc="outside right center",
                frameon=False,
                labelcolor=ink,
                fontsize=8,
                ncols=1 + (len(chart.curves) - 1) // 8,
            )
        self._axes = axes
        self._line = axes.axvline(0, color=ink, linewidth=1.2, animated=True, zorder=5)
        self._still = None
        self.canvas.draw_idle()

    def show_time(self, time: float | None) -> None:
        """Move the line; None takes it away."""
        self.time = time
        if self._still is not None:
            self.canvas.restore_region(self._still)
            self._draw_line()
            self.canvas.update()  # Qt paints once, however often this is called

    def follow_theme(self, *_: Any) -> None:
        """Draw again in the theme's colours."""
        if self._chart is not None:
            self.show_chart(self._chart)

    def _draw_line(self) -> None:
        if self.time is not None and self._line is not None:
            self._line.set_xdata([self.time, self.time])
            self._axes.draw_artist(self._line)

    def _drawn(self, _: Any) -> None:
        """matplotlib has drawn all but the line: keep that, and add the line."""
        self._make_room()
        self._still = self.canvas.copy_from_bbox(self.figure.bbox)
        self._draw_line()

    def _make_room(self) -> None:
        """Take away what the marks mean where it would cover the title: the tooltip tells it."""
        if not self._titles or not self._titles[1].get_visible():
            return
        title, key = (one.get_window_extent() for one in self._titles)
        if title.x1 + 8 > key.x0:
            self._titles[1].set_visible(False)
            self.canvas.draw_idle()

    def _resized(self, _: Any) -> None:
        """There may be room again for what the marks mean."""
        for one in self._titles:
            one.set_visible(True)

    def _pointed(self, event: Any) -> None:
        if event.button == 1 and self._axes is not None and event.inaxes is self._axes:
            self.chosen.emit(float(event.xdata))


def draw_curve(axes: Any, curve: Curve, shown: tuple[float, float], step: float) -> None:
    """Lines and bands through reliable windows, hollow marks at the others.

    What is not reliable and off the axis (`shown`) is marked at its edge.
    """
    size = 3.0 if len(curve.times) <= 80 else 1.5
    label: str = curve.name
    errors = np.nan_to_num(curve.errors, posinf=0.0)
    parts = [slice(*run) for run in runs_of(curve.reliable, curve.breaks) if curve.reliable[run[0]]]
    for part in parts:
        times, values, error = curve.times[part], curve.values[part], errors[part]
        marker = "o"
        if len(curve.times) == 1:  # no line to see: show how long the window is
            half = max(curve.half - step / 2, 0.0)
            axes.plot(times, values, "o", color=curve.colour, markersize=4)
            times, marker = times + np.array([-half, half]), ""
            values, error = np.repeat(values, 2), np.repeat(error, 2)
        elif len(times) == 1:
            axes.vlines(times, values - error, values + error, color=curve.colour, linewidth=2)
        axes.fill_between(
            times, values - error, values + error, color=curve.colour, alpha=0.3, linewidth=0
        )
        axes.plot(
            times,
            values,
            color=curve.colour,
            marker=marker,
            markersize=size,
            linewidth=1.5,
            label=label,
        )
        label = f"_{curve.name}"
    if curve.swing is not None:
        axes.plot(*curve.swing, "--", color=curve.colour, linewidth=0.9, alpha=0.8, label="_swing")
    if curve.others.size:
        axes.plot(
            *curve.others,
            "D",
            color=curve.colour,
            markerfacecolor="none",
            markersize=size + 0.5,
            markeredgewidth=0.8,
            label="_others",
        )
    doubtful = ~curve.reliable & np.isfinite(curve.values)
    inside = (curve.values >= shown[0]) & (curve.values <= shown[1])
    edge = 0.02 * (shown[1] - shown[0])
    for which, marker, values in (
        (doubtful & inside, "o", curve.values),
        (doubtful & (curve.values > shown[1]), "^", np.full(len(curve.values), shown[1] - edge)),
        (doubtful & (curve.values < shown[0]), "v", np.full(len(curve.values), shown[0] + edge)),
    ):
        if which.any() or (marker == "o" and label == curve.name):
            axes.plot(
                curve.times[which],
                values[which],
                marker,
                color=curve.colour,
                markerfacecolor="none",
                markersize=size + 1,
                markeredgewidth=0.9,
                alpha=0.75,
                label=label,
            )
            label = f"_{curve.name}"
