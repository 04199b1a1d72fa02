"""Weights by frequency, and their moments."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from napari_motionfft.motion.strips import weighing
from napari_motionfft.motion.strips.mosaic import Runs
from napari_motionfft.motion.strips.weighing import Weights


def test_weights_between_bins_are_interpolated() -> None:
    runs = Runs.of(torch.zeros(1, 4, 32), 1, torch.ones(32), 80)
    weight = torch.rand(2, 17, generator=torch.Generator().manual_seed(0)).double()
    found = weighing.resampled(weight, runs).numpy()
    k = np.fft.rfftfreq(32)
    for row in range(2):
        wanted = np.interp(np.fft.rfftfreq(80), k, weight[row].numpy())
        np.testing.assert_allclose(found[row], wanted, atol=1e-7)


def test_moment_is_the_integral_over_the_whole_axis() -> None:
    """∫ (2πk)² dk from −½ to ½ is π²/3 for a level of 1."""
    for length in (128, 129):
        whole = torch.ones(1, length // 2 + 1).double()
        assert float(weighing.moment(whole, length)[0]) == pytest.approx(math.pi**2 / 3, rel=0.03)
    narrow = torch.zeros(1, 65).double()
    narrow[0, 16] = 1
    assert float(weighing.moment(narrow, 128)[0]) == pytest.approx(2 * (math.pi / 4) ** 2 / 128)


def test_pick_takes_rows() -> None:
    weights = Weights(*(torch.arange(6.0).reshape(3, 2) + i for i in range(3)))
    some = weights.pick(torch.tensor([2, 0, 2]))
    np.testing.assert_array_equal(some.weight, [[4, 5], [0, 1], [4, 5]])
    np.testing.assert_array_equal(some.noise, [[6, 7], [2, 3], [6, 7]])
