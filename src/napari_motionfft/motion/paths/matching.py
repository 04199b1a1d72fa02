"""How well frames agree along a path, and whether more than by chance (docs/method.md § 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from napari_motionfft.motion.paths.links import shares_of
from napari_motionfft.motion.paths.lookup import others
from napari_motionfft.motion.paths.views import View, spans

BLOCK = 64
"""Frames that are compensated at once."""


def agreement(
    views: Sequence[View],
    path: torch.Tensor,
    weights: torch.Tensor,
    mask: Sequence[torch.Tensor] | None = None,
) -> float:
    """Energy of the compensated mean without the frames' own, in standard deviations of noise.

    Σ_k W·(|Σ_t Y_t|² − Σ_t |Y_t|²), over what frames of random phases would scatter. With a mask
    of frequencies that the path was not found from, that is 0 ± 1 when there is no common motion.

    Parameters
    ----------
    path, weights
        (T, 2) px, (T,) of the frames.
    mask
        (Ky, Kx) a view.
    """
    energy, noise = energy_and_noise(views, path, weights, mask)
    return energy / noise


def energy_and_noise(
    views: Sequence[View],
    path: torch.Tensor,
    weights: torch.Tensor,
    mask: Sequence[torch.Tensor] | None,
) -> tuple[float, float]:
    """Energy of pairs of frames along a path, and its standard deviation for random phases."""
    energy = variance = 0.0
    for turn, view in enumerate(views):
        weight = view.weight if mask is None else view.weight * mask[turn]
        mine = weights[view.start : view.stop].to(view.spectra.device, torch.float32)
        total = torch.zeros_like(view.spectra[0])
        own = torch.zeros_like(view.weight)
        fourth = torch.zeros_like(view.weight)
        for first in range(0, view.count, BLOCK):
            part = view.aligned(path, first, first + BLOCK)
            part = part * mine[first : first + BLOCK, None, None]
            total += part.sum(0)
            power = part.real.square() + part.imag.square()
            own += power.sum(0)
            fourth += power.square().sum(0)
        pairs = total.real.square() + total.imag.square() - own
        energy += float((weight * pairs).sum())
        spread = (weight.square() * view.once * (own.square() - fourth)).sum()
        variance += float(spread) * view.shared
    # frames that two runs share count in both
    shared = max(float((1 / part).max()) for part in shares_of(spans(views), len(path)))
    return energy, max(variance * shared, 1e-300) ** 0.5


@dataclass(frozen=True)
class Match:
    """How each frame matches the mean of the others.

    Attributes
    ----------
    correlation
        (T,) 1 for a frame of the same scene, 0 for another one.
    stderr
        (T,) of it.
    """

    correlation: torch.Tensor
    stderr: torch.Tensor

    @property
    def score(self) -> torch.Tensor:
        """(T,) in standard deviations of what noise alone gives."""
        return self.correlation / self.stderr


def match(
    views: Sequence[View],
    path: torch.Tensor,
    weights: torch.Tensor,
    mask: Sequence[torch.Tensor] | None = None,
) -> Match:
    """Regression of each frame on the mean of the others, Σ W·Re(M*·Y)/Σ W·(|M|² − N/n)."""
    count = len(path)
    top, base = torch.zeros(count).double(), torch.zeros(count).double()
    spread = torch.zeros(count).double()
    shares = shares_of(spans(views), count)
    for turn, view in enumerate(views):
        weight = view.weight if mask is None else view.weight * mask[turn]
        mine = weights[view.start : view.stop]
        noise = incoherent(view, path, weights)
        for first, frames, mean in others(view, path, weights):
            last = first + len(frames)
            at = slice(view.start + first, view.start + last)
            rest = (mine.sum() - mine[first:last]).clamp(min=1e-12).to(noise)
            power = mean.real.square() + mean.imag.square()
            share = shares[turn][first:last]
            along = (weight * (mean.conj() * frames).real).sum((1, 2)).cpu().double()
            own = (weight * (power - noise / rest[:, None, None])).sum((1, 2)).cpu().double()
            level = frames.real.square() + frames.imag.square()
            scatter = (0.5 * weight.square() * view.once * power * level).sum((1, 2))
            top[at] += share * along
            base[at] += share * own
            spread[at] += share * scatter.cpu().double() * view.shared
    base = base.clamp(min=1e-300)
    # a constant frame has no scatter: it surely does not match
    return Match(top / base, (spread.sqrt() / base).clamp(min=1e-6))


def averaged(
    view: View, path: torch.Tensor, weights: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(Ky, Kx) weighted mean of the compensated spectra of a run, and of their power."""
    mine = weights[view.start : view.stop].to(view.spectra.device, torch.float32)
    mine = mine / mine.sum().clamp(min=1e-12)
    mean = torch.zeros_like(view.spectra[0])
    power = torch.zeros_like(view.weight)
    for first in range(0, view.count, BLOCK):
        part = view.aligned(path, first, first + BLOCK)
        share = mine[first : first + BLOCK, None, None]
        mean += (share * part).sum(0)
        power += (share * (part.real.square() + part.imag.square())).sum(0)
    return mean, power


def incoherent(view: View, path: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(Ky, Kx) power of what does not stay in the compensated mean, bin by bin."""
    return left_over(*averaged(view, path, weights), float(weights[view.start : view.stop].sum()))


def left_over(mean: torch.Tensor, power: torch.Tensor, frames: float) -> torch.Tensor:
    """(Ky, Kx) noise power from the mean of so many frames and that of their power."""
    left = power - (mean.real.square() + mean.imag.square())
    return left.clamp(min=0) * frames / max(frames - 1, 1.0)
