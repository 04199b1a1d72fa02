"""Whether what lies before and after a moment shows one scene; models, chosen by evidence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.path_scenes import moving_window, noise_only, random_walk, rmse, steady
from tests.motion.made import scene
from tests.motion.paths.made import along, field, ones, tensor, walking

from napari_motionfft.motion.paths.choose import PRICE, fitted, held_out, trials
from napari_motionfft.motion.paths.find import centred
from napari_motionfft.motion.paths.linked import cuts, loose_cut, relinked
from napari_motionfft.motion.paths.starts import nearest_to
from napari_motionfft.motion.paths.views import masks
from napari_motionfft.motion.paths.weighing import weighed
from napari_motionfft.motion.pipeline import refine_weight
from napari_motionfft.motion.trajectory import basis_of

FRAMES = 20


def two_scenes(at: int) -> np.ndarray:
    """One scene up to a frame, another from it on, along the same path."""
    known = walking(FRAMES, 64, 2.0)
    other = moving_window(scene(256, 9), known.path, 64, 2.0).stack
    stack = known.stack.copy()
    stack[at:] = other[at:] * (known.stack.std() / other.std())
    return stack


def loose(stack: np.ndarray, path: np.ndarray) -> int | None:
    views = [field(stack).still]
    parts = [masks(views, which) or [] for which in (0, 1)]
    return loose_cut(views, [tensor(path)] * 2, parts, ones(len(path)))


def test_agreement_across_a_cut_is_what_one_scene_would_give() -> None:
    known = walking(FRAMES, 64, 2.0)
    told = cuts(field(known.stack).still, tensor(known.path), ones(FRAMES), None)
    assert told is not None
    assert told.first == 3
    assert len(told.energy) == FRAMES - 2 * 3 + 1
    np.testing.assert_allclose(told.energy / told.expected, 1, atol=0.15)
    assert float((told.energy / told.noise).min()) > 6


def test_agreement_between_two_scenes_is_chance() -> None:
    """Fifteen pairs of scenes: 0 ± 1 in its own units, though either side is coherent."""
    found = []
    for seed in range(15):
        one = np.repeat(scene(256, 100 + seed)[None, :64, :64], 4, 0)
        two = np.repeat(scene(256, 200 + seed)[None, :64, :64], 4, 0)
        stack = np.concatenate([one, two])
        told = cuts(field(stack).still, torch.zeros(8, 2, dtype=torch.float64), ones(8), None)
        assert told is not None
        found.append(float(told.energy[1] / told.noise[1]))  # the cut before frame 4
    assert abs(np.mean(found)) < 0.8
    assert 0.5 < np.std(found) < 1.8


@pytest.mark.parametrize("at", [6, 10, 13])
def test_the_frame_where_another_scene_begins_is_told(at: int) -> None:
    assert loose(two_scenes(at), walking(FRAMES, 64, 2.0).path) == at


@pytest.mark.parametrize("snr", [None, 2.0, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_one_scene_has_no_loose_cut(snr: float | None, seed: int) -> None:
    known = walking(FRAMES, 64, snr, seed)
    assert loose(known.stack, known.path) is None


def test_too_few_frames_have_no_cut() -> None:
    known = walking(5, 64, 2.0)
    assert cuts(field(known.stack).still, tensor(known.path), ones(5), None) is None
    assert loose(known.stack, known.path) is None


def test_a_jump_that_was_missed_is_put_in() -> None:
    path = random_walk(0, FRAMES, 0.2)
    path[12:] += (9.0, -11.0)
    known = along(path, 96, 1.0)
    missed = tensor(random_walk(0, FRAMES, 0.2))
    found = relinked(field(known.stack).still, missed, ones(FRAMES), None)
    assert rmse(found.numpy(), known.path) < 0.5
    assert float((found - missed)[:12].abs().max()) == 0


def test_a_path_that_is_right_and_noise_are_left_as_they_are() -> None:
    known = walking(FRAMES, 64, 1.0)
    right = tensor(known.path)
    assert relinked(field(known.stack).still, right, ones(FRAMES), None) is right
    for seed in range(5):
        view = field(noise_only(seed, FRAMES, 48)).still
        assert relinked(view, right, ones(FRAMES), None) is right


@pytest.mark.parametrize("frames", [2, 5, 12, 60])
def test_models_to_compare_fit_the_frames(frames: int) -> None:
    every = trials({"model": "auto"}, frames)
    assert every[0] == ("velocity", 1)
    assert ("free", 1) in every
    assert len(set(every)) == len(every)
    for model, size in every:
        assert basis_of(model, frames, size).shape[1] <= frames
    assert trials({"model": "spline", "knots": 5}, frames) == [("spline", 5)]
    assert trials({"model": "polynomial", "degree": 4}, frames) == [("polynomial", 4)]
    assert {model for model, _ in trials({"model": "free"}, frames)} == {"free"}


def evidence(kind: str, seed: int) -> dict[tuple[str, int], float]:
    known = (
        along(steady(seed, FRAMES, 0.4), 64, 1.0, seed)
        if kind == "line"
        else walking(FRAMES, 64, 1.0, seed, 0.8)
    )
    path = tensor(known.path)
    views = weighed([field(known.stack).still], path, ones(FRAMES), refine_weight("auto"))
    asked = [("velocity", 1), ("polynomial", 3), ("free", 1)]
    return {
        (model, size): fitted(
            views, views, path, model, size, ones(FRAMES), (), ()
        ).candidate.evidence
        for model, size in asked
    }


def test_evidence_is_in_nats() -> None:
    """A coefficient that is not needed gains half a nat, and costs its price: eight seeds."""
    lost: dict[tuple[str, int], list[float]] = {}
    for seed in range(8):
        told = evidence("line", seed)
        for model, value in told.items():
            lost.setdefault(model, []).append(told["velocity", 1] - value)
    # 2 more an axis for a cubic; 19 for a free path, one of which shifts all frames alike
    assert np.mean(lost["polynomial", 3]) == pytest.approx(4 * PRICE - 2, abs=1.5)
    assert np.mean(lost["free", 1]) == pytest.approx(38 * PRICE - 18, abs=6)


def test_a_walk_is_worth_its_coefficients() -> None:
    told = evidence("walk", 0)
    assert told["free", 1] > told["polynomial", 3] + 10 > told["velocity", 1] + 10


def test_the_held_out_half_knows_noise_from_motion() -> None:
    scores = []
    for seed in range(12):
        view = field(noise_only(seed, 12, 48)).still
        zero = torch.zeros(12, 2, dtype=torch.float64)
        scores.append(held_out([view], [zero, zero], basis_of("free", 12, 1), ones(12))[1])
    assert abs(np.mean(scores)) < 1
    assert np.std(scores) < 1.8
    known = walking(12, 48, 1.0)
    path = tensor(known.path)
    paths, score = held_out(
        [field(known.stack).still], [path, path], basis_of("free", 12, 1), ones(12)
    )
    assert score > 15
    assert max(rmse(one.numpy(), known.path) for one in paths) < 0.5


def test_the_path_nearest_to_a_half_is_taken() -> None:
    right = tensor(random_walk(0, FRAMES, 0.5))
    wrong = right.clone()
    wrong[11:] += 9
    far = right + tensor(random_walk(5, FRAMES, 3.0))
    assert nearest_to([far, right + 0.1], [wrong, far, right]) is far
    assert nearest_to([wrong + 0.1, right], [far * 2, right, wrong]) is right
    # a common shift means nothing
    torch.testing.assert_close(centred(right + 7), centred(right))
