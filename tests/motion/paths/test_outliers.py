"""Frames that do not belong are listed exactly; no frame of a clean or changing scene is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.path_scenes import KnownPath, random_walk, with_bad_frames
from tests.motion.made import scene
from tests.motion.paths.made import IMAGE, along, field, tensor, walking

from napari_motionfft.motion.paths.matching import Match
from napari_motionfft.motion.paths.outliers import both, foreign

FRAMES, SIDE = 24, 80


def listed(stack: np.ndarray, path: np.ndarray) -> list[int]:
    """Frames that do not belong, judged along the true path."""
    view = field(stack).still
    halves = [tensor(path)] * 2
    return foreign([view], (halves[0] + halves[1]) / 2, halves, [[view.half(0)], [view.half(1)]])[0]


def match_of(stack: np.ndarray, path: np.ndarray) -> Match:
    view = field(stack).still
    return foreign([view], tensor(path), [tensor(path)] * 2, [[view.half(0)], [view.half(1)]])[1]


@pytest.mark.parametrize("seed", range(3))
def test_blank_frames_and_other_scenes_are_listed_exactly(seed: int) -> None:
    known = with_bad_frames(walking(FRAMES, SIDE, None, seed), seed, blank=3, other=2)
    assert listed(known.stack, known.path) == list(known.bad)


@pytest.mark.parametrize("snr", [2.0, 1.0, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_in_noise_no_good_frame_is_listed_with_the_bad_ones(snr: float, seed: int) -> None:
    known = with_bad_frames(walking(FRAMES, SIDE, snr, seed), seed, blank=3, other=2)
    found = set(listed(known.stack, known.path))
    assert found <= set(known.bad)
    assert len(found) >= {2.0: 4, 1.0: 2, 0.5: 0}[snr]


@pytest.mark.parametrize("snr", [None, 2.0, 1.0, 0.5, 0.2])
@pytest.mark.parametrize("seed", range(4))
def test_no_frame_of_a_clean_stack_is_listed(snr: float | None, seed: int) -> None:
    known = walking(FRAMES, SIDE, snr, seed)
    assert listed(known.stack, known.path) == []


@pytest.mark.parametrize("bad", [[0], [23], [0, 1, 2], [10, 11, 12, 13], list(range(0, 24, 3))])
@pytest.mark.parametrize("level", ["constant", "zero", "noise", "saturated"])
def test_bad_frames_anywhere_are_listed(bad: list[int], level: str) -> None:
    known = walking(FRAMES, SIDE, 2.0)
    stack = known.stack.copy()
    noise = stack.std() / 2 * np.random.default_rng(0).standard_normal((len(bad), SIDE, SIDE))
    stack[bad] = {"constant": 0.7, "zero": 0.0, "noise": noise, "saturated": stack.max()}[level]
    assert listed(stack, known.path) == bad


def test_a_scene_that_slowly_becomes_another_loses_no_frame() -> None:
    one, two = (along(random_walk(0, 30, 0.4), SIDE, 2.0, seed) for seed in (0, 1))
    other = other_scene(one)
    share = np.linspace(0, 1, 30)[:, None, None]
    stack = (1 - share) * one.stack + share * (other + two.stack - clean(two))
    assert listed(stack, one.path) == []
    # first and last have nothing in common
    assert abs(np.corrcoef(clean(one)[0].ravel(), other[-1].ravel())[0, 1]) < 0.3


def clean(known: KnownPath) -> np.ndarray:
    """The same frames without noise."""
    return along(known.path, SIDE, None).stack


def other_scene(known: KnownPath) -> np.ndarray:
    """Another texture that goes along the same path."""
    from benchmarks.path_scenes import moving_window

    return moving_window(scene(256, 9) * IMAGE.std(), known.path, SIDE, None).stack


def test_a_fading_scene_loses_no_frame() -> None:
    known = along(random_walk(0, FRAMES, 0.4), SIDE, None)
    rng = np.random.default_rng(0)
    noise = 0.3 * known.stack.std() * rng.standard_normal(known.stack.shape)
    fading = known.stack * np.linspace(1, 0.5, FRAMES)[:, None, None] + noise
    assert listed(fading, known.path) == []


def test_a_blurred_frame_is_listed_when_nothing_of_it_is_left() -> None:
    known = walking(FRAMES, SIDE, 2.0)
    stack = known.stack.copy()
    stack[9] = stack[9].mean(0)[None]  # smeared along y altogether
    told = match_of(stack, known.path)
    assert int(told.correlation.argmin()) == 9


def test_the_match_of_every_frame_is_a_number() -> None:
    known = walking(FRAMES, SIDE, 2.0)
    stack = known.stack.copy()
    stack[::2] = 0
    told = match_of(stack, known.path)
    assert bool(torch.isfinite(told.correlation).all())
    assert bool(torch.isfinite(told.score).all())
    assert float(told.correlation[::2].abs().max()) < 1e-3


def test_pure_noise_names_no_frame() -> None:
    for seed in range(5):
        stack = np.random.default_rng(seed).standard_normal((FRAMES, 48, 48)).astype(np.float32)
        assert len(listed(stack, random_walk(seed, FRAMES, 2.0))) <= 1


def test_two_matches_are_joined_by_their_certainty() -> None:
    one = Match(torch.tensor([1.0, 0.0]), torch.tensor([0.1, 0.3]))
    two = Match(torch.tensor([0.0, 1.0]), torch.tensor([0.2, 0.3]))
    told = both(one, two)
    torch.testing.assert_close(told.correlation, torch.tensor([0.8, 0.5]))
    torch.testing.assert_close(
        told.stderr, torch.tensor([0.02**0.5 / 5**0.5 * 2**0.5, 0.3 / 2**0.5])
    )
