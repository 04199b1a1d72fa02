"""Models of motion as bases: what they hold, where they are straight, what they never cross."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.motion.paths.made import tensor

from napari_motionfft.motion.paths.links import gauge
from napari_motionfft.motion.trajectory import (
    basis_of,
    centred,
    free,
    hats,
    nodes_of,
    polynomial,
    spline,
    velocity,
)

FRAMES = st.integers(2, 60)


def fitted(basis: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """What the basis makes of values (T, n) in the least-squares sense."""
    return basis @ torch.linalg.lstsq(basis, values, driver="gelsd").solution


@given(FRAMES)
def test_a_velocity_is_a_line_through_the_first_frame(frames: int) -> None:
    basis = velocity(frames)
    assert basis.shape == (frames, 1)
    torch.testing.assert_close(basis[:, 0], torch.arange(frames, dtype=torch.float64))


@given(FRAMES, st.integers(1, 12))
def test_splines_are_a_partition_of_unity(frames: int, knots: int) -> None:
    basis = spline(frames, knots)
    assert basis.shape == (frames, knots + 3)
    assert float(basis.min()) >= 0
    torch.testing.assert_close(basis.sum(1), torch.ones(frames, dtype=torch.float64))


@given(st.integers(8, 60), st.integers(1, 12), st.integers(0, 3))
def test_splines_hold_every_cubic(frames: int, knots: int, power: int) -> None:
    values = torch.linspace(-1, 1, frames, dtype=torch.float64)[:, None] ** power
    torch.testing.assert_close(fitted(spline(frames, knots), values), values, atol=1e-8, rtol=0)


@given(st.integers(2, 60), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_polynomial_is_exact_up_to_a_common_shift(frames: int, degree: int, seed: int) -> None:
    degree = min(degree, frames - 1)
    basis = polynomial(frames, degree)
    assert basis.shape == (frames, degree)
    t = np.linspace(-1, 1, frames)
    values = tensor(np.polyval(np.random.default_rng(seed).standard_normal(degree + 1), t))[:, None]
    rows, wanted = centred(basis), values - values.mean(0)
    torch.testing.assert_close(fitted(rows, wanted), wanted, atol=1e-8, rtol=0)


def test_a_polynomial_is_no_more_than_its_degree() -> None:
    t = torch.linspace(-1, 1, 30, dtype=torch.float64)[:, None]
    cubic = t**3 - (t**3).mean(0)
    left = fitted(centred(polynomial(30, 2)), cubic) - cubic
    assert float(left.norm() / cubic.norm()) > 0.2


@given(st.integers(1, 40), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_free_paths_interpolate_between_their_nodes(frames: int, binning: int, seed: int) -> None:
    basis = free(frames, binning)
    nodes = nodes_of(range(frames), 0, binning)
    assert basis.shape == (frames, len(nodes))
    # between nodes, any line comes out; beyond the outer ones it goes on
    line = tensor(np.random.default_rng(seed).standard_normal(2))
    places = line[0] * tensor(nodes) + line[1]
    wanted = line[0] * torch.arange(frames, dtype=torch.float64) + line[1]
    if len(nodes) > 1:
        torch.testing.assert_close(basis @ places, wanted, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(basis.sum(1), torch.ones(frames, dtype=torch.float64))
    assert int((basis != 0).sum(1).max()) <= 2


def test_with_binning_one_every_frame_is_free() -> None:
    assert torch.equal(free(7), torch.eye(7, dtype=torch.float64))


def test_nodes_lie_in_the_middle_of_their_bins() -> None:
    np.testing.assert_allclose(nodes_of(range(8), 0, 4), [1.5, 5.5])
    np.testing.assert_allclose(nodes_of([3, 4, 6, 7, 8], 3, 5), [5.6])
    np.testing.assert_allclose(nodes_of([], 5, 2), [5.0])


def test_hats_beyond_the_outer_nodes_are_held_or_go_on() -> None:
    t, nodes = np.arange(6), np.array([2.0, 3.0])
    value = np.array([10.0, 11.0])
    np.testing.assert_allclose(hats(t, nodes, extend=False) @ value, [10, 10, 10, 11, 11, 11])
    np.testing.assert_allclose(hats(t, nodes, extend=True) @ value, [8, 9, 10, 11, 12, 13])
    np.testing.assert_allclose(hats(t, nodes[:1], extend=True), np.ones((6, 1)))


excluded_and_jumps = st.tuples(
    st.integers(3, 30),
    st.sets(st.integers(0, 29), max_size=10),
    st.sets(st.integers(1, 29), max_size=4),
    st.integers(1, 4),
)


@given(excluded_and_jumps)
def test_frames_left_out_have_no_node_and_lines_never_cross_a_jump(
    case: tuple[int, set[int], set[int], int],
) -> None:
    frames, out, bumps, binning = case
    excluded = sorted(t for t in out if t < frames)
    jumps = sorted(t for t in bumps if t < frames)
    basis = free(frames, binning, excluded, jumps)
    torch.testing.assert_close(basis.sum(1), torch.ones(frames, dtype=torch.float64))
    edges = [0, *jumps, frames]
    piece = np.searchsorted(edges, np.arange(frames), side="right")
    for column in basis.T:
        assert len(set(piece[column.numpy() != 0])) == 1
    if binning == 1:
        for start, stop in pairwise(edges):
            inside = [t for t in range(start, stop) if t not in out]
            rows = basis[inside]
            # each kept frame has a column of its own
            assert torch.equal(rows[:, rows.sum(0) > 0], torch.eye(len(inside)).double())


def test_a_frame_left_out_lies_between_its_neighbours_or_with_the_only_one() -> None:
    basis = free(7, 1, excluded=[0, 3, 4, 6])
    path = basis @ tensor([1.0, 3.0, 9.0])  # nodes at frames 1, 2 and 5
    np.testing.assert_allclose(path, [1, 1, 3, 5, 7, 9, 9])


def test_a_piece_without_a_good_frame_still_has_a_place() -> None:
    basis = free(6, 1, excluded=[2, 3], jumps=[2, 4])
    assert basis.shape == (6, 5)
    np.testing.assert_allclose(basis[2:4, 2], [1, 1])


@pytest.mark.parametrize(("model", "size"), [("velocity", 1), ("polynomial", 2), ("spline", 2)])
def test_smooth_models_take_jumps_as_steps(model: str, size: int) -> None:
    plain, stepped = basis_of(model, 12, size), basis_of(model, 12, size, jumps=[5, 9])
    assert torch.equal(stepped[:, :-2], plain)
    assert stepped[:, -2].tolist() == [0.0] * 5 + [1.0] * 7
    assert stepped[:, -1].tolist() == [0.0] * 9 + [1.0] * 3


@given(FRAMES, st.sampled_from(["velocity", "polynomial", "spline", "free"]))
def test_only_bases_that_hold_the_constant_need_a_gauge(frames: int, model: str) -> None:
    basis = basis_of(model, frames, 1 if model == "velocity" else min(2, frames - 1))
    common = gauge(basis)
    holds = model in ("spline", "free")
    assert bool(common.abs().max() > 1e-9) == holds
    if holds:
        torch.testing.assert_close(common, basis.mean(0))
