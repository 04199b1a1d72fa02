"""The field in small squares, of each of which the best place of a stack is kept."""

from __future__ import annotations

import torch

from napari_motionfft.motion.faint.tree import Range, Tree, offset

CELL = 8
"""px a side of the squares of which the best place is kept."""

LEAST = 0.25
"""Share of the frames that a track must cross the field in."""

CUT, CUT_SQUARE = 2.0, 0.9205
"""Scores are cut here where their scatter is measured, as objects are to count little; and the mean
square of a normal distribution that is cut so."""

MOST = 4000
"""Places kept of a row of velocities: a bright object shows at very many."""


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
