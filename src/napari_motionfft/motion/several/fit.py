"""Velocities, scenes and noise of several layers by marginal likelihood (docs/method.md § 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from napari_motionfft.motion.several.model import Model
from napari_motionfft.motion.several.solve import gathered, solved
from napari_motionfft.motion.several.sums import Sums, summed
from napari_motionfft.motion.several.torus import Torus
from napari_motionfft.motion.spectra import Band, radial_mean

RING = 2.0
"""Ring width in frequency steps."""
FACTOR = 10.0
"""How much a power may change at a step."""
LEAST_NOISE = 1e-4
"""Share of the mean power that counts as noise at least: nothing is solved more exactly."""
SPREAD, RINGS_SHARE = 3 / 128, 0.1
"""Of a layer's power: width of the local mean in sides of the plane, and the ring's part in it."""
SETTLED = 6
"""Steps after which powers stay as they are, so that the velocities come to rest."""
LEAST = 0.03
"""Power of a layer, in noise of the mean of all frames, below which it counts as none."""


@dataclass
class Layered:
    """A fit of several layers.

    Attributes
    ----------
    model
        At the end.
    covariance
        (2M, 2M) (px/frame)², rows y, x of each motion; 0 for velocities that are known.
    layers
        One (M, Ky, Kx) complex64 a run.
    converged, steps
        Whether it ended by itself, and after how many steps.
    move
        (M, 2) px/frame that a further step would have made.
    """

    model: Model
    covariance: torch.Tensor
    layers: list[torch.Tensor]
    converged: bool
    steps: int
    move: torch.Tensor


def fitted(
    tori: list[Torus],
    model: Model,
    steps: int = 12,
    tolerance: float = 0.05,
    inner: int = 12,
) -> Layered:
    """Maximise the marginal likelihood of all runs: a step of everything at a time.

    Parameters
    ----------
    steps, inner
        Gauss–Newton steps at most, and conjugate gradients for the layers in each.
    tolerance
        Standard errors that the last step may be.
    """
    layers: list[torch.Tensor | None] = [None] * len(tori)
    fixed = ~model.free.repeat_interleave(2)
    length = (tori[0].frames.count - 1) / 2
    done = 0
    while True:
        solution = [
            solved(torus, model, start, inner) for torus, start in zip(tori, layers, strict=True)
        ]
        sums = [summed(t, model, layer) for t, layer in zip(tori, solution, strict=True)]
        gradient = torch.stack([s.gradient for s in sums]).sum(0).flatten()
        fisher = torch.stack([s.information for s in sums]).sum(0).reshape(len(fixed), -1)
        gradient[fixed] = 0
        fisher[fixed] = 0
        fisher[:, fixed] = 0
        covariance = torch.linalg.pinv(fisher, hermitian=True)
        move = (covariance @ gradient).reshape(-1, 2)
        error = covariance.diagonal().clamp(min=0).sqrt().reshape(-1, 2)
        small = bool((move.abs() <= tolerance * error + 1e-6).all())
        if (small and done >= 3) or done == steps:
            return Layered(model, covariance, solution, small, done, move)
        longest = float(move.norm(dim=1).max()) * length
        move = move * min(1.0, 1.0 / max(longest, 1e-12))
        if done < SETTLED:
            model = with_powers(tori, model, sums)
        model = replace(model, velocities=model.velocities + move)
        layers = list(solution)
        done += 1


def with_powers(tori: list[Torus], model: Model, sums: list[Sums]) -> Model:
    """Powers of layers and noise from all runs: one step of Fisher scoring.

    The noise's is a mean over rings; a layer's over some frequencies around each, since real
    scenes are not isotropic, and a little over its ring.
    """
    band = tori[0].band
    frames = torch.tensor([torus.count for torus in tori], dtype=torch.float64)
    part = (frames / frames.sum())[:, None, None]
    noise = radial_mean((torch.stack([s.noise for s in sums]) * part).sum(0), band, RING)
    excess = (torch.stack([s.excess for s in sums]) * part[..., None]).sum(0)
    known = (torch.stack([s.known for s in sums]) * part[..., None]).sum(0)
    power = []
    for p, e, k in zip(model.power, excess, known, strict=True):
        # over the profile of rings, so that a red spectrum does not run into its neighbours
        profile = radial_mean(p, band, RING).clamp(min=1e-30)
        wanted = (e + k * p) / profile
        top = local_mean(wanted, band) + RINGS_SHARE * radial_mean(wanted, band, RING)
        bottom = local_mean(k, band) + RINGS_SHARE * radial_mean(k, band, RING)
        step = profile * top / bottom.clamp(min=1e-6)
        # halfway: edges make neighbouring frequencies share what they see
        power.append((p * step.clamp(p / FACTOR, p * FACTOR)).sqrt())
    noise = noise.clamp(min=LEAST_NOISE * float(torch.stack(power).sum(0).mean()))
    floor = LEAST * noise / frames.max()
    return replace(model, power=torch.maximum(torch.stack(power), floor), noise=noise)


def local_mean(values: torch.Tensor, band: Band) -> torch.Tensor:
    """Gaussian mean over neighbouring frequencies of the half plane, (Ky, Kx)."""
    sigma = [SPREAD * size for size in band.shape]
    counted = (band.multiplicity() > 0).double()
    total, weight = (
        gaussian_filter(whole_plane(v, band.shape[1]).numpy(), sigma, mode="wrap", truncate=3)
        for v in (values * counted, counted)
    )
    mean = torch.from_numpy(total / np.maximum(weight, 1e-9))
    return mean[:, : band.size[1]]


def whole_plane(half: torch.Tensor, width: int) -> torch.Tensor:
    """(Y, X) of a power spectrum's half plane (Y, X//2+1)."""
    mirrored = half.flip(0).roll(1, 0)[:, 1 : width - half.shape[1] + 1].flip(1)
    return torch.cat([half, mirrored], 1)


def first_model(torus: Torus, velocities: torch.Tensor, free: torch.Tensor) -> Model:
    """Powers before layers are known: what stays in the mean along each velocity."""
    band, many = torus.band, len(velocities)
    level = torch.zeros(band.size, dtype=torch.float64)
    mean = torch.zeros(many, *band.size, dtype=torch.complex64, device=torus.device)
    for first, spectra in torus.spectra():
        level += (spectra.real.square() + spectra.imag.square()).sum(0).cpu().double()
        mean += gathered(spectra, torus.phases(velocities, first, first + len(spectra)))
    level = radial_mean(level / torus.count / torus.filled, band, RING)
    noise = torch.full(band.size, float(level[band.radius() > 0.35].min()), dtype=torch.float64)
    noise = noise.clamp(min=LEAST_NOISE * float(level.mean()))
    mean /= torus.count * torus.filled**0.5
    alone = (mean.real.square() + mean.imag.square()).cpu().double() - noise / torus.count
    power = torch.stack([radial_mean(p, band, RING) for p in alone])
    # a layer that others hide is there all the same
    power = torch.maximum(power, ((level - noise) / (100 * many)).clamp(min=0))
    power = torch.maximum(power, 1e-3 * noise)
    return Model(velocities.double(), free, power, noise)
