"""Points of the mean line count by how many lines see them."""

from __future__ import annotations

import torch
from benchmarks.strip_scenes import kymograph

from napari_motionfft.motion.frames import window
from napari_motionfft.motion.strips.mosaic import Runs, lay, trusted
from napari_motionfft.motion.strips.scene import TAPER
from napari_motionfft.motion.strips.weighing import Weights, lines_needed


def test_thin_ends_count_less_and_the_usual_point_as_before() -> None:
    known = kymograph(3, 3.0, 1.5, length=64, frames=32)
    taper = window((64, 1), TAPER)[:, 0]
    runs = Runs.of(torch.from_numpy(known.kymograph)[None], 1, taper, 128)
    mean = lay(runs, (1.5 * runs.t).expand(1, -1, -1))
    before = torch.fft.irfft(mean.spectrum, 128)[0, 0]
    count = torch.fft.irfft(mean.cover, 128)[0, 0].clamp(min=0)
    same = torch.fft.irfft(trusted(runs, mean, torch.zeros(1)), 128)[0, 0]
    seen = count > 0.25
    torch.testing.assert_close(same[seen], before[seen], atol=1e-4, rtol=1e-3)
    needed = 6.0
    after = torch.fft.irfft(trusted(runs, mean, torch.tensor([needed])), 128)[0, 0]
    share = count / (count + needed)
    usual = (count * share).sum() / count.sum()
    torch.testing.assert_close(after, before * share / usual, atol=1e-4, rtol=1e-3)
    assert share[count < 2].max() < 0.5 * usual < share.max()


def test_lines_needed_are_noise_over_signal() -> None:
    flat = torch.ones(2, 33, dtype=torch.float64)
    weights = Weights(flat, flat * torch.tensor([[2.0], [0.1]]), flat)
    torch.testing.assert_close(
        lines_needed(weights, 64), torch.tensor([0.5, 10.0], dtype=torch.float64)
    )
