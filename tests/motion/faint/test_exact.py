"""The exact score of a track, its slope, and the climb to its top."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.motion.faint.made_movers import add, noise

from napari_motionfft.motion.faint.clean import cleaned
from napari_motionfft.motion.faint.exact import Tracks, climbed, exact
from napari_motionfft.motion.faint.matched import Matched, matched

MIDDLE, VELOCITY = (31.3, 29.8), (0.71, -0.42)


def track(place: object, velocity: object) -> Tracks:
    return Tracks(*(torch.tensor([each], dtype=torch.float64) for each in (place, velocity)))


def seen_with(peak: float, seed: int = 0, size: float = 3.0) -> Matched:
    stack = noise(seed)
    add(stack, MIDDLE, VELOCITY, peak)
    return matched(cleaned(torch.from_numpy(stack), True), size)


def test_slope_is_the_derivative_of_the_score() -> None:
    seen = seen_with(2.0)
    step = 1e-2
    for place in ((31.0, 30.2), (2.2, 60.9), (0.3, 12.0)):  # the last two lose frames at the edge
        here = torch.tensor([*place, *VELOCITY], dtype=torch.float64)
        slope = exact(seen, track(place, VELOCITY)).slope[0]
        for axis in range(4):
            ends = []
            for sign in (1, -1):
                moved = here.clone()
                moved[axis] += sign * step / (10 if axis > 1 else 1)
                ends.append(exact(seen, track(moved[:2].tolist(), moved[2:].tolist())).score[0])
            width = 2 * step / (10 if axis > 1 else 1)
            numeric = float(ends[0] - ends[1]) / width
            slack = 0.05 * float(slope.norm())
            assert float(slope[axis]) == pytest.approx(numeric, rel=0.05, abs=slack)


def test_climb_comes_to_the_object_from_two_px_away() -> None:
    seen = seen_with(3.0)
    start = track((MIDDLE[0] + 1.4, MIDDLE[1] - 1.2), (VELOCITY[0] + 0.06, VELOCITY[1] - 0.05))
    found, values = climbed(seen, start)
    assert np.hypot(*(found.places[0].numpy() - MIDDLE)) < 0.15
    assert np.hypot(*(found.velocities[0].numpy() - VELOCITY)) < 0.02
    assert float(values.score[0]) > float(exact(seen, start).score[0])
    assert float(values.slope[0, :2].norm()) < 0.05 * float(values.score[0])


def test_score_of_noise_has_unit_spread() -> None:
    seen = matched(cleaned(torch.from_numpy(noise(3, (24, 96, 96))), False), 3.0)
    random = torch.Generator().manual_seed(0)
    places = torch.rand(400, 2, generator=random, dtype=torch.float64) * 95
    velocities = torch.rand(400, 2, generator=random, dtype=torch.float64) * 2 - 1
    score = exact(seen, Tracks(places, velocities)).score / seen.scale
    assert float(score.std()) == pytest.approx(1.0, abs=0.12)
    assert float(score.mean()) == pytest.approx(0.0, abs=0.15)


def test_frames_that_see_a_track_are_counted() -> None:
    seen = seen_with(0.0)
    found = exact(seen, track((31.5, 31.5), (4.0, 0.0)))  # 64 px of 128
    assert 15 <= float(found.frames[0]) <= 17
    assert float(exact(seen, track((31.5, 31.5), (0.2, 0.2))).frames[0]) == 32


def test_large_objects_are_seen_in_binned_frames() -> None:
    stack = noise(1)
    add(stack, MIDDLE, VELOCITY, 1.0, width=9.0)
    seen = matched(cleaned(torch.from_numpy(stack), True), 9.0)
    assert seen.bin == 4
    binned = tuple((p - 1.5) / 4 for p in MIDDLE), tuple(v / 4 for v in VELOCITY)
    found, values = climbed(seen, track(*binned))
    place = found.places[0].numpy() * 4 + 1.5
    assert np.hypot(*(place - MIDDLE)) < 0.5
    assert float(values.score[0]) > 10  # of 38, most of which the mean over time takes
