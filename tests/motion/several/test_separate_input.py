"""Bad input names the argument; progress, cancelling, and running out of memory."""

from __future__ import annotations

from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks.layer_scenes import summed
from numpy.typing import NDArray

import napari_motionfft as mf
from napari_motionfft.motion.several import peel

VELOCITIES = np.array([[1.3, -0.7], [-0.9, 0.6]])
KNOWN = summed(7, VELOCITIES, ("white", "white"), 6, 0.5, 48)
STACK = KNOWN.stack


def with_bad(value: float, *frames: int) -> NDArray[np.float32]:
    stack = STACK.copy()
    stack[list(frames), 30, 20] = value
    return stack


STACKS: list[tuple[Any, type[Exception], str]] = [
    (STACK[0], ValueError, r"stack must have 3 axes \(T, Y, X\), got shape \(48, 48\)"),
    (STACK[:1], ValueError, "stack must have at least"),
    (STACK[:2], ValueError, "stack must have at least 4 frames to separate motions, got 2"),
    (STACK[:3], ValueError, "stack must have at least 4 frames to separate motions, got 3"),
    (STACK[:, :10], ValueError, "region must be at least 16 px a side, got 10 px along y"),
    (np.full((6, 32, 32), 7.0), ValueError, "constant in the region: there is nothing to track"),
    (with_bad(np.nan, 0), ValueError, "stack holds NaN or inf in frame 0; fill these first"),
    (with_bad(np.inf, 2, 4), ValueError, "NaN or inf in frames 2, 4;"),
    (STACK.astype(complex), TypeError, "stack must be of a real dtype, got complex"),
    ("stack.tif", TypeError, r"stack must be a \(T, Y, X\) array, got str"),
    (None, TypeError, r"stack must be a \(T, Y, X\) array, got NoneType"),
]


@pytest.mark.parametrize(("stack", "error", "match"), STACKS)
def test_bad_stacks(stack: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        mf.separate_motions(stack)


ARGUMENTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"n": 0}, ValueError, "n must be 'auto' or a whole number from 1 to 6, got 0"),
    ({"n": 7}, ValueError, "n must be 'auto' or a whole number from 1 to 6, got 7"),
    ({"n": -2}, ValueError, "n must be 'auto' or a whole number from 1 to 6, got -2"),
    ({"n": "many"}, ValueError, "n must be 'auto' or a whole number from 1 to 6, got 'many'"),
    ({"n": 2.0}, TypeError, "n must be 'auto' or a whole number from 1 to 6, got 2.0"),
    ({"n": True}, TypeError, "n must be 'auto' or a whole number from 1 to 6, got True"),
    ({"n": None}, TypeError, "n must be 'auto' or a whole number from 1 to 6, got None"),
    ({"n": [2]}, TypeError, "n must be 'auto' or a whole number"),
    ({"kind": "layers"}, ValueError, "kind must be one of additive, occluding, got 'layers'"),
    ({"kind": None}, ValueError, "kind must be one of additive, occluding, got None"),
    (
        {"kind": "occluding", "n": 3},
        ValueError,
        "kind='occluding' separates two motions: n must be 2, got 3",
    ),
    (
        {"kind": "occluding", "background": "static"},
        ValueError,
        "kind='occluding' needs background='none'",
    ),
    ({"false_alarm": 0}, ValueError, "false_alarm must be between 0 and 1, got 0"),
    ({"false_alarm": 1.0}, ValueError, "false_alarm must be between 0 and 1, got 1.0"),
    ({"false_alarm": float("nan")}, ValueError, "false_alarm must be between 0 and 1, got nan"),
    ({"false_alarm": "1 %"}, TypeError, "false_alarm must be a number between 0 and 1, got '1 %'"),
    ({"false_alarm": None}, TypeError, "false_alarm must be a number .* got None"),
    ({"false_alarm": True}, TypeError, "false_alarm must be a number .* got True"),
    ({"region": (slice(0, 49), slice(0, 48))}, ValueError, "the y slice 0:49 leaves the frame"),
    ({"region": (slice(0, 12), slice(0, 48))}, ValueError, "at least 16 px a side, got 12 px"),
    ({"region": slice(0, 40)}, TypeError, r"region must be \(slice_y, slice_x\) or None"),
    ({"max_speed": 0}, ValueError, "max_speed must be above 0"),
    ({"max_speed": 25}, ValueError, "at most half the field, 24 px/frame, got 25"),
    ({"max_speed": "fast"}, TypeError, "max_speed must be a number .* got 'fast'"),
    ({"background": "dynamic"}, ValueError, "background must be one of none, static"),
    ({"weight": "best"}, ValueError, "weight must be one of auto, flat"),
    ({"weight": np.ones((48, 20))}, ValueError, r"a real array \(48, 25\)"),
    ({"boundary": "wrap"}, ValueError, "boundary must be one of crop, periodic, got 'wrap'"),
    (
        {"boundary": "periodic", "region": (slice(0, 32), slice(0, 32))},
        ValueError,
        "boundary='periodic' needs the whole frame",
    ),
    ({"device": "tpu9"}, ValueError, "device must be 'auto', 'cpu'.* got 'tpu9'"),
    ({"progress": 3}, TypeError, "progress must be callable"),
    ({"cancel": True}, TypeError, "cancel must be a threading.Event or None, got True"),
]


@pytest.mark.parametrize(("bad", "error", "match"), ARGUMENTS)
def test_bad_arguments(bad: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        mf.separate_motions(STACK, **bad)


def test_all_but_the_stack_and_the_number_are_named() -> None:
    with pytest.raises(TypeError, match="positional"):
        mf.separate_motions(STACK, 2, "additive")  # type: ignore[misc]


@pytest.mark.parametrize("n", [2, np.int8(2), np.uint64(2)])
def test_any_whole_number_counts(n: Any) -> None:
    assert len(mf.separate_motions(STACK, n)) == 2


@pytest.mark.parametrize("weight", ["flat", np.ones((48, 25))])
def test_velocities_do_not_hang_on_the_weight_of_the_search(weight: Any) -> None:
    usual, other = mf.separate_motions(STACK, 2), mf.separate_motions(STACK, 2, weight=weight)
    for m in usual:
        off = min(float(np.abs(m.velocity - k.velocity).max()) for k in other)
        assert off < 0.2 * m.velocity_stderr.min()


@pytest.mark.parametrize("bad", [0, 1, 5])
def test_nan_in_a_region_alone_counts(bad: int) -> None:
    stack = with_bad(np.nan, bad)
    assert len(mf.separate_motions(stack, region=(slice(0, 28), slice(22, 48)))) <= 4
    with pytest.raises(ValueError, match=f"NaN or inf in frame {bad};"):
        mf.separate_motions(stack, region=(slice(20, 48), slice(0, 48)))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frames a block: many reports."""
    monkeypatch.setattr("napari_motionfft.motion.job.frames_per_block", lambda *_: 2)


def reports(**asked: Any) -> list[tuple[float, str]]:
    seen: list[tuple[float, str]] = []
    mf.separate_motions(STACK, progress=lambda f, message: seen.append((f, message)), **asked)
    return seen


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("asked", [{}, {"n": 3}, {"background": "static"}])
def test_progress_goes_from_nothing_to_all_and_never_back(asked: dict[str, Any]) -> None:
    seen = reports(**asked)
    fractions = [fraction for fraction, _ in seen]
    assert len(seen) > 30
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.05
    assert seen[-1] == (1.0, "Done")
    assert all(message and message[0].isupper() for _, message in seen)
    assert {"Reading frames", "Searching velocities", "Separating motions"} <= {
        message for _, message in seen
    }
    assert len(set(fractions)) > 15


def test_a_cancel_that_is_set_before_stops_at_once() -> None:
    cancel = Event()
    cancel.set()
    seen: list[float] = []
    with pytest.raises(mf.Cancelled):
        mf.separate_motions(STACK, cancel=cancel, progress=lambda f, _: seen.append(f))
    assert seen == []


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.92])
def test_a_cancel_takes_effect_at_the_next_report(share: float) -> None:
    cancel = Event()
    after: list[float] = []

    def progress(fraction: float, message: str) -> None:
        if fraction >= share:
            cancel.set()
            after.append(fraction)

    with pytest.raises(mf.Cancelled):
        mf.separate_motions(STACK, cancel=cancel, progress=progress)
    assert len(after) == 1


def failing(monkeypatch: pytest.MonkeyPatch, times: int, error: type[Exception]) -> list[int]:
    """Make the fit fail for want of memory so often; the block sizes that it was tried with."""
    tried: list[int] = []
    real = peel.layers_of

    def layers_of(job: Any, *rest: Any) -> Any:
        tried.append(job.block)
        if len(tried) <= times:
            raise error("out of memory")
        return real(job, *rest)

    monkeypatch.setattr(peel, "layers_of", layers_of)
    return tried


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_out_of_memory_takes_smaller_blocks_and_says_so(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    wanted = mf.separate_motions(STACK, device="cpu")
    tried = failing(monkeypatch, 2, error)
    motions = mf.separate_motions(STACK, device="cpu")
    assert tried[0] > tried[1] > tried[2] >= 1
    for motion, other in zip(motions, wanted, strict=True):
        assert "Memory ran out: smaller blocks of frames were used." in motion.notes
        np.testing.assert_allclose(motion.velocity, other.velocity, atol=1e-4)


def test_memory_that_never_suffices_is_a_memory_error(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = failing(monkeypatch, 100, torch.OutOfMemoryError)
    with pytest.raises(MemoryError, match=r"not enough memory .*: choose a smaller region"):
        mf.separate_motions(STACK, device="cpu")
    assert tried[-1] == 1


def test_frames_that_do_not_fit_in_memory_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spectra are kept between passes only where there is room; the answer is the same."""
    wanted = mf.separate_motions(STACK, device="cpu")
    monkeypatch.setattr("napari_motionfft.motion.several.field.memory_budget", lambda *_: 0)
    motions = mf.separate_motions(STACK, device="cpu")
    for motion, other in zip(motions, wanted, strict=True):
        np.testing.assert_allclose(motion.velocity, other.velocity, atol=1e-5)
        np.testing.assert_allclose(motion.integrated, other.integrated, atol=1e-3)
