"""Velocities, powers and noise fitted to draws of a known model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.several.made_layers import drawn, red_model, torus_over

from napari_motionfft.motion.several.fit import (
    Layered,
    first_model,
    fitted,
    local_mean,
    whole_plane,
)
from napari_motionfft.motion.several.model import Model
from napari_motionfft.motion.several.torus import Torus
from napari_motionfft.motion.spectra import Band, radial_mean

VELOCITIES = [[0.9, -0.7], [-0.8, 1.1]]
COUNT = 8


def fit_of(seed: int, edges: bool, velocities: list[list[float]] = VELOCITIES) -> Layered:
    """Started 0.05 px/frame aside, of frames of 32² px."""
    scene = (80, 80) if edges else (32, 32)
    made = drawn(seed, red_model(scene, velocities), scene, COUNT).frames[:, :32, :32]
    torus = torus_over(made - made.mean((1, 2), keepdims=True), (72, 72) if edges else None, COUNT)
    free = torch.tensor([v != [0.0, 0.0] for v in velocities])
    aside = torch.tensor([0.05, -0.04]) * free[:, None]
    start = torch.tensor(velocities, dtype=torch.float64) + aside
    return fitted([torus], first_model(torus, start, free))


@pytest.mark.parametrize("edges", [False, True])
def test_velocities_lie_within_their_errors(edges: bool) -> None:
    """Six draws, 24 components: their z-scores are those of a unit normal, near enough."""
    z = []
    for seed in range(6):
        fit = fit_of(seed, edges)
        off = fit.model.velocities - torch.tensor(VELOCITIES, dtype=torch.float64)
        error = fit.covariance.diagonal().sqrt().reshape(2, 2)
        assert (error < 0.05).all()
        z.append((off / error).flatten().numpy())
    spread = float(np.sqrt(np.mean(np.square(z))))
    assert 0.6 < spread < 1.5
    assert np.abs(z).max() < 4


def test_a_velocity_that_is_known_stays() -> None:
    fit = fit_of(1, False, [[0.9, -0.7], [0.0, 0.0]])
    assert fit.model.velocities[1].tolist() == [0, 0]
    assert fit.covariance[2:].abs().max() == fit.covariance[:, 2:].abs().max() == 0
    assert fit.move[1].tolist() == [0, 0]
    assert (fit.covariance.diagonal()[:2] > 0).all()


def test_a_fit_that_may_take_no_step_says_that_it_had_not_settled() -> None:
    torus = torus_over(drawn(0, red_model((32, 32), VELOCITIES), (32, 32), COUNT).frames)
    start = torch.tensor(VELOCITIES, dtype=torch.float64) + 0.05
    model = first_model(torus, start, torch.tensor([True, True]))
    none = fitted([torus], model, steps=0)
    assert not none.converged
    assert none.steps == 0
    assert none.model is model
    some = fitted([torus], model, steps=30)
    assert some.converged
    assert some.steps < 30
    error = some.covariance.diagonal().sqrt().reshape(2, 2)
    assert (some.move.abs() <= 0.05 * error + 1e-6).all()
    # the step that was left is the way that the fit then took, in the main
    way = some.model.velocities - start
    assert float((none.move * way).sum()) > 0


def test_a_step_is_one_px_at_the_ends_at_most() -> None:
    torus = torus_over(drawn(0, red_model((32, 32), VELOCITIES), (32, 32), COUNT).frames)
    start = torch.tensor(VELOCITIES, dtype=torch.float64) + torch.tensor([0.3, -0.3])
    fit = fitted([torus], first_model(torus, start, torch.tensor([True, True])), steps=1)
    far = (fit.model.velocities - start).norm(dim=1) * (COUNT - 1) / 2
    assert float(far.max()) <= 1 + 1e-9


def test_powers_and_noise_come_out() -> None:
    truth = red_model((32, 32), VELOCITIES)
    band = Band.full((32, 32))
    inner = (band.multiplicity() > 0) & (band.radius() > 0.06) & (band.radius() < 0.4)
    fits = [fit_of(seed, False).model for seed in range(4)]
    noise = torch.stack([m.noise for m in fits]).mean(0)
    assert float((noise / truth.noise)[inner].log().abs().max()) < 0.15
    for m in (0, 1):
        power = torch.stack([f.power[m] for f in fits]).mean(0)
        for low, high in ((0.06, 0.15), (0.15, 0.3)):
            ring = inner & (band.radius() > low) & (band.radius() < high)
            ratio = float(power[ring].sum() / truth.power[m][ring].sum())
            assert 0.65 < ratio < 1.5


def test_runs_are_fitted_together() -> None:
    """Two halves of a stack as runs: as sure as the whole, but for what their layers share."""
    made = drawn(2, red_model((32, 32), VELOCITIES), (32, 32), 12).frames
    whole = torus_over(made)
    halves = [torus_over(made), torus_over(made)]
    halves[0].stop, halves[1].start = 6, 6
    assert halves[0].times.tolist() == [-5.5, -4.5, -3.5, -2.5, -1.5, -0.5]
    start = torch.tensor(VELOCITIES, dtype=torch.float64) + 0.03
    free = torch.tensor([True, True])

    def found(tori: list[Torus]) -> tuple[Layered, torch.Tensor]:
        fit = fitted(tori, first_model(tori[0], start, free))
        return fit, fit.covariance.diagonal().sqrt().reshape(2, 2)

    one, sure = found([whole])
    two, less_sure = found(halves)
    assert len(two.layers) == 2
    assert (less_sure > sure).all()
    truth = torch.tensor(VELOCITIES)
    for fit, error in ((one, sure), (two, less_sure)):
        assert ((fit.model.velocities - truth).abs() < 4 * error).all()


def test_the_first_model_is_sound_whatever_the_frames() -> None:
    rng = np.random.default_rng(0)
    start = torch.tensor(VELOCITIES, dtype=torch.float64)
    free = torch.tensor([True, True])
    clean = drawn(0, red_model((32, 32), VELOCITIES, noise=1e-12), (32, 32), COUNT).frames
    for frames in (clean, rng.standard_normal(clean.shape), clean[:, :16] * 1e-3):
        torus = torus_over(frames)
        model: Model = first_model(torus, start, free)
        assert (model.noise > 0).all()
        assert (model.power > 0).all()
        assert torch.isfinite(model.power).all()
    pure = first_model(torus_over(rng.standard_normal(clean.shape)), start, free)
    # the weakest ring of eight frames' mean
    assert 0.7 < float(pure.noise.mean()) < 1.05
    assert (pure.power.mean((1, 2)) < 0.2).all()


@settings(max_examples=10)
@given(st.integers(4, 9), st.integers(4, 9), st.integers(0, 99))
def test_the_whole_plane_is_that_of_a_full_transform(height: int, width: int, seed: int) -> None:
    image = np.random.default_rng(seed).standard_normal((height, width))
    half = torch.from_numpy(np.abs(np.fft.rfft2(image)) ** 2)
    full = np.abs(np.fft.fft2(image)) ** 2
    np.testing.assert_allclose(whole_plane(half, width), full, atol=1e-9)


def test_the_local_mean_keeps_what_is_even_and_spreads_what_is_not() -> None:
    band = Band.full((32, 30))
    torch.testing.assert_close(
        local_mean(torch.full(band.size, 3.0).double(), band), torch.full(band.size, 3.0).double()
    )
    point = torch.zeros(band.size, dtype=torch.float64)
    point[10, 7] = 1
    spread = local_mean(point, band)
    assert float(spread.max()) == float(spread[10, 7]) < 0.5
    assert float(spread.min()) >= 0
    # wider than a ring's neighbours, narrower than a ring: direction is kept
    assert float(spread[-10, 7]) < 0.01 * float(spread[10, 7])
    assert float(radial_mean(point, band, 2.0)[-10, 7]) > 0.3 * float(
        radial_mean(point, band, 2.0)[10, 7]
    )
