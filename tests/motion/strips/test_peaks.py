"""The highest peak of a landscape whose velocities are not evenly spaced."""

from __future__ import annotations

import pytest
import torch

from napari_motionfft.motion.strips import search

UNEVEN = torch.tensor([-3.0, -1.5, -0.5, 0.0, 0.5, 1.5, 3.0]).double()


def test_peak_between_uneven_points_is_that_of_the_parabola() -> None:
    for top in (-1.2, -0.2, 0.1, 0.6, 1.3):
        score = (7 - (UNEVEN - top) ** 2)[None]
        at, height = search.highest(score, UNEVEN, torch.ones(1, 7, dtype=torch.bool))
        assert float(at) == pytest.approx(top, abs=1e-9)
        assert float(height) == pytest.approx(7, abs=1e-9)


def test_peak_at_the_end_of_the_grid_stays_there() -> None:
    at, height = search.highest(UNEVEN[None], UNEVEN, torch.ones(1, 7, dtype=torch.bool))
    assert (float(at), float(height)) == (3.0, 3.0)


def test_the_flank_of_a_peak_that_is_left_out_is_no_peak() -> None:
    score = torch.tensor([[0.0, 1.0, 5.0, 9.0, 5.0, 2.0, 3.0]]).double()
    allowed = torch.ones(1, 7, dtype=torch.bool)
    allowed[0, 3] = False
    at, height = search.highest(score, UNEVEN, allowed)
    assert (float(at), float(height)) == (3.0, 3.0)
    _, nothing = search.highest(score, UNEVEN, torch.zeros(1, 7, dtype=torch.bool))
    assert float(nothing) == 0
