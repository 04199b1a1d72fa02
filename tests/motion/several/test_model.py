"""Gram matrices, shares and information of layers against dense algebra."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.several.made_layers import covariance_of, red_model

from napari_motionfft.motion.several.model import Model, grams, information, shares
from napari_motionfft.motion.spectra import Band

SHAPE = (10, 9)
speeds = st.floats(-2, 2)


def times_of(count: int) -> torch.Tensor:
    return torch.arange(count, dtype=torch.float64) - (count - 1) / 2


def columns(band: Band, velocities: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
    """(Ky, Kx, n, M) exp(−2πi k·v_m t)."""
    k = torch.stack(torch.meshgrid(band.ky, band.kx, indexing="ij"), -1)  # (Ky, Kx, 2)
    turns = torch.einsum("yxi,mi,t->yxtm", k, velocities, times)
    return torch.exp(-2j * np.pi * turns)


@settings(max_examples=15)
@given(st.lists(st.tuples(speeds, speeds), min_size=1, max_size=4), st.integers(2, 7))
def test_grams_are_products_of_the_columns(velocities: list[tuple[float, float]], n: int) -> None:
    band, times = Band.full(SHAPE), times_of(n)
    known = torch.tensor(velocities, dtype=torch.float64)
    a = columns(band, known, times)
    b = torch.cat([a, times[:, None] * a], -1)  # (Ky, Kx, n, 2M)
    wanted = b.mH @ b
    for rows in (slice(0, 10), slice(3, 7)):
        torch.testing.assert_close(grams(band, known, times, rows), wanted[rows])


def test_grams_of_a_later_run_count_its_own_times() -> None:
    band, times = Band.full(SHAPE), times_of(9)[5:]
    known = torch.tensor([[0.3, -1.2], [1.1, 0.4]], dtype=torch.float64)
    a = columns(band, known, times)
    b = torch.cat([a, times[:, None] * a], -1)
    torch.testing.assert_close(grams(band, known, times, slice(0, 10)), b.mH @ b)


@pytest.mark.parametrize("velocities", [[[0.4, 1.3]], [[0.4, 1.3], [-1.0, 0.2], [0.0, 0.0]]])
def test_shares_are_the_posterior_covariance(velocities: list[list[float]]) -> None:
    """N(AᴴA + N/P)⁻¹ = P − P Aᴴ C⁻¹ A P."""
    band, times, model = Band.full(SHAPE), times_of(5), red_model(SHAPE, velocities)
    rows = slice(2, 8)
    share = shares(grams(band, model.velocities, times, rows), model, rows)
    a = columns(band, model.velocities, times)[rows]
    covariance = torch.from_numpy(covariance_of(model, SHAPE, 5))[rows]
    p = torch.diag_embed(model.power.permute(1, 2, 0)[rows]).to(torch.complex128)
    wanted = p - p @ a.mH @ torch.linalg.solve(covariance, a @ p)
    torch.testing.assert_close(share * model.noise[rows, :, None, None], wanted)


def test_a_layer_without_power_gets_no_share() -> None:
    band, times = Band.full(SHAPE), times_of(5)
    model = red_model(SHAPE, [[0.4, 1.3], [-1.0, 0.2]])
    power = model.power.clone()
    power[1] = 0
    model = replace(model, power=power)
    share = shares(grams(band, model.velocities, times, slice(0, 10)), model, slice(0, 10))
    assert torch.isfinite(share.real).all()
    assert share[..., 1, :].abs().max() < 1e-9
    alone = Model(model.velocities[:1], model.free[:1], model.power[:1], model.noise)
    one = shares(grams(band, alone.velocities, times, slice(0, 10)), alone, slice(0, 10))
    torch.testing.assert_close(share[..., :1, :1], one)


@pytest.mark.parametrize("velocities", [[[0.4, 1.3]], [[0.4, 1.3], [-1.0, 0.2], [0.0, 0.0]]])
def test_information_is_fishers(velocities: list[list[float]]) -> None:
    """tr(C⁻¹ ∂C C⁻¹ ∂C) with the derivatives of C by each velocity, from differences."""
    count, band, model = 5, Band.full(SHAPE), red_model(SHAPE, velocities)
    gram = grams(band, model.velocities, times_of(count), slice(0, 10))
    share = shares(gram, model, slice(0, 10))
    told = information(gram, share, model, slice(0, 10))  # (Ky, Kx, M, M) over k_i k_j

    def moved(m: int, axis: int, step: float) -> np.ndarray:
        velocity = model.velocities.clone()
        velocity[m, axis] += step
        return covariance_of(replace(model, velocities=velocity), SHAPE, count)

    inverse = np.linalg.inv(covariance_of(model, SHAPE, count))
    many = model.count
    slopes = {
        (m, axis): inverse @ (moved(m, axis, 1e-5) - moved(m, axis, -1e-5)) / 2e-5
        for m in range(many)
        for axis in (0, 1)
    }
    k = [band.ky[:, None].numpy(), band.kx[None].numpy()]
    for (m, i), one in slopes.items():
        for (n, j), other in slopes.items():
            wanted = np.trace(one @ other, axis1=-2, axis2=-1).real
            np.testing.assert_allclose(
                told[..., m, n].numpy() * k[i] * k[j], wanted, rtol=1e-5, atol=1e-6
            )


def test_layers_that_move_alike_tell_little_of_each_other() -> None:
    """Information on the difference of two velocities vanishes where the layers coincide."""
    band = Band.full(SHAPE)

    def difference(apart: float) -> float:
        model = red_model(SHAPE, [[0.3, 0.2], [0.3, 0.2 + apart]])
        gram = grams(band, model.velocities, times_of(8), slice(0, 10))
        told = information(gram, shares(gram, model, slice(0, 10)), model, slice(0, 10))
        both = (told * (band.kx**2)[None, :, None, None]).sum((0, 1))
        return float(torch.linalg.eigvalsh(both)[0])

    assert difference(0.0) < 0.6 * difference(0.3) < 0.6 * difference(1.5)
