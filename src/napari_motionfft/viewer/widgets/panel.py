"""The result panel: what came out, and what to do with it."""

from __future__ import annotations

from magicgui.widgets import Container

from napari_motionfft.viewer.report import FAILED, Report, as_html, badge
from napari_motionfft.viewer.widgets.buttons import NO_RESULT, allow_remove, button, row
from napari_motionfft.viewer.widgets.parts import form, menu, rich_text, say, set_enabled

SAVE = "Save the motion as a table (CSV) or whole, with images and landscape (JSON)."
COPY = "Copy the call that repeats this run in a script."
PLOT = "Show displacement against time below the canvas, or take it away."
SHOWN = "Whose numbers and time plot are in view."
NO_CALL = "The call is not known: this panel did not make the result."
GONE = "The result layers of this run were removed."


class ResultPanel(Container):  # type: ignore[misc]
    """Shows one report or one message over its buttons.

    Attributes
    ----------
    shown
        Menu of the runs whose results are in the viewer; hidden where there are fewer than two.
    save_button, copy_button, plot_button, remove_button
        The buttons.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[str, str]] = []
        self.shown = menu("shown", "Result", lambda _: self._runs, SHOWN)
        self.save_button = button("save_button", "Save…")
        self.copy_button = button("copy_button", "Copy as Python")
        self.plot_button = button("plot_button", "Time plot")
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
        self.native.layout().insertWidget(1, self._menu)
        self.show_nothing()
        self.offer_runs([], "")

    def offer_runs(self, runs: list[tuple[str, str]], shown: str) -> None:
        """Fill the menu of runs, (name, identifier), and choose the one in view."""
        self._runs = runs
        with self.shown.changed.blocked():
            self.shown.reset_choices()
            if shown in self.shown.choices:
                self.shown.value = shown
        name = next((name for name, run in runs if run == shown), "")
        self.shown.tooltip = f"{SHOWN}\n{name}"  # the menu may be too narrow for it
        self._menu.setVisible(len(runs) > 1)

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

    def allow(
        self, has_result: bool, has_layers: bool, has_call: bool, layers: int, running: bool
    ) -> None:
        """Switch the buttons to what can be done now.

        Parameters
        ----------
        has_result, has_layers, has_call
            A run is in view; its layers are in the viewer; the call that repeats it is known.
        layers
            How many this plugin has added in all.
        running
            A run is going on.
        """
        nothing = None if has_result else NO_RESULT
        set_enabled(self.save_button, nothing, SAVE)
        set_enabled(self.copy_button, nothing or (None if has_call else NO_CALL), COPY)
        set_enabled(self.plot_button, nothing or (None if has_layers else GONE), PLOT)
        allow_remove(self.remove_button, layers, running)
