"""Progress, cancelling, and running out of memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from tests.motion.made import drifting

import napari_motionfft as mf
from napari_motionfft.motion import search
from napari_motionfft.motion.paths import pipeline, steady

STACK = drifting(side=72, frames=12).stack
CALLS = [mf.estimate_motion, mf.loss_landscape]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frames a block: many reports."""
    monkeypatch.setattr("napari_motionfft.motion.job.frames_per_block", lambda *_: 2)


def reports(call: Callable[..., Any]) -> list[tuple[float, str]]:
    seen: list[tuple[float, str]] = []
    call(STACK, progress=lambda fraction, message: seen.append((fraction, message)))
    return seen


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("call", CALLS)
def test_progress_has_a_message_and_stays_within_its_range(call: Callable[..., Any]) -> None:
    seen = reports(call)
    assert len(seen) > 10
    assert all(0 <= fraction <= 1 for fraction, _ in seen)
    assert all(message and message[0].isupper() for _, message in seen)
    assert seen[0][0] < 0.1
    assert {"Reading frames", "Searching velocities"} <= {message for _, message in seen}


def test_progress_ends_at_one() -> None:
    assert reports(mf.estimate_motion)[-1] == (1.0, "Done")


def test_progress_of_the_landscape_ends_at_one() -> None:
    assert reports(mf.loss_landscape)[-1][0] == 1.0


@pytest.mark.usefixtures("small_blocks")
def test_progress_never_goes_back() -> None:
    fractions = [fraction for fraction, _ in reports(mf.estimate_motion)]
    assert fractions == sorted(fractions)


@pytest.mark.parametrize("call", CALLS)
def test_a_cancel_that_is_set_before_stops_at_once(call: Callable[..., Any]) -> None:
    cancel = Event()
    cancel.set()
    seen: list[float] = []
    with pytest.raises(mf.Cancelled):
        call(STACK, cancel=cancel, progress=lambda fraction, _: seen.append(fraction))
    assert seen == []


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("after", [1, 5, 9, 14])
def test_a_cancel_takes_effect_at_the_next_report(call: Callable[..., Any], after: int) -> None:
    cancel = Event()
    seen: list[float] = []

    def progress(fraction: float, message: str) -> None:
        seen.append(fraction)
        if len(seen) == after:
            cancel.set()

    with pytest.raises(mf.Cancelled):
        call(STACK, cancel=cancel, progress=progress)
    assert len(seen) == after


def test_reports_come_often_enough_to_cancel_within_half_a_second() -> None:
    """100 frames of 256²: the longest wait between two chances to stop."""
    stack = np.random.default_rng(0).integers(0, 255, (100, 256, 256)).astype(np.uint8)
    times = [time.perf_counter()]
    mf.estimate_motion(stack, progress=lambda *_: times.append(time.perf_counter()))
    # on a machine that others use as well; alone it is below 0.3 s
    assert max(np.diff(times)) < 1.5


def test_cancelled_and_motion_errors_are_not_runtime_errors() -> None:
    """napari's workers swallow those."""
    assert not issubclass(mf.Cancelled, RuntimeError)
    assert not issubclass(mf.MotionError, RuntimeError)


def failing(monkeypatch: pytest.MonkeyPatch, times: int, error: type[Exception]) -> list[int]:
    """Make the search fail for want of memory so often; the block sizes that it was tried with."""
    tried: list[int] = []
    real = search.see

    def see(job: Any, *rest: Any) -> Any:
        tried.append(job.block)
        if len(tried) <= times:
            raise error("out of memory")
        return real(job, *rest)

    for module in (search, steady, pipeline):  # the landscape on its own, a velocity, a path
        monkeypatch.setattr(module, "see", see)
    return tried


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_out_of_memory_takes_smaller_blocks_and_says_so(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    wanted = mf.estimate_motion(STACK, device="cpu")
    tried = failing(monkeypatch, 2, error)
    motion = mf.estimate_motion(STACK, device="cpu")
    assert len(tried) == 3
    assert tried[0] > tried[1] > tried[2] >= 1
    assert motion.notes == ("Memory ran out: smaller blocks of frames were used.",)
    np.testing.assert_allclose(motion.velocity, wanted.velocity, atol=1e-6)


def test_out_of_memory_of_the_landscape_takes_smaller_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = failing(monkeypatch, 1, torch.OutOfMemoryError)
    assert mf.loss_landscape(STACK, device="cpu").peaks
    assert len(tried) == 2


def test_memory_that_never_suffices_is_a_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = failing(monkeypatch, 100, torch.OutOfMemoryError)
    with pytest.raises(MemoryError, match=r"not enough memory .*: choose a smaller region"):
        mf.estimate_motion(STACK, device="cpu")
    assert tried[-1] == 1


def test_the_host_allocators_own_error_is_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch on the CPU raises RuntimeError "DefaultCPUAllocator: can't allocate memory"."""
    with pytest.raises(RuntimeError, match="alloc") as real:
        torch.empty(2**58, dtype=torch.uint8)

    class HostError(RuntimeError):
        def __init__(self, _: str) -> None:
            super().__init__(str(real.value))

    failing(monkeypatch, 1, HostError)
    assert mf.estimate_motion(STACK, device="cpu").notes


def test_other_runtime_errors_are_not_taken_for_want_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class ShapeError(RuntimeError):
        def __init__(self, _: str) -> None:
            super().__init__("mat1 and mat2 shapes cannot be multiplied")

    tried = failing(monkeypatch, 1, ShapeError)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        mf.estimate_motion(STACK, device="cpu")
    assert len(tried) == 1


@pytest.mark.parametrize("call", [mf.integrate, mf.apply_motion])
def test_using_a_motion_reports_and_heeds_cancel(
    monkeypatch: pytest.MonkeyPatch, call: Callable[..., Any]
) -> None:
    monkeypatch.setattr("napari_motionfft.motion.apply.frames_per_block", lambda *_: 3)
    motion = mf.estimate_motion(STACK)
    cancel = Event()
    seen: list[float] = []

    def progress(fraction: float, message: str) -> None:
        assert message
        seen.append(fraction)
        if fraction > 0.4:
            cancel.set()

    with pytest.raises(mf.Cancelled):
        call(STACK, motion, progress=progress, cancel=cancel)
    assert seen == sorted(seen)
    assert 2 <= len(seen) <= 4
