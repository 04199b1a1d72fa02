"""The layers of a search into a viewer, and which of its objects is the chosen one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from napari_motionfft.viewer.movers_layers import RINGS, diameters, movers_layers
from napari_motionfft.viewer.movers_run import MoversRun
from napari_motionfft.viewer.results import KEY, add_made, tagged


def add_movers(viewer: Any, run: MoversRun, fit: bool | None = None) -> MoversRun:
    """Add the layers of a search; main thread only. Nothing of the user's moves.

    Parameters
    ----------
    viewer
        napari Viewer or ViewerModel.
    run
        One that is over.
    fit
        As for `add_results`.

    Returns
    -------
    MoversRun
        With the identifier of its layers; "" where there are none.
    """
    run_id = uuid4().hex[:8]
    taken = [layer.name for layer in viewer.layers]
    made = movers_layers(run.result, run.source, taken, run_id, run.asked.landscapes)
    if not made:
        return run
    add_made(viewer, made, run.source, fit)
    return replace(run, run_id=run_id)


def emphasise(viewer: Any, run: MoversRun, chosen: int | None) -> None:
    """Draw the ring of one object larger than the others'."""
    for layer in tagged(viewer, run.run_id or None):
        if run.run_id and layer.metadata[KEY]["role"] == RINGS:
            numbers = layer.features["object"].to_numpy() - 1
            if len(numbers) == len(layer.data):  # the user may have added points
                layer.size = diameters(run.result, run.source, chosen)[numbers]
