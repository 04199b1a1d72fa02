"""The occluders that the figures rest on: opaque, moving as told, as large and noisy as told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.occluder_scenes import PHOTOGRAPHS, SHAPES, occluder
from benchmarks.scenes import shifted


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("coverage", [0.3, 0.5])
def test_coverage_is_as_told(shape: str, coverage: float) -> None:
    known = occluder(3, shape=shape, coverage=coverage, side=96, frames=8)
    assert known.coverage == pytest.approx(coverage, abs=0.02)
    assert ((known.masks > 0) & (known.masks < 1)).mean() < 0.25
    assert known.stack.shape == known.masks.shape == (8, 96, 96)


def test_a_pixel_shows_one_of_both() -> None:
    known = occluder(1, snr=math.inf, side=96, frames=3)
    assert known.noise == 0
    for layer, shown in zip(known.images, (known.masks[0] == 1, known.masks[0] == 0), strict=True):
        assert shown.sum() > 100
        np.testing.assert_allclose(known.stack[0][shown], layer[shown], atol=1e-5)


def test_each_moves_with_its_velocity() -> None:
    known = occluder(4, snr=math.inf, side=128, frames=9, coverage=0.5)
    inside = slice(32, 96), slice(32, 96)
    for velocity, shown in zip(known.velocities, (known.masks, 1 - known.masks), strict=True):
        back, there = (shifted(each[8], -8 * velocity) for each in (known.stack, shown))
        both = ((shown[0] > 0.99) & (there > 0.99))[inside]
        assert both.sum() > 200
        error = np.abs((back - known.stack[0])[inside][both])
        # the cut frame wraps, and rings at the other layer's edges
        assert np.median(error) < 0.2
        still = np.abs((known.stack[8] - known.stack[0])[inside][both])
        assert np.median(error) < 0.5 * np.median(still)


def test_noise_and_seeds() -> None:
    known, clean = occluder(0, snr=2.0), occluder(0, snr=math.inf)
    assert clean.stack.std() / (known.stack - clean.stack).std() == pytest.approx(2, rel=0.03)
    np.testing.assert_array_equal(occluder(0, snr=2.0).stack, known.stack)
    for seed in range(30):
        other = occluder(seed, side=32, frames=2)
        assert math.hypot(*(other.velocities[0] - other.velocities[1])) >= 1
        assert np.abs(other.velocities).max() <= 3
        assert other.textures[0] != other.textures[1]
        assert set(other.textures) <= set(PHOTOGRAPHS)


def test_a_shape_that_is_none() -> None:
    with pytest.raises(KeyError):
        occluder(0, shape="cloud")
