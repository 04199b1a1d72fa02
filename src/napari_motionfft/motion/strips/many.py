"""Many strips on one stack: cut out, estimated together, told in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.device import choose_device
from napari_motionfft.motion.job import Progress, reporter, within
from napari_motionfft.motion.strips.estimate import estimate_strips
from napari_motionfft.motion.strips.extract import extract_strips
from napari_motionfft.motion.strips.paths import Strip, as_strip
from napari_motionfft.motion.strips.plan import check_settings, plan_strips
from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.motion.wording import decimals


@dataclass(frozen=True, eq=False)
class StripTable:
    """Velocities along many strips.

    Attributes
    ----------
    strips
        What `estimate_strip_motion` says of each.
    names
        Their names.
    paths
        Where they lie, with their widths, px.
    kymographs
        (T, L) float32 each.
    """

    strips: tuple[StripMotion, ...]
    names: tuple[str, ...]
    paths: tuple[Strip, ...]
    kymographs: tuple[NDArray[np.float32], ...]

    def columns(self) -> dict[str, NDArray[Any]]:
        """A row a strip and window: strip, time, velocity, stderr, score, reliable, reason.

        In the units of each strip's `times` and `velocity_unit`; (rows,) arrays.
        """
        each = list(zip(self.names, self.strips, strict=True))
        return {
            "strip": np.array([name for name, motion in each for _ in motion.starts]),
            "time": np.concatenate([motion.times for _, motion in each]),
            "velocity": np.concatenate([motion.physical_velocities for _, motion in each]),
            "stderr": np.concatenate([motion.physical_stderr for _, motion in each]),
            "score": np.concatenate([motion.score for _, motion in each]),
            "reliable": np.concatenate([motion.reliable for _, motion in each]),
            "reason": np.array([reason for _, motion in each for reason in motion.reasons]),
        }

    def __str__(self) -> str:
        rows = [("strip", "time", "velocity", "score")]
        for name, motion in zip(self.names, self.strips, strict=True):
            for t, v, error, score, reliable in zip(
                motion.times,
                motion.physical_velocities,
                motion.physical_stderr,
                motion.score,
                motion.reliable,
                strict=True,
            ):
                n = decimals(error) if error > 0 else 2
                told = f"{v:.{n}f} ± {error:.{n}f} {motion.velocity_unit}"
                rows.append(
                    (name, f"{t:.4g}", told if reliable else "not determined", f"{score:.1f}")
                )
        wide = [max(len(row[i]) for row in rows) for i in range(4)]
        return "\n".join(
            f"{name:<{wide[0]}}  {t:>{wide[1]}}  {told:>{wide[2]}}  {score:>{wide[3]}}"
            for name, t, told, score in rows
        )


def strip_motions(
    stack: Any,
    paths: Sequence[Any],
    window: int | None = None,
    hop: int | None = None,
    max_speed: float | None = None,
    *,
    width: float = 1.0,
    reduce: str = "mean",
    interpolation: str = "linear",
    names: Sequence[str] | None = None,
    weight: str = "auto",
    background: str = "static",
    boundary: str = "crop",
    dt: float | None = None,
    dx: float | Sequence[float | None] | None = None,
    time_unit: str = "s",
    length_unit: str = "µm",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> StripTable:
    """Velocity along many strips of a stack: a 2-D field of motion, resolved in time.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.
    paths
        S paths (N, 2) of (y, x) px, or `Strip`s; of any length and angle.
    width, reduce, interpolation
        As for `extract_strip`.
    names
        S names; "strip 1", "strip 2", … by default.
    dx
        Length of a px, one for all or one a strip.
    window, hop, max_speed, weight, background, boundary, dt, time_unit, length_unit, device
        As for `estimate_strip_motion`.
    progress, cancel
        As for `estimate_motion`.

    Returns
    -------
    StripTable

    Raises
    ------
    TypeError, ValueError, Cancelled
        As `extract_strip` and `estimate_strip_motion`.
    """
    check = reporter(progress, cancel)
    if not isinstance(paths, (list, tuple)) or isinstance(paths, Strip) or not len(paths):
        raise TypeError(f"paths must be a list of at least one path, got {type(paths).__name__}")
    called = named(names, len(paths))
    check_settings(window, hop, max_speed, weight, background, boundary, dt, dx, len(paths))
    choose_device(device)
    kymographs = extract_strips(
        stack,
        paths,
        width,
        reduce,
        interpolation,
        progress=within(check, 0.0, 0.5),
        cancel=cancel,
    )
    job = plan_strips(
        dict(zip(called, kymographs, strict=True)),
        window,
        hop,
        max_speed,
        weight,
        background,
        boundary,
        dt,
        dx,
        time_unit,
        length_unit,
        device,
        within(check, 0.5, 1.0),
        cancel,
    )
    return StripTable(
        tuple(estimate_strips(job)),
        called,
        tuple(as_strip(path, width) for path in paths),
        tuple(kymographs),
    )


def named(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """The strips' names, all different.

    Raises
    ------
    TypeError, ValueError
        Not so many texts, or twice the same.
    """
    if names is None:
        return tuple(f"strip {i + 1}" for i in range(count))
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"names must be a list of texts, got {names!r}")
    if len(names) != count or len(set(names)) != count:
        raise ValueError(f"names must be {count} different texts, one a path, got {names!r}")
    return tuple(names)
