"""The plot of filter responses, in napari's colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_motionfft.viewer.lab_responses import Responses, responses
from napari_motionfft.viewer.worker import Runner

LINES = {
    "dark": ("#ff7f6e", "#6ec5ff", "#7bf1a8", "#ffd166", "#c9a7ff", "#f4f4f8", "#ff9ecf"),
    "light": ("#c0392b", "#0b6fb8", "#12824c", "#a86a00", "#6a3fb5", "#30303a", "#b3337a"),
}
"""One a curve, apart from each other and from either background."""

DASHES = ("-", "-", "-", "--", "-.", ":", (0, (5, 1)))
"""One a curve too: told apart without colours."""

PERIOD = "the average comes back at 1; unsigned frequencies reach it"


class ResponsePlot(QWidget):  # type: ignore[misc]
    """Curves of a `Responses`, with matplotlib's canvas inside.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel: its theme is followed.

    Raises
    ------
    ImportError
        matplotlib is not there.
    """

    def __init__(self, viewer: Any) -> None:
        # here, not above: matplotlib takes half a second that menus need not wait for
        from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
        from matplotlib.figure import Figure

        super().__init__()
        self.setObjectName("motionfft.responses")
        self._viewer = viewer
        self._shown: Responses | None = None
        self.figure = Figure(figsize=(9, 2.7), layout="constrained")
        self.canvas = FigureCanvasQTAgg(self.figure)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.canvas)
        self.setMinimumSize(320, 200)
        viewer.events.theme.connect(self.follow_theme)

    def show_responses(self, shown: Responses) -> None:
        """Draw curves in place of those before."""
        from napari.utils.theme import get_theme

        self._shown = shown
        theme = get_theme(self._viewer.theme)
        ground, ink = theme.background.as_hex("long"), theme.text.as_hex("long")
        faint = theme.secondary.as_hex("long")
        self.figure.clear()
        self.figure.set_facecolor(ground)
        axes = self.figure.add_subplot()
        axes.set_facecolor(ground)
        colours = LINES.get(theme.type, LINES["dark"])
        for (name, curve), colour, dash in zip(shown.curves.items(), colours, DASHES, strict=True):
            axes.plot(
                shown.frequency, abs(curve), color=colour, linestyle=dash, linewidth=1.6, label=name
            )
        axes.axvline(0.5, color=faint, linewidth=1)
        axes.text(0.505, 1.03, "Nyquist", color=ink, fontsize=8, va="bottom")
        axes.text(0.99, 1.13, PERIOD, color=ink, fontsize=8, ha="right", va="bottom")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.25)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.set_xlabel("spatial frequency, cycles/px", color=ink)
        axes.set_ylabel("magnitude", color=ink)
        axes.tick_params(colors=ink)
        for spine in axes.spines.values():
            spine.set_color(faint)
        axes.grid(color=faint, alpha=0.4, linewidth=0.5)
        self.figure.legend(
            loc="outside right center", frameon=False, labelcolor=ink, fontsize=8, handlelength=3
        )
        self.canvas.draw_idle()

    def follow_theme(self, *_: Any) -> None:
        """Draw again in the theme's colours."""
        if self._shown is not None:
            self.show_responses(self._shown)


class ResponseDock:
    """The plot in a dock below the canvas, made when it is first asked for.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel; a model has no window for a dock.
    on_failed
        Called with what went wrong.

    Attributes
    ----------
    plot
        None until it was drawn.
    """

    def __init__(self, viewer: Any, on_failed: Callable[[Exception], None]) -> None:
        self._viewer, self._failed = viewer, on_failed
        self._runner = Runner()
        self.plot: ResponsePlot | None = None

    @property
    def running(self) -> bool:
        """Curves are being computed: torch may have to be loaded first."""
        return self._runner.running

    def show(self, frames: int) -> None:
        """Draw the responses for a stack of so many frames."""
        if self.running:
            return
        self._runner.start(
            "Filter responses",
            lambda progress, cancel: responses(frames),
            on_done=self._draw,
            on_failed=self._failed,
            on_cancelled=lambda: None,
        )

    def close(self) -> None:
        """Draw nothing any more."""
        self._runner.close()

    def _draw(self, found: Responses) -> None:
        try:
            if self.plot is None or not docked(self.plot):
                self.plot = ResponsePlot(self._viewer)
                window = getattr(self._viewer, "window", None)
                if window is not None:
                    window.add_dock_widget(self.plot, name="Filter responses", area="bottom")
        except ImportError as error:
            self._failed(ImportError(f"Filter responses need matplotlib ({error})."))
            return
        self.plot.show_responses(found)


def docked(plot: ResponsePlot) -> bool:
    """Whether the plot still has a dock: the user may have closed it."""
    try:
        return plot.parent() is not None
    except RuntimeError:  # Qt has deleted it
        return False
