"""A pattern that stands still on the camera's pixels, told from the scene that moves.

Averaging does not take it off, and where the travel is a pixel or less it would hold the path back:
frequencies where it stands out count less (docs/method.md § 7).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from napari_motionfft.motion.crops import Crop, residual
from napari_motionfft.motion.paths.matching import BLOCK
from napari_motionfft.motion.paths.views import View
from napari_motionfft.motion.refine import WeightOf
from napari_motionfft.motion.scene import RING
from napari_motionfft.motion.spectra import Band, ramps, shifted_back
from napari_motionfft.motion.weights import SceneSpectra

APART = 0.8
"""|mean of the path's phases|² above which still and moving cannot be told apart."""
SURE = 3.0
"""Standard errors that a still pattern must stand out."""

Run = Crop | View


def less_still(
    weight_of: WeightOf, runs: Sequence[Run], path: torch.Tensor, weights: torch.Tensor
) -> WeightOf:
    """The weight, less where a still pattern was measured along this path.

    It has to be measured once, at a path that is right: at one that a still pattern holds back,
    nothing tells the two apart.
    """
    longest = max(runs, key=lambda run: run.count)
    share = moving_share(longest, path, weights[longest.start : longest.stop])
    if share is None:
        return weight_of
    width, values = share

    def weigh(band: Band, scene: SceneSpectra) -> torch.Tensor:
        ring = (band.radius() / width).clamp(max=len(values) - 1.0)
        low = ring.floor().long().clamp(max=len(values) - 2)
        part = ring - low
        return weight_of(band, scene) * (values[low] * (1 - part) + values[low + 1] * part)

    return weigh


def blocks(run: Run) -> Iterator[tuple[int, torch.Tensor]]:
    """(first, (m, Ky, Kx) spectra) of a run, block by block."""
    source = run.spectra() if isinstance(run, Crop) else iter([(0, run.spectra)])
    for first, spectra in source:
        for start in range(0, len(spectra), BLOCK):
            yield first + start, spectra[start : start + BLOCK]


def moving_share(
    run: Run, path: torch.Tensor, weights: torch.Tensor
) -> tuple[float, torch.Tensor] | None:
    """P_S/(P_S + T·P_F) on rings of |k|: S what moves along the path, F what stands still.

    With A₁ the coherent power of the frames compensated and A₀ that of the frames as they lie on
    the pixels, and D the mean of the path's phases, A₁ = P_S + |D|²·P_F and A₀ = P_F + |D|²·P_S.

    Returns
    -------
    cycles/px from ring to ring, (R,) shares; None where no still pattern is sure
    """
    band = run.band
    mine = weights / weights.sum()
    n = float(1 / mine.square().sum())
    left = residual(run, path)
    moving = still = power = torch.zeros(())
    for first, part in blocks(run):
        at = slice(first, first + len(part))
        share = mine[at].to(part.device, torch.float32)[:, None, None]
        moving = moving.to(part) + (share * shifted_back(part, band, left[at])).sum(0)
        still = still.to(part) + (share * shifted_back(part, band, -run.placed[at])).sum(0)
        power = power.to(share) + (share * (part.real.square() + part.imag.square())).sum(0)
    along, across = ramps(band, left + run.placed, torch.complex64, torch.device("cpu"))
    phases = torch.einsum("n,ni,nj->ij", mine.to(torch.complex64), along, across)
    shared = (phases.real.square() + phases.imag.square()).double()  # |D|²
    a1, a0 = (m.real.square().add(m.imag.square()).cpu().double() for m in (moving, still))
    noise = (power.cpu().double() - a1).clamp(min=0) / max(n - 1, 1.0)  # N/T
    return rings(band, a1 - noise, a0 - noise, shared, noise, n)


def rings(
    band: Band,
    moving: torch.Tensor,
    still: torch.Tensor,
    shared: torch.Tensor,
    noise: torch.Tensor,
    frames: float,
) -> tuple[float, torch.Tensor] | None:
    """Solve for the two powers ring by ring."""
    step = RING * band.step
    index = (band.radius() / step).round().long().flatten()
    weight = band.multiplicity().flatten()
    count = int(index.max()) + 1

    def mean(values: torch.Tensor) -> torch.Tensor:
        total = torch.zeros(count, dtype=torch.float64).index_add_(0, index, weight * values)
        return total / torch.zeros(count).double().index_add_(0, index, weight).clamp(min=1e-12)

    both = [values.flatten() for values in (moving, still, shared, noise)]
    s, f, d, floor = both
    apart = (1 - mean(d.square())).clamp(min=1e-3)
    fixed = (mean(f) - mean(d * s)) / apart
    moves = (mean(s) - mean(d * f)) / apart
    bins = torch.zeros(count).double().index_add_(0, index, (weight > 0).double()).clamp(min=1.0)
    error = ((mean(f) + mean(floor)).abs() + (mean(d * s)).abs()) / apart / bins.sqrt()
    sure = (fixed > SURE * error) & (mean(d) < APART)
    if not bool(sure.any()):
        return None
    fixed = torch.where(sure, fixed, 0.0)
    moves = moves.clamp(min=0)
    return step, moves / (moves + frames * fixed).clamp(min=1e-300)
