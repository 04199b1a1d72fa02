"""The exact landscape against the definition, its noise, and its peaks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.scenes import counted, frequencies, periodic
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import drifting, wrapping

import napari_motionfft as mf
from napari_motionfft.motion import landscape as ls


def brute_force(stack: np.ndarray, vy: np.ndarray, vx: np.ndarray) -> np.ndarray:
    """Σ_{k≠0} |mean_t X_t(k)·exp(2πi k·v t)|² per pixel in float64, one velocity at a time."""
    count, height, width = stack.shape
    spectra = np.fft.rfft2(np.asarray(stack, np.float64), norm="ortho")
    ky, kx = frequencies((height, width))
    t = np.arange(count)[:, None, None]
    out = np.empty((len(vy), len(vx)))
    for i, y in enumerate(vy):
        for j, x in enumerate(vx):
            mean = (spectra * np.exp(2j * np.pi * (ky * y + kx * x) * t)).mean(0)
            out[i, j] = (counted((height, width)) * np.abs(mean) ** 2).sum()
    return out / (height * width)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.integers(3, 12), st.integers(3, 12), st.integers(0, 99))
def test_lag_cross_spectra_are_the_direct_sum(frames: int, ny: int, nx: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, frames, ny, nx))
    spectra = x[0] + 1j * x[1]
    direct = [
        sum(spectra[t + lag] * spectra[t].conj() for t in range(frames - lag))
        for lag in range(1, frames)
    ]
    got = ls.lag_cross_spectra(torch.from_numpy(spectra))
    np.testing.assert_allclose(got.numpy(), np.stack(direct), atol=1e-11)


def test_lag_cross_spectra_in_slices_are_the_same() -> None:
    """2²¹ numbers a slice: a tall stack is cut into rows."""
    rng = np.random.default_rng(0)
    tall = torch.from_numpy(rng.standard_normal((64, 450, 40)) + 0j)
    got = ls.lag_cross_spectra(tall)
    parts = [ls.lag_cross_spectra(tall[:, rows : rows + 100]) for rows in range(0, 450, 100)]
    torch.testing.assert_close(got, torch.cat(parts, 1))


@pytest.mark.parametrize("shape", [(33, 47), (32, 48), (33, 48), (48, 31)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.float64])
def test_landscape_is_the_brute_force_to_1e_5(shape: tuple[int, int], dtype: type) -> None:
    rng = np.random.default_rng(1)
    clean = wrapping((0.8, -1.3), shape, frames=7)
    stack = 100 + 20 * clean + 10 * rng.standard_normal(clean.shape)
    stack = stack.clip(0, 255).astype(dtype)
    vy, vx = np.linspace(-3, 3, 11), np.linspace(-2.5, 4, 9)
    got = mf.loss_landscape(stack, vy=vy, vx=vx, scale="energy", boundary="periodic", weight="flat")
    want = brute_force(stack, vy, vx)
    assert got.values.dtype == np.float32
    # relative to each value; each value is well above zero
    assert np.abs(got.values / want - 1).max() < 1e-5
    np.testing.assert_array_equal(got.vy, vy)
    np.testing.assert_array_equal(got.vx, vx)


@pytest.mark.parametrize("shape", [(31, 45), (45, 31)])
def test_landscape_is_the_variance_of_the_integrated_image(shape: tuple[int, int]) -> None:
    """The posts' objective: whole velocities are rolls, and odd sizes have no Nyquist bin."""
    stack = np.random.default_rng(2).standard_normal((6, *shape)) + wrapping((1, -2), shape, 6)
    v = np.arange(-3.0, 4.0)
    got = mf.loss_landscape(stack, vy=v, vx=v, scale="energy", boundary="periodic")
    for i, dy in enumerate(v.astype(int)):
        for j, dx in enumerate(v.astype(int)):
            rolled = [np.roll(f, (-dy * t, -dx * t), (0, 1)) for t, f in enumerate(stack)]
            variance = np.mean(rolled, 0).var()
            assert got.values[i, j] == pytest.approx(variance, rel=1e-5)
    i, j = np.unravel_index(got.values.argmax(), got.values.shape)
    assert (v[i], v[j]) == (1, -2)


def test_energy_scales_with_the_square_of_the_stack() -> None:
    stack = wrapping((0.5, 0.5), (32, 32), 5).astype(np.float32)
    v = np.linspace(-1, 1, 5)
    a = mf.loss_landscape(stack, vy=v, vx=v, scale="energy", boundary="periodic")
    b = mf.loss_landscape(1000 * stack + 7, vy=v, vx=v, scale="energy", boundary="periodic")
    np.testing.assert_allclose(b.values, 1e6 * a.values, rtol=1e-4)


@pytest.mark.parametrize("weight", ["auto", "flat", "gaussian"])
@pytest.mark.parametrize(("boundary", "least"), [("periodic", 0.85), ("crop", 0.65)])
def test_noise_alone_has_unit_variance_in_the_landscape(
    weight: str, boundary: str, least: float
) -> None:
    """`values` are in standard deviations of noise: over many stacks, mean 0 and std 1.

    12 stacks of at least 40 independent velocities each: the standard deviation of a sample of
    500 is good to 3 %, and neighbouring cells and few frequencies widen that; 15 % is asked. Under
    a window the scaling may err on the safe side: frequencies share most at rest, less when a lag
    has carried the window past itself.
    """
    every = []
    for seed in range(12):
        noise = np.random.default_rng(seed).standard_normal((8, 48, 48))
        land = mf.loss_landscape(noise, max_speed=4, boundary=boundary, weight=weight)
        every.append(land.values.ravel())
    values = np.concatenate(every)
    assert abs(values.mean()) < 0.15
    assert least < values.std() < 1.15


def test_peak_has_the_sign_of_the_content() -> None:
    """Down and left: vy > 0 and vx < 0."""
    known = drifting((1.1, -0.7))
    land = mf.loss_landscape(known.stack)
    best = land.peaks[0]
    np.testing.assert_allclose(best[:2], known.velocity, atol=0.05)
    i, j = np.unravel_index(land.values.argmax(), land.values.shape)
    np.testing.assert_allclose((land.vy[i], land.vx[j]), known.velocity, atol=0.15)


def test_own_grid_agrees_with_the_search_grid() -> None:
    known = drifting()
    own = mf.loss_landscape(known.stack, vy=np.linspace(-2, 2, 41), vx=np.linspace(-2, 2, 41))
    search = mf.loss_landscape(known.stack, max_speed=2)
    assert own.peaks[0].score == pytest.approx(search.peaks[0].score, rel=0.1)
    np.testing.assert_allclose(own.peaks[0][:2], search.peaks[0][:2], atol=0.1)


def test_two_motions_are_two_peaks() -> None:
    one, two = (1.0, -1.0), (-1.5, 0.5)
    both = wrapping(one, (64, 64), 10, seed=1) + wrapping(two, (64, 64), 10, seed=2)
    peaks = mf.loss_landscape(both, boundary="periodic").peaks
    for true in (one, two):
        nearest = min(peaks[:2], key=lambda p: np.hypot(p.vy - true[0], p.vx - true[1]))
        assert np.hypot(nearest.vy - true[0], nearest.vx - true[1]) < 0.1


def test_peaks_come_highest_first_and_lie_apart() -> None:
    peaks = mf.loss_landscape(periodic(3, -12).stack, boundary="periodic").peaks
    assert len(peaks) > 1
    scores = [p.score for p in peaks]
    assert scores == sorted(scores, reverse=True)
    for i, p in enumerate(peaks):
        assert all(np.hypot(p.vy - q.vy, p.vx - q.vx) > 1 / 16 for q in peaks[:i])


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        ({"vy": [0.0, 1.0]}, "vx must be a 1-D array"),
        ({"vx": [0.0, 1.0]}, "vy must be a 1-D array"),
        ({"vy": [1.0, 0.0], "vx": [0.0]}, "vy must be ascending"),
        ({"vy": [0.0, 0.0], "vx": [0.0]}, "vy must be ascending"),
        ({"vy": [[0.0]], "vx": [0.0]}, "vy must be a 1-D array"),
        ({"vy": [0.0, np.nan], "vx": [0.0]}, "vy must be a 1-D array"),
        ({"vy": [], "vx": [0.0]}, "vy must be a 1-D array"),
        ({"scale": "decibel"}, "scale must be one of noise, energy, got 'decibel'"),
    ],
)
def test_bad_grids_are_refused(bad: dict[str, object], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        mf.loss_landscape(drifting(frames=3).stack, **bad)  # type: ignore[arg-type]


def test_lags_count_while_half_the_field_is_shared() -> None:
    v = torch.tensor([-3.0, -2.0, 0.0, 2.0, 3.0], dtype=torch.float64)
    assert ls.visible(v, 10, 40).tolist() == [False, True, True, True, False]
    assert ls.visible(v, 10, None).all()
    assert ls.extent(ls.visible(v, 10, 40)) == slice(1, 4)
    assert ls.extent(ls.visible(v + 10, 10, 40)) == slice(0, 0)


@given(st.floats(0.1, 50), st.floats(0.01, 1))
def test_grid_holds_zero_and_both_ends(limit: float, step: float) -> None:
    axis = ls.grid(limit, step)
    assert float(axis[len(axis) // 2]) == pytest.approx(0, abs=1e-12)
    assert float(axis[0]) == -limit
    assert float(axis[-1]) == limit
    assert float(axis.diff().max()) <= step * (1 + 1e-6)
