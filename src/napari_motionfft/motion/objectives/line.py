"""The problem in one dimension (post 4): integration is convolution with a Dirac comb."""

from __future__ import annotations

import torch

from napari_motionfft.motion.objectives.checks import whole


def rect_pulse(length: int, width: int, start: int = 0) -> torch.Tensor:
    """(length,) float64 of zeros with `width` ones from `start` on.

    Raises
    ------
    TypeError, ValueError
        Not whole numbers, or the pulse does not fit.
    """
    length, width, start = (
        whole("length", length, 1),
        whole("width", width, 1),
        whole("start", start, 0),
    )
    if start + width > length:
        raise ValueError(f"width must fit: {start} + {width} is above length {length}")
    pulse = torch.zeros(length, dtype=torch.float64)
    pulse[start : start + width] = 1
    return pulse


def tri_pulse(length: int, width: int, start: int = 0) -> torch.Tensor:
    """(length,) float64 of zeros with a triangle 1/w, 2/w … 1 … 1/w of 2w − 1 samples from `start`.

    It is rect ⋆ rect, each `width` wide, over w.

    Raises
    ------
    TypeError, ValueError
        Not whole numbers, or the triangle does not fit.
    """
    length, width, start = (
        whole("length", length, 1),
        whole("width", width, 1),
        whole("start", start, 0),
    )
    if start + 2 * width - 1 > length:
        raise ValueError(f"width must fit: {start} + 2·{width} − 1 is above length {length}")
    up = torch.arange(1, width + 1, dtype=torch.float64) / width
    pulse = torch.zeros(length, dtype=torch.float64)
    pulse[start : start + 2 * width - 1] = torch.cat([up, up[:-1].flip(0)])
    return pulse


def dirac_comb(length: int, frames: int, shift: int) -> torch.Tensor:
    """(length,) float64: Σ_t δ[x − t·shift]/T over T frames, around the ring.

    Raises
    ------
    TypeError, ValueError
        Not whole numbers, or out of range.
    """
    length, frames = whole("length", length, 1), whole("frames", frames, 1)
    places = torch.arange(frames) * whole("shift", shift, -length) % length
    comb = torch.zeros(length, dtype=torch.float64)
    comb.index_add_(0, places, torch.full((frames,), 1 / frames, dtype=torch.float64))
    return comb


def integrate_by_rolling(signal: torch.Tensor, frames: int, shift: int) -> torch.Tensor:
    """Mean of T copies of a signal, copy t rolled by t·shift samples.

    It equals the circular convolution with `dirac_comb`: at shift 1 a moving average of T samples.

    Parameters
    ----------
    signal
        (…, M) float.
    frames
        T.
    shift
        Whole samples a frame; positive = to the right.

    Returns
    -------
    (…, M)

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    if not isinstance(signal, torch.Tensor) or not signal.is_floating_point():
        raise TypeError(f"signal must be a float tensor, got {type(signal).__name__}")
    if signal.dim() < 1 or signal.shape[-1] < 1:
        raise ValueError(f"signal must have samples, got shape {tuple(signal.shape)}")
    frames = whole("frames", frames, 1)
    step = whole("shift", shift, -signal.shape[-1])
    total = torch.zeros_like(signal)
    for t in range(frames):
        total = total + signal.roll(t * step, -1)
    return total / frames
