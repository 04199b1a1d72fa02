"""napari opens videos: as grey stacks that are decoded where the slider stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

LayerData = tuple[Any, dict[str, Any], str]
Paths = str | list[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """A reader for paths that are all videos, else None."""
    from napari_motionfft.files.stacks import VIDEOS

    given = [path] if isinstance(path, str) else path
    if given and all(Path(one).suffix.lower() in VIDEOS for one in given):
        return read
    return None


def read(path: Paths) -> list[LayerData]:
    """An image layer (t, y, x) for each video.

    Time stays in frames: a video's own rate is that of showing, not of recording. It goes into the
    layer's metadata.

    Raises
    ------
    ValueError
        Not a video, or a broken one.
    """
    from napari_motionfft.files.videos import read_video, video_frame_interval

    layers: list[LayerData] = []
    for one in [path] if isinstance(path, str) else path:
        interval = video_frame_interval(one)
        arguments = {
            "name": Path(one).stem,
            "axis_labels": ("t", "y", "x"),
            "rgb": False,
            "metadata": {"shown every (s)": interval},
        }
        layers.append((read_video(one), arguments, "image"))
    return layers
