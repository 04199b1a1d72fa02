"""One motion after another: which peak is next, and when there is none."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from benchmarks.layer_scenes import KnownLayers, summed
from tests.motion.made import job_for
from tests.motion.several.made_layers import quiet

from napari_motionfft.motion.result import Peak
from napari_motionfft.motion.several.peel import (
    APART,
    AUTO,
    Found,
    distinct_peak,
    peaks_of,
    peeled,
    score_at,
    told_apart,
)

PEAKS = [Peak(1.0, 0.5, 30.0), Peak(1.1, 0.5, 20.0), Peak(-0.5, 0.0, 8.0)]


def velocities(*rows: tuple[float, float]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)


def test_the_next_peak_is_the_highest_that_ends_elsewhere() -> None:
    assert distinct_peak(PEAKS, velocities(), 10) is PEAKS[0]
    assert distinct_peak(PEAKS, velocities((1.0, 0.5)), 10) is PEAKS[2]
    # after 40 frames 0.1 px/frame are 3.9 px
    assert distinct_peak(PEAKS, velocities((1.0, 0.5)), 40) is PEAKS[1]
    assert distinct_peak(PEAKS, velocities((1.0, 0.5), (-0.5, 0.1)), 10) is None
    assert distinct_peak([], velocities(), 10) is None


def test_motions_that_end_at_one_place_are_not_told_apart() -> None:
    assert told_apart(velocities((1.0, 0.5)), 10)
    assert told_apart(velocities((0.0, 0.0), (0.0, 1.01 * APART / 9)), 10)
    assert not told_apart(velocities((0.0, 0.0), (3.0, 0.0), (0.0, 0.99 * APART / 9)), 10)


@cache
def scene(boundary: str) -> KnownLayers:
    truth = np.array([[1.3, -0.7], [-0.9, 0.6]])
    return summed(7, truth, ("white", "white"), 8, 0.7, 56, boundary)


@cache
def found(n: int | None, boundary: str = "periodic", background: str = "none") -> Found:
    job = job_for(scene(boundary).stack, boundary=boundary, background=background, max_speed=3)
    return peeled(job, n, 0.01, quiet)


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
def test_all_are_found_with_a_score_each(boundary: str) -> None:
    told = found(None, boundary)
    assert told.velocities.shape == (2, 2)
    assert len(told.scores) == 2
    assert min(told.scores) > 1.5 * told.chance
    off = torch.cdist(told.velocities, torch.from_numpy(scene(boundary).velocities))
    assert float(off.min(1).values.max()) < 0.02
    assert told.stopped.startswith(("The next peak stands", "No further peak stands apart"))


def test_it_ends_where_enough_were_asked_for() -> None:
    assert found(1).stopped == "1 motions were asked for."
    assert len(found(1).velocities) == 1
    assert found(2).stopped == "2 motions were asked for."
    torch.testing.assert_close(found(2).velocities, found(None).velocities)


def test_the_static_layer_is_not_counted() -> None:
    told = found(2, background="static")
    assert len(told.velocities) == 2
    assert float(told.velocities.norm(dim=1).min()) > 0.5


def test_peaks_that_may_be_chance_drive_no_motion_out() -> None:
    known = summed(0, np.array([[1.5, -1.0]]), ("pink",), 12, 1.0, 64, "periodic")
    told = peeled(job_for(known.stack, boundary="periodic"), 3, 0.01, quiet)
    assert told.stopped == "3 motions were asked for."
    off = torch.cdist(torch.from_numpy(known.velocities), told.velocities)[0]
    assert float(off.min()) < 0.02
    scores = np.array(told.scores)
    assert scores[off.argmin()] > 2 * told.chance
    assert (np.delete(scores, off.argmin()) < told.chance).all()


def test_no_more_are_looked_for_than_it_says() -> None:
    assert AUTO <= 6
    truth = np.array([[-2.5, -2], [-2, 1.5], [0, 0], [0.5, 2.5], [2.0, -1.5], [2.5, 1.0]])
    known = summed(1, truth, ("white",) * 6, 16, 0.3, 40, "periodic")
    told = peeled(job_for(known.stack, boundary="periodic", max_speed=4), None, 0.01, quiet)
    assert len(told.velocities) == AUTO
    assert told.stopped == f"No more than {AUTO} are looked for."
    off = torch.cdist(told.velocities, torch.from_numpy(truth))
    assert float(off.min(1).values.max()) < 0.1


def test_a_lower_false_alarm_asks_for_a_higher_peak() -> None:
    job = job_for(scene("crop").stack, max_speed=3)
    (_, usual), (_, strict) = (peaks_of(job, chance, quiet) for chance in (1e-2, 1e-6))
    assert strict > usual > 4


def test_the_score_at_a_peak_is_the_peaks() -> None:
    job = job_for(scene("crop").stack, max_speed=3)
    landscape, _ = peaks_of(job, 0.01, quiet)
    for peak in landscape.peaks[:2]:
        at = torch.tensor(peak[:2], dtype=torch.float64)
        assert score_at(job, at, quiet) == pytest.approx(peak.score, rel=0.02)
    assert abs(score_at(job, torch.tensor([2.5, 2.4]).double(), quiet)) < 4
