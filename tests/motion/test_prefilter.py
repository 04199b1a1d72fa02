"""Estimates on filtered frames: the same motion, the frames' own images, no seam at a region."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.motion.made import drifting, wrapping

import napari_motionfft as mf
from napari_motionfft.motion.filters import MARGINS, PREFILTERS
from napari_motionfft.motion.frames import as_frames

KNOWN = drifting((0.6, -0.9), side=96, frames=10, snr=5)


@pytest.mark.parametrize("prefilter", sorted(PREFILTERS))
def test_filtered_frames_tell_the_same_motion(prefilter: str) -> None:
    motion = mf.estimate_motion(KNOWN.stack, prefilter=prefilter)
    assert motion.reliable, motion.reason
    assert motion.settings["prefilter"] == prefilter
    np.testing.assert_allclose(motion.velocity, KNOWN.velocity, atol=0.01)


@pytest.mark.parametrize("prefilter", sorted(PREFILTERS))
def test_the_images_are_those_of_the_frames_themselves(prefilter: str) -> None:
    filtered = mf.estimate_motion(KNOWN.stack, prefilter=prefilter)
    np.testing.assert_array_equal(filtered.plain_mean, mf.estimate_motion(KNOWN.stack).plain_mean)
    assert filtered.integrated.std() == pytest.approx(KNOWN.stack.mean(0).std(), rel=0.5)


@pytest.mark.parametrize("prefilter", sorted(PREFILTERS))
def test_a_region_is_filtered_as_a_part_of_the_frame(prefilter: str) -> None:
    frames = as_frames(KNOWN.stack)
    whole = frames.filtered(2, 4, ((0, 96), (0, 96)), prefilter)
    part = frames.filtered(2, 4, ((20, 60), (0, 50)), prefilter)
    torch.testing.assert_close(part, whole[:, 20:60, 0:50], atol=1e-4, rtol=1e-4)
    inside = slice(MARGINS[prefilter], 96 - MARGINS[prefilter])
    plain = PREFILTERS[prefilter](frames.read(2, 4, ((0, 96), (0, 96))))
    torch.testing.assert_close(
        whole[:, inside, inside], plain[:, inside, inside], atol=1e-4, rtol=1e-4
    )


def test_filters_and_a_static_background_go_together() -> None:
    moving = wrapping((0.4, -1.1), (64, 64), 12)
    still = 5 * wrapping((0.0, 0.0), (64, 64), 12, seed=9)
    motion = mf.estimate_motion(
        moving + still, background="static", prefilter="dog", boundary="periodic"
    )
    assert motion.reliable, motion.reason
    np.testing.assert_allclose(motion.velocity, (0.4, -1.1), atol=0.1)


def test_the_landscape_of_filtered_frames() -> None:
    land = mf.loss_landscape(KNOWN.stack, prefilter="laplacian")
    np.testing.assert_allclose(land.peaks[0][:2], KNOWN.velocity, atol=0.05)


@pytest.mark.parametrize("prefilter", ["sobel", None, 3, ["dog"]])
def test_an_unknown_filter_is_refused(prefilter: object) -> None:
    with pytest.raises((ValueError, TypeError), match="prefilter must be one of none, gradient"):
        mf.estimate_motion(KNOWN.stack, prefilter=prefilter)  # type: ignore[arg-type]
