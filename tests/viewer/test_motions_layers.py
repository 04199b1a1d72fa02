"""The layers of a separation: where they lie, what they keep, which are in view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image
from tests.viewer.made import LAYERS, layer_of, source_of, world
from tests.viewer.made_motions import VELOCITIES, asked_of, crossing, separated

import napari_motionfft as mf
from napari_motionfft.motion.several.result import Motions
from napari_motionfft.viewer.motions_colours import parts
from napari_motionfft.viewer.motions_layers import motions_layers
from napari_motionfft.viewer.motions_results import add_motions, in_view, show_motions
from napari_motionfft.viewer.motions_run import MotionsRun, asked_run
from napari_motionfft.viewer.results import KEY, add_results, remove_results, tagged
from napari_motionfft.viewer.run_list import RunList
from napari_motionfft.viewer.runs import motions as motions_of
from napari_motionfft.viewer.settings import Preferences
from napari_motionfft.viewer.writers import write_table, write_whole

NAMES = [
    "motion 2",
    "motion 1",
    "motion landscape",
    "motion axes",
    "motion peaks",
    "motion arrows",
    "motion positions",
]


def shown(run: MotionsRun, layer: Image) -> tuple[ViewerModel, MotionsRun]:
    viewer = ViewerModel()
    viewer.add_layer(layer)
    return viewer, add_motions(viewer, run)


@pytest.mark.parametrize("name", LAYERS)
def test_all_lie_where_they_belong_for_any_transform(name: str) -> None:
    layer = layer_of(name)
    region = ((10, 50), (20, 80))
    motions = crossing(kind="occluding", region=region)
    viewer, _ = shown(separated(motions, layer), layer)
    where = {x.name: x for x in viewer.layers}
    # the images: moved from the region, nothing else, and both to the same place
    for number in (1, 2):
        image = where[f"motion {number}"]
        np.testing.assert_array_equal(image.data, motions[number - 1].integrated)
        step = world(image, (0, 0)) - world(layer, (0, 10, 20))
        assert np.hypot(*step) > 1
        np.testing.assert_allclose(
            world(image, (30, 40)) - world(layer, (0, 40, 60)), step, atol=1e-6
        )
        np.testing.assert_allclose(world(image, (0, 0)), world(where["motion 1"], (0, 0)))
    # the mask: on the frames
    mask = where["front mask"]
    assert mask.data.shape == (6, 40, 60)
    for point in ((0, 0, 0), (5, 30, 40)):
        on_stack = np.add(point, (0, 10, 20))
        np.testing.assert_allclose(
            mask.data_to_world(point), layer.data_to_world(on_stack), atol=1e-6
        )
    # the peaks: on the landscape's pixel of their velocity
    land, peaks = where["motion landscape"], where["motion peaks"]
    vy, vx = land.metadata[KEY]["vy"], land.metadata[KEY]["vx"]
    for velocity, peak in zip(VELOCITIES, peaks.data, strict=False):
        np.testing.assert_allclose(peak, velocity)
        at = np.interp(velocity[0], vy, range(len(vy))), np.interp(velocity[1], vx, range(len(vx)))
        np.testing.assert_allclose(world(peaks, peak), world(land, at), atol=1e-6)
    # arrows: from the region's middle in frame 0 to where it is in the last
    arrows = where["motion arrows"]
    for number, velocity in enumerate(VELOCITIES[:2], 1):
        ours = np.flatnonzero(np.asarray(arrows.features["motion"]) == number)
        start, end = arrows.data[ours[0]]
        np.testing.assert_allclose(world(arrows, start), world(layer, (0, 29.5, 49.5)), atol=1e-6)
        last = (0, *(np.array([29.5, 49.5]) + 5 * np.array(velocity)))
        np.testing.assert_allclose(world(arrows, end), world(layer, last), atol=1e-6)
    # positions: where the middle is at each frame
    points = where["motion positions"]
    assert len(points.data) == 12
    moved = (3, *(np.array([29.5, 49.5]) + 3 * np.array(VELOCITIES[1])))
    np.testing.assert_allclose(
        points.data_to_world(points.data[6 + 3]), layer.data_to_world(moved), atol=1e-6
    )


def test_a_mask_lies_on_its_frames_where_there_are_other_axes_and_levels() -> None:
    data = np.random.default_rng(0).random((9, 3, 64, 96))
    layer = Image([data, data[..., ::2, ::2]], multiscale=True, scale=(2, 1, 0.5, 0.5), name="c")
    source = source_of(layer, frames=(2, 8), level=1)
    region = ((5, 25), (10, 40))
    motions = crossing(kind="occluding", region=region)
    made = motions_layers(motions, source)
    ((values, arguments, _),) = (each for each in made if each[1]["name"] == "front mask")
    mask = Image(values, **arguments)
    assert mask.data.shape == (6, 1, 20, 30)
    # a px of level 1 is two of level 0, and they share their outer edges
    np.testing.assert_allclose(
        mask.data_to_world((1, 0, 0, 0)), layer.data_to_world((3, 0, 10.5, 20.5)), atol=1e-9
    )
    np.testing.assert_allclose(
        mask.data_to_world((1, 0, 4, 4)), layer.data_to_world((3, 0, 18.5, 28.5)), atol=1e-9
    )


def test_few_layers_with_names_of_their_own_that_go_in_one() -> None:
    layer = layer_of()
    viewer, first = shown(separated(layer=layer), layer)
    assert [x.name for x in viewer.layers] == ["cells", *NAMES]
    second = add_motions(viewer, separated(layer=layer))
    names = [x.name for x in viewer.layers]
    assert len(set(names)) == len(names) == 15
    assert names[8:] == [f"{name} 2" for name in NAMES]
    assert first.run_id != second.run_id
    bottoms = [x.metadata[KEY]["bottom"] for x in tagged(viewer, second.run_id)]
    assert min(bottoms) > tagged(viewer, first.run_id)[0].metadata[KEY]["bottom"]
    assert remove_results(viewer, first.run_id) == 7
    assert not in_view(viewer, first)
    assert in_view(viewer, second)
    assert remove_results(viewer) == 7
    assert [x.name for x in viewer.layers] == ["cells"]


def test_nothing_of_the_users_moves() -> None:
    layer = layer_of("scaled")
    viewer = ViewerModel()
    viewer.add_layer(layer)
    points = viewer.add_points([[1, 2, 3]], name="motion 1")
    viewer.layers.selection = {points}
    viewer.dims.set_current_step(0, 3)
    before = repr(layer.as_layer_data_tuple()[1])
    add_motions(viewer, separated(layer=layer))
    assert viewer.layers.selection == {points}
    assert viewer.dims.current_step[0] == 3
    assert points.name == "motion 1"
    assert "motion 1 2" in viewer.layers
    assert repr(layer.as_layer_data_tuple()[1]) == before


def test_no_motion_adds_nothing() -> None:
    layer = layer_of()
    viewer, run = shown(separated(Motions(stopped="Nothing."), layer), layer)
    assert len(viewer.layers) == 1
    assert not in_view(viewer, run)
    show_motions(viewer, run, None, set())


def test_a_motion_that_stands_still_has_a_point_and_no_arrow() -> None:
    motions = crossing()
    still = motions[1]
    np.copyto(still.displacements, 0.0)
    layer = layer_of()
    viewer, run = shown(separated(motions, layer), layer)
    assert set(viewer.layers["motion arrows"].features["motion"]) == {1}
    assert len(viewer.layers["motion positions"].data) == 12
    show_motions(viewer, run, 1, {1})
    assert not viewer.layers["motion arrows"].edge_color[:, 3].any()


def visible(viewer: ViewerModel) -> set[str]:
    return {x.name for x in viewer.layers if x.visible and x.name != "cells"}


def test_a_row_shows_its_image_and_ticks_what_is_drawn() -> None:
    layer = layer_of()
    motions = crossing(3, kind="occluding", background=True)  # the second is in front
    viewer, run = shown(separated(motions, layer), layer)
    drawn = {*NAMES[2:], "front mask"}
    assert visible(viewer) == {"motion 1", *drawn}
    arrows, peaks = viewer.layers["motion arrows"], viewer.layers["motion peaks"]
    points = viewer.layers["motion positions"]
    usual = peaks.size[1]
    show_motions(viewer, run, 1, {0, 1, 2, 3})
    assert visible(viewer) == {"motion 2", *drawn}
    assert np.argmax(peaks.size) == 1
    assert peaks.size[0] == peaks.size[2] == usual
    which = np.asarray(arrows.features["motion"]) - 1
    thick = np.asarray(arrows.edge_width)
    assert thick[which == 1].max() > thick[which == 0].max() == thick[which == 2].max()
    assert points.shown.all()
    for number, colour in enumerate(("#56b4e9", "#e69f00", "#cc79a7")):
        np.testing.assert_allclose(peaks.face_color[number], parts(colour), atol=1e-6)
        mine = arrows.edge_color[(which == number) & ~np.asarray(arrows.features["rim"])]
        np.testing.assert_allclose(mine, np.tile(parts(colour), (3, 1)), atol=1e-6)
        np.testing.assert_allclose(points.face_color[6 * number], parts(colour), atol=1e-6)

    show_motions(viewer, run, 1, {0, 2})  # the one in front is not ticked
    assert visible(viewer) == drawn - {"front mask"}
    np.testing.assert_array_equal(arrows.edge_color[:, 3], np.where(which == 1, 0, 1))
    assert peaks.size.tolist() == [usual, 0, usual]
    assert peaks.text.values.tolist() == ["1", "", "3"]
    np.testing.assert_array_equal(points.shown, np.repeat([True, False, True], 6))
    # on and on: nothing grows
    for _ in range(3):
        show_motions(viewer, run, 0, {0, 1, 2, 3})
    assert peaks.size[1] == usual
    assert peaks.text.values.tolist() == ["1", "2", "3"]

    show_motions(viewer, run, 3, {0, 1, 2, 3})  # what stands still
    assert visible(viewer) == {"still background", *drawn}
    assert viewer.layers["still background"].data is motions.background


def test_numbers_stand_beside_their_peaks_and_within_the_picture() -> None:
    layer = layer_of()
    viewer, _ = shown(separated(crossing(3), layer), layer)
    peaks = viewer.layers["motion peaks"]
    assert peaks.text.translation[1] > 0
    motions = crossing(2)
    np.copyto(motions[1].velocity, (1.0, 5.9))  # at the right edge of ±6 px/frame
    viewer, _ = shown(separated(motions, layer_of()), layer_of())
    assert viewer.layers["motion peaks"].text.translation[1] < 0


def test_layers_that_the_user_took_are_left_alone() -> None:
    layer = layer_of()
    viewer, run = shown(separated(layer=layer), layer)
    viewer.layers["motion 2"].name = "mine"
    viewer.layers.remove("motion arrows")
    show_motions(viewer, run, 1, {0, 1})
    assert not viewer.layers["mine"].visible
    assert not viewer.layers["motion 1"].visible


def test_each_motion_is_saved_from_its_image(tmp_path: Path) -> None:
    layer = layer_of("scaled")
    viewer, run = shown(separated(layer=layer), layer)
    second = viewer.layers["motion 2"].as_layer_data_tuple()
    for write, name in ((write_whole, "a.json"), (write_table, "a.csv")):
        write(str(tmp_path / name), [second])
        read = mf.load_motion(tmp_path / name)
        np.testing.assert_allclose(read.displacements, run.result[1].displacements)
    np.testing.assert_array_equal(
        mf.load_motion(tmp_path / "a.json").integrated, run.result[1].integrated
    )
    first = viewer.layers["motion 1"].as_layer_data_tuple()
    with pytest.raises(TypeError, match="of several motions"):
        write_whole(str(tmp_path / "b.json"), [first, second])
    with pytest.raises(TypeError, match="'motion peaks' is of several motions"):
        write_whole(str(tmp_path / "b.json"), [viewer.layers["motion peaks"].as_layer_data_tuple()])
    assert not (tmp_path / "b.json").exists()


@pytest.mark.usefixtures("plugin")
def test_a_saved_motion_opens_where_it_lay(tmp_path: Path) -> None:
    layer = layer_of("scaled")
    viewer, run = shown(separated(layer=layer), layer)
    write_whole(str(tmp_path / "a.json"), [viewer.layers["motion 2"].as_layer_data_tuple()])
    viewer.open(str(tmp_path / "a.json"), plugin="napari-motionfft")
    (found,) = RunList(viewer).take_up()
    np.testing.assert_array_equal(found.result.velocity, run.result[1].velocity)
    assert found.source.name == "cells"


def test_each_motion_can_be_applied_and_none_is_taken_for_an_estimate() -> None:
    layer = layer_of()
    viewer, run = shown(separated(layer=layer), layer)
    found = dict(motions_of(viewer))
    assert len(found) == 2
    assert {id(kept) for kept in found.values()} == {id(kept) for kept in run.kept}
    assert any("(−2.000, 1.500) px/frame" in name for name in found)
    assert RunList(viewer).take_up() == []
    add_results(viewer, run.result[0], run.source)  # the two kinds of run get on
    assert len(motions_of(viewer)) == 2


def test_the_script_repeats_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layer_of()
    viewer = ViewerModel()
    viewer.add_layer(layer)
    shapes = viewer.add_shapes([[[9.5, 19.5], [49.5, 79.5]]], shape_type="rectangle")
    asked = asked_of(layer, region_layer=shapes, frames=(1, 5))
    source = source_of(layer, frames=(1, 5), region_layer=shapes)
    run = asked_run(asked, source, 2, "occluding")
    called: dict[str, Any] = {}

    def take(stack: Any, **settings: Any) -> Motions:
        called.update(settings, stack=stack)
        return crossing()

    monkeypatch.setattr(mf, "separate_motions", take, raising=False)
    space: dict[str, Any] = {"viewer": viewer}
    exec(run.script, space)
    assert len(space["motions"]) == 2
    np.testing.assert_array_equal(called.pop("stack"), layer.data[1:5])
    assert called == {
        "region": (slice(10, 50), slice(20, 80)),
        "n": 2,
        "kind": "occluding",
        "max_speed": None,
        "weight": "auto",
        "background": "none",
        "boundary": "crop",
        "device": "auto",
    }


def test_fields_that_do_not_go_together_are_told_in_their_words() -> None:
    layer = layer_of()
    source = source_of(layer)
    with pytest.raises(ValueError, match="is of two motions: choose 2, not 3"):
        asked_run(asked_of(layer), source, 3, "occluding")
    static = asked_of(layer, preferences=Preferences(background="static"))
    with pytest.raises(ValueError, match="needs Background: none"):
        asked_run(static, source, "auto", "occluding")
    asked_run(static, source, 3, "additive")


def test_lines_below_the_landscape_have_no_more_decimals_than_there_is_room_for() -> None:
    motions = crossing(2)
    for motion in motions:
        np.copyto(motion.velocity_stderr, (2e-5, 0.3))
    np.copyto(motions[0].velocity, (-1.23456, -2.3))
    viewer, _ = shown(separated(motions, layer_of()), layer_of())
    texts = list(viewer.layers["motion axes"].text.values)
    assert "1: (−1.235, −2.30) px/frame" in texts
