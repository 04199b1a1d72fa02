"""Convolution three ways, derivatives, and what every pre-filter keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage, signal
from torch.nn.functional import conv2d, pad

from napari_motionfft.motion import filters as fl

RNG = np.random.default_rng(0)
SOBEL = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=torch.float64)


def image(*shape: int) -> torch.Tensor:
    return torch.from_numpy(RNG.standard_normal(shape))


@pytest.mark.parametrize("shape", [(9, 12), (10, 10), (7, 11)])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 3), (3, 7)])
def test_scipy_torch_and_fft_agree(shape: tuple[int, int], size: tuple[int, int]) -> None:
    frame, kernel = image(*shape), image(*size)
    ours = fl.fft_convolve(frame, kernel)
    scipy = signal.convolve2d(frame, kernel, mode="same", boundary="wrap")
    np.testing.assert_allclose(ours, scipy, atol=1e-12)
    # torch's conv2d is a correlation: a convolution with the kernel flipped
    around = pad(frame[None, None], (size[1] // 2,) * 2 + (size[0] // 2,) * 2, mode="circular")
    flipped = kernel.flip(0, 1)[None, None]
    torch.testing.assert_close(ours, conv2d(around, flipped)[0, 0], rtol=0, atol=1e-12)
    if size != (1, 1):
        assert not torch.allclose(ours, conv2d(around, kernel[None, None])[0, 0])


@pytest.mark.parametrize("size", [(2, 2), (4, 3), (1, 4)])
def test_even_kernels_are_centred_as_ndimage_does(size: tuple[int, int]) -> None:
    frame, kernel = image(9, 12), image(*size)
    wanted = ndimage.convolve(frame.numpy(), kernel.numpy(), mode="wrap")
    np.testing.assert_allclose(fl.fft_convolve(frame, kernel), wanted, atol=1e-12)


def test_the_source_question_gets_the_edge_it_expected() -> None:
    """A step of 10 columns under the Sobel kernel: −4 where it falls, +4 where it wraps to rise."""
    step = torch.cat([torch.ones(10, 5), torch.zeros(10, 5)], 1).double()
    row = fl.fft_convolve(step, SOBEL)[4]
    assert row.tolist() == pytest.approx([4, 0, 0, 0, -4, -4, 0, 0, 0, 4], abs=1e-12)


def test_a_batch_is_convolved_frame_by_frame_and_keeps_its_dtype() -> None:
    frames = image(2, 3, 8, 9)
    found = fl.fft_convolve(frames, SOBEL)
    torch.testing.assert_close(found[1, 2], fl.fft_convolve(frames[1, 2], SOBEL))
    assert fl.fft_convolve(frames.float(), SOBEL).dtype == torch.float32


def test_derivatives_are_right_on_a_wave() -> None:
    y, x = torch.meshgrid(*[torch.arange(n, dtype=torch.float64) for n in (12, 15)], indexing="ij")
    phase = 2 * torch.pi * (2 * y / 12 + 3 * x / 15)
    wave, slope = phase.sin(), phase.cos()
    for axis, f in ((-2, 2 / 12), (-1, 3 / 15)):
        exact = fl.fourier_derivative(wave, axis)
        torch.testing.assert_close(exact, 2 * torch.pi * f * slope, rtol=0, atol=1e-12)
        central = fl.derivative(wave, axis)
        torch.testing.assert_close(central, np.sin(2 * np.pi * f) * slope, rtol=0, atol=1e-12)
        kernel = torch.tensor([0.5, 0, -0.5], dtype=torch.float64)
        kernel = kernel[:, None] if axis == -2 else kernel[None]
        torch.testing.assert_close(central, fl.fft_convolve(wave, kernel), rtol=0, atol=1e-12)


@pytest.mark.parametrize("axis", [-2, -1])
def test_the_nyquist_bin_has_no_derivative(axis: int) -> None:
    flip = torch.ones(8, dtype=torch.float64)
    flip[1::2] = -1
    checks = flip[:, None].expand(8, 8) if axis == -2 else flip.expand(8, 8)
    assert float(fl.fourier_derivative(checks, axis).abs().max()) < 1e-12
    assert float(fl.derivative(checks, axis).abs().max()) == 0
    # so no image comes out complex or lopsided: the derivative is odd under mirroring
    frame = image(8, 8)
    mirrored = fl.fourier_derivative(frame.flip(axis), axis).flip(axis)
    torch.testing.assert_close(mirrored, -fl.fourier_derivative(frame, axis))


def test_gradient_magnitude_and_laplacian_by_hand() -> None:
    spot = torch.zeros(5, 5, dtype=torch.float64)
    spot[2, 2] = 1
    around = fl.gradient_magnitude(spot)
    assert around[2, 1] == around[1, 2] == around[2, 3] == around[3, 2] == 0.5
    assert float(around.sum()) == 2
    cross = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=torch.float64)
    torch.testing.assert_close(fl.laplacian(spot)[1:4, 1:4], cross)


def test_dog_is_a_band_pass() -> None:
    assert float(fl.difference_of_gaussians(torch.ones(40, 40)).abs().max()) < 1e-6
    spot = torch.zeros(64, 64, dtype=torch.float64)
    spot[0, 0] = 1
    response = torch.fft.fft2(fl.difference_of_gaussians(spot)).real
    k = torch.fft.fftfreq(64, dtype=torch.float64)
    square = k[:, None] ** 2 + k**2
    wanted = torch.exp(-2 * torch.pi**2 * square) - torch.exp(-8 * torch.pi**2 * square)
    # sampled Gaussians alias a little at the highest frequencies
    torch.testing.assert_close(response, wanted, rtol=0, atol=0.01)


@pytest.mark.parametrize("name", list(fl.PREFILTERS))
@pytest.mark.parametrize("shape", [(32, 40), (31, 33)])
def test_filter_then_shift_is_shift_then_filter(name: str, shape: tuple[int, int]) -> None:
    frames = image(3, *shape)
    run = fl.PREFILTERS[name]
    for shift in ((1, 0), (-3, 7), (15, 20)):
        torch.testing.assert_close(
            run(frames.roll(shift, (-2, -1))), run(frames).roll(shift, (-2, -1)), rtol=0, atol=1e-12
        )
    assert run(frames).shape == frames.shape
    assert run(frames.float()).dtype == torch.float32


@pytest.mark.parametrize("name", list(fl.PREFILTERS))
def test_linear_filters_commute_with_sub_pixel_shifts_too(name: str) -> None:
    frame = image(1, 31, 33)
    y, x = (torch.fft.fftfreq(n, dtype=torch.float64) for n in (31, 33))
    ramp = torch.exp(-2j * torch.pi * (0.3 * y[:, None] - 1.6 * x))

    def moved(part: torch.Tensor) -> torch.Tensor:
        return torch.fft.ifft2(torch.fft.fft2(part) * ramp).real

    run = fl.PREFILTERS[name]
    off = float((run(moved(frame)) - moved(run(frame))).abs().max())
    # the gradient's magnitude is not linear: whole shifts only
    assert (off > 1e-3) if name == "gradient" else (off < 1e-12)


@pytest.mark.parametrize("name", list(fl.PREFILTERS))
def test_beyond_the_margin_nothing_sees_the_opposite_edge(name: str) -> None:
    scene = image(1, 80, 80)
    run, margin = fl.PREFILTERS[name], fl.MARGINS[name]
    inner = slice(margin, 40 - margin)
    cut = run(scene[:, 20:60, 20:60])
    whole = run(scene)[:, 20:60, 20:60]
    torch.testing.assert_close(cut[:, inner, inner], whole[:, inner, inner], rtol=0, atol=1e-12)
    assert float((cut - whole).abs()[:, margin - 1].max()) > 1e-8


def test_a_small_image_is_no_trouble() -> None:
    for run in fl.PREFILTERS.values():
        assert bool(torch.isfinite(run(image(1, 3, 4))).all())


F = image(8, 8)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (
            lambda: fl.fft_convolve(np.ones((8, 8)), SOBEL),
            TypeError,
            "image must be a float tensor",
        ),
        (
            lambda: fl.fft_convolve(F.int(), SOBEL),
            TypeError,
            "image must be a float tensor, got torch",
        ),
        (lambda: fl.fft_convolve(F[0], SOBEL), ValueError, r"image must have shape \(…, H, W\)"),
        (lambda: fl.fft_convolve(F, [[1.0]]), TypeError, "kernel must be a float tensor, got list"),
        (lambda: fl.fft_convolve(F, SOBEL[0]), ValueError, r"kernel must have shape \(h, w\)"),
        (lambda: fl.fft_convolve(F, SOBEL[:0]), ValueError, r"kernel must have shape \(h, w\)"),
        (
            lambda: fl.fft_convolve(F, image(9, 3)),
            ValueError,
            "kernel must be no larger than the im",
        ),
        (lambda: fl.derivative(F, 0), ValueError, "axis must be −2"),
        (lambda: fl.derivative("F", -1), TypeError, "image must be a float tensor, got str"),
        (lambda: fl.fourier_derivative(F, 1), ValueError, "axis must be −2"),
        (lambda: fl.gradient_magnitude(F.long()), TypeError, "image must be a float tensor"),
        (lambda: fl.laplacian(F[0]), ValueError, "image must have shape"),
        (lambda: fl.difference_of_gaussians(F, "1"), TypeError, "sigma must be a number of px"),
        (lambda: fl.difference_of_gaussians(F, 0), ValueError, "sigma must be above 0"),
        (lambda: fl.difference_of_gaussians(F, float("inf")), ValueError, "sigma must be above 0"),
        (lambda: fl.difference_of_gaussians(None), TypeError, "image must be a float tensor"),
    ],
)
def test_bad_input_names_the_argument(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()
