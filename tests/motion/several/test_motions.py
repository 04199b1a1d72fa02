"""What separate_motions gives back: a list, with fields that fit together, that can be saved."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from benchmarks.layer_scenes import summed

import napari_motionfft as mf

VELOCITIES = np.array([[1.3, -0.7], [-0.9, 0.6]])
KNOWN = summed(7, VELOCITIES, ("white", "pink"), 8, 0.5, 56, "periodic", energies=(2.0, 1.0))
FOUND = mf.separate_motions(KNOWN.stack, boundary="periodic", false_alarm=0.005, device="cpu")


def test_it_is_a_list_of_motions() -> None:
    assert isinstance(FOUND, mf.Motions)
    assert isinstance(FOUND, list)
    assert len(FOUND) == 2
    assert all(isinstance(motion, mf.Motion) for motion in FOUND)
    assert FOUND[0] is next(iter(FOUND))
    assert FOUND[-1] is FOUND[1]
    assert FOUND[:1] == [FOUND[0]]
    assert len(FOUND.shares) == len(FOUND)
    assert (np.diff(FOUND.shares) <= 0).all()  # strongest first


def test_an_empty_one_says_that_nothing_is_explained() -> None:
    empty = mf.Motions()
    assert list(empty) == []
    assert not empty
    assert empty.shares.shape == (0,)
    assert empty.residual_energy == 1.0
    assert empty.background is None


def test_lists_do_not_share_what_they_hold() -> None:
    one, other = mf.Motions(), mf.Motions()
    one.append(FOUND[0])
    assert len(other) == 0


def test_copies_keep_what_is_not_in_the_list() -> None:
    for twin in (copy.copy(FOUND), pickle.loads(pickle.dumps(FOUND))):
        assert isinstance(twin, mf.Motions)
        assert len(twin) == 2
        np.testing.assert_array_equal(twin.shares, FOUND.shares)
        assert twin.residual_energy == FOUND.residual_energy
        assert twin.stopped == FOUND.stopped
        np.testing.assert_array_equal(twin[0].integrated, FOUND[0].integrated)


@pytest.mark.parametrize("m", [0, 1])
def test_fields_fit_together(m: int) -> None:
    motion = FOUND[m]
    t = np.arange(8)[:, None]
    np.testing.assert_allclose(motion.displacements, t * motion.velocity)
    np.testing.assert_allclose(motion.displacement_stderr, t * motion.velocity_stderr)
    np.testing.assert_allclose(np.sqrt(np.diag(motion.velocity_covariance)), motion.velocity_stderr)
    np.testing.assert_allclose(motion.velocity_covariance, motion.velocity_covariance.T)
    assert motion.integrated.shape == motion.plain_mean.shape == motion.coverage.shape == (56, 56)
    assert motion.integrated.dtype == motion.plain_mean.dtype == np.float32
    np.testing.assert_allclose(motion.plain_mean, KNOWN.stack.mean(0), atol=1e-5)
    assert motion.integrated.mean() == pytest.approx(float(KNOWN.stack.mean()), abs=1e-4)
    assert (motion.coverage == 8).all()
    assert motion.region == ((0, 56), (0, 56))
    assert motion.landscape is FOUND[0].landscape
    assert motion.device.startswith("CPU")
    assert motion.score > 5


def test_the_landscape_is_that_of_the_stack_with_both_peaks() -> None:
    landscape = FOUND[0].landscape
    peaks = np.array([peak[:2] for peak in landscape.peaks])
    for velocity in VELOCITIES:
        assert np.hypot(*(peaks - velocity).T).min() < 0.2
    assert landscape.values.shape == (len(landscape.vy), len(landscape.vx))


def test_settings_are_plain_data() -> None:
    settings = FOUND[0].settings
    assert json.loads(json.dumps(settings)) == settings
    assert settings["n"] == "auto"
    assert settings["kind"] == "additive"
    assert settings["false_alarm"] == 0.005
    assert settings["boundary"] == "periodic"
    assert settings["frames"] == 8
    assert settings["seconds"] > 0
    counted = mf.separate_motions(KNOWN.stack, np.int64(1), boundary="periodic")
    assert json.loads(json.dumps(counted[0].settings))["n"] == 1


@pytest.mark.parametrize("m", [0, 1])
def test_a_motion_is_saved_and_read_like_any_other(m: int, tmp_path: Path) -> None:
    motion = FOUND[m]
    mf.save_motion(motion, tmp_path / "motion.json")
    back = mf.load_motion(tmp_path / "motion.json")
    np.testing.assert_array_equal(back.velocity, motion.velocity)
    np.testing.assert_array_equal(back.velocity_covariance, motion.velocity_covariance)
    np.testing.assert_array_equal(back.integrated, motion.integrated)
    np.testing.assert_array_equal(back.coverage, motion.coverage)
    np.testing.assert_array_equal(back.landscape.values, motion.landscape.values)
    assert back.landscape.peaks == motion.landscape.peaks
    assert np.isnan(back.split_half).all()
    assert back.settings == motion.settings
    assert back.reliable
    assert back.region == motion.region
    mf.save_motion(motion, tmp_path / "motion.csv")
    table = mf.load_motion(tmp_path / "motion.csv")
    np.testing.assert_array_equal(table.displacements, motion.displacements)
    np.testing.assert_array_equal(table.displacement_stderr, motion.displacement_stderr)


def test_a_motion_carries_the_frames_along_and_averages_them() -> None:
    """As the other functions take it: the plain mean along it shows its layer, with the other."""
    mean = mf.integrate(KNOWN.stack, FOUND[0])
    assert np.corrcoef(mean.ravel(), KNOWN.images[0].ravel())[0, 1] > 0.9
    own = np.corrcoef(FOUND[0].integrated.ravel(), KNOWN.images[0].ravel())[0, 1]
    assert own > np.corrcoef(mean.ravel(), KNOWN.images[0].ravel())[0, 1]
    still = mf.apply_motion(KNOWN.stack, FOUND[0])
    assert still.shape == KNOWN.stack.shape
