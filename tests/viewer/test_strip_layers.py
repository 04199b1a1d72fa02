"""Motion along strips → layers: where they lie, what they say, and that they follow the slider."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer, Shapes
from tests.viewer.made_strips import Table, motion_of, table_of

from napari_motionfft.motion.strips.paths import points_along, tangents
from napari_motionfft.viewer.result_layers import KEY
from napari_motionfft.viewer.results import add_results, remove_results
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_layers import (
    ARROWS,
    AXES,
    KYMOGRAPH,
    OUTLINES,
    SLOPES,
    SPECTROGRAM,
    strip_result_layers,
)
from napari_motionfft.viewer.strip_results import add_strip_results, show_strip
from napari_motionfft.viewer.strip_source import read_line_scan, read_strips

NAMES = ["plain", "scaled", "rotated", "sheared", "lower shear", "affine", "mirrored"]
FRAMES = 12
LINE = np.array([[20.0, 10.0], [50.0, 90.0]])
BENT = np.array([[10.0, 15.0], [12.0, 50.0], [40.0, 80.0]])


def movie_of(made: Any, name: str = "plain") -> Image:
    return Image(np.zeros((FRAMES, 64, 96), np.float32), name="cells", **made.LAYERS[name])


def strips_on(layer: Image, **arguments: Any) -> Any:
    """Two strips drawn on a movie."""
    shapes = Shapes(ndim=2, name="strips", units=layer.units[-2:])
    for points, kind in ((LINE, "line"), (BENT, "path")):
        world = [layer.data_to_world([0] * (layer.ndim - 2) + list(p))[-2:] for p in points]
        shapes.add([np.array(world)], shape_type=kind)
    arguments = {"current_step": (0,) * layer.ndim, "width": 5, **arguments}
    return read_strips(layer, shapes, **arguments)


def table_for(source: Any, frames: int = FRAMES, **arguments: Any) -> Table:
    """Velocities of three windows; the second strip's middle one is not reliable."""
    motions = [
        motion_of(v, shape=(frames, int(p.length) + 1), window=6, reliable=good, **arguments)
        for v, p, good in zip(
            ((1.0, 2.0, -3.0), (-0.5, 4.0, 1.0)),
            source.paths,
            ((1, 1, 1), (1, 0, 1)),
            strict=True,
        )
    ]
    return table_of(*motions)


def by_role(made: list[Any]) -> dict[str, Layer]:
    layers = [x if isinstance(x, Layer) else Layer.create(*x) for x in made]
    return {layer.metadata[KEY]["role"]: layer for layer in layers}


def world(layer: Layer, point: Any) -> np.ndarray:
    return np.asarray(layer.data_to_world(point))[-2:]


def labelled(axes: Layer, label: str) -> list[np.ndarray]:
    """Centres of the shapes that bear a label."""
    labels = axes.features["label"]
    return [d.mean(0) for d, x in zip(axes.data, labels, strict=True) if x == label]


def lines_of(axes: Layer, colour: Any = None) -> list[np.ndarray]:
    return [d for d, kind in zip(axes.data, axes.shape_type, strict=True) if kind == "line"]


@pytest.mark.parametrize("name", NAMES)
def test_pictures_lie_under_their_axes(made: Any, name: str) -> None:
    """A pixel of the kymograph lies at its time and place, one of the spectrogram at its own."""
    layer = movie_of(made, name)
    source = strips_on(layer)
    table = table_for(source, dt=0.5, dx=0.1)
    layers = by_role(strip_result_layers(table, source))
    assert list(layers) == [KYMOGRAPH, SPECTROGRAM, SLOPES, AXES, OUTLINES, ARROWS]
    kymograph, spectrogram, axes = (layers[x] for x in (KYMOGRAPH, SPECTROGRAM, AXES))
    np.testing.assert_array_equal(kymograph.data, table.kymographs[0])
    ends = np.array([d for d in lines_of(axes) if np.ptp(d[:, 0]) == 0 or np.ptp(d[:, 1]) == 0])
    seen = np.array([[world(axes, p) for p in line] for line in ends])  # (n, 2, 2)

    def tick_at(point: np.ndarray, along: int) -> bool:
        """Some tick's line goes through a world point, along an axis of the layer."""
        inside = np.array([[layer.world_to_data([0, *p])[-2:] for p in line] for line in seen])
        here = layer.world_to_data([0, *point])[-2:]
        return bool((np.abs(inside[..., 1 - along] - here[1 - along]).max(1) < 1e-3).any())

    # t = 2 s is frame 4; s = 4 µm is px 40
    assert len(labelled(axes, "2")) >= 1
    assert tick_at(world(kymograph, (4, 0)), along=1)
    assert tick_at(world(kymograph, (0, 40)), along=0)
    zero = [d for d in ends if np.ptp(d[:, 1]) == 0 and np.ptp(d[:, 0]) > 5]
    assert len(zero) == 1  # the zero line, as high as the picture
    top = spectrogram.data.shape[0]
    span = [spectrogram.world_to_data(world(axes, p)) for p in zero[0]]
    np.testing.assert_allclose([p[0] for p in span], [-0.5, top - 0.5], atol=1e-6)
    for picture in (kymograph, spectrogram):
        assert picture.units == layer.units[-2:]
        assert not picture.rgb


def test_axes_say_what_they_are(made: Any) -> None:
    source = strips_on(movie_of(made), frames=(2, 8))
    table = table_for(source, frames=6, dt=0.5, dx=0.1, time_unit="ms", length_unit="nm")
    labels = list(by_role(strip_result_layers(table, source, index=1))[AXES].features["label"])
    assert "t, ms ↓" in labels
    assert "along the strip, nm →" in labels
    assert "velocity, nm/ms" in labels
    assert "strip 2, t = 0 at frame 2" in labels
    assert any(x.startswith("mean 0.05") for x in labels)  # (−0.5 + 1) / 2 · 0.1 / 0.5
    plain = list(by_role(strip_result_layers(table_for(source, 6), source))[AXES].features["label"])
    assert {"frame ↓", "along the strip, px →", "velocity, px/frame"} < set(plain)


def test_slopes_lie_over_the_pictures(made: Any) -> None:
    layer = movie_of(made, "sheared")
    source = strips_on(layer)
    table = table_for(source)
    for index in (0, 1):
        layers = by_role(strip_result_layers(table, source, index=index))
        slopes, motion = layers[SLOPES], table.strips[index]
        checked = 0
        for (start, step), window in zip(slopes.data, slopes.features["window"], strict=True):
            ends = [world(slopes, start), world(slopes, start + step)]
            inside = np.array([layers[KYMOGRAPH].world_to_data(p) for p in ends])
            if inside[0, 1] < motion.shape[1]:  # over the kymograph, not the spectrogram
                t, s = inside[1] - inside[0]
                np.testing.assert_allclose(s, motion.velocities[window] * t, atol=1e-6)
                checked += 1
            else:
                inside = np.array([layers[SPECTROGRAM].world_to_data(p) for p in ends])
                high = np.asarray(layers[SPECTROGRAM].data.shape) - 0.5
                assert (inside > -0.5 - 1e-6).all()
                assert (inside < high + 1e-6).all()
        assert checked > 6
        clear = slopes.edge_color[:, 3]
        good = np.asarray(slopes.features["reliable"])
        assert clear[good].min() > 0.8
        assert index == 0 or clear[~good].max() < 0.4


@pytest.mark.parametrize("name", NAMES)
def test_arrows_are_at_the_strips_along_them_and_as_long_as_fast(made: Any, name: str) -> None:
    layer = movie_of(made, name)
    source = strips_on(layer, frames=(1, 11))
    table = table_for(source, frames=10)
    arrows = by_role(strip_result_layers(table, source))[ARROWS]
    features, data = arrows.features, np.asarray(arrows.data)
    black = arrows.edge_color[:, :3].max(1) == 0
    ratios = []
    for index, strip in enumerate(source.paths):
        mine = (np.asarray(features["strip"]) == f"strip {index + 1}") & ~black
        for t in range(10):
            shaft = np.flatnonzero(mine & (data[:, 0, 0] == 1 + t))[0]
            tail = layer.world_to_data(arrows.data_to_world(data[shaft, 0]))
            tip = layer.world_to_data(arrows.data_to_world(data[shaft].sum(0)))
            assert tail[0] == pytest.approx(1 + t)
            middle = points_along(strip, np.array([strip.length / 2]))[0]
            np.testing.assert_allclose((tail + tip)[-2:] / 2, middle, atol=1e-4)
            velocity = features["velocity"][shaft]
            along = (tip - tail)[-2:]
            towards = tangents(strip, np.array([strip.length / 2]))[0]
            np.testing.assert_allclose(
                along, np.linalg.norm(along) * towards * np.sign(velocity), atol=1e-4
            )
            if abs(velocity) < 3.5:  # a longer one is not drawn in full
                ratios.append(np.linalg.norm(along) / abs(velocity))
            supported = features["reliable"][shaft]
            assert arrows.edge_color[shaft, 3] == pytest.approx(1.0 if supported else 0.3)
            np.testing.assert_allclose(
                arrows.edge_color[shaft, :3],
                [int(strip_colour(index)[i : i + 2], 16) / 255 for i in (1, 3, 5)],
                atol=0.01,
            )
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-4)  # one scale: arrows compare
    fastest = [max(abs(np.array([1.0, 2, -3]))), 1.0]  # of what is supported
    lengths = [p.length for p in source.paths]
    wanted = min(0.4 * n / v for n, v in zip(lengths, fastest, strict=True))
    assert ratios[0] == pytest.approx(wanted, rel=1e-4)


def shown(layer: Layer) -> np.ndarray:
    """Indices of the vectors in the slice."""
    return np.asarray(layer._view_indices)


@pytest.mark.parametrize("name", ["plain", "scaled", "rotated"])
def test_arrows_follow_the_slider(made: Any, name: str) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made, name))
    source = strips_on(layer)
    arrows = by_role(add_strip_results(viewer, table_for(source), source))[ARROWS]
    for t in (0, 3, 7, FRAMES - 1):
        viewer.dims.set_current_step(0, t)
        visible = shown(arrows)
        assert (arrows.data[visible, 0, 0] == t).all()
        assert (np.asarray(arrows.features["strip"])[visible] == "strip 1").sum() == 9
        assert (np.asarray(arrows.features["strip"])[visible] == "strip 2").sum() == 9
        assert (np.asarray(arrows.features["strip"])[visible] == "time").sum() == 4


def test_pointer_stands_at_the_time_in_the_kymograph(made: Any) -> None:
    source = strips_on(movie_of(made, "scaled"), frames=(2, 10))
    layers = by_role(strip_result_layers(table_for(source, frames=8), source))
    arrows = layers[ARROWS]
    data = np.asarray(arrows.data)
    time = np.flatnonzero(np.asarray(arrows.features["strip"]) == "time")
    for i in time:
        tip = world(arrows, data[i, 0])
        row, column = layers[KYMOGRAPH].world_to_data(tip)
        assert row == pytest.approx(data[i, 0, 0] - 2)
        other = layers[SPECTROGRAM].world_to_data(tip)[1]
        assert min(abs(column + 0.5), abs(other + 0.5)) < 1e-6


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((FRAMES, 3, 64, 96), 0), ((3, FRAMES, 64, 96), 1), ((2, FRAMES, 3, 64, 96), 1)],
)
def test_more_axes(made: Any, shape: tuple[int, ...], axis: int) -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros(shape, np.float32))
    source = strips_on(layer, time_axis=axis, current_step=(1,) * len(shape))
    arrows = by_role(add_strip_results(viewer, table_for(source), source))[ARROWS]
    viewer.dims.set_point(range(len(shape) - 2), [1] * (len(shape) - 2))
    viewer.dims.set_point(axis, 5)
    assert (arrows.data[shown(arrows), 0, axis] == 5).all()
    assert len(shown(arrows)) == 22
    assert len(viewer.dims.nsteps) == len(shape)


def test_multiscale_results_lie_right_in_level_0(made: Any) -> None:
    data = np.zeros((FRAMES, 64, 96), np.float32)
    layer = Image([data, data[:, ::2, ::2]], multiscale=True, scale=(1, 3, 3))
    source = strips_on(layer, level=1, width=4)
    layers = by_role(strip_result_layers(table_for(source), source))
    ring = np.array([layer.world_to_data([0, *world(layers[OUTLINES], p)])[-2:]
                     for p in layers[OUTLINES].data[0]])  # fmt: skip
    np.testing.assert_allclose(ring[:-1].mean(0), LINE.mean(0), atol=1e-3)
    sides = np.sort(np.linalg.norm(np.diff(ring, axis=0), axis=1))
    np.testing.assert_allclose(sides[:2], 8, atol=1e-3)  # 4 px of level 1
    length = np.linalg.norm(LINE[1] - LINE[0])
    np.testing.assert_allclose(sides[2:], length + 2, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_outlines_lie_where_the_strips_are(made: Any, name: str) -> None:
    layer = movie_of(made, name)
    source = strips_on(layer)
    outlines = by_role(strip_result_layers(table_for(source), source))[OUTLINES]
    ring = np.array([layer.world_to_data([0, *world(outlines, p)])[-2:] for p in outlines.data[0]])
    towards = (LINE[1] - LINE[0]) / np.linalg.norm(LINE[1] - LINE[0])
    normal = np.array([towards[1], -towards[0]])
    wanted = [e + s * 2.5 * normal for e in (LINE[0] - 0.5 * towards, LINE[1] + 0.5 * towards)
              for s in (1, -1)]  # fmt: skip
    for point in ring:
        assert np.linalg.norm(np.array(wanted) - point, axis=1).min() < 1e-3
    assert list(outlines.features["strip"]) == ["strip 1", "strip 2"]


def scan_of(frames: int, length: int, columns: bool = False, **arguments: Any) -> Any:
    """A line scan's layer, its source and result."""
    table = table_of(motion_of((1.0, -2.0, 0.5), shape=(frames, length), window=frames // 2))
    data = table.kymographs[0].T if columns else table.kymographs[0]
    layer = Image(data, name="vessel", **arguments)
    return layer, read_line_scan(layer, time_axis=int(columns)), table


def test_line_scan_is_its_own_kymograph() -> None:
    layer, source, table = scan_of(128, 100, scale=(0.5, 0.5), translate=(4, -9))
    layers = by_role(strip_result_layers(table, source))
    assert list(layers) == [SPECTROGRAM, SLOPES, AXES]
    slopes = layers[SLOPES]
    count = 0
    for (start, step), window in zip(slopes.data, slopes.features["window"], strict=True):
        a, b = (layer.world_to_data(world(slopes, p)) for p in (start, start + step))
        if a[1] <= 99.5:
            assert (np.array([a, b]) >= -0.5).all()
            assert (np.array([a, b]) <= [127.5, 99.5]).all()
            assert (b - a)[1] == pytest.approx(table.strips[0].velocities[window] * (b - a)[0])
            count += 1
    assert count > 8
    # the spectrogram's rows go on from the layer's
    for row in (0, 60, 127):
        there = layer.world_to_data(world(layers[SPECTROGRAM], (row, 0)))
        assert there[0] == pytest.approx(row)
        assert there[1] > 99.5


@pytest.mark.parametrize("columns", [False, True])
def test_line_scan_that_is_too_long_gets_a_kymograph_of_its_own(columns: bool) -> None:
    layer, source, table = scan_of(400, 130, columns)
    layers = by_role(strip_result_layers(table, source))
    assert list(layers) == [KYMOGRAPH, SPECTROGRAM, SLOPES, AXES]
    np.testing.assert_array_equal(layers[KYMOGRAPH].data, table.kymographs[0])
    slopes, over = layers[SLOPES], 0
    for (start, step), window in zip(slopes.data, slopes.features["window"], strict=True):
        a, b = (layer.world_to_data(world(slopes, p)) for p in (start, start + step))
        if columns:
            a, b = a[::-1], b[::-1]
        if (np.array([a, b]) <= [399.5, 129.5]).all() and (np.array([a, b]) >= -0.5).all():
            assert (b - a)[1] == pytest.approx(table.strips[0].velocities[window] * (b - a)[0])
            over += 1
    assert over > 8


def test_part_of_a_line_scan() -> None:
    """Lines lie over the used part of the layer."""
    table = table_of(motion_of((1.0, 0.5), shape=(100, 120), window=50))
    layer = Image(np.zeros((150, 120), np.float32))
    source = read_line_scan(layer, frames=(30, 130))
    layers = by_role(strip_result_layers(table, source))
    assert KYMOGRAPH in layers
    slopes = layers[SLOPES]
    starts = np.array([layer.world_to_data(world(slopes, v[0])) for v in slopes.data])
    over = starts[(starts[:, 1] < 119.5) & (starts[:, 0] < 149.5)]
    assert over[:, 0].min() == pytest.approx(30)
    assert over[:, 0].max() < 130


def snapshot(viewer: ViewerModel) -> dict[str, Any]:
    """All that is the user's."""
    return {
        "layers": [
            (x.name, x.visible, x.opacity, tuple(x.scale), tuple(x.translate), dict(x.metadata))
            for x in viewer.layers
            if KEY not in x.metadata
        ],
        "selection": set(viewer.layers.selection),
        "point": tuple(viewer.dims.point[:1]),
        "range": viewer.dims.range[:1],
        "labels": viewer.dims.axis_labels,
        "units": viewer.dims.units,
        "ndim": viewer.dims.ndim,
    }


@pytest.mark.parametrize("name", ["plain", "scaled"])
def test_user_state_is_left_alone(made: Any, name: str) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made, name))
    roi = viewer.add_layer(Shapes(ndim=2, name="roi", units=layer.units[-2:]))
    viewer.add_layer(Shapes(ndim=2, name=ARROWS, units=layer.units[-2:]))
    viewer.dims.set_point(0, layer.data_to_world((4, 0, 0))[0])
    viewer.layers.selection = {roi}
    before = snapshot(viewer)
    source = strips_on(layer)
    table = table_for(source)
    added = add_strip_results(viewer, table, source)
    assert snapshot(viewer) == before
    assert list(viewer.layers)[-6:] == added
    assert {x.name for x in added} == {
        f"{role} 2" for role in (KYMOGRAPH, SPECTROGRAM, SLOPES, AXES, OUTLINES, ARROWS)
    }
    again = add_strip_results(viewer, table, source)
    assert snapshot(viewer) == before
    runs = {x.metadata[KEY]["run"] for x in added}
    assert len(runs) == 1
    assert remove_results(viewer, runs.pop()) == 6
    assert list(viewer.layers)[-6:] == again
    assert remove_results(viewer) == 6
    assert snapshot(viewer) == before
    assert len(viewer.layers) == 3


def extent(layer: Layer, frame: Layer) -> np.ndarray:
    """Box (2, 2) of a layer in px of a movie."""
    low, high = layer._extent_data_augmented
    corners = []
    for y in (low[-2], high[-2]):
        for x in (low[-1], high[-1]):
            corners.append(frame.world_to_data([0, *world(layer, (*low[:-2], y, x))])[-2:])
    return np.array([np.min(corners, 0), np.max(corners, 0)])


@pytest.mark.parametrize("name", ["plain", "scaled", "rotated"])
def test_results_of_all_kinds_cover_nothing(made: Any, name: str) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made, name))
    source = strips_on(layer)
    table = table_for(source)
    plain = made.motion_of(frames=FRAMES)
    boxes = [np.array([[-0.5, -0.5], [63.5, 95.5]])]
    boxes.append(extent(by_role(add_strip_results(viewer, table, source))[AXES], layer))
    two = by_role(add_results(viewer, plain, made.source_of(layer)))
    boxes += [extent(two[x], layer) for x in ("integrated image", "landscape axes")]
    boxes.append(extent(by_role(add_strip_results(viewer, table, source))[AXES], layer))
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            deep = np.minimum(a[1], b[1]) - np.maximum(a[0], b[0])
            assert deep.min() < 0.01, (a, b)


def test_another_strip_is_shown_in_the_same_layers(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(movie_of(made, "scaled"))
    source = strips_on(layer)
    table = table_for(source)
    first = by_role(add_strip_results(viewer, table, source))
    later = by_role(add_strip_results(viewer, table, source))
    later[SPECTROGRAM].visible = False
    viewer.layers.selection = {later[ARROWS], later[KYMOGRAPH]}
    before = list(viewer.layers)
    box = extent(later[KYMOGRAPH], layer)
    size = later[AXES].text.size
    shown = by_role(show_strip(viewer, table, source, 1))
    assert set(shown) == {KYMOGRAPH, SPECTROGRAM, SLOPES, AXES}
    assert list(viewer.layers) == before
    assert viewer.layers.selection == {later[ARROWS], later[KYMOGRAPH]}
    np.testing.assert_allclose(extent(shown[KYMOGRAPH], layer), box, atol=1e-9)
    assert not shown[SPECTROGRAM].visible
    assert shown[AXES].text.size == pytest.approx(size)
    place = shown[AXES].metadata[KEY]["panel"]
    fresh = by_role(strip_result_layers(table, source, index=1, place=place))
    for role, one in shown.items():
        assert_alike(one, fresh[role])
        assert one.metadata[KEY]["strip"] == 1
    assert first[KYMOGRAPH].metadata[KEY]["strip"] == 0
    np.testing.assert_array_equal(first[KYMOGRAPH].data, table.kymographs[0])
    viewer.layers.remove(shown[KYMOGRAPH])
    run = first[AXES].metadata[KEY]["run"]
    assert KYMOGRAPH not in by_role(show_strip(viewer, table, source, 0))
    assert KYMOGRAPH in by_role(show_strip(viewer, table, source, 1, run))
    with pytest.raises(IndexError, match="2 strips"):
        show_strip(viewer, table, source, 2)
    assert remove_results(viewer) == 11
    assert list(viewer.layers) == [layer]
    assert show_strip(viewer, table, source, 0) == []


def assert_alike(one: Layer, other: Layer) -> None:
    """Two layers show the same."""
    assert len(one.data) == len(other.data)
    for a, b in zip(one.data, other.data, strict=True):
        np.testing.assert_allclose(a, b)
    np.testing.assert_allclose(one.scale, other.scale)
    np.testing.assert_allclose(one.translate, other.translate)
    if isinstance(one, Image):
        np.testing.assert_allclose(one.contrast_limits, other.contrast_limits)
        np.testing.assert_allclose(one.contrast_limits_range, other.contrast_limits_range)
        return
    assert one.features.equals(other.features)
    np.testing.assert_allclose(one.edge_color, other.edge_color)
    np.testing.assert_allclose(one.edge_width, other.edge_width)
    if isinstance(one, Shapes):
        assert one.shape_type == other.shape_type
        np.testing.assert_allclose(one.face_color, other.face_color)
        assert list(one.text.values) == list(other.text.values)


def test_nothing_reliable_still_makes_a_picture(made: Any) -> None:
    source = strips_on(movie_of(made))
    motions = [
        motion_of((np.nan,), shape=(FRAMES, int(p.length) + 1), window=FRAMES, reliable=(0,),
                  stderr=np.inf)
        for p in source.paths
    ]  # fmt: skip
    table = Table(tuple(motions), ("strip 1", "strip 2"), (),
                  tuple(np.zeros(m.shape, np.float32) for m in motions))  # fmt: skip
    for motion in motions:
        motion.spectrogram.values[:] = 0
    layers = by_role(strip_result_layers(table, source))
    assert "not reliable" in list(layers[AXES].features["label"])
    assert set(layers[ARROWS].features["strip"]) == {"time"}
    assert len(layers[SLOPES].data) == 0
