"""Speed as ratios within one run: against a bare FFT, brute force, and peers on the same stack."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

import napari_motionfft as mf
from benchmarks.accuracy import photograph
from benchmarks.scenes import counted, frequencies, through_window


def seconds(job: Callable[[], object], times: int = 3) -> float:
    """Shortest of several runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        job()
        taken.append(time.perf_counter() - began)
    return min(taken)


def direct_energy(stack: NDArray[np.float32], velocity: tuple[float, float]) -> float:
    """The objective as it is written: shift every spectrum back, average, sum the energy."""
    frames, height, width = stack.shape
    ky, kx = frequencies((height, width))
    spectra = np.fft.rfft2(stack)  # (T, Y, X//2+1)
    turns = ky * velocity[0] + kx * velocity[1]
    mean = sum(spectra[t] * np.exp(2j * np.pi * turns * t) for t in range(frames)) / frames
    return float((counted((height, width)) * np.abs(mean) ** 2).sum() / (height * width) ** 2)


def landscape() -> None:
    """65×65 velocities on 16×128×128: against the direct objective, and a bare rfft2."""
    rng = np.random.default_rng(0)
    stack = rng.standard_normal((16, 128, 128)).astype(np.float32)
    axis = np.linspace(-4, 4, 65)

    def ours() -> mf.Landscape:
        return mf.loss_landscape(stack, vy=axis, vx=axis, scale="energy", boundary="periodic")

    exact = ours().values
    picked = [(i, j) for i in range(0, 65, 16) for j in range(0, 65, 16)]
    direct = np.array([direct_energy(stack, (axis[i], axis[j])) for i, j in picked])
    found = np.array([exact[i, j] for i, j in picked])
    took = seconds(ours)
    one = seconds(lambda: [direct_energy(stack, (axis[i], axis[j])) for i, j in picked], 1)
    bare = seconds(lambda: torch.fft.rfft2(torch.from_numpy(stack)))
    print("Landscape, 65×65 velocities, 16×128×128 float32")
    print(f"  largest relative difference from direct {abs(found / direct - 1).max():.1e}")
    print(
        f"  {one * 65 * 65 / len(picked) / took:,.0f} × faster than a loop of the direct objective"
    )
    print(f"  {took / bare:.0f} × a bare rfft2 of the stack")


def moving(frames: int, side: int) -> NDArray[np.float32]:
    """A photograph that drifts by (0.37, −1.21) px a frame in noise of the same variance."""
    return through_window(photograph(), 0, 1.0, frames=frames, side=side).stack


def whole_run() -> None:
    """estimate_motion on 100×512×512 float32 against one batched rfft2 of it."""
    photo = photograph()
    rng = np.random.default_rng(0)
    stack = np.stack([np.roll(photo, (t, -2 * t), (0, 1)) for t in range(100)])
    stack = (stack + 50 * rng.standard_normal(stack.shape)).astype(np.float32)
    tensor = torch.from_numpy(stack)
    bare = seconds(lambda: torch.fft.rfft2(tensor))
    ours = seconds(lambda: mf.estimate_motion(stack))
    print("estimate_motion, 100×512×512 float32")
    print(f"  {ours / bare:.1f} × one batched rfft2 of the stack ({ours:.2f} s, {bare:.3f} s)")


def table() -> None:
    """Print every speed figure."""
    landscape()
    whole_run()
