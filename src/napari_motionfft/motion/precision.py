"""How far the standard errors hold: misfit of the model, bias (docs/method.md § 8, § 9)."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.refine import Aligned
from napari_motionfft.motion.spectra import Band


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
    weight = weight[keep]
    t = torch.arange(frames, dtype=torch.float64)

    def negative(u: torch.Tensor) -> torch.Tensor:
        along = 2 * math.pi * torch.outer(t, k @ u)  # (T, n)
        true = -2 * math.pi * torch.outer(t, k @ velocity)
        scene = torch.polar(torch.ones_like(true), true)
        scene = scene - scene.mean(0)
        mean = (scene * torch.polar(torch.ones_like(along), along)).mean(0)
        return -(weight * (mean.real**2 + mean.imag**2)).sum()

    u = velocity.clone()
    for _ in range(steps):
        gradient = torch.func.grad(negative)(u)
        hessian = torch.func.hessian(negative)(u)
        values, vectors = torch.linalg.eigh(hessian)
        step = vectors @ ((vectors.T @ gradient) / values.abs().clamp(min=1e-12))
        step = step * min(1.0, 0.5 / frames / max(float(step.norm()), 1e-12))
        u = u - step
        if float(step.norm()) < 1e-6:
            break
    return u - velocity
