"""The stacks of all velocities, looked through for what stands out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d

from napari_motionfft.motion.faint.cells import CELL, Cells
from napari_motionfft.motion.faint.matched import Matched
from napari_motionfft.motion.faint.tree import (
    Range,
    Tree,
    add_halves,
    add_leaf,
    below,
    padded,
    stacks,
    tree_of,
)
from napari_motionfft.motion.job import Check

BUDGET = 128 * 2**20
"""Bytes of partial stacks held at a time on the host."""

ENOUGH = 16000
"""Places, of one or more velocities, from which the scatter of scores is measured."""

FLOOR = 0.3
"""Least standard deviation of scores that they are divided by."""


@dataclass(frozen=True, eq=False)
class Found:
    """What a scan brings up; lengths in binned px, velocities in binned px/frame.

    Attributes
    ----------
    places, velocities
        (N, 2) (y, x) at the middle of the stack, and there velocities; float64 on the host.
    scores
        (N,) float32.
    landscape
        (tiles, Ny, Nx) highest score in each tile.
    scale
        (Ny, Nx) standard deviation of the scores over places, 1 where noise is independent from
        frame to frame.
    grid
        Velocities along either axis, (N,) float64.
    """

    places: torch.Tensor
    velocities: torch.Tensor
    scores: torch.Tensor
    landscape: torch.Tensor
    scale: torch.Tensor
    grid: torch.Tensor


def scan(
    seen: Matched,
    fastest: float,
    slowest: float,
    low: float,
    tiles: tuple[int, int],
    static: bool,
    check: Check,
) -> Found:
    """Look at every velocity up to `fastest` an axis, but none slower than `slowest`.

    Parameters
    ----------
    seen
        The frames at one size.
    fastest, slowest
        Binned px/frame.
    low
        Score from which places are kept.
    tiles
        Of the landscape, down and across.
    static
        Each pixel's mean over time was subtracted.
    check
        Reports 0…1.
    """
    frames = seen.score
    tree = tree_of(frames.shape[0])
    data = padded(frames, tree, CELL)
    most = -int(-fastest / tree.step // 1)
    grid = torch.arange(-most, most + 1, dtype=torch.float64) * tree.step
    usual = (
        self_taken(grid, grid, len(frames), seen.smooth)
        if static
        else torch.ones(len(grid), len(grid))
    )
    cells = Cells(tree, (frames.shape[1], frames.shape[2]), tiles, frames.device, usual)
    edge = chunk(data, tree)
    landscape = torch.zeros(cells.tiles, len(grid), len(grid))
    power = torch.zeros(2, len(grid), len(grid))
    starts = range(-most, most + 1, edge)
    kept: list[tuple[torch.Tensor, ...]] = []
    for i, y in enumerate(starts):
        ys = (y, min(y + edge, most + 1))
        for j, x in enumerate(starts):
            xs = (x, min(x + edge, most + 1))
            check((i + j / len(starts)) / len(starts), "Stacking along all velocities")
            lower = None
            if tree.levels:
                lower = stacks(data, tree, tree.levels - 1, below(ys), below(xs))
            row = data.new_empty(xs[1] - xs[0], *data.shape[1:])
            for k in range(*ys):
                fill_row(row.zero_(), data, lower, tree, k, (ys, xs))
                scores, power[:, k + most, xs[0] + most : xs[1] + most] = cells.scores(row, k, xs)
                slow = (grid[k + most] ** 2 + grid[xs[0] + most : xs[1] + most] ** 2).sqrt()
                scores[(slow < slowest).to(scores.device)] = -torch.inf
                landscape[:, k + most, xs[0] + most : xs[1] + most] = cells.by_tile(scores)
                kept.append(cells.best(row, scores, low, k, xs))
    places, velocities, scores = (torch.cat(parts) for parts in zip(*kept, strict=True))
    late = (frames.shape[0] - 1) / 2 - tree.centre
    ratio = averaged(power)
    at = (velocities / tree.step).round().long() + most
    return Found(
        places + late * velocities,
        velocities,
        scores / ratio[at[:, 0], at[:, 1]],
        landscape / ratio,
        usual * ratio,
        grid,
    )


def self_taken(
    ys: torch.Tensor, xs: torch.Tensor, frames: int, smooth: tuple[float, float]
) -> torch.Tensor:
    """(Ny, Nx) standard deviation of scores once each pixel's mean over time is taken out.

    The mean holds the track itself: the more the slower it is.
    """
    lag = torch.arange(1, frames, dtype=torch.float64)
    along = [
        torch.exp(-0.5 * each * (v[:, None] * lag).square())
        for v, each in zip((ys, xs), smooth, strict=True)
    ]
    share = torch.einsum("yk,xk,k->yx", along[0], along[1], 2 * (frames - lag)) / frames**2
    return (1 - 1 / frames - share).clamp(min=FLOOR**2).sqrt().float()


def averaged(power: torch.Tensor) -> torch.Tensor:
    """(Ny, Nx) root mean square over enough neighbours, from sums and counts (2, Ny, Nx)."""
    each = float(power[1].max().clamp(min=1))
    n = power.shape[-1]
    edge = min(2 * int((ENOUGH / each) ** 0.5 / 2) + 1, 2 * (n // 2) - 1, n)
    total, count = avg_pool2d(power[:, None], max(edge, 1), 1, max(edge, 1) // 2)[:, 0]
    out: torch.Tensor = (total / count.clamp(min=1e-9)).clamp(min=FLOOR**2).sqrt()
    return out


def chunk(data: torch.Tensor, tree: Tree) -> int:
    """Velocities a side that are stacked at a time within the memory there is."""
    one = data[0].numel() * 4
    edge = 4
    while edge < 512:
        wanted = sum(
            (1 << up) * (2 * edge / (1 << up) + 2) ** 2 for up in range(1, tree.levels + 1)
        )
        if wanted * one > BUDGET:
            break
        edge *= 2
    return edge


def fill_row(
    out: torch.Tensor,
    data: torch.Tensor,
    lower: torch.Tensor | None,
    tree: Tree,
    y: int,
    runs: tuple[Range, Range],
) -> None:
    """Add the stacks of all frames at one vertical velocity to (Nx, H, W)."""
    start, stop = runs[1]
    for x in range(start, stop):
        into = out[None, x - start]
        if lower is None:
            add_leaf(into, data, tree.leaf, y, x)
        else:
            add_halves(into, lower, tree.levels, (y, x), runs)
