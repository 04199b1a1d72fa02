"""Paths of every model against the truth, and their error bars against the errors."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from benchmarks.path_scenes import KnownPath, long_drift, rmse, sinusoid, steady
from tests.motion.paths.made import along, walking

import napari_motionfft as mf
from napari_motionfft.motion.result import Motion

FRAMES, SIDE = 24, 96


def bend(frames: int = FRAMES) -> np.ndarray:
    """A parabola of about 10 px, (T, 2)."""
    t = np.linspace(-1, 1, frames)[:, None]
    path = np.concatenate([6 * t**2, 5 * t - 3 * t**2], 1)
    return np.asarray(path - path[0])


@cache
def made(kind: str, snr: float | None, seed: int) -> KnownPath:
    if kind == "walk":
        return walking(FRAMES, SIDE, snr, seed, 0.8)
    paths = {"line": steady(seed, FRAMES, 0.4), "bend": bend(), "wave": sinusoid(FRAMES, 3.0)}
    return along(paths[kind], SIDE, snr, seed)


@cache
def answer(kind: str, model: str, snr: float | None, seed: int) -> Motion:
    return mf.estimate_motion(made(kind, snr, seed).stack, model, device="cpu")


RIGHT = [("walk", "free"), ("bend", "polynomial"), ("wave", "spline"), ("line", "velocity"),
         ("line", "polynomial"), ("line", "spline"), ("line", "free"), ("bend", "spline"),
         ("bend", "free"), ("wave", "free")]  # fmt: skip


@pytest.mark.parametrize(("kind", "model"), RIGHT)
def test_without_noise_a_model_that_holds_the_path_finds_it(kind: str, model: str) -> None:
    motion = answer(kind, model, None, 0)
    assert motion.reliable, motion.reason
    assert motion.excluded == motion.jumps == ()
    # a spline chosen from a half need not hold a whole sinusoid to the last hundredth
    limit = 0.05 if (kind, model) == ("wave", "spline") else 0.004
    assert rmse(motion.displacements, made(kind, None, 0).path) < limit


@pytest.mark.parametrize(
    ("kind", "model", "seed"), [(*one, 0) for one in RIGHT] + [(*one, 1) for one in RIGHT[:4]]
)
def test_in_noise_as_strong_as_the_scene(kind: str, model: str, seed: int) -> None:
    motion, known = answer(kind, model, 1.0, seed), made(kind, 1.0, seed)
    assert motion.reliable, motion.reason
    assert motion.excluded == motion.jumps == ()
    error = rmse(motion.displacements, known.path)
    bound = float(np.sqrt((known.bound**2).mean()))
    assert error < 1.5 * bound + (0.05 if (kind, model) == ("wave", "spline") else 0)
    if model in ("polynomial", "velocity"):  # a few numbers are surer than a free path
        assert error < bound


def test_what_comes_back_has_the_shapes_and_meaning_that_are_told() -> None:
    motion = answer("walk", "free", 1.0, 0)
    assert motion.model == "free"
    assert motion.parameters == FRAMES
    assert motion.displacements.shape == motion.displacement_stderr.shape == (FRAMES, 2)
    assert motion.displacements[0].tolist() == [0, 0]
    assert motion.displacement_stderr[0].tolist() == [0, 0]
    assert motion.split_half_displacements.shape == (2, FRAMES, 2)
    np.testing.assert_array_equal(motion.split_half_displacements[:, 0], 0)
    assert motion.correlation.shape == motion.frame_score.shape == (FRAMES,)
    assert float(motion.frame_score.min()) > 3
    assert motion.integrated.shape == motion.plain_mean.shape == (SIDE, SIDE)
    assert motion.coverage.max() == FRAMES
    # the slope of the path is its velocity
    t = np.arange(FRAMES) - (FRAMES - 1) / 2
    np.testing.assert_allclose(motion.velocity, t @ motion.displacements / (t @ t), atol=1e-9)
    spread = motion.velocity_covariance
    np.testing.assert_allclose(motion.velocity_stderr, np.sqrt(np.diag(spread)))


@pytest.mark.parametrize("seed", range(2))
def test_either_half_alone_finds_the_path_less_well(seed: int) -> None:
    motion, known = answer("walk", "free", 1.0, seed), made("walk", 1.0, seed)
    errors = [rmse(half, known.path) for half in motion.split_half_displacements]
    assert max(errors) < 0.1
    assert min(errors) > rmse(motion.displacements, known.path)


@pytest.mark.parametrize(
    ("kind", "model", "one", "two"),
    # the four numbers of a parabola's path make all its errors: few independent ones
    [("walk", "free", (0.55, 0.85), 0.88), ("bend", "polynomial", (0.4, 0.95), 0.8)],
)
def test_error_bars_hold_the_errors(
    kind: str, model: str, one: tuple[float, float], two: float
) -> None:
    """Six seeds pooled: the shares within 1σ and within 2σ."""
    away = []
    for seed in range(6):
        motion, known = answer(kind, model, 1.0, seed), made(kind, 1.0, seed)
        off = (motion.displacements - known.path)[1:] / motion.displacement_stderr[1:]
        away.append(off.ravel())
    pooled = np.abs(np.concatenate(away))
    assert one[0] < (pooled < 1).mean() < one[1]
    assert (pooled < 2).mean() > two


ASKED: list[tuple[str, dict[str, int]]] = [
    ("velocity", {}),
    ("polynomial", {"degree": 2}),
    ("spline", {"knots": 2}),
]


@pytest.mark.parametrize(("model", "asked"), ASKED)
def test_a_model_that_does_not_fit_says_so(model: str, asked: dict[str, int]) -> None:
    """Smooth models of a walk, three seeds: half of the frames within 3σ of it, and a note."""
    off = []
    for seed in range(3):
        known = made("walk", 1.0, seed)
        motion = mf.estimate_motion(known.stack, model, **asked)
        off.append(np.abs(motion.displacements - known.path)[1:] / motion.displacement_stderr[1:])
        assert any("depart from" in note for note in motion.notes)
    assert np.median(off) < 3


@pytest.mark.parametrize("effort", ["fast", "balanced", "precise"])
def test_more_effort_is_no_worse(effort: str) -> None:
    known = made("walk", 0.5, 0)
    motion = mf.estimate_motion(known.stack, "free", effort=effort)
    limit = {"fast": 1.8, "balanced": 1.5, "precise": 1.5}[effort]
    assert rmse(motion.displacements, known.path) < limit * np.sqrt((known.bound**2).mean())


@pytest.mark.parametrize(
    ("kind", "models"),
    [
        ("walk", {("free", FRAMES)}),
        ("bend", {("polynomial", 2), ("polynomial", 3)}),
        ("line", {("velocity", 1), ("polynomial", 2)}),
        ("wave", {("spline", 7), ("free", FRAMES)}),
    ],
)
@pytest.mark.parametrize("snr", [None, 1.0])
def test_auto_picks_the_model_that_made_the_path(
    kind: str, models: set[tuple[str, int]], snr: float | None
) -> None:
    motion, known = answer(kind, "auto", snr, 0), made(kind, snr, 0)
    assert (motion.model, motion.parameters) in models
    bound = np.sqrt((known.bound**2).mean())
    slack = 0.05 if kind == "wave" else 4e-3
    assert rmse(motion.displacements, known.path) < 1.5 * bound + slack
    tried = [candidate.model for candidate in motion.candidates]
    assert set(tried) == {"velocity", "polynomial", "spline", "free"}
    if snr is not None:  # without noise, paths that lie within 0.01 px are level
        best = max(motion.candidates, key=lambda one: one.evidence)
        assert (motion.model, motion.parameters) == (best.model, best.parameters)


def test_sizes_that_are_given_are_kept() -> None:
    stack = made("walk", 1.0, 0).stack
    wanted: list[tuple[str, dict[str, int], int]] = [
        ("polynomial", {"degree": 4}, 4),
        ("spline", {"knots": 3}, 6),
        ("free", {"binning": 4}, 6),
        ("free", {"binning": 1}, 24),
    ]
    for model, asked, size in wanted:
        motion = mf.estimate_motion(stack, model, **asked)
        assert motion.parameters == size
        assert len(motion.candidates) == 1
    binned = mf.estimate_motion(stack, "free", binning=4).displacements
    assert float(np.abs(np.diff(binned[2:6], n=2, axis=0)).max()) < 1e-9  # straight between nodes


def test_a_drift_of_two_fields_is_chained_and_shown_whole() -> None:
    known = long_drift(frames=50, fields=2, side=64, snr=1.0, wander=3.0)
    motion = mf.estimate_motion(known.stack, "free", canvas="union")
    assert motion.reliable, motion.reason
    assert rmse(motion.displacements, known.path) < 0.12
    assert any("overlapping runs" in note for note in motion.notes)
    off = np.abs(motion.displacements - known.path)[1:] / motion.displacement_stderr[1:]
    assert np.median(off) < 1.5
    # the content went 128 px to the right: what the first frame sees last lies left of it
    top, left = motion.origin
    assert -132 <= left <= -126
    assert -10 <= top <= 0
    height, width = motion.integrated.shape
    assert 64 + 126 <= width <= 64 + 132
    assert motion.coverage.shape == (height, width)
    # both ends of the travelled field are shown, by some frames only
    middle = motion.coverage[height // 2]
    assert middle.min() > 0
    assert middle.max() < 50
    assert motion.plain_mean.shape == (64, 64)
