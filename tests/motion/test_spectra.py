"""Signed frequencies, the Fourier shift, and means over rings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_motionfft.motion.spectra import Band, radial_mean, ramps, shifted_back

SIDES = st.integers(5, 24)
SHAPES = st.tuples(SIDES, SIDES)
PIXELS = st.floats(-40, 40, allow_nan=False)


def noise(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


@given(SHAPES)
def test_frequencies_are_signed(shape: tuple[int, int]) -> None:
    band = Band.full(shape)
    np.testing.assert_array_equal(band.ky.numpy(), np.fft.fftfreq(shape[0]))
    np.testing.assert_array_equal(band.kx.numpy(), np.fft.rfftfreq(shape[1]))
    assert float(band.ky.min()) < 0


@given(SHAPES)
def test_multiplicity_counts_the_full_plane_once(shape: tuple[int, int]) -> None:
    """Every bin but DC and the unsigned Nyquist rows and columns."""
    height, width = shape
    left_out = 1 + width * (height % 2 == 0) + height * (width % 2 == 0)
    left_out -= height % 2 == 0 and width % 2 == 0  # the corner belongs to both
    assert float(Band.full(shape).multiplicity().sum()) == height * width - left_out


@given(SHAPES, st.integers(0, 9))
def test_half_plane_energy_is_that_of_the_full_plane(shape: tuple[int, int], seed: int) -> None:
    image = noise(shape, seed)
    half = torch.fft.rfft2(image, norm="ortho").abs() ** 2
    full = np.abs(np.fft.fft2(image.numpy(), norm="ortho")) ** 2
    ky, kx = np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None]
    full[(ky == -0.5) | (kx == -0.5)] = 0
    full[0, 0] = 0
    got = float((Band.full(shape).multiplicity() * half).sum())
    assert got == pytest.approx(full.sum(), rel=1e-10)


@given(SHAPES, st.floats(0.05, 0.7))
def test_crop_keeps_the_frequencies_of_the_band(shape: tuple[int, int], limit: float) -> None:
    band, full = Band.up_to(shape, limit), Band.full(shape)
    assert float(band.ky.abs().max()) <= limit
    assert float(band.kx.max()) <= limit
    ky = full.ky[:, None].expand(full.size)
    kx = full.kx[None].expand(full.size)
    torch.testing.assert_close(band.crop(ky), band.ky[:, None].expand(band.size))
    torch.testing.assert_close(band.crop(kx), band.kx[None].expand(band.size))


@given(SHAPES, st.integers(-30, 30), st.integers(-30, 30))
def test_a_whole_shift_is_a_roll(shape: tuple[int, int], dy: int, dx: int) -> None:
    image = noise(shape)
    moved = torch.roll(image, (dy, dx), (0, 1))
    p = torch.tensor([[dy, dx]], dtype=torch.float64)
    back = shifted_back(torch.fft.rfft2(moved)[None], Band.full(shape), p)
    torch.testing.assert_close(torch.fft.irfft2(back[0], s=shape), image, atol=1e-10, rtol=0)


@given(SHAPES, PIXELS, PIXELS, PIXELS, PIXELS)
def test_shifts_add_up(shape: tuple[int, int], ay: float, ax: float, by: float, bx: float) -> None:
    band = Band.full(shape)
    spectra = torch.fft.rfft2(noise((1, *shape)))
    a = torch.tensor([[ay, ax]], dtype=torch.float64)
    b = torch.tensor([[by, bx]], dtype=torch.float64)
    twice = shifted_back(shifted_back(spectra, band, a), band, b)
    torch.testing.assert_close(twice, shifted_back(spectra, band, a + b), atol=1e-9, rtol=0)


@given(
    st.tuples(st.integers(9, 24), st.integers(9, 24)),
    PIXELS,
    PIXELS,
    st.integers(-4, 4),
    st.integers(-4, 4),
)
def test_a_wave_moved_by_any_distance_comes_back(
    shape: tuple[int, int], py: float, px: float, ky: int, kx: int
) -> None:
    """Content at x + p returns to x: the sign convention, on waves known at every position."""
    y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")

    def wave(p: tuple[float, float]) -> np.ndarray:
        return np.cos(2 * np.pi * (ky * (y - p[0]) / shape[0] + kx * (x - p[1]) / shape[1]) + 0.3)

    moved = torch.fft.rfft2(torch.from_numpy(wave((py, px))))[None]
    p = torch.tensor([[py, px]], dtype=torch.float64)
    back = torch.fft.irfft2(shifted_back(moved, Band.full(shape), p), s=shape)[0]
    np.testing.assert_allclose(back.numpy(), wave((0, 0)), atol=1e-10)


def test_hundreds_of_turns_cost_single_precision_nothing() -> None:
    shape = (32, 32)
    far = torch.tensor([[32.0 * 4096 + 0.25, -32.0 * 4096 - 0.5]], dtype=torch.float64)
    near = torch.tensor([[0.25, -0.5]], dtype=torch.float64)
    cpu = torch.device("cpu")
    for a, b in zip(
        ramps(Band.full(shape), far, torch.complex64, cpu),
        ramps(Band.full(shape), near, torch.complex64, cpu),
        strict=True,
    ):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=0)


@given(SHAPES, st.floats(1, 4), st.floats(-5, 5))
def test_rings_of_a_constant_are_that_constant(
    shape: tuple[int, int], width: float, level: float
) -> None:
    band = Band.full(shape)
    values = torch.full(band.size, level, dtype=torch.float64)
    torch.testing.assert_close(radial_mean(values, band, width), values)


@given(SHAPES, st.floats(1, 4), st.integers(0, 9))
def test_rings_stay_within_the_values_they_average(
    shape: tuple[int, int], width: float, seed: int
) -> None:
    band = Band.full(shape)
    values = noise(band.size, seed)
    inside = values[band.multiplicity() > 0]
    smooth = radial_mean(values, band, width)
    assert float(smooth.min()) >= float(inside.min()) - 1e-12
    assert float(smooth.max()) <= float(inside.max()) + 1e-12


@given(SHAPES, st.floats(1, 4))
def test_rings_know_neither_direction_nor_dc(shape: tuple[int, int], width: float) -> None:
    band = Band.full(shape)
    values = noise(band.size)
    smooth = radial_mean(values, band, width)
    spoilt = values.clone()
    spoilt[0, 0] = 1e9
    torch.testing.assert_close(radial_mean(spoilt, band, width), smooth)
    mirror = (-torch.arange(shape[0])) % shape[0]  # ky → −ky
    torch.testing.assert_close(radial_mean(values[mirror], band, width), smooth)
    torch.testing.assert_close(smooth[mirror], smooth)


@settings(max_examples=25)
@given(st.tuples(st.integers(24, 64), st.integers(24, 64)))
def test_rings_of_a_slow_radial_function_are_that_function(shape: tuple[int, int]) -> None:
    band = Band.full(shape)
    radius = band.radius()
    values = 2 + torch.cos(3 * radius)
    inner = (radius > 0.1) & (radius < 0.4)
    torch.testing.assert_close(
        radial_mean(values, band, 2.0)[inner], values[inner], atol=0.03, rtol=0
    )
