"""Every test of the viewer floor: own settings, and no worker left behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_worker_left() -> Iterator[None]:
    """Wait for all workers, and let their last signals arrive while the test's objects live."""
    yield
    threads = sys.modules.get("superqt.utils._qthreading")
    if threads is None:
        return
    from qtpy.QtWidgets import QApplication

    threads.WorkerBase.await_workers(10_000)
    if QApplication.instance() is not None:
        QApplication.processEvents()
