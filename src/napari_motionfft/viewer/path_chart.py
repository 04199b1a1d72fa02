"""A motion as two curves against time: what the plot draws and the readout says; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.runs import doubtful
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.time_chart import TimeChart
from napari_motionfft.viewer.units import timing
from napari_motionfft.viewer.wording import measured

Array = NDArray[np.float64]

NAMES = ("y (down)", "x (right)")
MARGIN = 0.12
"""Free space above and below the curves, as a share of their height."""
HEADROOM = 3
"""The same above, in these, where jumps have their names, also in a low plot."""


@dataclass(frozen=True, eq=False)
class Component:
    """Displacement along one axis.

    Attributes
    ----------
    name, colour
        "y (down)" or "x (right)".
    values, errors
        (T,) px relative to frame 0, and its standard error.
    halves
        (2, T) px, the same from either half of the data, each moved so that it lies about the
        whole: it counts from its own frame 0. NaN: not known.
    pixel
        Length of a px in `PathChart.unit`, None where that is not known.
    """

    name: str
    colour: str
    values: Array
    errors: Array
    halves: Array
    pixel: float | None


@dataclass(frozen=True, eq=False)
class PathChart(TimeChart):
    """The path of a run.

    Attributes
    ----------
    components
        y and x.
    excluded
        (T,) bool: frames left out, whose place is interpolated.
    jumps
        First frame of the run after each jump.
    unit
        Of length, None where that is not known.
    doubt
        "preview", "not reliable" or "".
    """

    components: tuple[Component, Component]
    excluded: NDArray[np.bool_]
    jumps: tuple[int, ...]
    unit: str | None
    doubt: str

    @property
    def title(self) -> str:
        """What is drawn, and whether it is to be believed."""
        return f"displacement, px{f' ({self.doubt})' if self.doubt else ''}"

    @property
    def pixel(self) -> float | None:
        """Length of a px where that is known and the same along both axes."""
        y, x = (component.pixel for component in self.components)
        return y if y is not None and x is not None and np.isclose(y, x, rtol=1e-6) else None

    @property
    def times(self) -> Array:
        """(T,) time of each frame."""
        return np.asarray(np.arange(self.frames) * self.step, dtype=np.float64)

    @property
    def stretches(self) -> list[slice]:
        """Frames from jump to jump: no line crosses one."""
        edges = [0, *self.jumps, self.frames]
        return [slice(*pair) for pair in pairwise(edges)]

    @property
    def has_halves(self) -> bool:
        """The path from either half of the data is known."""
        return any(np.isfinite(component.halves).any() for component in self.components)

    def at(self, time: float) -> int:
        """The frame of the run that is nearest to a time."""
        return min(max(round(time / self.step), 0), self.frames - 1)

    def here(self, time: float) -> str:
        """ "frame 67, 6.3 s", and whether it was left out."""
        place = super().here(time)
        return f"{place} (left out: interpolated)" if self.excluded[self.at(time)] else place

    def reading(self, time: float) -> list[tuple[str, str, str]]:
        """(name, colour, "2.31 ± 0.04 px (1.16 ± 0.02 µm)") of y and x at a time."""
        frame, said = self.at(time), []
        for each in self.components:
            value, error = float(each.values[frame]), float(each.errors[frame])
            text = f"{moved(value, error)} px"
            if each.pixel is not None:
                text += f" ({moved(value * each.pixel, error * each.pixel)} {self.unit})"
            said.append((each.name, each.colour, text))
        return said


def path_chart(
    motion: Motion,
    source: Source,
    interval: float | None = None,
    time_unit: str | None = None,
    preview: bool = False,
) -> PathChart:
    """The curves of a run.

    Parameters
    ----------
    motion, source
        A result and what it was estimated on.
    interval, time_unit
        Time from frame to frame as the user gave it; None takes the layer's own, if any.
    preview
        The run was a quick one.

    Returns
    -------
    PathChart
    """
    count = len(motion.displacements)
    step, unit = timing(source, interval, time_unit)
    excluded = np.zeros(count, dtype=bool)
    excluded[list(motion.excluded)] = True
    doubt = "not reliable" if doubtful(motion) else ""
    y, x = (
        Component(
            name=NAMES[axis],
            colour=strip_colour(axis),
            values=np.asarray(motion.displacements[:, axis], dtype=np.float64),
            errors=np.asarray(motion.displacement_stderr[:, axis], dtype=np.float64),
            halves=aligned(motion, axis),
            pixel=None if source.unit is None else source.pixel_size[axis],
        )
        for axis in range(2)
    )
    return PathChart(
        time_unit=unit or "frame",
        step=step or 1.0,
        frames=count,
        first_frame=source.first_frame,
        components=(y, x),
        excluded=excluded,
        jumps=tuple(sorted(t for t in motion.jumps if 0 < t < count)),
        unit=source.unit,
        doubt="preview" if preview else doubt,
    )


def aligned(motion: Motion, axis: int) -> Array:
    """(2, T) px: paths from the halves of the data, less what moves all frames alike."""
    halves = np.asarray(motion.split_half_displacements[:, :, axis], dtype=np.float64)
    apart = np.delete(halves - motion.displacements[:, axis], list(motion.excluded), axis=1)
    if not np.isfinite(apart).any(axis=1).all():
        return halves
    return np.asarray(halves - np.nanmedian(apart, axis=1, keepdims=True))


def limits(chart: PathChart) -> tuple[float, float]:
    """(low, high) px of the axis: all frames with errors; those left out do not stretch it."""
    parts = []
    for each in chart.components:
        seen = each.values[~chart.excluded]
        errors = np.nan_to_num(each.errors[~chart.excluded], posinf=0.0)
        parts += [seen - errors, seen + errors]
    both = np.concatenate(parts)
    both = both[np.isfinite(both)]
    if not both.size:
        return -1.0, 1.0
    low, high = float(both.min()), float(both.max())
    room = MARGIN * (high - low) or 1.0
    return low - room, high + (HEADROOM if chart.jumps else 1) * room


def moved(value: float, error: float) -> str:
    """ "2.31 ± 0.04"; at frame 0, which is where displacement counts from, plain "0"."""
    return "0" if value == 0 and error == 0 else measured(value, error)
