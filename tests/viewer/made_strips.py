"""Strips with known numbers and layers to show them on; `strips_made` loads this file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_motionfft.motion.strips.result import Spectrogram, StripMotion, StripPeak


@dataclass(frozen=True)
class Table:
    """As a StripTable, for what the layers need of it."""

    strips: tuple[StripMotion, ...]
    names: tuple[str, ...]
    paths: tuple[Any, ...]
    kymographs: tuple[np.ndarray, ...]


def motion_of(
    velocities: Any = (1.5, 2.0, -1.0),
    *,
    shape: tuple[int, int] = (64, 80),
    window: int = 32,
    stderr: float = 0.05,
    reliable: Any = None,
    second: float | None = None,
    **units: Any,
) -> StripMotion:
    """Windows at even distances over the whole time; Gaussian hills of height 20 as landscape."""
    v = np.asarray(velocities, dtype=float)
    count = len(v)
    window = min(window, shape[0])
    starts = np.linspace(0, shape[0] - window, count).astype(np.int64) if count > 1 else [0]
    good = np.full(count, True) if reliable is None else np.asarray(reliable, dtype=bool)
    side = np.geomspace(0.05, 8, 60)
    grid = np.concatenate([-side[::-1], [0.0], side])
    hills = 20 * np.exp(-(((grid - v[:, None]) / 0.2) ** 2)) * np.where(good, 1, 0.1)[:, None]
    if second is not None:
        hills += 12 * np.exp(-(((grid - second) / 0.2) ** 2))
    noise = np.random.default_rng(0).normal(0, 0.6, hills.shape)
    peaks = [
        (StripPeak(x, stderr, 20.0),) + (() if second is None else (StripPeak(second, 0.1, 12.0),))
        for x in v
    ]
    arguments = {"dt": None, "dx": None, "time_unit": "s", "length_unit": "µm", **units}
    return StripMotion(
        starts=np.asarray(starts),
        window=window,
        velocities=v,
        stderr=np.full(count, stderr),
        score=np.full(count, 20.0),
        reliable=good,
        reasons=tuple("" if x else "no peak stands out" for x in good),
        peaks=tuple(peaks),
        spectrogram=Spectrogram((hills + noise).astype(np.float32), grid),
        background=np.zeros(shape[1], np.float32),
        shape=shape,
        settings={"window": window},
        device="CPU",
        **arguments,
    )


def kymograph_of(motion: StripMotion, seed: int = 1) -> np.ndarray:
    """(T, L) float32: smooth noise that runs along by the velocity of each frame's window."""
    from napari_motionfft.viewer.strip_windows import at_frames

    length = motion.shape[1]
    velocity = np.nan_to_num(at_frames(motion)[0])
    moved = np.concatenate([[0.0], np.cumsum((velocity[1:] + velocity[:-1]) / 2)])
    size = 4096
    k = np.fft.rfftfreq(size)
    scene = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    scene *= np.exp(-((k / 0.12) ** 2))
    lines = np.fft.irfft(scene * np.exp(-2j * np.pi * k * moved[:, None]), n=size)[:, :length]
    return (100 + 30 * lines / lines.std()).astype(np.float32)


def table_of(*motions: StripMotion) -> Table:
    """A table of some results."""
    names = tuple(f"strip {i + 1}" for i in range(len(motions)))
    lines = tuple(kymograph_of(motion, i) for i, motion in enumerate(motions))
    return Table(motions, names, (), lines)
