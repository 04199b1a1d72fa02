"""Two opaque layers: velocities, order, images and masks against the truth; honest doubts."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from benchmarks.occluder_scenes import KnownOcclusion, occluder
from numpy.typing import NDArray

import napari_motionfft as mf
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.job import Job, plan
from napari_motionfft.motion.search import search
from napari_motionfft.motion.several.occlusion import occluded, separate_occluding
from napari_motionfft.motion.several.occlusion_result import Occlusion
from napari_motionfft.motion.several.occlusion_starts import start_pairs, without


def job_of(stack: NDArray[np.float32], region: tuple[slice, slice] | None = None) -> Job:
    return plan(stack, "velocity", region, None, "auto", "none", "crop", "none", "cpu", None, None)


def quiet(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1
    assert message


def found(stack: NDArray[np.float32]) -> Occlusion:
    job = job_of(stack)
    told = separate_occluding(job, search(job, quiet).landscape.peaks, quiet)
    assert told is not None
    return told


@cache
def separated(
    seed: int, coverage: float, snr: float, shape: str
) -> tuple[KnownOcclusion, Occlusion]:
    known = occluder(seed, coverage=coverage, snr=snr, shape=shape, side=112)
    return known, found(known.stack)


def overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize(
    ("seed", "coverage", "snr", "shape", "error", "least"),
    [
        (1, 0.3, 1.0, "piece", 0.02, 0.85),
        (3, 0.3, 1.0, "blobs", 0.02, 0.8),
        (2, 0.5, 1.0, "wall", 0.03, 0.85),
        (0, 0.5, math.inf, "blobs", 0.005, 0.93),
    ],
)
def test_velocities_order_images_and_masks(
    seed: int, coverage: float, snr: float, shape: str, error: float, least: float
) -> None:
    """Tolerances are about twice what these seeds reach; px/frame, and overlap of the masks."""
    known, told = separated(seed, coverage, snr, shape)
    front = told.front
    assert told.determined
    for truth, layer in enumerate((front, 1 - front)):
        assert np.hypot(*(told.velocities[layer] - known.velocities[truth])) < error
        seen = told.coverage[layer] >= 2
        assert seen.mean() > 0.1
        alike = np.corrcoef(told.images[layer][seen], known.images[truth][seen])[0, 1]
        assert alike > (0.8 if snr == 1 else 0.93)
    assert overlap(told.masks > 0.5, known.masks > 0.5) > least
    assert told.reasons == ("", "")
    assert told.masks.shape == known.stack.shape
    assert told.masks.dtype == told.images.dtype == np.float32
    assert (told.masks >= 0).all()
    assert (told.masks <= 1).all()


def test_errors_hold_the_truth() -> None:
    """Each component within 4 of its standard errors, and these no wider than 0.02 px/frame."""
    for case in ((1, 0.3, 1.0, "piece"), (3, 0.3, 1.0, "blobs"), (2, 0.5, 1.0, "wall")):
        known, told = separated(*case)
        for truth, layer in enumerate((told.front, 1 - told.front)):
            error = np.sqrt(np.diag(told.covariances[layer]))
            assert (np.abs(told.velocities[layer] - known.velocities[truth]) < 4 * error).all()
            assert (error < 0.02).all()


def test_shares_and_the_rest_make_up_the_frames() -> None:
    _, told = separated(1, 0.3, 1.0, "piece")
    assert told.shares.sum() + told.residual_share == pytest.approx(1)
    # SNR 1: half of the variance is noise
    assert told.residual_share == pytest.approx(0.5, abs=0.03)
    assert (told.shares > 0.05).all()
    _, of_clean = separated(0, 0.5, math.inf, "blobs")
    assert of_clean.residual_share < 0.05


def test_where_no_frame_shows_a_layer_its_image_goes_on_smoothly() -> None:
    _, told = separated(1, 0.3, 1.0, "piece")
    hidden = told.coverage[told.front] == 0
    assert 0.2 < hidden.mean() < 0.9
    image = told.images[told.front]
    assert np.isfinite(told.images).all()
    steps = np.abs(np.diff(image, axis=0))
    within = hidden[1:] & hidden[:-1]
    assert np.median(steps[within]) < 0.1 * np.median(steps[~hidden[1:] & ~hidden[:-1]])


def test_the_start_decides_which_layer_is_first_and_nothing_else() -> None:
    known, _ = separated(1, 0.3, 1.0, "piece")
    job = job_of(known.stack)
    start = torch.from_numpy(known.velocities) + 0.02
    one, other = occluded(job, start, quiet), occluded(job, start.flip(0), quiet)
    assert (one.front, other.front) == (0, 1)
    np.testing.assert_allclose(one.velocities, other.velocities[::-1], atol=1e-6)
    np.testing.assert_allclose(one.images, other.images[::-1], atol=1e-4)
    np.testing.assert_allclose(one.masks, other.masks, atol=1e-4)
    assert one.evidence == pytest.approx(other.evidence, rel=1e-3)


def test_mirrored_frames_move_the_other_way_and_grey_levels_do_not_matter() -> None:
    known, told = separated(3, 0.3, 1.0, "blobs")
    turned = found(np.ascontiguousarray(300 - 40 * known.stack[:, ::-1]))
    order = [turned.front, 1 - turned.front]
    expected = told.velocities[[told.front, 1 - told.front]] * [-1, 1]
    np.testing.assert_allclose(turned.velocities[order], expected, atol=2e-3)
    assert overlap(turned.masks[:, ::-1] > 0.5, told.masks > 0.5) > 0.97
    images = (300 - turned.images[order][:, ::-1]) / 40
    both = (told.coverage[told.front] > 4) & (turned.coverage[turned.front][::-1] > 4)
    error = images[0][both] - told.images[told.front][both]
    assert error.std() < 0.1 * told.images[told.front][both].std()


def test_only_the_region_counts() -> None:
    known, _ = separated(1, 0.3, 1.0, "piece")
    region = slice(8, 104), slice(4, 100)
    inside = np.zeros_like(known.stack)
    inside[:, region[0], region[1]] = known.stack[:, region[0], region[1]]
    start = torch.from_numpy(known.velocities)
    one = occluded(job_of(known.stack, region), start, quiet)
    other = occluded(job_of(inside, region), start, quiet)
    assert one.masks.shape == (16, 96, 96)
    assert one.images.shape == (2, 96, 96)
    np.testing.assert_allclose(one.velocities, other.velocities, atol=1e-4)
    np.testing.assert_allclose(one.velocities, known.velocities, atol=0.03)


def test_a_single_motion_is_not_two() -> None:
    """What stands for a second motion is told to be uncertain."""
    known = occluder(2, coverage=0.3, snr=2.0, side=96)
    frames = np.stack([known.images[1]] * 12)
    noise = np.random.default_rng(0).standard_normal(frames.shape)
    moved = np.stack([np.roll(f, (t, -2 * t), (0, 1)) for t, f in enumerate(frames)])
    told = found((moved + 0.5 * noise)[:, 24:, :72].astype(np.float32))
    first = int(np.argmax(told.shares))
    np.testing.assert_allclose(told.velocities[first], (1, -2), atol=0.02)
    assert told.reasons[first] == ""
    assert told.reasons[1 - first] != ""


def test_noise_holds_no_motion() -> None:
    noise = np.random.default_rng(0).standard_normal((12, 64, 64)).astype(np.float32)
    told = found(noise)
    assert all("too large" in reason for reason in told.reasons)


def test_what_the_strongest_explains_is_taken_out() -> None:
    known, _ = separated(1, 0.3, 1.0, "piece")
    job = job_of(known.stack)
    peaks = search(job, quiet).landscape.peaks
    first = int(np.argmin([np.hypot(*(peaks[0][:2] - v)) for v in known.velocities]))
    left = without(job, torch.tensor(peaks[0][:2], dtype=torch.float64), quiet)
    top = search(left, quiet).landscape.peaks[0]
    assert np.hypot(*(top[:2] - known.velocities[1 - first])) < 0.1
    pairs = start_pairs(job, peaks, quiet)
    assert 1 <= len(pairs) <= 3
    assert np.hypot(*(pairs[0][1].numpy() - known.velocities[1 - first])) < 0.1
    assert start_pairs(job, [], quiet) == []
    assert separate_occluding(job, [], quiet) is None


def test_cancelled_on_the_way() -> None:
    known, _ = separated(1, 0.3, 1.0, "piece")

    def stop(fraction: float, message: str) -> None:
        if fraction > 0.5:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        occluded(replace(job_of(known.stack), check=stop), torch.from_numpy(known.velocities), stop)


def test_a_canvas_beyond_memory_is_refused() -> None:
    job = job_of(np.random.default_rng(0).standard_normal((40, 32, 32)).astype(np.float32))
    with pytest.raises(ValueError, match="use fewer frames"):
        occluded(job, torch.tensor([[300.0, 300.0], [0.0, 0.0]]), quiet)


def test_separate_motions_gives_both_layers_as_motions() -> None:
    known, _ = separated(1, 0.3, 1.0, "piece")
    motions = mf.separate_motions(known.stack, 2, kind="occluding")
    assert len(motions) == 2
    assert motions.kind == "occluding"
    assert motions.front is not None
    assert motions.masks is not None
    assert motions.masks.shape == known.stack.shape
    for truth, index in enumerate((motions.front, 1 - motions.front)):
        motion = motions[index]
        np.testing.assert_allclose(motion.velocity, known.velocities[truth], atol=0.02)
        assert motion.reliable
        assert motion.integrated.shape == motion.coverage.shape == known.stack.shape[1:]
