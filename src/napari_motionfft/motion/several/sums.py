"""What one run of frames says at one model: gradient, information, and how large powers are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from napari_motionfft.motion.several.edges import coverage, edge_pull, kept_information
from napari_motionfft.motion.several.model import Model, grams, information, shares
from napari_motionfft.motion.several.solve import ROWS, carried, gathered, seen_spectra
from napari_motionfft.motion.several.torus import Torus


@dataclass
class Sums:
    """Of the marginal likelihood.

    Attributes
    ----------
    gradient
        (M, 2) by velocity, 1/(px/frame).
    information
        (M, 2, M, 2) Fisher's.
    excess
        (M, Ky, Kx) |L|² less what its power would make it.
    known
        (M, Ky, Kx) mean square of the share of each layer that the frames determine.
    noise
        (Ky, Kx) mean power of what is left.
    """

    gradient: torch.Tensor
    information: torch.Tensor
    excess: torch.Tensor
    known: torch.Tensor
    noise: torch.Tensor


def summed(torus: Torus, model: Model, layers: torch.Tensor) -> Sums:
    """All sums over a run, at layers (M, Ky, Kx) that are solved."""
    band = torus.band
    pulls, level = residual_sums(torus, model, layers)
    found, pulls = layers.cpu().to(torch.complex128), pulls.cpu().to(torch.complex128)
    half = band.multiplicity() / 2  # independent complex numbers
    turn = (found.conj() * pulls).imag / model.noise * half  # (M, Ky, Kx)
    ks = band.ky[:, None].expand(band.size), band.kx[None, :].expand(band.size)
    gradient = torch.stack([-4 * math.pi * (turn * k).sum((-2, -1)) for k in ks], 1)  # (M, 2)
    fisher = torch.zeros(model.count, 2, model.count, 2, dtype=torch.float64)
    counts, hats = nodes(torus.count)
    seen = [coverage(torus, v) for v in model.velocities]
    lie = torch.stack([hats[:, 1:] @ s[1:] for s in seen])  # (M, S) share of the torus
    sure = torch.zeros(model.count, *band.size, dtype=torch.float64)
    known = torch.zeros_like(sure)
    curve = torch.zeros(len(counts), model.count, dtype=torch.float64)
    absorbed = torch.zeros(band.size, dtype=torch.float64)
    for start in range(0, band.size[0], ROWS):
        some = slice(start, min(start + ROWS, band.size[0]))
        gram = grams(band, model.velocities, torus.times, some)
        share = shares(gram, model, some)
        absorbed[some] = torch.einsum(
            "yxmj,yxjm->yx", gram[..., : model.count, : model.count], share
        ).real
        add_coupling(gradient, fisher, torus, model, gram, share, some)
        for at, part in enumerate((counts / torus.count).tolist()):
            error = shares(gram * part, model, some).diagonal(dim1=-2, dim2=-1).real
            curve[at] += (error * band.multiplicity()[some][..., None]).sum((0, 1))
            ridge = model.noise[some] / model.power[:, some]
            is_known = 1 - error.permute(2, 0, 1) * ridge
            sure[:, some] += lie[:, at, None, None] * is_known
            known[:, some] += lie[:, at, None, None] * is_known**2
    curve /= torus.shape[0] * torus.shape[1]
    kept = torch.ones(model.count, dtype=torch.float64)
    if not torus.whole:
        for m, velocity in enumerate(model.velocities):
            gradient[m] += edge_pull(torus, velocity, curve[:, m] @ hats)
            kept[m] = kept_information(torus, seen[m], model.power[m], model.noise) ** 0.5
    power = found.real.square() + found.imag.square()
    return Sums(
        gradient,
        fisher * kept[:, None, None, None] * kept[None, None, :, None],
        power - sure * model.power,
        known,
        level / (1 - absorbed / torus.count).clamp(min=0.05),
    )


def residual_sums(
    torus: Torus, model: Model, layers: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Σ_t t·a_m,t*·R_t of what the layers leave, (M, Ky, Kx); its mean power, (Ky, Kx)."""
    pulls = torch.zeros_like(layers)
    level = torch.zeros(torus.band.size, dtype=torch.float64)
    for first, spectra in torus.spectra():
        last = first + len(spectra)
        phases = torus.phases(model.velocities, first, last)
        left = spectra - seen_spectra(torus, carried(layers, phases))
        pulls += gathered(left, phases, torus.times[first:last])
        level += (left.real.square() + left.imag.square()).sum(0).cpu().double()
    return pulls, level / (torus.count * torus.filled)


def add_coupling(
    gradient: torch.Tensor,
    fisher: torch.Tensor,
    torus: Torus,
    model: Model,
    gram: torch.Tensor,
    share: torch.Tensor,
    rows: slice,
) -> None:
    """The layers' uncertainty draws velocities that lie close together: taken off. Information."""
    band, many = torus.band, model.count
    half = band.multiplicity()[rows] / 2 * torus.filled
    ks = band.ky[rows, None].expand(half.shape), band.kx[None, :].expand(half.shape)
    drawn = torch.einsum("yxmj,yxjm->yxm", gram[..., many:, :many], share).imag
    told = information(gram, share, model, rows)
    for i, ki in enumerate(ks):
        gradient[:, i] += 4 * math.pi * (drawn * (half * ki)[..., None]).sum((0, 1))
        for j, kj in enumerate(ks):
            fisher[:, i, :, j] += (told * (half * ki * kj)[..., None, None]).sum((0, 1))


def nodes(frames: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers of frames (S,) at which errors are worked out, and lines between them (S, n + 1)."""
    counts = np.array([0.0, *(2.0**p for p in range(20) if 2**p < frames), frames])
    every = np.arange(frames + 1)
    lines = np.stack([np.interp(every, counts, row) for row in np.eye(len(counts))])
    return torch.from_numpy(counts), torch.from_numpy(lines)
