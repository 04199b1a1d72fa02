"""The stacks of all velocities, looked through for what stands out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import avg_pool2d

from napari_motionfft.motion.faint.matched import Matched
from napari_motionfft.motion.faint.tree import (
    Range,
    Tree,
    add_halves,
    add_leaf,
    below,
    offset,
    padded,
    stacks,
    tree_of,
)
from napari_motionfft.motion.job import Check

CELL = 8
"""px a side of the squares of which the best place is kept."""

LEAST = 0.25
"""Share of the frames that a track must cross the field in."""

BUDGET = 128 * 2**20
"""Bytes of partial stacks held at a time on the host."""

ENOUGH = 16000
"""Places, of one or more velocities, from which the scatter of scores is measured."""

CUT, CUT_SQUARE = 2.0, 0.9205
"""Scores are cut here where their scatter is measured, as objects are to count little; and the mean
square of a normal distribution that is cut so."""

FLOOR = 0.3
"""Least standard deviation of scores that they are divided by."""

MOST = 4000
"""Places kept of a row of velocities: a bright object shows at very many."""


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


def tile_of(
    y: torch.Tensor, x: torch.Tensor, shape: tuple[int, int], tiles: tuple[int, int]
) -> torch.Tensor:
    """Number of the tile that holds each place, row by row."""
    row, column = (
        ((at + 0.5) * count / n).floor().clamp(0, count - 1).long()
        for at, n, count in zip((y, x), shape, tiles, strict=True)
    )
    return row * tiles[1] + column


class Cells:
    """The field in squares of `CELL` px, and how many frames a track through each is seen in."""

    def __init__(
        self,
        tree: Tree,
        shape: tuple[int, int],
        tiles: tuple[int, int],
        device: torch.device,
        usual: torch.Tensor,
    ) -> None:
        self.tree, self.shape, self.usual, self.most = tree, shape, usual, len(usual) // 2
        centres = [
            torch.arange(-(-n // CELL), dtype=torch.float64) * CELL + (CELL - 1) / 2 for n in shape
        ]
        self.centres = [at.clamp(max=n - 1) for at, n in zip(centres, shape, strict=True)]
        self.tiles = tiles[0] * tiles[1]
        self.tile = tile_of(self.centres[0][:, None], self.centres[1], shape, tiles)
        self.tile = self.tile.reshape(-1).to(device)
        self.device = device
        self.along: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def seen(self, velocity: float, axis: int) -> tuple[torch.Tensor, torch.Tensor]:
        """First and last frame, as numbers, at which a track is within the field; (cells,)."""
        last = self.tree.frames - 1
        at, n = self.centres[axis], self.shape[axis]
        if velocity == 0:
            return torch.zeros_like(at), torch.full_like(at, last)
        ends = torch.stack([(-0.5 - at) / velocity, (n - 0.5 - at) / velocity])
        first, final = ends.amin(0) + self.tree.centre, ends.amax(0) + self.tree.centre
        return first.clamp(min=0).ceil(), final.clamp(max=last).floor()

    def count(self, y: int, xs: Range) -> torch.Tensor:
        """Frames that see a track, (Nx, cells y, cells x)."""
        first, last = self.seen(y * self.tree.step, 0)
        for x in range(*xs):
            if x not in self.along:
                self.along[x] = self.seen(x * self.tree.step, 1)
        along = [self.along[x] for x in range(*xs)]
        low = torch.maximum(first[:, None], torch.stack([a for a, _ in along])[:, None])
        high = torch.minimum(last[:, None], torch.stack([b for _, b in along])[:, None])
        return (high - low + 1).clamp(min=0).float().to(self.device)

    def scores(self, row: torch.Tensor, y: int, xs: Range) -> tuple[torch.Tensor, torch.Tensor]:
        """Highest score of each cell, (Nx, cells y, cells x); sum of squares and count of a sample
        of all places, (2, Nx) on the host.
        """
        count = self.count(y, xs)
        norm = count.clamp(min=1).rsqrt()
        valid = count >= LEAST * self.tree.frames
        nx, height, width = row.shape
        best = row.view(nx, height // CELL, CELL, width).amax(2)
        best = best.view(nx, height // CELL, width // CELL, CELL).amax(3)
        usual = self.usual[y + self.most, xs[0] + self.most : xs[1] + self.most]
        norm = norm / usual.to(norm.device)[:, None, None]
        sample = (row[:, CELL // 2 :: CELL, CELL // 2 :: CELL] * norm).clamp(-CUT, CUT)
        square = sample.square() * valid / CUT_SQUARE
        power = torch.stack([square.flatten(1).sum(1), valid.flatten(1).sum(1)])
        return torch.where(valid, best * norm, -torch.inf), power.cpu()

    def by_tile(self, scores: torch.Tensor) -> torch.Tensor:
        """Highest score of each tile, (tiles, Nx) on the host."""
        flat = scores.flatten(1)
        out = flat.new_zeros(len(flat), self.tiles)
        out.scatter_reduce_(1, self.tile.expand_as(flat), flat, "amax")
        return out.T.cpu()

    def best(
        self,
        row: torch.Tensor,
        scores: torch.Tensor,
        low: float,
        y: int,
        xs: Range,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Places, velocities and scores of the cells that reach `low`."""
        x, cy, cx = torch.nonzero(scores >= low, as_tuple=True)
        values = scores[x, cy, cx]
        if len(values) > MOST:
            values, chosen = values.topk(MOST)
            x, cy, cx = x[chosen], cy[chosen], cx[chosen]
        nx, height, width = row.shape
        squares = row.view(nx, height // CELL, CELL, width // CELL, CELL)[x, cy, :, cx]
        at = squares.flatten(1).argmax(1) if len(values) else x
        levels = self.tree.levels
        shift_x = torch.tensor([offset(k, levels) for k in range(*xs)], dtype=torch.float64)
        x, cy, cx, at = (each.cpu() for each in (x, cy, cx, at))
        places = torch.stack(
            [
                (cy * CELL + at // CELL).double() + offset(y, levels),
                (cx * CELL + at % CELL).double() + shift_x[x],
            ],
            1,
        )
        velocity = torch.stack([torch.full_like(x, y), x + xs[0]], 1).double() * self.tree.step
        return places, velocity, values.cpu()
