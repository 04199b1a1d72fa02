"""Windows that travel with the content stay inside the frame."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import job_for

from napari_motionfft.motion.crops import cut, fast_size, runs, travelling_box
from napari_motionfft.motion.frames import apodised, window


@st.composite
def fields(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[tuple[int, int], tuple[int, int]]]:
    """A frame and a box of at least 16 px in it."""
    shape = draw(st.integers(16, 200)), draw(st.integers(16, 200))
    box = []
    for size in shape:
        start = draw(st.integers(0, size - 16))
        box.append((start, draw(st.integers(start + 16, size))))
    return shape, (box[0], box[1])


@st.composite
def paths(draw: st.DrawFn) -> torch.Tensor:
    """Constant velocity, a walk, or a walk with jumps, (T, 2) px."""
    count = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    speed = draw(st.sampled_from([0.0, 0.1, 1.0, 5.0, 40.0]))
    steps = speed * rng.standard_normal(2) + draw(st.sampled_from([0.0, 1.0])) * (
        rng.standard_normal((count, 2))
    )
    if draw(st.booleans()):
        steps[rng.integers(count)] += 100
    path = np.cumsum(steps, 0)
    return torch.from_numpy(path - path[0])


@settings(max_examples=300, deadline=None)
@given(fields(), paths())
def test_runs_stay_inside_come_in_order_and_leave_no_frame_that_fits(
    field: tuple, path: torch.Tensor
) -> None:
    shape, box = field
    found = runs(box, shape, path)
    last = 0
    for start, stop, inside in found:
        assert last <= start < stop <= len(path)
        assert stop - start >= 2
        placed = torch.round(path[start:stop] - path[start])
        for axis in (0, 1):
            low, high = inside[axis]
            assert high - low >= max(16, (box[axis][1] - box[axis][0]) // 2)
            assert box[axis][0] <= low < high <= box[axis][1]
            assert low + float(placed[:, axis].min()) >= 0
            assert high + float(placed[:, axis].max()) <= shape[axis]
        # as long as it can be: one more frame would not fit
        if stop < len(path):
            longer = torch.round(path[start : stop + 1] - path[start])
            assert travelling_box(box, shape, longer) is None
        # frames passed over begin no pair
        for t in range(last, start):
            pair = torch.round(path[t : t + 2] - path[t])
            assert travelling_box(box, shape, pair) is None
        last = stop
    for t in range(last, len(path) - 1):
        assert travelling_box(box, shape, torch.round(path[t : t + 2] - path[t])) is None


def test_a_scene_at_rest_is_one_run_of_the_whole_field() -> None:
    box = ((0, 128), (0, 96))
    assert runs(box, (128, 96), torch.zeros(20, 2)) == [(0, 20, box)]


def test_a_long_drift_is_several_runs() -> None:
    path = torch.arange(40, dtype=torch.float64)[:, None] * torch.tensor([[0.0, 5.0]])
    found = runs(((0, 64), (0, 64)), (64, 64), path)
    assert len(found) > 4
    assert [a[1] for a in found[:-1]] == [b[0] for b in found[1:]]


def test_content_that_leaves_between_frames_is_no_run() -> None:
    path = torch.arange(5, dtype=torch.float64)[:, None] * torch.tensor([[40.0, 0.0]])
    assert runs(((0, 64), (0, 64)), (64, 64), path) == []


@given(st.integers(4, 3000))
def test_fast_sizes_are_even_and_near(size: int) -> None:
    n = fast_size(size)
    assert n % 2 == 0
    assert 0.8 * size - 2 <= n <= size
    for factor in (2, 3, 5, 7, 11):
        while n % factor == 0:
            n //= factor
    assert n == 1


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("block", [1, 3, 100])
def test_windows_show_the_content_at_the_rounded_displacement(lazy: bool, block: int) -> None:
    rng = np.random.default_rng(0)
    stack = rng.standard_normal((7, 70, 80)).astype(np.float32)
    path = torch.arange(7, dtype=torch.float64)[:, None] * torch.tensor([[1.3, -2.6]])
    region = (slice(10, 58), slice(16, 64))
    job = job_for(da.from_array(stack, chunks=(2, 32, 32)) if lazy else stack, region=region)
    job = replace(job, block=block)
    (crop,) = cut(job, path, None, job.check)
    (y0, y1), (x0, x1) = crop.box
    taper = window(crop.shape, crop.taper)
    seen = 0
    for first, spectra in crop.spectra():
        for row, spectrum in enumerate(spectra):
            dy, dx = (int(p) for p in torch.round(path[first + row]))
            frame = torch.from_numpy(stack[first + row, y0 + dy : y1 + dy, x0 + dx : x1 + dx])
            frame = (frame - job.frames.offset) / job.frames.scale
            want = torch.fft.rfft2(apodised(frame[None], taper), norm="ortho")[0]
            torch.testing.assert_close(spectrum, want, atol=1e-4, rtol=0)
            seen += 1
    assert seen == 7


def test_periodic_windows_stand_still() -> None:
    stack = np.random.default_rng(0).standard_normal((4, 32, 33))
    job = job_for(stack, boundary="periodic")
    path = torch.arange(4, dtype=torch.float64)[:, None] * torch.tensor([[9.0, 9.0]])
    (crop,) = cut(job, path, None, job.check)
    assert crop.box == ((0, 32), (0, 33))
    assert not crop.placed.any()
    assert crop.overcount == pytest.approx(1)
