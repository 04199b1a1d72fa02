"""Jumps of made paths are listed exactly; the error of frames between others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.path_scenes import random_walk, sinusoid, steady
from hypothesis import given
from hypothesis import strategies as st
from tests.motion.paths.made import tensor

from napari_motionfft.motion.paths.jumps import bridged, jumps_of, usual
from napari_motionfft.motion.paths.links import path_variance
from napari_motionfft.motion.trajectory import basis_of

JUMPS = {11: (4.0, -3.0), 12: (-6.0, 0.5), 25: (0.0, 9.0)}


def bumped(path: np.ndarray, jumps: dict[int, tuple[float, float]]) -> torch.Tensor:
    """The path with jumps on top."""
    path = path.copy()
    for t, by in jumps.items():
        path[t:] += by
    return tensor(path)


def seen(path: torch.Tensor, noise: float = 0.05) -> list[torch.Tensor]:
    """Two halves' paths: the same with noise of their own."""
    rng = np.random.default_rng(4)
    return [path + tensor(noise * rng.standard_normal(path.shape)) for _ in (0, 1)]


@pytest.mark.parametrize("seed", range(5))
def test_a_walk_has_no_jumps(seed: int) -> None:
    for step in (0.02, 0.5, 3.0):
        path = tensor(random_walk(seed, 60, step))
        assert jumps_of(path, seen(path, 0.1 * step), ()) == []


def test_fast_but_steady_travel_has_no_jumps() -> None:
    for path in (steady(0, 60, 12.0), sinusoid(60, 40.0)):
        assert jumps_of(tensor(path), seen(tensor(path)), ()) == []


@pytest.mark.parametrize("jumps", [{11: JUMPS[11]}, {11: JUMPS[11], 25: JUMPS[25]}, JUMPS])
@pytest.mark.parametrize("kind", ["still", "walk", "line", "bend"])
def test_jumps_of_a_steady_path_are_listed_exactly(
    kind: str, jumps: dict[int, tuple[float, float]]
) -> None:
    base = {
        "still": np.zeros((40, 2)),
        "walk": random_walk(1, 40, 0.15),
        "line": steady(2, 40, 2.0),
        "bend": sinusoid(40, 6.0),
    }[kind]
    path = bumped(base, jumps)
    assert jumps_of(path, seen(path), ()) == sorted(jumps)


@pytest.mark.parametrize("at", [1, 39])
def test_a_jump_may_be_at_either_end(at: int) -> None:
    path = bumped(random_walk(1, 40, 0.15), {at: (5.0, 5.0)})
    assert jumps_of(path, seen(path), ()) == [at]


def test_half_a_pixel_is_no_jump() -> None:
    path = bumped(0.01 * random_walk(0, 40, 1.0), {20: (0.5, 0.3)})
    assert jumps_of(path, seen(path, 0.01), ()) == []


def test_a_jump_that_one_half_does_not_see_is_none() -> None:
    base = random_walk(1, 40, 0.15)
    path = bumped(base, {20: (6.0, 2.0)})
    one, two = seen(path)
    assert jumps_of(path, [one, two], ()) == [20]
    assert jumps_of(path, [one, seen(tensor(base))[1]], ()) == []


def test_a_stray_frame_that_is_left_out_makes_no_jump() -> None:
    path = tensor(random_walk(3, 40, 0.15))
    path[17] += 30
    assert jumps_of(path, seen(path), [17]) == []
    # a jump across frames left out begins at the first good one
    bump = bumped(random_walk(3, 40, 0.15), {18: (7.0, 0.0)})
    assert jumps_of(bump, seen(bump), [17, 18, 19]) == [20]


def test_steady_travel_past_frames_left_out_is_no_jump() -> None:
    for path in (steady(0, 60, 3.0), steady(1, 60, 3.0) + random_walk(1, 60, 0.1)):
        path = tensor(path)
        assert jumps_of(path, seen(path), [0, 20, 21, 22, 40, 59]) == []


@pytest.mark.parametrize("frames", [2, 3, 5])
def test_too_few_frames_have_no_usual_step(frames: int) -> None:
    path = bumped(np.zeros((frames, 2)), {1: (9.0, 9.0)})
    assert jumps_of(path, [path, path], ()) == []


def test_the_usual_step_leaves_the_step_itself_out() -> None:
    steps = tensor([[1, 0], [1, 0], [50, 9], [1, 0], [1, 0]])
    assert usual(steps, 2).tolist() == [1, 0]


@given(
    st.sets(st.integers(0, 19), min_size=1, max_size=12),
    st.sampled_from([("free", 1), ("spline", 2), ("polynomial", 2)]),
)
def test_frames_left_out_are_less_sure_than_their_neighbours(
    out: set[int], asked: tuple[str, int]
) -> None:
    excluded = sorted(out)
    basis = basis_of(*asked[:1], 20, asked[1], excluded)
    path = tensor(random_walk(0, 20, 0.7))
    size = 2 * basis.shape[1]
    covariance = 0.01 * torch.eye(size, dtype=torch.float64)
    variance = bridged(path, basis, covariance, excluded, ())
    plain = path_variance(covariance, basis)
    kept = [t for t in range(20) if t not in out]
    torch.testing.assert_close(variance[kept], plain[kept])
    for t in excluded:
        near = [max((s for s in kept if s < t), default=None),
                min((s for s in kept if s > t), default=None)]  # fmt: skip
        for s in near:
            if s is not None:
                assert bool((variance[t] > variance[s]).all())


def test_the_error_between_two_frames_is_that_of_a_walk() -> None:
    """Steps of 1 px: √(ab/(a + b)) px a and b frames from the next good ones, 4000 walks."""
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.standard_normal((4000, 9)), axis=1)
    inner = walks - walks[:, :1] - np.linspace(0, 1, 9) * (walks[:, -1:] - walks[:, :1])
    strayed = inner.std(0)[1:-1]
    # known frames one pixel apart, and √8 px across the 8 frames of the gap: unit steps
    to_and_fro = np.arange(40.0) % 2
    to_and_fro[27:] += to_and_fro[19] - to_and_fro[27] + np.sqrt(8)
    path = tensor(np.stack([to_and_fro, to_and_fro], 1))
    excluded = list(range(20, 27))
    basis = basis_of("free", 40, 1, excluded)
    covariance = torch.zeros(2 * basis.shape[1], 2 * basis.shape[1], dtype=torch.float64)
    found = bridged(path, basis, covariance, excluded, ())[20:27].sqrt()
    np.testing.assert_allclose(found[:, 0], strayed, rtol=0.1)
    assert float(found.max()) == pytest.approx(np.sqrt(2), rel=0.1)


def test_a_jump_is_not_part_of_the_walk() -> None:
    path = bumped(random_walk(0, 20, 0.3), {10: (50.0, 0.0)})
    basis = basis_of("free", 20, 1, [15], [10])
    covariance = torch.zeros(2 * basis.shape[1], 2 * basis.shape[1], dtype=torch.float64)
    told = bridged(path, basis, covariance, [15], [10])[15].sqrt()
    assert float(told.max()) < 0.5
    assert float(bridged(path, basis, covariance, [15], [])[15].sqrt().max()) > 3
