"""A plot against time in napari's colours, with a line at the time slider."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

CLICK = "Click or drag to move the time slider."


@dataclass(frozen=True)
class Inks:
    """Colours of the theme: background, what is read, what is hardly seen."""

    ground: str
    ink: str
    faint: str


@dataclass(frozen=True)
class Words:
    """What stands around the curves.

    Attributes
    ----------
    title
        Above, on the left: what is drawn, and its unit.
    key
        Above, on the right, as far as there is room; it is in the tooltip too.
    note
        A further line of the tooltip.
    named
        What a legend on the right names.
    """

    title: str
    key: str = ""
    note: str = ""
    named: Sequence[Any] = ()


class TimePlot(QWidget):  # type: ignore[misc]
    """Curves of a `TimeChart`, with matplotlib's canvas inside; each plot draws its own.

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
        self._viewer = viewer
        self._chart: Any = None
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

    def draw(self, axes: Any, chart: Any, inks: Inks) -> Words:
        """Put the curves of a chart into empty axes, and their limits along y."""
        raise NotImplementedError

    def sizeHint(self) -> QSize:
        """Low: the canvas above is what the user looks at."""
        return QSize(800, 210)

    def show_chart(self, chart: Any) -> None:
        """Draw curves in place of those before."""
        self._chart = chart
        inks = inks_of(self._viewer)
        self.figure.clear()
        self.figure.set_facecolor(inks.ground)
        axes = self.figure.add_subplot()
        axes.set_facecolor(inks.ground)
        axes.set_xlim(-0.5 * chart.step, chart.end + 0.5 * chart.step)
        words = self.draw(axes, chart, inks)
        axes.set_xlabel(chart.time_label, color=inks.ink, fontsize=9)
        # above the axis, not along it: the dock may be lower than the words are long
        # y: matplotlib lifts titles over what is in their way, and takes a hidden one for such
        say: dict[str, Any] = {"color": inks.ink, "pad": 4, "y": 1.0}
        title = axes.set_title(words.title, loc="left", fontsize=9, **say)
        key_title = axes.set_title(words.key, loc="right", fontsize=8, **say)
        key_title.set_in_layout(False)  # where it is too long it goes: no room is made for it
        self._titles = (title, key_title)
        key = f"{words.key[:1].upper()}{words.key[1:]}." if words.key else ""
        self.setToolTip("\n".join(part for part in (CLICK, key, words.note) if part))
        axes.tick_params(colors=inks.ink, labelsize=8)
        for spine in axes.spines.values():
            spine.set_color(inks.faint)
        axes.grid(color=inks.faint, alpha=0.4, linewidth=0.5)
        if words.named:
            self.figure.legend(
                handles=list(words.named),
                loc="outside right center",
                frameon=False,
                labelcolor=inks.ink,
                fontsize=8,
                ncols=1 + (len(words.named) - 1) // 8,
            )
        self._axes = axes
        self._line = axes.axvline(0, color=inks.ink, linewidth=1.2, animated=True, zorder=5)
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


def load_plots() -> None:
    """Load what plots and paths need and takes longest to load, in any thread.

    napari keeps the features of Tracks and Points in pandas, which it loads with the first ones.
    """
    for name in ("matplotlib.figure", "pandas"):
        with suppress(ImportError):
            import_module(name)


def inks_of(viewer: Any) -> Inks:
    """The colours of a viewer's theme."""
    from napari.utils.theme import get_theme

    theme = get_theme(viewer.theme)
    parts = (theme.background, theme.text, theme.secondary)
    return Inks(*(part.as_hex("long") for part in parts))


def mark_size(points: int) -> float:
    """Size of the marks of a curve: many are drawn smaller."""
    return 3.0 if points <= 80 else 1.5
