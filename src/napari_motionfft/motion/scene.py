"""What the spectra say of the scene and of the noise: rings, and a smooth law where rings fail."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.spectra import Band, radial_mean
from napari_motionfft.motion.weights import SceneSpectra

RING = 2.0
"""Ring width in frequency steps."""
SPREAD_OF_LAW = 0.5
"""Relative standard deviation of real scenes' rings about the smooth law."""


def scene_after_alignment(
    energy: torch.Tensor, power: torch.Tensor, frames: float, band: Band
) -> SceneSpectra:
    """P and N from coherence: what stays in the mean of compensated frames, and what does not.

    N = (mean_t |X_t|² − |X̄|²)·T/(T − 1) and P = |X̄|² − N/T, both over rings (docs/method.md § 4).
    A ring of P that is no more than its own scatter gives way to a smooth law fitted to all rings.

    Parameters
    ----------
    energy, power
        (Ky, Kx) |X̄|² and mean_t |X_t|².
    """
    incoherent = (power - energy).clamp(min=0) * (frames / (frames - 1))
    noise = radial_mean(incoherent, band, RING)
    noise = noise.clamp(min=1e-12 * float(energy.max()) + 1e-30)
    coherent = radial_mean(energy, band, RING)  # P + N/T
    law = power_law(energy, noise / frames, band)
    measured = coherent - noise / frames
    scatter = coherent / bins_a_ring(band).sqrt()
    # each counts by its own certainty; a negative ring counts as it is, until the end
    trust = (SPREAD_OF_LAW * law) ** 2
    share = trust / (trust + scatter**2).clamp(min=1e-300)
    signal = (share * measured + (1 - share) * law).clamp(min=0)
    return SceneSpectra(signal, noise, frames)


def bins_a_ring(band: Band) -> torch.Tensor:
    """(Ky, Kx) half-plane bins that share the ring of each bin."""
    radius = band.radius() / (RING * band.step)
    index = radius.round().long()
    count = torch.bincount(index[band.multiplicity() > 0], minlength=int(index.max()) + 1)
    return count.double()[index].clamp(min=1.0)


def power_law(
    energy: torch.Tensor, noise: torch.Tensor, band: Band, steps: int = 30
) -> torch.Tensor:
    """P(k) = exp(a + b·ln k + c·k²) by Whittle's likelihood, (Ky, Kx).

    Every |X̄(k)|² is exponentially distributed about P + N/T: Fisher scoring on rings. The law holds
    for texture and for optics that cut off; mild priors keep it tame where there is only noise.

    Parameters
    ----------
    energy, noise
        (Ky, Kx) |X̄|² and N/T.
    """
    keep = band.multiplicity() > 0
    step = RING * band.step
    index = (band.radius() / step).round().long()[keep]
    rings = int(index.max()) + 1
    count = torch.bincount(index, minlength=rings).double()
    filled = count > 0
    seen = (torch.bincount(index, energy[keep].double(), rings) / count.clamp(min=1))[filled]
    floor = (torch.bincount(index, noise[keep].double(), rings) / count.clamp(min=1))[filled]
    count = count[filled]
    k = torch.arange(rings, dtype=torch.float64)[filled].clamp(min=0.5) * step
    terms = law_terms(k)  # (R, 3)
    if not float(seen.max()) > 0:
        return torch.zeros(band.size, dtype=torch.float64)
    excess = (seen - floor).clamp(min=0.0)
    level = max(float((count * excess).sum() / count.sum()), 1e-6 * float(seen.mean()))
    centre = torch.tensor([math.log(level), -2.0, 0.0], dtype=torch.float64)
    # start at a 1/k² spectrum with the measured total
    shape = torch.exp(terms @ centre - terms[:, 0] * centre[0])
    centre[0] -= math.log(float((count * shape).sum() / count.sum()))
    pull = torch.diag(torch.tensor([0.01, 1.0, 0.0025], dtype=torch.float64))
    theta = centre.clone()
    for _ in range(steps):
        p = torch.exp((terms @ theta).clamp(max=80.0))
        mean = p + floor
        slope = p[:, None] * terms  # dP/dθ
        fisher = (slope * (count / mean**2)[:, None]).T @ slope + pull
        score = slope.T @ (count * (seen - mean) / mean**2) - pull @ (theta - centre)
        move = torch.linalg.solve(fisher, score)
        longest = float((terms @ move).abs().max())
        theta = theta + move * min(1.0, 2.0 / max(longest, 1e-12))
        if longest < 1e-3:
            break
    radius = band.radius().clamp(min=0.5 * step)
    law = torch.exp((law_terms(radius.flatten()) @ theta).clamp(max=80.0))
    return law.reshape(band.size)


def law_terms(k: torch.Tensor) -> torch.Tensor:
    """(n, 3) the law's terms 1, ln k, k² at |k| in cycles/px; k² in units of (1/4)²."""
    return torch.stack([torch.ones_like(k), torch.log(k), 16 * k**2], 1)
