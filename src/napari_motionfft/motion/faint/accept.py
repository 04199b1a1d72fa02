"""Objects taken one by one, each out of the frames before the next is judged."""

from __future__ import annotations

from dataclasses import replace

import torch

from napari_motionfft.motion.faint import chance
from napari_motionfft.motion.faint.clean import Clean, cleaned
from napari_motionfft.motion.faint.describe import described
from napari_motionfft.motion.faint.exact import Exact
from napari_motionfft.motion.faint.matched import Matched, matched, refreshed
from napari_motionfft.motion.faint.plan import Hunt, read
from napari_motionfft.motion.faint.result import Mover
from napari_motionfft.motion.faint.round import Candidates, in_range, rescored
from napari_motionfft.motion.faint.taken import mark, take_out

BRIGHT = 1.5
"""Times the threshold from which what an object leaves behind may pass for others."""

MOST = 100
"""Objects that are listed at most."""


def accept(
    hunt: Hunt,
    clean: Clean,
    looks: list[Candidates],
    search: chance.Search,
    excess: float,
    movers: list[Mover],
    out: list[Mover],
) -> bool:
    """Take what reaches the threshold, the highest first; whether anything bright was among it.

    `movers` grows, and so does `out`: with those that are out of the frames but not listed. Their
    scores are not yet divided by `excess`.
    """
    least = chance.threshold(hunt.false_alarm, search) * excess
    any_bright = False
    for _ in range(MOST):
        hunt.check(0.0, "Looking at candidates")
        looks[:] = [above(look, least) for look in looks]
        filled = [look for look in looks if len(look.scores)]
        if not filled or len(movers) >= MOST:
            break
        look = max(filled, key=lambda one: float(one.scores.max()))
        top = look.scores.argmax()[None]
        found = Exact(*(each[top] for each in look.exact))
        score = float(look.scores[top])
        # its probability is known once the whole search is over
        mover = described(hunt, clean, look.seen, look.tracks.some(top), found, score)
        known = any(same(mover, other, hunt.frames.count) for other in movers)
        # one too slow or too fast is taken out all the same: its flanks would be listed
        if not known and in_range(hunt, look.seen, look.tracks.velocities[top][0]):
            movers.append(mover)
        out.append(mover)
        for one in looks:
            take_out(one.seen, mover, hunt.box)
        if score >= BRIGHT * least:
            any_bright = True
            views = views_without(hunt, out)
            pairs = zip(looks, views, strict=True)
            looks[:] = [replace(one, seen=seen) for one, seen in pairs]
        looks[:] = [rescored(hunt, one, one.scores >= least) for one in looks]
    return any_bright


def views_without(hunt: Hunt, out: list[Mover]) -> list[Matched]:
    """The frames at each size, as if some objects had never been in them.

    What stands still is the mean of the frames in which they are elsewhere: the mean over all
    holds their trails, before which the place that they are cut out of is a moving object too.
    """
    frames = read(hunt)
    away = torch.zeros(frames.shape, dtype=torch.bool, device=frames.device)
    for mover in out:
        mark(away, mover, hunt.box)
    clean = cleaned(frames, hunt.static, away)
    views = [matched(clean, size) for size in hunt.sizes]
    for seen in views:
        for mover in out:
            take_out(seen, mover, hunt.box)
    return [refreshed(seen) for seen in views]


def above(look: Candidates, least: float) -> Candidates:
    """Those that reach a score."""
    kept = look.scores >= least
    values = Exact(*(each[kept] for each in look.exact))
    return replace(look, tracks=look.tracks.some(kept), exact=values, scores=look.scores[kept])


def same(one: Mover, other: Mover, frames: int) -> bool:
    """Whether two tracks are that of one object: what is left around a bright one."""
    near = 2.0 * max(one.size, other.size)
    apart = abs(one.track(frames) - other.track(frames))
    return bool((apart[[0, -1]] < 2 * near).all() and (apart[frames // 2] < near).all())
