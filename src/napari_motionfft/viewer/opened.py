"""Result layers that a dock has not added itself, as a run: from a file, or an earlier dock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.report import report_of
from napari_motionfft.viewer.results import KEY
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.saved_place import source_of

LOAD = """\
import napari_motionfft as mf

motion = mf.load_motion({path!r})
print(motion.velocity, motion.velocity_stderr)  # (y, x), px/frame
"""


def opened_run(layers: Sequence[Any]) -> Run | None:
    """The run of result layers, whose call is not known but for loading its file.

    Parameters
    ----------
    layers
        Those of one run.

    Returns
    -------
    Run or None
        None where no layer keeps a motion, or none can tell the time yet.
    """
    kept = next((about.get("motion") for about in map(ours, layers)), None)
    if not isinstance(kept, Kept) or clock(layers) is None:
        return None
    path = layers[0].source.path
    source = source_of(kept, Path(path).stem if path else "")
    run = Run(None, source, LOAD.format(path=path) if path else "")
    run_id = str(ours(layers[0])["run"])
    return replace(run, kept=kept, report=report_of(kept.motion, source), run_id=run_id)


def clock(layers: Sequence[Any]) -> tuple[Any, int] | None:
    """(layer, axis) of result layers that has time among its axes; None where none has."""
    from napari.layers import Points, Tracks

    for layer in layers:
        kept = ours(layer).get("motion")
        if isinstance(layer, Tracks):
            return layer, 0
        if isinstance(layer, Points) and isinstance(kept, Kept):
            return layer, kept.time_axis or 0
    return None


def ours(layer: Any) -> dict[str, Any]:
    """Our entry of a layer's metadata."""
    entry: dict[str, Any] = layer.metadata[KEY]
    return entry
