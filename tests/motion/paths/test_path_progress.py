"""Progress, cancelling and memory on the way to a path, and what a preview reads."""

from __future__ import annotations

from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from benchmarks.path_scenes import rmse, sinusoid, steady
from tests.motion.paths.made import along, walking

import napari_motionfft as mf
from napari_motionfft.motion.paths import pipeline
from napari_motionfft.motion.preview import FRAMES

KNOWN = walking(16, 48, 2.0)


class Reads:
    """A lazy stack that counts what is read of it."""

    def __init__(self, stack: np.ndarray) -> None:
        self.stack, self.shape, self.dtype = stack, stack.shape, stack.dtype
        self.frames: list[int] = []

    def __getitem__(self, at: Any) -> np.ndarray:
        which = at[0] if isinstance(at, tuple) else at
        self.frames += np.atleast_1d(np.arange(len(self.stack))[which]).tolist()
        return self.stack[at]


@pytest.mark.parametrize("model", ["spline", "auto"])
@pytest.mark.parametrize("call", [mf.estimate_motion, mf.preview_motion])
def test_progress_never_goes_back_and_ends_at_one(call: Any, model: str) -> None:
    seen: list[tuple[float, str]] = []
    call(KNOWN.stack, model, progress=lambda fraction, message: seen.append((fraction, message)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert seen[-1] == (1.0, "Done")
    assert fractions[0] < 0.1
    assert all(message and message[0].isupper() for _, message in seen)
    assert len(set(fractions)) > 20
    assert max(np.diff(fractions)) < 0.35


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.7, 0.8])
@pytest.mark.parametrize("model", ["auto"])
def test_a_cancel_takes_effect_at_the_next_report(model: str, share: float) -> None:
    cancel, after = Event(), []

    def progress(fraction: float, message: str) -> None:
        if cancel.is_set():
            after.append(message)
        if fraction >= share:
            cancel.set()

    with pytest.raises(mf.Cancelled):
        mf.estimate_motion(KNOWN.stack, model, progress=progress, cancel=cancel)
    assert after == []


def test_a_preview_is_cancelled_too() -> None:
    cancel = Event()
    cancel.set()
    with pytest.raises(mf.Cancelled):
        mf.preview_motion(KNOWN.stack, "free", cancel=cancel)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError])
def test_out_of_memory_takes_smaller_blocks_and_says_so(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    wanted = mf.estimate_motion(KNOWN.stack, "free", device="cpu")
    tried: list[int] = []
    real = pipeline.refine

    def refine(job: Any, *rest: Any, **named: Any) -> Any:
        tried.append(job.block)
        if len(tried) < 3:
            raise error("out of memory")
        return real(job, *rest, **named)

    monkeypatch.setattr(pipeline, "refine", refine)
    motion = mf.estimate_motion(KNOWN.stack, "free", device="cpu")
    assert len(tried) == 3
    assert tried[0] > tried[1] > tried[2] >= 1
    assert motion.notes[0] == "Memory ran out: smaller blocks of frames were used."
    np.testing.assert_allclose(motion.displacements, wanted.displacements, atol=1e-4)


def test_blocks_of_one_frame_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = mf.estimate_motion(KNOWN.stack, "auto", device="cpu")
    monkeypatch.setattr("napari_motionfft.motion.job.frames_per_block", lambda *_: 1)
    motion = mf.estimate_motion(KNOWN.stack, "auto", device="cpu")
    np.testing.assert_allclose(motion.displacements, wanted.displacements, atol=1e-4)


def test_a_lazy_stack_is_read_a_few_times_only() -> None:
    lazy = Reads(KNOWN.stack)
    mf.estimate_motion(lazy, "free", device="cpu")
    assert len(lazy.frames) <= 5 * len(KNOWN.stack) + 10


PATHS = {
    "velocity": steady(0, 60, 0.5),
    "polynomial": 0.005 * np.arange(60)[:, None] ** 2 * (1.0, -0.6),
    "spline": sinusoid(60, 6.0),
    "free": sinusoid(60, 6.0),
    "auto": sinusoid(60, 6.0),
}


@pytest.mark.parametrize("model", PATHS)
def test_a_preview_of_a_smooth_path_is_close_to_the_full_answer(model: str) -> None:
    known = along(PATHS[model], 192, 1.0)
    quick = mf.preview_motion(known.stack, model)
    assert quick.displacements.shape == quick.displacement_stderr.shape == (60, 2)
    assert rmse(quick.displacements, known.path) < 0.4
    assert quick.reliable, quick.reason
    assert quick.integrated.shape == quick.plain_mean.shape == (192, 192)
    assert quick.region == ((0, 192), (0, 192))
    assert quick.frame_weights.sum() == pytest.approx(1)
    assert quick.split_half_displacements.shape == (2, 60, 2)
    assert any("preview" in note for note in quick.notes)
    slope = (known.path[-1] - known.path[0]) / 59
    if model == "velocity":
        np.testing.assert_allclose(quick.velocity, slope, atol=0.01)


def test_a_preview_reads_few_frames() -> None:
    stack = np.tile(KNOWN.stack, (10, 4, 4))  # 160 frames of 192 px
    lazy = Reads(stack)
    mf.preview_motion(lazy, "free")
    # a look at the level and at whether it varies, then one pass
    assert len(lazy.frames) <= FRAMES + 10
    assert len(set(lazy.frames)) <= FRAMES + 4


def test_a_preview_is_that_of_a_region() -> None:
    known = along(steady(0, 30, 0.3), 192, 2.0)
    box = (slice(20, 180), slice(10, 190))
    quick = mf.preview_motion(known.stack, region=box)
    assert quick.region == ((20, 180), (10, 190))
    assert quick.origin == (20, 10)
    assert quick.integrated.shape == (160, 180)
    np.testing.assert_allclose(quick.displacements, known.path, atol=0.5)


def test_a_preview_counts_bad_frames_as_those_of_the_stack() -> None:
    known = along(steady(0, 48, 0.2), 96, 2.0)
    stack = known.stack.copy()
    stack[[10, 11, 12, 30]] = 0.4
    quick = mf.preview_motion(stack, "free")
    assert quick.excluded
    assert set(quick.excluded) <= {10, 11, 12, 30}


def test_a_preview_has_a_union_canvas() -> None:
    known = along(steady(1, 24, 1.5), 96, 2.0)
    quick, full = (
        call(known.stack, "free", canvas="union")
        for call in (mf.preview_motion, mf.estimate_motion)
    )
    assert np.abs(np.subtract(quick.origin, full.origin)).max() <= 2
    assert np.abs(np.subtract(quick.integrated.shape, full.integrated.shape)).max() <= 3


def test_a_preview_of_a_small_stack_is_the_fast_answer() -> None:
    quick = mf.preview_motion(KNOWN.stack, "free")
    fast = mf.estimate_motion(KNOWN.stack, "free", effort="fast")
    np.testing.assert_allclose(quick.displacements, fast.displacements, atol=1e-6)


def test_a_preview_of_a_lazy_stack() -> None:
    lazy = da.from_array(np.tile(KNOWN.stack, (4, 1, 1)), chunks=(1, 48, 48))
    assert mf.preview_motion(lazy, "spline").displacements.shape == (64, 2)
