"""The buttons of the Objective lab, each of which says why it is off."""

from __future__ import annotations

from napari_motionfft.viewer.widgets.buttons import (
    NO_RESULT,
    RUNNING,
    allow_cancel,
    allow_remove,
    button,
    row,
)
from napari_motionfft.viewer.widgets.parts import set_enabled

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
        allow_cancel(self.cancel, running, stopping)
        set_enabled(self.save, None if has_result else NO_RESULT, "Save the table above.")
        allow_remove(self.remove, layers, running)
