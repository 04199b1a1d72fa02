"""A second look at each object: what stands still is told from frames in which it is elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from napari_motionfft.motion.faint.clean import cleaned
from napari_motionfft.motion.faint.describe import described
from napari_motionfft.motion.faint.exact import Tracks, climbed
from napari_motionfft.motion.faint.matched import Matched, matched
from napari_motionfft.motion.faint.plan import Hunt, read
from napari_motionfft.motion.faint.result import Mover
from napari_motionfft.motion.faint.scan import self_taken
from napari_motionfft.motion.faint.taken import mark, take_out


def looked_at_again(hunt: Hunt, movers: list[Mover]) -> list[Mover]:
    """The same objects with tracks, brightness and image that the background does not bias.

    The mean over time holds the object itself, which dims it and pulls at its track. Scores stay:
    their noise is that of the search.
    """
    if not movers:
        return []
    frames = read(hunt)
    away = torch.zeros(frames.shape, dtype=torch.bool, device=frames.device)
    for mover in movers:
        mark(away, mover, hunt.box)
    clean = cleaned(frames, hunt.static, away)
    views = {size: matched(clean, size) for size in {mover.size for mover in movers}}
    found = []
    for i, mover in enumerate(movers):
        hunt.check(0.95, "Measuring what was found")
        seen = views[mover.size]
        if len(movers) > 1:
            seen = replace(seen, signal=seen.signal.clone())
            for other in [*movers[:i], *movers[i + 1 :]]:
                take_out(seen, other, hunt.box)
        track, values = climbed(seen, track_of(hunt, seen, mover))
        new = described(hunt, clean, seen, track, values, mover.score)
        wider = 1 / told_apart(hunt, seen, mover)
        new = replace(
            new,
            position_stderr=new.position_stderr * wider,
            velocity_stderr=new.velocity_stderr * wider,
            centre_stderr=new.centre_stderr * wider,
        )
        apart = np.abs(new.track(hunt.frames.count) - mover.track(hunt.frames.count)).max()
        found.append(new if apart < 2 * mover.size else mover)
    return found


def track_of(hunt: Hunt, seen: Matched, mover: Mover) -> Tracks:
    """An object's track in binned px of the box."""
    middle = mover.position + (hunt.frames.count - 1) / 2 * mover.velocity
    corner = np.array([side[0] for side in hunt.box])
    place = (middle - corner - (seen.bin - 1) / 2) / seen.bin
    return Tracks(torch.from_numpy(place)[None], torch.from_numpy(mover.velocity / seen.bin)[None])


def told_apart(hunt: Hunt, seen: Matched, mover: Mover) -> float:
    """Share of the precision that is left, as what stands still is not known but measured."""
    if not hunt.static:
        return 1.0
    smooth = 1 / (2 * seen.sigma**2)
    each = [torch.tensor([v / seen.bin], dtype=torch.float64) for v in mover.velocity]
    return float(self_taken(each[0], each[1], hunt.frames.count, (smooth, smooth))[0, 0])
