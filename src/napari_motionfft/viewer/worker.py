"""The one guarded worker: long work off the main thread, its outcome on the main thread."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Any

from napari.qt.threading import FunctionWorker, create_worker
from qtpy.QtCore import QObject, QTimer

from napari_motionfft.motion.errors import Cancelled, MotionError

Progress = Callable[[float, str], None]
Work = Callable[[Progress, Event], Any]

Replies = tuple[Callable[[Any], None], Callable[[Exception], None], Callable[[], None]]

POLL_MS = 50
"""How often the main thread looks at the progress: the worker may report far more often."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a piece of work ended: with a value, an error, or neither when it was cancelled."""

    value: Any = None
    error: Exception | None = None
    cancelled: bool = False


class Guarded:
    """A piece of work that returns an `Outcome` whatever happens, and keeps nothing afterwards.

    Errors are returned, not raised: what a worker thread raises, napari shows in a box of its own.

    Parameters
    ----------
    name
        Shown by napari when its window is closed while the work runs.
    work
        Called with (progress, cancel) in the worker thread; stops by raising `Cancelled` soon
        after `cancel` is set.
    """

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self.work: Work | None = work
        self.cancel = Event()
        self.latest: tuple[float, str] = (0.0, "Starting")

    def __repr__(self) -> str:
        return self.name

    def report(self, fraction: float, message: str) -> None:
        """Note how far the work is; any thread."""
        self.latest = (fraction, message)

    def __call__(self) -> Outcome:
        work, self.work = self.work, None
        try:
            if work is None or self.cancel.is_set():
                return Outcome(cancelled=True)
            return Outcome(value=work(self.report, self.cancel))
        except Cancelled as stop:
            let_go(stop)
            return Outcome(cancelled=True)
        except Exception as error:
            log.info("%s failed", self.name, exc_info=True)
            let_go(error)
            return Outcome(error=guarded_error(error))
        finally:
            del work
            free_device_memory()


def guarded_error(error: Exception) -> Exception:
    """The error to show: torch raises RuntimeError for everything, and workers swallow those."""
    if isinstance(error, RuntimeError):
        wrapped = MotionError(str(error) or type(error).__name__)
        wrapped.__cause__ = error
        return wrapped
    return error


def let_go(error: BaseException | None) -> None:
    """Empty the frames of an error and of its causes: their variables hold tensors."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def free_device_memory() -> None:
    """Give cached device memory back; does nothing where torch was never loaded."""
    torch = sys.modules.get("torch")
    with suppress(AttributeError):  # another thread may be importing torch right now
        if torch is not None and torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        if torch is not None and torch.backends.mps.is_available():
            torch.mps.empty_cache()


class Stoppable(FunctionWorker):  # type: ignore[misc]
    """napari's worker, whose `quit` sets the cancel event: napari calls it when it closes."""

    def quit(self) -> None:
        super().quit()
        self._func.cancel.set()


class Runner(QObject):  # type: ignore[misc]
    """Runs one piece of work at a time; lives on the main thread, and so do its callbacks.

    Parameters
    ----------
    on_progress
        Called with (fraction, stage) every 50 ms at most.
    """

    def __init__(self, on_progress: Progress | None = None) -> None:
        super().__init__()
        self._on_progress = on_progress
        self._guarded: Guarded | None = None
        self._worker: Any = None
        self._replies: Replies | None = None
        self._shown: tuple[float, str] | None = None
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._show_progress)

    @property
    def running(self) -> bool:
        """Work is going on, also while it is being cancelled."""
        return self._guarded is not None

    @property
    def stopping(self) -> bool:
        """Cancelled, but not yet stopped."""
        return self._guarded is not None and self._guarded.cancel.is_set()

    def start(
        self,
        name: str,
        work: Work,
        *,
        on_done: Callable[[Any], None],
        on_failed: Callable[[Exception], None],
        on_cancelled: Callable[[], None],
    ) -> None:
        """Start work in a thread; exactly one of the callbacks follows, unless `close` is called.

        Raises
        ------
        MotionError
            Other work is still running.
        """
        if self._guarded is not None:
            raise MotionError(f"{self._guarded.name} is still running.")
        guarded = Guarded(name, work)
        self._guarded, self._shown = guarded, None
        self._replies = (on_done, on_failed, on_cancelled)
        self._worker = create_worker(
            guarded,
            _worker_class=Stoppable,
            _connect={
                "returned": partial(self._reply, guarded),
                # comes after `returned`, and alone when napari asked the worker to quit
                "finished": partial(self._reply, guarded, Outcome(cancelled=True)),
            },
            _start_thread=True,
            _ignore_errors=True,
        )
        self._poll.start()

    def cancel(self) -> None:
        """Ask the work to stop; its callback comes when it has."""
        if self._guarded is not None:
            self._guarded.cancel.set()

    def close(self) -> None:
        """Cancel, and never call back: the widget is gone."""
        self.cancel()
        worker, self._guarded, self._worker = self._worker, None, None
        self._replies = None
        with suppress(RuntimeError, TypeError):  # Qt may have deleted these first
            self._poll.stop()
            if worker is not None:  # napari keeps the worker, which would keep the widget
                worker.returned.disconnect()
                worker.finished.disconnect()

    def _show_progress(self) -> None:
        if self._guarded is None or self._on_progress is None:
            return
        latest = self._guarded.latest
        if latest != self._shown and not self.stopping:
            self._shown = latest
            self._on_progress(*latest)

    def _reply(self, guarded: Guarded, outcome: Outcome) -> None:
        if guarded is not self._guarded or self._replies is None:
            return
        done, failed, stopped = self._replies
        cancelled = outcome.cancelled or guarded.cancel.is_set()
        window_closes = self._worker.abort_requested
        self.close()
        if window_closes:
            return
        if cancelled:
            stopped()
        elif outcome.error is not None:
            failed(outcome.error)
        else:
            done(outcome.value)
