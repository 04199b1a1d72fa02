"""Work of which only the newest matters: what came between is never begun."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_motionfft.viewer.worker import Runner, Work


class Latest:
    """Runs a piece of work in a thread and, when it is done, the newest of those asked for since.

    Parameters
    ----------
    name
        Shown by napari when its window is closed while the work runs.
    on_done, on_failed
        Called on the main thread with each result or error.
    """

    def __init__(
        self, name: str, on_done: Callable[[Any], None], on_failed: Callable[[Exception], None]
    ) -> None:
        self._name, self._on_done, self._on_failed = name, on_done, on_failed
        self._next: Work | None = None
        self._runner = Runner()

    @property
    def running(self) -> bool:
        """Work is going on, or waits."""
        return self._runner.running

    def ask(self, work: Work) -> None:
        """Do this next; what waits is dropped, what runs goes on."""
        self._next = work
        self._go()

    def drop(self) -> None:
        """Stop what runs, and forget what waits."""
        self._next = None
        self._runner.cancel()

    def close(self) -> None:
        """The same, and never call back."""
        self._next = None
        self._runner.close()

    def _go(self, *_: Any) -> None:
        if self._runner.running or self._next is None:
            return
        work, self._next = self._next, None
        self._runner.start(
            self._name,
            work,
            on_done=self._done,
            on_failed=self._failed,
            on_cancelled=self._go,
        )

    def _done(self, value: Any) -> None:
        self._go()  # the thread works while this one draws
        self._on_done(value)

    def _failed(self, error: Exception) -> None:
        self._on_failed(error)
        self._go()
