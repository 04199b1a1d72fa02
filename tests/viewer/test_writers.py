"""napari saves the layers of a run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Tracks

import napari_motionfft as mf
from napari_motionfft.viewer.results import KEY, add_results
from napari_motionfft.viewer.runs import keep
from napari_motionfft.viewer.writers import write_table, write_whole

PLUGIN = "napari-motionfft"


def run_of(made: Any, viewer: ViewerModel, motion: Any = None) -> list[Any]:
    """A run's layers in a viewer, as the widget adds them."""
    layer = made.layer_of("scaled")
    if layer.name not in viewer.layers:
        viewer.add_layer(layer)
    motion, source = motion or made.motion_of(), made.source_of(layer)
    layers = add_results(viewer, motion, source)
    keep(layers, motion, source, 6)
    return layers


def as_data(layers: list[Any]) -> list[Any]:
    return [layer.as_layer_data_tuple() for layer in layers]


@pytest.fixture
def viewer(plugin: Any) -> ViewerModel:
    return ViewerModel()


def select(viewer: ViewerModel, *roles: str) -> None:
    chosen = {x for x in viewer.layers if x.metadata.get(KEY, {}).get("role") in roles}
    assert len(chosen) == len(roles)
    viewer.layers.selection = chosen


@pytest.mark.parametrize("given", [None, PLUGIN])
def test_the_path_is_saved_by_napari_as_a_table(
    made: Any, viewer: ViewerModel, tmp_path: Path, given: str | None
) -> None:
    motion = replace(made.motion_of(), excluded=(2,), jumps=(4,))
    run_of(made, viewer, motion)
    select(viewer, "trajectory")
    path = tmp_path / "trajectory.csv"
    assert viewer.layers.save(str(path), selected=True, plugin=given) == [str(path)]
    back = mf.load_motion(path)
    np.testing.assert_array_equal(back.displacements, motion.displacements)
    np.testing.assert_array_equal(back.displacement_stderr, motion.displacement_stderr)
    assert (back.excluded, back.jumps) == ((2,), (4,))


@pytest.mark.parametrize(
    "roles",
    [
        ("trajectory",),
        ("trajectory", "loss landscape"),
        (
            *("plain mean", "integrated image", "loss landscape", "landscape axes"),
            *("trajectory", "position"),
        ),
    ],
)
def test_the_layers_of_a_run_are_saved_whole(
    made: Any, viewer: ViewerModel, tmp_path: Path, roles: tuple[str, ...]
) -> None:
    run_of(made, viewer)
    select(viewer, *roles)
    path = tmp_path / "motion.json"
    assert viewer.layers.save(str(path), selected=True) == [str(path)]
    back, motion = mf.load_motion(path), made.motion_of()
    np.testing.assert_array_equal(back.integrated, motion.integrated)
    np.testing.assert_array_equal(back.landscape.values, motion.landscape.values)
    assert back.region == motion.region


def test_tracks_of_others_are_not_claimed(viewer: ViewerModel, tmp_path: Path) -> None:
    viewer.add_tracks(np.array([[0, 0, 1, 2], [0, 1, 2, 3]], dtype=float), name="cells")
    path = tmp_path / "cells.csv"
    with pytest.raises(TypeError, match="'cells' is no result of Estimate motion"):
        viewer.layers.save(str(path))
    assert not path.exists()


def test_a_writer_for_tracks_alone_goes_first(plugin: Any, tmp_path: Path) -> None:
    written = []

    def other(path: str, data: Any, attributes: Any) -> list[str]:
        written.append(path)
        return [path]

    with plugin.tmp_plugin(name="aaa-other") as later:
        later.contribute.writer(layer_types=["tracks"], filename_extensions=[".csv"])(other)
        viewer = ViewerModel()
        viewer.add_tracks(np.array([[0, 0, 1, 2], [0, 1, 2, 3]], dtype=float))
        viewer.layers.save(str(tmp_path / "cells.csv"))
    assert written == [str(tmp_path / "cells.csv")]


@pytest.mark.parametrize("kinds", [["points"], ["shapes"], ["image"], ["tracks", "tracks"]])
def test_other_layers_find_no_writer_of_ours(plugin: Any, kinds: list[str]) -> None:
    found = [writer.plugin_name for writer in plugin.iter_compatible_writers(kinds)]
    assert PLUGIN not in found


def test_layers_that_would_not_be_in_the_file_are_refused(
    made: Any, viewer: ViewerModel, tmp_path: Path
) -> None:
    first, second = run_of(made, viewer), run_of(made, viewer)
    path = str(tmp_path / "motion.json")
    with pytest.raises(TypeError, match="of several runs"):
        write_whole(path, as_data([first[-2], second[0]]))
    with pytest.raises(TypeError, match="'stack' is no result"):
        write_whole(path, as_data([first[-2], Image(np.zeros((2, 8, 8)), name="stack")]))
    foreign = Tracks(np.array([[0, 0, 1, 2.0]]), name="t", metadata={KEY: {"run": "strip"}})
    with pytest.raises(TypeError, match="'t' is no result"):
        write_whole(path, as_data([foreign]))
    assert list(tmp_path.iterdir()) == []


def test_a_name_without_suffix_gets_one_but_replaces_nothing(
    made: Any, viewer: ViewerModel, tmp_path: Path
) -> None:
    data = as_data(run_of(made, viewer)[-2:-1])
    assert write_table(str(tmp_path / "a.b"), data) == [str(tmp_path / "a.b.csv")]
    assert write_whole(str(tmp_path / "a.b"), data) == [str(tmp_path / "a.b.json")]
    # a suffix that was typed counts, whatever the dialog's menu said
    assert write_table(str(tmp_path / "c.JSON"), data) == [str(tmp_path / "c.JSON")]
    assert mf.load_motion(tmp_path / "c.JSON").integrated.size
    (tmp_path / "a.b.json").write_text("old")
    with pytest.raises(FileExistsError, match="exists already"):
        write_whole(str(tmp_path / "a.b"), data)
    assert (tmp_path / "a.b.json").read_text() == "old"


def test_a_failing_disk_leaves_the_old_file(
    made: Any, viewer: ViewerModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "motion.json"
    path.write_text("old")
    data = as_data(run_of(made, viewer)[-2:-1])

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(str(path), data)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
