"""Gauss–Newton refinement of a linear trajectory model (docs/method.md § 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from napari_motionfft.motion.crops import Crop, residual
from napari_motionfft.motion.scene import scene_after_alignment
from napari_motionfft.motion.spectra import Band, shifted_back
from napari_motionfft.motion.trajectory import centred
from napari_motionfft.motion.weights import SceneSpectra

WeightOf = Callable[[Band, SceneSpectra], torch.Tensor]


@dataclass
class Aligned:
    """One run of frames, compensated: scene spectra, weight and normal equations."""

    scene: SceneSpectra
    weight: torch.Tensor  # (Ky, Kx), multiplicity included
    gradients: torch.Tensor  # (n, 2) of every frame of the run
    curvature: torch.Tensor  # (2, 2) per frame
    scatter: torch.Tensor  # (2, 2) covariance of a frame's gradient
    signal: torch.Tensor  # (Ky, Kx) |X̄|² − N/n, bin by bin
    energy: float  # Σ W·|X̄|²


def align(
    crop: Crop, path: torch.Tensor, weight_of: WeightOf, frame_weights: torch.Tensor | None = None
) -> Aligned:
    """Compensate a run along `path`; measure scene, noise and the gradient of the energy.

    Two passes over the spectra: the mean X̄ and power, then g_t = −Im Σ W·2πk·X̄*·Y_t. The
    frame's own share of X̄ adds nothing to g_t: |Y_t|² is real.

    Parameters
    ----------
    path
        (T, 2) px displacements of the whole stack.
    frame_weights
        (n,) of the frames of the run in its mean; 0 leaves a frame out. All 1 by default.
    """
    band = crop.band
    left = residual(crop, path)
    mine = torch.ones(crop.count).double() if frame_weights is None else frame_weights
    n = float(mine.sum() ** 2 / mine.square().sum())  # frames that the mean is worth
    mean = torch.zeros(band.size, dtype=torch.complex64, device=crop.device)
    power = torch.zeros(band.size, dtype=torch.float32, device=crop.device)
    for first, spectra in crop.spectra():
        share = mine[first : first + len(spectra)]
        some = share > 0
        if not bool(some.any()):
            continue
        part = spectra if bool(some.all()) else spectra[some.to(spectra.device)]
        moved = shifted_back(part, band, left[first : first + len(spectra)][some])
        level = moved.real**2 + moved.imag**2
        if bool((share == 1).all()):
            mean += moved.sum(0)
            power += level.sum(0)
        else:
            share = share[some].to(spectra.device, torch.float32)
            mean += torch.einsum("n,nij->ij", share.to(moved.dtype), moved)
            power += torch.einsum("n,nij->ij", share, level)
    mean /= float(mine.sum())
    power /= float(mine.sum())
    energy = (mean.real**2 + mean.imag**2).cpu().double()
    scene = scene_after_alignment(energy, power.cpu().double(), n, band)
    count = band.multiplicity()
    weight = weight_of(band, scene) * count
    weight = weight / weight.max().clamp(min=1e-300)
    ky, kx = 2 * math.pi * band.ky, 2 * math.pi * band.kx
    pull = torch.stack([weight * ky[:, None], weight * kx[None, :]])  # (2, Ky, Kx)
    pull = (pull.to(crop.device, torch.float32) * mean.conj()).flatten(1).T  # (Ky·Kx, 2)
    gradients = torch.zeros(crop.count, 2, dtype=torch.float64)
    for first, spectra in crop.spectra():
        along = shifted_back(spectra, band, left[first : first + len(spectra)]).flatten(1)
        gradients[first : first + len(spectra)] = -(along @ pull).imag.cpu().double()
    noise = scene.noise
    # bin by bin: real scenes are not isotropic, and the sum over bins evens out the scatter
    signal = energy - noise / n
    fluctuation = weight**2 / count.clamp(min=1) * noise * energy
    return Aligned(
        scene,
        weight,
        gradients,
        moments(weight * signal, ky, kx),
        moments(fluctuation, ky, kx) * crop.overcount,
        signal,
        float((weight * energy).sum()),
    )


def moments(values: torch.Tensor, ky: torch.Tensor, kx: torch.Tensor) -> torch.Tensor:
    """Σ_k values·(2πk)(2πk)ᵀ, (2, 2); `ky` and `kx` hold 2πk."""
    yy = (values * ky[:, None] ** 2).sum()
    xx = (values * kx[None, :] ** 2).sum()
    yx = (values * ky[:, None] * kx[None, :]).sum()
    return torch.stack([torch.stack([yy, yx]), torch.stack([yx, xx])])


def chosen(crop: Crop, members: slice) -> torch.Tensor:
    """(n,) 1 for the frames of a run that take part, for example every other one."""
    weights = torch.zeros(crop.count, dtype=torch.float64)
    weights[members] = 1
    return weights


@dataclass
class Fit:
    """A refined θ (K, 2) with its covariance (2K, 2K), and each run's alignment there."""

    theta: torch.Tensor
    covariance: torch.Tensor
    runs: list[Aligned]
    converged: bool
    steps: int


def normal_equations(
    crops: list[Crop], aligned: list[Aligned], basis: torch.Tensor, members: slice
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Curvature (2K, 2K), scatter (2K, 2K) and gradient (2K,) of all runs together."""
    size = 2 * basis.shape[1]
    curvature = torch.zeros(size, size, dtype=torch.float64)
    scatter = torch.zeros_like(curvature)
    gradient = torch.zeros(size, dtype=torch.float64)
    for crop, one in zip(crops, aligned, strict=True):
        rows = centred(basis[crop.start : crop.stop][members])  # (n, K)
        gram = rows.T @ rows
        curvature += torch.kron(gram, one.curvature)
        scatter += torch.kron(gram, one.scatter)
        gradient += (rows.T @ one.gradients[members]).flatten()  # (K·2,)
    return curvature, scatter, gradient


def gauss_newton(
    crops: list[Crop],
    basis: torch.Tensor,
    theta: torch.Tensor,
    weight_of: WeightOf,
    steps: int = 6,
    tolerance: float = 1e-3,
    members: slice = slice(None),
) -> Fit:
    """Maximise the energy of the compensated mean over θ, p = B·θ.

    The weight is measured anew at each step. Stops when a step is below `tolerance` standard
    errors and moves no frame by more than 1e-3 px.

    Parameters
    ----------
    basis
        (T, K).
    theta
        (K, 2) to start from.
    """
    converged, done = False, 0
    while True:
        path = basis @ theta
        aligned = [align(crop, path, weight_of, chosen(crop, members)) for crop in crops]
        curvature, scatter, gradient = normal_equations(crops, aligned, basis, members)
        inverse = torch.linalg.pinv(curvature, hermitian=True)
        covariance = inverse @ scatter @ inverse
        move = (inverse @ gradient).reshape(theta.shape)  # (K, 2)
        # no frame may jump further than the energy's main lobe is wide
        longest = float((centred(basis) @ move).norm(dim=1).max())
        error = covariance.diagonal().clamp(min=0).sqrt().reshape(theta.shape)
        converged = longest < 1e-4 or (
            bool((move.abs() <= tolerance * error).all()) and longest < 0.02
        )
        if converged or done == steps:
            break
        theta = theta + move * min(1.0, 1.0 / max(longest, 1e-12))
        done += 1
    return Fit(theta, covariance, aligned, converged, done)
