"""Frames with layers taken out; shares of variance, images and coverage of a fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from benchmarks.layer_scenes import KnownLayers, summed
from tests.motion.made import job_for
from tests.motion.several.made_layers import quiet

from napari_motionfft.motion.job import Job
from napari_motionfft.motion.several.field import layers_of
from napari_motionfft.motion.several.fit import Layered
from napari_motionfft.motion.several.residual import predicted, without
from napari_motionfft.motion.several.told import (
    FLOOR,
    covariances,
    energies,
    images,
    plain_mean,
    seen_by,
)
from napari_motionfft.motion.several.torus import Torus

LEVEL = 50.0


@cache
def made(boundary: str, fast: bool = False) -> tuple[KnownLayers, Job, Layered, list[Torus]]:
    """Two layers in noise of half their deviation, about a level; fitted from the truth."""
    velocities = np.array([[6.5, 0.5], [-0.8, 1.1]] if fast else [[0.9, -0.7], [-0.8, 1.1]])
    known = summed(4, velocities, ("white", "white"), 12, 0.5, 48, boundary)
    job = job_for(10 * known.stack + LEVEL, boundary=boundary, max_speed=8)
    fit, tori = layers_of(job, torch.from_numpy(velocities), torch.tensor([True, True]), quiet)
    return known, job, fit, tori


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("boundary", ["crop", "periodic"])
def test_frames_without_their_layers_are_noise(boundary: str, fast: bool) -> None:
    known, job, fit, tori = made(boundary, fast)
    if fast and boundary == "crop":
        assert len(tori) == 2  # all of it leaves within a run
    rest = without(job, fit, tori, [0, 1]).frames
    values = np.asarray(rest.data[:]) * job.frames.scale / 10
    noise = known.stack - known.layers.sum(0)
    noise = noise - noise.mean((1, 2), keepdims=True)
    values = values - values.mean((1, 2), keepdims=True)
    assert values.std() == pytest.approx(0.5, rel=0.2)
    assert np.corrcoef(values.ravel(), noise.ravel())[0, 1] > 0.85


@pytest.mark.parametrize("m", [0, 1])
def test_frames_without_one_layer_show_the_other(m: int) -> None:
    known, job, fit, tori = made("periodic")
    rest = np.asarray(without(job, fit, tori, [m]).frames.data[:]) * job.frames.scale / 10
    wanted = known.stack - known.layers[m]
    wanted, rest = (x - x.mean((1, 2), keepdims=True) for x in (wanted, rest))
    assert np.corrcoef(rest.ravel(), wanted.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("fast", [False, True])
def test_a_rest_is_read_like_an_array(fast: bool) -> None:
    _, job, fit, tori = made("crop", fast)
    rest = without(job, fit, tori, [1]).frames.data
    whole = np.asarray(rest[:])
    assert whole.shape == rest.shape == (12, 48, 48)
    assert whole.dtype == rest.dtype == np.float32
    assert rest.ndim == 3
    np.testing.assert_allclose(rest[7], whole[7], atol=1e-5)
    np.testing.assert_allclose(rest[4:9], whole[4:9], atol=1e-5)
    np.testing.assert_allclose(rest[5:6, 3:40, 10:], whole[5:6, 3:40, 10:], atol=1e-5)
    np.testing.assert_allclose(rest[0:12, :, 4], whole[:, :, 4], atol=1e-5)
    nothing = without(job, fit, tori, []).frames.data
    np.testing.assert_array_equal(nothing[:], job.frames.read(0, 12, job.box))


def test_the_job_without_layers_is_that_of_its_field_alone() -> None:
    rng = np.random.default_rng(0)
    stack = rng.standard_normal((6, 60, 70)).astype(np.float32)
    job = job_for(stack, region=(slice(10, 42), slice(20, 60)), background="static")
    velocities = torch.tensor([[0.5, 0.2]], dtype=torch.float64)
    fit, tori = layers_of(job, velocities, torch.tensor([True]), quiet, 1)
    rest = without(job, fit, tori, [0])
    assert rest.box == ((0, 32), (0, 40))
    assert rest.frames.shape == (32, 40)
    assert rest.frames.count == 6
    assert not rest.static


def test_shares_are_those_of_the_truth() -> None:
    """Layers of variance 1 and 1, noise of 0.25; what is held back of noise goes to the rest."""
    for boundary in ("crop", "periodic"):
        _, _, fit, tori = made(boundary)
        shares, rest = energies(fit, tori, quiet)
        np.testing.assert_allclose(shares, 1 / 2.25, atol=0.06)
        assert rest == pytest.approx(0.25 / 2.25, abs=0.04)


def test_shares_do_not_depend_on_blocks() -> None:
    _, _, fit, tori = made("crop")
    shares, rest = energies(fit, tori, quiet)
    small = [replace(torus, block=5) for torus in tori]
    again, left = energies(fit, small, quiet)
    np.testing.assert_allclose(again, shares, rtol=1e-5)
    assert left == pytest.approx(rest, rel=1e-4)


def test_images_are_the_layers_about_the_level() -> None:
    known, job, fit, tori = made("periodic")
    found = images(job, fit, tori, LEVEL)
    assert found.dtype == np.float32
    for image, truth in zip(found, known.images, strict=True):
        assert np.corrcoef(image.ravel(), truth.ravel())[0, 1] > 0.97
        assert image.mean() == pytest.approx(LEVEL, abs=1e-3)
        assert image.std() == pytest.approx(10 * truth.std(), rel=0.1)


def test_a_prediction_is_that_of_all_frames_in_parts() -> None:
    _, _, fit, (torus,) = made("crop")
    every = predicted(torus, fit.layers[0], fit.model.velocities, 0, 12)
    some = predicted(torus, fit.layers[0], fit.model.velocities, 5, 8)
    torch.testing.assert_close(some, every[5:8])
    assert float(every.mean((1, 2)).abs().max()) < 1e-5


def test_the_plain_mean_is_in_units_of_the_stack() -> None:
    stack = np.random.default_rng(1).integers(0, 4000, (7, 40, 30)).astype(np.uint16)
    job = replace(job_for(stack, region=(slice(2, 30), slice(1, 29))), block=3)
    np.testing.assert_allclose(plain_mean(job), stack[:, 2:30, 1:29].mean(0), rtol=1e-5)


def test_coverage_counts_the_frames_that_show_a_pixel_of_frame_0() -> None:
    path = torch.tensor([[0.0, 0.0], [0.0, 2.0], [0.0, 4.0], [0.0, 6.0]])
    found = seen_by(path, (16, 20), False)
    assert found.dtype == np.int32
    assert (found[:, :14] == 4).all()
    assert found[0, 14:].tolist() == [3, 3, 2, 2, 1, 1]
    assert (seen_by(path, (16, 20), True) == 4).all()


def test_errors_hold_the_floor_the_last_step_and_misfit() -> None:
    _, _, fit, _ = made("periodic")
    free = fit.model.free
    still = replace(fit, move=torch.zeros(2, 2).double())
    plain = covariances(still, 12, torch.ones(2))
    floor = (FLOOR / 11) ** 2
    blocks = fit.covariance.reshape(2, 2, 2, 2)
    for m in (0, 1):
        torch.testing.assert_close(
            plain[m], blocks[m, :, m] + floor * torch.eye(2).double(), rtol=1e-9, atol=0
        )
    wider = covariances(still, 12, torch.tensor([4.0, 1.0]))
    torch.testing.assert_close(wider[0], plain[0] + 3 * blocks[0, :, 0])
    torch.testing.assert_close(wider[1], plain[1])
    moved = covariances(
        replace(fit, move=torch.tensor([[0.3, 0.0], [0.0, 0.0]])), 12, torch.ones(2)
    )
    assert float(moved[0, 0, 0] - plain[0, 0, 0]) == pytest.approx(0.09, rel=1e-6)
    held = replace(still, model=replace(fit.model, free=torch.zeros_like(free)))
    none = covariances(replace(held, covariance=0 * fit.covariance), 12, torch.ones(2))
    assert not none.any()
