"""A search for faint movers that a user asks for, and the work that answers it; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.movers_rows import MoverRows
from napari_motionfft.viewer.script import as_python, taken_at
from napari_motionfft.viewer.source import Source, read_source, slider_position
from napari_motionfft.viewer.units import physical

if TYPE_CHECKING:
    from napari_motionfft.motion.faint.result import Movers


@dataclass(frozen=True, eq=False)
class MoversAsked:
    """What the fields say.

    Attributes
    ----------
    layer, region_layer
        The image; the Shapes layer, or None for the whole frame.
    frames
        (start, stop), half open.
    time_axis, level
        As `read_source` takes them.
    search
        Keyword arguments of `find_movers`.
    landscapes
        Show the tiles' landscapes too.
    """

    layer: Any
    region_layer: Any
    frames: tuple[int, int]
    time_axis: int
    level: int
    search: dict[str, Any]
    landscapes: bool = False


@dataclass(frozen=True, eq=False)
class MoversRun:
    """One search.

    Attributes
    ----------
    asked
        What the fields say.
    source, script
        What it was made on, and the call that repeats it.
    movers, seconds
        The result, once there is one, and how long it took.
    run_id
        Of its layers in the viewer; "" where it has none.
    """

    asked: MoversAsked
    source: Source
    script: str
    movers: Movers | None = None
    seconds: float = 0.0
    run_id: str = ""

    @property
    def result(self) -> Movers:
        """The objects of a run that is over."""
        assert self.movers is not None
        return self.movers

    @property
    def rows(self) -> MoverRows:
        """The table."""
        return MoverRows(self.result, self.source.first_frame, physical(self.source, None, None))


def read(asked: MoversAsked, dims: Any) -> MoversRun:
    """A run to be made; other axes are taken at the viewer's sliders. Main thread only.

    Raises
    ------
    SourceError
        The layer, its frames or the region cannot be used.
    """
    source = read_source(
        asked.layer,
        current_step=slider_position(dims, asked.layer),
        time_axis=asked.time_axis,
        frames=asked.frames,
        level=asked.level,
        region_layer=asked.region_layer,
    )
    return MoversRun(asked, source, script_of(asked, source))


def search(run: MoversRun, progress: Any, cancel: Any) -> MoversRun:
    """The work itself; any thread."""
    load_torch()
    from napari_motionfft.motion.faint.find import find_movers

    begun = perf_counter()
    movers = find_movers(
        run.source.stack,
        region=run.source.region,
        progress=progress,
        cancel=cancel,
        **run.asked.search,
    )
    return replace(run, movers=movers, seconds=perf_counter() - begun)


def script_of(asked: MoversAsked, source: Source) -> str:
    """The call that repeats a run."""
    layer = asked.layer
    return as_python(
        source,
        asked.search,
        at=taken_at(layer, source, asked.level),
        frames=asked.frames[1] - asked.frames[0],
        level=asked.level if layer.multiscale else None,
        rgb=bool(layer.rgb),
        path=layer.source.path,
        function="find_movers",
        into="movers",
        last="print(movers)",
    )
