"""The field that layers are fitted on: smaller where it is large, in runs where all leaves it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from benchmarks.layer_scenes import summed
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import job_for
from tests.motion.several.made_layers import quiet

from napari_motionfft.motion.several import field
from napari_motionfft.motion.several.field import (
    laid_out,
    layers_of_all,
    reduction,
    run_length,
    shrunk,
    smaller,
    solved_well,
)
from napari_motionfft.motion.several.torus import MARGIN, again, torus_shape

NOISE = np.random.default_rng(0).standard_normal((6, 40, 60)).astype(np.float32)


def wide(shape: tuple[int, int]) -> np.ndarray:
    """Frames that hold something and no memory."""
    frames = np.zeros((4, 1, shape[1]), np.float32)
    frames[:, 0, 0] = 1
    return np.broadcast_to(frames, (4, *shape))


@pytest.mark.parametrize(
    ("shape", "factor"),
    [((64, 64), 1), ((192, 500), 1), ((193, 500), 2), ((384, 384), 2), ((385, 400), 3)],
)
def test_how_far_a_field_is_averaged_down(shape: tuple[int, int], factor: int) -> None:
    assert reduction(job_for(wide(shape), device="cpu")) == factor


def test_what_cannot_be_averaged_down_is_not() -> None:
    """Periodic sides that do not divide; a weight of the user's for each frequency."""
    assert reduction(job_for(wide((385, 385)), boundary="periodic")) == 1
    assert reduction(job_for(wide((390, 390)), boundary="periodic")) == 3
    assert reduction(job_for(wide((400, 400)), weight=np.ones((400, 201)))) == 1


def test_a_smaller_job_counts_in_its_own_px() -> None:
    job = job_for(NOISE, region=(slice(4, 40), slice(6, 58)), max_speed=4)
    small = smaller(job, 2)
    assert small.box == ((0, 18), (0, 26))
    assert small.asked["max_speed"] == 2
    assert job.asked["max_speed"] == 4
    assert small.frames.shape == (18, 26)
    read = small.frames.read(0, 6, small.box).numpy()
    held = read * job.frames.scale + job.frames.offset
    means = NOISE[:, 4:40, 6:58].mean((1, 2))
    np.testing.assert_allclose(held.mean((1, 2)), means, atol=1e-5)
    same = smaller(job, 1)
    assert same.box == job.box
    assert same.asked == job.asked


def test_a_smaller_job_keeps_the_digits_of_large_values() -> None:
    high = smaller(job_for(NOISE.astype(np.float64) + 1e8), 2)
    low = smaller(job_for(NOISE.astype(np.float64)), 2)
    both = [small.frames.read(0, 6, small.box).numpy() for small in (high, low)]
    np.testing.assert_allclose(*both, atol=1e-5)


def waves(size: int, cycles: float, phase: float) -> torch.Tensor:
    """(1, size, size) of so many cycles a px along x."""
    x = torch.arange(size, dtype=torch.float32)
    return torch.cos(2 * torch.pi * cycles * x + phase).expand(1, size, size)


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("phase", [0.0, 1.1])
@pytest.mark.parametrize("cycles", [0.1, 0.3, 0.4])
def test_what_a_smaller_field_cannot_hold_is_not_folded_back(
    factor: int, phase: float, cycles: float
) -> None:
    """It would move as a motion of its own. Beside the edges, where frames just end, a little."""
    wide = waves(180, cycles, phase)
    small = {p: shrunk(wide, factor, p)[0] for p in (False, True)}
    assert small[False].shape == small[True].shape == (180 // factor, 180 // factor)
    if cycles * factor > 0.5:
        assert float(small[True].abs().max()) < 1e-5
        assert float(small[False][10:-10, 10:-10].abs().max()) < 0.06
        return
    # a periodic field keeps the px that it keeps; others lie midway between theirs
    for periodic, start, tolerance in ((True, 0.0, 1e-5), (False, (factor - 1) / 2, 0.06)):
        x = start + factor * torch.arange(180 // factor)
        wanted = torch.cos(2 * torch.pi * cycles * x + phase)
        off = (small[periodic][10:-10] - wanted)[:, 10:-10]
        assert float(off.abs().max()) < tolerance


@pytest.mark.parametrize("periodic", [False, True])
@pytest.mark.parametrize("shape", [(60, 90), (61, 92)])
def test_noise_stays_white_on_a_smaller_field(periodic: bool, shape: tuple[int, int]) -> None:
    """Its power is the same at all frequencies, its variance that of means over blocks."""
    if periodic and shape[0] % 3:
        shape = (63, 93)  # odd sides
    white = torch.from_numpy(np.random.default_rng(0).standard_normal((40, *shape))).float()
    small = shrunk(white, 3, periodic)
    assert small.shape == (40, shape[0] // 3, shape[1] // 3)
    assert float(small.var()) == pytest.approx(1 / 9, rel=0.1)
    power = torch.fft.rfft2(small, norm="ortho").abs().square().mean(0) * 9
    assert 0.7 < float(power[1:5, 1:5].mean()) < 1.3
    assert 0.7 < float(power[7:9, 10:14].mean()) < 1.3


@settings(max_examples=30)
@given(
    st.tuples(st.integers(16, 200), st.integers(16, 200)),
    st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
    st.integers(4, 60),
)
def test_the_torus_holds_all_that_passes(
    shape: tuple[int, int], velocity: tuple[float, float], frames: int
) -> None:
    known = torch.tensor([velocity, (0.0, 0.0)], dtype=torch.float64)
    sides = torus_shape(shape, known, frames, False)
    for side, size, v in zip(sides, shape, velocity, strict=True):
        least = size + abs(v) * (frames - 1) + MARGIN
        assert least - 2e-3 <= side <= 1.3 * least + 8
        assert side % 2 == 0
    assert torus_shape(shape, known, frames, True) == shape


@given(st.floats(0, 8), st.integers(4, 70))
def test_no_motion_leaves_the_field_within_a_run(speed: float, frames: int) -> None:
    known = torch.tensor([[speed, 0.1]], dtype=torch.float64)
    length = run_length((16, 100), known, frames)
    assert min(3, -(-frames // 2)) - 1 <= length <= frames
    assert length == frames or length * speed <= max(16, 3 * speed) + 1e-9


@settings(max_examples=40)
@given(st.integers(4, 40), st.floats(0.5, 8))
def test_runs_hold_every_frame_once(frames: int, speed: float) -> None:
    stack = np.zeros((frames, 16, 16), np.float32)
    stack[:, 0, 0] = 1
    velocities = torch.tensor([[speed, 0.0], [0.0, 0.0]], dtype=torch.float64)
    tori = laid_out(job_for(stack, max_speed=8), velocities, quiet)
    held = [t for torus in tori for t in range(torus.start, torus.stop)]
    assert held == list(range(frames))
    assert min(torus.count for torus in tori) >= 2
    assert len({torus.shape for torus in tori}) == 1
    times = torch.cat([torus.times for torus in tori])
    assert float(times.sum()) == pytest.approx(0)


def test_again_is_the_same_torus_where_its_shape_is() -> None:
    (torus,) = laid_out(job_for(NOISE), torch.zeros(1, 2, dtype=torch.float64), quiet)
    assert again(torus, torus.shape) is torus
    list(torus.spectra())
    other = again(torus, (128, 128))
    assert other.shape == (128, 128)
    assert next(other.spectra())[1].shape == (6, 128, 65)


def test_spectra_are_the_same_whether_kept_or_not() -> None:
    job = replace(job_for(NOISE), block=2)
    (torus,) = laid_out(job, torch.tensor([[0.5, 1.0]], dtype=torch.float64), quiet)
    fresh = replace(torus, keep=False, _kept={})
    for _ in range(2):
        pairs = list(zip(torus.spectra(), fresh.spectra(), strict=True))
        assert [first for (first, _), _ in pairs] == [0, 2, 4]
        for (_, one), (_, other) in pairs:
            torch.testing.assert_close(one, other)
    assert not fresh._kept


def test_a_large_field_is_found_on_a_smaller_one_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refined at full resolution, the answer is that of full resolution alone."""
    known = summed(3, np.array([[1.2, -0.8], [-1.0, 0.6]]), ("pink",) * 2, 6, 0.5, 64)
    job = job_for(known.stack)
    start = torch.from_numpy(known.velocities) + 0.05
    free = torch.tensor([True, True])
    full, _ = layers_of_all(job, start, free, quiet)
    monkeypatch.setattr(field, "SIDE", 32)
    assert reduction(job) == 2
    twice, _ = layers_of_all(job, start, free, quiet)
    error = full.covariance.diagonal().sqrt().reshape(2, 2)
    assert ((twice.model.velocities - full.model.velocities).abs() < 0.5 * error).all()
    assert twice.steps <= field.FULL_STEPS
    assert ((full.model.velocities - torch.from_numpy(known.velocities)).abs() < 5 * error).all()


def test_layers_that_are_shown_are_solved_further() -> None:
    known = summed(3, np.array([[1.2, -0.8], [-1.0, 0.6]]), ("pink",) * 2, 6, 0.2, 48)
    job = job_for(known.stack)
    start = torch.from_numpy(known.velocities)
    fit, tori = field.layers_of(job, start, torch.tensor([True, True]), quiet, 2)
    well = solved_well(fit, tori)
    best = solved_well(well, tori)
    far, near = ((x.layers[0] - best.layers[0]).abs().max() for x in (fit, well))
    assert near < 0.5 * far
    assert well.model is fit.model
