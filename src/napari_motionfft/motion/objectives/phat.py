"""Phase transform of two signals or images, classic and differentiable (post 4)."""

from __future__ import annotations

import math
from typing import Any

import torch

from napari_motionfft.motion.objectives.checks import FREQUENCIES, number, one_of
from napari_motionfft.motion.objectives.planes import ramp
from napari_motionfft.motion.objectives.responses import fejer_response, positive

WEIGHTS = ("dirichlet", "fejer")
FLOOR = 1e-12
"""Cross-spectra below this share of the largest are rounding, and are not scaled up to 1."""


def phat_objective(
    x1: torch.Tensor,
    x2: torch.Tensor,
    tau: Any,
    alpha: float = 1.0,
    weights: str = "dirichlet",
    frequencies: str = "signed",
) -> torch.Tensor:
    """GCC-PHAT at any shift: Re mean over k ≠ 0 of w(k)·G(k)/|G(k)|^α·exp(−2πi k·τ), G = X1·X2*.

    At α = 1 a pure shift gives the Dirichlet kernel, or Fejér's with the triangular taper. It is
    highest where x2 is x1 moved by τ.

    Parameters
    ----------
    x1, x2
        (M,) signals or (H, W) images, float.
    tau
        Shifts in px: any shape for signals, (…, 2) as (y, x) for images. Positive = to the right,
        down. Differentiable.
    alpha
        In [0, 1]: 1 keeps the phase alone (PHAT), 0 the cross-spectrum.
    weights
        "dirichlet" (all alike) or "fejer" (triangle over the frequencies).
    frequencies
        "signed" is right; "unsigned" counts 0…M−1 as the post does: then the kernel keeps
        ripples at whole shifts that no taper takes away (docs/method.md § 2).

    Returns
    -------
    The shape of `tau`, without its last axis for images.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    check_pair(x1, x2)
    number("alpha", alpha, 0.0, 1.0)
    one_of("weights", weights, WEIGHTS)
    one_of("frequencies", frequencies, FREQUENCIES)
    if not isinstance(tau, torch.Tensor):
        tau = torch.as_tensor(tau, dtype=x1.dtype, device=x1.device)
    if not tau.is_floating_point():
        raise TypeError(f"tau must be real numbers in px, got {tau.dtype}")
    if x1.dim() == 2 and (tau.dim() < 1 or tau.shape[-1] != 2):
        raise ValueError(f"tau must have shape (…, 2), (y, x), got {tuple(tau.shape)}")
    cross = whitened(x1, x2, alpha)
    grids = [frequency_grid(n, frequencies) for n in x1.shape]
    if weights == "fejer":
        cross = cross * taper(grids, frequencies).to(cross.device, cross.real.dtype)
    if x1.dim() == 1:
        along = ramp(grids[0], -tau)  # (…, M)
        return (along * cross.to(along.dtype)).real.sum(-1)
    along_y, along_x = (ramp(grid, -tau[..., axis]) for axis, grid in enumerate(grids))
    return ((along_y @ cross.to(along_y.dtype)) * along_x).real.sum(-1)


def phat_shift(
    x1: torch.Tensor, x2: torch.Tensor, alpha: float = 1.0, precision: float = 1e-3
) -> torch.Tensor:
    """The shift that takes x1 to x2: highest sample of the phase transform, then a local DFT.

    The inverse FFT finds the whole sample; around it the same sum is evaluated on finer and finer
    grids (matrix-multiply DFT, Guizar-Sicairos et al. 2008).

    Parameters
    ----------
    x1, x2
        (M,) signals or (H, W) images, float; content wraps around.
    alpha
        In [0, 1], 1 for the classic phase correlation.
    precision
        Spacing of the finest grid, px.

    Returns
    -------
    () px for signals, (2,) px (y, x) for images; within half the size on either side.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes, or x1 or x2 is constant.
    """
    check_pair(x1, x2)
    number("alpha", alpha, 0.0, 1.0)
    finest = positive("precision", precision)
    for name, x in (("x1", x1), ("x2", x2)):
        if bool((x == x.flatten()[0]).all()):
            raise ValueError(f"{name} must vary: a constant has no phase")
    cross = whitened(x1, x2, alpha)
    correlation = torch.fft.ifftn(cross.conj()).real
    peak = torch.unravel_index(correlation.argmax(), correlation.shape)
    grids = [frequency_grid(n, "signed") for n in x1.shape]
    centre = [
        float(place) - (n if place > n // 2 else 0) for place, n in zip(peak, x1.shape, strict=True)
    ]
    width = 1.0
    while True:
        offsets = torch.linspace(-width, width, 21, dtype=x1.dtype, device=x1.device)
        along = [ramp(grid, -(c + offsets)) for grid, c in zip(grids, centre, strict=True)]
        near = (along[0] @ cross if len(along) == 1 else along[0] @ cross @ along[1].T).real
        best = torch.unravel_index(near.argmax(), near.shape)
        centre = [c + float(offsets[place]) for c, place in zip(centre, best, strict=True)]
        if width / 10 <= finest:
            break
        width /= 10
    found = torch.tensor(centre, dtype=x1.dtype, device=x1.device)
    return found[0] if len(grids) == 1 else found


def whitened(x1: torch.Tensor, x2: torch.Tensor, alpha: float) -> torch.Tensor:
    """X1·X2*/|X1·X2*|^α without DC, over the number of its bins."""
    cross: torch.Tensor = torch.fft.fftn(x1) * torch.fft.fftn(x2).conj()
    cross = cross.index_put([torch.zeros(1, dtype=torch.long)] * x1.dim(), cross.new_zeros(1))
    size = cross.abs()
    floor = FLOOR * size.max().clamp(min=1e-30)
    return cross / size.clamp(min=floor) ** alpha / (x1.numel() - 1)


def frequency_grid(size: int, frequencies: str) -> torch.Tensor:
    """(n,) cycles/px, float64."""
    if frequencies == "unsigned":
        return torch.arange(size, dtype=torch.float64) / size
    signed: torch.Tensor = torch.fft.fftfreq(size, dtype=torch.float64)
    return signed


def taper(grids: list[torch.Tensor], frequencies: str) -> torch.Tensor:
    """Triangular weights, a product over the axes.

    Unsigned, they fall over the whole of 0…1, and to exactly 0 at the last bin as in the post;
    on a line its first bin after DC has weight 1.
    """
    if frequencies == "signed":
        along = [fejer_response(grid) for grid in grids]
    else:
        first = 1 if len(grids) == 1 else 0
        along = [
            1
            - (torch.arange(len(grid), dtype=torch.float64) - first) / max(1, len(grid) - 1 - first)
            for grid in grids
        ]
    return along[0] if len(along) == 1 else torch.outer(*along)


def dirichlet_kernel(shift: torch.Tensor, size: int) -> torch.Tensor:
    """What `phat_objective` gives `shift` px beside a pure shift, in closed form: (D − 1)/(M − 1).

    D = Σ_k cos(2πkΔ/M) over M signed frequencies is sin(πΔ)/sin(πΔ/M) for odd M. For even M the
    Nyquist bin counts by its cosine, which makes it sin(πΔ)/tan(πΔ/M).

    Parameters
    ----------
    shift
        Δ, float tensor of any shape, px.
    size
        M.
    """
    turn = shift / size
    turn = turn - turn.round()
    kernel = size * torch.sinc(size * turn) / torch.sinc(turn)
    if size % 2 == 0:
        kernel = kernel * (math.pi * turn).cos()
    return (kernel - 1) / (size - 1)


def check_pair(x1: Any, x2: Any) -> None:
    """Two float tensors of one shape, (M,) or (H, W)."""
    for name, x in (("x1", x1), ("x2", x2)):
        if not isinstance(x, torch.Tensor) or not x.is_floating_point():
            kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
            raise TypeError(f"{name} must be a float tensor, got {kind}")
        if x.dim() not in (1, 2) or min(x.shape) < 2:
            raise ValueError(
                f"{name} must be a signal (M,) or an image (H, W) of 2 or more, "
                f"got shape {tuple(x.shape)}"
            )
        if not bool(torch.isfinite(x).all()):
            raise ValueError(f"{name} must hold no NaN or inf")
    if x1.shape != x2.shape:
        raise ValueError(f"x2 must have the shape of x1, {tuple(x1.shape)}, got {tuple(x2.shape)}")
