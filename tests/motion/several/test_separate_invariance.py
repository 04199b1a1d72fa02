"""What must not change the motions, and what must turn them round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from benchmarks.layer_scenes import summed
from numpy.typing import NDArray

import napari_motionfft as mf

VELOCITIES = np.array([[1.3, -0.7], [-0.9, 0.6]])
KNOWN = summed(7, VELOCITIES, ("white", "pink"), 8, 0.5, 56, "periodic", energies=(2.0, 1.0))
STACK = KNOWN.stack.astype(np.float64)


def found(stack: Any, **asked: Any) -> mf.Motions:
    motions = mf.separate_motions(stack, **({"boundary": "periodic", "device": "cpu"} | asked))
    assert len(motions) == 2
    return motions


BASE = found(STACK)


def alike(
    motions: mf.Motions,
    base: mf.Motions = BASE,
    turned: Callable[[NDArray[np.float64]], NDArray[np.float64]] = lambda v: v,
    share: float = 0.05,
) -> None:
    """The wanted velocities to a share of their standard errors, as sure, the same shares."""
    for motion, wanted in zip(motions, base, strict=True):
        error = np.abs(turned(wanted.velocity_stderr))
        assert (np.abs(motion.velocity - turned(wanted.velocity)) < share * error).all()
        np.testing.assert_allclose(motion.velocity_stderr, error, rtol=0.05)
        assert motion.score == pytest.approx(wanted.score, rel=0.05)
        assert motion.reliable == wanted.reliable
    np.testing.assert_allclose(motions.shares, base.shares, atol=0.01)
    assert motions.residual_energy == pytest.approx(base.residual_energy, abs=0.01)


def same_images(motions: mf.Motions, scale: float = 1.0, level: float = 0.0) -> None:
    for motion, wanted in zip(motions, BASE, strict=True):
        limit = 0.01 * np.ptp(wanted.integrated)
        np.testing.assert_allclose(
            (motion.integrated - level) / scale, wanted.integrated, atol=limit
        )


def test_the_base_is_right() -> None:
    for motion, truth in zip(BASE, VELOCITIES, strict=True):
        assert (np.abs(motion.velocity - truth) < 4 * motion.velocity_stderr).all()


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e9, -1.0])
def test_units_do_not_matter(scale: float) -> None:
    motions = found(scale * STACK)
    alike(motions)
    same_images(motions, scale)


@pytest.mark.parametrize("level", [1e4, -300.0])
def test_a_constant_does_not_matter(level: float) -> None:
    motions = found(STACK + level)
    alike(motions)
    same_images(motions, level=level)


def test_a_lamp_that_flickers_does_not_matter() -> None:
    """The same to every pixel of a frame: a layer has no mean of its own."""
    flicker = np.random.default_rng(0).normal(0, 5, len(STACK))[:, None, None]
    alike(found(STACK + flicker))


@pytest.mark.parametrize("dtype", ["float32", "uint16", "int32", ">i2", "float16"])
def test_the_dtype_does_not_matter(dtype: str) -> None:
    """Rounded to whole numbers of 1/500 of the noise, or to the digits of float16."""
    stack = STACK if dtype == "float16" else np.rint(1000 * STACK + 16000)
    motions = found(stack.astype(dtype))
    alike(motions)
    assert all(m.integrated.dtype == np.float32 for m in motions)


def test_where_the_frames_lie_does_not_matter() -> None:
    for stack in (
        da.from_array(STACK, chunks=(3, 40, 30)),
        torch.from_numpy(STACK),
        np.asfortranarray(STACK),
        np.repeat(STACK, 2, axis=2)[:, :, ::2],
    ):
        motions = found(stack)
        alike(motions, share=0.01)
        same_images(motions)


def test_the_stack_is_left_as_it_is() -> None:
    stack = STACK.astype(np.float32)
    before = stack.copy()
    found(stack)
    np.testing.assert_array_equal(stack, before)


def test_two_runs_are_the_same_to_the_last_bit() -> None:
    again = found(STACK)
    for motion, wanted in zip(again, BASE, strict=True):
        np.testing.assert_array_equal(motion.velocity, wanted.velocity)
        np.testing.assert_array_equal(motion.integrated, wanted.integrated)


def test_a_periodic_stack_may_be_rolled() -> None:
    motions = found(np.roll(STACK, (9, -20), (1, 2)))
    alike(motions)
    for motion, wanted in zip(motions, BASE, strict=True):
        limit = 0.01 * np.ptp(wanted.integrated)
        rolled = np.roll(wanted.integrated, (9, -20), (0, 1))
        np.testing.assert_allclose(motion.integrated, rolled, atol=limit)


@pytest.mark.parametrize(("axis", "signs"), [(1, (-1, 1)), (2, (1, -1)), (0, (-1, -1))])
def test_a_mirrored_stack_mirrors_velocities(axis: int, signs: tuple[int, int]) -> None:
    """Space an axis; time both."""
    alike(found(np.flip(STACK, axis)), turned=lambda v: v * signs)


def test_swapped_axes_swap_the_components() -> None:
    alike(found(STACK.swapaxes(1, 2)), turned=lambda v: v[::-1])


CROPS = summed(8, VELOCITIES, ("white", "white"), 8, 0.5, 72)


def test_a_region_is_a_stack_of_its_own() -> None:
    region = (slice(6, 58), slice(10, 66))
    part = mf.separate_motions(CROPS.stack[:, 6:58, 10:66], max_speed=3)
    of_region = mf.separate_motions(CROPS.stack, region=region, max_speed=3)
    assert len(part) == len(of_region) == 2
    alike(of_region, part, share=0.01)
    for one, other in zip(of_region, part, strict=True):
        limit = 0.01 * np.ptp(other.integrated)
        np.testing.assert_allclose(one.integrated, other.integrated, atol=limit)
        np.testing.assert_array_equal(one.coverage, other.coverage)
        assert one.region == ((6, 58), (10, 66))
        assert one.integrated.shape == one.coverage.shape == one.plain_mean.shape == (52, 56)


def test_a_mirrored_crop_mirrors_velocities() -> None:
    plain = mf.separate_motions(CROPS.stack, max_speed=3)
    mirrored = mf.separate_motions(CROPS.stack[:, ::-1], max_speed=3)
    alike(mirrored, plain, lambda v: v * (-1, 1), share=0.3)
    for one, other in zip(mirrored, plain, strict=True):
        limit = 0.05 * np.ptp(other.integrated)
        np.testing.assert_allclose(one.integrated[::-1], other.integrated, atol=limit)


@pytest.mark.gpu
@pytest.mark.parametrize("boundary", ["crop", "periodic"])
@pytest.mark.parametrize("background", ["none", "static"])
def test_gpu_and_cpu_agree(boundary: str, background: str) -> None:
    stack = CROPS.stack if boundary == "crop" else STACK
    asked = {"boundary": boundary, "background": background, "max_speed": 3.0}
    cpu = mf.separate_motions(stack, device="cpu", **asked)
    gpu = mf.separate_motions(stack, device="cuda", **asked)
    assert len(cpu) == len(gpu) == 2
    alike(gpu, cpu)
    for one, other in zip(gpu, cpu, strict=True):
        assert "cuda" in one.device
        limit = 0.01 * np.ptp(other.integrated)
        np.testing.assert_allclose(one.integrated, other.integrated, atol=limit)
