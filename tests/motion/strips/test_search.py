"""The landscape of many windows is the double sum over pairs of lines, in units of its noise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from benchmarks import strip_scenes as scenes

from napari_motionfft.motion.strips import search
from napari_motionfft.motion.strips.lines import as_lines
from napari_motionfft.motion.strips.scene import look, setup_of
from napari_motionfft.motion.strips.search import Setup, search_windows
from napari_motionfft.motion.strips.spectra import lag_spectra, line_spectra
from napari_motionfft.motion.strips.speeds import lags_in_view

CPU = torch.device("cpu")


def setup(
    frames: int = 9,
    length: int = 40,
    limit: float = 4.0,
    periodic: bool = False,
    still: bool = False,
) -> Setup:
    return setup_of(frames, length, limit, "flat", still, periodic)


def random_lines(windows: int, frames: int, length: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(windows, frames, length, generator=draw)


def moving(
    velocity: float, frames: int, length: int, snr: float = math.inf, seed: int = 0
) -> torch.Tensor:
    """(1, n, L) a texture that never comes back."""
    known = scenes.kymograph(seed, snr, velocity, length, frames)
    return torch.from_numpy(known.kymograph)[None]


def wrapping(velocity: float, frames: int, length: int) -> torch.Tensor:
    """(1, n, L) a texture that comes back in at the other end."""
    line = scenes.texture(np.random.default_rng(0), length, 1 / length)
    positions = velocity * np.arange(frames, dtype=np.float64)
    return torch.from_numpy(scenes.seen(line, length, positions, length)).float()[None]


def found_in(lines: torch.Tensor, shared: Setup, chance: float = 8.0) -> search.Found:
    weight = torch.ones(len(lines), len(shared.k))
    return search_windows(lines, weight, shared, torch.full((len(lines),), chance).double())


def test_spectra_are_those_of_lines_less_their_mean_under_the_taper() -> None:
    lines, shared = random_lines(2, 5, 40), setup()
    found = line_spectra(lines + 3.0, shared.taper, shared.size).numpy()
    taper = shared.taper.numpy().astype(np.float64)
    raw = lines.numpy().astype(np.float64)
    level = (raw * taper).sum(-1, keepdims=True) / taper.sum()
    wanted = np.fft.rfft((raw - level) * taper, shared.size, norm="ortho")
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_lag_spectra_are_the_direct_sums() -> None:
    draw = torch.Generator().manual_seed(1)
    spectra = torch.randn(3, 9, 11, dtype=torch.complex64, generator=draw)
    lags = lag_spectra(spectra, 6)
    assert lags.shape == (6, 3, 11)
    x = spectra.numpy().astype(np.complex128)
    for lag in range(1, 7):
        wanted = (x[:, lag:] * x[:, :-lag].conj()).sum(1)
        np.testing.assert_allclose(lags[lag - 1], wanted, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("periodic", [False, True])
def test_landscape_is_the_double_sum_over_pairs_of_lines(periodic: bool) -> None:
    """Every pair of lines that shares half the strip, at every velocity, in float64."""
    shared = setup(periodic=periodic)
    lines = random_lines(2, 9, 40)
    draw = torch.Generator().manual_seed(2)
    weight = torch.rand(2, len(shared.k), generator=draw)
    spectra = line_spectra(lines, shared.taper, shared.size)[..., 1 : len(shared.k) + 1]
    count = shared.in_view()
    lags = lag_spectra(spectra, shared.lags) * weight
    found = search.gemm(lags, shared, count).numpy()
    x, w = spectra.numpy().astype(np.complex128), weight.double().numpy()
    k, wanted = shared.k.numpy(), np.zeros(found.shape)
    for at, v in enumerate(shared.grid.tolist()):
        for t in range(9):
            for s in range(9):
                lag = abs(t - s)
                if lag == 0 or (not periodic and lag * abs(v) > 0.5 * 40 + 1e-9):
                    continue
                pair = x[:, t] * x[:, s].conj() * np.exp(2j * np.pi * k * v * (t - s))
                wanted[:, at] += (w * pair).real.sum(-1)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max())


def test_score_is_the_landscape_in_noise_of_the_same_power() -> None:
    shared, lines = setup(), random_lines(3, 9, 40)
    draw = torch.Generator().manual_seed(3)
    weight = torch.rand(3, len(shared.k), generator=draw)
    score = search_windows(lines, weight, shared, torch.full((3,), 9.0).double()).score
    spectra = line_spectra(lines, shared.taper, shared.size)[..., 1 : len(shared.k) + 1]
    count = lags_in_view(shared.grid, 40, 8)
    raw = search.gemm(lag_spectra(spectra, 8) * weight, shared, count).double()
    power = weight * spectra.abs().square().mean(1)
    pairs = torch.tensor([sum(9 - lag for lag in range(1, int(c) + 1)) for c in count])
    sigma = (2 * shared.overcount * power.double().square().sum(1)[:, None] * pairs).sqrt()
    np.testing.assert_allclose(score, raw / sigma, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("frames", "length"), [(8, 100), (64, 128)])
def test_score_of_white_noise_has_unit_spread(frames: int, length: int) -> None:
    """Around zero motion; pairs moved against each other share less of the taper, so vary less.

    200 windows know a standard deviation to 5 %.
    """
    shared = setup_of(frames, length, length / 4, "auto", False, False)
    score = found_in(random_lines(200, frames, length), shared).score.double()
    assert abs(float(score.mean())) < 0.05
    slow = shared.grid.abs() * (frames - 1) <= 0.05 * length
    assert float(score[:, slow].std()) == pytest.approx(1.0, abs=0.15)
    assert float(score.std(0).min()) > 0.4
    assert float(score.std(0).max()) < 1.25


@pytest.mark.parametrize("blur", [0, 4])
def test_noise_stays_below_what_chance_is_said_to_reach(blur: int) -> None:
    """400 windows at a false alarm of 1e-3 each: two or fewer with probability 0.992."""
    frames, length = 16, 100
    lines = random_lines(400, frames, length + blur, seed=5)
    if blur:
        lines = lines.unfold(-1, blur + 1, 1).mean(-1)
    shared = setup_of(frames, length, length / 4, "auto", True, False)
    scene = look(as_lines(lines.reshape(-1, length).numpy()), shared, "auto", True)
    assert 3 < scene.chance < 12
    weight = scene.weight.expand(400, -1)
    chance = torch.full((400,), scene.chance).double()
    found = search_windows(lines - scene.still, weight, shared, chance)
    assert int((found.height[:, 0] > scene.chance).sum()) <= 2
    assert float(found.height[:, 0].max()) > 0.3 * scene.chance


@pytest.mark.parametrize("velocity", [0.0, 0.31, -1.7, 3.6])
def test_highest_peak_is_the_motion(velocity: float) -> None:
    shared = setup(frames=20, length=64, limit=5.0)
    found = found_in(moving(velocity, 20, 64), shared)
    lag = min(19.0, 32 / max(abs(velocity), 1e-9))
    assert abs(float(found.velocity[0, 0]) - velocity) < 0.5 / lag
    assert float(found.height[0, 0]) > 20


def test_score_grows_with_the_frames_that_agree() -> None:
    """The noise of the scale is that of single lines: it does not saturate when lines agree."""
    heights = []
    for frames in (8, 16, 32):
        shared = setup(frames=frames, length=64, limit=2.0, periodic=True)
        heights.append(float(found_in(wrapping(0.5, frames, 64), shared).height[0, 0]))
    assert heights[1] / heights[0] == pytest.approx(2, rel=0.15)
    assert heights[2] / heights[1] == pytest.approx(2, rel=0.15)


def test_beam_of_one_motion_is_its_lag_spectra_where_nothing_leaves() -> None:
    shared = setup(frames=12, length=48, periodic=True)
    spectra = line_spectra(wrapping(1.3, 12, 48), shared.taper, 48)[..., 1 : len(shared.k) + 1]
    wanted = lag_spectra(spectra, shared.lags)
    shape = search.beam(wanted, torch.tensor([1.3]).double(), shared)
    np.testing.assert_allclose(shape, wanted, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.parametrize("velocity", [0.0, 0.4, -1.5])
def test_beam_takes_one_motion_out_of_the_landscape(velocity: float) -> None:
    """What leaves the strip is modelled, not known: a part stays, below what counts as a peak."""
    shared = setup(frames=24, length=128, limit=4.0)
    lines = moving(velocity, 24, 128)
    spectra = line_spectra(lines, shared.taper, shared.size)[..., 1 : len(shared.k) + 1]
    weight = 1 / spectra.abs().square().mean(1)
    weight /= weight.max()
    count = shared.in_view()
    lags = lag_spectra(spectra, shared.lags) * weight
    whole = search.gemm(lags, shared, count)
    at = torch.tensor([velocity]).double()
    rest = whole - search.gemm(search.beam(lags, at, shared), shared, count)
    near = (shared.grid - velocity).abs() * 23 < 1
    assert float(rest[:, near].abs().max()) < 0.25 * float(whole.max())
    beside = ~search.lobe(at, shared)[0]
    assert float(rest[:, beside].max()) < search.LEAST_SHARE * float(whole.max())


def test_one_motion_is_one_peak_and_two_are_two() -> None:
    shared = setup(frames=48, length=128, limit=4.0)
    one = found_in(moving(1.5, 48, 128, snr=2.0), shared)
    assert (one.height[0] > 0).tolist() == [True, False, False, False]
    both = moving(1.5, 48, 128, snr=2.0) + moving(-0.8, 48, 128, seed=1)
    two = found_in(both, shared)
    assert (two.height[0] > 0).tolist() == [True, True, False, False]
    np.testing.assert_allclose(sorted(two.velocity[0, :2].tolist()), [-0.8, 1.5], atol=0.02)
    assert float(two.height[0, 0]) >= float(two.height[0, 1])


@pytest.mark.parametrize("velocity", [2.5, -6.0, 14.0])
def test_one_fast_motion_is_one_peak(velocity: float) -> None:
    """It passes several strip lengths in the window: pieces that never meet add up at random."""
    shared = setup(frames=64, length=64, limit=16.0)
    for seed in range(4):
        found = found_in(moving(velocity, 64, 64, 2.0, seed), shared)
        assert (found.height[0] > 0).tolist() == [True, False, False, False]
        assert float(found.velocity[0, 0]) == pytest.approx(velocity, abs=0.3)


def test_a_still_pattern_is_no_peak_where_it_is_said_to_be_taken_out() -> None:
    lines = moving(0.0, 24, 64, snr=3.0) + 0.5 * moving(1.1, 24, 64, seed=1)
    kept = found_in(lines, setup(frames=24, length=64, limit=3.0))
    assert abs(float(kept.velocity[0, 0])) < 0.02
    left_out = found_in(lines, setup(frames=24, length=64, limit=3.0, still=True))
    assert float(left_out.velocity[0, 0]) == pytest.approx(1.1, abs=0.03)


def test_coherence_is_level_while_the_pattern_lasts() -> None:
    shared = setup(frames=40, length=128, limit=2.0)
    found = found_in(moving(0.5, 40, 128), shared)
    kept = found.coherence[0][torch.isfinite(found.coherence[0])]
    assert len(kept) == 39
    assert float(kept.std() / kept.mean()) < 0.15
    fast = found_in(moving(2.0, 40, 128), shared)
    seen = torch.isfinite(fast.coherence[0])
    assert not bool(seen[-1])  # 78 px away: not a quarter of the taper is left


def test_coherence_knows_its_noise() -> None:
    """At a fixed velocity; 200 windows, the first five lags."""
    shared = setup(frames=12, length=80, periodic=True)
    lines = random_lines(200, 12, 80)
    spectra = line_spectra(lines, shared.taper, shared.size)[..., 1 : len(shared.k) + 1]
    alone = 2 * shared.overcount * spectra.abs().square().mean(1).double().square().sum(1)
    lags = lag_spectra(spectra, shared.lags)
    at = torch.full((200,), 0.7).double()
    value, sigma = search.coherence_of(lags, at, alone, shared)
    z = (value / sigma)[:, :5]
    assert abs(float(z.mean())) < 0.1
    assert float(z.std()) == pytest.approx(1.0, abs=0.1)


def test_windows_together_are_as_each_alone() -> None:
    shared = setup(frames=20, length=64, limit=5.0)
    lines = torch.cat([moving(v, 20, 64, 1.0, seed) for seed, v in enumerate((0.3, -1.2, 2.5))])
    lines = torch.cat([lines, lines[:1] + moving(-2.0, 20, 64, seed=9), random_lines(1, 20, 64)])
    together = found_in(lines, shared)
    for row in range(len(lines)):
        alone = found_in(lines[row : row + 1], shared)
        np.testing.assert_allclose(together.score[row], alone.score[0], atol=1e-3)
        np.testing.assert_allclose(together.velocity[row], alone.velocity[0], atol=1e-4)
        np.testing.assert_allclose(together.height[row], alone.height[0], atol=1e-3)
        np.testing.assert_allclose(
            together.coherence[row], alone.coherence[0], rtol=1e-3, atol=1e-3
        )


def test_phases_made_anew_are_those_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = moving(0.8, 20, 64, 1.0)
    kept = setup(frames=20, length=64)
    with_tables = found_in(lines, kept)
    assert len(kept.tables) == 19
    monkeypatch.setattr(search, "MOST_KEPT", 0)
    bare = setup(frames=20, length=64)
    without = found_in(lines, bare)
    assert bare.tables == {}
    np.testing.assert_allclose(without.score, with_tables.score, atol=1e-4)


def test_long_windows_look_at_the_first_lags_only() -> None:
    shared = replace(setup(frames=40, length=64, limit=3.0), most=10)
    assert shared.lags == 10
    found = found_in(moving(0.7, 40, 64, 2.0), shared)
    assert found.coherence.shape == (1, 10)
    assert float(found.velocity[0, 0]) == pytest.approx(0.7, abs=0.03)
    assert setup(frames=2000).lags == search.MOST_LAGS


def test_lines_without_content_have_no_peak() -> None:
    found = found_in(torch.zeros(2, 9, 40), setup())
    assert torch.isfinite(found.score).all()
    assert float(found.height.abs().max()) == 0


@pytest.mark.gpu
def test_gpu_and_cpu_find_the_same() -> None:
    shared = setup(frames=48, length=128, limit=4.0)
    lines = moving(1.5, 48, 128, snr=1.0) + moving(-0.8, 48, 128, seed=1)
    lines = torch.cat([lines, moving(0.4, 48, 128, 0.5, seed=2)])
    cpu, gpu = found_in(lines, shared), found_in(lines.cuda(), shared)
    np.testing.assert_allclose(gpu.score, cpu.score, atol=1e-2)
    np.testing.assert_allclose(gpu.velocity, cpu.velocity, atol=1e-4)
    np.testing.assert_allclose(gpu.height, cpu.height, atol=1e-2)
