"""Where the path starts: of several ways of looking, the one that predicts the other half best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from napari_motionfft.motion.job import Check, within
from napari_motionfft.motion.paths.find import SAME, Field, Found, Hint, centred, find
from napari_motionfft.motion.paths.jumps import jumps_of
from napari_motionfft.motion.paths.linked import cuts
from napari_motionfft.motion.paths.matching import agreement
from napari_motionfft.motion.paths.views import View, masks

KINDS = ("single", "grown", "bent")
"""Ways of finding a path, see `Found`."""
MOST = 0.9
"""Share of the frames that say how far two paths lie apart."""
CERTAIN, WIDE = 4.0, 3.0
"""σ of agreement across a jump, and px of it, that make it certain."""


@dataclass(frozen=True)
class Start:
    """A path (T, 2) from all frequencies, one from either half, and the jumps known so far.

    `single` tells that every frame was looked up for itself: then single steps mean something.
    `lost` are frames that are known not to belong.
    """

    path: torch.Tensor
    halves: list[torch.Tensor]
    hint: Hint
    single: bool
    lost: tuple[int, ...] = ()


def starts(field: Field, check: Check) -> Start:
    """Look for the path in all frequencies and in either half, in the way that predicts best."""
    every = find(field, None, within(check, 0.0, 0.3))
    hint = certain_jumps(field, every)
    halves = [find(field, which, within(check, 0.3, 0.9), hint) for which in (0, 1)]
    kind = best_kind(field, halves, check)
    paths = [getattr(half, kind) for half in halves]
    known = find(field, None, check, hint) if hint.jumps else every
    whole = [getattr(found, one) for found in (known, every) for one in (kind, *KINDS)]
    path = mended(nearest_to(paths, whole), paths)
    return Start(path, paths, hint, kind != "bent")


def certain_jumps(field: Field, every: Found) -> Hint:
    """Wide jumps that all frequencies together leave no doubt of: either half may start from them.

    A half alone, in a small field, may be too weak to find them again.
    """
    weights = torch.ones(field.still.count, dtype=torch.float64)
    one, other = every.single, every.grown
    steps = torch.zeros_like(one)
    certain = []
    found = cuts(field.still, one, weights, None)
    for t in jumps_of(one, [one, other], ()):  # both ways of looking found it
        step = one[t] - one[t - 1]
        at = -1 if found is None else t - found.first
        if found is None or not 0 <= at < len(found.energy):
            continue
        linked = found.energy[at] > max(CERTAIN * found.noise[at], 0.5 * found.expected[at])
        if bool(linked) and float(step.norm()) > WIDE:
            certain.append(t)
            steps[t:] += step
    return Hint(certain, steps)


def best_kind(field: Field, halves: Sequence[Found], check: Check) -> str:
    """Which way of finding a path predicts the other half of the frequencies best.

    All are judged through the same windows: those of each path in turn, where they differ.
    """
    weights = torch.ones(field.still.count, dtype=torch.float64)
    total = dict.fromkeys(KINDS, 0.0)
    for which, half in enumerate(halves):
        paths = {kind: getattr(half, kind) for kind in KINDS}
        for views in distinct_views(field, list(paths.values()), check):
            other = masks(views, 1 - which)
            for kind, path in paths.items():
                total[kind] += agreement(views, path, weights, other)
    return max(KINDS, key=lambda kind: total[kind])


def nearest_to(halves: Sequence[torch.Tensor], paths: Sequence[torch.Tensor]) -> torch.Tensor:
    """The path that lies nearest to either half's; the first of those that lie alike."""
    far = [
        min(float(centred(path - half).norm(dim=1).quantile(MOST)) for half in halves)
        for path in paths
    ]
    return next(path for path, one in zip(paths, far, strict=True) if one < min(far) + SAME / 2)


def mended(path: torch.Tensor, halves: Sequence[torch.Tensor]) -> torch.Tensor:
    """The path (T, 2), with the halves' mean in frames where these agree and it lies elsewhere."""
    one, other = (half + (path - half).median(0).values for half in halves)
    agree = (one - other).norm(dim=1) < SAME
    off = torch.minimum((path - one).norm(dim=1), (path - other).norm(dim=1)) > SAME
    return torch.where((agree & off)[:, None], (one + other) / 2, path)


def distinct_views(
    field: Field, paths: Sequence[torch.Tensor], check: Check
) -> list[Sequence[View]]:
    """The views along each path; paths that lead to the same place share theirs."""
    found: list[Sequence[View]] = []
    seen: list[torch.Tensor] = []
    for path in paths:
        if any(float(centred(path - other).abs().max()) < SAME for other in seen):
            continue
        views = field.views(path, check)
        if views[0] is not field.still or all(one[0] is not field.still for one in found):
            found.append(views)
        seen.append(path)
    return found
