"""How well frames agree along a path: 0 ± 1 by chance, high for the truth; single frames."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from benchmarks.path_scenes import noise_only, random_walk
from tests.motion.made import scene
from tests.motion.paths.made import along, field, ones, tensor, walking

from napari_motionfft.motion.paths.find import Field
from napari_motionfft.motion.paths.matching import agreement, incoherent, match


@cache
def noise_field(seed: int) -> Field:
    return field(noise_only(seed, 16, 48))


@pytest.mark.parametrize("which", [None, 0, 1])
def test_paths_through_noise_agree_by_zero_plus_minus_one(which: int | None) -> None:
    """12 noises, 5 given paths each: mean 0 ± 0.35, spread 0.6 to 1.3."""
    found = []
    for seed in range(12):
        still = noise_field(seed).still
        mask = None if which is None else [still.half(which)]
        for turn in range(5):
            path = tensor(random_walk(100 * seed + turn, 16, 3.0))
            found.append(agreement([still], path, ones(16), mask))
    assert abs(np.mean(found)) < 0.35
    assert 0.6 < np.std(found) < 1.3


def test_a_chain_of_runs_through_noise_agrees_by_no_more_than_chance() -> None:
    """Frames that two runs share do not count twice: spread 0.5 to 1.3 over 40 cases."""
    found, runs = [], []
    for seed in range(10):
        shared = noise_field(seed)
        for turn in range(4):
            path = random_walk(100 * seed + turn, 16, 1.0) + np.arange(16)[:, None] * [0.0, 8.0]
            views = shared.low.along(shared.job, tensor(path), shared.job.check)
            runs.append(len(views))
            found.append(agreement(views, tensor(path), ones(16)))
    assert min(runs) > 2
    assert abs(np.mean(found)) < 0.4
    assert 0.5 < np.std(found) < 1.3


def test_the_true_path_agrees_in_both_halves_far_better_than_a_wrong_one() -> None:
    known = walking(frames=16, step=1.0)
    views = [field(known.stack).still]
    for which in (None, 0, 1):
        mask = None if which is None else [views[0].half(which)]
        right = agreement(views, tensor(known.path), ones(16), mask)
        wrong = agreement(views, tensor(random_walk(99, 16, 3.0)), ones(16), mask)
        assert right > 20
        assert wrong < 0.5 * right


def test_a_path_found_from_noise_agrees_there_but_not_in_the_other_half() -> None:
    """What makes the held-out half honest: every frame laid where its own noise fits best."""
    from napari_motionfft.motion.paths.find import looked_up

    seen, held = [], []
    for seed in range(10):
        shared = noise_field(seed)
        zero = torch.zeros(16, 2, dtype=torch.float64)
        path = looked_up(shared, zero, 0, None, 3, shared.job.check)
        views = [shared.still]
        seen.append(agreement(views, path, ones(16), [shared.still.half(0)]))
        held.append(agreement(views, path, ones(16), [shared.still.half(1)]))
    assert np.mean(seen) > 3
    assert abs(np.mean(held)) < 1
    assert np.std(held) < 1.6


def test_weights_leave_frames_out_of_the_agreement() -> None:
    known = walking(frames=16)
    spoilt = known.stack.copy()
    spoilt[[3, 8]] = 5 * np.random.default_rng(0).standard_normal((2, 64, 64))
    weights = ones(16)
    weights[[3, 8]] = 0
    path = tensor(known.path)
    views = [field(spoilt).still]
    wild = path.clone()
    wild[[3, 8]] += 20
    kept = agreement(views, path, weights)
    assert kept == pytest.approx(agreement(views, wild, weights), rel=1e-5)
    assert kept > 1.2 * agreement(views, path, ones(16))


@pytest.mark.parametrize("snr", [2.0, 0.5])
def test_frames_of_one_scene_match_by_one_and_another_scene_by_nothing(snr: float) -> None:
    known = walking(frames=16, snr=snr)
    stack = known.stack.copy()
    stranger = along(known.path, snr=snr, seed=5).stack[7] - along(known.path, snr=None).stack[7]
    stack[7] = scene(256, 9)[100:164, 80:144] + stranger
    weights = ones(16)
    weights[7] = 0
    told = match([field(stack).still], tensor(known.path), weights)
    own = [t for t in range(16) if t != 7]
    assert abs(float(told.correlation[own].mean()) - 1) < 0.1
    # the error is that of a frame that matches by chance: more than that of one that does match
    off = (told.correlation[own] - 1) / told.stderr[own]
    assert float(off.std()) < 1.3
    assert abs(float(told.correlation[7])) < 0.3 + 3 * float(told.stderr[7])
    torch.testing.assert_close(told.score, told.correlation / told.stderr)


def test_a_misplaced_frame_matches_less() -> None:
    known = walking(frames=16, snr=2.0)
    views = [field(known.stack).still]
    path = tensor(known.path)
    path[5] += tensor([2.0, -1.0])
    told = match(views, path, ones(16))
    assert float(told.correlation[5]) < 0.7
    assert int(told.correlation.argmin()) == 5


def test_what_does_not_stay_in_the_mean_is_the_noise() -> None:
    """White noise of σ = std/SNR about a known scene, within 5 % over all frequencies."""
    known = walking(frames=16, snr=1.0)
    shared = field(known.stack)
    left = incoherent(shared.still, tensor(known.path), ones(16))
    noise = known.stack[0] - along(known.path, snr=None).stack[0]
    bare = noise_field(0).still
    floor = incoherent(bare, tensor(known.path), ones(16)).mean()
    # units: frames are read in standard deviations of the first one
    expected = floor * (noise.std() / known.stack[0].std()) ** 2
    counted = shared.still.weight > 0
    assert float(left[counted].mean() / expected) == pytest.approx(1, abs=0.1)
