"""Frames that do not belong, and jumps (docs/method.md § 7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from napari_motionfft.motion.paths.matching import Match, match
from napari_motionfft.motion.paths.views import View

FOREIGN = 0.4
"""A frame whose correlation is below this share of the usual one does not belong…"""
SURE = 5.0
"""… where it is surely unlike the usual: by so many standard errors."""
NEIGHBOURS = 3
"""Frames on either side that a frame of a changing scene must still match."""
ALSO = 0.6
"""Share that it stays below along the path from all frequencies, at its best fit."""
MOST = 0.5
"""Share of the frames that may be left out; beyond it nothing says which scene is meant."""


def both(first: Match, second: Match) -> Match:
    """Two independent matches of the same frames, each counted by its certainty."""
    one, two = first.stderr**-2, second.stderr**-2
    correlation = (one * first.correlation + two * second.correlation) / (one + two)
    return Match(correlation, (one + two) ** -0.5)


def foreign(
    views: Sequence[View],
    start: torch.Tensor,
    halves: Sequence[torch.Tensor],
    masks: Sequence[Sequence[torch.Tensor]],
) -> tuple[list[int], Match, bool]:
    """Frames that match neither the mean nor the frames around them, and how all match.

    Each half of the frequencies is judged along the path found from the other: a frame that was
    only laid where its noise fits best gains nothing.

    Parameters
    ----------
    start
        (T, 2) px, the path from all frequencies.
    halves
        Two paths (T, 2), from either half.
    masks
        The two halves of the frequencies of each view.

    Returns
    -------
    frames, how all match, whether more than half do not belong (then none is named)
    """
    count = len(halves[0])
    weights = torch.ones(count, dtype=torch.float64)
    out: list[int] = []
    told = crossed(views, halves, masks, weights)
    for _ in range(4):
        # 1 by construction, more where others do not belong, even when these are half of all
        usual = max(1.0, float(told.correlation[weights > 0].median()))
        low = told.correlation < FOREIGN * usual
        low &= usual - told.correlation > SURE * told.stderr
        # a half may only have misplaced it
        low &= match(views, start, weights).correlation < ALSO * usual
        suspects: list[int] = torch.nonzero(low).flatten().tolist()
        found = [t for t in suspects if not fits_around(t, suspects, views, halves, masks, usual)]
        if len(found) > MOST * count:
            return [], told, True
        if found == out:
            break
        out = found
        weights = torch.ones(count, dtype=torch.float64)
        weights[out] = 0
        told = crossed(views, halves, masks, weights)
    return out, told, False


def crossed(
    views: Sequence[View],
    halves: Sequence[torch.Tensor],
    masks: Sequence[Sequence[torch.Tensor]],
    weights: torch.Tensor,
) -> Match:
    """How each frame matches the mean, each half along the other's path."""
    return both(
        match(views, halves[0], weights, masks[1]), match(views, halves[1], weights, masks[0])
    )


def fits_around(
    t: int,
    suspects: Sequence[int],
    views: Sequence[View],
    halves: Sequence[torch.Tensor],
    masks: Sequence[Sequence[torch.Tensor]],
    usual: float,
) -> bool:
    """Whether a frame matches the ones around it: then the scene changes, and the frame belongs."""
    count = len(halves[0])
    weights = torch.zeros(count, dtype=torch.float64)
    around = range(max(0, t - NEIGHBOURS), min(count, t + NEIGHBOURS + 1))
    near = [s for s in around if s != t and s not in suspects]
    if not near:
        return False
    weights[near] = 1
    some = [view for view in views if view.start <= t < view.stop]
    turns = [turn for turn, view in enumerate(views) if view.start <= t < view.stop]
    parts = [[mask[turn] for turn in turns] for mask in masks]
    told = crossed(some, halves, parts, weights)
    return float(told.correlation[t]) > FOREIGN * max(usual, 0.5)
