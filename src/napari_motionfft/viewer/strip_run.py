"""What a user asks about strips, and the work that answers it; no Qt, no layers made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_motionfft.motion.strips.paths import Strip
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.source import slider_position

if TYPE_CHECKING:
    from napari_motionfft.motion.strips.many import StripTable
    from napari_motionfft.motion.strips.oscillation import Oscillation
    from napari_motionfft.viewer.strip_source import StripSource

MOVIE, ROWS, COLUMNS = "movie", "rows", "columns"
"""What a layer is: a movie to draw strips on, or a line scan whose rows, or columns, are time."""

SMALLEST, USUAL = 16, 64
"""Frames a window: the least that is offered by itself, and the most."""


@dataclass(frozen=True, eq=False)
class StripAsked:
    """What the fields say.

    Attributes
    ----------
    layer, kind
        The image layer; `MOVIE`, `ROWS` or `COLUMNS`.
    strips_layer
        Shapes layer of a movie's strips, else None.
    frames
        (start, stop), half open; lines of a line scan.
    time_axis, level
        Of a movie.
    width
        px across lines and polylines.
    reduce, interpolation
        As `extract_strip` takes them.
    interval, time_unit
        Time from frame to frame where the user gave it, else None.
    pixel, length_unit
        Length of a px along the strip where the user gave it, else None.
    estimate
        Arguments of `estimate_strip_motion`: window, hop, max_speed, weight, background, device.
    """

    layer: Any
    kind: str
    strips_layer: Any
    frames: tuple[int, int]
    time_axis: int
    level: int
    width: float
    reduce: str
    interpolation: str
    interval: float | None
    time_unit: str
    pixel: float | None
    length_unit: str
    estimate: dict[str, Any]

    @property
    def is_movie(self) -> bool:
        """Strips are cut from a movie; the layer is no line scan."""
        return self.kind == MOVIE


@dataclass(frozen=True, eq=False)
class Sizes:
    """Physical size of a frame interval and of a px along each strip.

    Attributes
    ----------
    dt, time_unit
        None where the interval is not known.
    dx, length_unit
        One a strip; None where it is not known.
    """

    dt: float | None
    time_unit: str
    dx: tuple[float | None, ...]
    length_unit: str

    @property
    def arguments(self) -> dict[str, Any]:
        """Of `strip_motions`; one px length where all strips share it."""
        return {
            "dt": self.dt,
            "dx": self.dx[0] if len(set(self.dx)) == 1 else list(self.dx),
            "time_unit": self.time_unit,
            "length_unit": self.length_unit,
        }


@dataclass(frozen=True, eq=False)
class StripRun:
    """One run: what was asked, on what data, the call that repeats it, what came out."""

    asked: StripAsked
    source: StripSource
    script: str
    table: StripTable | None = None
    oscillations: tuple[Oscillation, ...] = ()


def usual_window(frames: int) -> int:
    """Frames a window to begin with: 64, fewer for a short movie, 0 (all) for a very short one.

    Some twenty windows that overlap by half show how the velocity changes.
    """
    if frames < 2 * SMALLEST:
        return 0
    return min(USUAL, max(SMALLEST, frames // 10))


def read(asked: StripAsked, dims: Any) -> StripSource:
    """Take the data out of the layers; nothing is computed. Main thread only.

    Parameters
    ----------
    asked
        What the fields say.
    dims
        `viewer.dims`: other axes are taken where its sliders stand.

    Raises
    ------
    SourceError
        The layers cannot be used, in words for the user.
    """
    from napari_motionfft.viewer.strip_source import read_line_scan, read_strips

    at = slider_position(dims, asked.layer)
    if not asked.is_movie:
        return read_line_scan(
            asked.layer,
            time_axis=0 if asked.kind == ROWS else 1,
            frames=asked.frames,
            current_step=at,
        )
    if asked.strips_layer is None:
        raise SourceError("Draw a strip first: a line along which the content moves.")
    return read_strips(
        asked.layer,
        asked.strips_layer,
        current_step=at,
        time_axis=asked.time_axis,
        frames=asked.frames,
        level=asked.level,
        width=asked.width,
    )


def sizes_of(asked: StripAsked, source: StripSource) -> Sizes:
    """What the user gave goes before what the layer says."""
    timed, sized = asked.interval is not None, asked.pixel is not None
    return Sizes(
        dt=asked.interval if timed else source.dt,
        time_unit=asked.time_unit if timed else source.time_unit,
        dx=(asked.pixel,) * len(source.dx_of) if sized else source.dx_of,
        length_unit=asked.length_unit if sized else source.length_unit,
    )


def measure(asked: StripAsked, source: StripSource, progress: Any, cancel: Any) -> StripTable:
    """The work itself; any thread.

    Raises
    ------
    TypeError, ValueError
        The data or a setting cannot be used.
    Cancelled
        `cancel` was set.
    """
    load_torch()
    from napari_motionfft.motion.strips import estimate, many

    arguments = {**asked.estimate, **sizes_of(asked, source).arguments}
    arguments |= {"progress": progress, "cancel": cancel}
    if not asked.is_movie:
        motion = estimate.estimate_strip_motion(source.kymograph, **arguments)
        path = np.array([[0.0, 0.0], [0.0, motion.shape[1] - 1.0]])
        kymograph = np.asarray(source.kymograph, dtype=np.float32)
        return many.StripTable((motion,), source.names, (Strip(path),), (kymograph,))
    return many.strip_motions(
        source.stack,
        source.paths,
        names=source.names,
        reduce=asked.reduce,
        interpolation=asked.interpolation,
        **arguments,
    )


def answer(run: StripRun, progress: Any, cancel: Any) -> StripRun:
    """The run with its table and the oscillations in it; any thread. Raises as `measure`."""
    table = measure(run.asked, run.source, progress, cancel)
    from napari_motionfft.motion.strips.oscillation import find_oscillation

    found = tuple(find_oscillation(strip) for strip in table.strips)
    return replace(run, table=table, oscillations=found)
