"""Where a frame lies in the mean of the others; a first path frame by frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.path_scenes import random_walk, rmse
from tests.motion.made import wrapping
from tests.motion.paths.made import along, field, ones, tensor, walking

from napari_motionfft.motion.paths.growing import grow, recent
from napari_motionfft.motion.paths.lookup import (
    even_fast,
    highest,
    look,
    offsets,
    others,
    planes,
)
from napari_motionfft.motion.spectra import Band


def nothing(fraction: float, message: str) -> None:
    """A check that never stops."""


def test_the_mean_of_the_others_holds_no_part_of_the_frame() -> None:
    known = walking(frames=9)
    view = field(known.stack).still
    path = tensor(known.path)
    weights = tensor([1, 2, 0, 1, 1, 0.5, 1, 3, 1])
    every = view.aligned(path)
    found = [(first + i, mean) for first, _, block in others(view, path, weights)
             for i, mean in enumerate(block)]  # fmt: skip
    assert [t for t, _ in found] == list(range(9))
    for t, mean in found:
        rest = weights.clone()
        rest[t] = 0
        wanted = torch.einsum("n,nij->ij", rest.to(every), every) / rest.sum()
        torch.testing.assert_close(mean, wanted.to(mean), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("shift", [(3.0, -5.0), (0.0, 0.0), (-2.4, 1.7), (4.9, 4.1)])
def test_one_misplaced_frame_is_found_to_a_fraction_of_a_pixel(shift: tuple[float, float]) -> None:
    """Sub-pixel shifts to 0.15 px on a periodic scene without noise."""
    stack = wrapping((0.0, 0.0), frames=6)
    stack[4] = wrapping(shift, frames=2)[1]
    view = field(stack, boundary="periodic").still
    moved = look(view, torch.zeros(6, 2).double(), ones(6), torch.full((6,), 8.0).double())
    np.testing.assert_allclose(moved[4], shift, atol=0.15)


def test_nothing_beyond_the_reach_is_found() -> None:
    stack = wrapping((0.0, 0.0), frames=6)
    stack[4] = wrapping((9.0, -7.0), frames=2)[1]
    view = field(stack, boundary="periodic").still
    zero = torch.zeros(6, 2).double()
    reach = torch.tensor([12.0, 12.0, 12.0, 12.0, 4.0, 12.0]).double()
    spacing = max(view.band.shape) / 2 / (len(view.band.kx) - 1)
    assert float(look(view, zero, ones(6), reach)[4].abs().max()) <= 4 + spacing
    reach[4] = 12
    np.testing.assert_allclose(look(view, zero, ones(6), reach)[4], (9, -7), atol=0.2)


def test_lookups_of_all_frames_recover_a_walk_from_a_rough_one() -> None:
    known = walking(frames=16, snr=1.0)
    view = field(known.stack).still
    rough = tensor(known.path) + tensor(np.random.default_rng(1).normal(0, 1.5, (16, 2)))
    path = rough
    for _ in range(3):
        path = path + look(view, path, ones(16), torch.full((16,), 6.0).double())
    assert rmse(rough.numpy(), known.path) > 1
    assert rmse(path.numpy(), known.path) < 0.25


@pytest.mark.parametrize(("size", "wanted"), [(1, 2), (7, 8), (9, 10), (11, 12), (97, 100)])
def test_planes_have_even_fast_sizes(size: int, wanted: int) -> None:
    assert even_fast(size) == wanted


def test_a_plane_peaks_at_the_shift_between_two_spectra() -> None:
    stack = torch.from_numpy(wrapping((2.0, -3.0), shape=(40, 48), frames=2))
    band = Band.up_to((40, 48), 0.3)
    one, two = band.crop(torch.fft.rfft2(stack))
    plane, spacing = planes((one.conj() * two)[None], band)
    assert spacing == (40 / plane.shape[1], 48 / plane.shape[2])
    found = highest(plane, spacing, torch.tensor([10.0]))
    np.testing.assert_allclose(found[0], (2, -3), atol=0.15)


def test_cells_of_a_plane_know_how_far_off_they_lie() -> None:
    assert offsets(6, 1.5).tolist() == [0, 1.5, 3, -4.5, -3, -1.5]


@pytest.mark.parametrize("snr", [None, 1.0])
def test_growing_follows_a_walk(snr: float | None) -> None:
    known = walking(frames=20, snr=snr, step=1.0)
    path = grow(field(known.stack).still, 4.0, None, nothing)
    assert rmse(path.numpy(), known.path) < (0.2 if snr is None else 0.6)


def test_growing_leaps_beyond_the_range_where_the_match_is_beyond_doubt() -> None:
    steps = random_walk(2, 20, 0.4)
    steps[9:] += (14.0, -11.0)
    known = along(steps, side=96, snr=2.0)
    path = grow(field(known.stack).still, 2.0, None, nothing)
    assert rmse(path.numpy(), known.path) < 0.6


@pytest.mark.parametrize("value", ["constant", "noise"])
def test_a_blank_frame_does_not_derail_what_follows(value: str) -> None:
    known = walking(frames=20, snr=1.0, step=0.6)
    stack = known.stack.copy()
    rng = np.random.default_rng(3)
    for t in (6, 7):
        stack[t] = 0.5 if value == "constant" else rng.standard_normal((64, 64))
    path = grow(field(stack).still, 4.0, None, nothing)
    assert rmse(path.numpy(), known.path, leave_out={6, 7}) < 0.7


def test_what_matched_nothing_is_not_compared_with() -> None:
    heights = torch.tensor([torch.inf, 10.0, 11.0, 2.0, 9.0, 10.0]).double()
    assert recent(heights, 6).tolist() == [0, 1, 2, 4, 5]
    assert recent(torch.tensor([torch.inf]), 1).tolist() == [0]
    # where nothing matched, the last frame has to do
    assert recent(torch.tensor([9.0] * 20 + [0.1] * 9), 29).tolist() == [28]


def test_growing_reports_each_frame() -> None:
    seen: list[float] = []
    stack = walking(frames=8).stack
    grow(field(stack).still, 4.0, None, lambda fraction, _: seen.append(fraction))
    assert seen == sorted(seen)
    assert len(seen) == 7
