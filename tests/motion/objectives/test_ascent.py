"""Multi-start ascent: equal to torch.optim start by start, and L-BFGS."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from tests.motion.made import wrapping

import napari_motionfft as mf
from napari_motionfft.motion import objectives as ob

Function = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def small(videos: int = 2) -> torch.Tensor:
    """Two small periodic videos, (B, 5, 20, 20) float64."""
    stacks = [wrapping((0.7 * (i + 1), -1.1), (20, 20), 5, seed=i) for i in range(videos)]
    return torch.from_numpy(np.stack(stacks))


def one_after_another(
    frames: torch.Tensor, objective: Function, starts: torch.Tensor, steps: int, patience: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The posts' loop: shifts (S, N, B, 2), loss (S, N), rate (S, N)."""
    shifts, losses, rates = [], [], []
    for start in starts:
        here = start.clone().requires_grad_()
        rule = torch.optim.Adam([here], lr=0.5)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            rule, mode="min", patience=patience, factor=0.5
        )
        for _ in range(steps):
            rule.zero_grad()
            loss = -objective(frames, here).mean()
            loss.backward()
            rates.append(rule.param_groups[0]["lr"])
            rule.step()
            plateau.step(loss.detach())
            shifts.append(here.detach().clone())
            losses.append(loss.detach())
    shape = (len(starts), steps)
    return (
        torch.stack(shifts).reshape(*shape, *starts.shape[1:]),
        torch.stack(losses).reshape(shape),
        torch.tensor(rates).reshape(shape),
    )


def rough(frames: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """A loss above zero, with kinks: Adam jumps about, and the rate falls."""
    return -1 - (shifts - 0.3).abs().sum(-1) - (5 * shifts).sin().abs().sum(-1)


def lifted(frames: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """The same with a loss below zero, where the plateau's threshold is lenient."""
    return 20 + rough(frames, shifts)


@pytest.mark.parametrize(
    ("objective", "steps", "patience", "falls"),
    [
        (rough, 60, 4, True),
        (lifted, 60, 0, True),
        (ob.OBJECTIVES["fourier"], 60, 50, False),
        (ob.OBJECTIVES["fourier-unsigned"], 60, 3, True),
        (ob.OBJECTIVES["gcc-phat-0"], 60, 2, True),
        # kinks at whole pixels double a rounding error every few steps
        (ob.OBJECTIVES["spatial"], 12, 50, False),
    ],
)
def test_all_starts_at_once_equal_torch_optim_one_by_one(
    objective: Function, steps: int, patience: int, falls: bool
) -> None:
    frames = small()
    starts = ob.random_starts(4, 2).double()
    found = ob.multi_start(frames, objective, starts, steps, patience=patience)
    shifts, loss, rate = one_after_another(frames, objective, starts, steps, patience)
    np.testing.assert_allclose(found.lr, rate, rtol=0, atol=0)
    assert bool((rate[:, -1] < 0.5).any()) == falls
    np.testing.assert_allclose(found.shifts, shifts, rtol=0, atol=1e-7)
    np.testing.assert_allclose(found.loss, loss, rtol=1e-6)
    np.testing.assert_array_equal(found.final, found.shifts[:, -1])


def test_float32_follows_torch_optim_too() -> None:
    frames = small().float()
    starts = ob.random_starts(3, 2)
    found = ob.multi_start(frames, "fourier-gaussian", starts, steps=40)
    shifts, _, _ = one_after_another(frames, ob.OBJECTIVES["fourier-gaussian"], starts, 40, 50)
    assert found.shifts.dtype == np.float32
    np.testing.assert_allclose(found.shifts, shifts, rtol=0, atol=2e-3)


def test_a_start_goes_the_same_way_alone() -> None:
    frames, starts = small(), ob.random_starts(5, 2).double()
    together = ob.multi_start(frames, "gcc-phat-0.7-fejer", starts, steps=25)
    alone = ob.multi_start(frames, "gcc-phat-0.7-fejer", starts[3:4], steps=25)
    np.testing.assert_allclose(alone.shifts[0], together.shifts[3], rtol=0, atol=1e-9)


def test_starts_that_do_not_fit_at_once_go_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_motionfft.motion.objectives import ascent

    frames, starts = small(), ob.random_starts(5, 2).double()
    whole = ob.multi_start(frames, "spatial", starts, steps=5)
    monkeypatch.setattr(ascent, "starts_at_once", lambda cost: 2)
    parts = ob.multi_start(frames, "spatial", starts, steps=5)
    np.testing.assert_allclose(parts.shifts, whole.shifts, rtol=0, atol=1e-12)


def test_random_starts_are_the_posts_own() -> None:
    found = ob.random_starts(3, 2)
    for trial in range(3):
        torch.manual_seed(trial)
        posts = (torch.rand(2 * 2).reshape(2, 2) * 2 - 1) * 4  # (dx, dy)
        torch.testing.assert_close(found[trial], posts.flip(-1), rtol=0, atol=0)
    assert not torch.equal(ob.random_starts(3, 2, seed=1), found)


def test_success_is_near_the_truth_after_a_hundred_steps() -> None:
    frames, truth = ob.posts_square()
    starts = torch.stack([truth, truth + 1.0])
    history = ob.multi_start(frames, "fourier-gaussian", starts, truth=truth)
    assert history.successes == 2
    assert history.converged.min() > 101
    assert history.steps == history.converged.max() < 400
    for start, steps in enumerate(history.converged):
        path = history.shifts[start]
        error = np.linalg.norm((path - truth.numpy()).reshape(len(path), -1), axis=1)
        assert error[steps - 1] < 1 / 5
        assert (error[101 : steps - 1] >= 1 / 5).all()
        # it stays where it converged while the others go on
        assert (path[steps - 1 :] == path[steps - 1]).all()
        assert history.error[start] == pytest.approx(error[steps - 1], rel=1e-5)


def test_without_the_truth_nothing_is_called_a_success() -> None:
    history = ob.multi_start(small(), "fourier", ob.random_starts(2, 2), steps=7)
    assert history.successes == 0
    assert history.converged.tolist() == [-1, -1]
    assert np.isnan(history.error).all()
    assert history.shifts.shape == (2, 7, 2, 2)
    assert history.loss.shape == history.lr.shape == (2, 7)
    plain = json.loads(json.dumps(history.to_dict()))
    assert plain["objective"] == "fourier"
    assert plain["error"] == [None, None]
    assert np.shape(plain["shifts"]) == (2, 7, 2, 2)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e5])
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_brightness_is_no_matter(scale: float, optimiser: str) -> None:
    frames = small(1).float()
    truth = torch.tensor([[0.7, -1.1]])
    history = ob.multi_start(
        scale * frames, "fourier-gaussian", truth[None] + 0.6, optimiser=optimiser, truth=truth
    )
    assert history.successes == 1


@pytest.mark.parametrize("name", ["fourier", "fourier-lanczos", "fourier-gaussian", "gcc-phat-0"])
def test_lbfgs_finds_the_peak_in_few_steps(name: str) -> None:
    frames, truth = ob.posts_square(torch.float64)
    starts = ob.random_starts(10, 2)
    history = ob.multi_start(frames, name, starts, optimiser="lbfgs", truth=truth)
    assert history.successes == 10
    assert history.steps < 40
    assert history.error.max() < 1e-6
    assert (np.diff(history.loss, axis=1) <= 1e-12).all()  # never uphill


def test_lbfgs_curvature_is_each_problems_own() -> None:
    frames, starts = small(), ob.random_starts(6, 2).double()
    together = ob.multi_start(frames, "fourier-gaussian", starts, 30, optimiser="lbfgs")
    alone = ob.multi_start(frames, "fourier-gaussian", starts[2:3], 30, optimiser="lbfgs")
    np.testing.assert_allclose(together.final[2], alone.final[0], atol=1e-6)
    video = ob.multi_start(frames[1:], "fourier-gaussian", starts[:, 1], 30, optimiser="lbfgs")
    np.testing.assert_allclose(together.final[:, 1], video.final[:, 0], atol=1e-6)


def test_lbfgs_reaches_the_minimum_of_a_narrow_valley() -> None:
    def valley(frames: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
        y, x = shifts.unbind(-1)
        return -((1 - x) ** 2 + 100 * (y - x**2) ** 2)  # Rosenbrock's

    starts = torch.tensor([[1.0, -1.2], [2.0, 2.0], [0.0, 0.0]], dtype=torch.float64)
    history = ob.multi_start(small(1), valley, starts, 200, optimiser="lbfgs")
    np.testing.assert_allclose(history.final[:, 0], 1.0, atol=1e-5)
    assert history.steps < 120


@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_the_continuation_ends_on_the_plain_objective(optimiser: str) -> None:
    frames, truth = ob.posts_square(torch.float64)
    starts = ob.random_starts(3, 2)
    steps = 160 if optimiser == "adam" else 60
    alphas = ob.continuation_schedule(steps, 0.5, stages=3)
    history = ob.multi_start(
        frames, "fourier", starts, steps, alphas=alphas, truth=truth, optimiser=optimiser
    )
    assert history.successes == 3
    first = ob.OBJECTIVES["fourier"](frames, starts[0].double(), ob.geometric_weights(5, 0.5))
    assert history.loss[0, 0] == pytest.approx(-float(first.mean()), rel=1e-9)
    if optimiser == "lbfgs":
        assert history.error.max() < 1e-3


def test_progress_rises_and_cancel_stops() -> None:
    heard: list[float] = []
    frames, starts = small(), ob.random_starts(2, 2)
    ob.multi_start(frames, "fourier", starts, 10, progress=lambda f, m: heard.append(f))
    assert len(heard) > 3
    assert heard == sorted(heard)
    cancel = threading.Event()

    def stop(fraction: float, message: str) -> None:
        assert "fourier" in message
        if fraction > 0.3:
            cancel.set()

    with pytest.raises(mf.Cancelled):
        ob.multi_start(frames, "fourier", starts, 100, progress=stop, cancel=cancel)


def test_the_mean_over_videos_does_not_mix_their_paths() -> None:
    frames, starts = small(), ob.random_starts(2, 2).double()
    both = ob.multi_start(frames, "fourier-gaussian", starts, 30)
    one = ob.multi_start(frames[:1], "fourier-gaussian", starts[:, :1], 30)
    # Adam does not see the scale of a gradient, but for its eps
    np.testing.assert_allclose(both.shifts[:, :, :1], one.shifts, atol=1e-4)
    assert math.isclose(
        both.loss[0, 0],
        -float(ob.fourier_variance(frames, starts[0], "gaussian").mean()),
        rel_tol=1e-9,
    )
