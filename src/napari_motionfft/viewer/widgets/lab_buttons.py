"""The buttons of the Objective lab, each of which says why it is off."""

from __future__ import annotations

from typing import Any

from magicgui.widgets import Container, PushButton

from napari_motionfft.viewer.widgets.parts import described, set_enabled

RUNNING = "A run is going on."
NO_RESULT = "There is no result yet: press Run."
RUN = "Map each objective and climb it from random starts. Layers of the last run are replaced."
RESPONSES = "Plot what the filters let through: moving average, sinc², cascade, Lanczos, Fejér."


class LabButtons:
    """Run and Cancel; Save, Filter responses and Remove.

    Attributes
    ----------
    run, cancel, save, responses, remove
        The buttons.
    above, below
        Them in rows, for before and after the results.
    """

    def __init__(self) -> None:
        self.run = button("run_button", "Run")
        self.cancel = button("cancel_button", "Cancel")
        self.save = button("save_button", "Save as CSV…")
        self.responses = button("responses_button", "Filter responses")
        self.remove = button("remove_button", "Remove results")
        self.above = row("buttons", [self.run, self.cancel])
        self.below = row("more_buttons", [self.save, self.responses])
        set_enabled(self.responses, None, RESPONSES)

    def allow(
        self, why_not: str | None, running: bool, stopping: bool, has_result: bool, layers: int
    ) -> None:
        """Switch each to what can be done now.

        Parameters
        ----------
        why_not
            Why the fields cannot be used, or None.
        running, stopping
            A run is going on; it was cancelled but has not stopped yet.
        has_result
            There is a table to save.
        layers
            How many this plugin has added.
        """
        set_enabled(self.run, RUNNING if running else why_not, RUN)
        idle = None if running else "Nothing is running."
        idle = "Stopping …" if stopping else idle
        set_enabled(self.cancel, idle, "Stop the run; the viewer stays as it was.")
        set_enabled(self.save, None if has_result else NO_RESULT, "Save the table above.")
        nothing = None if layers else "There are no result layers in this viewer."
        nothing = f"{RUNNING[:-1]}: cancel it first." if running else nothing
        about = f"Remove all {layers} layers that this plugin has added."
        set_enabled(self.remove, nothing, about)


def button(name: str, text: str) -> Any:
    """A button whose tooltip comes with its state."""
    return described(PushButton(name=name, text=text), "")


def row(name: str, widgets: list[Any]) -> Any:
    """Widgets side by side."""
    box = Container(name=name, layout="horizontal", labels=False, widgets=widgets)
    box.margins = (0, 0, 0, 0)
    return box
