"""The result panel of Strip motion: what came out, and what to do with it."""

from __future__ import annotations

from magicgui.widgets import Container

from napari_motionfft.viewer.report import FAILED, Report, as_html, badge
from napari_motionfft.viewer.widgets.buttons import NO_RESULT, allow_remove, button, row
from napari_motionfft.viewer.widgets.parts import form, menu, rich_text, say, set_enabled

SAVE = "Save a row for every strip and window as CSV, units in its header."
COPY = "Copy the call that repeats this run in a script."
PLOT = "Show velocity against time, and the table, below the canvas."
SHOWN = "Whose kymograph and spectrogram are in view."


class StripPanel(Container):  # type: ignore[misc]
    """Shows one report or one message over its buttons.

    Attributes
    ----------
    shown
        Menu of the strips of the last run.
    save_button, copy_button, plot_button, remove_button
        The buttons.
    """

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self.shown = menu("shown", "Show", lambda _: self._choices(), SHOWN)
        self.save_button = button("save_button", "Save table…")
        self.copy_button = button("copy_button", "Copy as Python")
        self.plot_button = button("plot_button", "Velocity plot")
        self.remove_button = button("remove_button", "Remove results")
        super().__init__(name="panel", labels=False)
        self.margins = (0, 0, 0, 0)
        self.error, self.report = rich_text("error"), rich_text("report")
        self.extend(
            [
                self.error,
                self.report,
                row("files", [self.save_button, self.copy_button]),
                row("views", [self.plot_button, self.remove_button]),
            ]
        )
        self._menu = form([self.shown])
        self.native.layout().insertWidget(2, self._menu)
        self.show_nothing()
        self.offer_strips(())

    def offer_strips(self, names: tuple[str, ...]) -> None:
        """Fill the menu of strips; one strip needs no choice."""
        self._names = names
        with self.shown.changed.blocked():
            self.shown.reset_choices()
        self._menu.setVisible(len(names) > 1)

    def show_nothing(self) -> None:
        """Show nothing."""
        say(self.error)
        say(self.report)

    def show_report(self, report: Report) -> None:
        """Show a result."""
        say(self.error)
        say(self.report, as_html(report))

    def show_error(self, message: str) -> None:
        """Show what went wrong, in the error's own words, above the report if there is one."""
        say(self.error, badge(message, FAILED))

    def clear_error(self) -> None:
        """What went wrong is put right."""
        say(self.error)

    def allow(self, has_result: bool, layers: int, running: bool) -> None:
        """Switch the buttons to what can be done now."""
        nothing = None if has_result else NO_RESULT
        set_enabled(self.save_button, nothing, SAVE)
        set_enabled(self.copy_button, nothing, COPY)
        set_enabled(self.plot_button, nothing, PLOT)
        allow_remove(self.remove_button, layers, running)

    def _choices(self) -> list[tuple[str, int]]:
        return [(name, index) for index, name in enumerate(self._names)]
