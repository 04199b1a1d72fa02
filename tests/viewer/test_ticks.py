"""Round numbers and the error ellipse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_motionfft.viewer.ticks import (
    enlargement,
    error_ellipse,
    pair_text,
    round_below,
    round_ticks,
    tick_text,
)


@pytest.mark.parametrize(
    ("value", "below"), [(1, 1), (1.9, 1), (2, 2), (4.99, 2), (5, 5), (9.9, 5), (0.03, 0.02)]
)
def test_round_below(value: float, below: float) -> None:
    assert round_below(value) == pytest.approx(below)


@pytest.mark.parametrize(
    ("limit", "ticks"),
    [
        (13.3, [-10, -5, 0, 5, 10]),
        (5.5, [-4, -2, 0, 2, 4]),
        (1.0, [-1, -0.5, 0, 0.5, 1]),
        (8.3, [-5, 0, 5]),
        (0.45, [-0.4, -0.2, 0, 0.2, 0.4]),
    ],
)
def test_ticks(limit: float, ticks: list[float]) -> None:
    assert round_ticks(limit) == pytest.approx(ticks)


@given(st.floats(1e-6, 1e6))
def test_ticks_are_few_and_within(limit: float) -> None:
    ticks = round_ticks(limit)
    assert 3 <= len(ticks) <= 5
    assert max(ticks) <= limit * (1 + 1e-6)
    assert max(ticks) >= 0.5 * limit
    assert 0 in ticks


def test_text_of_ticks() -> None:
    assert [tick_text(v) for v in (-2.0, 0.0, 0.5)] == ["−2", "0", "0.5"]


@given(st.floats(1e-4, 1e4), st.floats(1e-4, 1e4), st.floats(-0.99, 0.99))
def test_ellipse_touches_the_standard_errors(a: float, b: float, correlation: float) -> None:
    """Its shadows are σ_y and σ_x, whatever the correlation: x = σ cos φ, extremes at ±σ."""
    covariance = np.array([[a * a, correlation * a * b], [correlation * a * b, b * b]])
    outline = error_ellipse(covariance, 3.0, points=720)
    np.testing.assert_allclose(outline.max(0), [3 * a, 3 * b], rtol=1e-3)
    inverse = np.linalg.inv(covariance)
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", outline, inverse, outline), 9, rtol=1e-4)


def test_enlargement_is_round_and_never_shrinks() -> None:
    assert enlargement(np.diag([1e-4, 1e-6]), 0.7) == 50
    assert enlargement(np.diag([4.0, 1.0]), 0.7) == 1
    assert enlargement(np.zeros((2, 2)), 0.7) == 1
    assert enlargement(np.full((2, 2), np.nan), 0.7) == 1


@pytest.mark.parametrize(
    ("velocity", "error", "text"),
    [
        ((-0.00123, 0.00233), (0.00041, 0.00056), "(−0.0012, 0.0023)"),
        ((-0.00004, 0.4), (0.00041, 0.21), "(0.0000, 0.40)"),
        ((2.000026, 4.1), (1.4e-5, 2.0), "(2.0000, 4.1)"),
        ((-0.001, 12.345), (0.0, float("nan")), "(0.00, 12.35)"),
        ((-12.345, 1.0), (float("inf"), 12.0), "(−12.35, 1)"),
    ],
)
def test_a_pair_has_the_places_of_its_errors(velocity, error, text: str) -> None:
    assert pair_text(np.asarray(velocity), np.asarray(error)) == text
