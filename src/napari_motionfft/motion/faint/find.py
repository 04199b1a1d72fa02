"""`find_movers`: objects that move evenly and are too faint for any single frame."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import torch
from torch.nn.functional import interpolate

from napari_motionfft.motion.device import describe_device
from napari_motionfft.motion.faint import chance
from napari_motionfft.motion.faint.accept import MOST, accept, views_without
from napari_motionfft.motion.faint.again import looked_at_again
from napari_motionfft.motion.faint.chance import Search
from napari_motionfft.motion.faint.clean import Clean, cleaned
from napari_motionfft.motion.faint.matched import Matched, matched
from napari_motionfft.motion.faint.plan import Hunt, plan_hunt, read
from napari_motionfft.motion.faint.result import Mover, Movers, TileLandscapes
from napari_motionfft.motion.faint.round import (
    Candidates,
    excess_of,
    search_size,
    searched_by,
)
from napari_motionfft.motion.job import Progress, within

ROUNDS = 3
"""Searches at most: each begins with what the one before found taken out."""


MANY = 20
"""Objects from which it is likely that the scene itself moves."""


def find_movers(
    stack: Any,
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    min_speed: float | None = None,
    size: Any = "auto",
    tile: int = 64,
    background: str = "static",
    false_alarm: float = 0.05,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Movers:
    """Find small objects that move evenly, also such that no single frame shows.

    The frames are shifted and stacked along every velocity; an object adds up where its own is
    met. Synthetic tracking, as for faint asteroids (docs/method.md § 9).

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype, T ≥ 4.
    region
        (slice_y, slice_x) in px; None is the whole frame.
    max_speed
        px/frame, an axis; None is half the shorter side in all frames, or less where that would
        take minutes (a note says so). Time grows with its square.
    min_speed
        px/frame; None is two widths of the object in all frames. Slower objects are taken out
        with what stands still.
    size
        Full width at half maximum of the object in px, one or a list; "auto" tries 2.5, 4.5, 8.
    tile
        px a side, about, of the tiles whose landscapes come back: they share the field evenly.
    background
        "static": each pixel's mean over time is subtracted. "none": only the mean of all is.
    false_alarm
        Probability that noise alone makes an entry in the list.
    device
        As for `estimate_motion`.
    progress, cancel
        callable(fraction, message); threading.Event.

    Returns
    -------
    Movers
        A list of `Mover`, highest score first.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes, or the stack is too big to search at once.
    Cancelled
        `cancel` was set.
    """
    hunt = plan_hunt(
        stack,
        region,
        max_speed,
        min_speed,
        size,
        tile,
        background,
        false_alarm,
        device,
        progress,
        cancel,
    )
    clean = cleaned(read(hunt), hunt.static)
    hunt.check(0.08, "Filtering")
    views = [matched(clean, each) for each in hunt.sizes]
    total = chance.together([searched_by(hunt, seen) for seen in views])
    movers: list[Mover] = []
    out: list[Mover] = []
    excess, landscapes = 1.0, None
    for turn in range(ROUNDS):
        # later turns are needed rarely
        low, high = 0.1 + 0.8 * (1 - 0.4**turn), 0.1 + 0.8 * (1 - 0.4 ** (turn + 1))
        looks = search_all(hunt, views, total, low, high)
        excess = excess_of(hunt, looks[0])
        landscapes = landscapes or tiles(hunt, looks)
        if not accept(hunt, clean, looks, total, excess, movers, out) or len(movers) >= MOST:
            break
        views = views_without(hunt, out)
    assert landscapes is not None
    return listed(hunt, clean, movers, landscapes, total, excess)


def search_all(
    hunt: Hunt, views: list[Matched], total: Search, low: float, high: float
) -> list[Candidates]:
    """The candidates of every size; the smallest takes by far the longest."""
    work = [1 / seen.bin**4 for seen in views]
    looks, done = [], 0.0
    for seen, part in zip(views, work, strict=True):
        start, done = done, done + part / sum(work)
        share = within(hunt.check, low + (high - low) * start, low + (high - low) * done)
        looks.append(search_size(hunt, seen, total, share))
    return looks


def tiles(hunt: Hunt, looks: list[Candidates]) -> TileLandscapes:
    """The landscapes of all sizes in one, on the grid of the smallest."""
    first = looks[0]
    values = first.found.landscape.clamp(min=0)
    n = values.shape[-1]
    for look in looks[1:]:
        other = look.found.landscape.clamp(min=0)[None]
        values = torch.maximum(values, interpolate(other, size=(n, n), mode="nearest")[0])
    grid = (first.found.grid * first.seen.bin).numpy()
    (y0, y1), (x0, x1) = hunt.box
    rows, columns = hunt.tiles
    return TileLandscapes(
        values.view(rows, columns, n, n).numpy(),
        grid,
        grid,
        ((y1 - y0) / rows, (x1 - x0) / columns),
        (y0, x0),
    )


def listed(
    hunt: Hunt,
    clean: Clean,
    movers: list[Mover],
    landscapes: TileLandscapes,
    total: Search,
    excess: float,
) -> Movers:
    """The result: what still reaches the threshold, with its probability."""
    least = chance.threshold(hunt.false_alarm, total)
    told = [
        replace(
            mover,
            score=mover.score / excess,
            false_alarm=chance.false_alarm(mover.score / excess, total),
        )
        for mover in looked_at_again(hunt, [m for m in movers if m.score / excess >= least])
    ]
    hunt.check(1.0, "Done")
    return Movers(
        sorted(told, key=lambda mover: -mover.score),
        landscapes=landscapes,
        threshold=least,
        excess=excess,
        noise=clean.noise * hunt.frames.scale,
        shape=(hunt.frames.count, *hunt.frames.shape),
        settings=hunt.asked,
        device=describe_device(hunt.device),
        notes=hunt.notes + notes_on(len(told), excess),
    )


def notes_on(count: int, excess: float) -> tuple[str, ...]:
    """What the user should know about so many objects, in noise that adds up so high."""
    notes: tuple[str, ...] = ()
    if excess > 1.1:
        notes += (
            f"noise adds up {excess:.2f} times as high as independent noise does: scores are "
            "divided by this",
        )
    if count >= MANY:
        notes += (
            "very much moves: where the whole scene does, estimate its motion and search the "
            "stack that moves along with it, from apply_motion",
        )
    if count >= MOST:
        notes += (f"only {MOST} objects are listed",)
    return notes
