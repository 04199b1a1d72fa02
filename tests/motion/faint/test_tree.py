"""Stacks that are added up from stacks: no frame lost, every track where it is said to be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.motion.faint.made_movers import add

from napari_motionfft.motion.faint.tree import (
    add_shifted,
    halves,
    offset,
    padded,
    stacks,
    tree_of,
)


@pytest.mark.parametrize("frames", [4, 5, 8, 13, 32, 33, 64, 100])
def test_every_frame_is_stacked_once(frames: int) -> None:
    tree = tree_of(frames)
    assert frames <= tree.padded < 1.3 * frames
    data = padded(torch.ones(frames, 16, 24), tree, 8)
    still = stacks(data, tree, tree.levels, (0, 1), (0, 1))
    assert still.shape == (1, 1, 1, 16, 24)
    assert (still == frames).all()
    # each frame by itself comes up once in each stack, at whatever velocity
    marked = padded(
        torch.arange(frames, dtype=torch.float32)[:, None, None] * torch.ones(1, 64, 64), tree, 8
    )
    moved = stacks(marked, tree, tree.levels, (-3, 4), (-3, 4))[0]
    assert (moved[..., 32, 32] == sum(range(frames))).all()


def test_shift_takes_nothing_from_beyond_the_edges() -> None:
    out = torch.zeros(4, 5)
    add_shifted(out, torch.ones(4, 5), 2, -1)
    assert out.sum() == 2 * 4
    assert out[:2, 1:].eq(1).all()
    add_shifted(out, torch.ones(4, 5), 4, 0)
    add_shifted(out, torch.ones(4, 5), 0, -9)
    assert out.sum() == 2 * 4


@pytest.mark.parametrize("k", [-9, -4, -1, 0, 1, 3, 10])
@pytest.mark.parametrize("level", [1, 2])
def test_halves_stand_a_whole_number_of_px_apart(k: int, level: int) -> None:
    half, back, ahead = halves(k, level)
    assert back + ahead == k
    assert abs(2 * half - k) <= 1
    assert abs(back - ahead) <= 1


@pytest.mark.parametrize("velocity", [(0.37, -1.21), (-1.83, 0.66), (0.0, 0.9)])
def test_an_object_adds_up_where_it_is(velocity: tuple[float, float]) -> None:
    stack = np.zeros((32, 96, 96), dtype=np.float32)
    middle = (47.3, 50.6)
    add(stack, middle, velocity, 1.0)
    tree = tree_of(32)
    data = padded(torch.from_numpy(stack), tree, 8)
    y, x = (round(v / tree.step) for v in velocity)
    found = stacks(data, tree, tree.levels, (y, y + 1), (x, x + 1))[0, 0, 0]
    at = np.unravel_index(int(found.argmax()), found.shape)
    place = at[0] + offset(y, tree.levels), at[1] + offset(x, tree.levels)
    assert np.hypot(*np.subtract(place, middle)) < 1.0
    assert found.max() > 0.6 * 32  # stacked to whole px: up to a third is lost
