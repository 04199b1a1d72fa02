"""The width of strips on the image: in step with the drawing, and gone with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer, Shapes
from napari.utils._test_utils import read_only_mouse_event
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from tests.viewer.made_strips import motion_of, table_of

from napari_motionfft.viewer.results import remove_results
from napari_motionfft.viewer.strip_layers import AXES
from napari_motionfft.viewer.strip_outline import WIDTH, hide_width, show_width
from napari_motionfft.viewer.strip_results import add_strip_results
from napari_motionfft.viewer.strip_source import read_strips

FRAMES = 12
LINE = np.array([[20.0, 10.0], [50.0, 90.0]])


def movie_of(made: Any, name: str = "plain") -> Image:
    return Image(np.zeros((FRAMES, 64, 96), np.float32), name="cells", **made.LAYERS[name])


def world(layer: Layer, point: Any) -> np.ndarray:
    return np.asarray(layer.data_to_world(point))[-2:]


def results(viewer: ViewerModel, layer: Image, shapes: Shapes) -> Layer:
    """Add results of the drawn strip; gives the layer of axes."""
    source = read_strips(layer, shapes, current_step=(0, 0, 0), width=6)
    table = table_of(motion_of((1.0,), shape=(FRAMES, 86), window=6))
    made = add_strip_results(viewer, table, source)
    return next(x for x in made if x.name.startswith(AXES))


def drawn_layer(viewer: ViewerModel, layer: Image) -> Shapes:
    shapes = Shapes(ndim=2, name="strips", scale=layer.scale[-2:], translate=layer.translate[-2:],
                    units=layer.units[-2:])  # fmt: skip
    return viewer.add_layer(shapes)


def test_width_is_shown_while_drawing(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made, "scaled"))
    shapes = drawn_layer(viewer, layer)
    viewer.layers.selection = {shapes}
    outline = show_width(viewer, shapes, layer, 6)
    assert outline in viewer.layers
    assert set(viewer.layers.selection) == {shapes}
    assert len(outline.data) == 0
    shapes.add([LINE], shape_type="line")
    assert len(outline.data) == 1

    def px() -> np.ndarray:
        return np.array(
            [layer.world_to_data([0, *world(outline, p)])[-2:] for p in outline.data[0]]
        )

    sides = np.sort(np.linalg.norm(np.diff(px(), axis=0), axis=1))
    np.testing.assert_allclose(sides[:2], 6, atol=1e-3)
    np.testing.assert_allclose(px()[:-1].mean(0), LINE.mean(0), atol=1e-3)
    shapes.data = [LINE + 5]
    np.testing.assert_allclose(px()[:-1].mean(0), LINE.mean(0) + 5, atol=1e-3)
    assert show_width(viewer, shapes, layer, 10) is outline
    sides = np.sort(np.linalg.norm(np.diff(px(), axis=0), axis=1))
    np.testing.assert_allclose(sides[:2], 10, atol=1e-3)
    layer.translate = (10, 97, -29)
    there = np.array([shapes.data_to_world(p) for p in shapes.data[0]]).mean(0)
    here = np.array([world(outline, p) for p in outline.data[0][:-1]]).mean(0)
    np.testing.assert_allclose(here, there, atol=1e-3)  # the image moved, the drawing did not
    shapes.add(
        [LINE[0] + np.array([[0, 0], [1, 1]])], shape_type="line"
    )  # too short to be a strip yet
    shapes.add([np.array([[10.0, 10], [10, 40], [30, 40], [30, 10]])], shape_type="ellipse")
    assert len(outline.data) == 1


def test_width_follows_the_mouse(made: Any) -> None:
    """A line is drawn by press, moves and release: the outline is there from the first."""
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made))
    shapes = drawn_layer(viewer, layer)
    shapes.mode = "add_line"
    outline = show_width(viewer, shapes, layer, 6)

    def mouse(kind: str, *position: float) -> Any:
        return read_only_mouse_event(
            type=kind, is_dragging=kind == "mouse_move", pos=position, position=position,
            dims_displayed=[0, 1], view_direction=None, up_direction=None, modifiers=[],
        )  # fmt: skip

    mouse_press_callbacks(shapes, mouse("mouse_press", 20.0, 10.0))
    lengths = []
    for x in (30.0, 60.0, 80.0):
        mouse_move_callbacks(shapes, mouse("mouse_move", 20.0, x))
        lengths.append(np.ptp(outline.data[0][:, 1]))
    mouse_release_callbacks(shapes, mouse("mouse_release", 20.0, 80.0))
    # napari starts a line a little aside, so it is not quite level
    np.testing.assert_allclose(lengths, [21, 51, 71], atol=0.8)
    sides = np.sort(np.linalg.norm(np.diff(outline.data[0], axis=0), axis=1))
    np.testing.assert_allclose(sides[:2], 6, atol=1e-3)


def test_width_goes_with_its_layers_and_with_the_results(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made))
    shapes = drawn_layer(viewer, layer)
    shapes.add([LINE], shape_type="line")
    first = show_width(viewer, shapes, layer, 6)
    other = drawn_layer(viewer, layer)
    second = show_width(viewer, other, layer, 6)
    assert first not in viewer.layers
    viewer.layers.remove(other)
    assert second not in viewer.layers
    third = show_width(viewer, shapes, layer, 6)
    assert third.name == WIDTH
    low = results(viewer, layer, shapes).extent.world
    assert remove_results(viewer) == 7
    assert third not in viewer.layers
    show_width(viewer, shapes, layer, 6)
    np.testing.assert_allclose(results(viewer, layer, shapes).extent.world, low)  # takes no room
    hide_width(viewer)
    assert not [x for x in viewer.layers if x.name == WIDTH]
    fourth = show_width(viewer, shapes, layer, 6)
    viewer.layers.clear()
    assert len(viewer.layers) == 0
    shapes.add([LINE], shape_type="line")
    assert len(fourth.data) == 1  # nobody listens any more


def test_width_of_a_lower_level(made: Any) -> None:
    data = np.zeros((FRAMES, 64, 96), np.float32)
    viewer = ViewerModel()
    layer = viewer.add_image([data, data[:, ::2, ::2]], multiscale=True)
    shapes = drawn_layer(viewer, layer)
    shapes.add([LINE], shape_type="line")
    outline = show_width(viewer, shapes, layer, 6, level=1)
    px = np.array([world(outline, p) for p in outline.data[0]])
    np.testing.assert_allclose(px[:-1].mean(0), LINE.mean(0), atol=1e-3)
    sides = np.sort(np.linalg.norm(np.diff(px, axis=0), axis=1))
    np.testing.assert_allclose(sides[:2], 12, atol=1e-3)
