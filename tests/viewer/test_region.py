"""Rectangles of Shapes layers as pixel slices, through transforms and units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image, Shapes

from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.region import find_region, region_of

ROWS, COLUMNS = 90, 120


def turn(degrees: float) -> np.ndarray:
    """(2, 2) rotation."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def image(**arguments: object) -> Image:
    return Image(np.zeros((3, ROWS, COLUMNS), np.float32), **arguments)


def box(y0: float, y1: float, x0: float, x1: float) -> np.ndarray:
    """(4, 2) corners of the pixels y0…y1−1, x0…x1−1: pixel i spans i−0.5…i+0.5."""
    return np.array([[y0, x0], [y0, x1], [y1, x1], [y1, x0]]) - 0.5


def seen_by(shapes: Shapes, layer: Image, corners: np.ndarray, unit: float = 1.0) -> np.ndarray:
    """Image pixels → data of a Shapes layer at the same place, by napari's own maps."""
    world = np.array([layer.data_to_world([0, *corner])[-2:] for corner in corners]) * unit
    return np.array([shapes.world_to_data(point)[-2:] for point in world])


def rectangle(corners: np.ndarray, **arguments: object) -> Shapes:
    return Shapes([corners], shape_type="rectangle", **arguments)


angles = st.floats(-180, 180)
sizes = st.floats(0.01, 50)
shifts = st.floats(-1000, 1000)


@settings(max_examples=40, deadline=None)
@given(
    angle=angles,
    scale=st.tuples(sizes, sizes),
    shift=st.tuples(shifts, shifts),
    shear=st.floats(-0.8, 0.8),
    other=st.tuples(angles, sizes, shifts),
    y0=st.integers(0, ROWS - 16),
    x0=st.integers(0, COLUMNS - 16),
    tall=st.integers(16, 60),
    wide=st.integers(16, 60),
)
def test_round_trip_through_both_transforms(
    angle, scale, shift, shear, other, y0, x0, tall, wide
) -> None:
    """Exact pixels come back, whatever scale, shift, rotation and shear both layers have."""
    whole = np.eye(3)
    whole[1:, 1:] = turn(angle)
    layer = image(scale=(1, *scale), translate=(0, *shift), rotate=whole, shear=[0, 0, shear])
    affine = np.eye(3)
    affine[:2, :2] = turn(other[0] / 2)
    affine[:2, 2] = other[2]
    shapes = Shapes(
        ndim=2,
        scale=(other[1], other[1]),
        translate=(other[2], 1),
        rotate=turn(other[0]),
        affine=affine,
    )
    y1, x1 = min(y0 + tall, ROWS), min(x0 + wide, COLUMNS)
    shapes.add_rectangles(seen_by(shapes, layer, box(y0, y1, x0, x1)))
    assert region_of(shapes, layer) == (slice(y0, y1), slice(x0, x1))


@pytest.mark.parametrize(("unit", "factor"), [("nm", 1000.0), ("mm", 1e-3), ("um", 1.0)])
def test_units_are_converted(unit: str, factor: float) -> None:
    layer = image(scale=(2, 0.065, 0.13), translate=(0, 7, -3), units=("s", "um", "um"))
    shapes = Shapes(ndim=2, units=(unit, unit))
    shapes.add_rectangles(seen_by(shapes, layer, box(20, 60, 30, 100), factor))
    assert region_of(shapes, layer) == (slice(20, 60), slice(30, 100))


def test_units_that_do_not_convert_are_refused() -> None:
    layer = image(units=("s", "um", "um"))
    with pytest.raises(SourceError, match="do not convert"):
        region_of(rectangle(box(20, 60, 30, 100)), layer)


def test_three_axes_of_shapes() -> None:
    corners = np.column_stack([np.full(4, 2.0), box(10, 40, 5, 50)])
    assert region_of(rectangle(corners), image()) == (slice(10, 40), slice(5, 50))


def test_rectangle_across_time_is_refused() -> None:
    corners = np.array([[0, 20, 5], [0, 20, 50], [2, 20, 50], [2, 20, 5]], dtype=float)
    with pytest.raises(SourceError, match="image plane"):
        region_of(rectangle(corners), image())


@pytest.mark.parametrize(("edge", "first"), [(9.4, 10), (9.6, 10), (10.4, 11), (9.5, 10), (8.9, 9)])
def test_edges_go_to_the_nearest_pixel_border(edge: float, first: int) -> None:
    """A border lies at i − 0.5; 9.4 is nearest to 9.5, where pixel 10 begins."""
    corners = np.array([[edge, 5], [edge, 50], [60, 50], [60, 5]])
    assert region_of(rectangle(corners), image())[0].start == first


def test_rotation_of_a_quarter_is_upright_a_few_degrees_are_not() -> None:
    corners = box(20, 60, 30, 100)
    middle = corners.mean(0)
    quarter = (corners - middle) @ turn(90).T + middle
    region = region_of(rectangle(quarter), image())
    assert region == (slice(5, 75), slice(45, 85))
    slight = (corners - middle) @ turn(0.3).T + middle  # 0.2 px at the corners
    assert region_of(rectangle(slight), image()) == (slice(20, 60), slice(30, 100))
    with pytest.raises(SourceError, match="upright"):
        region_of(rectangle((corners - middle) @ turn(4).T + middle), image())


def test_rectangle_drawn_in_the_world_of_a_rotated_image_is_refused() -> None:
    whole = np.eye(3)
    whole[1:, 1:] = turn(20)
    with pytest.raises(SourceError, match="upright"):
        region_of(rectangle(box(20, 60, 30, 100)), image(rotate=whole))


def test_region_is_cut_to_the_frame_and_says_so() -> None:
    region, note = find_region(rectangle(box(-30, 40, 100, 300)), image())
    assert region == (slice(0, 40), slice(100, COLUMNS))
    assert note is not None
    assert "leaves the frame" in note
    assert find_region(rectangle(box(0, ROWS, 0, COLUMNS)), image())[1] is None


@pytest.mark.parametrize(
    ("corners", "message"),
    [
        (box(200, 300, 10, 50), "outside"),
        (box(10, 25, 10, 50), "15 × 40 px"),
        (box(-50, 10, 10, 50), "10 × 40 px"),
    ],
)
def test_regions_that_cannot_be_used(corners: np.ndarray, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        region_of(rectangle(corners), image())


def test_which_rectangle() -> None:
    shapes = Shapes([box(0, 20, 0, 20), box(30, 60, 40, 80)], shape_type="rectangle", name="rois")
    with pytest.raises(SourceError, match="2 rectangles"):
        region_of(shapes, image())
    shapes.selected_data = {1}
    assert region_of(shapes, image()) == (slice(30, 60), slice(40, 80))
    shapes.add_ellipses(box(0, 20, 0, 20))
    shapes.selected_data = {2}
    with pytest.raises(SourceError, match="2 rectangles"):
        region_of(shapes, image())


def test_no_rectangle() -> None:
    with pytest.raises(SourceError, match="is empty"):
        region_of(Shapes(ndim=2), image())
    with pytest.raises(SourceError, match="holds no rectangle"):
        region_of(Shapes([box(0, 20, 0, 20)], shape_type="ellipse"), image())


def test_lower_level_counts_in_its_own_pixels() -> None:
    levels = [np.zeros((3, 128, 128)), np.zeros((3, 64, 64))]
    layer = Image(levels, multiscale=True)
    shapes = rectangle(box(32, 96, 20, 100))
    assert region_of(shapes, layer) == (slice(32, 96), slice(20, 100))
    assert region_of(shapes, layer, shape=(64, 64)) == (slice(16, 48), slice(10, 50))


def test_transform_out_of_the_plane_is_refused() -> None:
    tilt = np.eye(3)
    tilt[:2, :2] = turn(10)  # turns time into y
    with pytest.warns(UserWarning, match="Non-orthogonal"):
        layer = image(rotate=tilt)
    with pytest.raises(SourceError, match="last two axes"):
        region_of(rectangle(box(20, 60, 30, 100)), layer)
