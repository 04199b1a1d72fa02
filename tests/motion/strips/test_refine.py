"""The refinement finds the velocity as well as the bound allows, and knows how well it did."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks import strip_scenes as scenes

from napari_motionfft.motion.frames import window
from napari_motionfft.motion.strips import still
from napari_motionfft.motion.strips.mosaic import Runs, lay, pulls
from napari_motionfft.motion.strips.refine import Fit, basis_of, refine
from napari_motionfft.motion.strips.scene import TAPER, weights_of
from napari_motionfft.motion.strips.weighing import Weights
from napari_motionfft.motion.weights import SceneSpectra

FRAMES, LENGTH = 48, 128
Lines = Any


def true_weights(snr: float, frames: int = FRAMES, count: int = 1) -> Weights:
    """Maximum likelihood of the scenes below, whose spectra are known here."""
    signal = torch.from_numpy(scenes.texture_power(LENGTH, 1 / LENGTH))
    noise = torch.full_like(signal, snr**-2)
    made = weights_of("wiener", SceneSpectra(signal[None], noise[None], frames), LENGTH, False)
    return made.pick(torch.zeros(count, dtype=torch.long))


def fit(
    lines: Lines, start: Lines, snr: float, static: bool = False, runs: int = 1, **more: Any
) -> Fit:
    """Refine windows (b, n, L) from `start` (b,)."""
    stack = torch.as_tensor(np.asarray(lines, np.float32))
    if stack.dim() == 2:
        stack = stack[None]
    made = Runs.of(stack, runs, window((LENGTH, 1), TAPER)[:, 0], 4 * LENGTH)
    first = torch.as_tensor(np.asarray(start, np.float64)).reshape(-1)
    weights = true_weights(snr, stack.shape[1], len(stack))
    return refine(made, first, weights, static, **more)


def known(seeds: range, snr: float, **more: Any) -> list[scenes.KnownStrip]:
    return [scenes.kymograph(s, snr, length=LENGTH, frames=FRAMES, **more) for s in seeds]


def together(seen: list[scenes.KnownStrip]) -> tuple[Lines, Lines, Lines]:
    """(b, n, L) lines, (b,) velocities, (b,) bounds."""
    return (
        np.stack([one.kymograph for one in seen]),
        np.array([one.velocities[0] for one in seen]),
        np.array([one.bound for one in seen]),
    )


def errors(found: Fit) -> Lines:
    """(b,) px/frame."""
    return (found.variance * found.inflation).sqrt().numpy()


@pytest.mark.parametrize("snr", [3.0, 1.0, 0.3])
def test_error_is_near_the_bound_and_known(snr: float) -> None:
    """80 seeds: a root mean square is known to 8 %. The taper alone costs 8 % over the bound."""
    lines, v, bound = together(known(range(80), snr))
    draw = np.random.default_rng(0)
    start = v + draw.uniform(-0.5, 0.5, 80) / FRAMES
    found = fit(lines, start, snr)
    off = found.velocity.numpy() - v
    error = errors(found)
    assert np.sqrt(np.mean((off / bound) ** 2)) < 1.45
    assert 0.75 < np.sqrt(np.mean((off / error) ** 2)) < 1.3
    assert 1.0 < np.median(error / bound) < 1.35
    assert abs(np.mean(off / error)) < 4 / math.sqrt(80)
    # 2σ of chance pass for straying now and then
    assert np.mean(found.inflation.numpy() > 1) < 0.2
    assert (found.agreement > 0).all()


@pytest.mark.parametrize("velocity", [0.3, -1.4])
def test_every_start_within_the_peak_ends_at_the_same_velocity(velocity: float) -> None:
    one = scenes.kymograph(3, 1.0, velocity, LENGTH, FRAMES)
    start = velocity + np.linspace(-2, 2, 9) / FRAMES  # 1 px at the ends of the window
    lines = one.kymograph[None].repeat(9, 0)
    found = fit(lines, start, 1.0)
    error = float(found.variance.sqrt().min())
    assert float(np.ptp(found.velocity.numpy())) < 0.2 * error
    assert abs(float(found.velocity[4]) - velocity) < 4 * error


def test_windows_together_are_as_each_alone() -> None:
    lines, v, _ = together(known(range(5), 1.0))
    both = fit(lines, v, 1.0, steps=2)
    for row in range(5):
        one = fit(lines[row : row + 1], v[row : row + 1], 1.0, steps=2)
        # how many steps are taken is decided for all at once
        assert float(one.velocity[0] - both.velocity[row]) == pytest.approx(
            0, abs=0.1 * float(one.variance[0]) ** 0.5
        )
        assert float(one.variance[0]) == pytest.approx(float(both.variance[row]), rel=0.05)


@pytest.mark.parametrize("runs", [2, 4])
def test_shorter_runs_know_less_but_the_same(runs: int) -> None:
    lines, v, _ = together(known(range(24), 1.0, fastest=0.5))
    whole, parts = fit(lines, v, 1.0), fit(lines, v, 1.0, runs=runs)
    ratio = (parts.variance / whole.variance).sqrt().numpy()
    assert np.median(ratio) == pytest.approx(runs, rel=0.35)  # n^(3/2) each, √runs of them
    z = (parts.velocity.numpy() - v) / errors(parts)
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.5


def test_an_offset_a_line_changes_nothing() -> None:
    """Each line's own level is unknown: lamps flicker."""
    one = scenes.kymograph(1, 1.0, 0.7, LENGTH, FRAMES)
    flicker = np.random.default_rng(0).normal(0, 5, (FRAMES, 1))
    lines = np.stack([one.kymograph, one.kymograph + flicker])
    found = fit(lines, [0.7, 0.7], 1.0)
    error = float(found.variance[0]) ** 0.5
    assert abs(float(found.velocity[0] - found.velocity[1])) < 0.02 * error
    np.testing.assert_allclose(found.variance[0], found.variance[1], rtol=1e-3)


def strayed(seed: int, path: Lines, snr: float = 3.0) -> Lines:
    return scenes.moving_line(seed, snr, 0.8 * np.arange(FRAMES) + path, LENGTH)[0]


def test_inflation_tells_lines_that_stray() -> None:
    """White, or slow as no acceleration is; not a steady path, nor a steady acceleration."""
    t = np.linspace(-1, 1, FRAMES)
    jitter = np.random.default_rng(0).normal(0, 0.25, (12, FRAMES))
    paths = {
        "steady": [np.zeros(FRAMES)] * 12,
        "accelerated": [0.5 * t**2] * 12,
        "jitter": list(jitter),
        "slow": [0.3 * np.sin(2.5 * np.pi * t + phase) for phase in range(12)],
    }
    grown = {}
    for name, each in paths.items():
        lines = np.stack([strayed(seed, path) for seed, path in enumerate(each)])
        found = fit(lines, np.full(12, 0.8), 3.0)
        grown[name] = found.inflation.numpy()
        error = np.sqrt(found.variance.numpy() * grown[name])
        if name in ("steady", "accelerated", "jitter"):
            assert (np.abs(found.velocity.numpy() - 0.8) < 4 * error).all(), name
    assert np.median(grown["steady"]) == 1
    assert np.median(grown["accelerated"]) < 2
    assert grown["jitter"].min() > 10
    assert np.median(grown["slow"]) > 10


def test_velocity_is_the_mean_one_under_acceleration() -> None:
    """a = 0.004 px/frame²: 1.2 px off the straight line at the ends."""
    t = np.arange(FRAMES, dtype=np.float64)
    middle = (FRAMES - 1) / 2
    positions = 0.9 * t + 0.002 * (t - middle) ** 2
    lines = np.stack([scenes.moving_line(s, 1.0, positions, LENGTH)[0] for s in range(24)])
    found = fit(lines, np.full(24, 0.9), 1.0)
    z = (found.velocity.numpy() - 0.9) / errors(found)
    assert np.sqrt(np.mean(z**2)) < 1.5
    assert abs(np.mean(z)) < 4 / math.sqrt(24)


@pytest.mark.parametrize("share", [0.0, 9.0])
def test_joint_fit_of_a_still_pattern_is_unbiased(share: float) -> None:
    """A wall in front: the velocity is drawn neither to it nor away from it."""
    seen = [scenes.kymograph(s, 1.0, 0.6, LENGTH, FRAMES, static=share) for s in range(32)]
    lines, v, _ = together(seen)
    lines = lines - lines.mean(1, keepdims=True)  # as the estimate does first
    found = fit(lines, v + 0.3 / FRAMES, 1.0, static=True)
    error = errors(found)
    z = (found.velocity.numpy() - v) / error
    assert abs(np.mean(z)) < 4 / math.sqrt(32)
    assert 0.65 < np.sqrt(np.mean(z**2)) < 1.4
    free = fit(
        together([scenes.kymograph(s, 1.0, 0.6, LENGTH, FRAMES) for s in range(32)])[0], v, 1.0
    )
    assert np.median((found.variance / free.variance).numpy()) < 1.5


def test_without_the_joint_fit_the_mean_takes_the_slow_motion_along() -> None:
    """Why it is there: 9.6 px of travel, of which the mean over time removed a part."""
    lines, v, _ = together([scenes.kymograph(s, 3.0, 0.2, LENGTH, FRAMES) for s in range(16)])
    lines = lines - lines.mean(1, keepdims=True)
    alone, joint = fit(lines, v, 3.0), fit(lines, v, 3.0, static=True)
    off = [np.abs(found.velocity.numpy() - v).mean() for found in (alone, joint)]
    assert off[1] < 0.5 * off[0]


def test_still_part_goes_and_the_moving_part_stays() -> None:
    moving = scenes.kymograph(0, math.inf, 1.1, LENGTH, FRAMES).kymograph
    wall = scenes.moving_line(9, math.inf, np.zeros(FRAMES), LENGTH)[0]
    lines = torch.from_numpy(moving + 2 * wall)[None]
    runs = Runs.of(lines, 1, window((LENGTH, 1), TAPER)[:, 0], 4 * LENGTH)
    clean = Runs.of(torch.from_numpy(moving)[None], 1, runs.taper, runs.size)
    weight = torch.ones(1, len(runs.k))
    pull = pulls(runs, weight)
    before = runs.lines - clean.lines
    still.take_out_still(runs, pull, lay(runs, 1.1 * runs.t[None]), weight)
    left = runs.lines - clean.lines
    inner = slice(16, -16)
    assert float(left[..., inner].std()) < 0.25 * float(before[..., inner].std())
    np.testing.assert_allclose(
        pull, pulls(runs, weight), atol=2e-3 * float(pull.abs().max())
    )  # kept in step with the lines
    np.testing.assert_allclose(
        runs.spectra,
        torch.fft.rfft(runs.lines, runs.size),
        atol=2e-3 * float(runs.spectra.abs().max()),
    )


def test_basis_is_centred_and_orthogonal() -> None:
    for frames, runs, columns in ((11, 1, 1), (12, 1, 2), (13, 1, 2), (40, 4, 2)):
        made = Runs.of(torch.zeros(1, frames, LENGTH), runs, torch.ones(LENGTH), 256)
        basis = basis_of(made)
        assert basis.shape == (runs, made.t.shape[1], columns)
        np.testing.assert_allclose(basis.sum(1), 0, atol=1e-9)
        # one frame more is one px more for 1 px/frame
        np.testing.assert_allclose(torch.diff(basis[0, :, 0]), 1)
        if columns == 2:
            flat = basis.flatten(0, 1)
            assert abs(float(flat[:, 0] @ flat[:, 1])) < 1e-9 * float(flat[:, 1] @ flat[:, 1])


@pytest.mark.parametrize("velocity", [0.01, 0.13, 1.0, 1.7])
def test_share_left_is_what_no_still_pattern_can_mimic(velocity: float) -> None:
    """Least squares at each frequency: i·t·a_t less what a_t and a constant can make of it."""
    frames = 10
    runs = Runs.of(torch.zeros(1, frames, 32), 1, torch.ones(32), 64)
    one = torch.ones(1, 17).double()
    t, k = runs.t[0].numpy(), np.fft.rfftfreq(32)
    kept = []
    for f in k:
        a = np.exp(-2j * np.pi * f * velocity * t)
        others = np.stack([a, np.ones(frames)], 1)
        slope = 1j * t * a
        rest = slope - others @ np.linalg.lstsq(others, slope, rcond=1e-6)[0]
        kept.append(float((np.abs(rest) ** 2).sum() / (t**2).sum()))
    gain = k**2
    gain[-1] = 0
    wanted = float((gain * kept).sum() / gain.sum())
    found = still.share_left(runs, torch.tensor([velocity]).double(), Weights(one, one, one))
    assert float(found[0]) == pytest.approx(wanted, abs=0.02)


def test_still_is_not_told_where_the_motion_looks_still() -> None:
    """v = 4: k = 0.25 is a whole period a frame; about k = 0 the still layer keeps its own."""
    k = np.fft.rfftfreq(512)
    alike = np.abs(np.exp(2j * np.pi * k * 4.0 * np.arange(40)[:, None]).mean(0))
    weight = torch.from_numpy(k < 0.46)[None].float()
    told = still.tellable(torch.from_numpy(alike)[None], weight)[0].numpy()
    assert told[k < 0.005].all()
    assert not told[np.abs(k - 0.25) < 0.001].any()
    assert not told[k > 0.46].any()
    assert told[(np.abs(k - 0.25) > 0.01) & (k < 0.455)].all()


@pytest.mark.gpu
@pytest.mark.parametrize("static", [False, True])
def test_gpu_and_cpu_refine_alike(static: bool) -> None:
    lines, v, _ = together(known(range(8), 1.0))
    stack = torch.from_numpy(lines)
    out = []
    for where in (stack, stack.cuda()):
        runs = Runs.of(where, 1, window((LENGTH, 1), TAPER)[:, 0], 4 * LENGTH)
        out.append(refine(runs, torch.from_numpy(v), true_weights(1.0, FRAMES, 8), static))
    cpu, gpu = out
    error = cpu.variance.sqrt()
    assert float(((gpu.velocity - cpu.velocity) / error).abs().max()) < 0.02
    np.testing.assert_allclose(gpu.variance, cpu.variance, rtol=0.01)
    np.testing.assert_allclose(gpu.inflation, cpu.inflation, rtol=0.02)
