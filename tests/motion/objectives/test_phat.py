"""PHAT and GCC-PHAT of two signals or images."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from napari_motionfft.motion import objectives as ob
from napari_motionfft.motion.objectives.phat import whitened

TAU = torch.linspace(-6, 6, 201, dtype=torch.float64)


def post_pulse() -> torch.Tensor:
    """The post's signal: M = 256, width 33 by name, 32 samples in fact."""
    return ob.rect_pulse(256, 32, 112)


def noise(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal(shape))


def maxima(values: torch.Tensor) -> list[float]:
    """Where TAU has local maxima."""
    middle = values[1:-1]
    return TAU[1:-1][(middle > values[:-2]) & (middle > values[2:])].tolist()


def posts_objective(
    x1: torch.Tensor, x2: torch.Tensor, tau: float, fejer: bool, alpha: float
) -> float:
    """The formula of the post, term by term: frequencies 0…M−1, DC left out."""
    size = len(x1)
    cross = torch.fft.fft(x1) * torch.fft.fft(x2).conj()
    cross = (cross / cross.abs().clamp(min=1e-12) ** alpha)[1:]
    omega = 2 * math.pi * torch.arange(1, size, dtype=torch.float64) / size
    terms = cross * torch.exp(-1j * omega * tau)
    if fejer:
        terms = terms * (1 - torch.arange(size - 1, dtype=torch.float64) / (size - 2))
    return float(terms.real.mean())


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("weights", ["dirichlet", "fejer"])
def test_unsigned_is_the_post_to_the_letter(alpha: float, weights: str) -> None:
    x1, x2 = noise(64), noise(64).roll(3) + 0.1 * noise(64).flip(0)
    for tau in (-2.3, 0.0, 0.5, 3.0):
        found = ob.phat_objective(x1, x2, tau, alpha, weights, "unsigned")
        wanted = posts_objective(x1, x2, tau, weights == "fejer", alpha)
        assert float(found) == pytest.approx(wanted, rel=1e-10)


def test_the_posts_example() -> None:
    """Fejér at α = 0.7 has no false maxima with signed frequencies; the post's own keeps 10."""
    x = post_pulse()
    false = {}
    for alpha in (1.0, 0.7):
        for weights in ("dirichlet", "fejer"):
            for frequencies in ("signed", "unsigned"):
                found = ob.phat_objective(x, x, TAU, alpha, weights, frequencies)
                places = maxima(found)
                assert min(abs(p) for p in places) < 1e-9
                assert float(TAU[found.argmax()]) == pytest.approx(0, abs=1e-9)
                false[alpha, weights, frequencies] = len(places) - 1
    assert false == {
        (1.0, "dirichlet", "unsigned"): 10,
        (1.0, "fejer", "unsigned"): 10,
        (0.7, "dirichlet", "unsigned"): 10,
        (0.7, "fejer", "unsigned"): 10,
        (1.0, "dirichlet", "signed"): 4,
        (1.0, "fejer", "signed"): 4,
        (0.7, "dirichlet", "signed"): 4,
        (0.7, "fejer", "signed"): 0,
    }
    # whitening does not scale rounding up: the pulse's spectrum is 0 at every eighth bin
    peak = float(ob.phat_objective(x, x, 0.0))
    assert peak == pytest.approx((255 - 31) / 255, abs=1e-9)
    single = float(ob.phat_objective(x.float(), x.float(), 0.0))
    assert single == pytest.approx(peak, abs=1e-3)


@pytest.mark.parametrize("size", [15, 16, 255, 256])
def test_a_pure_shift_gives_the_dirichlet_kernel(size: int) -> None:
    x = noise(size)
    found = ob.phat_objective(x, x.roll(2), TAU)
    torch.testing.assert_close(found, ob.dirichlet_kernel(TAU - 2, size), rtol=0, atol=1e-9)
    assert float(ob.dirichlet_kernel(torch.tensor(float(size)), size)) == pytest.approx(1)


def test_fejers_taper_smooths_the_kernel() -> None:
    x = noise(101)
    tau = torch.linspace(2.2, 20, 500, dtype=torch.float64)
    dirichlet = ob.phat_objective(x, x, tau)
    fejer = 2 * ob.phat_objective(x, x, tau, weights="fejer")  # both 1 at 0
    assert float(fejer.min()) > -0.05
    assert float(dirichlet.min()) < -0.09
    assert float(fejer.abs().max()) < 0.5 * float(dirichlet.abs().max())


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("frequencies", ["signed", "unsigned"])
def test_images_equal_a_direct_sum(alpha: float, frequencies: str) -> None:
    x1, x2 = noise(6, 8), noise(7, 8)[1:]
    cross = torch.fft.fft2(x1) * torch.fft.fft2(x2).conj()
    cross = cross / cross.abs() ** alpha
    y, x = 0.7, -1.2
    total = 0.0
    for i in range(6):
        for j in range(8):
            if (i, j) == (0, 0):
                continue
            fy, fx = i / 6, j / 8
            if frequencies == "signed":
                fy, fx = fy - (i >= 3), fx - (j >= 4)
            total += float((cross[i, j] * np.exp(-2j * np.pi * (fy * y + fx * x))).real)
    tau = torch.tensor([[y, x], [0.0, 0.0]], dtype=torch.float64)
    found = ob.phat_objective(x1, x2, tau, alpha, frequencies=frequencies)
    assert found.shape == (2,)
    assert float(found[0]) == pytest.approx(total / 47, rel=1e-9)


def test_images_peak_where_the_content_went() -> None:
    x1 = noise(24, 31)
    x2 = x1.roll((3, -5), (0, 1))
    grid = torch.cartesian_prod(*[torch.arange(-7, 8, dtype=torch.float64)] * 2)
    for alpha in (0.0, 0.5, 1.0):
        for weights in ("dirichlet", "fejer"):
            for frequencies in ("signed", "unsigned"):
                found = ob.phat_objective(x1, x2, grid, alpha, weights, frequencies)
                assert grid[found.argmax()].tolist() == [3, -5]


def test_gradients_are_those_of_the_values() -> None:
    line = torch.tensor([0.3, -1.7], dtype=torch.float64, requires_grad=True)
    plane = torch.tensor([[0.3, -1.7]], dtype=torch.float64, requires_grad=True)
    for alpha in (0.0, 0.7, 1.0):
        assert torch.autograd.gradcheck(
            lambda t, a=alpha: ob.phat_objective(noise(16), noise(17)[1:], t, a, "fejer"), (line,)
        )
        assert torch.autograd.gradcheck(
            lambda t, a=alpha: ob.phat_objective(noise(8, 9), noise(9, 9)[1:], t, a), (plane,)
        )


def shifted(x: torch.Tensor, shift: list[float]) -> torch.Tensor:
    """Periodic Fourier shift of odd-sized content."""
    spectrum = torch.fft.fftn(x)
    for axis, (n, s) in enumerate(zip(x.shape, shift, strict=True)):
        f = torch.fft.fftfreq(n, dtype=torch.float64)
        shape = [-1 if axis == i else 1 for i in range(x.dim())]
        spectrum = spectrum * torch.exp(-2j * torch.pi * f * s).reshape(shape)
    return torch.fft.ifftn(spectrum).real


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("shift", [[0.0, 0.0], [3.0, -11.0], [-2.37, 14.816], [0.04, -0.5]])
def test_phat_shift_is_sub_pixel(alpha: float, shift: list[float]) -> None:
    image = noise(33, 41)
    found = ob.phat_shift(image, shifted(image, shift), alpha)
    assert found.tolist() == pytest.approx(shift, abs=1.1e-3)
    line = noise(41)
    assert float(ob.phat_shift(line, shifted(line, shift[1:]), alpha)) == pytest.approx(
        shift[1], abs=1.1e-3
    )


def test_phat_shift_gets_finer_with_precision() -> None:
    image = noise(33, 41)
    moved = shifted(image, [1.23456, -4.65432])
    errors = [
        float(
            (ob.phat_shift(image, moved, precision=p) - torch.tensor([1.23456, -4.65432]))
            .abs()
            .max()
        )
        for p in (1.0, 1e-2, 1e-4)
    ]
    for error, bound in zip(errors, (0.1, 0.01, 1e-4), strict=True):
        assert error <= bound
    assert all(b < a for a, b in pairwise(errors))


def test_rounding_is_not_whitened() -> None:
    x = torch.sin(2 * math.pi * 3 * torch.arange(32, dtype=torch.float64) / 32)
    size = whitened(x, x, 1.0).abs() * 31
    assert size[[3, 29]].tolist() == pytest.approx([1, 1])
    size[[3, 29]] = 0
    assert float(size.max()) < 1e-3
