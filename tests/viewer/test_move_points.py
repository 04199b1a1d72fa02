"""Points, shapes and tracks: each vertex moves as its frame does, through both transforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image, Layer, Points, Shapes, Tracks
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.between import measured_on, up_to_date
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.move_layer import COMPENSATED, move_layer
from napari_motionfft.viewer.move_points import moved_layer
from napari_motionfft.viewer.runs import Kept, keep

T, SHAPE = 6, (64, 96)
PATH = np.asarray([(0, 0), (1.25, -2), (0.5, 3), (-7.75, 3.5), (-8, 4), (-8.5, 5)])
"""A walk with a jump, (T, 2) px."""

OneLayer = Callable[..., Image]


@pytest.fixture
def walk(made: Any) -> Motion:
    """A free path."""
    from dataclasses import replace

    motion: Motion = replace(made.motion_of(frames=T), displacements=PATH, model="free", jumps=(3,))
    return motion


@pytest.fixture
def kept(made: Any, walk: Motion) -> Callable[..., Kept]:
    """The walk as it is kept when measured on a layer."""

    def make(layer: Image, **arguments: Any) -> Kept:
        source = made.source_of(layer, **arguments)
        count = layer.data.shape[source.time_axis]
        return keep([], walk, source, count)

    return make


def on_stack(layer: Layer, rows: Any, stack: Image) -> NDArray[np.float64]:
    """(N, D) data of one layer → data of another, point by point, by napari's own maps."""
    return np.asarray([stack.world_to_data(layer.data_to_world(row)) for row in rows])


def row_of_points(*frames: float) -> NDArray[np.float64]:
    rng = np.random.default_rng(8)
    return np.column_stack([frames, rng.uniform(10, 50, (len(frames), 2))])


def create(made: tuple[Any, dict[str, Any], str]) -> Any:
    return Layer.create(*made)


@pytest.mark.parametrize("name", ["plain", "scaled", "rotated", "sheared", "affine", "mirrored"])
def test_points_go_where_their_features_are_in_frame_0(made: Any, kept: Any, name: str) -> None:
    stack = made.layer_of(name)
    rows = row_of_points(0, 1, 2, 3, 5)
    points = Points(rows, **made.LAYERS[name])
    before = points.data.copy()
    data, note = moved_layer(points, kept(stack))
    result = create(data)
    np.testing.assert_allclose(
        on_stack(result, result.data, stack)[:, 1:], rows[:, 1:] - PATH[[0, 1, 2, 3, 5]], atol=1e-9
    )
    np.testing.assert_array_equal(result.data[:, 0], rows[:, 0])
    np.testing.assert_array_equal(points.data, before)
    assert note == ""


def test_points_in_world_units_beside_small_pixels(made: Any, kept: Any) -> None:
    stack = made.layer_of("scaled")  # 5 s a frame, 0.5 × 0.25 µm px
    inside = row_of_points(0, 2, 4)
    world = np.asarray([stack.data_to_world(row) for row in inside])
    expected = np.asarray([stack.data_to_world(row - (0, *PATH[int(row[0])])) for row in inside])
    bare = Points(world)  # scale 1, no unit: what napari draws is the bare numbers
    np.testing.assert_allclose(moved_layer(bare, kept(stack))[0][0], expected, atol=1e-9)
    milli = Points(world * 1000, units=("ms", "nm", "nm"))
    np.testing.assert_allclose(moved_layer(milli, kept(stack))[0][0], 1000 * expected, atol=1e-6)


def test_what_lies_in_no_frame_of_the_motion_is_left_out(made: Any, kept: Any) -> None:
    movie = made.layer_of("plain", (20, *SHAPE))
    part = kept(movie, frames=(5, 5 + T))
    rows = row_of_points(4, 5, 7.4, 10, 11)
    points = Points(
        rows, features={"id": list("abcde")}, face_color=["red", "lime", "blue", "cyan", "white"],
        size=[1, 2, 3, 4, 5], symbol=["o", "s", "o", "x", "o"],
    )  # fmt: skip
    data, note = moved_layer(points, part)
    result = create(data)
    assert note == "2 of 5 points lie in no frame of the motion: left out."
    np.testing.assert_allclose(result.data[:, 1:], rows[1:4, 1:] - PATH[[0, 2, 5]])
    assert list(result.features["id"]) == ["b", "c", "d"]
    np.testing.assert_array_equal(result.size, [2, 3, 4])
    np.testing.assert_array_equal(result.face_color, points.face_color[1:4])
    with pytest.raises(SourceError, match=r"Nothing of .* the motion, 5–10"):
        moved_layer(Points(row_of_points(0, 19)), part)


def test_shapes_keep_kind_look_and_form(made: Any, kept: Any) -> None:
    stack = made.layer_of("plain")
    box = np.asarray([(10, 10), (10, 30), (20, 30), (20, 10)], dtype=float)

    def at(frame: int, corners: NDArray[Any] = box) -> NDArray[Any]:
        return np.column_stack([np.full(len(corners), float(frame)), corners])

    across = np.asarray([(0, 5, 5), (3, 6, 6), (9, 7, 7)], dtype=float)
    shapes = Shapes(
        [at(1), at(3), at(5, box[:3]), across],
        shape_type=["rectangle", "ellipse", "polygon", "path"],
        edge_color=["red", "lime", "blue", "white"], edge_width=[1, 2, 3, 4],
        features={"name": list("abcd")}, text="name",
    )  # fmt: skip
    data, note = moved_layer(shapes, kept(stack))
    result = create(data)
    assert note == "1 of 4 shapes lie in no frame of the motion: left out."
    assert result.shape_type == ["rectangle", "ellipse", "polygon"]
    assert list(result.features["name"]) == ["a", "b", "c"]
    assert result.edge_width == [1, 2, 3]
    for found, frame, corners in zip(result.data, (1, 3, 5), (box, box, box[:3]), strict=True):
        np.testing.assert_allclose(found, at(frame, corners - PATH[frame]))
    upright = np.asarray([(0, 5, 5), (0, 9, 5), (4, 9, 5), (4, 5, 5)], dtype=float)
    with pytest.raises(SourceError, match="a rectangle, reaches over several frames"):
        moved_layer(Shapes([upright], shape_type="rectangle"), kept(stack))


def test_tracks_keep_their_graph(made: Any, kept: Any) -> None:
    stack = made.layer_of("plain")
    rows = np.asarray([(i, t, 20.0 + t, 30 - t) for i in (0, 1, 2) for t in range(T)])
    rows[2 * T :, 1] += T  # the third begins when the motion is over
    tracks = Tracks(rows, features={"speed": np.arange(3.0 * T)}, graph={1: [0], 2: [0]})
    data, note = moved_layer(tracks, kept(stack))
    result = create(data)
    assert note == f"{T} of {3 * T} rows of the tracks lie in no frame of the motion: left out."
    np.testing.assert_allclose(result.data[:T, 2:], rows[:T, 2:] - PATH)
    np.testing.assert_array_equal(result.data[:, :2], rows[: 2 * T, :2])
    assert result.graph == {1: [0]}
    np.testing.assert_array_equal(result.features["speed"], np.arange(2.0 * T))


def test_time_is_found_from_the_end(made: Any, kept: Any) -> None:
    stack = Image(np.zeros((T, 2, *SHAPE)))  # t, c, y, x
    motion = kept(stack)
    points = Points([(3, 1, 20, 30)])
    np.testing.assert_allclose(moved_layer(points, motion)[0][0], [(3, 1, *((20, 30) - PATH[3]))])
    with pytest.raises(SourceError, match="has no frame coordinate"):
        moved_layer(Points([(3, 20, 30)]), motion)
    with pytest.raises(SourceError, match="is empty"):
        moved_layer(Points(ndim=4), motion)


places = st.tuples(
    st.integers(0, T - 1), st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32)
)


@given(rows=st.lists(places, min_size=1, max_size=8), name=st.sampled_from(["plain", "sheared"]))
def test_out_and_in_again_is_nothing(made: Any, rows: list[Any], name: str) -> None:
    from dataclasses import replace

    motion = replace(made.motion_of(frames=T), displacements=PATH)
    kept = keep([], motion, made.source_of(made.layer_of(name)), T)
    points = Points(np.asarray(rows, dtype=float), scale=(1, 0.5, 2), rotate=10)
    if name == "plain":
        points.scale = (1, 1, 1)
    taken = create(moved_layer(points, kept)[0])
    put = create(moved_layer(taken, kept, inverse=True)[0])
    np.testing.assert_allclose(put.data, points.data, atol=1e-9)


def test_a_motion_from_a_file_needs_the_image_it_was_measured_on(made: Any, walk: Any) -> None:
    stack = made.layer_of("scaled")
    loaded = Kept(walk, "walk.csv")
    points = Points(np.asarray([stack.data_to_world((2, 20, 30))]))
    with pytest.raises(SourceError, match="choose the image that it was measured on"):
        moved_layer(points, loaded)
    found = moved_layer(points, measured_on(loaded, stack))[0][0]
    np.testing.assert_allclose(found[0], stack.data_to_world((2, *((20, 30) - PATH[2]))))
    with pytest.raises(SourceError, match="has 9 frames, the motion has 6"):
        measured_on(loaded, Image(np.zeros((9, *SHAPE))))


def test_a_scale_that_came_later_counts(made: Any, kept: Any) -> None:
    stack = made.layer_of("plain")
    motion = kept(stack)
    stack.scale = (1, 0.5, 0.5)
    points = Points([(1, 10, 10)])
    now = moved_layer(points, up_to_date(motion, [stack]))[0][0]
    np.testing.assert_allclose(now, [(1, *(10 - 0.5 * PATH[1]))])


def test_a_viewer_gets_one_more_layer_and_nothing_else_changes(made: Any, kept: Any) -> None:
    viewer = ViewerModel()
    stack = viewer.add_layer(made.layer_of("scaled"))
    points = viewer.add_points(row_of_points(0, 1, 2), scale=stack.scale, metadata={"mine": 1})
    viewer.layers.selection = {stack}
    viewer.dims.set_point(0, 20)
    for inverse, what in ((False, "motion-compensated"), (True, "with motion")):
        added = move_layer(viewer, points, kept(stack), inverse=inverse)
        assert added.name == f"Points ({what})"
        assert added.metadata[COMPENSATED]["what"] == what
        assert "mine" not in added.metadata
    assert (viewer.layers.selection, viewer.dims.point[0]) == ({stack}, 20)
    np.testing.assert_array_equal(points.data, row_of_points(0, 1, 2))
    assert len(viewer.layers) == 4
