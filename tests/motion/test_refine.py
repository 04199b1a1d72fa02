"""Gauss–Newton: its gradient is that of the energy, and it climbs to the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from benchmarks.scenes import periodic, shifted
from tests.motion.made import drifting, job_for, wrapping

from napari_motionfft.motion.crops import Crop, cut
from napari_motionfft.motion.judge import basis_slope
from napari_motionfft.motion.precision import differences, mean_ramp, misfit
from napari_motionfft.motion.refine import align, gauss_newton
from napari_motionfft.motion.trajectory import velocity
from napari_motionfft.motion.weights import flat, gaussian, wiener


def crops_of(stack: np.ndarray, path: torch.Tensor, boundary: str = "crop") -> list[Crop]:
    job = job_for(stack, boundary=boundary)
    return cut(job, path, None, job.check)


def path_of(v: tuple[float, float] | np.ndarray, count: int) -> torch.Tensor:
    return velocity(count) @ torch.tensor(np.asarray(v)[None], dtype=torch.float64)


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
@pytest.mark.parametrize("weight_of", [flat, gaussian])
def test_gradient_and_curvature_are_those_of_the_energy(boundary: str, weight_of: object) -> None:
    """dE/dp_t = (2/T)·g_t by central differences of the energy itself."""
    known = drifting((0.6, -0.9), side=64, frames=6, snr=5)
    path = path_of(known.velocity + np.array([0.1, -0.15]), 6)
    (crop,) = crops_of(known.stack, path, boundary)
    aligned = align(crop, path, weight_of)  # type: ignore[arg-type]
    h = 0.02
    for frame in (1, 5):
        for axis in (0, 1):
            energies = []
            for step in (-h, h):
                other = path.clone()
                other[frame, axis] += step
                energies.append(align(crop, other, weight_of).energy)  # type: ignore[arg-type]
            slope = (energies[1] - energies[0]) / (2 * h)
            wanted = 2 / 6 * float(aligned.gradients[frame, axis])
            assert slope == pytest.approx(wanted, rel=0.02, abs=2e-3 * aligned.energy)


def test_a_common_shift_of_all_frames_changes_nothing() -> None:
    known = drifting(frames=6)
    path = path_of(known.velocity, 6)
    (crop,) = crops_of(known.stack, path)
    one, two = align(crop, path, flat), align(crop, path + torch.tensor([[3.3, -7.1]]), flat)
    assert two.energy == pytest.approx(one.energy, rel=1e-6)
    torch.testing.assert_close(two.gradients, one.gradients, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("start", [(0.3, -0.3), (-0.15, 0.4), (0.0, 0.0)])
def test_a_start_within_the_main_lobe_comes_to_the_truth(start: tuple[float, float]) -> None:
    """Off by up to 0.4 px/frame · 7 frames = 2.8 px at the end, without noise."""
    v = np.array([1.1, -0.7])
    stack = wrapping((1.1, -0.7), (64, 64), 8)
    basis = velocity(8)
    theta = torch.from_numpy((v + np.divide(start, 2))[None])
    crops = crops_of(stack, basis @ theta, "periodic")
    fit = gauss_newton(crops, basis, theta, gaussian, steps=20)
    assert fit.converged
    np.testing.assert_allclose(fit.theta[0].numpy(), v, atol=1e-4)


def test_standard_errors_are_those_of_the_bound() -> None:
    """At 0 dB the estimate's own covariance is the Bayesian bound's to 15 %."""
    for seed in range(3):
        known = periodic(seed, 0)
        theta = torch.from_numpy(known.velocity[None].copy())
        basis = velocity(16)
        fit = gauss_newton(crops_of(known.stack, basis @ theta, "periodic"), basis, theta, wiener)
        own = np.sqrt(np.diag(fit.covariance.numpy()))
        np.testing.assert_allclose(own, np.sqrt(np.diag(known.bound)), rtol=0.15)


def test_halves_use_their_own_frames_only() -> None:
    """Odd frames spoilt: the even ones alone still find the motion."""
    known = drifting((0.6, -0.9), frames=12)
    stack = known.stack.copy()
    stack[1::2] = np.random.default_rng(0).standard_normal(stack[1::2].shape)
    basis = velocity(12)
    theta = torch.from_numpy((known.velocity + 0.02)[None])
    crops = crops_of(stack, basis @ theta)
    even = gauss_newton(crops, basis, theta, wiener, members=slice(0, None, 2))
    np.testing.assert_allclose(even.theta[0].numpy(), known.velocity, atol=0.01)


def test_several_runs_find_one_velocity() -> None:
    known = drifting((0.1, 3.0), side=64, frames=30)
    basis = velocity(30)
    theta = torch.from_numpy((known.velocity + 0.01)[None])
    crops = crops_of(known.stack, basis @ theta)
    assert len(crops) > 2
    fit = gauss_newton(crops, basis, theta, wiener)
    np.testing.assert_allclose(fit.theta[0].numpy(), known.velocity, atol=0.01)


@pytest.mark.parametrize(("jitter", "low", "high"), [(0.0, 1.0, 1.6), (0.3, 4.0, 1e4)])
def test_frames_that_leave_the_model_inflate_the_variance(
    jitter: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(3)
    path = path_of((0.5, 0.5), 16).numpy() + jitter * rng.standard_normal((16, 2))
    image = wrapping((0, 0), (64, 64), 1, seed=4)[0]
    stack = np.stack([shifted(image, p) for p in path]) + 0.3 * rng.standard_normal((16, 64, 64))
    basis = velocity(16)
    theta = torch.tensor([[0.5, 0.5]], dtype=torch.float64)
    fit = gauss_newton(crops_of(stack, basis @ theta, "periodic"), basis, theta, wiener)
    assert low <= misfit(fit.runs, 1) <= high


def test_slope_of_a_basis() -> None:
    basis = torch.stack([torch.ones(7), 3 * torch.arange(7.0), torch.arange(7.0) ** 2], 1).double()
    t = np.arange(7)
    want = [np.polyfit(t, column, 1)[0] for column in basis.T.numpy()]
    np.testing.assert_allclose(basis_slope(basis).numpy(), want, atol=1e-12)


@pytest.mark.parametrize("frames", [2, 5, 8])
def test_mean_ramp_is_the_mean_of_the_ramp(frames: int) -> None:
    turns = torch.tensor(
        [0.0, 1.0, -3.0, 0.1, -0.37, 0.5, 12.5, 1e-10, 0.2, 2.25], dtype=torch.float64
    )
    t = np.arange(frames)[:, None]
    want = np.exp(2j * math.pi * t * turns.numpy()).mean(0)
    np.testing.assert_allclose(mean_ramp(turns, frames).numpy(), want, atol=1e-8)


def test_differences_of_a_quadratic_are_exact() -> None:
    a = torch.tensor([[3.0, 0.5], [0.5, -2.0]], dtype=torch.float64)
    b = torch.tensor([0.7, -1.1], dtype=torch.float64)
    at = torch.tensor([0.2, 0.4], dtype=torch.float64)
    gradient, hessian = differences(lambda u: float(u @ a @ u / 2 + b @ u), at, 0.01)
    torch.testing.assert_close(gradient, a @ at + b)
    torch.testing.assert_close(hessian, a)
