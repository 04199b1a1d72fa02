"""How closely frames follow their layers: what errors grow by where they do not."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.several.fit import Layered
from napari_motionfft.motion.several.solve import carried, seen_spectra
from napari_motionfft.motion.several.torus import Torus


def pulls(torus: Torus, fit: Layered, layers: torch.Tensor) -> torch.Tensor:
    """(n, M, 2) gradient of the likelihood by each layer's displacement in each frame."""
    model, band = fit.model, torus.band
    half = (band.multiplicity() / 2 / model.noise).to(torus.device, torch.float32)
    ky, kx = (k.to(torus.device, torch.float32) for k in (band.ky, band.kx))
    out = []
    for first, spectra in torus.spectra():
        phases = torus.phases(model.velocities, first, first + len(spectra))
        left = spectra - seen_spectra(torus, carried(layers, phases))
        for layer, along, across in zip(layers, *phases, strict=True):
            back = left * along.conj()[:, :, None] * across.conj()[:, None, :]
            turn = (layer.conj() * back).imag * half  # (m, Ky, Kx)
            both = [torch.einsum("tyx,y->t", turn, ky), torch.einsum("tyx,x->t", turn, kx)]
            out.append(-4 * math.pi * torch.stack(both, 1).cpu().double())
    many, blocks = model.count, len(out) // model.count
    rows = [torch.stack(out[b * many : (b + 1) * many], 1) for b in range(blocks)]
    return torch.cat(rows)


def frame_pulls(fit: Layered, tori: list[Torus]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Of each layer: (T, 2) its frames' pulls, and (2, 2) a frame's information on displacement."""
    runs = zip(tori, fit.layers, strict=True)
    found = torch.cat([pulls(torus, fit, layers) for torus, layers in runs])  # (T, M, 2)
    times = torch.cat([torus.times for torus in tori])
    spread = float((times - times.mean()).square().sum())
    many = fit.model.count
    blocks = fit.covariance.reshape(many, 2, many, 2)
    return [
        (found[:, m], torch.linalg.pinv(blocks[m, :, m] * spread, hermitian=True))
        for m in range(many)
    ]


def departures(fit: Layered, tori: list[Torus]) -> torch.Tensor:
    """(M,) px rms by which frames depart from constant velocity, more than noise makes them."""
    out = torch.zeros(fit.model.count, dtype=torch.float64)
    for m, (found, information) in enumerate(frame_pulls(fit, tori)):
        if not fit.model.free[m]:
            continue
        error = torch.linalg.pinv(information, hermitian=True)
        left = (found - found.mean(0)) @ error  # (T, 2) px
        out[m] = (left.square().mean() - error.diagonal().mean()).clamp(min=0).sqrt()
    return out


def misfits(fit: Layered, tori: list[Torus]) -> torch.Tensor:
    """(M,) variance inflation ≥ 1 of each velocity.

    What is left of each frame's displacement is compared with what noise gives it, and its
    correlation from frame to frame widens the error of a velocity: (1 + r)/(1 − r). Both count
    only beyond what chance gives them (two standard deviations).
    """
    out = torch.ones(fit.model.count, dtype=torch.float64)
    for m, (found, information) in enumerate(frame_pulls(fit, tori)):
        if not fit.model.free[m]:
            continue
        root = torch.linalg.cholesky_ex(torch.linalg.pinv(information, hermitian=True)).L
        white = found @ root  # (T, 2) of variance 1
        white = white - white.mean(0)
        n = 2 * len(white) - 4
        if n < 4:
            continue
        squares = float(white.square().sum())
        chi2, chance = squares / n, 1 + 2 * math.sqrt(2 / n)
        out[m] = chi2 if chi2 > chance else 1.0
        r = float((white[1:] * white[:-1]).sum()) / max(squares, 1e-300)
        if r > 2 / math.sqrt(n):
            out[m] *= (1 + min(r, 0.95)) / (1 - min(r, 0.95))
    return out.clamp(min=1.0)
