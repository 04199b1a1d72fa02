"""napari opens saved motions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer, Tracks

import napari_motionfft as mf
from napari_motionfft.files.tables import read_motion, write_motion
from napari_motionfft.viewer.read_motion import get_motion_reader, read_motions
from napari_motionfft.viewer.result_layers import KEY, result_layers
from napari_motionfft.viewer.results import is_result, remove_results, tagged
from napari_motionfft.viewer.runs import kept_of, motions
from napari_motionfft.viewer.saved_place import place_record
from napari_motionfft.viewer.source import read_source

PLUGIN = "napari-motionfft"
NAMES = ["plain", "scaled", "rotated", "sheared", "lower shear", "affine", "mirrored"]


def same(layer: Layer, wanted: Layer) -> None:
    """Both show the same at the same place, by napari's own account."""
    assert type(layer) is type(wanted)
    assert layer.name == wanted.name
    one, other = (x.as_layer_data_tuple() for x in (layer, wanted))
    for a, b in zip(list(one[0]), list(other[0]), strict=True):  # shapes are a list of arrays
        np.testing.assert_array_equal(a, b)
    assert (layer.units, layer.axis_labels) == (wanted.units, wanted.axis_labels)
    np.testing.assert_allclose(
        layer._data_to_world.affine_matrix, wanted._data_to_world.affine_matrix, atol=1e-9
    )
    assert (layer.visible, layer.opacity) == (wanted.visible, wanted.opacity)
    if isinstance(layer, Image):
        assert layer.contrast_limits == wanted.contrast_limits
    else:
        assert layer.features.equals(wanted.features)


def reopened(motion: Any, source: Any, path: Path, layer_frames: int | None = None) -> list[Layer]:
    """Layers of a motion that was saved in the viewer; and the ones that its run added."""
    write_motion(motion, path, place_record(kept_of(motion, source, layer_frames)))
    viewer = ViewerModel()
    viewer.open(str(path), plugin=PLUGIN)
    return list(viewer.layers)


@pytest.mark.parametrize("name", NAMES)
def test_all_layers_of_a_run_come_back_where_they_were(
    made: Any, plugin: Any, tmp_path: Path, name: str
) -> None:
    motion = made.motion_of(region=((10, 50), (20, 90)), frames=4)
    source = made.source_of(made.layer_of(name), frames=(1, 5))
    layers = reopened(motion, source, tmp_path / "motion.json", 6)
    wanted = [Layer.create(*each) for each in result_layers(motion, source)]
    assert len(layers) == 6
    for layer, was in zip(layers, wanted, strict=True):
        same(layer, was)


@pytest.mark.parametrize(("shape", "axis"), [((3, 6, 64, 96), 1), ((6, 2, 3, 64, 96), 0)])
def test_more_axes_come_back(
    made: Any, plugin: Any, tmp_path: Path, shape: tuple[int, ...], axis: int
) -> None:
    step = [1] * len(shape)
    layer = Image(np.zeros(shape), name="z")
    source = read_source(layer, current_step=step, time_axis=axis)
    layers = reopened(made.motion_of(), source, tmp_path / "motion.json")
    wanted = [Layer.create(*each) for each in result_layers(made.motion_of(), source)]
    for one, was in zip(layers, wanted, strict=True):
        same(one, was)


def test_a_lower_level_comes_back(made: Any, plugin: Any, tmp_path: Path) -> None:
    data = np.zeros((6, 64, 96))
    layer = Image([data, data[:, ::2, ::2]], multiscale=True, scale=(1, 3, 3))
    source = made.source_of(layer, level=1)
    motion = made.motion_of(region=((4, 24), (6, 46)))
    layers = reopened(motion, source, tmp_path / "motion.json")
    wanted = [Layer.create(*each) for each in result_layers(motion, source)]
    for one, was in zip(layers, wanted, strict=True):
        same(one, was)


def test_a_canvas_of_all_that_was_seen_comes_back(made: Any, plugin: Any, tmp_path: Path) -> None:
    image = np.random.default_rng(2).random((90, 300)).astype(np.float32)
    motion = replace(
        made.motion_of(region=((10, 50), (20, 90))),
        integrated=image,
        coverage=np.ones(image.shape, np.int32),
        origin=(-30, -200),
    )
    source = made.source_of(made.layer_of("scaled"))
    layers = reopened(motion, source, tmp_path / "motion.json")
    wanted = [Layer.create(*each) for each in result_layers(motion, source)]
    for one, was in zip(layers, wanted, strict=True):
        same(one, was)


def test_a_motion_without_pictures_opens_as_its_path(
    made: Any, plugin: Any, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("frame,y,x\n0,0,0\n1,1.5,-2\n")
    mf.save_motion(mf.load_motion(tmp_path / "t.csv"), tmp_path / "motion.json")
    viewer = ViewerModel()
    (layer,) = viewer.open(str(tmp_path / "motion.json"), plugin=PLUGIN)
    assert (layer.name, layer.axis_labels) == ("trajectory", ("t", "y", "x"))


def test_a_reopened_run_is_one_of_ours(made: Any, plugin: Any, tmp_path: Path) -> None:
    """It can be chosen, saved again to the same bytes, and removed in one click."""
    motion, source = made.motion_of(), made.source_of(made.layer_of("scaled"))
    path = tmp_path / "motion.json"
    write_motion(motion, path, place_record(kept_of(motion, source, 6)))
    viewer = ViewerModel()
    viewer.open(str(path), plugin=None)  # as by drag and drop
    ((name, kept),) = motions(viewer)
    assert name.startswith("cells: (−2.000, 1.500)")
    assert (kept.time_axis, kept.layer_frames, kept.unit) == (0, 6, "µm")
    assert kept.pixel_size == source.pixel_size
    viewer.layers.selection = {x for x in viewer.layers if isinstance(x, Tracks)}
    viewer.layers.save(str(tmp_path / "again.json"), selected=True, plugin=PLUGIN)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
    assert remove_results(viewer) == 6
    assert len(viewer.layers) == 0


def test_a_motion_saved_by_a_script_lies_in_px(made: Any, plugin: Any, tmp_path: Path) -> None:
    motion = made.motion_of(region=((10, 50), (20, 90)))
    mf.save_motion(motion, tmp_path / "motion.json")
    viewer = ViewerModel()
    viewer.open(str(tmp_path / "motion.json"), plugin=PLUGIN)
    path = viewer.layers["trajectory"]
    np.testing.assert_allclose(path.data_to_world(path.data[0, 1:]), (0, 29.5, 54.5))
    assert viewer.layers["integrated image"].scale.tolist() == [1, 1]
    (kept,) = (kept for _, kept in motions(viewer))
    assert kept.placement is None  # it fits any layer, as one from a file does


def test_a_table_opens_as_its_path(plugin: Any, tmp_path: Path) -> None:
    path = tmp_path / "trajectory.csv"
    path.write_text("frame,y,x,excluded\n0,0,0,0\n1,1.5,-2,1\n2,3,-4,0\n")
    viewer = ViewerModel()
    (layer,) = viewer.open(str(path), plugin=PLUGIN)
    assert isinstance(layer, Tracks)
    np.testing.assert_array_equal(layer.data[:, 1:], [[0, 0, 0], [1, 1.5, -2], [2, 3, -4]])
    ((_, kept),) = motions(viewer)
    assert kept.motion.excluded == (1,)


def test_what_is_not_ours_is_declined(made: Any, tmp_path: Path) -> None:
    def put(name: str, text: str | bytes) -> str:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(tmp_path / name)

    ours = put("a.json", '\ufeff{ "format":"napari-motionfft motion", ')
    table = put("b.csv", "frame, y, x\n0,0,0\n")
    for path in (ours, table, [ours, table]):
        assert get_motion_reader(path) is read_motions
    others = [
        put("c.json", '{"format": "another"}'),
        put("d.json", ""),
        put("e.json", '["napari-motionfft motion"]'),
        put("f.json", b"\xff\xfe\x81"),
        put("g.csv", "index,axis-0,axis-1,axis-2\n0,0,1,2\n"),
        put("h.csv", "frame,y,x,intensity\n0,1,2,3\n"),
        put("i.txt", "frame,y,x\n"),
        str(tmp_path / "missing.json"),
        str(tmp_path),
    ]
    for path in (*others, [ours, others[0]], []):
        assert get_motion_reader(path) is None, path


def test_only_the_beginning_of_a_foreign_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(200_000_000_000)  # sparse: takes no room
    assert get_motion_reader(str(path)) is None


@pytest.mark.parametrize("name", ["m.json", "M.JSON", "my motion.csv", "trajectory 2.csv"])
def test_napari_finds_the_reader_by_the_name(plugin: Any, name: str) -> None:
    found = [reader.command for reader in plugin.iter_compatible_readers([name])]
    assert "napari-motionfft.read_motion" in found


def test_other_tables_are_napari_s_own(plugin: Any) -> None:
    found = [reader.command for reader in plugin.iter_compatible_readers(["points.csv"])]
    assert "napari-motionfft.read_motion" not in found


BROKEN = {
    "cut short": (lambda text: text[: len(text) // 2], "broken JSON"),
    "no units": (lambda text: text.replace('"units": ["second"', '"uni": ["second"'), "'units'"),
    "bad unit": (lambda text: text.replace('"second"', '"apple"'), "cannot be placed"),
    "too short": (lambda text: text.replace('"shape": [6, 64', '"shape": [3, 64'), "Frames 0–5"),
}


@pytest.mark.parametrize(("change", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(
    made: Any, plugin: Any, tmp_path: Path, change: Any, message: str
) -> None:
    motion, source = made.motion_of(), made.source_of(made.layer_of("scaled"))
    path = tmp_path / "motion.json"
    write_motion(motion, path, place_record(kept_of(motion, source)))
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))
    with pytest.raises(ValueError, match=message) as caught:
        read_motions(str(path))
    assert str(path) in str(caught.value)


def test_the_place_does_not_change_the_motion(made: Any, tmp_path: Path) -> None:
    motion, source = made.motion_of(), made.source_of(made.layer_of("sheared"))
    mf.save_motion(motion, tmp_path / "plain.json")
    record = place_record(kept_of(motion, source))
    write_motion(motion, tmp_path / "placed.json", record)
    assert read_motion(tmp_path / "plain.json")[1] is None
    plain, placed = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("plain", "placed")
    )
    del placed["layer"]
    assert plain == placed


def test_in_the_window_all_is_in_view_and_covers_nothing(
    made: Any, plugin: Any, make_napari_viewer: Any, tmp_path: Path
) -> None:
    motion, layer = made.motion_of(), made.layer_of("scaled")
    path = tmp_path / "motion.json"
    write_motion(motion, path, place_record(kept_of(motion, made.source_of(layer), 6)))
    viewer = make_napari_viewer(show=True)
    viewer.open(str(path), plugin=None)
    low, high = viewer._sliced_extent_world_augmented()[:, -2:]
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], (low + high) / 2, rtol=0.02, atol=1)
    viewer.open(str(path), plugin=None)
    assert len(tagged(viewer)) == 12
    assert all(is_result(x) for x in viewer.layers)
    first, second = (viewer.layers[name] for name in ("integrated image", "integrated image 2"))
    assert second.extent.world[0, 0] > first.extent.world[1, 0]
    assert remove_results(viewer, first.metadata[KEY]["run"]) == 6
    assert len(viewer.layers) == 6
