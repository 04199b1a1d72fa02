"""napari opens saved motions: with all layers that their run added, or a table as its path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer import settings
from napari_motionfft.viewer.camera import camera_is_fitted, watch_fits
from napari_motionfft.viewer.canvas import guard_removal
from napari_motionfft.viewer.result_layers import KEY, LayerData, result_layers
from napari_motionfft.viewer.results import made_for, settle, tagged
from napari_motionfft.viewer.runs import Kept, kept_of, marked
from napari_motionfft.viewer.saved_place import place_source, plain_source
from napari_motionfft.viewer.source import Source

Paths = str | list[str]


def get_motion_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """A reader for paths that are all motions as `save_motion` writes them, else None.

    Only the beginning of a file is looked at.
    """
    from napari_motionfft.files.tables import holds_motion

    given = [path] if isinstance(path, str) else path
    return read_motions if given and all(holds_motion(one) for one in given) else None


def read_motions(path: Paths) -> list[LayerData]:
    """The layers of each motion.

    From .json all that its run added, where it lay if the file says so; from .csv the path in px.
    In napari's window they find room beside what is there, as those of a run do.

    Raises
    ------
    ValueError
        The file is broken; says where.
    OSError
        It cannot be read.
    """
    from napari import current_viewer

    viewer = current_viewer()
    layers: list[LayerData] = []
    for one in [path] if isinstance(path, str) else path:
        layers += restored(Path(one), viewer)
    return layers


def restored(path: Path, viewer: Any = None) -> list[LayerData]:
    """The layers of one motion, for a viewer or for any."""
    from napari_motionfft.files.tables import read_motion

    motion, record = read_motion(path)
    source, kept = placed(motion, record, path)
    layout = settings.read().layout
    if viewer is None:
        made = result_layers(motion, source, layout=layout)
    else:
        made = made_for(viewer, motion, source, layout)
    if not motion.integrated.size:
        made = [each for each in made if about(each)["role"] == "trajectory"]
    for _, arguments, _ in made:
        arguments["metadata"][KEY]["motion"] = kept
    if viewer is not None:
        guard_removal(viewer)
        settle_after(viewer, about(made[-1]), source)
    return made


def placed(motion: Motion, record: dict[str, Any] | None, path: Path) -> tuple[Source, Kept]:
    """Where the layers go, and what they keep."""
    frames = len(motion.displacements)
    if record is None:
        (_, bottom), (_, right) = motion.region
        name = marked(path.name, motion)
        return plain_source(path.stem, frames, (bottom, right)), Kept(motion, name)
    try:
        source, layer_frames = place_source(record, frames)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return source, kept_of(motion, source, layer_frames)


def about(made: LayerData) -> dict[str, Any]:
    """Our metadata of a layer that is to be."""
    entry: dict[str, Any] = made[1]["metadata"][KEY]
    return entry


def settle_after(viewer: Any, last: dict[str, Any], source: Source) -> None:
    """Finish as a run does once napari has added the last layer."""
    follow = camera_is_fitted(viewer)
    watch_fits(viewer)

    def added(event: Any) -> None:
        entry = event.value.metadata.get(KEY, {})
        if (entry.get("run"), entry.get("role")) == (last["run"], last["role"]):
            viewer.layers.events.inserted.disconnect(added)
            settle(viewer, tagged(viewer, last["run"]), source, follow)

    viewer.layers.events.inserted.connect(added)
