"""The work behind a touched landscape, in threads: only what is still wanted is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_motionfft.viewer import touch_run
from napari_motionfft.viewer.latest import Latest
from napari_motionfft.viewer.touch_layers import Picture
from napari_motionfft.viewer.touch_session import TouchSession

if TYPE_CHECKING:
    from napari_motionfft.motion.touching.touched import Refined

REST_MS = 300
"""The marker rests: time for the whole picture."""


class TouchWork(QObject):  # type: ignore[misc]
    """Follows a session: quick pictures while it moves, the whole one when it rests.

    Parameters
    ----------
    on_moved, on_picture, on_refined
        Told that the marker has moved, of each picture, of the peak that was refined.
    on_lost
        Told that one of the session's layers has gone.
    on_failed
        Told of what went wrong.
    """

    def __init__(
        self,
        on_moved: Callable[[], None],
        on_picture: Callable[[Picture], None],
        on_refined: Callable[[Refined], None],
        on_lost: Callable[[], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        super().__init__()
        self._on_moved, self._on_picture, self._on_refined = on_moved, on_picture, on_refined
        self._on_lost = on_lost
        self.session: TouchSession | None = None
        self._quick = Latest("Touching the landscape", self._came, on_failed)
        self._whole = Latest("Averaging along the velocity", self._came, on_failed)
        self._window = Latest("Making the landscape of a window", self._window_came, on_failed)
        self._refiner = Latest("Refining the velocity", self._refined, on_failed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._rested)

    @property
    def busy(self) -> bool:
        """Something is still to come."""
        works = (self._quick, self._whole, self._window, self._refiner)
        return self._rest.isActive() or any(each.running for each in works)

    def follow(self, session: TouchSession) -> None:
        """From now on, follow a session whose first picture is in view."""
        self.session = session
        session.on_moved = self.moved
        session.on_window = self.window_moved
        session.on_refine = self.refine
        session.on_lost = self._lost
        if session.touch.window is None:
            self._rest.start()
        else:
            self.window_moved()

    def leave(self) -> None:
        """Stop what runs, and remove the session's layers."""
        session, self.session = self.session, None
        for each in (self._quick, self._whole, self._window, self._refiner):
            each.drop()
        self._rest.stop()
        if session is not None:
            session.end()

    def close(self) -> None:
        """The dock is gone."""
        self.leave()
        for each in (self._quick, self._whole, self._window, self._refiner):
            each.close()

    def moved(self) -> None:
        """The marker is at another velocity."""
        session = self.session
        if session is None:
            return
        touch, velocity = session.touch, session.velocity
        self._whole.drop()
        self._refiner.drop()
        self._quick.ask(lambda progress, cancel: touch_run.quick(touch, velocity))
        self._rest.start()
        self._on_moved()

    def window_moved(self) -> None:
        """The time slider is in another window, or the windows are others."""
        self.moved()
        session = self.session
        if session is not None and session.touch.window is not None:
            touch = session.touch
            self._window.ask(lambda progress, cancel: touch_run.landscape(touch, progress, cancel))

    def refine(self, velocity: Any = None) -> None:
        """Go to the top of the peak near a velocity, that of the marker by default."""
        session = self.session
        if session is None:
            return
        at = session.velocity if velocity is None else np.asarray(velocity)
        touch = session.touch
        self._whole.drop()
        self._rest.stop()
        self._refiner.drop()
        self._refiner.ask(lambda progress, cancel: touch_run.refine(touch, at, progress, cancel))

    @property
    def refining(self) -> bool:
        """A velocity is being refined."""
        return self._refiner.running

    def _rested(self) -> None:
        session = self.session
        if session is None:
            return
        touch, at = session.touch, session.velocity
        self._whole.ask(lambda progress, cancel: touch_run.whole(touch, at, progress, cancel))

    def _came(self, picture: Picture) -> None:
        if self.session is not None:
            self.session.show(picture)
            self._on_picture(picture)

    def _window_came(self, made: tuple[int, Any]) -> None:
        if self.session is not None:
            self.session.show_window(*made)

    def _refined(self, found: Refined) -> None:
        if self.session is not None:
            self._on_refined(found)
            self.session.go_to(found.velocity)

    def _lost(self) -> None:
        # whoever has removed a layer may go on removing others
        QTimer.singleShot(0, self._tidy)

    def _tidy(self) -> None:
        if self.session is not None and not self.session.there:
            self._on_lost()
