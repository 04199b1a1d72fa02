"""Touch the landscape: the picture and the score of any velocity, while a marker is dragged."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from magicgui.widgets import Container, FloatSpinBox
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QScrollArea

from napari_motionfft.viewer import touch_run
from napari_motionfft.viewer import touch_words as words
from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.report import DOUBTFUL, badge
from napari_motionfft.viewer.time_link import TimeLink
from napari_motionfft.viewer.touch_layers import Picture
from napari_motionfft.viewer.touch_run import Touchable
from napari_motionfft.viewer.touch_session import TouchSession
from napari_motionfft.viewer.touch_work import TouchWork
from napari_motionfft.viewer.widgets.buttons import NO_RESULT, RUNNING, button, row
from napari_motionfft.viewer.widgets.parts import (
    alive,
    described,
    form,
    rich_text,
    say,
    set_enabled,
)
from napari_motionfft.viewer.widgets.usual_fields import whole
from napari_motionfft.viewer.worker import Runner

Offer = tuple[Run, Any, TimeLink | None]


class TouchPanel(Container):  # type: ignore[misc]
    """A button, and while the landscape is touched two velocities, the window and the score.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    on_failed
        Told of what went wrong.
    """

    def __init__(self, viewer: Any, on_failed: Callable[[Exception], None]) -> None:
        self._viewer, self._on_failed = viewer, on_failed
        self._offered: Offer | None = None
        self._blocked = self._gone = False
        self._ready: tuple[str, int, Any] | None = None  # run, window, touch
        self._found: tuple[Any, int, str] | None = None  # refined velocity, window, words
        self.touch_button = button("touch_button", words.START)
        self.y, self.x = velocity_field("y", "down"), velocity_field("x", "right")
        self.window = whole("touch_window", "Window", "all", " frames", words.WINDOW)
        self.refine_button = button("refine_button", "Refine")
        self.reset_button = button("reset_button", "Reset to peak")
        super().__init__(name="touch", labels=False, widgets=[self.touch_button])
        self.margins = (0, 0, 0, 0)
        self.told = rich_text("touch_told")
        self._buttons = row("touch_buttons", [self.refine_button, self.reset_button])
        self._fields = form([self.y, self.x, self.window])
        self.extend([self._buttons, self.told])
        self.native.layout().insertWidget(1, self._fields)
        self._runner = Runner(self._progress)
        self._work = TouchWork(self._show_velocity, self._tell, self._refined, self.stop, on_failed)
        self.touch_button.changed.connect(self.toggle)
        self.refine_button.changed.connect(self.refine)
        self.reset_button.changed.connect(self.reset)
        self.window.changed.connect(self._window_chosen)
        for field in (self.y, self.x):
            field.changed.connect(self._typed)
        set_enabled(self.refine_button, None, words.REFINE)
        set_enabled(self.reset_button, None, words.RESET)
        say(self.told)
        self._refresh()

    def offer(
        self,
        run: Run | None,
        stack: Any,
        link: TimeLink | None,
        *,
        gone: bool = False,
        running: bool = False,
    ) -> None:
        """Say which run is in view, and switch to what can be done now.

        Parameters
        ----------
        run
            With layers in the viewer; None where there is none to touch.
        stack, link
            The image that it was made on, or None; the time slider.
        gone, running
            The run in view has lost its layers; another one is going on.
        """
        self._offered = None if run is None else (run, stack, link)
        if self._elsewhere:  # whoever is removing layers may go on removing others
            QTimer.singleShot(0, self._leave_other)
        if self._ready is not None and (run is None or run.run_id != self._ready[0]):
            self._ready = None  # its spectra are of no more use
        self._blocked, self._gone = running, gone
        self._refresh()

    @property
    def session(self) -> TouchSession | None:
        """The landscape that is being touched."""
        return self._work.session

    @property
    def preparing(self) -> bool:
        """The landscape is being got ready."""
        return self._runner.running

    def toggle(self) -> None:
        """Begin, stop getting ready, or stop."""
        if self.preparing:
            self._runner.cancel()
        elif self.session is not None:
            self.stop()
        else:
            self.touch()
        self._refresh()

    def touch(self) -> None:
        """Get ready, then add the marker and its picture; errors come to `on_failed`."""
        if self._offered is None or self.preparing:
            return
        run, stack, _ = self._offered
        try:
            of = touch_run.touchable(run, stack)
        except ValueError as error:
            self._on_failed(error)
            return
        window = int(self.window.value)
        at = of.peak if self.session is None else self.session.velocity
        before = self._ready if self._ready and self._ready[:2] == (run.run_id, window) else None

        def work(progress: Any, cancel: Any) -> tuple[Any, Picture]:
            touch = before[2] if before else touch_run.prepare(of, window, progress, cancel)
            return touch, touch_run.quick(touch, at)

        self._runner.start(
            "Getting the landscape ready",
            work,
            on_done=partial(self._begin, of, window),
            on_failed=self._not_ready,
            on_cancelled=self._cancelled,
        )
        self._progress(0.0, "Getting ready")
        self._refresh()

    def stop(self) -> None:
        """Take the marker and its picture away."""
        self._work.leave()
        if alive(self):
            say(self.told)
            self._refresh()

    def reset(self) -> None:
        """Back to the velocity that was estimated."""
        if self.session is not None:
            self.session.go_to(self.session.of.peak)

    def refine(self) -> None:
        """Go to the top of the peak near the marker, and measure its velocity on the frames."""
        self._work.refine()

    def close(self) -> None:
        """The dock is gone."""
        self._runner.close()
        self._ready = None
        self._work.close()

    @property
    def _elsewhere(self) -> bool:
        """The run in view is not the one that is being touched."""
        if self.session is None:
            return False
        return self._offered is None or self._offered[0].run_id != self.session.of.run.run_id

    def _leave_other(self) -> None:
        if self._elsewhere:
            self.stop()

    def _begin(self, of: Touchable, window: int, made: tuple[Any, Picture]) -> None:
        touch, picture = made
        self._ready = (of.run.run_id, window, touch)
        if self.session is not None:
            self.session.use(touch)
            self._refresh()
            return
        if self._offered is None or self._offered[0].run_id != of.run.run_id:
            self._cancelled()
            return
        session = TouchSession(self._viewer, of, touch, self._offered[2])
        try:
            session.begin(picture)
        except ValueError as error:
            self._not_ready(error)
            return
        self._found = None
        for field in (self.y, self.x):
            with field.changed.blocked():
                field.min, field.max = -of.limit, of.limit
                field.step = 0.5 / of.frames
                field.native.setDecimals(of.digits)
        self._work.follow(session)
        self._show_velocity()
        self._tell(picture)
        self._refresh()
        QTimer.singleShot(50, self._scroll)  # when the fields are there

    def _scroll(self) -> None:
        """Bring the fields into view."""
        parent = self.native.parentWidget() if alive(self) else None
        while parent is not None and not isinstance(parent, QScrollArea):
            parent = parent.parentWidget()
        if parent is not None:
            parent.ensureWidgetVisible(self.native)

    def _refined(self, found: Any) -> None:
        assert self.session is not None
        of = self.session.of
        text = lines(words.refined(of, found))
        if not found.reliable:
            text += badge(f"Not reliable: {found.reason}", DOUBTFUL)
        at = np.clip(found.velocity, -of.limit, of.limit)
        self._found = (at, self.session.touch.start, text)

    def _typed(self, *_: Any) -> None:
        if self.session is not None:
            self.session.go_to((float(self.y.value), float(self.x.value)))

    def _window_chosen(self, *_: Any) -> None:
        if self.session is not None and not self.preparing:
            self.touch()

    def _show_velocity(self) -> None:
        if self.session is None:
            return
        for field, value in zip((self.y, self.x), self.session.velocity, strict=True):
            with field.changed.blocked():
                field.value = float(value)

    def _tell(self, picture: Picture) -> None:
        """Velocity and score in words."""
        if self.session is None:
            return
        at, start, text = self._found or ((), -1, "")
        if start != picture.start or not np.array_equal(at, picture.velocity):
            text = lines(words.velocity(self.session.of, picture.velocity))
        say(self.told, f"{text}<br><b>{words.score(picture.score)}</b>")

    def _progress(self, fraction: float, message: str) -> None:
        say(self.told, f"{html.escape(message)} … {100 * fraction:.0f} %")

    def _not_ready(self, error: Exception) -> None:
        self._cancelled()
        self._on_failed(error)

    def _cancelled(self) -> None:
        say(self.told, "")
        self._refresh()

    def _refresh(self) -> None:
        on, preparing = self.session is not None, self.preparing
        self._fields.setVisible(on)
        self._buttons.visible = on
        self.window.enabled = not preparing
        self.touch_button.text = "Cancel" if preparing else "Stop touching" if on else words.START
        if preparing or on:
            set_enabled(self.touch_button, None, words.CANCEL if preparing else words.STOP)
            return
        set_enabled(self.touch_button, self._why_not(), words.TOUCH)

    def _why_not(self) -> str | None:
        if self._blocked:
            return RUNNING
        if self._offered is None:
            return words.GONE if self._gone else NO_RESULT
        return touch_run.why_not(*self._offered[:2])


def lines(texts: list[str]) -> str:
    """Rich text."""
    return "<br>".join(html.escape(text) for text in texts)


def velocity_field(axis: str, way: str) -> Any:
    """A velocity along one axis."""
    box = FloatSpinBox(name=f"touch_{axis}", label=f"Velocity {axis}", min=-1e6, max=1e6)
    box.native.setSuffix(" px/frame")
    box.native.setKeyboardTracking(False)  # a number half typed is none
    return described(box, f"Positive = {way}. The marker on the landscape goes there.")
