"""The result panel: what came out, and what to do with it."""

from __future__ import annotations

from magicgui.widgets import Container, PushButton

from napari_motionfft.viewer.report import FAILED, Report, as_html, badge
from napari_motionfft.viewer.widgets.buttons import NO_RESULT, allow_remove
from napari_motionfft.viewer.widgets.parts import described, rich_text, set_enabled

SAVE = "Save the motion as a table (CSV) or whole, with images and landscape (JSON)."
COPY = "Copy the call that repeats this run in a script."


class ResultPanel(Container):  # type: ignore[misc]
    """Shows one report or one message, over the buttons Save, Copy as Python, Remove results."""

    def __init__(self) -> None:
        row = Container(
            name="row",
            layout="horizontal",
            labels=False,
            widgets=[
                described(PushButton(name="save_button", text="Save…"), ""),
                described(PushButton(name="copy_button", text="Copy as Python"), ""),
            ],
        )
        row.margins = (0, 0, 0, 0)
        super().__init__(
            name="panel",
            labels=False,
            widgets=[
                rich_text("error"),
                rich_text("report"),
                row,
                described(PushButton(name="remove_button", text="Remove results"), ""),
            ],
        )
        self.margins = (0, 0, 0, 0)
        self.save_button, self.copy_button = row.save_button, row.copy_button
        self.show_nothing()

    def show_nothing(self) -> None:
        """Show nothing."""
        for label in (self.error, self.report):
            label.value = ""
            label.visible = False

    def show_report(self, report: Report) -> None:
        """Show a result."""
        self.show_nothing()
        self.report.value = as_html(report)
        self.report.visible = True

    def show_error(self, message: str) -> None:
        """Show what went wrong, in the error's own words, above the report if there is one."""
        self.error.value = badge(message, FAILED)
        self.error.visible = True

    def clear_error(self) -> None:
        """What went wrong is put right."""
        self.error.value = ""
        self.error.visible = False

    def allow(self, has_result: bool, layers: int, running: bool) -> None:
        """Switch the buttons to what can be done now."""
        set_enabled(self.save_button, None if has_result else NO_RESULT, SAVE)
        set_enabled(self.copy_button, None if has_result else NO_RESULT, COPY)
        allow_remove(self.remove_button, layers, running)
