"""Periodic convolution by FFT, derivatives, and the pre-filters of the estimator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

PreFilter = Callable[[torch.Tensor], torch.Tensor]

DOG_SIGMA = 1.0
"""Standard deviation in px of the inner Gaussian of "dog"; the outer one is twice as wide."""
REACH = 4.0
"""Gaussians end at this many standard deviations."""


def fft_convolve(image: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Convolution of images that wrap around, by the convolution theorem.

    The kernel is laid out so that its centre, index (h // 2, w // 2), comes to (0, 0) and the rest
    wraps: otherwise the result is displaced. It is a convolution, as SciPy's; torch's `conv2d` is
    a correlation, which is a convolution with the kernel flipped.

    Parameters
    ----------
    image
        (…, H, W) float.
    kernel
        (h, w) float, at most H × W.

    Returns
    -------
    (…, H, W)

    Raises
    ------
    TypeError, ValueError
        Not float tensors, wrong axes, or a kernel larger than the image.
    """
    check_image(image)
    if not isinstance(kernel, torch.Tensor) or not kernel.is_floating_point():
        raise TypeError(f"kernel must be a float tensor, got {type(kernel).__name__}")
    if kernel.dim() != 2 or kernel.numel() == 0:
        raise ValueError(f"kernel must have shape (h, w), got {tuple(kernel.shape)}")
    if image.device.type == "mps":  # its inverse FFT of odd lengths is wrong
        return fft_convolve(image.cpu(), kernel.cpu()).to(image.device)
    shape = image.shape[-2:]
    if kernel.shape[0] > shape[0] or kernel.shape[1] > shape[1]:
        raise ValueError(
            f"kernel must be no larger than the image {tuple(shape)}, got {tuple(kernel.shape)}"
        )
    wrapped = torch.zeros(shape, dtype=image.dtype, device=image.device)
    wrapped[: kernel.shape[0], : kernel.shape[1]] = kernel.to(image.device, image.dtype)
    wrapped = wrapped.roll((-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1))
    product = torch.fft.rfft2(image) * torch.fft.rfft2(wrapped)
    out: torch.Tensor = torch.fft.irfft2(product, s=tuple(shape))
    return out


def derivative(image: torch.Tensor, axis: int) -> torch.Tensor:
    """Central difference (I[i+1] − I[i−1])/2 along y (axis −2) or x (axis −1), (…, H, W).

    Its transfer function is i·sin(2πf): zero at the Nyquist bin of even sizes, which has no sign.

    Raises
    ------
    TypeError, ValueError
        Not a float tensor, or another axis.
    """
    check_image(image)
    axis = image_axis(axis)
    return (image.roll(-1, axis) - image.roll(1, axis)) / 2


def fourier_derivative(image: torch.Tensor, axis: int) -> torch.Tensor:
    """Exact derivative of the periodic image along y (axis −2) or x (axis −1), (…, H, W).

    Raises
    ------
    TypeError, ValueError
        Not a float tensor, or another axis.
    """
    check_image(image)
    axis = image_axis(axis)
    if image.device.type == "mps":  # its inverse FFT of odd lengths is wrong
        return fourier_derivative(image.cpu(), axis).to(image.device)
    size = image.shape[axis]
    frequency = torch.fft.rfftfreq(size, dtype=torch.float64)
    if size % 2 == 0:
        frequency[-1] = 0  # the Nyquist bin has no sign: half up, half down is nothing
    turn = (2 * math.pi * frequency).to(image.device, image.dtype)
    factor = torch.complex(torch.zeros_like(turn), turn)
    factor = factor[:, None] if axis == -2 else factor
    out: torch.Tensor = torch.fft.irfft(torch.fft.rfft(image, dim=axis) * factor, n=size, dim=axis)
    return out


def gradient_magnitude(image: torch.Tensor) -> torch.Tensor:
    """√((∂I/∂y)² + (∂I/∂x)²) of central differences, (…, H, W)."""
    return torch.hypot(derivative(image, -2), derivative(image, -1))


def laplacian(image: torch.Tensor) -> torch.Tensor:
    """Five-point Laplacian: the four neighbours less four times the pixel, (…, H, W)."""
    check_image(image)
    around = sum(image.roll(step, axis) for axis in (-2, -1) for step in (-1, 1))
    return around - 4 * image


def gaussian_kernel(sigma: float, radius: int) -> torch.Tensor:
    """(2r + 1,) float64 samples of a Gaussian, sum 1."""
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    samples = torch.exp(-(x**2) / (2 * sigma**2))
    return samples / samples.sum()


def difference_of_gaussians(image: torch.Tensor, sigma: float = DOG_SIGMA) -> torch.Tensor:
    """Blur by σ less blur by 2σ: a band-pass without DC, (…, H, W).

    Each kernel ends at 4 standard deviations, or where it meets itself around a small image.

    Parameters
    ----------
    sigma
        σ in px of the inner Gaussian.

    Raises
    ------
    TypeError, ValueError
        Not a float tensor, or σ is not a number above 0.
    """
    check_image(image)
    if isinstance(sigma, bool) or not isinstance(sigma, (int, float)):
        raise TypeError(f"sigma must be a number of px, got {sigma!r}")
    if not 0 < sigma < math.inf:
        raise ValueError(f"sigma must be above 0, got {sigma!r}")
    most = (min(image.shape[-2:]) - 1) // 2
    blurred = []
    for width in (sigma, 2 * sigma):
        line = gaussian_kernel(width, min(most, math.ceil(REACH * width)))
        blurred.append(fft_convolve(image, torch.outer(line, line)))
    return blurred[0] - blurred[1]


PREFILTERS: dict[str, PreFilter] = {
    "gradient": gradient_magnitude,
    "laplacian": laplacian,
    "dog": difference_of_gaussians,
}
"""Name → filter of frames (n, h, w); each takes the frames as if they wrapped around."""

MARGINS: dict[str, int] = {"gradient": 1, "laplacian": 1, "dog": math.ceil(REACH * 2 * DOG_SIGMA)}
"""Name → px from each edge that see the opposite one: read so much more around, then cut it off."""


def check_image(image: Any) -> None:
    """A float tensor (…, H, W)."""
    if not isinstance(image, torch.Tensor) or not image.is_floating_point():
        kind = image.dtype if isinstance(image, torch.Tensor) else type(image).__name__
        raise TypeError(f"image must be a float tensor, got {kind}")
    if image.dim() < 2 or min(image.shape[-2:]) < 1:
        raise ValueError(f"image must have shape (…, H, W), got {tuple(image.shape)}")


def image_axis(axis: Any) -> int:
    """−2 for y, −1 for x."""
    if axis not in (-2, -1):
        raise ValueError(f"axis must be −2 (y) or −1 (x), got {axis!r}")
    return int(axis)
