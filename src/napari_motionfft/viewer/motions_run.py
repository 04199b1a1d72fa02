"""A separation that a user asks for, the work that answers it, and what is kept of it; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_motionfft.viewer.asked import Asked
from napari_motionfft.viewer.devices import load_torch
from napari_motionfft.viewer.motions_rows import MotionRows
from napari_motionfft.viewer.runs import Kept, kept_of
from napari_motionfft.viewer.script import as_python, taken_at
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.units import physical

if TYPE_CHECKING:
    from napari_motionfft.motion.several.result import Motions

SEVERAL = "napari_motionfft.motion.several.separate"

SHARED = ("max_speed", "weight", "background", "boundary", "device")
"""Settings of the form that a separation takes too."""

PRINT = "print([(motion.velocity, motion.score) for motion in motions])  # (y, x) px/frame, σ"


@dataclass(frozen=True, eq=False)
class MotionsRun:
    """One separation.

    Attributes
    ----------
    asked, number, kind
        What the fields say; `number` is "auto" or how many motions.
    source, script
        What it was made on, and the call that repeats it.
    motions
        The result, once there is one.
    kept
        Each motion with where it came from.
    run_id
        Of its layers in the viewer; "" where it has none.
    """

    asked: Asked
    number: int | str
    kind: str
    source: Source
    script: str
    motions: Motions | None = None
    kept: tuple[Kept, ...] = ()
    run_id: str = ""

    @property
    def result(self) -> Motions:
        """The motions of a run that is over."""
        assert self.motions is not None
        return self.motions

    @property
    def rows(self) -> MotionRows:
        """The table."""
        asked = self.asked
        return MotionRows(self.result, physical(self.source, asked.interval, asked.time_unit))

    def with_result(self, motions: Motions) -> MotionsRun:
        """The run when it is over."""
        frames = self.asked.layer_frames
        kept = tuple(kept_of(motion, self.source, frames) for motion in motions)
        return replace(self, motions=motions, kept=kept)


def asked_run(asked: Asked, source: Source, number: int | str, kind: str) -> MotionsRun:
    """A run to be made.

    Raises
    ------
    ValueError
        The fields do not go together; said in their words.
    """
    if kind == "occluding" and number not in ("auto", 2):
        raise ValueError(f"One hides the other is of two motions: choose 2, not {number}.")
    if kind == "occluding" and asked.arguments["background"] == "static":
        raise ValueError(
            "One hides the other needs Background: none. What stands still is one of its motions."
        )
    return MotionsRun(asked, number, kind, source, script_of(asked, source, number, kind))


def arguments(asked: Asked, number: int | str, kind: str) -> dict[str, Any]:
    """Keyword arguments of `separate_motions`."""
    return {"n": number, "kind": kind, **{name: asked.arguments[name] for name in SHARED}}


def separate(run: MotionsRun, progress: Any, cancel: Any) -> MotionsRun:
    """The work itself; any thread."""
    load_torch()
    from napari_motionfft.motion.several.separate import separate_motions

    motions = separate_motions(
        run.source.stack,
        region=run.source.region,
        progress=progress,
        cancel=cancel,
        **arguments(run.asked, run.number, run.kind),
    )
    return run.with_result(motions)


def script_of(asked: Asked, source: Source, number: int | str, kind: str) -> str:
    """The call that repeats a run."""
    layer = asked.layer
    return as_python(
        source,
        arguments(asked, number, kind),
        at=taken_at(layer, source, asked.level),
        frames=asked.frames[1] - asked.frames[0],
        level=asked.level if layer.multiscale else None,
        rgb=bool(layer.rgb),
        path=layer.source.path,
        function="separate_motions",
        into="motions",
        last=PRINT,
    )
