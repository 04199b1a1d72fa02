"""The pieces of the separation of opaque layers, each against what it must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_motionfft.motion.job import Job, plan
from napari_motionfft.motion.several.occlusion_evidence import Evidence, posterior
from napari_motionfft.motion.several.occlusion_fit import Fit, secant
from napari_motionfft.motion.several.occlusion_layer import Sums, layer_of, predicted
from napari_motionfft.motion.several.occlusion_smooth import least_around, level, slid
from napari_motionfft.motion.several.occlusion_step import velocity_step
from napari_motionfft.motion.several.occlusion_view import View

SPEEDS = st.floats(-3, 3, allow_nan=False)


def job_of(stack: np.ndarray) -> Job:
    return plan(stack, "velocity", None, None, "auto", "none", "crop", "none", "cpu", None, None)


def pattern(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """A smooth scene without end."""
    return torch.sin(0.31 * y + 0.12 * x) + torch.cos(0.23 * x - 0.17 * y) + torch.sin(0.4 * x)


def moving(velocity: tuple[float, float], frames: int = 9, size: int = 48) -> Job:
    y, x = torch.meshgrid(*[torch.arange(size, dtype=torch.float64)] * 2, indexing="ij")
    stack = [pattern(y - velocity[0] * t, x - velocity[1] * t) for t in range(frames)]
    return job_of(torch.stack(stack).float().numpy())


def summed(view: View) -> Sums:
    sums = Sums.empty(view)
    for rows, values, seen in view.blocks():
        sums.add(rows, values, seen)
    return sums


@given(SPEEDS, SPEEDS)
@settings(max_examples=15)
def test_what_moves_with_the_view_stands_still(vy: float, vx: float) -> None:
    job = moving((vy, vx))
    view = View.of(job, torch.tensor([vy, vx], dtype=torch.float64))
    sums = summed(view)
    mean = sums.total / sums.weight.clamp(min=1)
    for rows, values, seen in view.blocks():
        # a mirror stands in beyond the frame: away from edges
        inner = torch.zeros_like(seen)
        inner[:, 8:-8, 8:-8] = seen[:, 8:-8, 8:-8]
        error = (values - view.windows(mean, rows)).abs() * inner
        assert float(error.max()) < 0.1
        assert float(error.mean()) < 0.01
    assert sums.weight.max() == job.frames.count
    at_first = view.of_region(mean)[8:-8, 8:-8]
    scene = job.frames.read(0, 1, job.box)[0, 8:-8, 8:-8]
    assert float((at_first - scene).abs().median()) < 0.02


@given(SPEEDS, SPEEDS)
@settings(max_examples=15)
def test_adding_to_a_canvas_and_looking_at_it_are_adjoint(vy: float, vx: float) -> None:
    job = job_of(np.random.default_rng(0).standard_normal((6, 20, 24)).astype(np.float32))
    view = View.of(job, torch.tensor([vy, vx], dtype=torch.float64))
    rows = slice(0, 6)
    canvas, values = torch.randn(view.shape), torch.randn(6, 20, 24)
    added = view.blank()
    view.add(added, values, rows)
    there = float((added * canvas).double().sum())
    back = float((values * view.windows(canvas, rows)).double().sum())
    assert there == pytest.approx(back, abs=1e-2)


def test_a_canvas_finds_its_place_on_another() -> None:
    job = job_of(np.random.default_rng(0).standard_normal((6, 20, 24)).astype(np.float32))
    one = View.of(job, torch.tensor([1.0, -0.5], dtype=torch.float64))
    other = View.of(job, torch.tensor([1.3, 0.7], dtype=torch.float64))
    canvas = torch.randn(one.shape)
    moved = other.placed(canvas, one, 7.0)
    assert moved.shape == other.shape
    torch.testing.assert_close(other.of_region(moved), one.of_region(canvas))
    assert bool((moved == 7.0).any())
    torch.testing.assert_close(one.placed(canvas, one, 7.0), canvas)


@given(st.floats(-1, 1), st.floats(-1, 1))
@settings(max_examples=25)
def test_a_slid_probability_stays_one(dy: float, dx: float) -> None:
    windows = torch.rand(2, 12, 15)
    part = torch.tensor([[dy, dx], [0.0, 0.0]], dtype=torch.float64)
    moved = slid(windows, part)
    assert float(moved.min()) >= 0
    assert float(moved.max()) <= 1 + 1e-6
    torch.testing.assert_close(moved[1], windows[1], atol=1e-5, rtol=0)


def test_slid_reads_what_lies_further_on() -> None:
    y, x = torch.meshgrid(torch.arange(10.0), torch.arange(14.0), indexing="ij")
    moved = slid((3 * y + x)[None], torch.tensor([[0.25, -0.5]], dtype=torch.float64))[0]
    torch.testing.assert_close(moved[2:-2, 2:-2], (3 * y + x + 0.25)[2:-2, 2:-2], atol=1e-4, rtol=0)


def test_a_level_fills_holes() -> None:
    weight = torch.ones(60, 70)
    weight[:, 30:] = 0
    total = weight * 5
    torch.testing.assert_close(level(weight, total), torch.full((60, 70), 5.0), atol=1e-3, rtol=0)
    assert bool(torch.isfinite(level(torch.zeros(60, 70), torch.zeros(60, 70))).all())


def test_least_around_is_the_least_of_nine() -> None:
    image = torch.rand(1, 9, 11)
    least = least_around(image)[0]
    for i, j in ((0, 0), (4, 5), (8, 10), (3, 0)):
        around = image[0, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]
        assert float(least[i, j]) == float(around.min())


def test_a_frame_does_not_predict_itself() -> None:
    """A wild frame changes what others are told to be, not what it is told to be itself."""
    rng = np.random.default_rng(0)
    stack = rng.standard_normal((5, 24, 24)).astype(np.float32)
    wild = stack.copy()
    wild[2] += 50

    base = layer_of(summed(View.of(job_of(stack), torch.zeros(2, dtype=torch.float64))), 1.0)

    def told(values: np.ndarray) -> torch.Tensor:
        job = job_of(stack)
        view = View.of(job, torch.zeros(2, dtype=torch.float64))
        sums = Sums.empty(view)
        sums.add(slice(0, 5), torch.from_numpy(values), torch.ones(5, 24, 24))
        layer = layer_of(sums, 1.0)
        layer.level, layer.pull = base.level, 0.5  # the level is of all frames
        return predicted(layer, slice(0, 5), torch.from_numpy(values), torch.ones(5, 24, 24))[0]

    calm, upset = told(stack), told(wild)
    torch.testing.assert_close(calm[2], upset[2], atol=1e-4, rtol=0)
    # 50 in one of four others, the level worth half a frame
    assert float((upset[1] - calm[1]).mean()) == pytest.approx(50 / 4.5, rel=1e-3)


@pytest.mark.parametrize("off", [(0.02, 0.0), (-0.03, 0.04), (0.0, -0.05)])
def test_a_step_leads_back_to_the_truth(off: tuple[float, float]) -> None:
    """From up to 0.2 px off at the ends, to a tenth of that."""
    truth = torch.tensor([0.4, -0.7], dtype=torch.float64)
    job = moving((0.4, -0.7))
    view = View.of(job, truth + torch.tensor(off, dtype=torch.float64))
    layer = layer_of(summed(view), 1e-4)
    mask = (layer.sums.weight == job.frames.count).float()
    move, covariance = velocity_step(layer, mask, 1e-4, 0.0)
    missed = view.velocity + move - truth
    assert float(missed.norm()) < 0.1 * float(torch.tensor(off).norm()) + 5e-4
    assert bool((torch.linalg.eigvalsh(covariance) > 0).all())


def test_no_structure_is_no_knowledge() -> None:
    job = job_of(np.random.default_rng(0).standard_normal((8, 32, 32)).astype(np.float32))
    layer = layer_of(summed(View.of(job, torch.tensor([0.3, 1.0]))), 1.0)
    layer.gated = layer.level.clone()
    _, covariance = velocity_step(layer, torch.ones_like(layer.level), 1.0, 0.0)
    assert float(covariance.diagonal().min()) > 1e6


def test_the_mask_follows_evidence_and_neighbours() -> None:
    front = torch.zeros(40, 40)
    front[10:30, 10:30] = 20.0
    front[18:21, 18:21] = 0.0  # a gap without evidence, and a lone pixel far off
    back = torch.where(front > 0, 0.0, 20.0)
    back[18:21, 18:21] = 0.0
    evidence = Evidence(front, back, torch.zeros(40, 40), torch.ones(40, 40) > 0, 1.0, 1600.0)
    mask = posterior(evidence, torch.full((40, 40), 0.5), 0.7)
    assert float(mask[12:28, 12:28].min()) > 0.5
    assert float(mask[:7].max()) < 0.05
    assert float(mask[33:].max()) < 0.05
    # each pixel free, the mask tells the share alone: where front fits it counts as front
    assert evidence.likelihood(mask) == pytest.approx(20 * (1600 - 9), rel=0.05)


def test_the_mask_needs_no_neighbours_where_the_evidence_is_strong() -> None:
    lone = torch.full((21, 21), -40.0)
    lone[10, 10] = 400.0
    evidence = Evidence(lone, torch.zeros(21, 21), torch.zeros(21, 21), lone != 0, 1.0, 441.0)
    mask = posterior(evidence, torch.full((21, 21), 0.5), 0.7)
    assert float(mask[10, 10]) > 0.9
    assert float(mask[10, 14]) < 0.01
    costly = replace(evidence, cost=torch.full((21, 21), 400.0))
    assert float(posterior(costly, torch.full((21, 21), 0.5), 0.7).max()) < 0.01


def test_a_step_too_long_or_too_short_is_mended_from_the_last() -> None:
    """Steps of 2.5 and 0.4 times what is needed: after one move both get to the truth."""
    gain = torch.tensor([2.5, 0.4], dtype=torch.float64)[:, None]
    truth = torch.tensor([[0.3, -0.2], [1.0, 0.5]], dtype=torch.float64)
    fit = Fit.start(truth + 0.01)
    first = gain * (truth - fit.velocities)
    torch.testing.assert_close(secant(first, fit), first)  # nothing is known yet
    moved = replace(fit, velocities=fit.velocities + first, steps=first, moves=first)
    step = secant(gain * (truth - moved.velocities), moved)
    torch.testing.assert_close(moved.velocities + step, truth)
    # a step that grows is not followed without bound
    torch.testing.assert_close(secant(2 * first, moved), 6 * first)
