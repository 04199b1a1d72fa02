"""Whether the frames before and after each moment show the same scene (docs/method.md § 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from napari_motionfft.motion.paths.lookup import planes, summit
from napari_motionfft.motion.paths.matching import BLOCK, incoherent
from napari_motionfft.motion.paths.views import View

LEAST, SHARE = 3, 8
"""Frames that must lie on either side of a cut; and one in so many of the run."""
LOOSE = 0.3
"""Share of the agreement to expect across a cut below which its sides are not linked."""
CHANCE = 4.0
"""σ of agreement across a cut above which its sides are linked, whatever was to be expected."""
FAR_BETTER = 2.0
"""Times that a place far off must agree better than the present one to move what follows there."""


@dataclass(frozen=True)
class Cuts:
    """Agreement of what lies before a frame with what lies after, for every frame of a view.

    Attributes
    ----------
    first
        Frame of the stack that the first cut lies before.
    energy, noise
        (m,) Σ W·Re(A*·B) of the sums before and after, and its standard deviation if the two
        showed different scenes.
    expected
        (m,) the energy to expect if they show the same one.
    """

    first: int
    energy: torch.Tensor
    noise: torch.Tensor
    expected: torch.Tensor


def cuts(
    view: View, path: torch.Tensor, weights: torch.Tensor, mask: torch.Tensor | None
) -> Cuts | None:
    """Agreement across every cut of a run of frames; None where the run is too short."""
    if view.count < 2 * LEAST:
        return None
    least = least_of(view)
    weight = view.weight if mask is None else view.weight * mask
    mine = weights[view.start : view.stop]
    floor = incoherent(view, path, weights)
    total = summed(view, path, weights, 0, view.count)
    before = summed(view, path, weights, 0, least)
    energy, noise, expected = [], [], []
    for at in range(least, view.count - least + 1):
        after = total - before
        energy.append(float((weight * (before.conj() * after).real).sum()))
        powers = [part.real.square() + part.imag.square() for part in (before, after)]
        spread = (0.5 * weight.square() * view.once * powers[0] * powers[1]).sum()
        noise.append(max(float(spread) * view.shared, 1e-300) ** 0.5)
        own = [float(part.square().sum()) for part in (mine[:at], mine[at:])]
        coherent = [
            max(0.0, float((weight * (power - n * floor)).sum()))
            for power, n in zip(powers, own, strict=True)
        ]
        expected.append((coherent[0] * coherent[1]) ** 0.5)
        if at < view.count:
            before = before + summed(view, path, weights, at, at + 1)
    told = (torch.tensor(values, dtype=torch.float64) for values in (energy, noise, expected))
    return Cuts(view.start + least, *told)


def least_of(view: View) -> int:
    """Frames on either side of a run's cuts."""
    return max(LEAST, view.count // SHARE)


def summed(
    view: View, path: torch.Tensor, weights: torch.Tensor, first: int, last: int
) -> torch.Tensor:
    """(Ky, Kx) sum of the compensated frames first…last of a run."""
    mine = weights[view.start : view.stop].to(view.spectra.device, torch.float32)
    total = torch.zeros_like(view.spectra[0])
    for start in range(first, last, BLOCK):
        stop = min(start + BLOCK, last)
        total += (mine[start:stop, None, None] * view.aligned(path, start, stop)).sum(0)
    return total


def loose_cut(
    views: Sequence[View],
    halves: Sequence[torch.Tensor],
    masks: Sequence[Sequence[torch.Tensor]],
    weights: torch.Tensor,
) -> int | None:
    """First frame of a part that nothing links to the part before it; None if all is linked.

    Each half of the frequencies is looked at along the path found from the other. A cut is loose
    where its sides agree no more than by chance, though they would if they showed one scene.
    """
    count = len(weights)
    best = torch.full((count,), -torch.inf, dtype=torch.float64)
    wanted = torch.full((count,), torch.inf, dtype=torch.float64)
    for turn, view in enumerate(views):
        both = [cuts(view, halves[1 - which], weights, masks[which][turn]) for which in (0, 1)]
        one, two = both
        if one is None or two is None:
            continue
        noise = (one.noise.square() + two.noise.square()).sqrt()
        seen = (one.energy + two.energy) / noise
        expected = (one.expected + two.expected) / noise
        at = slice(one.first, one.first + len(seen))
        better = seen > best[at]
        best[at] = torch.where(better, seen, best[at])
        wanted[at] = torch.where(better, expected, wanted[at])
    found = (best > -torch.inf) & (best < CHANCE) & (best < LOOSE * wanted)
    if not bool(found.any()):
        return None
    weakest = torch.where(found, best / wanted, torch.inf)
    return int(weakest.argmin())


def relinked(
    view: View, path: torch.Tensor, weights: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """The path, with all that follows a moment moved where it agrees far better with what was.

    A jump that single frames are too noisy to show stands out between the means before and after.
    """
    weight = view.weight if mask is None else view.weight * mask
    for _ in range(3):
        found = cuts(view, path, weights, mask)
        if found is None:
            break
        n = view.count
        at = int((found.energy / found.noise).argmin())
        frame = found.first + at
        before = summed(view, path, weights, 0, frame - view.start)
        after = summed(view, path, weights, frame - view.start, n)
        plane, spacing = planes((weight * before.conj() * after)[None], view.band)
        cell = plane.flatten(1).argmax(1)
        moved = summit(plane, spacing, cell)[0]
        # the plane holds each frequency once, doubled where it stands for two
        here = float(plane[0, 0, 0])
        top = float(plane.max())
        spread = float(plane.std())
        if top < 8 * spread or top < FAR_BETTER * max(here, 0.0):
            break
        path = path.clone()
        path[frame:] += moved
    return path
