"""Shift and stack over all velocities at once: stacks of few frames are added to longer ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch

LEAF = 4
"""Fewest frames that are stacked directly."""

REACH = 2.0
"""px: how far neighbouring velocities of a stack drift apart over it."""

Range = tuple[int, int]
"""First index and end of a run of velocities."""


@dataclass(frozen=True)
class Tree:
    """How the frames are halved.

    A stack of n frames at velocity index k is shifted by `REACH`·k/n px a frame. Its halves stand
    REACH·k/2 = k px apart: a whole number, so that no level interpolates.

    Attributes
    ----------
    frames, first
        T, and the empty frames ahead of frame 0.
    leaf, levels
        Frames stacked directly, and how often two stacks are added: leaf·2^levels ≥ T.
    """

    frames: int
    first: int
    leaf: int
    levels: int

    @property
    def padded(self) -> int:
        """Frames with the empty ones."""
        return int(self.leaf << self.levels)

    @property
    def step(self) -> float:
        """px/frame between neighbouring velocities of the whole stack."""
        return REACH / self.padded

    @property
    def centre(self) -> float:
        """Frame at which a track is where its stack says."""
        return (self.padded - 1) / 2 - self.first


def tree_of(frames: int) -> Tree:
    """The tree that needs the fewest empty frames."""
    levels = 0
    while frames >= LEAF << (levels + 1):
        levels += 1
    leaf = -(-frames // (1 << levels))
    return Tree(frames, ((leaf << levels) - frames) // 2, leaf, levels)


def padded(frames: torch.Tensor, tree: Tree, multiple: int) -> torch.Tensor:
    """(T', H, W): the frames between empty ones, and with empty rows and columns after them."""
    _, height, width = frames.shape
    shape = tree.padded, -(-height // multiple) * multiple, -(-width // multiple) * multiple
    out = frames.new_zeros(shape)
    out[tree.first : tree.first + tree.frames, :height, :width] = frames
    return out


def halves(k: int, level: int) -> tuple[int, int, int]:
    """Index of the halves' velocity, and how far back and ahead of the middle they are taken.

    Odd indices lie between two of the halves' velocities. These tracks are half a px beside their
    middle, on one side at even levels and on the other at odd ones.
    """
    half = k >> 1
    back = half + (k & 1 if level % 2 else 0)
    return half, back, k - back


def offset(k: int, level: int) -> float:
    """px from the place where a stack is written to where its track is at the middle."""
    found = 0.0
    while level:
        half, back, _ = halves(k, level)
        found += k / 2 - back
        k, level = half, level - 1
    return found


def add_shifted(out: torch.Tensor, frames: torch.Tensor, dy: int, dx: int) -> None:
    """out[…, p] += frames[…, p + (dy, dx)] wherever that lies inside."""
    height, width = out.shape[-2:]
    y0, y1, x0, x1 = max(0, -dy), min(height, height - dy), max(0, -dx), min(width, width - dx)
    if y0 < y1 and x0 < x1:
        out[..., y0:y1, x0:x1] += frames[..., y0 + dy : y1 + dy, x0 + dx : x1 + dx]


def below(velocities: Range) -> Range:
    """The halves' velocities that a run of velocities needs."""
    return velocities[0] >> 1, ((velocities[1] - 1) >> 1) + 1


def stacks(frames: torch.Tensor, tree: Tree, level: int, ys: Range, xs: Range) -> torch.Tensor:
    """All stacks of a level, (2^(levels − level), Ny, Nx, H, W).

    Parameters
    ----------
    frames
        (T', H, W) `padded`.
    level
        0: stacks of `leaf` frames; `levels`: of all.
    ys, xs
        Which velocities along y and x.
    """
    count = 1 << (tree.levels - level)
    shape = count, ys[1] - ys[0], xs[1] - xs[0], *frames.shape[1:]
    out = frames.new_zeros(shape)
    lower = stacks(frames, tree, level - 1, below(ys), below(xs)) if level else None
    for y in range(*ys):
        for x in range(*xs):
            into = out[:, y - ys[0], x - xs[0]]
            if lower is None:
                add_leaf(into, frames, tree.leaf, y, x)
            else:
                add_halves(into, lower, level, (y, x), (ys, xs))
    return out


def add_leaf(out: torch.Tensor, frames: torch.Tensor, leaf: int, y: int, x: int) -> None:
    """Stack `leaf` frames at a time into (count, H, W)."""
    for i in range(leaf):
        moved = REACH * (i - (leaf - 1) / 2) / leaf
        add_shifted(out, frames[i::leaf], round(y * moved), round(x * moved))


def add_halves(
    out: torch.Tensor, lower: torch.Tensor, level: int, at: Range, runs: tuple[Range, Range]
) -> None:
    """Stack pairs of (2·count, …, H, W) into (count, H, W)."""
    (y, back_y, ahead_y), (x, back_x, ahead_x) = (halves(k, level) for k in at)
    taken = lower[:, y - below(runs[0])[0], x - below(runs[1])[0]]
    add_shifted(out, taken[0::2], -back_y, -back_x)
    add_shifted(out, taken[1::2], ahead_y, ahead_x)
