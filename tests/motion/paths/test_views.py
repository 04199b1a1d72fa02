"""Low-resolution spectra along a path, and the two halves of their frequencies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from benchmarks.path_scenes import long_drift
from tests.motion.paths.made import field, tensor, walking

from napari_motionfft.motion.frames import window
from napari_motionfft.motion.paths.views import LIMIT, ROWS, View, spans
from napari_motionfft.motion.spectra import Band


def blank_view(shape: tuple[int, int], limit: float = 0.3) -> View:
    """A view without data: its frequencies are all that counts."""
    band = Band.up_to(shape, limit)
    nothing = torch.zeros(1, *band.size)
    return View(0, 1, torch.zeros(1, 2), nothing.cfloat(), band, nothing[0], nothing[0], 1.0)


SHAPES = [(32, 32), (48, 64), (41, 30), (16, 64)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_halves_share_no_frequency_and_mirror_one_another(shape: tuple[int, int]) -> None:
    view = blank_view(shape, 1.0 if min(shape) < 40 else 0.3)
    one, two = view.half(0), view.half(1)
    assert set(one.unique().tolist()) == set(two.unique().tolist()) == {0.0, 1.0}
    assert float((one * two).max()) == 0
    rows = torch.round(view.band.ky * shape[0]).long()
    for at, row in enumerate(rows.tolist()):
        mirror = torch.nonzero(rows == -row).flatten()
        if len(mirror):  # the lowest row of an even size has none
            assert torch.equal(one[at], two[int(mirror)])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_halves_hold_most_of_the_plane(shape: tuple[int, int]) -> None:
    view = blank_view(shape, 1.0)
    kept = (view.half(0) + view.half(1)).mean()
    assert float(kept) > (0.2 if min(shape) < 20 else 0.4)


@pytest.mark.parametrize(
    ("shape", "limit"), [((48, 48), 0.3), ((40, 64), 0.3), ((32, 32), 0.5), ((24, 41), 0.5)]
)
def test_noise_under_a_hann_window_is_independent_from_half_to_half(
    shape: tuple[int, int], limit: float
) -> None:
    """cov(X_k, X_l) of windowed white noise is the window's squared spectrum at k − l, exactly."""
    view = blank_view(shape, limit)
    alike = torch.fft.fft2(window(shape, 1.0).double() ** 2).abs()
    alike = alike / alike[0, 0]
    rows = torch.round(view.band.ky * shape[0]).long()
    columns = torch.round(view.band.kx * shape[1]).long()
    one, two = (torch.nonzero(view.half(which)) for which in (0, 1))
    for sign in (1, -1):  # a real frame's other half plane as well
        dy = rows[one[:, 0]][:, None] - sign * rows[two[:, 0]][None]
        dx = columns[one[:, 1]][:, None] - sign * columns[two[:, 1]][None]
        assert float(alike[dy % shape[0], dx % shape[1]].max()) < 1e-5
    # the guard is needed: neighbours are alike
    assert float(alike[2, 0]) > 0.01


def test_compensated_frames_of_a_known_path_are_one_scene() -> None:
    """Without noise: what is left are the edges of a window that stands still."""
    known = walking(frames=8, snr=None)
    shared = field(known.stack)
    still = shared.still.aligned(tensor(known.path))
    assert left_over(still) < 0.1
    raw = shared.still.aligned(torch.zeros(8, 2, dtype=torch.float64))
    assert left_over(still) < 0.2 * left_over(raw)
    [travelling] = shared.low.along(shared.job, tensor(known.path), shared.job.check)
    assert left_over(travelling.aligned(tensor(known.path))) < 0.02


def left_over(frames: torch.Tensor) -> float:
    """Share of the power that is not in the mean."""
    frames = frames[:, 1:, 1:]
    return float((frames - frames.mean(0)).abs().square().sum() / frames.abs().square().sum())


def test_part_of_a_run_is_that_part_of_all() -> None:
    known = walking(frames=8)
    still = field(known.stack).still
    path = tensor(known.path)
    torch.testing.assert_close(still.aligned(path, 2, 5), still.aligned(path)[2:5])


def test_a_long_path_is_cut_into_runs_that_overlap() -> None:
    known = long_drift(frames=40, fields=2, side=64, snr=None, wander=2.0)
    shared = field(known.stack)
    views = shared.views(tensor(known.path), shared.job.check)
    found = spans(views)
    assert len(found) > 2
    assert found[0][0] == 0
    assert found[-1][1] == 40
    for (_, stop), (start, _) in pairwise(found):
        assert start < stop
    for view in views:
        assert view.count == len(view.spectra) == len(view.placed)
        assert left_over(view.aligned(tensor(known.path))) < 0.05


def test_short_travel_is_seen_through_the_window_that_stands_still() -> None:
    known = walking(frames=8, step=0.3)
    shared = field(known.stack)
    assert shared.views(tensor(known.path), shared.job.check) == [shared.still]


@pytest.mark.parametrize("effort", ["fast", "balanced", "precise"])
def test_large_frames_are_looked_at_in_few_rows(effort: str) -> None:
    stack = np.random.default_rng(0).standard_normal((2, 400, 420)).astype(np.float32)
    view = field(stack, effort=effort).still
    assert len(view.band.ky) <= ROWS[effort] + 1
    assert float(view.band.ky.abs().max()) <= LIMIT
    assert view.spectra.shape[1:] == view.weight.shape == view.once.shape
