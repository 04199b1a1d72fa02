"""Results into a viewer and out of it: nothing of the user's moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Shapes

from napari_motionfft.viewer.camera import watch_fits
from napari_motionfft.viewer.results import KEY, add_results, remove_results, result_layers


def snapshot(viewer: ViewerModel) -> dict[str, Any]:
    """All that is the user's."""
    return {
        "layers": [
            (x.name, x.visible, x.opacity, tuple(x.scale), tuple(x.translate), dict(x.metadata))
            for x in viewer.layers
            if KEY not in x.metadata
        ],
        "selection": set(viewer.layers.selection),
        "active": viewer.layers.selection.active,
        "point": tuple(viewer.dims.point[:1]),
        "step": viewer.dims.current_step[:1],
        "range": viewer.dims.range[:1],
        "labels": viewer.dims.axis_labels,
        "units": viewer.dims.units,
        "ndim": viewer.dims.ndim,
    }


@pytest.mark.parametrize("chosen", [[], [0], [1], [0, 1]])
@pytest.mark.parametrize("name", ["plain", "scaled"])
def test_user_state_is_left_alone(made: Any, name: str, chosen: list[int]) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of(name))
    viewer.add_layer(Shapes(ndim=2, name="roi", units=layer.units[-2:]))
    viewer.dims.set_point(0, layer.data_to_world((4, 0, 0))[0])
    viewer.layers.selection = {viewer.layers[i] for i in chosen}
    before = snapshot(viewer)
    added = add_results(viewer, made.motion_of(), made.source_of(layer))
    assert snapshot(viewer) == before
    assert {x.metadata[KEY]["role"] for x in added} == made.ROLES
    assert list(viewer.layers)[-6:] == added
    assert remove_results(viewer) == 6
    assert snapshot(viewer) == before
    assert [x.name for x in viewer.layers] == ["cells", "roi"]


def test_names_are_unique_and_runs_are_removed_one_by_one(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    mine = viewer.add_image(np.zeros((8, 8)), name="trajectory")
    first = add_results(viewer, made.motion_of(), made.source_of(layer))
    second = add_results(viewer, made.motion_of(), made.source_of(layer))
    names = [x.name for x in viewer.layers]
    assert len(set(names)) == len(names) == 14
    assert {x.name for x in first} == {f"{role} 2" for role in made.ROLES}
    assert {x.name for x in second} == {f"{role} 3" for role in made.ROLES}
    runs = {x.metadata[KEY]["run"] for x in first}
    assert len(runs) == 1
    assert remove_results(viewer, runs.pop()) == 6
    assert not set(first) & set(viewer.layers)
    assert set(second) < set(viewer.layers)
    assert remove_results(viewer) == 6
    assert list(viewer.layers) == [layer, mine]
    assert remove_results(viewer) == 0


def test_what_the_user_renamed_or_duplicated_stays(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    added = made.by_role(add_results(viewer, made.motion_of(), made.source_of(layer)))
    added["integrated image"].name = "figure 3"
    copy = type(added["loss landscape"]).create(*added["loss landscape"].as_layer_data_tuple())
    copy.name = "loss landscape copy"
    viewer.add_layer(copy)
    assert remove_results(viewer) == 5
    assert [x.name for x in viewer.layers] == ["cells", "figure 3", "loss landscape copy"]
    assert remove_results(viewer) == 0
    # they are images like any other: the next results leave them uncovered
    again = made.by_role(add_results(viewer, made.motion_of(), made.source_of(layer)))
    low = made.world(again["integrated image"], (0, 0))
    assert (low > made.world(copy, np.subtract(copy.data.shape, 1))).any()
    assert remove_results(viewer) == 6


def test_metadata_holds_the_settings(made: Any) -> None:
    motion = made.motion_of()
    for _, arguments, _ in result_layers(motion, made.source_of(made.layer_of()), run="abc"):
        entry = arguments["metadata"][KEY]
        assert entry["settings"] == motion.settings
        assert (entry["run"], entry["source"]) == ("abc", "cells")


def test_camera_follows_unless_the_user_has_moved_it(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    viewer.reset_view()
    before = viewer.scene.camera.center
    add_results(viewer, made.motion_of(), made.source_of(layer))
    assert viewer.scene.camera.center != before
    remove_results(viewer)
    viewer.scene.camera.center = (0.0, 10.0, 12.0)
    viewer.scene.camera.zoom = 20.0
    add_results(viewer, made.motion_of(), made.source_of(layer))
    assert viewer.scene.camera.center == (0.0, 10.0, 12.0)
    assert viewer.scene.camera.zoom == 20.0
    add_results(viewer, made.motion_of(), made.source_of(layer), fit=True)
    assert viewer.scene.camera.center != (0.0, 10.0, 12.0)


def in_view(viewer: ViewerModel, layer: Any) -> bool:
    """A layer lies within the canvas."""
    center, zoom = np.asarray(viewer.scene.camera.center)[-2:], viewer.scene.camera.zoom
    half = np.asarray(viewer.canvas.size) / zoom / 2
    low, high = np.asarray(layer.extent.world)[:, -2:]
    return bool((low >= center - half).all() and (high <= center + half).all())


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("added", ["", "shapes", "image", "points"])
def test_results_come_into_view_whatever_was_added_since(
    made: Any, added: str, watched: bool
) -> None:
    viewer = ViewerModel()
    if watched:
        watch_fits(viewer)
    layer = viewer.add_layer(made.layer_of())  # napari fits to it, and to no later layer
    if added == "shapes":
        viewer.add_shapes([[[-10, -10], [30, 40]]], shape_type="rectangle")
    elif added == "image":
        viewer.add_image(np.zeros((6, 200, 150)))
    elif added == "points":
        viewer.add_points([[0, 5, 5], [3, -40, 90]])
    for _ in range(2):
        results = add_results(viewer, made.motion_of(), made.source_of(layer))
        assert all(in_view(viewer, result) for result in results)


def test_a_camera_that_was_zoomed_stays(made: Any) -> None:
    viewer = ViewerModel()
    watch_fits(viewer)
    layer = viewer.add_layer(made.layer_of())
    viewer.scene.camera.zoom *= 1.1  # about the centre
    before = viewer.scene.camera.zoom
    add_results(viewer, made.motion_of(), made.source_of(layer))
    assert viewer.scene.camera.zoom == before
    viewer.fit_to_view()
    remove_results(viewer)
    results = add_results(viewer, made.motion_of(), made.source_of(layer))
    assert all(in_view(viewer, result) for result in results)


def test_what_is_left_comes_back_into_view(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    viewer.fit_to_view()
    watch_fits(viewer)
    viewer.fit_to_view()
    center, zoom = viewer.scene.camera.center, viewer.scene.camera.zoom
    for moved in (False, True):
        add_results(viewer, made.motion_of(), made.source_of(layer))
        assert viewer.scene.camera.zoom < 0.9 * zoom
        if moved:
            viewer.scene.camera.zoom *= 1.5
        before = viewer.scene.camera.zoom
        remove_results(viewer)
        assert viewer.scene.camera.zoom == pytest.approx(before if moved else zoom)
        assert moved or viewer.scene.camera.center == pytest.approx(center)


@pytest.mark.parametrize("name", ["plain", "scaled", "mirrored"])
@pytest.mark.parametrize("layout", ["beside", "over"])
def test_results_cover_no_other_image(made: Any, layout: str, name: str) -> None:
    """A second image right of the stack, in another unit: nothing lies on it."""
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of(name))
    other = viewer.add_image(np.zeros((6, 80, 64)), **made.LAYERS[name])
    side = 96 * layer.scale[2]
    other.translate = np.add(other.translate, (0, 0, side))
    if name == "scaled":
        other.scale = other.scale * (1, 1000, 1000)
        other.translate = other.translate * (1, 1000, 1000)
        other.units = ("s", "nm", "nm")
    hidden = viewer.add_image(np.zeros((6, 80, 900)), visible=False)
    hidden.units, hidden.scale = layer.units, layer.scale
    for _ in range(2):
        results = made.by_role(
            add_results(viewer, made.motion_of(), made.source_of(layer), layout=layout)
        )
        free = ["landscape axes", *(["integrated image"] if layout == "beside" else [])]
        # in px of the stack, where the other image is 96…160 across and 0…80 down
        for role in free:
            result = results[role]
            low, high = result._extent_data_augmented
            ends = [
                layer.world_to_data((0, *made.world(result, (y, x))))[-2:]
                for y in (low[0], high[0])
                for x in (low[1], high[1])
            ]
            top, left = np.min(ends, axis=0)
            assert top > 79.4 or left > 159.4
            assert left < 500


def test_point_follows_the_time_slider(made: Any) -> None:
    """One point is in the slice, that of the frame shown, also where frames are 5 s apart."""
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of("scaled"))
    added = made.by_role(add_results(viewer, made.motion_of(), made.source_of(layer)))
    for t in (0, 3, 5):
        viewer.dims.set_current_step(0, t)
        assert list(added["position"]._view_indices) == [t]
        assert added["trajectory"].current_time == pytest.approx(t)


def test_text_is_sized_in_the_canvas_unit(made: Any) -> None:
    """A layer in nm makes the viewer count in nm; text of a layer in µm grows along."""
    sizes = []
    for unit in ("um", "nm"):
        viewer = ViewerModel()
        layer = viewer.add_layer(made.layer_of("scaled"))
        viewer.add_layer(Shapes([[[0, 0], [9, 9]]], shape_type="line", units=(unit, unit)))
        added = add_results(viewer, made.motion_of(), made.source_of(layer))
        sizes.append(made.by_role(added)["landscape axes"].text.size)
    assert sizes[1] == pytest.approx(1000 * sizes[0])


def test_results_in_a_real_window(made: Any, make_napari_viewer_proxy: Any) -> None:
    """What is added is drawn, with its text; the point moves along with the slider."""
    viewer = make_napari_viewer_proxy(show=True)
    viewer.window.resize(1200, 800)
    layer = viewer.add_layer(made.layer_of())
    added = made.by_role(add_results(viewer, made.motion_of(), made.source_of(layer)))

    def picture() -> np.ndarray:
        return np.asarray(viewer.screenshot(canvas_only=True, flash=False))[..., :3].astype(int)

    def changed_by(layer: Any, text: bool = False) -> int:
        """Pixels that a layer (its text) draws."""
        shown = picture()
        holder = layer.text if text else layer
        holder.visible = False
        hidden = picture()
        holder.visible = True
        return int((np.abs(shown - hidden).max(-1) > 30).sum())

    assert changed_by(added["landscape axes"], text=True) > 500
    assert changed_by(added["loss landscape"]) > 500
    assert changed_by(added["integrated image"]) > 5000
    assert changed_by(added["trajectory"]) > 20
    assert changed_by(added["position"]) > 20
    added["position"].data = np.add(added["position"].data, (100, 0, 0))  # no point is in the slice
    assert changed_by(added["position"]) == 0
    added["position"].data = np.subtract(added["position"].data, (100, 0, 0))
    here = []
    for t in (0, 5):
        viewer.dims.set_current_step(0, t)
        on = picture()
        added["position"].visible = False
        where = np.argwhere(np.abs(on - picture()).max(-1) > 30)
        added["position"].visible = True
        here.append(where.mean(0))
    zoom = viewer.scene.camera.zoom
    np.testing.assert_allclose((here[1] - here[0]) / zoom, (-10, 7.5), atol=1.5)
    assert remove_results(viewer) == 6
    bare = picture()
    add_results(viewer, made.motion_of(), made.source_of(layer))
    assert (np.abs(picture() - bare).max(-1) > 30).sum() > 5000


def test_layers_are_removed_in_the_canvas_own_context(
    made: Any, make_napari_viewer_proxy: Any, qapp: Any
) -> None:
    """An unguarded removal, ours or the user's, ends the process at the second drawing (Mesa)."""
    viewer = make_napari_viewer_proxy(show=True)
    layer = viewer.add_layer(made.layer_of())
    for _ in range(2):
        added = made.by_role(add_results(viewer, made.motion_of(), made.source_of(layer)))
        qapp.processEvents()  # draws, and leaves Qt's own context current
        viewer.layers.remove(added["landscape axes"])
        remove_results(viewer)
        for t in (1, 2, 3):
            viewer.dims.set_current_step(0, t)
            qapp.processEvents()
    assert list(viewer.layers) == [layer]
