"""What the window sees besides the object, and how its edges pull."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from benchmarks.tracked_scenes import KnownObject, crossing, photograph

import napari_motionfft as mf
from napari_motionfft.motion.crops import cut
from napari_motionfft.motion.job import Job, plan
from napari_motionfft.motion.paths.views import sectors
from napari_motionfft.motion.paths.window_pull import Pull
from napari_motionfft.motion.refine import align
from napari_motionfft.motion.spectra import Band
from napari_motionfft.motion.tracked.mask import object_mask
from napari_motionfft.motion.weights import flat


def job_of(known: KnownObject) -> Job:
    return plan(
        known.stack, "free", known.region, None, "auto", "none", "crop", "none", "cpu", None, None,
        track=True,
    )  # fmt: skip


@pytest.mark.parametrize("snr", [math.inf, 3.0])
def test_the_mask_is_where_the_object_is(snr: float) -> None:
    known = crossing(2, snr, 32, moving=True)
    path = torch.from_numpy(known.path)
    seen = torch.ones(len(path), dtype=torch.bool)
    mask = object_mask(job_of(known), path, seen, None, lambda *_: None)
    assert mask is not None
    inside, outside = mask.numpy()[known.opaque > 0.99], mask.numpy()[known.opaque < 0.01]
    assert np.median(inside) > 0.9
    assert np.median(outside) < (0.2 if math.isinf(snr) else 0.6)


def edge(frames: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A soft edge along the diagonal with a faint texture, moving along the edge."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:128, :128].astype(float)
    k = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.rfftfreq(128)[None])
    faint = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((128, 128))) * (k < 0.2), s=(128, 128))
    path = np.arange(frames)[:, None] * np.array([1.37, 1.37])
    ky, kx = np.fft.fftfreq(128)[:, None], np.fft.rfftfreq(128)[None]
    stack = []
    for p in path:
        turns = np.exp(-2j * np.pi * (ky * p[0] + kx * p[1]))
        moved = np.fft.irfft2(np.fft.rfft2(0.2 * faint / faint.std()) * turns, s=(128, 128))
        stack.append(np.tanh((x - y) / 1.5) + moved)
    return np.stack(stack), path


def test_without_the_pull_an_edge_has_no_ends() -> None:
    """The frames lie up to half a px off their windows: the raw gradient pulls them there."""
    stack, path = edge()
    known = KnownObject(stack.astype(np.float32), path, (slice(20, 52), slice(20, 52)), path, path)
    job = replace(job_of(known), mask=torch.ones(32, 32))
    truth = torch.from_numpy(path)
    crop = cut(job, truth, None, lambda *_: None)[0]
    weights = torch.ones(len(path), dtype=torch.float64)
    raw = align(crop, truth, flat, weights)
    clean = Pull.of(crop, truth, weights).out_of(raw, truth, 0.1)
    offs = [
        torch.linalg.solve(run.curvature, run.gradients.T).T.norm(dim=1).max()
        for run in (raw, clean)
    ]
    assert float(offs[0]) > 0.35  # at the truth
    assert float(offs[1]) < 0.12
    # along the edge, most of the curvature was the window's
    along = torch.tensor([1.0, 1.0], dtype=torch.float64) / 2**0.5
    assert float(along @ clean.curvature @ along) < 0.5 * float(along @ raw.curvature @ along)
    across = along * torch.tensor([1.0, -1.0])
    assert float(across @ clean.curvature @ across) > 0.6 * float(across @ raw.curvature @ across)


def test_where_noise_rules_the_pull_stays_and_counts_as_error() -> None:
    stack, path = edge()
    noisy = stack + 1.5 * np.random.default_rng(1).standard_normal(stack.shape)
    known = KnownObject(noisy.astype(np.float32), path, (slice(20, 52), slice(20, 52)), path, path)
    job = replace(job_of(known), mask=torch.ones(32, 32))
    truth = torch.from_numpy(path)
    crop = cut(job, truth, None, lambda *_: None)[0]
    weights = torch.ones(len(path), dtype=torch.float64)
    raw = align(crop, truth, flat, weights)
    clean = Pull.of(crop, truth, weights).out_of(raw, truth, 0.1)
    along = torch.tensor([1.0, 1.0], dtype=torch.float64) / 2**0.5
    assert float(along @ clean.curvature @ along) > 0.6 * float(along @ raw.curvature @ along)
    assert float(along @ clean.scatter @ along) > float(along @ raw.scatter @ along)


def test_no_noise_an_object_of_one_edge_is_exact() -> None:
    """Without the pull taken out it is 0.2 to 0.5 px off along the edge, and sure of it."""
    for seed, speed in ((1, 3.0), (3, 2.0)):
        known = crossing(seed, math.inf, 24, speed, bent=True)
        motion = mf.estimate_motion(known.stack, "free", region=known.region, track=True)
        assert known.error(motion.displacements) < 0.06
        assert known.error(motion.displacements) < 4 * np.median(motion.displacement_stderr)


def stripe(snr: float) -> np.ndarray:
    """A stripe across the whole photograph, moving sideways: along it nothing is known."""
    scene = photograph("camera")[128:384, 128:384]
    y, x = np.mgrid[:256, :256].astype(float)
    frames = []
    for t in range(30):
        away = np.abs(x - 60 - 3.2 * t - 0.3 * (y - 128))
        veil = 1 / (1 + np.exp(2 * (away - 6)))
        frames.append(scene * (1 - veil) + 1.5 * veil)
    noise = 0.0 if math.isinf(snr) else 1 / snr
    stack = np.stack(frames)
    return stack + noise * np.random.default_rng(0).standard_normal(stack.shape)


@pytest.mark.parametrize(
    ("snr", "model"), [(math.inf, "velocity"), (3.0, "velocity"), (3.0, "free"), (1.0, "velocity")]
)
def test_a_stripe_through_the_window_is_open(snr: float, model: str) -> None:
    region = (slice(112, 144), slice(44, 76))
    motion = mf.estimate_motion(stripe(snr), model, region=region, track=True)
    assert not motion.reliable
    assert motion.reason


def test_halves_in_a_wider_frame_keep_the_same_distance() -> None:
    band, wide = Band.full((32, 32)), Band.full((64, 64))
    for which in (0, 1):
        one, other = sectors(band, which), sectors(wide, which, 2.0)
        assert set(one.unique().tolist()) == {0.0, 1.0}
        torch.testing.assert_close(one[4, 9], other[8, 18])
        assert abs(float(one.mean() - other.mean())) < 0.05
    assert float((sectors(band, 0) * sectors(band, 1)).sum()) == 0


def test_firm_to_the_end_changes_nothing() -> None:
    stack, path = edge()
    known = KnownObject(stack.astype(np.float32), path, (slice(20, 52), slice(20, 52)), path, path)
    job = replace(job_of(known), mask=torch.ones(32, 32))
    truth = torch.from_numpy(path)
    crop = cut(job, truth, None, lambda *_: None)[0]
    weights = torch.ones(len(path), dtype=torch.float64)
    raw = align(crop, truth, flat, weights)
    held = Pull.of(crop, truth, weights).out_of(raw, truth, 1.0)
    torch.testing.assert_close(held.gradients, raw.gradients)
    torch.testing.assert_close(held.curvature, raw.curvature)
