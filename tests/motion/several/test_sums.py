"""Gradient and powers of the marginal likelihood: exact where content is periodic."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from tests.motion.several.made_layers import Array, drawn, likelihood, red_model, torus_over

from napari_motionfft.motion.several.model import Model
from napari_motionfft.motion.several.solve import solved
from napari_motionfft.motion.several.sums import Sums, nodes, summed

SHAPE = (14, 12)
COUNT = 6
DRAWS = 120
CASES = {
    "one": [[0.7, -0.4]],
    "two": [[0.7, -0.4], [-0.6, 1.5]],
    "near": [[0.3, 0.1], [0.1, 0.2]],
    "still": [[0.7, -0.4], [-0.6, 0.5], [0.0, 0.0]],
}


def sums_of(frames: Array, model: Model, shape: tuple[int, int] | None = None) -> Sums:
    torus = torus_over(frames, shape)
    return summed(torus, model, solved(torus, model, None, 40))


def at(model: Model, m: int, axis: int, step: float) -> Model:
    velocity = model.velocities.clone()
    velocity[m, axis] += step
    return replace(model, velocities=velocity)


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_slope_of_the_likelihood(case: str) -> None:
    truth = red_model(SHAPE, CASES[case])
    frames = drawn(0, truth, SHAPE, COUNT).frames
    aside = torch.tensor([[0.02, -0.03]], dtype=torch.float64)
    model = replace(truth, velocities=truth.velocities + aside)
    found = sums_of(frames, model).gradient
    for m in range(model.count):
        for axis in (0, 1):
            up, down = (likelihood(frames, at(model, m, axis, s)) for s in (1e-4, -1e-4))
            assert float(found[m, axis]) == pytest.approx(
                (up - down) / 2e-4, rel=1e-3, abs=1e-3 * float(found.abs().max())
            )


@cache
def scores(edges: bool) -> tuple[Array, Array]:
    """(N, 2M) gradients of draws at the truth, and (2M, 2M) the information that is stated."""
    shape, field = ((22, 20), (14, 14)) if edges else (SHAPE, SHAPE)
    model = red_model(shape, CASES["two"])
    found = []
    for seed in range(DRAWS):
        frames = drawn(seed, model, shape, COUNT).frames[:, : field[0], : field[1]]
        told = sums_of(frames - frames.mean((1, 2), keepdims=True), model, shape)
        found.append(told.gradient.flatten().numpy())
    return np.array(found), told.information.reshape(4, 4).numpy()


@pytest.mark.parametrize("edges", [False, True])
def test_information_is_the_variance_of_the_gradient(edges: bool) -> None:
    """120 draws know a variance to 13 %: three times that, and 20 % for the edges' average."""
    found, information = scores(edges)
    ratio = found.var(0) / np.diag(information)
    assert (np.abs(np.log(ratio)) < (0.6 if edges else 0.4)).all(), ratio
    stated = information / np.sqrt(np.outer(np.diag(information), np.diag(information)))
    np.testing.assert_allclose(np.corrcoef(found.T), stated, atol=0.3)


@pytest.mark.parametrize("edges", [False, True])
def test_the_gradient_is_zero_at_the_truth_on_average(edges: bool) -> None:
    """The mean of 120 draws is known to 0.09 of a draw's spread."""
    found, _ = scores(edges)
    assert (np.abs(found.mean(0)) < 0.25 * found.std(0)).all()


def test_powers_of_the_truth_stay_on_average() -> None:
    """Excess of |L|² over what its power makes it, and noise, at the model they were drawn from."""
    model = red_model(SHAPE, CASES["two"])
    told = [sums_of(drawn(seed, model, SHAPE, COUNT).frames, model) for seed in range(60)]
    inner = torus_over(np.zeros((2, *SHAPE))).band.multiplicity() > 0
    excess = torch.stack([s.excess for s in told]).mean(0)[:, inner].sum(1)
    whole = (told[0].known * model.power)[:, inner].sum(1)
    assert (excess.abs() < 0.06 * whole).all(), excess / whole
    noise = torch.stack([s.noise for s in told]).mean(0)[inner].sum()
    assert float(noise / model.noise[inner].sum()) == pytest.approx(1, abs=0.05)


def test_too_little_power_shows_as_excess() -> None:
    model = red_model(SHAPE, CASES["two"])
    frames = drawn(3, model, SHAPE, COUNT).frames
    for factor, sign in ((0.2, 1), (5.0, -1)):
        told = sums_of(frames, replace(model, power=model.power * factor))
        assert (torch.sign(told.excess.sum((1, 2))) == sign).all()


@pytest.mark.parametrize("frames", [2, 5, 8, 21])
def test_lines_between_nodes_give_back_what_is_linear(frames: int) -> None:
    counts, hats = nodes(frames)
    assert counts[0] == 0
    assert counts[-1] == frames
    assert (counts.diff() > 0).all()
    torch.testing.assert_close(counts @ hats, torch.arange(frames + 1.0).double())
    torch.testing.assert_close(hats.sum(0), torch.ones(frames + 1).double())
