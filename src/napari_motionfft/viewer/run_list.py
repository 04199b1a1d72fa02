"""The runs of a dock whose results are in the viewer, and the one that is shown; no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.results import KEY, tagged


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
