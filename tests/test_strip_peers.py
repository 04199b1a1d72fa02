"""The other tools read clean kymographs rightly: their figures are theirs, not our mistakes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.strip_peers import line_correlation, radon_transform
from benchmarks.strip_scenes import kymograph


@pytest.mark.parametrize("velocity", [1.3, -0.7])
def test_radon_transform_finds_the_slope(velocity: float) -> None:
    known = kymograph(0, math.inf, velocity, frames=64)
    found = radon_transform(known.kymograph, np.array([0]), 64)
    np.testing.assert_allclose(found, velocity, rtol=0.01)


@pytest.mark.parametrize("velocity", [1.3, -0.7, 2.5])
@pytest.mark.parametrize(("spacing", "whiten"), [(5, False), (5, True), (15, False)])
def test_correlation_of_lines_finds_the_shift(velocity: float, spacing: int, whiten: bool) -> None:
    known = kymograph(0, math.inf, velocity, frames=160)
    found = line_correlation(spacing, whiten)(known.kymograph, np.array([0, 48, 96]), 64)
    np.testing.assert_allclose(found, velocity, rtol=0.01)
