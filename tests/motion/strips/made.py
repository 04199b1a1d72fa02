"""A StripMotion by hand: what an estimate would return, with numbers that a test chooses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_motionfft.motion.strips.result import Spectrogram, StripMotion, StripPeak


def strip_motion(
    velocities: Any,
    stderr: Any = 0.02,
    *,
    starts: Any = None,
    window: int = 16,
    hop: int = 8,
    **changes: Any,
) -> StripMotion:
    """One with these velocities (W,) px/frame and nothing else of interest."""
    values = np.asarray(velocities, dtype=np.float64)
    count = len(values)
    first = np.arange(count) * hop if starts is None else np.asarray(starts)
    errors = np.broadcast_to(np.asarray(stderr, np.float64), (count,)).copy()
    motion = StripMotion(
        starts=first.astype(np.int64),
        window=window,
        velocities=values,
        stderr=errors,
        score=np.full(count, 12.0),
        reliable=np.ones(count, bool),
        reasons=("",) * count,
        peaks=tuple(
            (StripPeak(float(v), float(e), 12.0),) for v, e in zip(values, errors, strict=True)
        ),
        spectrogram=Spectrogram(np.zeros((count, 3), np.float32), np.array([-1.0, 0.0, 1.0])),
        background=np.zeros(64, np.float32),
        shape=(int(first.max()) + window, 64),
        dt=None,
        dx=None,
        time_unit="s",
        length_unit="µm",
        settings={},
        device="CPU",
    )
    return replace(motion, **changes)
