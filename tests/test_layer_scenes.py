"""The stacks of several motions that the figures rest on: their layers, noise, and the bound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks import layer_scenes as made
from benchmarks.scenes import bound, pink_power, shifted


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
def test_frames_are_the_sum_of_what_moves_and_what_stands(boundary: str) -> None:
    v = np.array([[1.5, -2.0], [-0.5, 0.75]])
    known = made.summed(0, v, ("pink", "white"), 5, 0.3, 48, boundary, (1.0, 4.0), still=9.0)
    assert known.still is not None
    noise = known.stack - known.layers.sum(0) - known.still
    assert noise.std() == pytest.approx(0.3, rel=0.02)
    np.testing.assert_allclose(known.images.std((1, 2)), [1, 2], rtol=1e-4)
    assert known.still.std() == pytest.approx(3, rel=1e-4)
    moved = known.layers[0, 2]
    if boundary == "periodic":
        np.testing.assert_allclose(moved, np.roll(known.images[0], (3, -4), (0, 1)), atol=1e-5)
        other = shifted(known.images[1].astype(np.float64), 4 * v[1])
        np.testing.assert_allclose(known.layers[1, 4], other, atol=1e-4)
    else:
        np.testing.assert_allclose(moved[3:, :-4], known.images[0][:-3, 4:], atol=1e-5)
        # what enters opposite is not what left
        assert np.abs(moved[:3, :-4] - known.images[0][-3:, 4:]).max() > 0.5


@pytest.mark.parametrize("kind", made.TEXTURES)
def test_no_content_comes_back(kind: str) -> None:
    v = np.array([3.9, -3.8])
    frames = made.moving(np.random.default_rng(0), kind, v, 32, 40, periodic=False)
    # 62 px in half of the frames: the field shows something else by then
    assert abs(np.corrcoef(frames[0].ravel(), frames[16].ravel())[0, 1]) < 0.7
    assert frames[0].std() == pytest.approx(1)
    assert frames[0].mean() == pytest.approx(0, abs=1e-12)


def test_a_seed_gives_the_same_stack() -> None:
    first, again, other = (made.crossing(seed, side=32) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.stack, again.stack)
    assert np.abs(first.stack - other.stack).max() > 1
    np.testing.assert_allclose(
        first.flipped(1) + first.stack, 2 * (first.stack - first.layers[1]), atol=1e-5
    )


def test_velocities_are_where_they_are_said_to_be() -> None:
    for seed in range(30):
        v = made.velocities_apart(seed, 3)
        assert np.abs(v).max() <= 4
        gaps = [math.hypot(*(v[i] - v[j])) for i, j in ((0, 1), (0, 2), (1, 2))]
        assert min(gaps) >= 1.5
        assert 0.2 <= math.hypot(*made.slow_velocity(seed)) <= 0.5
        drawn = made.drawn_velocity(seed)
        assert np.abs(drawn).max() <= 2
        assert math.hypot(*drawn) >= 0.5


def test_bound_of_one_layer_is_that_of_one_scene() -> None:
    power = pink_power((32, 32))
    one = made.layers_bound(power[None], 0.1, 12, (32, 32), np.array([[0.3, -1.2]]), still=False)
    expected = np.sqrt(np.diag(bound(power, 0.1, 12, (32, 32))))
    np.testing.assert_allclose(one[0], expected, rtol=1e-6)
    behind = made.layers_bound(power[None], 0.1, 12, (32, 32), np.array([[0.3, -1.2]]), still=True)
    assert (behind > one * 1.001).all()
    # a layer far off in velocity costs little, one near costs much
    near, far = (
        made.layers_bound(
            np.stack([power, power]), 0.1, 12, (32, 32), np.array([[0.3, -1.2], v]), still=False
        )[0]
        for v in ([0.35, -1.2], [3.3, 2.2])
    )
    assert near[0] > 2 * one[0][0]
    assert (far < 1.2 * one[0]).all()


def test_what_lies_off_a_span() -> None:
    rng = np.random.default_rng(0)
    columns = (rng.standard_normal((2, 3, 7, 2)) + 1j * rng.standard_normal((2, 3, 7, 2))).astype(
        np.complex128
    )
    vector = columns[..., 0] + 1j * rng.standard_normal((2, 3, 7))
    found = made.off(columns, vector)
    for i in range(2):
        for j in range(3):
            share = np.linalg.lstsq(columns[i, j], vector[i, j], rcond=None)[0]
            left = vector[i, j] - columns[i, j] @ share
            assert found[i, j] == pytest.approx((np.abs(left) ** 2).sum(), rel=1e-6)


def test_noises_differ() -> None:
    for kind in made.NOISES:
        stack = made.noises(0, kind, frames=6, side=64)
        assert stack.shape == (6, 64, 64)
        # no frame tells of another
        assert abs(np.corrcoef(stack[0].ravel(), stack[1].ravel())[0, 1]) < 0.25
    rows = made.noises(0, "rows", frames=6, side=64)
    assert rows.mean(2).std() > 0.8
    assert made.noises(0, "poisson", frames=6).mean() == pytest.approx(0.5, rel=0.02)
    with pytest.raises(ValueError, match="no noise named 'brown'"):
        made.noises(0, "brown")
    with pytest.raises(ValueError, match="kind must be one of"):
        made.texture(np.random.default_rng(0), "plaid", (8, 8))
