"""How line scans are read today, on the same windows as ours: error and time in one run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import napari_motionfft as mf
from benchmarks.strip_scenes import Array, Image, KnownStrip, blood_flow, pulsatile

WINDOW, HOP = 64, 32
FASTEST = 4.0
"""What the others look at, px/line: steeper, the Radon transform takes a line for a streak."""

Tool = Callable[[Image, NDArray[np.int64], int], Array]
"""(T, L) kymograph, (W,) first line of each window, lines a window -> (W,) px/line."""


def projected(block: Image, degrees: Array) -> Array:
    """(A,) variance of the projection of a window (T, L) along each direction.

    scikit-image turns the image by the angle and adds up columns: a streak that goes tan(angle) px
    a line falls into one column then.
    """
    from skimage.transform import radon

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the image is not zero outside a circle
        projections = radon(block, theta=degrees, circle=False)  # (diagonal, A)
    return np.asarray(projections.var(0), dtype=np.float64)


def parabola(values: Array, at: int) -> float:
    """Where the maximum of three samples is, in samples from the middle one; 0 at an end."""
    if not 0 < at < len(values) - 1:
        return 0.0
    left, top, right = values[at - 1 : at + 2]
    curve = left - 2 * top + right
    return float(0.5 * (left - right) / curve) if curve < 0 else 0.0


def radon_window(block: Image) -> float:
    """px/line of one window: every degree, then every 0.1° around the best (Drew et al. 2010)."""
    steepest = np.floor(np.degrees(np.arctan(FASTEST)))
    coarse = np.arange(-steepest, steepest + 1)
    best = coarse[projected(block, coarse).argmax()]
    fine = best + np.arange(-1.0, 1.001, 0.1)
    variance = projected(block, fine)
    at = int(variance.argmax())
    return float(np.tan(np.radians(fine[at] + 0.1 * parabola(variance, at))))


def radon_transform(lines: Image, starts: NDArray[np.int64], window: int) -> Array:
    """Radon transform of every window; the mean line and the mean of each line taken off."""
    clean = lines - lines.mean(0)
    clean = clean - clean.mean(1, keepdims=True)
    return np.array([radon_window(clean[s : s + window]) for s in starts])


def line_correlation(spacing: int, whiten: bool = False) -> Tool:
    """Lines `spacing` apart cross-correlated, averaged over the window (Kim et al. 2012).

    The correlations wrap around, as with them; a parabola places the peak between px.
    """

    def estimate(lines: Image, starts: NDArray[np.int64], window: int) -> Array:
        length = lines.shape[1]
        spectra = np.fft.rfft(lines - lines.mean(0))  # (T, L//2+1)
        cross = spectra[spacing:] * spectra[:-spacing].conj()
        if whiten:
            cross = cross / np.maximum(np.abs(cross), 1e-12)
        reach = min(int(FASTEST * spacing), length // 2 - 1)
        order = np.arange(-reach, reach + 1)
        out = np.empty(len(starts))
        for i, start in enumerate(starts):
            mean = cross[start : start + window - spacing].mean(0)
            near = np.fft.irfft(mean, n=length)[order]
            at = int(near.argmax())
            out[i] = (order[at] + parabola(near, at)) / spacing
        return out

    return estimate


def ours(lines: Image, starts: NDArray[np.int64], window: int) -> Array:
    """estimate_strip_motion, defaults: all windows at once."""
    hop = int(starts[1] - starts[0]) if len(starts) > 1 else window
    motion = mf.estimate_strip_motion(lines, window=window, hop=hop)
    return np.asarray(motion.velocities)


TOOLS: dict[str, Tool] = {
    "napari-motionfft": ours,
    "Radon transform": radon_transform,
    "lines correlated, 1 apart": line_correlation(1),
    "lines correlated, 5 apart": line_correlation(5),
    "lines correlated, 10 apart": line_correlation(10),
    "lines correlated, 5 apart, phase only": line_correlation(5, whiten=True),
    "lines correlated, 15 apart": line_correlation(15),
}


def windows(frames: int) -> NDArray[np.int64]:
    """(W,) starts of all whole windows."""
    return np.arange(0, frames - WINDOW + 1, HOP)


def compare(title: str, make: Callable[[int, float], KnownStrip], seeds: int) -> None:
    """Print the relative error and the time of each tool on one kind of line scan."""
    print(f"{title}, windows of {WINDOW} lines, {seeds} seeds: rms error over the mean velocity")
    print(f"  {'':46s}{'from mean':>12s}{'from slope':>11s}{'median':>10s}{'time':>15s}")
    for snr in (3.0, 1.0, 0.3):
        scans = [make(seed, snr) for seed in range(seeds)]
        starts = windows(len(scans[0].kymograph))
        scale = np.array([known.velocities.mean() for known in scans])[:, None]
        slope = np.stack([known.slopes(starts, WINDOW) for known in scans]) / scale
        mean = np.stack([known.mean_velocities(starts, WINDOW) for known in scans]) / scale
        base = 0.0
        for name, tool in TOOLS.items():
            # imports and plans are not timed
            tool(scans[0].kymograph[: 4 * WINDOW], windows(4 * WINDOW), WINDOW)
            took = float("inf")
            for _ in range(1 if tool is radon_transform else 3):  # the shortest of several runs
                began = time.perf_counter()
                found = np.stack([tool(known.kymograph, starts, WINDOW) for known in scans])
                took = min(took, time.perf_counter() - began)
            found = found / scale
            base = base or took
            print(
                f"  SNR {snr:<5g}{name:38s}{rms(found - mean):10.2%}{rms(found - slope):11.2%}"
                f"{np.median(np.abs(found - mean)):10.2%}{took / base:9.2f} × ours"
            )


def rms(values: Array) -> float:
    """Root mean square; NaN of nothing."""
    return float(np.sqrt((values**2).mean())) if len(values) else float("nan")


def table(seeds: int = 2) -> None:
    """Print every comparison."""
    compare("Random texture that pulses by 20 % in 500 lines", pulsatile, seeds)
    compare("Blood flow that pulses by 20 % in 250 lines, behind a wall", blood_flow, seeds)
