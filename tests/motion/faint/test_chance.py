"""How often noise alone reaches a score."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from napari_motionfft.motion.faint.chance import (
    MARGIN,
    excess,
    expected,
    false_alarm,
    score_for,
    searched,
    threshold,
    together,
)

SEARCH = searched((256, 256), 64, 2.0, 0.08, (0.44, 0.44))


def test_threshold_and_probability_are_each_others_inverse() -> None:
    for probability in (0.5, 0.05, 0.001):
        assert false_alarm(threshold(probability, SEARCH), SEARCH) == pytest.approx(probability)
    assert expected(score_for(3.0, SEARCH), SEARCH) == pytest.approx(3.0)
    assert 6.4 < threshold(0.05, SEARCH) < 6.8


def test_a_single_place_has_the_tail_of_a_normal_distribution() -> None:
    point = (1.0, 0.0, 0.0, 0.0, 0.0)
    for score in (2.5, 4.0, 6.0):
        assert expected(score, point) == pytest.approx(norm.sf(score), rel=1e-6)


def test_a_plane_of_noise_has_as_many_peaks_as_expected() -> None:
    """Smoothed noise has Λ = 1/(2σ²); the count of its peaks above 3 is that of the formula."""
    random, sigma, n = np.random.default_rng(0), 2.0, 1024
    plane = gaussian_filter(random.standard_normal((n, n)), sigma, mode="wrap")
    plane /= plane.std()
    smooth = 1 / (2 * sigma**2)
    sides = [n * np.sqrt(smooth)] * 2
    search = (1.0, sum(sides), sides[0] * sides[1], 0.0, 0.0)
    inner = plane[1:-1, 1:-1]
    around = [np.roll(plane, s, (0, 1))[1:-1, 1:-1] for s in ((0, 1), (0, -1), (1, 0), (-1, 0))]
    peaks = int(((inner > np.max(around, axis=0)) & (inner > 3.0)).sum())
    assert peaks == pytest.approx(expected(3.0, search), rel=0.12)


def test_searches_add_up() -> None:
    double = together([SEARCH, SEARCH])
    assert expected(6.0, double) == pytest.approx(2 * MARGIN * expected(6.0, SEARCH))
    faster = searched((256, 256), 64, 4.0, 0.08, (0.44, 0.44))
    assert expected(6.0, faster) > 3.9 * expected(6.0, SEARCH)


def test_excess_follows_the_middle_of_the_parts() -> None:
    usual = score_for(np.log(2) * 9, SEARCH)
    assert excess([usual] * 9, SEARCH) == pytest.approx(1.0)
    assert excess([1.2 * usual] * 9, SEARCH) == pytest.approx(1.2)
    assert excess([usual] * 6 + [9 * usual] * 3, SEARCH) == pytest.approx(1.0)
    assert excess([0.5 * usual] * 9, SEARCH) == 1.0
    assert excess([], SEARCH) == 1.0
