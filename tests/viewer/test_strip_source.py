"""Drawn lines, paths, rectangles and line scans → strips in pixels of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes

from napari_motionfft.motion.strips.paths import rectangle_strip
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.strip_source import read_line_scan, read_strips

ROWS, COLUMNS = 90, 120
LINE = np.array([[20.0, 10.0], [50.0, 100.0]])
PATH = np.array([[20.0, 10.0], [50.0, 60.0], [40.0, 110.0]])
NAMES = ["plain", "scaled", "rotated", "sheared", "lower shear", "affine", "mirrored"]


def movie(**arguments: Any) -> Image:
    return Image(np.zeros((6, ROWS, COLUMNS), np.float32), name="cells", **arguments)


def turn(degrees: float) -> np.ndarray:
    a = np.radians(degrees)
    return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])


def drawn(layer: Image, *shapes: tuple[Any, str], factor: float = 1.0, **arguments: Any) -> Shapes:
    """Shapes given in px of an image, drawn at the same place of the world in another layer.

    `factor` is how many of its units are one of the image's.
    """
    made = Shapes(ndim=2, name="strips", **arguments)
    for points, kind in shapes:
        world = np.array([layer.data_to_world([0, *p])[-2:] for p in points]) * factor
        made.add([np.array([made.world_to_data(p) for p in world])], shape_type=kind)
    return made


def read(layer: Image, shapes: Shapes, **arguments: Any) -> Any:
    return read_strips(layer, shapes, current_step=(0,) * layer.ndim, **arguments)


def box(centre: Any, along: float, across: float, degrees: float) -> np.ndarray:
    """(4, 2) corners of a rectangle whose first side points `degrees` down from the right."""
    u = np.array([np.sin(np.radians(degrees)), np.cos(np.radians(degrees))])
    n = np.array([u[1], -u[0]])
    half, side = along / 2 * u, across / 2 * n
    return np.array(centre) + np.array([-half - side, half - side, half + side, -half + side])


@pytest.mark.parametrize("name", NAMES)
def test_through_both_layers_transforms(made: Any, name: str) -> None:
    layer = movie(**made.LAYERS[name])
    units = tuple(layer.units[-2:])
    shapes = drawn(
        layer, (LINE, "line"), (PATH, "path"), scale=(3, 0.7), translate=(5, -8), units=units,
        rotate=turn(33),
    )  # fmt: skip
    source = read(layer, shapes, width=5)
    for strip, wanted in zip(source.paths, (LINE, PATH), strict=True):
        np.testing.assert_allclose(strip.path, wanted, atol=1e-4)  # napari keeps float32
        assert strip.width == 5
    assert source.names == ("strip 1", "strip 2")
    assert source.stack.shape == (6, ROWS, COLUMNS)
    assert source.kymograph is None
    assert not source.is_scan


@pytest.mark.parametrize(("unit", "factor"), [("nm", 1000.0), ("mm", 1e-3), ("um", 1.0)])
def test_units_of_both_layers(unit: str, factor: float) -> None:
    layer = movie(scale=(2, 0.065, 0.065), translate=(0, 7, -3), units=("s", "um", "um"))
    shapes = drawn(layer, (LINE, "line"), factor=factor, units=(unit, unit))
    source = read(layer, shapes)
    np.testing.assert_allclose(source.paths[0].path, LINE, atol=1e-6)
    assert source.dx_of == pytest.approx((0.065,))
    assert (source.length_unit, source.time_unit, source.dt) == ("µm", "s", 2.0)


def test_units_that_do_not_convert_are_refused() -> None:
    layer = movie(units=("s", "um", "um"))
    with pytest.raises(SourceError, match="do not convert"):
        read(layer, Shapes([LINE], shape_type="line"))


def test_pixel_size_depends_on_direction_where_pixels_are_no_squares() -> None:
    layer = movie(scale=(1, 0.5, 0.25), units=("ms", "um", "nm"))  # 0.25 nm along x
    down, right = np.array([[10.0, 20], [60, 20]]), np.array([[10.0, 20], [10, 100]])
    oblique = np.array([[10.0, 20], [40, 60]])  # 3-4-5 in px
    shapes = Shapes([down, right, oblique], shape_type="line", units=("um", "nm"))
    shapes.scale = (0.5, 0.25)
    source = read(layer, shapes)
    wanted = (0.5, 0.00025, np.hypot(0.5 * 3, 0.00025 * 4) / 5)
    assert source.dx_of == pytest.approx(wanted)
    assert source.dx == pytest.approx(np.mean(wanted))
    assert (source.dt, source.time_unit, source.length_unit) == (1.0, "ms", "µm")
    assert not any("squares" in note for note in source.notes)
    shapes.add([PATH], shape_type="path")
    assert any("no squares" in note for note in read(layer, shapes).notes)


def test_no_physical_units() -> None:
    source = read(movie(scale=(5, 2, 2)), Shapes([LINE * 2], shape_type="line"))
    assert (source.dt, source.dx, source.dx_of) == (None, None, (None,))
    np.testing.assert_allclose(source.paths[0].path, LINE)


@pytest.mark.parametrize("degrees", [0, 20, 44, 46, 90, 130, 180, 225, 290, 340])
@pytest.mark.parametrize("order", [0, 1])
def test_rectangles_at_any_angle(degrees: float, order: int) -> None:
    """Along the longer side, to the right or else down; as the core takes it otherwise."""
    corners = box((45, 60), 50, 9, degrees)
    shapes = Shapes([np.roll(corners, order, axis=0)], shape_type="rectangle")
    strip = read(movie(), shapes).paths[0]
    wanted = rectangle_strip(corners)
    u = (corners[1] - corners[0]) / 50
    forward = u[np.abs(u).argmax()] > 0
    path = wanted.path if forward else wanted.path[::-1]
    np.testing.assert_allclose(strip.path, path, atol=1e-6)  # napari keeps float32
    assert strip.width == pytest.approx(9, abs=1e-5)
    assert strip.length == pytest.approx(49, abs=1e-5)


def test_upright_rectangle_around_pixels_gives_these() -> None:
    corners = np.array([[9.5, 19.5], [9.5, 79.5], [14.5, 79.5], [14.5, 19.5]])
    strip = read(movie(), Shapes([corners], shape_type="rectangle")).paths[0]
    np.testing.assert_allclose(strip.path, [[12, 20], [12, 79]])
    assert strip.width == 5


def test_longer_side_of_a_rectangle_is_the_one_seen() -> None:
    """10 × 30 px that are 4 times as high as wide: seen upright."""
    layer = movie(scale=(1, 4, 1))
    corners = np.array([[20.0, 40], [20, 70], [30, 70], [30, 40]])
    shapes = drawn(layer, (corners, "rectangle"))
    strip = read(layer, shapes).paths[0]
    np.testing.assert_allclose(strip.path, [[20.5, 55], [29.5, 55]], atol=1e-6)
    assert strip.width == pytest.approx(30)


def test_turned_rectangle_on_uneven_pixels() -> None:
    """A parallelogram in px: its middle line, and its width across that."""
    layer = movie(scale=(1, 1, 0.5))
    seen = box((45, 30), 40, 6, 45)
    strip = read(layer, Shapes([seen], shape_type="rectangle")).paths[0]
    ends = np.array([(seen[0] + seen[3]) / 2, (seen[1] + seen[2]) / 2]) * [1, 2]
    towards = (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
    np.testing.assert_allclose(strip.path, ends + 0.5 * np.array([towards, -towards]), atol=1e-5)
    area = 40 * 6 * 2
    assert strip.width == pytest.approx(area / np.linalg.norm(ends[1] - ends[0]), rel=1e-5)


def test_multiscale_level_counts_in_its_own_pixels() -> None:
    data = np.zeros((6, 128, 160), np.float32)
    layer = Image([data, data[:, ::2, ::2]], multiscale=True, scale=(1, 0.3, 0.3),
                  units=("s", "um", "um"))  # fmt: skip
    shapes = drawn(layer, (LINE, "line"), units=("um", "um"))
    source = read(layer, shapes, level=1, width=3)
    np.testing.assert_allclose(source.paths[0].path, (LINE + 0.5) / 2 - 0.5, atol=1e-6)
    assert source.paths[0].width == 3
    assert source.dx_of == pytest.approx((0.6,))
    np.testing.assert_allclose(source.placement.to_layer(source.paths[0].path), LINE, atol=1e-6)


def test_selection_counts_in_the_select_mode_only() -> None:
    """After drawing, the last shape is selected: the others are not to be lost by that."""
    shapes = Shapes([LINE, LINE[::-1] + 3, LINE + 5], shape_type="line", name="strips")
    shapes.mode = "add_line"
    shapes.selected_data = {2}
    assert read(movie(), shapes).names == ("strip 1", "strip 2", "strip 3")
    shapes.mode = "select"
    shapes.selected_data = {2, 1}
    source = read(movie(), shapes)
    assert source.names == ("strip 2", "strip 3")
    np.testing.assert_allclose(source.paths[0].path, LINE[::-1] + 3)
    assert "2 of 3 shapes are used: the selected ones." in source.notes


def test_what_leaves_the_frame_is_cut() -> None:
    line = np.array([[45.0, -30], [45, 200]])
    bent = np.array([[10.0, 20], [10, 150], [60, 150], [60, 100]])  # comes back for 20 px
    source = read(movie(), Shapes([line, bent], shape_type=["line", "path"], name="strips"))
    np.testing.assert_allclose(source.paths[0].path, [[45, 0], [45, COLUMNS - 1]], atol=0.51)
    np.testing.assert_allclose(source.paths[1].path, [[10, 20], [10, COLUMNS - 1]], atol=0.51)
    assert [n for n in source.notes if "leaves" in n] == [
        "Shape 1 of 'strips' leaves the frame: the part inside is used.",
        "Shape 2 of 'strips' leaves the frame: the part inside is used.",
    ]
    edge = np.array([[-0.5, -0.5], [ROWS - 0.5, COLUMNS - 0.5]])
    source = read(movie(), Shapes([edge], shape_type="line"))
    np.testing.assert_allclose(source.paths[0].path, [[0, 0], [ROWS - 1, COLUMNS - 1]])
    assert not source.notes


@pytest.mark.parametrize(
    ("points", "kind", "message"),
    [
        (LINE[0] + np.array([[0, 0], [3, 2]]), "line", "3.6 px long"),
        (LINE + 300, "line", "outside the image"),
        (box((45, 60), 40, 20, 10), "ellipse", "'ellipse'. Strips are lines, paths or rect"),
        (PATH, "polygon", "'polygon'. Strips are"),
        (np.column_stack([[0, 2], LINE]), "line", "image plane"),
    ],
)
def test_shapes_that_make_no_strip(points: np.ndarray, kind: str, message: str) -> None:
    shapes = Shapes([points], shape_type=kind, name="strips")
    with pytest.raises(SourceError, match=message) as raised:
        read(movie(), shapes)
    assert "Shape 1 of 'strips'" in str(raised.value)


def test_layers_that_cannot_be_used() -> None:
    shapes = Shapes([LINE], shape_type="line")
    with pytest.raises(SourceError, match="is empty"):
        read(movie(), Shapes(ndim=2))
    with pytest.raises(SourceError, match="single image"):
        read(Image(np.zeros((ROWS, COLUMNS))), shapes)
    for width in (0.5, 0, -3, np.nan, np.inf):
        with pytest.raises(SourceError, match="at least 1 px"):
            read(movie(), shapes, width=width)


def test_part_of_the_frames_of_a_movie_with_channels() -> None:
    layer = Image(np.arange(8 * 3)[:, None, None, None].reshape(8, 3, 1, 1)
                  * np.ones((1, 1, ROWS, COLUMNS)))  # fmt: skip
    source = read_strips(
        layer, Shapes([LINE], shape_type="line"), current_step=(0, 2, 0, 0), frames=(3, 7)
    )
    assert source.stack.shape == (4, ROWS, COLUMNS)
    np.testing.assert_array_equal(source.stack[:, 0, 0], [11, 14, 17, 20])
    assert (source.first_frame, source.time_axis) == (3, 0)
    assert source.placement.others[1] == 2


SCAN = np.arange(40 * 30, dtype=np.float32).reshape(40, 30)


def test_line_scan_by_rows_and_by_columns() -> None:
    rows = read_line_scan(
        Image(SCAN, name="vessel", scale=(0.5, 0.2), units=("ms", "um")), frames=(5, 40)
    )
    np.testing.assert_array_equal(rows.kymograph, SCAN[5:])
    columns = read_line_scan(
        Image(SCAN.T, name="vessel", scale=(0.2, 0.5), units=("um", "ms")),
        time_axis=1,
        frames=(5, 40),
    )
    np.testing.assert_array_equal(columns.kymograph, SCAN[5:])
    for source, time in ((rows, 0), (columns, 1)):
        assert (source.dt, source.time_unit) == (0.5, "ms")
        assert (source.dx, source.length_unit) == (0.2, "µm")
        assert (source.first_frame, source.time_axis, source.plane_time) == (5, time, time)
        assert source.names == ("vessel",)
        assert source.is_scan
        assert source.stack is None
        assert source.paths == ()


def test_line_scan_without_units_and_with_the_wrong_ones() -> None:
    for units in (("pixel", "pixel"), ("um", "s")):
        source = read_line_scan(Image(SCAN, scale=(2, 3), units=units))
        assert (source.dt, source.dx) == (None, None)


def test_line_scans_of_more_axes_colours_and_levels() -> None:
    stack = np.stack([SCAN, -SCAN])
    source = read_line_scan(Image(stack), current_step=(1, 0, 0))
    np.testing.assert_array_equal(source.kymograph, -SCAN)
    assert source.notes == ("Axis 0 is taken at 1 of 0–1 (its slider).",)
    assert source.time_axis == 1
    grey = read_line_scan(Image(np.dstack([SCAN] * 3).astype(np.uint8), rgb=True))
    np.testing.assert_allclose(grey.kymograph, SCAN.astype(np.uint8), rtol=1e-4, atol=1e-4)
    assert grey.notes == ("Colour is turned to luminance.",)
    levels = read_line_scan(Image([SCAN, SCAN[::2, ::2]], multiscale=True))
    np.testing.assert_array_equal(levels.kymograph, SCAN)


def test_lazy_stays_lazy() -> None:
    import dask.array as da

    source = read_line_scan(Image(da.from_array(SCAN, chunks=10)), time_axis=1)
    assert isinstance(source.kymograph, da.Array)
    layer = Image(da.zeros((6, ROWS, COLUMNS), chunks=(1, 45, 60)))
    assert isinstance(read(layer, Shapes([LINE], shape_type="line")).stack, da.Array)


def test_line_scans_that_cannot_be_used() -> None:
    with pytest.raises(SourceError, match="Labels layer"):
        read_line_scan(Labels(np.zeros((8, 8), int)))
    with pytest.raises(SourceError, match="rows"):
        read_line_scan(Image(SCAN), time_axis=2)
    with pytest.raises(SourceError, match="not within"):
        read_line_scan(Image(SCAN), frames=(0, 41))
