"""The posts' figures on the posts' data (docs/method.md § 2)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_motionfft.motion import objectives as ob

PINNED = {
    "fourier-unsigned": (225, 0),
    "fourier": (1, 10),
    "fourier-unsigned-bilinear": (1, 10),
    "fourier-bilinear": (1, 10),
}


def test_the_square_is_the_posts() -> None:
    frames, truth = ob.posts_square()
    assert frames.shape == (2, 5, 128, 128)
    assert truth.tolist() == [[2, 4], [-2, 0]]  # (dy, dx)
    assert float(frames.sum()) == 2 * 5 * 78**2
    assert bool((frames[0, 3, 31:109, 37:115] == 1).all())
    assert bool((frames[1, 4, 17:95, 25:103] == 1).all())


@pytest.mark.parametrize("name", list(PINNED))
def test_local_maxima_and_successes(name: str) -> None:
    """±8 px/frame on the half-pixel grid, its rim left out; ten starts of at most 400 steps."""
    frames, truth = ob.posts_square()
    maxima, successes = PINNED[name]
    row = ob.compare_objectives(frames, truth, [name])[name]
    assert (row.maxima, row.successes) == (maxima, successes)


def test_spatial_succeeds_from_all_ten_starts() -> None:
    frames, truth = ob.posts_square()
    history = ob.multi_start(frames, "spatial", ob.random_starts(10, 2), truth=truth)
    assert history.successes == 10


def test_the_false_maxima_are_the_whole_shifts() -> None:
    frames, _ = ob.posts_square()
    for shifts in ob.objective_landscape(frames, "fourier-unsigned").maxima:
        whole = {(y, x) for y in range(-7, 8) for x in range(-7, 8)}
        assert {(int(y), int(x)) for y, x in shifts.tolist()} == whole
        assert (shifts == np.round(shifts)).all()


def test_the_posts_own_grid_shows_them_as_well() -> None:
    """64 points an axis: spacing 16/63 px, so whole shifts lie between the points."""
    frames, truth = ob.posts_square()
    axis = np.linspace(-8, 8, 64)
    assert ob.objective_landscape(frames, "fourier-unsigned", vy=axis, vx=axis).count == [225, 225]
    for name in ("fourier", "fourier-bilinear", "fourier-unsigned-bilinear"):
        landscape = ob.objective_landscape(frames, name, vy=axis, vx=axis)
        assert landscape.count == [1, 1]
        assert np.abs(landscape.peak - truth.numpy()).max() <= 8 / 63 + 1e-9


def test_the_signed_landscape_peaks_at_the_truth() -> None:
    frames, truth = ob.posts_square()
    for name in ("spatial", "fourier", "fourier-lanczos", "fourier-gaussian", "gcc-phat-0"):
        landscape = ob.objective_landscape(frames, name)
        assert landscape.count == [1, 1], name
        np.testing.assert_array_equal(landscape.peak, truth.numpy())


def test_phase_alone_cannot_be_climbed_and_whitening_in_part_can() -> None:
    frames, truth = ob.posts_square()
    starts = ob.random_starts(4, 2)
    phase = ob.multi_start(frames, "gcc-phat-1", starts, 130, truth=truth)
    part = ob.multi_start(frames, "gcc-phat-0.7-fejer", starts, 130, truth=truth)
    assert phase.successes == 0
    assert part.successes >= 3
    assert min(ob.objective_landscape(frames, "gcc-phat-1").count) > 50


def test_unsigned_frequencies_are_wrong_between_whole_shifts_only() -> None:
    frames, _ = ob.posts_square(torch.float64)
    whole = torch.tensor([[1.0, -3.0], [2.0, 5.0]], dtype=torch.float64)
    signed = ob.fourier_variance(frames, whole)
    torch.testing.assert_close(ob.fourier_variance(frames, whole, frequencies="unsigned"), signed)
    between = whole + 0.5
    right = ob.fourier_variance(frames, between)
    wrong = ob.fourier_variance(frames, between, frequencies="unsigned")
    assert bool((wrong < 0.8 * right).all())
