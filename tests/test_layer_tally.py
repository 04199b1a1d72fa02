"""How separated motions and images are compared with the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from benchmarks import layer_tally as tally
from benchmarks.layer_scenes import KnownLayers, summed

import napari_motionfft as mf

VELOCITIES = np.array([[1.0, -2.0], [-1.5, 0.5]])


@pytest.fixture(scope="module")
def known() -> KnownLayers:
    return summed(1, VELOCITIES, ("white", "white"), 8, 0.2, 48, "periodic")


@pytest.fixture(scope="module")
def plain(known: KnownLayers) -> list[mf.Motion]:
    """The stack averaged along each true velocity, nothing taken out."""
    one = mf.estimate_motion(known.stack, boundary="periodic", max_speed=3)
    return [
        replace(
            moved := tally.along(one, v),
            integrated=mf.integrate(known.stack, moved),
            velocity_stderr=np.array([0.01, 0.02]),
        )
        for v in VELOCITIES
    ]


def test_each_truth_gets_the_motion_that_is_nearest(plain: list[mf.Motion]) -> None:
    truth = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]])
    found = np.array([[1.1, 0.0], [0.2, 0.0]])
    assert set(tally.matched(found, truth)) == {(0, 1), (1, 0)}
    assert tally.matched(np.zeros((0, 2)), truth) == []


def test_errors_and_what_is_missing(known: KnownLayers, plain: list[mf.Motion]) -> None:
    moved = replace(plain[0], velocity=VELOCITIES[0] + [0.01, -0.04])
    told = tally.compared(known, [moved])
    assert told.error[0] == pytest.approx(np.hypot(0.01, 0.04))
    assert np.isinf(told.error[1])
    assert told.correlation[1] == 0
    np.testing.assert_allclose(told.z, [1, 2], rtol=1e-9)
    assert told.count == 1


def test_one_layer_has_no_crosstalk(known: KnownLayers, plain: list[mf.Motion]) -> None:
    alone = replace(
        known, velocities=known.velocities[:1], layers=known.layers[:1], stack=known.layers[0]
    )
    told = tally.compared(alone, [replace(plain[0], integrated=alone.images[0])])
    assert told.error == pytest.approx([0])
    assert len(told.gain) == 0


def test_images_that_are_the_truth(known: KnownLayers, plain: list[mf.Motion]) -> None:
    perfect = [
        replace(m, integrated=image.copy()) for m, image in zip(plain, known.images, strict=True)
    ]
    told = tally.compared(known, perfect[::-1])
    np.testing.assert_allclose(told.correlation, 1, atol=1e-6)
    assert told.gain.min() > 50
    # the plain images are compared with themselves
    same = tally.compared(known, plain)
    np.testing.assert_allclose(same.gain, 0, atol=1e-6)
    assert same.correlation.max() < 0.97


def test_crosstalk_is_what_follows_the_other_layer(
    known: KnownLayers, plain: list[mf.Motion]
) -> None:
    every: Any = np.ones(known.images[0].shape, bool)
    found = tally.crosstalk(known, 0, plain[0].integrated, every, plain[0])
    flipped = mf.integrate(known.flipped(1), plain[0])
    exact = tally.twin_crosstalk(plain[0].integrated, flipped, known.images[0], every)
    # 8 frames of white noise leave an eighth of the other layer, smeared
    assert exact == pytest.approx(1 / 8, rel=0.35)
    assert found == pytest.approx(exact, rel=0.2)
    ghost = known.images[0] + 0.1 * known.images[1]
    assert tally.crosstalk(known, 0, ghost, every, plain[0]) == pytest.approx(0.01, rel=1e-3)


def test_best_images_are_nearer_than_plain_ones(known: KnownLayers, plain: list[mf.Motion]) -> None:
    every = np.ones(known.images[0].shape, bool)
    best = tally.best_images(known)
    for image, motion, truth in zip(best, plain, known.images, strict=True):
        like = tally.correlation(image, truth, every)
        assert like > tally.correlation(motion.integrated, truth, every) + 0.01
        assert like > 0.98
    with pytest.raises(ValueError, match="periodic"):
        tally.best_images(replace(known, boundary="crop"))
    assert tally.correlation(np.zeros_like(best[0]), best[0], every) == 0
