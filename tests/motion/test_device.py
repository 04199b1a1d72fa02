"""Devices are named, and the GPU gives the CPU's answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.scenes import periodic
from tests.motion.made import drifting

import napari_motionfft as mf
from napari_motionfft.motion import device as dev


def test_auto_takes_the_best_there_is() -> None:
    chosen = dev.choose_device("auto")
    if torch.cuda.is_available():
        assert chosen.type == "cuda"
    elif not torch.backends.mps.is_available():
        assert chosen.type == "cpu"
    assert dev.choose_device("cpu") == torch.device("cpu")


def test_every_name_that_is_listed_is_taken() -> None:
    names = dev.device_names()
    assert names[:2] == ["auto", "cpu"]
    for name in names:
        assert isinstance(dev.choose_device(name), torch.device)
        assert repr(name) in dev.known_devices()


def test_a_cpu_says_its_threads() -> None:
    text = dev.describe_device(torch.device("cpu"))
    assert text.startswith("CPU (")
    assert f"{torch.get_num_threads()} threads" in text
    assert mf.estimate_motion(drifting(frames=3).stack, device="cpu").device == text


@pytest.mark.parametrize("shape", [(16, 16), (512, 512), (4000, 6000)])
def test_blocks_hold_a_frame_and_no_more_than_their_share(shape: tuple[int, int]) -> None:
    """64 MiB of spectra at most on the host, and blocks worth the call."""
    cpu = torch.device("cpu")
    n = dev.frames_per_block(shape, cpu)
    one = shape[0] * (shape[1] // 2 + 1) * 8
    assert n >= 1
    assert n == 1 or n * one <= 64 * 2**20
    assert (n + 1) * one > 4 * 2**20
    assert dev.memory_budget(cpu) == dev.HOST_BUDGET


@pytest.mark.gpu
@pytest.mark.parametrize("background", ["none", "static"])
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_gpu_and_cpu_agree(background: str, dtype: str) -> None:
    known = drifting((0.6, -0.9), side=96, frames=12)
    stack = np.rint(90 + 20 * known.stack).clip(0, 255).astype(dtype)
    cpu = mf.estimate_motion(stack, background=background, device="cpu")
    gpu = mf.estimate_motion(stack, background=background, device="cuda")
    assert "cuda" in gpu.device
    assert gpu.reliable == cpu.reliable
    assert np.abs(gpu.velocity - cpu.velocity).max() < 0.02 * cpu.velocity_stderr.min()
    np.testing.assert_allclose(gpu.velocity_stderr, cpu.velocity_stderr, rtol=1e-2)
    np.testing.assert_allclose(gpu.integrated, cpu.integrated, atol=1e-3 * np.ptp(cpu.integrated))
    np.testing.assert_array_equal(gpu.coverage, cpu.coverage)
    np.testing.assert_allclose(gpu.landscape.values, cpu.landscape.values, atol=1e-2)


@pytest.mark.gpu
def test_gpu_and_cpu_agree_on_the_landscape() -> None:
    stack = periodic(0, 0).stack
    v = np.linspace(-2, 2, 21)
    asked = {"vy": v, "vx": v, "scale": "energy", "boundary": "periodic"}
    cpu = mf.loss_landscape(stack, device="cpu", **asked)
    gpu = mf.loss_landscape(stack, device="cuda", **asked)
    np.testing.assert_allclose(gpu.values, cpu.values, rtol=1e-4)


@pytest.mark.gpu
def test_a_tensor_on_the_gpu_is_taken_as_it_is() -> None:
    known = drifting((0.6, -0.9), side=96, frames=12)
    host = mf.estimate_motion(known.stack, device="cuda")
    there = mf.estimate_motion(torch.from_numpy(known.stack).cuda(), device="cuda")
    np.testing.assert_allclose(there.velocity, host.velocity, atol=1e-7)
    mean = mf.integrate(known.stack, host, device="cuda")
    np.testing.assert_allclose(mean, mf.integrate(known.stack, host, device="cpu"), atol=1e-3)


@pytest.mark.gpu
def test_a_gpu_that_runs_out_of_memory_hands_over_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_motionfft.motion import estimate

    real, tried = estimate.search, []

    def search(job: object, *rest: object) -> object:
        tried.append((job.device.type, job.block))  # type: ignore[attr-defined]
        if tried[-1][0] == "cuda":
            raise torch.OutOfMemoryError("full")
        return real(job, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(estimate, "search", search)
    motion = mf.estimate_motion(drifting(frames=8).stack, device="cuda")
    assert tried[-1][0] == "cpu"
    assert any("ran out of memory: the CPU was used" in note for note in motion.notes)
    assert motion.device.startswith("CPU")
