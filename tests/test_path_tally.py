"""How the figures of the paths are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.path_scenes import KnownPath, moving_window
from benchmarks.path_tally import likeness, tally, z_scores
from benchmarks.scenes import pink_power

import napari_motionfft as mf


@pytest.fixture(scope="module")
def known() -> KnownPath:
    """A line of 0.5 px/frame before a random scene: no noise, so that all of it is known."""
    rng = np.random.default_rng(0)
    white = np.fft.rfft2(rng.standard_normal((160, 160)), norm="ortho")
    scene = np.fft.irfft2(white * np.sqrt(pink_power((160, 160))), s=(160, 160), norm="ortho")
    path = 0.5 * np.arange(12)[:, None] * np.array([1.0, -1.0])
    return moving_window(scene, path, side=96)


@pytest.fixture(scope="module")
def motion(known: KnownPath) -> mf.Motion:
    return mf.estimate_motion(known.stack)


def test_scores_are_errors_over_their_bars(known: KnownPath, motion: mf.Motion) -> None:
    error = np.zeros((12, 2))
    error[1:] = np.linspace(-3, 3, 22).reshape(11, 2)
    bars = np.full((12, 2), 2.0)
    told = replace(motion, displacements=known.path + error, displacement_stderr=bars)
    np.testing.assert_allclose(z_scores(told, known), np.abs(error[1:]).ravel() / 2)
    left_out = replace(told, excluded=(3,))
    np.testing.assert_allclose(
        z_scores(left_out, replace(known, bad=(5,))),
        np.abs(np.delete(error, [0, 3, 5], axis=0)).ravel() / 2,
    )


def test_tally_of_known_errors(
    known: KnownPath, motion: mf.Motion, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {0: 1.0, 1: 7.0}
    seed = iter(sizes)

    def estimate(stack: np.ndarray, **asked: object) -> mf.Motion:
        assert asked == {"model": "free"}
        size = sizes[next(seed)]
        error = size * (-1.0) ** np.arange(12)[:, None] * np.ones(2)
        bars = np.full((12, 2), 3.0)
        return replace(
            motion, displacements=known.path + error, displacement_stderr=bars, excluded=(2,)
        )

    monkeypatch.setattr(mf, "estimate_motion", estimate)
    with_bound = replace(known, bound=np.array([3.0, 4.0]))
    found = tally(lambda s: with_bound, range(2), model="free")
    assert found.rmse == pytest.approx(5)  # of 1 and 7
    assert found.worst == pytest.approx(7)
    assert found.over_bound == pytest.approx(5 / np.sqrt(12.5))
    # relative to frame 0, errors are 0 or twice the size, and bars of 3 hold those of the first
    assert found.within_1 == pytest.approx((10 + 4) / 20)
    assert found.within_2 == pytest.approx((10 + 4) / 20)
    assert found.excluded == 1


def test_likeness_falls_with_the_path(known: KnownPath, motion: mf.Motion) -> None:
    assert likeness(motion, known) > 0.995
    off = replace(known, path=known.path + np.array([[0.0, 0.0]] * 6 + [[2.0, 2.0]] * 6))
    assert likeness(motion, off) < 0.9
