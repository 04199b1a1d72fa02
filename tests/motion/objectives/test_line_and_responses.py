"""One dimension, filter responses and frame weights: closed forms against sums."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from napari_motionfft.motion import objectives as ob
from napari_motionfft.motion.objectives.responses import energy_weight

F = torch.linspace(-2.3, 2.3, 401, dtype=torch.float64)


def dft(kernel: torch.Tensor, frequency: torch.Tensor) -> torch.Tensor:
    """Σ_n h[n]·exp(−2πi f n), complex."""
    n = torch.arange(len(kernel), dtype=torch.float64)
    return (kernel * torch.exp(-2j * torch.pi * frequency[..., None] * n)).sum(-1)


@pytest.mark.parametrize("width", [1, 7, 32])
def test_a_rect_integrated_at_one_px_a_frame_is_a_triangle(width: int) -> None:
    rect = ob.rect_pulse(128, width, 20)
    tri = ob.tri_pulse(128, width, 20)
    rolled = ob.integrate_by_rolling(rect, width, 1)
    torch.testing.assert_close(rolled, tri, rtol=0, atol=1e-14)
    direct = np.convolve(np.ones(width), np.ones(width)) / width
    np.testing.assert_allclose(tri[20 : 20 + 2 * width - 1], direct, atol=1e-14)


@pytest.mark.parametrize("shift", [-3, 0, 1, 2, 50])
def test_integration_is_convolution_with_a_dirac_comb(shift: int) -> None:
    signal = torch.from_numpy(np.random.default_rng(0).standard_normal(96))
    comb = ob.dirac_comb(96, 12, shift)
    assert float(comb.sum()) == pytest.approx(1)
    direct = torch.fft.ifft(torch.fft.fft(signal) * torch.fft.fft(comb)).real
    torch.testing.assert_close(ob.integrate_by_rolling(signal, 12, shift), direct)


def test_the_combs_response_is_the_moving_average_at_shift_times_frequency() -> None:
    k = torch.fft.fftfreq(96, dtype=torch.float64)
    for shift in (1, 2, 5):
        found = torch.fft.fft(ob.dirac_comb(96, 12, shift))
        torch.testing.assert_close(found, ob.moving_average_response(k * shift, 12))


@pytest.mark.parametrize("taps", [1, 2, 5, 8])
def test_moving_average_closed_form_is_the_sum(taps: int) -> None:
    kernel = torch.full((taps,), 1 / taps, dtype=torch.float64)
    torch.testing.assert_close(
        ob.moving_average_response(F, taps), dft(kernel, F), rtol=0, atol=1e-13
    )


@pytest.mark.parametrize("taps", [2, 5, 8, 33])
def test_the_posts_inequality(taps: int) -> None:
    """sinc²(Tf) ≤ |moving average|², with equality at 0 and where both vanish only."""
    average = ob.moving_average_response(F, taps).abs() ** 2
    triangle = ob.bilinear_response(F, taps)
    assert bool((triangle <= average + 1e-15).all())
    inside = (F.abs() > 0.01) & ((taps * F - (taps * F).round()).abs() > 0.01)
    assert bool((triangle < average)[inside].all())
    whole = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    assert ob.moving_average_response(whole, taps).abs().tolist() == pytest.approx([1, 1, 1])
    assert ob.bilinear_response(whole, taps).tolist() == pytest.approx([1, 0, 0], abs=1e-12)


def test_bilinear_response_is_that_of_a_triangle() -> None:
    for f, width in ((0.0, 1.0), (0.3, 1.0), (0.11, 4.0)):
        wanted = quad(
            lambda x, f=f, w=width: (1 - x / w) / w * 2 * np.cos(2 * np.pi * f * x), 0, width
        )
        found = ob.bilinear_response(torch.tensor(f, dtype=torch.float64), width)
        assert float(found) == pytest.approx(wanted[0], abs=1e-9)


def test_the_cascade_is_the_product_and_ends_at_one_over_t() -> None:
    cascade = ob.cascade_response(F, 8)
    product = ob.moving_average_response(F, 8).abs() * ob.bilinear_response(F, 8)
    torch.testing.assert_close(cascade, product)
    beyond = (F.abs() > 1 / 8) & (F.abs() <= 0.5)
    assert float(cascade[beyond].max()) < 0.02
    assert float(ob.moving_average_response(F, 8).abs()[beyond].max()) > 0.2
    narrow = ob.cascade_response(F, 8, 1.0)
    torch.testing.assert_close(narrow, ob.moving_average_response(F, 8).abs() * torch.sinc(F) ** 2)


@pytest.mark.parametrize("order", [1, 2, 3, 2.5])
def test_lanczos_response_is_the_integral_of_its_kernel(order: float) -> None:
    def at(f: float) -> float:
        found = quad(
            lambda x: 2 * np.sinc(x) * np.sinc(x / order) * np.cos(2 * np.pi * f * x), 0, order
        )
        return float(found[0])

    f = torch.tensor([0.0, 0.1, 0.35, 0.5, 0.8], dtype=torch.float64)
    wanted = [at(float(x)) / at(0.0) for x in f]
    assert ob.lanczos_response(f, order).tolist() == pytest.approx(wanted, abs=1e-9)
    assert ob.lanczos_response(-f, order).tolist() == pytest.approx(wanted, abs=1e-9)


def test_gaussian_response_is_that_of_a_blur() -> None:
    x = torch.arange(-60, 61, dtype=torch.float64)
    kernel = torch.exp(-(x**2) / (2 * 3.0**2))
    found = dft(kernel / kernel.sum(), F[:50] / 10).abs()
    torch.testing.assert_close(ob.gaussian_response(F[:50] / 10, 3.0), found, rtol=0, atol=1e-6)


def test_fejer_weights_make_fejers_kernel() -> None:
    """Σ_k (1 − |k|/n) cos(kx) = (sin(nx/2)/sin(x/2))²/n: the mean of n Dirichlet kernels."""
    n = 9
    k = torch.arange(-n + 1, n, dtype=torch.float64)
    weights = ob.fejer_response(k / (2 * n))
    x = torch.linspace(0.1, 3, 30, dtype=torch.float64)
    summed = (weights * torch.cos(k * x[:, None])).sum(-1)
    closed = (torch.sin(n * x / 2) / torch.sin(x / 2)) ** 2 / n
    torch.testing.assert_close(summed, closed)
    kernels = [torch.sin((j + 0.5) * x) / torch.sin(x / 2) for j in range(n)]
    torch.testing.assert_close(summed, torch.stack(kernels).mean(0))


def test_weights_in_the_energy_are_squares_of_responses_but_fejers() -> None:
    f = torch.fft.fftfreq(16, dtype=torch.float64)
    torch.testing.assert_close(energy_weight(f, "bilinear"), torch.sinc(f) ** 4)
    torch.testing.assert_close(energy_weight(f, "lanczos", 2), ob.lanczos_response(f, 2) ** 2)
    torch.testing.assert_close(energy_weight(f, "gaussian", 2.0), ob.gaussian_response(f, 2.0) ** 2)
    torch.testing.assert_close(energy_weight(f, "fejer"), 1 - 2 * f.abs())
    torch.testing.assert_close(energy_weight(f, "none"), torch.ones_like(f))
    up = torch.arange(16, dtype=torch.float64) / 16
    torch.testing.assert_close(energy_weight(up, "fejer", unsigned=True), 1 - up)


@pytest.mark.parametrize("alpha", [0.0, 1e-6, 0.3, 0.5, 0.99])
@pytest.mark.parametrize("frames", [1, 2, 7, 40])
def test_geometric_weights_sum_and_closed_form(alpha: float, frames: int) -> None:
    weights = ob.geometric_weights(frames, alpha)
    assert float(weights.sum()) == pytest.approx(1)
    if frames > 1:
        assert float(weights[1] / weights[0]) == pytest.approx(1 - alpha)
    added = ob.geometric_response_sum(F, frames, alpha)
    torch.testing.assert_close(added, dft(weights, F), rtol=0, atol=1e-12)
    closed = ob.geometric_response(F, frames, alpha)
    torch.testing.assert_close(closed, added, rtol=0, atol=1e-8)
    if alpha == 0:
        torch.testing.assert_close(
            closed, ob.moving_average_response(F, frames), rtol=0, atol=1e-12
        )
    whole = torch.tensor([0.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(
        ob.geometric_response(whole, frames, alpha), torch.ones(2, dtype=torch.complex128)
    )


def test_weighted_frames_make_a_wider_peak() -> None:
    frames, truth = ob.posts_square(torch.float64)
    off = truth + 0.4
    plain = ob.fourier_variance(frames, off) / ob.fourier_variance(frames, truth)
    weights = ob.geometric_weights(5, 0.5)
    wide = ob.fourier_variance(frames, off, frame_weights=weights)
    wide = wide / ob.fourier_variance(frames, truth, frame_weights=weights)
    assert bool((wide > plain + 0.005).all())


def test_the_continuation_falls_in_stages_to_zero() -> None:
    alphas = ob.continuation_schedule(100, 0.5, stages=5, share=0.5)
    assert len(alphas) == 100
    assert list(dict.fromkeys(alphas)) == pytest.approx([0.5, 0.375, 0.25, 0.125, 0.0])
    assert [alphas.count(a) for a in dict.fromkeys(alphas)] == [10, 10, 10, 10, 60]
    assert ob.continuation_schedule(3, stages=1) == (0.0, 0.0, 0.0)
