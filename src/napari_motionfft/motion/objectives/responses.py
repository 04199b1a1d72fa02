"""Frequency responses of the filters that the objectives meet, in closed form.

Every function takes frequencies in cycles/px (a float tensor of any shape) and returns a tensor
of that shape. Responses are amplitudes unless said otherwise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import sici

from napari_motionfft.motion.objectives.checks import LOWPASSES, number, one_of, whole

LANCZOS_ORDER = 3.0
"""Lobes a of the Lanczos kernel where none are named."""
GAUSSIAN_SIGMA = 1.0
"""Standard deviation in px of the Gaussian where none is named."""


def check_frequency(frequency: Any) -> torch.Tensor:
    """A float tensor, as it is."""
    if not isinstance(frequency, torch.Tensor) or not frequency.is_floating_point():
        raise TypeError(f"frequency must be a float tensor in cycles/px, got {frequency!r}")
    return frequency


def moving_average_response(frequency: torch.Tensor, taps: int) -> torch.Tensor:
    """(1/T) Σ_t exp(−2πi f t) over T taps, complex: sin(πTf) / (T sin πf) times exp(−iπf(T−1)).

    It is the transfer function of the mean over T frames whose content is a shift of f·N px a
    frame off (docs/method.md § 2). Its magnitude is periodic: it rises again at every integer.

    Raises
    ------
    TypeError, ValueError
        `frequency` is no float tensor; `taps` is no whole number above 0.
    """
    f = check_frequency(frequency)
    taps = whole("taps", taps, 1)
    # sinc keeps the value and the gradient finite where sin πf is 0: first fold f to ±½
    folded = f - f.round()
    size = torch.sinc(taps * folded) / torch.sinc(folded)
    turns = torch.remainder(-0.5 * (taps - 1) * folded, 1.0)
    return torch.polar(torch.ones_like(size), 2 * math.pi * turns) * size


def bilinear_response(frequency: torch.Tensor, width: float = 1.0) -> torch.Tensor:
    """sinc²(width·f): the triangle of half-width `width` px, rect convolved with itself.

    With a width of T it is never above the squared magnitude of the moving average over T, since
    |sin x| ≤ |x|; and it decays, where the moving average comes back.

    Raises
    ------
    TypeError, ValueError
        `frequency` is no float tensor; `width` is no number above 0.
    """
    f = check_frequency(frequency)
    return torch.sinc(positive("width", width) * f) ** 2


def cascade_response(
    frequency: torch.Tensor, taps: int, width: float | None = None
) -> torch.Tensor:
    """Magnitude of the moving average over T, then of a triangle of half-width `width` px.

    The width is T by default, as in post 3's figure (its code uses 1 px).
    """
    average = moving_average_response(frequency, taps).abs()
    return average * bilinear_response(frequency, float(taps) if width is None else width)


def gaussian_response(frequency: torch.Tensor, sigma: float = GAUSSIAN_SIGMA) -> torch.Tensor:
    """exp(−2π²σ²f²): a Gaussian blur of σ px."""
    f = check_frequency(frequency)
    return torch.exp(-2 * (math.pi * positive("sigma", sigma) * f) ** 2)


def lanczos_response(frequency: torch.Tensor, order: float = LANCZOS_ORDER) -> torch.Tensor:
    """Fourier transform of the Lanczos kernel sinc(x)·sinc(x/a), |x| < a, of unit response at 0.

    The two sincs multiply to a trapezium in frequency; cutting the kernel at ±a convolves it with
    2a·sinc(2af). Each corner of the trapezium then brings one second integral of that sinc, which
    is a sine integral Si. No gradient flows through `frequency`.

    Raises
    ------
    TypeError, ValueError
        `frequency` is no float tensor; `order` is no number from 1.
    """
    f = check_frequency(frequency)
    a = number("order", order, 1.0)
    outer, inner = 0.5 + 0.5 / a, 0.5 - 0.5 / a

    def corner(u: NDArray[np.float64]) -> NDArray[np.float64]:
        turn = 2 * math.pi * a * u
        return np.asarray(u * sici(turn)[0] / math.pi + np.cos(turn) / (2 * math.pi**2 * a))

    def transform(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return corner(u + outer) - corner(u + inner) - corner(u - inner) + corner(u - outer)

    response = transform(f.detach().cpu().double().numpy()) / transform(np.zeros(1))
    return torch.from_numpy(response).to(f.device, f.dtype)


def fejer_response(frequency: torch.Tensor, cutoff: float = 0.5) -> torch.Tensor:
    """The triangle 1 − |f|/cutoff, 0 beyond: weights whose kernel is Fejér's (post 4).

    Raises
    ------
    TypeError, ValueError
        `frequency` is no float tensor; `cutoff` is no number above 0.
    """
    f = check_frequency(frequency)
    return (1 - f.abs() / positive("cutoff", cutoff)).clamp(min=0)


def energy_weight(
    frequency: torch.Tensor, lowpass: str, order: float | None = None, unsigned: bool = False
) -> torch.Tensor:
    """Weight of each frequency of one axis in the energy, or in a cross-spectrum.

    A filter of the frames weighs the energy by the square of its response: bilinear sinc⁴(f),
    Lanczos-a, Gaussian. The Fejér taper is a weight on the cross-spectrum itself, as in post 4.

    Parameters
    ----------
    lowpass
        "none", "bilinear", "lanczos", "gaussian" or "fejer".
    order
        a of "lanczos", σ in px of "gaussian"; their defaults are 3 and 1. None for the others.
    unsigned
        Frequencies 0…1 as in the posts: the Fejér taper then falls over the whole of that.

    Raises
    ------
    TypeError, ValueError
        An unknown name, a bad order, or an order where none is taken.
    """
    one_of("lowpass", lowpass, LOWPASSES)
    f = check_frequency(frequency)
    if lowpass == "lanczos":
        return lanczos_response(f, LANCZOS_ORDER if order is None else order) ** 2
    if lowpass == "gaussian":
        sigma = GAUSSIAN_SIGMA if order is None else positive("order", order)
        return gaussian_response(f, sigma) ** 2
    if order is not None:
        raise ValueError(f"order is for lowpass 'lanczos' or 'gaussian', not for {lowpass!r}")
    if lowpass == "bilinear":
        return bilinear_response(f) ** 2
    if lowpass == "fejer":
        return fejer_response(f, 1.0 if unsigned else 0.5)
    return torch.ones_like(f)


def positive(name: str, value: Any) -> float:
    """A finite number above 0."""
    found = number(name, value, 0.0)
    if found == 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return found
