"""Pixels that some frames see: counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.several.made_layers import red_model, torus_over

from napari_motionfft.motion.several.edges import coverage, edge_pull, kept_information
from napari_motionfft.motion.several.torus import Torus, torus_shape

FIELD = (7, 9)
speeds = st.floats(-1.3, 1.3)


def torus_for(velocity: tuple[float, float], count: int) -> Torus:
    known = torch.tensor([velocity], dtype=torch.float64)
    return torus_over(np.zeros((count, *FIELD)), torus_shape(FIELD, known, count, False))


def counts_at(torus: Torus, velocity: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How many frames see points (N, 2) px of the layer."""
    seen = np.zeros(len(points), int)
    for t in torus.times.numpy():
        at = points + velocity * t
        inside = (at >= -0.5) & (at < np.array(FIELD) - 0.5)
        seen += inside.all(1)
    return seen


@settings(max_examples=25)
@given(st.tuples(speeds, speeds), st.integers(2, 7))
def test_coverage_counts_pixels_by_the_frames_that_see_them(
    velocity: tuple[float, float], count: int
) -> None:
    torus = torus_for(velocity, count)
    found = coverage(torus, torch.tensor(velocity, dtype=torch.float64))
    reach = 12
    ys, xs = np.mgrid[-reach : FIELD[0] + reach, -reach : FIELD[1] + reach]
    counts = counts_at(torus, np.array(velocity), np.stack([ys.ravel(), xs.ravel()], 1))
    pixels = torus.shape[0] * torus.shape[1]
    wanted = np.bincount(counts, minlength=count + 1) / pixels
    np.testing.assert_allclose(found[1:], wanted[1:], atol=1e-12)
    assert float(found.sum()) == pytest.approx(1)
    # every frame sees all its pixels
    assert float(found @ torch.arange(count + 1.0).double()) == pytest.approx(count * torus.filled)


@settings(max_examples=10)
@given(st.tuples(speeds, speeds), st.integers(2, 6))
def test_edge_pull_is_the_difference_between_opposite_edges(
    velocity: tuple[float, float], count: int
) -> None:
    torus = torus_for(velocity, count)
    variance = torch.cat([torch.tensor([3.0]), 1 / torch.arange(1.0, count + 1)]).double()
    v, wanted = np.array(velocity), np.zeros(2)
    for t in torus.times.numpy():
        for axis in (0, 1):
            for end, sign in ((0, -1), (FIELD[axis] - 1, 1)):
                along = np.arange(FIELD[1 - axis])
                points = np.stack([np.full(len(along), end), along], 1)
                points = points if axis == 0 else points[:, ::-1]
                seen = counts_at(torus, v, points - v * t)
                wanted[axis] += 0.5 * t * sign * float(variance[seen].sum())
    found = edge_pull(torus, torch.tensor(velocity, dtype=torch.float64), variance)
    np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.parametrize("velocity", [(1.0, 0.0), (0.5, -1.5), (-1.0, 1.0)])
def test_pixels_on_the_very_edge_are_counted(velocity: tuple[float, float]) -> None:
    """Half px at the end of the travel: neither row is lost."""
    torus = torus_for(velocity, 6)
    found = coverage(torus, torch.tensor(velocity, dtype=torch.float64))
    assert float(found @ torch.arange(7.0).double()) == pytest.approx(6 * torus.filled, abs=1e-12)


def test_every_frame_sees_all_of_what_wraps_around() -> None:
    torus = torus_over(np.zeros((4, *FIELD)))
    found = coverage(torus, torch.tensor([0.9, -1.4], dtype=torch.float64))
    assert found.tolist() == [0, 0, 0, 0, 1]


def test_no_pull_where_content_is_periodic() -> None:
    torus = torus_over(np.zeros((4, *FIELD)))
    velocity = torch.tensor([0.7, -0.2], dtype=torch.float64)
    assert torch.equal(edge_pull(torus, velocity, torch.ones(5).double()), torch.zeros(2).double())


def test_opposite_velocities_are_pulled_oppositely() -> None:
    variance = 1 / torch.arange(1.0, 7).double()
    torus = torus_for((0.8, -0.3), 5)
    one = edge_pull(torus, torch.tensor([0.8, -0.3]).double(), variance)
    other = edge_pull(torus, torch.tensor([-0.8, 0.3]).double(), variance)
    torch.testing.assert_close(one, -other)
    # slower would make frames share more pixels: what is unknown there draws towards it, or away
    assert float(one[0]) * float(one[1]) < 0


def test_information_is_kept_whole_where_nothing_leaves() -> None:
    """A layer that stands: every frame sees all of it. One that runs: less."""
    count = 6
    for velocity, low, high in (((0.0, 0.0), 1, 1), ((0.5, 0.0), 0.3, 0.95), ((1.2, 0), 0.02, 0.5)):
        torus = torus_for(velocity, count)
        model = red_model(torus.shape, [velocity])
        seen = coverage(torus, model.velocities[0])
        kept = kept_information(torus, seen, model.power[0], model.noise)
        assert low - 1e-9 <= kept <= high + 1e-9
