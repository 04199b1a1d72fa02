"""Normal equations of several runs against least squares written out in full."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.motion.paths.made import tensor

from napari_motionfft.motion.paths.links import (
    Link,
    cholesky,
    gauge,
    path_variance,
    shares_of,
    solve,
    spread_out,
)
from napari_motionfft.motion.trajectory import basis_of

MODELS = [("velocity", 1), ("polynomial", 3), ("spline", 2), ("free", 1), ("free", 3)]
ONE, CHAIN = [(0, 18)], [(0, 8), (4, 13), (9, 18)]


def spd(rng: np.random.Generator) -> np.ndarray:
    """A (2, 2) covariance far from diagonal."""
    root = rng.standard_normal((2, 2)) + np.eye(2)
    return root @ root.T + 0.3 * np.eye(2)


def links_of(spans: list[tuple[int, int]], seed: int, equal: bool = False) -> list[Link]:
    """Random links over 18 frames; `equal` gives all runs one curvature."""
    rng = np.random.default_rng(seed)
    common = spd(rng), spd(rng)
    weights = rng.uniform(0.2, 2, 18)
    found = []
    for (start, stop), shares in zip(spans, shares_of(spans, 18), strict=True):
        curvature, scatter = common if equal else (spd(rng), spd(rng))
        mine, pulls = weights[start:stop], rng.standard_normal((stop - start, 2))
        arrays = (tensor(a) for a in (mine, shares, pulls, curvature, scatter))
        found.append(Link(start, stop, *arrays))
    return found


def written_out(links: list[Link], basis: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The step (K, 2) and its covariance (2K, 2K), frame by frame in NumPy.

    Minimises Σ s·w·(½ mᵀHm − gᵀm), m the move of a frame relative to its run's weighted mean, with
    the mean of all moves held at 0.
    """
    bases = basis.numpy()
    size = 2 * bases.shape[1]
    normal, right, noise = np.zeros((size, size)), np.zeros(size), np.zeros((size, size))
    for link in links:
        rows = bases[link.start : link.stop]
        weights = link.weights.numpy()
        rows = rows - np.average(rows, axis=0, weights=weights)
        for row, w, s, pull in zip(rows, weights, link.shares.numpy(), link.pulls, strict=True):
            design = np.kron(row[None], np.eye(2))  # (2, 2K)
            normal += s * w * design.T @ link.curvature.numpy() @ design
            right += s * w * design.T @ pull.numpy()
            noise += s * w**2 * design.T @ link.scatter.numpy() @ design
    held = np.kron(bases.mean(0)[None], np.eye(2)) if has_constant(basis) else np.zeros((2, size))
    inverse = np.linalg.pinv(np.block([[normal, held.T], [held, np.zeros((2, 2))]]))[:size, :size]
    return (inverse @ right).reshape(-1, 2), inverse @ noise @ inverse.T


def has_constant(basis: torch.Tensor) -> bool:
    return bool(gauge(basis).abs().max() > 1e-9)


@pytest.mark.parametrize("spans", [ONE, CHAIN])
@pytest.mark.parametrize(("model", "size"), MODELS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_step_is_that_of_least_squares(
    model: str, size: int, spans: list[tuple[int, int]], seed: int
) -> None:
    basis, links = basis_of(model, 18, size), links_of(spans, seed)
    step = solve(links, basis, errors=True)
    wanted, covariance = written_out(links, basis)
    np.testing.assert_allclose(basis @ step.move, basis.numpy() @ wanted, atol=1e-7)
    assert step.covariance is not None
    np.testing.assert_allclose(
        path_variance(step.covariance, basis),
        path_variance(tensor(covariance), basis),
        atol=1e-7,
    )


@pytest.mark.parametrize(("model", "size"), MODELS[2:])
@pytest.mark.parametrize("spans", [ONE, CHAIN])
def test_the_gauge_leaves_the_mean_of_all_frames_where_it_is(
    model: str, size: int, spans: list[tuple[int, int]]
) -> None:
    basis = basis_of(model, 18, size)
    move = basis @ solve(links_of(spans, 3), basis).move
    assert float(move.mean(0).abs().max()) < 1e-9 * float(move.abs().max())


def test_one_run_solved_apart_equals_the_same_run_in_the_full_equations() -> None:
    """A second run of no weight asks for the general way; the answer is that of the short one."""
    basis = basis_of("spline", 18, 3)
    [link] = links_of(ONE, 5)
    idle = Link(0, 18, link.weights * 1e-12, link.shares, link.pulls, link.curvature, link.scatter)
    short, full = solve([link], basis, errors=True), solve([link, idle], basis, errors=True)
    torch.testing.assert_close(short.move, full.move, atol=1e-6, rtol=0)
    assert short.covariance is not None
    assert full.covariance is not None
    torch.testing.assert_close(
        path_variance(short.covariance, basis),
        path_variance(full.covariance, basis),
        atol=1e-6,
        rtol=0,
    )


@pytest.mark.parametrize(("model", "size"), MODELS[2:])
def test_places_are_spread_out_over_runs_that_each_have_a_zero_of_their_own(
    model: str, size: int
) -> None:
    """A chain of runs recovers the path from differences alone."""
    basis = basis_of(model, 18, size)
    rng = np.random.default_rng(7)
    path = basis @ tensor(rng.standard_normal((basis.shape[1], 2)))
    eye = torch.eye(2, dtype=torch.float64)
    links = [
        Link(start, stop, tensor(rng.uniform(0.5, 2, stop - start)), shares,
             path[start:stop] + tensor(50 * rng.standard_normal(2)), eye, eye)
        for (start, stop), shares in zip(CHAIN, shares_of(CHAIN, 18), strict=True)
    ]  # fmt: skip
    found = basis @ spread_out(links, basis)
    torch.testing.assert_close(found - found[:1], path - path[:1], atol=1e-6, rtol=0)


def test_spreading_out_is_the_step_of_equal_curvatures() -> None:
    basis = basis_of("spline", 18, 4)
    eye = torch.eye(2, dtype=torch.float64)
    links = [
        Link(one.start, one.stop, one.weights, one.shares, one.pulls, eye, eye)
        for one in links_of(CHAIN, 2)
    ]
    means = [(one.weights @ one.pulls) / one.weights.sum() for one in links]
    centred = [
        Link(one.start, one.stop, one.weights, one.shares, one.pulls - mean, eye, eye)
        for one, mean in zip(links, means, strict=True)
    ]
    torch.testing.assert_close(
        spread_out(links, basis), solve(centred, basis).move, atol=1e-8, rtol=0
    )


@pytest.mark.parametrize(("model", "size"), [("polynomial", 2), ("spline", 2), ("free", 1)])
def test_the_variance_of_a_path_is_that_of_many_noises(model: str, size: int) -> None:
    """One run: gradients of a known scatter, 1500 draws; within 15 %."""
    basis = basis_of(model, 18, size)
    [link] = links_of(ONE, 11)
    rng = np.random.default_rng(0)
    root = np.linalg.cholesky(link.scatter.numpy())
    draws = []
    for _ in range(1500):
        pulls = tensor(rng.standard_normal((18, 2)) @ root.T)
        drawn = Link(0, 18, link.weights, link.shares, pulls, link.curvature, link.scatter)
        path = basis @ solve([drawn], basis).move
        draws.append((path - path[:1]).numpy())
    covariance = solve([link], basis, errors=True).covariance
    assert covariance is not None
    predicted = path_variance(covariance, basis)
    assert predicted[0].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(np.var(draws, axis=0)[1:], predicted[1:], rtol=0.15)


def test_shares_count_the_runs_that_hold_a_frame() -> None:
    shares = shares_of([(0, 3), (2, 5), (2, 4)], 5)
    assert [part.tolist() for part in shares] == [[1, 1, 1 / 3], [1 / 3, 1 / 2, 1], [1 / 3, 1 / 2]]


def test_a_frame_of_no_weight_pulls_at_nothing() -> None:
    basis = basis_of("polynomial", 18, 3)
    [link] = links_of(ONE, 4)
    weights = link.weights.clone()
    weights[6] = 0
    told = []
    for pull in (0.0, 1e6):
        pulls = link.pulls.clone()
        pulls[6] = pull
        one = Link(0, 18, weights, link.shares, pulls, link.curvature, link.scatter)
        told.append(solve([one], basis).move)
    torch.testing.assert_close(told[0], told[1])


def test_a_matrix_that_is_barely_positive_still_has_a_factor() -> None:
    flat = torch.ones(3, 3, dtype=torch.float64)
    factor = cholesky(flat)
    torch.testing.assert_close(factor @ factor.T, flat, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("frames", "knots"), [(2, 1), (3, 2), (5, 8), (20, 27)])
def test_a_spline_of_more_intervals_than_frames_has_a_gauge(frames: int, knots: int) -> None:
    assert has_constant(basis_of("spline", frames, knots))
