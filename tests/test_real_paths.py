"""Real stacks: the stage under crawling cells, a specimen that travels far and stretches."""

from __future__ import annotations

import numpy as np
from benchmarks import real_paths
from benchmarks.path_scenes import error_about_mean

import napari_motionfft as mf

SPECIMEN = (slice(180, 340), slice(70, 250))


def test_the_stage_wins_over_crawling_cells_and_the_camera_s_pattern() -> None:
    stack, path = real_paths.crawling_cells()
    centred = path - path.mean(0)
    assert (centred.std(0) > 0.25).all()  # the stage does shake
    motion = mf.estimate_motion(stack, "free")
    assert motion.reliable, motion.reason
    off = error_about_mean(motion.displacements, path)
    assert (np.sqrt((off**2).mean(0)) < 0.2).all()
    # the pattern on the pixels would hold it back: 0.12 of the path without what heeds it
    own = motion.displacements - motion.displacements.mean(0)
    held = (own * centred).sum(0) / (centred**2).sum(0)
    assert ((held > 0.8) & (held < 1.2)).all()


def test_a_specimen_is_followed_over_a_hundred_px() -> None:
    """Known from the speckles: a part of the first frame, found again in each other one."""
    from skimage.feature import match_template

    stack = real_paths.read("tensile_test_mudic.tif").astype(np.float32)
    motion = mf.estimate_motion(stack, "free", region=SPECIMEN, canvas="union")
    assert motion.reliable, motion.reason
    middle = (slice(230, 290), slice(130, 190))
    found = []
    for frame in stack:
        likeness = match_template(frame, stack[0][middle])
        found.append(np.unravel_index(likeness.argmax(), likeness.shape))
    truth = np.array(found) - found[0]
    assert truth[-1, 0] < -95
    # whole px, and a part of its own in what stretches
    assert np.abs(motion.displacements - truth).max() < 2.5
    grown = np.array(motion.integrated.shape) - motion.plain_mean.shape
    assert (np.abs(grown - np.ptp(motion.displacements, axis=0)) <= 1).all()
    sharp, blurred = motion.integrated[:160, :180].std(), motion.plain_mean.std()
    assert sharp > 1.5 * blurred
