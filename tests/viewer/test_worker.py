"""The guarded worker: outcomes, cancelling, memory, and a responsive main thread."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from typing import Any

import numpy as np
import pytest

from napari_motionfft.motion.errors import Cancelled, MotionError
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.worker import Guarded, Runner, guarded_error


class Replies:
    """Collects what a Runner calls back, and on which thread."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.failed: list[Exception] = []
        self.cancelled = 0
        self.progress: list[tuple[float, str]] = []
        self.threads: set[threading.Thread] = set()

    def on_done(self, value: Any) -> None:
        self.threads.add(threading.current_thread())
        self.done.append(value)

    def on_failed(self, error: Exception) -> None:
        self.threads.add(threading.current_thread())
        self.failed.append(error)

    def on_cancelled(self) -> None:
        self.threads.add(threading.current_thread())
        self.cancelled += 1

    def on_progress(self, fraction: float, message: str) -> None:
        self.threads.add(threading.current_thread())
        self.progress.append((fraction, message))

    def start(self, runner: Runner, work: Any) -> None:
        runner.start(
            "Test",
            work,
            on_done=self.on_done,
            on_failed=self.on_failed,
            on_cancelled=self.on_cancelled,
        )

    @property
    def total(self) -> int:
        return len(self.done) + len(self.failed) + self.cancelled


@pytest.fixture
def replies() -> Replies:
    return Replies()


@pytest.fixture
def runner(qtbot: Any, replies: Replies) -> Any:
    made = Runner(replies.on_progress)
    yield made
    made.close()


def until_cancelled(progress: Any, cancel: threading.Event) -> None:
    for step in range(10_000):
        if cancel.is_set():
            raise Cancelled("cancelled")
        progress(step / 10_000, "Waiting")
        time.sleep(0.002)


def test_value_and_progress_come_on_the_main_thread(
    qtbot: Any, runner: Runner, replies: Replies
) -> None:
    def work(progress: Any, cancel: Any) -> threading.Thread:
        for step in range(300):
            progress(step / 300, f"Step {step}")
            time.sleep(0.001)
        return threading.current_thread()

    replies.start(runner, work)
    assert runner.running
    qtbot.waitUntil(lambda: replies.total == 1)
    assert replies.done[0] is not threading.main_thread()
    assert replies.threads == {threading.main_thread()}
    assert not runner.running
    # throttled: 300 reports in 0.3 s and more arrive as a handful, in order
    assert 2 <= len(replies.progress) <= 60
    assert replies.progress == sorted(replies.progress)


@pytest.mark.parametrize("error", [RuntimeError("CUDA error: out of memory"), ValueError("no")])
def test_an_error_reaches_the_main_thread(
    qtbot: Any, runner: Runner, replies: Replies, error: Exception
) -> None:
    def work(progress: Any, cancel: Any) -> None:
        raise error

    replies.start(runner, work)
    qtbot.waitUntil(lambda: replies.total == 1)
    assert str(replies.failed[0]) == str(error)
    assert not isinstance(replies.failed[0], RuntimeError)
    assert not runner.running


def test_a_runtime_error_becomes_a_motion_error() -> None:
    wrapped = guarded_error(RuntimeError())
    assert isinstance(wrapped, MotionError)
    assert str(wrapped) == "RuntimeError"
    missing = KeyError("x")
    assert guarded_error(missing) is missing


def test_cancel_takes_effect_at_once(qtbot: Any, runner: Runner, replies: Replies) -> None:
    replies.start(runner, until_cancelled)
    qtbot.waitUntil(lambda: bool(replies.progress))
    began = time.perf_counter()
    runner.cancel()
    assert runner.stopping
    qtbot.waitUntil(lambda: replies.total == 1)
    assert time.perf_counter() - began < 0.5
    assert replies.cancelled == 1
    assert not runner.running


def test_a_result_that_comes_after_cancel_is_dropped(
    qtbot: Any, runner: Runner, replies: Replies
) -> None:
    go = threading.Event()
    replies.start(runner, lambda progress, cancel: go.wait(5))
    runner.cancel()
    go.set()
    qtbot.waitUntil(lambda: replies.total == 1)
    assert replies.cancelled == 1
    assert replies.done == []


def test_one_run_at_a_time_and_then_another(qtbot: Any, runner: Runner, replies: Replies) -> None:
    replies.start(runner, until_cancelled)
    with pytest.raises(MotionError, match="still running"):
        replies.start(runner, until_cancelled)
    runner.cancel()
    qtbot.waitUntil(lambda: replies.total == 1)
    replies.start(runner, lambda progress, cancel: 7)
    qtbot.waitUntil(lambda: replies.total == 2)
    assert replies.done == [7]


def test_a_run_started_from_a_reply_is_not_ended_by_the_first_one(
    qtbot: Any, runner: Runner, replies: Replies
) -> None:
    def again(value: Any) -> None:
        replies.start(runner, lambda progress, cancel: time.sleep(0.1) or "second")

    runner.start(
        "First",
        lambda progress, cancel: "first",
        on_done=again,
        on_failed=replies.on_failed,
        on_cancelled=replies.on_cancelled,
    )
    qtbot.waitUntil(lambda: replies.total == 1)
    assert replies.done == ["second"]


def test_nothing_is_called_after_close(qtbot: Any, runner: Runner, replies: Replies) -> None:
    started, stopped = threading.Event(), threading.Event()

    def work(progress: Any, cancel: threading.Event) -> None:
        started.set()
        cancel.wait(5)
        stopped.set()

    replies.start(runner, work)
    qtbot.waitUntil(started.is_set)
    runner.close()
    assert stopped.wait(2)
    qtbot.wait(100)
    assert replies.total == 0


def test_quitting_workers_stops_the_work(qtbot: Any, runner: Runner, replies: Replies) -> None:
    from napari._qt.qthreading import wait_for_workers_to_quit

    replies.start(runner, until_cancelled)
    qtbot.waitUntil(lambda: bool(replies.progress))
    began = time.perf_counter()
    wait_for_workers_to_quit(5000)
    assert time.perf_counter() - began < 0.5
    qtbot.waitUntil(lambda: not runner.running)
    assert replies.total == 0  # napari closes: nobody is there to be told


@pytest.mark.parametrize("kind", [RuntimeError, Cancelled])
def test_a_stopped_run_frees_its_arrays(
    qtbot: Any, runner: Runner, replies: Replies, kind: type[Exception]
) -> None:
    alive: list[weakref.ref[Any]] = []

    class Big(np.ndarray):  # a plain array takes no weak reference
        pass

    def inner() -> None:
        big = np.zeros(1_000_000).view(Big)
        alive.append(weakref.ref(big))
        raise kind("out of memory")

    def work(progress: Any, cancel: Any) -> None:
        try:
            inner()
        except RuntimeError as error:
            raise RuntimeError("again") from error

    gc.disable()  # reference counting alone must do it
    try:
        replies.start(runner, work)
        qtbot.waitUntil(lambda: replies.total == 1)
        assert alive[0]() is None
    finally:
        gc.enable()


def test_the_device_cache_is_emptied_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    emptied: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(1))

    def fail(progress: Any, cancel: Any) -> None:
        raise RuntimeError("x")

    Guarded("Test", fail)()
    Guarded("Test", lambda progress, cancel: 1)()
    assert len(emptied) == 2


def test_torch_that_does_not_load_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MotionError, match="napari-motionfft view"):
        load_torch()
