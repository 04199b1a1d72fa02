"""A region that follows: a shape a frame, where the content has gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer, Shapes
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.between import shown_frame
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.follow_region import (
    add_following,
    follow_shapes,
    following_layer,
    why_not_own,
)
from napari_motionfft.viewer.results import KEY, add_results, remove_results
from napari_motionfft.viewer.runs import Kept, keep, motions
from napari_motionfft.viewer.source import slider_position

T, SHAPE = 6, (64, 96)
PATH = np.asarray([(0, 0), (1.25, -2), (0.5, 3), (-7.75, 3.5), (-28, 4), (-38.5, 5)])
"""A walk with jumps, (T, 2) px; it leaves the frame in the end."""
REGION = ((10, 40), (20, 60))
BOX = np.asarray([(9.5, 19.5), (9.5, 59.5), (39.5, 59.5), (39.5, 19.5)])


@pytest.fixture
def walk(made: Any) -> Motion:
    """A free path, measured in a region."""
    known = made.motion_of(frames=T, region=REGION)
    motion: Motion = replace(known, displacements=PATH, model="free", jumps=(3, 4))
    return motion


@pytest.fixture
def kept(made: Any, walk: Motion) -> Callable[..., Kept]:
    """The walk as it is kept when measured on a layer."""

    def make(layer: Image, **arguments: Any) -> Kept:
        source = made.source_of(layer, **arguments)
        return keep([], walk, source, layer.data.shape[source.time_axis])

    return make


def shown(layer: Shapes, frame: float) -> list[NDArray[Any]]:
    """Vertices (N, 2) of the shapes in a frame of the layer."""
    return [each[:, 1:] for each in layer.data if (each[:, 0] == frame).all()]


def layer_of(made: Any) -> Any:
    return Layer.create(*made[0])


def test_shapes_in_every_frame(walk: Motion) -> None:
    line = [(1.0, 2.0), (3.0, 4.0), (5.0, 9.0)]
    followed = follow_shapes([BOX, line], walk, [0, 3])
    assert len(followed) == 2 * T
    for t in range(T):
        np.testing.assert_allclose(followed[t][:, 1:], BOX + PATH[t])
        np.testing.assert_allclose(followed[T + t][:, 1:], line + PATH[t] - PATH[3])
        assert (followed[t][:, 0] == t).all()
    assert (followed[T - 1][:, 1] < -20).any()  # beyond the edge, and not cut
    with pytest.raises(ValueError, match=r"frames must lie within 0…5, got 6"):
        follow_shapes([BOX], walk, 6)


@pytest.mark.parametrize("name", ["plain", "scaled", "rotated", "sheared", "affine", "mirrored"])
def test_the_region_lies_on_the_stack(made: Any, kept: Any, name: str) -> None:
    stack = made.layer_of(name)
    layer = layer_of(following_layer(kept(stack)))
    assert layer.units == stack.units
    assert set(layer.shape_type) == {"rectangle"}
    for t in range(T):
        (corners,) = shown(layer, t)
        for corner, there in zip(corners, BOX + PATH[t], strict=True):
            np.testing.assert_allclose(
                layer.data_to_world((t, *corner)), stack.data_to_world((t, *there)), atol=1e-9
            )
    np.testing.assert_allclose(layer.features["displacement_y"], PATH[:, 0])


def test_part_of_a_movie_and_other_axes(made: Any, kept: Any) -> None:
    movie = Image(np.zeros((2, 20, *SHAPE)), axis_labels=("c", "t", "y", "x"))  # seen in both
    layer = layer_of(following_layer(kept(movie, frames=(5, 5 + T))))
    assert layer.ndim == 3
    assert layer.axis_labels == ("t", "y", "x")
    assert sorted({each[0, 0] for each in layer.data}) == list(range(5, 5 + T))
    np.testing.assert_allclose(shown(layer, 7)[0], BOX + PATH[2])


def test_the_lower_level_of_a_pyramid(made: Any, kept: Any) -> None:
    data = np.zeros((T, 128, 192))
    pyramid = Image([data, data[:, ::2, ::2]], multiscale=True)
    source = made.source_of(pyramid, level=1)
    motion = keep([], kept(made.layer_of()).motion, source, T)
    layer = layer_of(following_layer(motion))
    np.testing.assert_allclose(shown(layer, 2)[0], 2 * (BOX + PATH[2] + 0.5) - 0.5)


def test_shapes_of_the_user_keep_kind_and_look(made: Any, kept: Any) -> None:
    stack = made.layer_of("plain")
    around = np.asarray([(10, 10), (10, 30), (20, 30), (20, 10)], dtype=float)
    shapes = Shapes(
        [around, around[:3], around + 5, around[:2]],
        shape_type=["ellipse", "polygon", "path", "line"],
        edge_color=["red", "lime", "blue", "white"], edge_width=[1, 2, 3, 4], scale=(2, 2),
        opacity=0.4,
    )  # fmt: skip
    made_of, notes = following_layer(kept(stack), shapes, frame=3)
    layer = Layer.create(*made_of)
    assert not notes
    assert len(layer.data) == 4 * T
    assert layer.shape_type[::T] == ["ellipse", "polygon", "path", "line"]
    np.testing.assert_allclose(layer.edge_width[::T], [2, 4, 6, 8])  # as wide in the world
    np.testing.assert_array_equal(layer.edge_color[::T], shapes.edge_color)
    assert layer.opacity == 0.4
    np.testing.assert_allclose(shown(layer, 3)[0], 2 * around)  # as drawn, in that frame
    np.testing.assert_allclose(shown(layer, 1)[1], 2 * around[:3] + PATH[1] - PATH[3])
    shapes.mode = "select"
    shapes.selected_data = {1}
    made_of, notes = following_layer(kept(stack), shapes, frame=0)
    assert made_of[1]["shape_type"] == ["polygon"] * T
    assert notes == ("1 of 4 shapes are used: the selected ones.",)


def test_a_shape_with_a_frame_stays_in_it(made: Any, kept: Any) -> None:
    stack = made.layer_of("scaled")
    corners = np.column_stack([np.full(4, 2.0), BOX])
    drawn = Shapes([corners], shape_type="rectangle", **made.LAYERS["scaled"])
    layer = layer_of(following_layer(kept(stack), drawn, frame=5))
    np.testing.assert_allclose(shown(layer, 2)[0], BOX, atol=1e-9)
    corners[:, 0] = 17
    late = Shapes([corners], shape_type="rectangle", **made.LAYERS["scaled"])
    with pytest.raises(SourceError, match=r"lies in no frame of the motion, 0–5"):
        following_layer(kept(stack), late)


def test_a_turned_ellipse_on_oblong_pixels_keeps_its_form(made: Any, kept: Any) -> None:
    stack = Image(np.zeros((T, *SHAPE)), scale=(1, 1, 3))
    square = np.asarray([(-5, 0), (0, 5), (5, 0), (0, -5)], dtype=float)  # on a corner
    round_one = Shapes([square + 20], shape_type="ellipse")
    layer = layer_of(following_layer(kept(stack), round_one))
    assert set(layer.shape_type) == {"polygon"}
    world = shown(layer, 0)[0] * (1, 3) - 20
    np.testing.assert_allclose(np.hypot(*world.T), 5 / np.sqrt(2), atol=1e-5)


def test_what_cannot_be_followed(made: Any, kept: Any) -> None:
    motion = kept(made.layer_of())
    assert why_not_own(motion) is None
    whole = replace(motion, motion=replace(motion.motion, region=((0, 64), (0, 96))))
    assert "whole frame: draw a region in a Shapes layer" in str(why_not_own(whole))
    untold = replace(motion, motion=replace(motion.motion, region=((0, 0), (0, 0))))
    assert "tells no region" in str(why_not_own(untold))
    with pytest.raises(SourceError, match="is empty"):
        following_layer(motion, Shapes(ndim=2))
    many = Shapes([BOX] * 2000, shape_type="rectangle")
    with pytest.raises(SourceError, match="2000 shapes in 6 frames are 12000, more than 10000"):
        following_layer(motion, many)
    with pytest.raises(SourceError, match="choose the image"):
        following_layer(Kept(motion.motion, "walk.csv"))


def test_the_frame_that_is_shown(made: Any, kept: Any) -> None:
    viewer = ViewerModel()
    stack = viewer.add_layer(made.layer_of("scaled", (20, *SHAPE)))
    part = kept(stack, frames=(5, 5 + T))
    for step, frame in ((0, 0), (5, 0), (8, 3), (10, 5), (19, 5)):
        viewer.dims.set_current_step(0, step)
        assert slider_position(viewer.dims, stack)[0] == step
        assert shown_frame(viewer.dims, part) == frame
    viewer.layers.units = ("ms", "nm", "nm")
    viewer.dims.set_current_step(0, 8)
    assert shown_frame(viewer.dims, part) == 3


def test_it_goes_with_the_results_in_one_click(made: Any, walk: Motion) -> None:
    viewer = ViewerModel()
    stack = viewer.add_layer(made.layer_of())
    source = made.source_of(stack)
    motion = keep(add_results(viewer, walk, source), walk, source, T)
    viewer.dims.set_point(0, 2)
    selected = set(viewer.layers.selection)
    mine = viewer.add_shapes([BOX], shape_type="rectangle", name="following region")
    viewer.layers.selection = selected
    one, two = (add_following(viewer, motion, shapes) for shapes in (None, mine))
    assert (one.name, two.name) == ("following region 2", "following region 3")
    assert (set(viewer.layers.selection), viewer.dims.point[0]) == (selected, 2)
    run = viewer.layers["trajectory"].metadata[KEY]["run"]
    assert one.metadata[KEY]["run"] == two.metadata[KEY]["run"] == run
    assert len(motions(viewer)) == 1
    again = keep(add_results(viewer, walk, source), walk, source, T)
    assert again.motion is walk
    remove_results(viewer)
    assert [layer.name for layer in viewer.layers] == ["cells", "following region"]
