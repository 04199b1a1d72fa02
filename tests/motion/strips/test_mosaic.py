"""Lines laid along their motion make up the scene, and say by how much they are off."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks import strip_scenes as scenes

from napari_motionfft.motion.frames import window
from napari_motionfft.motion.strips import mosaic
from napari_motionfft.motion.strips.mosaic import Runs
from napari_motionfft.motion.strips.refine import basis_of
from napari_motionfft.motion.strips.scene import TAPER

LENGTH = 96


def smooth_scene(size: int, seed: int = 0) -> np.ndarray:
    """(size//2+1,) spectrum of a texture without the frequencies that a taper cannot shift."""
    k = np.fft.rfftfreq(size)
    line = scenes.texture(np.random.default_rng(seed), size, 1 / LENGTH)
    return np.asarray(line * (k < 0.35) * np.exp(-((k / 0.2) ** 2)))


def moving(positions: np.ndarray, seed: int = 0) -> tuple[torch.Tensor, np.ndarray, int]:
    """(1, n, L) lines at these displacements, the scene (M,) and its length M."""
    size = scenes.scene_size(positions, LENGTH)
    spectrum = smooth_scene(size, seed)
    lines = scenes.seen(spectrum, size, positions, LENGTH)
    return torch.from_numpy(lines).float()[None], np.fft.irfft(spectrum, size), size


def laid(
    lines: torch.Tensor, velocity: float, runs: int = 1, size: int = 256, taper: float = TAPER
) -> tuple[Runs, mosaic.MeanLine]:
    made = Runs.of(lines, runs, window((lines.shape[2], 1), taper)[:, 0], size)
    return made, mosaic.lay(made, (velocity * made.t).expand(len(lines), -1, -1))


def test_runs_hold_every_line_once() -> None:
    lines = torch.randn(2, 11, LENGTH, generator=torch.Generator().manual_seed(0))
    runs = Runs.of(lines, 3, torch.ones(LENGTH), 128)
    assert runs.mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 0]]
    level = lines - lines.mean(-1, keepdim=True)
    np.testing.assert_allclose(runs.lines.flatten(1, 2)[:, :11], level, atol=1e-6)
    assert float(runs.lines[:, 2, 3].abs().max()) == 0
    np.testing.assert_allclose(runs.t.sum(1), 0, atol=1e-12)
    np.testing.assert_allclose(runs.t[2], [-1, 0, 1, 0])


def test_bins_of_the_half_plane_add_up_to_the_inner_product() -> None:
    """Σ_x a·b = Re Σ_k counted·A*·B, without what the Nyquist frequency holds."""
    draw = np.random.default_rng(0)
    for size in (64, 65):
        a, b = np.fft.rfft(draw.standard_normal((2, size)))
        if size % 2 == 0:
            a[-1] = 0
        runs = Runs.of(torch.zeros(1, 4, 32), 1, torch.ones(32), size)
        found = float((runs.counted().double().numpy() * (a.conj() * b).real).sum())
        wanted = float((np.fft.irfft(a, size) * np.fft.irfft(b, size)).sum())
        assert found == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("velocity", [0.0, 0.37, -1.6])
def test_mean_line_of_a_moving_texture_is_the_scene(velocity: float) -> None:
    """Wherever enough lines saw it; a line lies as high as its own mean, so some levels are off."""
    t = np.arange(24) - 11.5
    lines, scene, size = moving(velocity * t)
    runs, mean = laid(lines, velocity)
    count = torch.fft.irfft(mean.cover, runs.size)[0, 0].numpy()
    line = torch.fft.irfft(mean.spectrum, runs.size)[0, 0].numpy()
    sure = count > 6
    at = np.flatnonzero(sure)
    x = np.where(at < runs.size / 2 + LENGTH / 2, at, at - runs.size)  # before the strip
    wanted = scene[x % size]
    off = line[at] - wanted
    assert len(at) > LENGTH - 6 + abs(velocity) * 10
    assert np.std(off) < 0.15 * np.std(wanted)
    assert np.corrcoef(line[at], wanted)[0, 1] > 0.99


def test_mean_line_at_rest_is_the_mean_under_the_taper() -> None:
    lines = torch.randn(1, 8, LENGTH, generator=torch.Generator().manual_seed(0))
    runs, mean = laid(lines, 0.0)
    line = torch.fft.irfft(mean.spectrum, runs.size)[0, 0, :LENGTH]
    taper = runs.taper
    level = (lines * taper).sum(-1, keepdim=True) / taper.sum()
    inside = slice(20, LENGTH - 20)
    wanted = (lines - level)[0].mean(0)
    np.testing.assert_allclose(line[inside], wanted[inside], atol=1e-4)
    seen = 8 * float((taper**2).sum() / taper.sum())
    assert float(mean.lines_a_point[0]) == pytest.approx(seen, rel=1e-4)


def test_lines_a_point_falls_with_the_speed() -> None:
    lines, _, _ = moving(np.zeros(48))
    seen = [float(laid(lines, v)[1].lines_a_point[0]) for v in (0.0, 1.0, 2.0)]
    assert seen[0] == pytest.approx(48, rel=0.06)
    # a point is in view for L/v frames
    assert seen[1] == pytest.approx(48 * (1 - 48 / LENGTH / 3), rel=0.1)
    assert seen[0] > seen[1] > seen[2] > LENGTH / 2 / 2


def test_gradient_is_the_slope_of_the_agreement() -> None:
    """Σ_x w·(W ∗ u′)·S̄ and its own slope, line by line in the plane."""
    lines, _, _ = moving(0.4 * (np.arange(6) - 2.5))
    lines = lines + 0.2 * torch.randn(lines.shape, generator=torch.Generator().manual_seed(1))
    runs, mean = laid(lines, 0.3)
    weight = torch.exp(-((runs.k / 0.2) ** 2)).float()[None]
    found, curvature = mosaic.gradients(runs, mosaic.pulls(runs, weight), mean)
    k = runs.k.numpy()
    spectrum = mean.spectrum[0, 0].numpy().astype(np.complex128)
    for row in range(6):
        line = runs.spectra[0, 0, row].numpy().astype(np.complex128)
        slope = np.fft.irfft(2j * np.pi * k * weight[0].numpy() * line, runs.size)
        place = 0.3 * float(runs.t[0, row])
        turn = np.exp(-2j * np.pi * k * place)
        turn[-1] = 0  # the Nyquist frequency counts for nothing
        moved = np.fft.irfft(spectrum * turn, runs.size)
        bent = np.fft.irfft(spectrum * 2j * np.pi * k * turn, runs.size)
        taper = runs.taper.numpy()
        wanted = float((slope[:LENGTH] * taper * moved[:LENGTH]).sum())
        steep = float((slope[:LENGTH] * taper * bent[:LENGTH]).sum())
        scale = float(np.abs(slope[:LENGTH] * taper * moved[:LENGTH]).sum())
        assert float(found[0, 0, row]) == pytest.approx(wanted, abs=2e-5 * scale)
        assert float(curvature[0, 0, row]) == pytest.approx(steep, rel=1e-4)


@pytest.mark.parametrize("velocity", [0.0, 0.37, -1.6])
def test_lines_do_not_pull_at_the_truth(velocity: float) -> None:
    """Without noise: what is left is of the ends, far below what a tenth of a px would make."""
    t = np.arange(24) - 11.5
    lines, _, _ = moving(velocity * t)
    runs, mean = laid(lines, velocity)
    weight = torch.exp(-((runs.k / 0.15) ** 2)).float()[None]
    pull = mosaic.pulls(runs, weight)
    gradient, curvature = mosaic.gradients(runs, pull, mean)
    assert float(curvature.min()) > 0
    off = gradient / curvature.mean()  # px
    assert float(off.abs().max()) < 0.1
    along = float((off * runs.t).sum() / (runs.t**2).sum())  # px/frame
    assert abs(along) < 1e-3
    # 0.02 px/frame off: the lines say so, and how much
    _, wrong = laid(lines, velocity + 0.02)
    gradient, curvature = mosaic.gradients(runs, pull, wrong)
    step = float((gradient * runs.t).sum() / curvature.mean() / (runs.t**2).sum())
    assert step == pytest.approx(-0.02, rel=0.4)


def test_a_bend_is_added_to_the_path() -> None:
    lines, _, _ = moving(0.5 * np.arange(8))
    runs, _ = laid(lines, 0.5)
    bend = 0.3 * runs.t[None] ** 2
    straight = mosaic.lay(runs, 0.5 * runs.t[None] + bend)
    runs.bend = bend
    bent = mosaic.lay(runs, 0.5 * runs.t[None])
    np.testing.assert_allclose(bent.spectrum, straight.spectrum, atol=1e-4)


def test_lines_beyond_the_window_do_not_count() -> None:
    lines, _, _ = moving(0.5 * np.arange(11))
    runs, mean = laid(lines, 0.5, runs=3)
    assert float(mean.turns[:, 2, 3].abs().max()) == 0
    gradient, curvature = mosaic.gradients(
        runs, mosaic.pulls(runs, torch.ones(1, len(runs.k))), mean
    )
    assert gradient[0, 2, 3] == 0
    assert curvature[0, 2, 3] == 0


def direct_gram(velocity: float, times: np.ndarray, basis: np.ndarray, length: float) -> np.ndarray:
    """Σ (B − B̄)(B − B̄)ᵀ over the lines that see each point, on a fine grid of points."""
    step = 0.02
    low = min(0.0, float((-velocity * times).min()))
    high = length + max(0.0, float((-velocity * times).max()))
    out = np.zeros((basis.shape[1],) * 2)
    for y in np.arange(low, high, step) + step / 2:
        x = y + velocity * times  # where the point is in each line
        b = basis[(x >= 0) & (x < length)]
        if len(b) > 1:
            centred = b - b.mean(0)
            out += centred.T @ centred * step
    return out / length


@pytest.mark.parametrize("velocity", [0.0, 0.3, -0.3, 1.7, 6.0, 30.0])
@pytest.mark.parametrize("frames", [5, 14])
def test_gram_is_the_direct_sum_over_the_scene(velocity: float, frames: int) -> None:
    taper = window((LENGTH, 1), TAPER)[:, 0]
    runs = Runs.of(torch.zeros(1, frames, LENGTH), 1, taper, 256)
    basis = basis_of(runs)
    assert basis.shape[2] == (2 if frames >= 12 else 1)
    long = float((taper.double() ** 2).sum())
    found = mosaic.gram(torch.tensor([velocity]).double(), runs, basis, 2048)[0].numpy()
    wanted = direct_gram(velocity, runs.t[0].numpy(), basis[0].numpy(), long)
    np.testing.assert_allclose(found, wanted, rtol=0.02, atol=0.01 * wanted.max() + 1e-9)
    # as many points as are taken by default
    coarse = mosaic.gram(torch.tensor([velocity]).double(), runs, basis)[0].numpy()
    np.testing.assert_allclose(np.diag(coarse), np.diag(wanted), rtol=0.1, atol=1e-9)


def test_gram_of_a_scene_that_never_leaves_is_that_of_the_basis() -> None:
    runs = Runs.of(torch.zeros(1, 30, LENGTH), 1, torch.ones(LENGTH), 256)
    basis = basis_of(runs)
    found = mosaic.gram(torch.zeros(1).double(), runs, basis)[0]
    np.testing.assert_allclose(found, basis[0].T @ basis[0], rtol=1e-9)
    assert float(found[0, 0]) == pytest.approx(30 * (30**2 - 1) / 12)
    assert abs(float(found[0, 1])) < 1e-9  # acceleration is no velocity


def test_runs_add_up() -> None:
    """Two runs know as much as one each, and nothing of how they lie to each other."""
    lines = torch.zeros(1, 16, LENGTH)
    both = Runs.of(lines, 2, torch.ones(LENGTH), 256)
    one = Runs.of(lines[:, :8], 1, torch.ones(LENGTH), 256)
    at = torch.tensor([0.8]).double()
    found = mosaic.gram(at, both, both.t[..., None])
    single = mosaic.gram(at, one, one.t[..., None])
    np.testing.assert_allclose(found, 2 * single, rtol=1e-9)


@pytest.mark.parametrize("snr", [0.5, 2.0])
def test_shared_power_is_the_scenes_and_the_rest_is_noise(snr: float) -> None:
    """64 windows of a white scene in white noise: both known to some per cent."""
    draw = np.random.default_rng(0)
    frames, windows = 24, 64
    clean = draw.standard_normal((windows, 1, LENGTH)).repeat(frames, 1)
    noisy = clean + draw.standard_normal(clean.shape) / snr
    runs, mean = laid(torch.from_numpy(noisy).float(), 0.0)
    shared, power = mosaic.shared_spectra(runs, mean)
    assert shared.shape == power.shape == (windows, LENGTH // 2 + 1)
    inner = slice(4, -4)
    assert float(shared[:, inner].mean()) == pytest.approx(1.0, rel=0.1)
    level = float(runs.taper.square().mean())
    assert float(power[:, inner].mean()) / level == pytest.approx(1 + snr**-2, rel=0.1)


def test_running_sums() -> None:
    values = torch.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(mosaic.running(values), [[0, 0], [0, 1], [2, 4], [6, 9]])


@pytest.mark.gpu
def test_gpu_and_cpu_lay_the_same() -> None:
    lines, _, _ = moving(0.7 * np.arange(20))
    out = []
    for where in (lines, lines.cuda()):
        runs, mean = laid(where, 0.7, runs=2)
        pull = mosaic.pulls(runs, torch.ones(1, len(runs.k)).to(where.device))
        out.append((*mosaic.gradients(runs, pull, mean), *mosaic.shared_spectra(runs, mean)))
    for cpu, gpu in zip(*out, strict=True):
        np.testing.assert_allclose(gpu, cpu, atol=1e-4 * float(cpu.abs().max()))
