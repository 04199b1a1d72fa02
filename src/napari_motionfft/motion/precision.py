"""How far the standard errors hold: misfit of the model, bias (docs/method.md § 8, § 9)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from napari_motionfft.motion.crops import Crop
from napari_motionfft.motion.frames import window
from napari_motionfft.motion.landscape import uncounted
from napari_motionfft.motion.refine import Aligned
from napari_motionfft.motion.spectra import Band

SURE = 6.0
"""Noise standard deviations that structure along a direction must stand above chance."""
EDGES = 3.0
"""Times that it must exceed the share of the window's edges."""


def misfit(runs: list[Aligned], model_size: int) -> float:
    """Variance inflation ≥ 1 from frames that do not follow the model as closely as noise allows.

    The residual displacement of each frame, H⁻¹g, is compared with its predicted variance, and its
    correlation from frame to frame widens the error of any smooth model: (1 + r)/(1 − r).
    Both count only beyond what chance gives them (two standard deviations).
    """
    ratio, products, squares, n = 0.0, 0.0, 0.0, 0
    for run in runs:
        inverse = torch.linalg.pinv(run.curvature, hermitian=True)
        predicted = inverse @ run.scatter @ inverse
        left = run.gradients @ inverse  # (n, 2)
        left = left - left.mean(0)
        white = left @ torch.linalg.pinv(cholesky(predicted)).T
        ratio += float(white.square().sum())
        products += float((white[1:] * white[:-1]).sum())
        squares += float(white.square().sum())
        n += 2 * len(left) - 2 * (1 + model_size)
    if n < 4 or squares == 0:
        return 1.0
    chi2 = ratio / n
    spread = math.sqrt(2 / n)
    inflation = chi2 if chi2 > 1 + 2 * spread else 1.0
    r = products / squares
    if r > 2 / math.sqrt(n):
        r = min(r, 0.95)
        inflation *= (1 + r) / (1 - r)
    return max(1.0, inflation)


def one_direction_only(runs: list[Aligned], crops: list[Crop]) -> bool:
    """Whether the scene has no structure along some direction u, that of the least curvature.

    Its energy there, each frequency counted by cos² of its angle to u, must stand above what noise
    gives it by chance. And its curvature there must exceed what a scene without structure along u
    has from the edges of the window: the mean square frequency of the window's own spectrum.
    """
    found = chance = curvature = edges = 0.0
    for run, crop in zip(runs, crops, strict=True):
        _, vectors = torch.linalg.eigh(run.curvature)
        along = vectors[:, 0]  # the smallest eigenvalue's
        ky, kx = 2 * math.pi * crop.band.ky, 2 * math.pi * crop.band.kx
        square = (along[0] * ky[:, None] + along[1] * kx[None, :]) ** 2  # (Ky, Kx)
        share = square / (ky[:, None] ** 2 + kx[None, :] ** 2).clamp(min=1e-30)
        floor = run.scene.noise / run.scene.frames
        found += float((run.weight * run.signal * share).sum())
        by_chance = ((run.weight * floor * share) ** 2 * uncounted(crop.band)).sum()
        chance += float(by_chance) * crop.overcount
        curvature += float((run.weight * run.signal * square).sum())
        spread = window_spread(crop.shape, crop.taper)
        edges += float((run.weight * run.signal).sum() * (along**2 * spread).sum())
    return found < SURE * math.sqrt(chance) or curvature < EDGES * edges


def window_spread(shape: tuple[int, int], taper: float) -> torch.Tensor:
    """(2,) mean (2πk)² of a window's own spectrum along y and x, 1/px²: Σ|w′|²/Σw²."""
    spread = []
    for size in shape:
        w = window((size, 1), taper).double()[:, 0] if taper > 0 else torch.ones(size).double()
        slope = torch.diff(w, prepend=w[:1] * 0, append=w[:1] * 0) if taper > 0 else w * 0
        spread.append((slope**2).sum() / (w**2).sum())
    return torch.stack(spread)


def cholesky(matrix: torch.Tensor) -> torch.Tensor:
    """A square root of a 2×2 covariance that may be singular."""
    values, vectors = torch.linalg.eigh(matrix)
    root: torch.Tensor = vectors * values.clamp(min=1e-300).sqrt()
    return root


def mean_subtraction_bias(
    band: Band, run: Aligned, frames: int, velocity: torch.Tensor, steps: int = 8
) -> torch.Tensor:
    """Where the energy of a scene less its temporal mean peaks, relative to its true velocity.

    With a_t = exp(−2πi k·v t) the scene less its mean is S·(a_t − ā). Its energy along u is
    Σ W P |D(u − v) − D(−v)* D(u)|², D the mean ramp (docs/method.md § 9). The peak near u = v is
    found by Newton's method on that expectation; its offset is the bias.

    Parameters
    ----------
    velocity
        (2,) px/frame at which the bias is wanted.

    Returns
    -------
    (2,) px/frame
    """
    weight = (run.weight * run.scene.signal).flatten()
    keep = weight > weight.max() * 1e-6
    k = torch.stack(torch.meshgrid(band.ky, band.kx, indexing="ij"), -1).reshape(-1, 2)[keep]
    weight = weight[keep] / weight.sum()
    still = mean_ramp(-(k @ velocity), frames)

    def energy(u: torch.Tensor) -> float:
        left = mean_ramp(k @ (u - velocity), frames) - still * mean_ramp(k @ u, frames)
        return float((weight * (left.real**2 + left.imag**2)).sum())

    u, h = velocity.clone(), 0.02 / frames
    for _ in range(steps):
        gradient, hessian = differences(energy, u, h)
        values, vectors = torch.linalg.eigh(hessian)
        # uphill whatever the sign of the curvature
        step = vectors @ ((vectors.T @ gradient) / values.abs().clamp(min=1e-12))
        step = step * min(1.0, 0.5 / frames / max(float(step.norm()), 1e-12))
        u = u + step
        if float(step.norm()) < 1e-6:
            break
    return u - velocity


def mean_ramp(turns: torch.Tensor, frames: int) -> torch.Tensor:
    """D = mean_t exp(2πi·turns·t) over t = 0…T−1: the Dirichlet kernel in closed form."""
    part = turns - turns.round()
    bottom = torch.sin(math.pi * part)
    flat = bottom.abs() < 1e-9
    height = torch.sin(math.pi * frames * part) / (frames * torch.where(flat, 1.0, bottom))
    height = torch.where(flat, 1.0, height)
    return torch.polar(torch.ones_like(part), math.pi * (frames - 1) * part) * height


def differences(
    function: Callable[[torch.Tensor], float], at: torch.Tensor, h: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient (2,) and Hessian (2, 2) of a smooth function of two numbers, by differences."""
    f = {
        (i, j): function(at + h * torch.tensor([i, j], dtype=torch.float64))
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
    }
    gradient = torch.tensor([f[1, 0] - f[-1, 0], f[0, 1] - f[0, -1]], dtype=torch.float64) / (2 * h)
    yy = f[1, 0] - 2 * f[0, 0] + f[-1, 0]
    xx = f[0, 1] - 2 * f[0, 0] + f[0, -1]
    yx = (f[1, 1] - f[1, -1] - f[-1, 1] + f[-1, -1]) / 4
    return gradient, torch.tensor([[yy, yx], [yx, xx]], dtype=torch.float64) / h**2
