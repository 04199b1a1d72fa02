"""Layers from frames: regularised least squares, where each frame sees a part of each layer."""

from __future__ import annotations

import torch

from napari_motionfft.motion.several.model import Model, grams, shares
from napari_motionfft.motion.several.torus import Torus

ROWS = 64
"""Rows of frequencies whose Gram matrices are made at a time."""
ACCURACY = 1e-3
"""Relative residual at which the layers count as solved."""

Phases = tuple[torch.Tensor, torch.Tensor]


def carried(layers: torch.Tensor, phases: Phases) -> torch.Tensor:
    """Σ_m L_m·a_m,t: what the layers (M, Ky, Kx) make of some frames, (m, Ky, Kx)."""
    total = torch.zeros(phases[0].shape[1], *layers.shape[1:], dtype=layers.dtype).to(layers)
    for layer, along, across in zip(layers, *phases, strict=True):
        total += layer * along[:, :, None] * across[:, None, :]
    return total


def gathered(
    spectra: torch.Tensor, phases: Phases, weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Σ_t w_t·a_m,t*·X_t, (M, Ky, Kx)."""
    out = []
    for along, across in zip(*phases, strict=True):
        back = along.conj() if weights is None else along.conj() * weights.to(along)[:, None]
        out.append((spectra * back[:, :, None] * across.conj()[:, None, :]).sum(0))
    return torch.stack(out)


def seen_spectra(torus: Torus, spectra: torch.Tensor) -> torch.Tensor:
    """Spectra of what frames see of content on the torus."""
    if torus.whole:
        return spectra
    values = torch.fft.irfft2(spectra, s=torus.shape, norm="ortho")
    seen: torch.Tensor = torch.fft.rfft2(torus.seen(values), norm="ortho")
    return seen


def normal(torus: Torus, layers: torch.Tensor, velocities: torch.Tensor) -> torch.Tensor:
    """A^H·(what frames see of A·L), (M, Ky, Kx)."""
    total = torch.zeros_like(layers)
    for first in range(0, torus.count, torus.block):
        torus.check(first / torus.count, "Separating motions")
        phases = torus.phases(velocities, first, min(first + torus.block, torus.count))
        total += gathered(seen_spectra(torus, carried(layers, phases)), phases)
    return total


def share_of_all(torus: Torus, model: Model) -> torch.Tensor:
    """`shares` at all frequencies, (Ky, Kx, M, M) complex64 on the torus's device."""
    rows = len(torus.band.ky)
    parts = []
    for start in range(0, rows, ROWS):
        some = slice(start, min(start + ROWS, rows))
        gram = grams(torus.band, model.velocities, torus.times, some)
        parts.append(shares(gram, model, some).to(torus.device, torch.complex64))
    return torch.cat(parts)


def applied(share: torch.Tensor, layers: torch.Tensor) -> torch.Tensor:
    """(Ky, Kx, M, M) times (M, Ky, Kx)."""
    return torch.einsum("yxmj,jyx->myx", share, layers)


def solved(
    torus: Torus,
    model: Model,
    start: torch.Tensor | None,
    steps: int,
    accuracy: float = ACCURACY,
) -> torch.Tensor:
    """The layers' spectra (M, Ky, Kx) complex64: (A^H A + N/P)·L = A^H X on what frames see.

    Conjugate gradients; the inverse without edges, which is exact for periodic content,
    conditions them.

    Parameters
    ----------
    start
        Layers to start from, (M, Ky, Kx); or None.
    steps
        At most.
    accuracy
        Residual over the right side at which it ends, in the norm of the preconditioner.
    """
    right = torch.zeros(model.count, *torus.band.size, dtype=torch.complex64, device=torus.device)
    for first, spectra in torus.spectra():
        right += gathered(spectra, torus.phases(model.velocities, first, first + len(spectra)))
    share = share_of_all(torus, model)
    keep = (torus.band.multiplicity() > 0).to(torus.device)
    keep[0, 0] = not torus.whole  # the mean of a layer shows where a frame sees a part of it
    right = right * keep
    if torus.whole:
        return applied(share, right)
    ridge = (model.noise / model.power).clamp(max=1e12).to(torus.device, torch.float32)
    twice = torch.full(torus.band.size, 2.0, device=torus.device)
    twice[:, 0] = 1.0

    def product(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(((a.real * b.real + a.imag * b.imag) * twice).sum())

    def operate(x: torch.Tensor) -> torch.Tensor:
        return (normal(torus, x, model.velocities) + ridge * x) * keep

    x = applied(share, right) if start is None else start
    left = right - operate(x)
    z = applied(share, left) * keep
    way, size = z.clone(), product(left, z)
    goal = accuracy**2 * product(right, applied(share, right))
    for _ in range(steps):
        if size <= goal:
            break
        image = operate(way)
        length = size / max(product(way, image), 1e-300)
        x = x + length * way
        left = left - length * image
        z = applied(share, left) * keep
        before, size = size, product(left, z)
        way = z + (size / before) * way
    return x
