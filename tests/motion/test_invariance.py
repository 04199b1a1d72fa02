"""What must not change the answer, and what must turn it round."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.made import drifting

import napari_motionfft as mf

KNOWN = drifting((0.7, -1.1), side=64, frames=9, snr=1.5)
STACK = KNOWN.stack.astype(np.float64)
BASE = mf.estimate_motion(STACK)


def alike(motion: mf.Motion, velocity: np.ndarray, share: float = 0.02) -> None:
    """The wanted velocity to a small share of its standard error, with the same certainty."""
    error = np.sort(BASE.velocity_stderr)
    assert motion.reliable
    assert np.abs(motion.velocity - velocity).max() < share * error[0]
    np.testing.assert_allclose(np.sort(motion.velocity_stderr), error, rtol=share)
    assert motion.score == pytest.approx(BASE.score, rel=share)


def test_the_base_is_right() -> None:
    assert BASE.reliable
    assert (np.abs(BASE.velocity - KNOWN.velocity) < 4 * BASE.velocity_stderr).all()


@settings(max_examples=12, deadline=None)
@given(st.integers(-6, 6), st.sampled_from([1, -1]))
def test_intensity_scale_does_not_matter(power: int, sign: int) -> None:
    factor = sign * 10.0**power
    motion = mf.estimate_motion(factor * STACK)
    alike(motion, BASE.velocity)
    np.testing.assert_allclose(
        motion.integrated / factor, BASE.integrated, atol=1e-3 * np.ptp(BASE.integrated)
    )


@settings(max_examples=12, deadline=None)
@given(st.floats(-1e6, 1e6))
def test_a_constant_does_not_matter(level: float) -> None:
    alike(mf.estimate_motion(STACK + level), BASE.velocity)


def test_a_level_that_changes_from_frame_to_frame_does_not_matter() -> None:
    """A flickering lamp that adds the same to every pixel of a frame."""
    flicker = np.random.default_rng(0).normal(0, 5, len(STACK))[:, None, None]
    alike(mf.estimate_motion(STACK + flicker), BASE.velocity)


def test_swapped_axes_swap_the_components() -> None:
    alike(mf.estimate_motion(STACK.swapaxes(1, 2)), BASE.velocity[::-1])


@pytest.mark.parametrize(("axis", "signs"), [(1, (-1, 1)), (2, (1, -1)), (0, (-1, -1))])
def test_a_reversed_axis_turns_its_component(axis: int, signs: tuple[int, int]) -> None:
    """Space an axis; time both. Windows round half to even either way: a looser share."""
    alike(mf.estimate_motion(np.flip(STACK, axis)), BASE.velocity * signs, share=0.4)


def test_mirrored_landscape() -> None:
    land = mf.loss_landscape(STACK, max_speed=2)
    mirror = mf.loss_landscape(STACK[:, ::-1], max_speed=2)
    np.testing.assert_allclose(
        mirror.values[::-1], land.values, atol=0.01 * float(land.values.max())
    )


def test_a_faster_camera_sees_half_the_velocity() -> None:
    """Every other frame shows twice the velocity."""
    half = mf.estimate_motion(STACK[::2])
    wanted = 2 * BASE.velocity
    assert (np.abs(half.velocity - wanted) < 4 * half.velocity_stderr).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8))
def test_the_same_call_gives_the_same_answer(dy: int, dx: int) -> None:
    region = (slice(dy, dy + 50), slice(dx, dx + 50))
    one, two = (mf.estimate_motion(STACK, region=region) for _ in range(2))
    # not to the last bit: an FFT's rounding depends on how its memory is aligned
    np.testing.assert_allclose(one.velocity, two.velocity, atol=1e-6)
    np.testing.assert_allclose(one.integrated, two.integrated, atol=1e-4)
    np.testing.assert_allclose(one.landscape.values, two.landscape.values, atol=1e-3)


def test_smaller_blocks_give_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 2, 5):
        monkeypatch.setattr("napari_motionfft.motion.job.frames_per_block", lambda *_, n=size: n)
        motion = mf.estimate_motion(STACK)
        alike(motion, BASE.velocity, share=1e-3)
        np.testing.assert_allclose(motion.integrated, BASE.integrated, atol=1e-3)


def test_spectra_made_anew_each_pass_give_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory does not hold the spectra between passes."""
    monkeypatch.setattr("napari_motionfft.motion.crops.memory_budget", lambda device: 0)
    alike(mf.estimate_motion(STACK), BASE.velocity, share=1e-6)
