"""The layers of a separation into a viewer, and which of its motions are in view."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np

from napari_motionfft.viewer.motions_arrows import colours, widths
from napari_motionfft.viewer.motions_layers import (
    ARROWS,
    IMAGE,
    MASK,
    PART,
    PEAKS,
    POSITIONS,
    motions_layers,
)
from napari_motionfft.viewer.motions_peaks import labels, sizes
from napari_motionfft.viewer.motions_run import MotionsRun
from napari_motionfft.viewer.results import KEY, add_made, free_room, tagged


def add_motions(viewer: Any, run: MotionsRun, fit: bool | None = None) -> MotionsRun:
    """Add the layers of a separation; main thread only. Nothing of the user's moves.

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
    MotionsRun
        With the identifier of its layers; "" where no motion stood out, and there are none.
    """
    run_id = uuid4().hex[:8]
    made = motions_layers(
        run.result,
        run.source,
        [layer.name for layer in viewer.layers],
        run_id,
        run.asked.preferences.layout,
        **free_room(viewer, run.source),
    )
    if not made:
        return run
    for _, arguments, _ in made:
        entry = arguments["metadata"][KEY]
        if entry["role"] == IMAGE:  # from which napari saves the motion
            entry["motion"] = run.kept[entry[PART]]
    add_made(viewer, made, run.source, fit)
    return replace(run, run_id=run_id)


def show_motions(viewer: Any, run: MotionsRun, chosen: int | None, shown: Collection[int]) -> None:
    """Bring one motion's image into view, and the arrows, points and peaks of those ticked.

    Parameters
    ----------
    viewer
        Where `add_motions` has added the run.
    run
        The separation.
    chosen
        Row of the table, None for none: its image shows where it is ticked too, its arrow and
        its peak stand out.
    shown
        Rows that are ticked.
    """
    ticked = set(shown)
    for layer in tagged(viewer, run.run_id) if run.run_id else ():
        entry = layer.metadata[KEY]
        role, part = entry["role"], entry.get(PART)
        if role == ARROWS:
            which = np.asarray(layer.features["motion"], dtype=np.intp) - 1
            rim = np.asarray(layer.features["rim"], dtype=bool)
            layer.edge_color = colours(which, rim, ticked)
            layer.edge_width = widths(which, rim, run.source, chosen)
        elif role == POSITIONS:
            which = np.asarray(layer.features["motion"], dtype=np.intp) - 1
            layer.shown = np.isin(which, list(ticked))
        elif role == PEAKS:
            count = len(layer.data)
            layer.size = sizes(count, entry["span"], chosen, ticked)
            layer.features = {**layer.features, "label": labels(count, ticked)}
        elif part is not None:
            # the images lie on one another, the mask on the stack
            alone = role == MASK or part == chosen
            layer.visible = part in ticked and alone


def in_view(viewer: Any, run: MotionsRun) -> bool:
    """Whether any layer of a separation is in the viewer."""
    return bool(run.run_id) and bool(tagged(viewer, run.run_id))
