"""One look at all sizes: candidates, climbed to their exact scores."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from napari_motionfft.motion.faint.cells import LEAST, tile_of
from napari_motionfft.motion.faint.chance import Search, excess, score_for, searched, threshold
from napari_motionfft.motion.faint.exact import Exact, Tracks, climbed, exact
from napari_motionfft.motion.faint.matched import Matched
from napari_motionfft.motion.faint.plan import Hunt
from napari_motionfft.motion.faint.scan import Found, scan
from napari_motionfft.motion.job import Check, within

ROUGH = 0.66
"""A stack to whole px keeps at least this share of an object's score."""

CLIMB = 500
"""Candidates of a size that are climbed."""

QUARTERS = 4
"""Parts of the velocities, by the signs of both components."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Tracks of one size that stand out; in binned px.

    Attributes
    ----------
    seen, found
        The frames they are seen in, and the scan that brought them up.
    tracks, exact
        N of them.
    scores
        (N,) score over what noise scatters at their velocity.
    """

    seen: Matched
    found: Found
    tracks: Tracks
    exact: Exact
    scores: torch.Tensor


def search_size(hunt: Hunt, seen: Matched, total: Search, check: Check) -> Candidates:
    """The candidates of one size, in no order."""
    step = seen.bin
    fastest, slowest = hunt.fastest / step, hunt.slowest_of(seen.size) / step
    low = ROUGH * threshold(hunt.false_alarm, total)
    found = scan(seen, fastest, slowest, low, hunt.tiles, hunt.static, within(check, 0.0, 0.9))
    check(0.9, "Looking at candidates")
    tracks = Tracks(found.places, found.velocities)
    if len(found.scores) > 20 * CLIMB:
        tracks = tracks.some(found.scores.topk(20 * CLIMB).indices)
    first = scaled(seen, found, tracks, exact(seen, tracks).score)
    region = region_of(hunt, seen, tracks)
    order = first.argsort(descending=True)
    chosen = torch.zeros(len(order), dtype=torch.bool)
    chosen[order[:CLIMB]] = True
    for part in set(region.tolist()):  # the best of each, to see what noise does
        chosen[order[region[order] == part][:2]] = True
    return climbed_candidates(hunt, seen, found, tracks.some(chosen))


def climbed_candidates(hunt: Hunt, seen: Matched, found: Found, tracks: Tracks) -> Candidates:
    """Climb; those that leave the field are dropped."""
    tracks, values = climbed(seen, tracks)
    kept = values.frames >= LEAST * hunt.frames.count
    tracks = tracks.some(kept)
    values = Exact(*(each[kept] for each in values))
    return Candidates(seen, found, tracks, values, scaled(seen, found, tracks, values.score))


def in_range(hunt: Hunt, seen: Matched, velocity: torch.Tensor) -> bool:
    """Whether a velocity (2,) was asked for; a candidate may climb out of the range."""
    slack = 0.5 * seen.sigma / hunt.frames.count
    fast = float(velocity.abs().max()) > hunt.fastest / seen.bin + slack
    return not fast and float(velocity.norm()) * seen.bin >= hunt.slowest_of(seen.size)


def scaled(seen: Matched, found: Found, tracks: Tracks, score: torch.Tensor) -> torch.Tensor:
    """(N,) scores over what noise scatters at their velocity."""
    step = float(found.grid[1] - found.grid[0])
    index = (tracks.velocities / step).round().long() + len(found.grid) // 2
    index = index.clamp(0, len(found.grid) - 1)
    return score / seen.scale / found.scale[index[:, 0], index[:, 1]].double()


def region_of(hunt: Hunt, seen: Matched, tracks: Tracks) -> torch.Tensor:
    """(N,) number of the part that a track passes at the middle, and of its quarter of headings."""
    _, height, width = seen.signal.shape
    tile = tile_of(tracks.places[:, 0], tracks.places[:, 1], (height, width), hunt.parts)
    headings = (tracks.velocities > 0).long()
    return tile * QUARTERS + headings[:, 0] * 2 + headings[:, 1]


def excess_of(hunt: Hunt, one: Candidates) -> float:
    """How much wider the scores scatter than independent noise makes them."""
    region = region_of(hunt, one.seen, one.tracks)
    count = hunt.parts[0] * hunt.parts[1] * QUARTERS
    tops = [float(one.scores[region == part].max()) for part in set(region.tolist())]
    total = searched_by(hunt, one.seen)
    # a region without a candidate is one in which nothing stands out
    floor = min([score_for(count, total), *tops])
    return excess([*tops, *[floor] * (count - len(tops))], total)


def searched_by(hunt: Hunt, seen: Matched) -> Search:
    """Size of the search for one size of object."""
    _, height, width = seen.signal.shape
    fastest, slowest = hunt.fastest / seen.bin, hunt.slowest_of(seen.size) / seen.bin
    return searched((height, width), hunt.frames.count, fastest, slowest, seen.smooth)


def rescored(hunt: Hunt, one: Candidates, which: torch.Tensor) -> Candidates:
    """Some candidates again, once others are taken out."""
    return climbed_candidates(hunt, one.seen, one.found, one.tracks.some(which))
