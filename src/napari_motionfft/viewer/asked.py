"""What a user asks for, the work that answers it, and what is kept of the run; no Qt."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.path_chart import PathChart, path_chart
from napari_motionfft.viewer.report import Report, report_of
from napari_motionfft.viewer.runs import Kept, kept_of
from napari_motionfft.viewer.script import as_python, taken_at
from napari_motionfft.viewer.settings import SIZES, Preferences
from napari_motionfft.viewer.source import Source, read_source, slider_position


@dataclass(frozen=True, eq=False)
class Asked:
    """What the fields say.

    Attributes
    ----------
    layer, region_layer
        The image; the Shapes layer, or None for the whole frame.
    frames
        (start, stop), half open.
    time_axis, level
        As `read_source` takes them.
    interval, time_unit
        Time from frame to frame where the user gave it.
    preferences
        How to estimate.
    track
        The region follows the object in it.
    """

    layer: Any
    region_layer: Any
    frames: tuple[int, int]
    time_axis: int
    level: int
    interval: float | None
    time_unit: str | None
    preferences: Preferences
    track: bool = False

    @property
    def layer_frames(self) -> int:
        """Frames of the layer, of which a run may use a part."""
        data = self.layer.data[0] if self.layer.multiscale else self.layer.data
        return int(data.shape[self.time_axis])

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `estimate_motion`, as given: None where it is to choose.

        Of the models' sizes there is only that of the model asked for.
        """
        chosen = asdict(self.preferences)
        own = SIZES.get(self.preferences.model)
        for name in ("layout", *SIZES.values()):
            if name != own:
                del chosen[name]
        chosen["max_speed"] = chosen["max_speed"] or None
        if own is not None:
            chosen[own] = chosen[own] or None
        if self.track:
            chosen["track"] = True
        return chosen


@dataclass(frozen=True, eq=False)
class Run:
    """One run: what was asked, on what data, what came out, and the call that repeats it.

    Attributes
    ----------
    asked
        None for a run whose layers others have added: `opened_run`.
    source, script
        What it was made on; "" where the call is not known.
    kept
        The motion and where it came from, once there is one.
    report
        The same in words.
    preview
        It was a quick one.
    run_id
        Of its layers in the viewer.
    """

    asked: Asked | None
    source: Source
    script: str
    kept: Kept | None = None
    report: Report | None = None
    preview: bool = False
    run_id: str = ""

    @property
    def name(self) -> str:
        """To choose it by, once there is a motion."""
        if self.kept is None or self.preview:
            return f"{self.source.name}: preview"
        return self.kept.name

    @property
    def motion(self) -> Motion | None:
        """What came out."""
        return None if self.kept is None else self.kept.motion

    @property
    def result(self) -> Motion:
        """The motion of a run that is over."""
        assert self.kept is not None
        return self.kept.motion

    @property
    def timing(self) -> tuple[float | None, str | None]:
        """Time from frame to frame as the user gave it, and its unit."""
        asked = self.asked
        return (None, None) if asked is None else (asked.interval, asked.time_unit)

    @property
    def chart(self) -> PathChart:
        """Displacement against time."""
        return path_chart(self.result, self.source, *self.timing, self.preview)

    def with_result(self, motion: Motion) -> Run:
        """The run when it is over, with its words."""
        frames = None if self.asked is None else self.asked.layer_frames
        kept = kept_of(motion, self.source, frames)
        report = report_of(motion, self.source, *self.timing, self.preview)
        return replace(self, kept=kept, report=report)


def read(asked: Asked, dims: Any) -> Source:
    """What to estimate on, other axes being taken at the viewer's sliders.

    Raises
    ------
    SourceError
        The layer, its frames or the region cannot be used.
    """
    return read_source(
        asked.layer,
        current_step=slider_position(dims, asked.layer),
        time_axis=asked.time_axis,
        frames=asked.frames,
        level=asked.level,
        region_layer=asked.region_layer,
    )


def estimate(asked: Asked, source: Source, progress: Any, cancel: Any) -> Motion:
    """The work itself; any thread."""
    load_torch()
    from napari_motionfft.motion.estimate import estimate_motion

    motion: Motion = estimate_motion(
        source.stack, region=source.region, progress=progress, cancel=cancel, **asked.arguments
    )
    return motion


def preview(asked: Asked, source: Source, progress: Any, cancel: Any) -> Motion:
    """The same quickly, from a few frames at low resolution; any thread."""
    load_torch()
    from napari_motionfft.motion.preview import preview_motion

    motion: Motion = preview_motion(
        source.stack, region=source.region, progress=progress, cancel=cancel, **asked.arguments
    )
    return motion


def script_of(asked: Asked, source: Source, function: str = "estimate_motion") -> str:
    """The call that repeats a run."""
    layer = asked.layer
    return as_python(
        source,
        asked.arguments,
        at=taken_at(layer, source, asked.level),
        frames=asked.frames[1] - asked.frames[0],
        level=asked.level if layer.multiscale else None,
        rgb=bool(layer.rgb),
        path=layer.source.path,
        function=function,
    )
