"""Other registration tools on the same stacks, in one run: error and time beside ours."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import napari_motionfft as mf
from benchmarks.accuracy import photograph
from benchmarks.scenes import through_window

Stack = NDArray[np.float32]


def slope(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """(2,) px/frame least-squares slope of displacements (T, 2)."""
    t = np.arange(len(path)) - (len(path) - 1) / 2
    return np.asarray(t @ path / (t @ t))


def ours(stack: Stack) -> NDArray[np.float64]:
    """estimate_motion, defaults."""
    return mf.estimate_motion(stack).velocity


def cross_correlation(normalization: str | None) -> Callable[[Stack], NDArray[np.float64]]:
    """scikit-image, every frame against the first, 1/100 px."""
    from skimage.registration import phase_cross_correlation

    def estimate(stack: Stack) -> NDArray[np.float64]:
        path = [
            -phase_cross_correlation(
                stack[0], frame, upsample_factor=100, normalization=normalization
            )[0]
            for frame in stack
        ]
        return slope(np.array(path))

    return estimate


def stackreg(reference: str) -> Callable[[Stack], NDArray[np.float64]]:
    """pystackreg, translation, against the first or the previous frame."""
    from pystackreg import StackReg

    def estimate(stack: Stack) -> NDArray[np.float64]:
        matrices = StackReg(StackReg.TRANSLATION).register_stack(stack, reference=reference)
        return slope(matrices[:, [1, 0], 2])

    return estimate


def table(seeds: int = 5) -> None:
    """Photograph through a moving 256² window, T = 30: rms error and time of each tool."""
    tools: dict[str, Callable[[Stack], NDArray[np.float64]]] = {
        "napari-motionfft": ours,
        "scikit-image phase correlation": cross_correlation("phase"),
        "scikit-image cross-correlation": cross_correlation(None),
        "pystackreg, to the first": stackreg("first"),
        "pystackreg, to the previous": stackreg("previous"),
    }
    print(f"Peers, photograph through a moving 256² window, T = 30, {seeds} seeds")
    print(f"  {'':32s}{'rms error, px/frame':>24s}{'time':>12s}")
    for snr in (10.0, 1.0, 0.3, 0.1):
        stacks = [through_window(photograph(), seed, snr) for seed in range(seeds)]
        base = 0.0
        for name, tool in tools.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pystackreg warns of the axis it guesses
                tool(stacks[0].stack)  # imports and plans are not timed
                began = time.perf_counter()
                found = np.array([tool(known.stack) for known in stacks])
                took = (time.perf_counter() - began) / seeds
            base = base or took
            truth = np.array([known.velocity for known in stacks])
            error = np.sqrt(((found - truth) ** 2).mean())
            print(f"  SNR {snr:<5g}{name:32s}{error:15.5f}{took / base:12.1f} × ours")
