"""The kymographs that the figures rest on: their motion, their noise, and the bound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks import strip_scenes as made
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Array = NDArray[np.float64]
LINES, LENGTH = 10, 80


def lags(velocity: float) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Cells (N, N) of the table of lags, and that table (2T−1, 2L−1): Δx − v·Δt px."""
    t = np.repeat(np.arange(LINES), LENGTH)
    x = np.tile(np.arange(LENGTH), LINES)
    table = np.arange(1 - LENGTH, LENGTH) - velocity * np.arange(1 - LINES, LINES)[:, None]
    return t[:, None] - t + LINES - 1, x[:, None] - x + LENGTH - 1, table


def covariance(power: Array, noise: float, velocity: float) -> tuple[Array, Array]:
    """(N, N) of the pixels of a kymograph, and its derivative by the velocity."""
    row, column, table = lags(velocity)
    size = 2 * (len(power) - 1)
    k = 2 * math.pi * np.fft.rfftfreq(size)
    angle = table[..., None] * k
    value = (np.cos(angle) * 2 * power / size).sum(-1)
    slope = (-k * np.sin(angle) * 2 * power / size).sum(-1)
    steps = np.arange(1 - LINES, LINES)[:, None]
    full = value[row, column] + noise * np.eye(len(row))
    return full, (-steps * slope)[row, column]


def exact_bound(power: Array, noise: float, velocity: float) -> float:
    """Cramér and Rao for a Gaussian scene: no approximation at all."""
    full, slope = covariance(power, noise, velocity)
    ratio = np.linalg.solve(full, slope)
    return float(1 / np.sqrt(0.5 * (ratio * ratio.T).sum()))


@pytest.mark.parametrize(("velocity", "snr"), [(0.01, 1.0), (1.3, 1.0), (1.3, 0.3), (-3.1, 1.0)])
def test_bound_is_that_of_cramer_and_rao(velocity: float, snr: float) -> None:
    positions = velocity * np.arange(LINES)
    power = made.texture_power(made.scene_size(positions, LENGTH), 1 / LENGTH)
    bound = made.strip_bound(power, snr**-2, positions, LENGTH)
    assert bound == pytest.approx(exact_bound(power, snr**-2, velocity), rel=0.025)


def test_bound_is_the_periodic_one_when_nothing_leaves() -> None:
    """docs/method.md § 8 in one dimension; here the strip sees two px more than its length."""
    size, frames, noise = 512, 16, 2.0
    power = made.texture_power(size, 1 / size)
    k = np.fft.rfftfreq(size)
    gain = frames * power / (frames * power + noise) * power / noise * (2 * math.pi * k) ** 2
    periodic = 1 / math.sqrt(2 * gain.sum() * frames * (frames**2 - 1) / 12)
    assert made.strip_bound(power, noise, np.zeros(frames), size) == pytest.approx(periodic)


def test_maximum_likelihood_attains_the_bound() -> None:
    """Brute force, 800 kymographs: the ratio scatters by 2.5 %, and is a little more than 1.

    The bound is that of the mean scene; among short strips some have less structure than that.
    """
    velocity, snr, seeds = 1.3, 1.5, 800
    known = [made.kymograph(seed, snr, velocity, LENGTH, LINES) for seed in range(seeds)]
    flat = np.stack([one.kymograph.ravel() for one in known]).T.astype(np.float64)
    bound = known[0].bound
    power = made.texture_power(made.scene_size(known[0].positions, LENGTH), 1 / LENGTH)
    grid = velocity + bound * np.linspace(-5, 5, 21)
    likelihood = np.empty((len(grid), seeds))
    for row, here in zip(likelihood, grid, strict=True):
        factor = cho_factor(covariance(power, snr**-2, here)[0], lower=True)
        quadratic = (flat * cho_solve(factor, flat)).sum(0)
        row[:] = -0.5 * quadratic - np.log(np.diag(factor[0])).sum()
    best = np.clip(likelihood.argmax(0), 1, len(grid) - 2)
    left, top, right = (likelihood[best + i, np.arange(seeds)] for i in (-1, 0, 1))
    found = grid[best] + 0.5 * (left - right) / (left - 2 * top + right) * (grid[1] - grid[0])
    assert 0.95 < np.sqrt(((found - velocity) ** 2).mean()) / bound < 1.12
    assert abs((found - velocity).mean()) < 4 * bound / math.sqrt(seeds)


def test_content_moves_towards_the_end_of_the_strip() -> None:
    known = made.kymograph(3, math.inf, 2.0, length=64, frames=20)
    np.testing.assert_allclose(known.kymograph[1:, 2:], known.kymograph[:-1, :-2], atol=1e-5)
    assert known.bound == 0
    # half a px a frame: whole every second one
    half = made.kymograph(3, math.inf, -0.5, length=64, frames=20).kymograph
    np.testing.assert_allclose(half[2:, :-1], half[:-2, 1:], atol=1e-5)


def test_scene_never_comes_back() -> None:
    """What left is not seen again: the lines far apart are not alike."""
    lines = made.kymograph(1, math.inf, 2.0, length=64, frames=200).kymograph.astype(np.float64)
    lines -= lines.mean(1, keepdims=True)
    spectra = np.fft.rfft(lines, n=128)
    alike = np.fft.irfft(spectra[0].conj() * spectra[60:], n=128)
    assert alike.max() < 0.9 * (lines[0] ** 2).sum()


def test_variances_are_as_told() -> None:
    noisy = np.stack([made.kymograph(s, 0.5, 1.0, frames=64).kymograph for s in range(20)])
    clean = np.stack([made.kymograph(s, math.inf, 1.0, frames=64).kymograph for s in range(20)])
    assert (noisy - clean).std() == pytest.approx(2, rel=0.02)
    assert clean.std() == pytest.approx(1, rel=0.1)
    walled = np.stack(
        [made.kymograph(s, math.inf, 1.0, frames=64, static=25.0).kymograph for s in range(20)]
    )
    wall = walled - clean
    assert np.ptp(wall, axis=1).max() < 1e-4  # the same in every frame
    assert wall.std() == pytest.approx(5, rel=0.2)


def test_pulsatile_velocity_is_the_slope_of_the_positions() -> None:
    known = made.pulsatile(0, 1.0, frames=600)
    slope = np.gradient(known.positions)[1:-1]
    np.testing.assert_allclose(slope, known.velocities[1:-1], rtol=1e-4)
    assert known.velocities.max() == pytest.approx(1.2 * 1.3, rel=1e-4)
    starts = np.array([0, 100, 500])
    means = [known.velocities[s : s + 64].mean() for s in starts]
    np.testing.assert_allclose(known.mean_velocities(starts, 64), means, rtol=2e-3)
    lines = [np.polyfit(np.arange(64), known.positions[s : s + 64], 1)[0] for s in starts]
    np.testing.assert_allclose(known.slopes(starts, 64), lines)


def test_blood_flow_is_where_its_positions_say() -> None:
    known = made.blood_flow(0, math.inf, frames=300)
    slope = np.gradient(known.positions)[1:-1]
    np.testing.assert_allclose(slope, known.velocities[1:-1], rtol=3e-4)
    cells = known.kymograph - known.kymograph.mean(0)
    at = int(np.argmin(np.abs(known.positions - 60)))
    moved = np.array([(cells[0, :190] * cells[at, d : d + 190]).sum() for d in range(66)])
    assert abs(moved.argmax() - known.positions[at]) < 1


def test_two_flows_are_both_there() -> None:
    lines = made.two_flows(0, 1.0).astype(np.float64)
    spectra = np.fft.rfft((lines - lines.mean(0)) * np.hanning(256))
    k, t = np.fft.rfftfreq(256), np.arange(128)[:, None]
    grid = np.arange(-3, 3.001, 0.05)
    energy = [
        (np.abs((spectra * np.exp(2j * np.pi * k * t * v)).mean(0)) ** 2)[2:].sum() for v in grid
    ]
    inner = np.array(energy)
    tops = np.flatnonzero((inner[1:-1] > inner[:-2]) & (inner[1:-1] > inner[2:])) + 1
    two = grid[tops[np.argsort(inner[tops])[-2:]]]
    np.testing.assert_allclose(sorted(two), sorted(made.FLOWS), atol=0.051)


def test_hopeless_kymographs() -> None:
    for seed in range(8):
        known = made.aliased(seed, 1.0, length=64, frames=8)
        assert 0.6 * 64 <= abs(known.velocities[0]) <= 0.9 * 64
    still = made.static_only(0, 3.0)
    assert (still - still.mean(0)).std() == pytest.approx(1 / 3, rel=0.02)
    assert still.mean(0).std() > 0.5
    assert made.noise_only(0).std() == pytest.approx(1, rel=0.02)


def test_oblique_movie() -> None:
    known = made.oblique_movie(0, heading=45.0, speed=1.0, frames=8)
    strip = known.path[1] - known.path[0]
    assert math.degrees(math.atan2(*strip)) == pytest.approx(30)
    assert known.along == pytest.approx(math.cos(math.radians(45)))
    np.testing.assert_allclose(
        known.velocity, [math.sin(5 * math.pi / 12), math.cos(5 * math.pi / 12)]
    )
    assert (known.path > 0).all()
    assert (known.path < 159).all()
    # straight down a column by whole px
    down = made.oblique_movie(0, angle=90.0, speed=1.0, frames=4).stack
    np.testing.assert_allclose(down[1:, 1:], down[:-1, :-1], atol=1e-5)
