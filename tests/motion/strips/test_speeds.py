"""The velocities of the search: fine enough near zero, and what a lag still sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import next_fast_len

from napari_motionfft.motion.frames import window
from napari_motionfft.motion.strips.speeds import fast_even, lags_in_view, overlap, velocity_grid


@settings(max_examples=30)
@given(
    st.floats(0.1, 60),
    st.integers(4, 1000),
    st.integers(16, 2000),
    st.sampled_from([0.6, 1.0]),
)
def test_grid_reaches_its_limit_both_ways_and_skips_nothing(
    limit: float, frames: int, length: int, step: float
) -> None:
    grid = velocity_grid(limit, frames, length, step).numpy()
    assert grid[-1] == pytest.approx(limit, rel=1e-8)
    assert grid[len(grid) // 2] == 0
    np.testing.assert_array_equal(grid, -grid[::-1])
    gaps = np.diff(grid)
    assert (gaps > 0).all()
    # the longest lag in view at the slower end moves by a step at most
    slower = np.minimum(np.abs(grid[1:]), np.abs(grid[:-1]))
    lag = np.minimum(frames - 1, np.maximum(1, length / (2 * np.maximum(slower, 1e-9))))
    assert (gaps * lag <= step * (1 + 1e-9)).all()


def test_grid_is_even_near_zero_and_wider_beyond() -> None:
    gaps = np.diff(velocity_grid(64, 128, 256, 1.0).numpy())
    slow = len(gaps) // 2
    np.testing.assert_allclose(gaps[slow : slow + 100], 1 / 127, rtol=1e-9)
    assert gaps[-2] == pytest.approx(0.4, rel=0.3)  # 1 px over the 128 px that may be travelled
    assert len(gaps) < 2000


@given(st.floats(-300, 300), st.integers(16, 600), st.integers(1, 500))
def test_lags_in_view_share_half_the_strip(velocity: float, length: int, lags: int) -> None:
    count = int(lags_in_view(torch.tensor([velocity]).double(), length, lags)[0])
    assert 0 <= count <= lags
    velocity = float(torch.tensor([velocity]).double()[0])
    assert count * abs(velocity) <= length / 2 + 1e-3
    if count < lags:
        assert (count + 1) * abs(velocity) > length / 2 - 1e-3


def test_every_lag_sees_a_still_pattern() -> None:
    assert lags_in_view(torch.zeros(1).double(), 64, 500).item() == 500


@pytest.mark.parametrize("taper", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("length", [16, 33, 100])
def test_overlap_is_the_direct_sum(taper: float, length: int) -> None:
    w = window((length, 1), taper)[:, 0].double()
    whole = torch.arange(-length - 3, length + 4).double()
    found = overlap(w, whole).numpy()
    square = float((w * w).sum())
    for d, value in zip(whole.int().tolist(), found, strict=True):
        shift = abs(d)
        wanted = float((w[shift:] * w[: length - shift]).sum()) / square if shift < length else 0
        assert value == pytest.approx(wanted, abs=1e-5)


def test_overlap_between_whole_px_lies_between() -> None:
    w = window((40, 1), 0.0)[:, 0]
    d = torch.tensor([[0.0, 0.5, 7.25], [-7.25, 39.5, 100.0]])
    wanted = [[1, 1 - 0.5 / 40, 1 - 7.25 / 40], [1 - 7.25 / 40, 0.5 / 40, 0]]
    np.testing.assert_allclose(overlap(w, d), wanted, atol=1e-6)


@given(st.floats(2, 5000))
def test_sizes_are_even_and_fast(size: float) -> None:
    n = fast_even(size)
    assert n >= size
    assert n % 2 == 0
    assert next_fast_len(n, real=True) == n
    assert n < 1.3 * size + 2
