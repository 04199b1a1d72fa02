"""Find a path anywhere in the range: two starts, lookups against the mean of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.paths.growing import grow
from napari_motionfft.motion.paths.linked import relinked
from napari_motionfft.motion.paths.links import Link, shares_of, spread_out
from napari_motionfft.motion.paths.lookup import look
from napari_motionfft.motion.paths.matching import agreement, match
from napari_motionfft.motion.paths.views import LowPass, View, masks, spans
from napari_motionfft.motion.trajectory import spline, steps

RUNGS = (1, 2, 4, 8)
"""Intervals of the splines of the ladder."""
STILL = 0.15
"""Share of the field that content may travel before windows must travel with it."""
EXACT = 0.04
"""The same where frames are compared with one another."""

SAME, SETTLED = 1.0, 0.1
"""px: two paths lead to the same place; another lookup would change nothing that matters."""

WEAK, FOREIGN, SURE = 0.8, 0.6, 4.0
"""Correlation below which, by so many standard errors, a frame is looked for everywhere; and below
which it is found nowhere."""
GAIN = 0.1
"""Correlation that another place must gain."""
BETTER = 1.2
"""Times that a mended path must agree better to be taken."""


@dataclass(frozen=True)
class Field:
    """What every search of a run shares.

    Attributes
    ----------
    job, low
        The run, and how its low-resolution views are made.
    still
        All frames through one window.
    line
        (2,) px/frame: the landscape's velocity, 0 where it is not certain.
    """

    job: Job
    low: LowPass
    still: View
    line: torch.Tensor

    @property
    def radius(self) -> float:
        """px that a lookup searches about a frame's place."""
        return max(6.0, min(box_shape(self.job.box)) / 20)

    def views(self, path: torch.Tensor, check: Check, still: float = STILL) -> list[View]:
        """The still window for short travel, else windows that travel along (T, 2).

        `still` is the share of the field that counts as short.
        """
        travel = float((path.amax(0) - path.amin(0)).max())
        if self.job.periodic or travel < still * min(box_shape(self.job.box)):
            return [self.still]
        found = self.low.along(self.job, path, check)
        covered = sum(stop - start for start, stop in spans(found)) if found else 0
        return found if covered >= len(path) else [self.still]


@dataclass(frozen=True)
class Found:
    """Paths (T, 2) px, each found another way: which is best, the other half of the data says.

    Attributes
    ----------
    bent
        From a line, bent by ever finer splines.
    single
        From there, every frame looked up for itself.
    grown
        Grown frame by frame, then every frame looked up.
    """

    bent: torch.Tensor
    single: torch.Tensor
    grown: torch.Tensor


@dataclass(frozen=True)
class Hint:
    """First frames after known jumps, and the path (T, 2) px of these jumps alone."""

    jumps: list[int]
    steps: torch.Tensor


def find(field: Field, which: int | None, check: Check, hint: Hint | None = None) -> Found:
    """Two starts, then lookups of each frame in the mean of the others.

    Parameters
    ----------
    which
        0 or 1: from that half of the frequencies only; None: from all.
    hint
        Jumps that are known to be there.
    """
    count = field.still.count
    mask = None if which is None else field.still.half(which)
    t = torch.arange(count, dtype=torch.float64)[:, None]
    bent = t * field.line if hint is None else t * field.line + hint.steps
    jumps = [] if hint is None else hint.jumps
    for turn, rung in enumerate(RUNGS):
        check(0.3 * turn / len(RUNGS), "Bending the path")
        basis = torch.cat([smooth_basis(count, rung), steps(count, jumps)], 1)
        bent = looked_up(field, bent, which, basis, 1, check)
    single = looked_up(field, bent, which, None, 3, within(check, 0.3, 0.5))
    single = rejoined(field, single, which, check)
    grown = grow(field.still, field.job.asked["max_speed"], mask, within(check, 0.5, 0.8))
    if float(centred(grown - single).abs().max()) > SAME:  # else the lookups end where they did
        grown = looked_up(field, grown, which, None, 3, within(check, 0.8, 1.0))
        grown = rejoined(field, grown, which, check)
    else:
        grown = single
    return Found(bent, single, grown)


def rejoined(field: Field, path: torch.Tensor, which: int | None, check: Check) -> torch.Tensor:
    """The path with a jump mended that single frames could not show, if all agree better then."""
    weights = torch.ones(len(path), dtype=torch.float64)
    mask = None if which is None else field.still.half(which)
    other = relinked(field.still, path, weights, mask)
    if other is path:
        return path
    other = looked_up(field, other, which, None, 2, check)
    part = None if mask is None else [mask]
    before, after = (agreement([field.still], one, weights, part) for one in (path, other))
    return other if after > BETTER * before else path


def looked_up(
    field: Field,
    path: torch.Tensor,
    which: int | None,
    basis: torch.Tensor | None,
    rounds: int,
    check: Check,
) -> torch.Tensor:
    """The path (T, 2) after some rounds of lookups, on a basis or every frame for itself."""
    views = field.views(path, check)
    weights = torch.ones(len(path), dtype=torch.float64)
    reach = torch.full((len(path),), field.radius, dtype=torch.float64)
    for turn in range(rounds):
        check(turn / rounds, "Looking up each frame")
        before = path
        path = renewed(views, path, weights, reach, basis, masks(views, which))
        if float(centred(path - before).abs().max()) < SETTLED:
            break
    if basis is not None:
        return path
    # frames that surely do not match where they are may lie anywhere
    told = match(views, path, weights, masks(views, which))
    weak = told.correlation + SURE * told.stderr < WEAK
    if bool(weak.any()) and float(weak.double().mean()) < 0.5:
        reach[weak] = min(box_shape(field.job.box)) / 2
        other = renewed(views, path, weights, reach, None, masks(views, which))
        found = match(views, other, weights, masks(views, which))
        gained = found.correlation > told.correlation + GAIN
        path = torch.where(gained[:, None] | ~weak[:, None], other, path)
        told = match(views, path, weights, masks(views, which))
        path = bridged(path, told.correlation + SURE * told.stderr >= FOREIGN)
    return path


def bridged(path: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """The path (T, 2) with straight lines across the frames that are not kept, (T,) bool.

    A frame that matches nowhere would send its window astray, and with it all the others'.
    """
    if not bool(kept.any()):
        return path
    t = np.arange(len(path))
    seen = t[kept.numpy()]
    columns = [np.interp(t, seen, column[seen]) for column in path.numpy().T]
    return torch.from_numpy(np.stack(columns, 1))


def centred(path: torch.Tensor) -> torch.Tensor:
    """A path (T, 2) less its median: a common shift means nothing."""
    return path - path.median(0).values


def smooth_basis(frames: int, rung: int) -> torch.Tensor:
    """A spline of so many intervals, fewer where there are few frames."""
    return spline(frames, max(1, min(rung, frames // 4)))


def renewed(
    views: Sequence[View],
    path: torch.Tensor,
    weights: torch.Tensor,
    reach: torch.Tensor,
    basis: torch.Tensor | None,
    mask: Sequence[torch.Tensor] | None,
) -> torch.Tensor:
    """The path (T, 2) after one lookup of every frame; on a basis, or every frame for itself."""
    shares = shares_of(spans(views), len(path))
    eye = torch.eye(2, dtype=torch.float64)
    links = []
    for turn, view in enumerate(views):
        moved = look(view, path, weights, reach, None if mask is None else mask[turn])
        mine = weights[view.start : view.stop]
        if basis is None:  # frames without weight are looked up all the same
            mine = mine.clamp(min=1e-6)
        wanted = path[view.start : view.stop] + moved
        links.append(Link(view.start, view.stop, mine, shares[turn], wanted, eye, eye))
    if basis is None and len(links) == 1:
        path = links[0].pulls
    else:
        every = torch.eye(len(path), dtype=torch.float64) if basis is None else basis
        path = every @ spread_out(links, every)
    return path - path[:1]
