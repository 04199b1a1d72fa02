"""napari opens videos through the plugin."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import dask.array as da
import napari
import numpy as np
import pytest
from napari.components import ViewerModel

from napari_motionfft.viewer.open import open_viewer
from napari_motionfft.viewer.readers import get_reader, read
from napari_motionfft.viewer.source import guess_time_axis


def test_a_video_opens_as_a_movie(plugin: Any) -> None:
    viewer = ViewerModel()
    with as_file(files("napari_motionfft") / "data" / "tacoma_bridge.mp4") as path:
        (layer,) = viewer.open(str(path), plugin="napari-motionfft")
        assert layer.name == "tacoma_bridge"
        assert isinstance(layer.data, da.Array)
        assert (layer.data.shape, layer.data.dtype) == ((248, 250, 334), np.uint8)
        assert guess_time_axis(layer) == 0
        assert layer.metadata["shown every (s)"] == pytest.approx(1 / 30)
        viewer.dims.set_point(0, 200)
        assert layer.data[200].compute().any()


@pytest.mark.parametrize("name", ["some/movie.mp4", "some/MOVIE.MOV", "some/stack.tif"])
def test_napari_finds_the_reader_by_the_suffix(plugin: Any, name: str) -> None:
    found = {reader.command for reader in plugin.iter_compatible_readers([name])}
    assert ("napari-motionfft.read_video" in found) == (not name.endswith("tif"))


def test_view_opens_a_video_with_our_reader(
    plugin: Any, make_napari_viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = make_napari_viewer()
    monkeypatch.setattr(napari, "Viewer", lambda: viewer)
    with as_file(files("napari_motionfft") / "data" / "tacoma_bridge.mp4") as path:
        open_viewer(path, block=False)
        (layer,) = viewer.layers
    assert (layer.rgb, layer.data.shape) == (False, (248, 250, 334))


def test_other_files_are_left_to_others() -> None:
    assert get_reader("a.MP4") is read
    assert get_reader(["a.mp4", "b.webm"]) is read
    assert get_reader(["a.mp4", "b.tif"]) is None
    assert get_reader("a.tif") is None
    assert get_reader([]) is None


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("not what the name says")
    with pytest.raises(ValueError, match="not a readable video"):
        read(str(path))
