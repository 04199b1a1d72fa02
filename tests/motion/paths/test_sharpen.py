"""Gauss–Newton at low resolution: where it starts, how far it steps, where it ends."""

from __future__ import annotations

import pytest
import torch
from benchmarks.path_scenes import rmse
from tests.motion.paths.made import field, ones, tensor, walking

from napari_motionfft.motion.paths.links import path_variance
from napari_motionfft.motion.paths.sharpen import FURTHEST, bounded, nearest, one_step, sharpen
from napari_motionfft.motion.trajectory import basis_of

MODELS = [("velocity", 1), ("polynomial", 3), ("spline", 2), ("free", 1), ("free", 3)]


def on_basis(basis: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """(T, 2) px of a path that the basis holds, from frame 0."""
    made = torch.Generator().manual_seed(seed)
    path = basis @ torch.randn(basis.shape[1], 2, generator=made, dtype=torch.float64)
    return path - path[:1]


@pytest.mark.parametrize(("model", "size"), MODELS)
def test_nearest_finds_a_path_that_the_basis_holds_but_for_a_common_shift(
    model: str, size: int
) -> None:
    basis = basis_of(model, 24, size)
    path = on_basis(basis)
    found = basis @ nearest(basis, path + tensor([30.0, -20.0]), ones(24))
    torch.testing.assert_close(found - found[:1], path, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("model", "size"), MODELS[:4])
def test_nearest_heeds_no_frame_without_weight(model: str, size: int) -> None:
    """Least of all frame 0, which the others are measured from."""
    basis = basis_of(model, 24, size, excluded=[0, 9])
    path = on_basis(basis, seed=1)
    weights = ones(24)
    weights[[0, 9]] = 0
    spoilt = path.clone()
    spoilt[0], spoilt[9] = tensor([25.0, 40.0]), tensor([-60.0, 5.0])
    found = basis @ nearest(basis, spoilt, weights)
    torch.testing.assert_close(found - found[:1], path, atol=1e-3, rtol=0)


def test_a_free_frame_without_weight_keeps_its_place() -> None:
    weights = ones(12)
    weights[4] = 0
    path = on_basis(torch.eye(12, dtype=torch.float64))
    found = nearest(basis_of("free", 12, 1), path, weights)
    torch.testing.assert_close(found - found[:1], path, atol=1e-6, rtol=0)


def test_steps_of_a_free_path_are_bounded_frame_by_frame() -> None:
    move = tensor([[0.1, 0.2], [30.0, 40.0], [0.0, -0.5]])
    short = bounded(move, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(short[[0, 2]], move[[0, 2]])
    torch.testing.assert_close(short[1], tensor([0.6, 0.8]) * FURTHEST)


def test_steps_of_a_smooth_path_are_shortened_as_a_whole() -> None:
    basis = basis_of("spline", 20, 3)
    move = tensor([[5.0, 1.0]] * 3 + [[-5.0, 2.0]] * 3)
    short = bounded(move, basis)
    moved = basis @ short
    assert float((moved - moved.mean(0)).norm(dim=1).max()) == pytest.approx(FURTHEST)
    torch.testing.assert_close(short / short[0, 0], move / move[0, 0])
    small = move * 1e-3
    torch.testing.assert_close(bounded(small, basis), small)


def test_a_common_shift_of_all_frames_is_no_step() -> None:
    """Splines hold the constant; a shift of all frames costs nothing and is not shortened."""
    move = tensor([[9.0, 9.0]] * 6)
    torch.testing.assert_close(bounded(move, basis_of("spline", 20, 3)), move)


def test_a_path_is_sharpened_from_half_a_pixel_off_and_knows_its_error() -> None:
    """Over five noises: the error shrinks, and is what the covariance says within 40 %."""
    ratios = []
    for seed in range(5):
        known = walking(frames=16, snr=1.0, seed=seed)
        views = [field(known.stack).still]
        basis = basis_of("free", 16, 1)
        made = torch.Generator().manual_seed(seed)
        off = 0.5 * torch.randn(16, 2, generator=made, dtype=torch.float64)
        start = tensor(known.path) + off
        path = sharpen(views, start, basis, ones(16), None, 8)
        error = rmse(path.numpy(), known.path)
        assert error < 0.3 * rmse(start.numpy(), known.path)
        covariance = one_step(views, path, basis, ones(16), None, errors=True).covariance
        assert covariance is not None
        predicted = path_variance(covariance, basis)[1:].mean().sqrt()
        left = (path - path[:1] - tensor(known.path))[1:].square().mean().sqrt()
        ratios.append(float(left / predicted))
    assert 0.6 < sum(ratios) / 5 < 1.4
