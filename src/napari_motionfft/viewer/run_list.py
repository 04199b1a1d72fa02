"""The runs of a dock whose results are in the viewer, and the one that is shown; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.between import stack_of
from napari_motionfft.viewer.opened import clock, opened_run
from napari_motionfft.viewer.results import KEY, tagged
from napari_motionfft.viewer.time_link import TimeLink


class RunList:
    """Runs, the oldest first; one goes when the last of its layers has gone.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.

    Attributes
    ----------
    runs
        Those that have layers in the viewer.
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self.runs: list[Run] = []

    def add(self, run: Run, layers: Iterable[Any]) -> Run:
        """Take up a run with the layers that it has added; returns what is kept of it."""
        known = {layer.metadata[KEY]["run"] for layer in layers}
        run = replace(run, run_id=next(iter(known), ""))
        if known:
            self.runs.append(run)
        return run

    def previews(self) -> list[Run]:
        """The quick runs."""
        return [run for run in self.runs if run.preview]

    def forget_gone(self) -> None:
        """Drop the runs whose layers the user has removed."""
        self.runs = [run for run in self.runs if tagged(self._viewer, run.run_id)]

    def take_up(self) -> list[Run]:
        """Add, and return, the runs of layers that others have added: files, or other docks."""
        layers: dict[str, list[Any]] = {}
        for layer in tagged(self._viewer):
            layers.setdefault(layer.metadata[KEY]["run"], []).append(layer)
        known = {run.run_id for run in self.runs}
        others = (opened_run(each) for run_id, each in layers.items() if run_id not in known)
        found = [run for run in others if run is not None]
        self.runs += found
        return found

    def choices(self) -> list[tuple[str, str]]:
        """(name, identifier) of each, to choose from; equal names are numbered."""
        names: dict[str, str] = {}
        for run in self.runs:
            name, number = run.name, 2
            while name in names:
                name, number = f"{run.name} [{number}]", number + 1
            names[name] = run.run_id
        return list(names.items())

    def find(self, run_id: str) -> Run | None:
        """The run of an identifier."""
        return next((run for run in self.runs if run.run_id == run_id), None)

    def stack(self, run: Run) -> Any:
        """The image of a run; None where it is not in the viewer."""
        layers = self._viewer.layers
        if run.asked is not None:
            return run.asked.layer if run.asked.layer in layers else None
        return None if run.kept is None else stack_of(run.kept, layers)

    def time_link(self, run: Run) -> TimeLink | None:
        """The slider of a run: that of its image, else that of its path."""
        frames, stack = len(run.result.displacements), self.stack(run)
        if stack is not None:
            source = run.source
            return TimeLink(self._viewer, stack, source.time_axis, source.first_frame, frames)
        found = clock(tagged(self._viewer, run.run_id)) if run.run_id else None
        if found is None:
            return None
        return TimeLink(self._viewer, *found, run.source.first_frame, frames)
