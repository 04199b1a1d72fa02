"""Layers of the lab: where they lie, what the step slider shows, what they leave alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer, Points, Shapes, Vectors

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.lab_grid import grid
from napari_motionfft.viewer.lab_layers import (
    ENDS,
    LANDSCAPE,
    MARKS,
    PATHS,
    Shown,
    add_lab,
)
from napari_motionfft.viewer.lab_paths import (
    ELSEWHERE,
    THERE,
    corners,
    last_step,
    paths_of,
    show_step,
)
from napari_motionfft.viewer.lab_result import Explored, LabResult
from napari_motionfft.viewer.results import KEY, add_results, remove_results

TRUTH = (-2.0, 1.5)
STARTS = np.asarray([[0.0, 0.0], [3.0, -1.0], [-3.5, 3.5]])
STEPS = 20
NAMES = ("fourier", "gcc-phat-1", "spatial", "fourier-unsigned")


def explored(name: str, limit: float = 5.0, steps: int = STEPS) -> Explored:
    """A hill at the truth; starts go there straight, but the last one far out of the picture."""
    v = np.linspace(-limit, limit, 21)
    values = np.exp(-((v[:, None] - TRUTH[0]) ** 2) - (v[None] - TRUTH[1]) ** 2)
    part = np.linspace(0, 1, steps + 1)[:, None]
    ends = np.asarray([TRUTH, TRUTH, (-30.0, 3.0)])
    paths = np.stack([a + part * (b - a) for a, b in zip(STARTS, ends, strict=True)])
    landscape = Landscape(values.astype(np.float32), v, v)
    return Explored(name, landscape, 1, paths, np.asarray([15, 16, -1]), 0.5)


def result_of(count: int = 4, truth: Any = TRUTH) -> LabResult:
    known = None if truth is None else np.asarray(truth)
    return LabResult(tuple(explored(name) for name in NAMES[:count]), known, 6, "CPU", 1.0)


def shown_in(viewer: Any, made: Any, layer: Any, result: LabResult | None = None) -> Shown:
    return add_lab(viewer, result or result_of(), made.source_of(layer))


def by_role(shown: Shown, role: str) -> list[Layer]:
    return [layer for layer in shown.layers if layer.metadata[KEY]["role"] == role]


def box(layer: Layer) -> np.ndarray:
    """((y0, x0), (y1, x1)) world of a layer, pixels counted whole."""
    return np.asarray(layer._extent_world_augmented)[:, -2:]


def test_one_image_an_objective_and_three_layers_more(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    shown = shown_in(viewer, made, layer)
    assert [type(x) for x in shown.layers] == [Image] * 4 + [Vectors, Points, Shapes]
    assert [x.name for x in by_role(shown, LANDSCAPE)] == list(NAMES)
    assert list(viewer.layers) == [layer, *shown.layers]
    assert {x.colormap.name for x in by_role(shown, LANDSCAPE)} == {"inferno"}
    for image in by_role(shown, LANDSCAPE):
        assert image.metadata[KEY]["objective"] in NAMES
        assert image.metadata[KEY]["local maxima"] == 1
        np.testing.assert_array_equal(image.metadata[KEY]["vy"], np.linspace(-5, 5, 21))
        assert image.contrast_limits == [image.data.min(), image.data.max()]
    assert {x.metadata[KEY]["run"] for x in shown.layers} == {shown.run}


@pytest.mark.parametrize("kind", ["plain", "scaled", "rotated", "sheared", "affine", "mirrored"])
def test_marks_and_paths_lie_on_their_landscapes(made: Any, kind: str) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of(kind))
    result = result_of()
    shown = shown_in(viewer, made, layer, result)
    places = grid(result.explored[0].landscape, 4, layer.data.shape[-2:], viewer.canvas.size, 0.0)
    (marks,), (lines,), (points,) = (by_role(shown, role) for role in (MARKS, PATHS, ENDS))
    pixel = ((TRUTH[0] + 5) / 0.5, (TRUTH[1] + 5) / 0.5)
    for number, (image, offset) in enumerate(
        zip(by_role(shown, LANDSCAPE), places.offsets(), strict=True)
    ):
        here = made.world(image, pixel)
        size = np.ptp(box(image), axis=0).max()
        for over in (marks, lines, points):
            np.testing.assert_allclose(
                made.world(over, offset + TRUTH), here, atol=1e-6 * size, rtol=0
            )
        np.testing.assert_allclose(points.data[12 + 3 * number], offset + TRUTH, atol=1e-9)
        np.testing.assert_allclose(points.data[3 * number], offset + STARTS[0], atol=1e-9)


@pytest.mark.parametrize("shape", [(6, 64, 96), (6, 96, 64), (6, 40, 300)])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_nothing_overlaps(made: Any, shape: tuple[int, ...], count: int) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of(shape=shape))
    shown = shown_in(viewer, made, layer, result_of(count))
    (marks,) = by_role(shown, MARKS)
    names = np.asarray(marks.features["objective"])
    boxes = [box(layer)]
    for name in NAMES[:count]:  # landscapes with their labels
        corner = np.concatenate([d for d, n in zip(marks.data, names, strict=True) if n == name])
        corner = np.asarray([made.world(marks, point) for point in corner])
        boxes.append(np.stack([corner.min(0), corner.max(0)]))
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            apart = np.maximum(one[0] - other[1], other[0] - one[1])
            assert apart.max() >= -1e-6


def test_labels_say_what_is_seen(made: Any) -> None:
    viewer = ViewerModel()
    shown = shown_in(viewer, made, viewer.add_layer(made.layer_of()))
    (marks,) = by_role(shown, MARKS)
    labels = [text for text in marks.features["label"] if text]
    assert set(NAMES) <= set(labels)
    assert labels.count("1 local maximum") == 4
    assert labels.count("vx → and vy ↓, px/frame") == 4
    assert labels.count("−5") == 8
    strokes = list(map(tuple, np.round(marks.edge_color, 3)))
    with_truth = strokes.count((1, 1, 1, 1))
    again = add_lab(ViewerModel(), result_of(truth=None), made.source_of(made.layer_of()))
    (marks,) = by_role(again, MARKS)
    assert with_truth == 8  # two strokes a landscape
    assert list(map(tuple, np.round(marks.edge_color, 3))).count((1, 1, 1, 1)) == 0


def test_the_step_slider_shows_paths_up_to_it(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    viewer.dims.set_current_step(0, 2)
    shown = shown_in(viewer, made, layer)
    before = (viewer.dims.current_step, viewer.dims.ndim, viewer.dims.range)
    lines, points = shown.lines, shown.points
    whole = np.array(lines.data)
    steps = np.asarray(lines.features["step"])
    assert steps.max() == STEPS == last_step(result_of())
    starts = points.data[:12].copy()
    for step in (0, 7, STEPS, 3):
        show_step(lines, points, shown.ways, step)
        np.testing.assert_array_equal(lines.edge_color[:, 3], steps <= step)
        np.testing.assert_array_equal(points.data[:12], starts)
        np.testing.assert_allclose(
            points.data[12:], [way.places[step] for way in shown.ways], atol=1e-9
        )
    np.testing.assert_array_equal(lines.data, whole)  # what is hidden is not lost
    assert (viewer.dims.current_step, viewer.dims.ndim, viewer.dims.range) == before
    show_step(lines, points, shown.ways, 10 * STEPS)
    assert (lines.edge_color[:, 3] == 1).all()


def test_paths_end_at_the_edge_of_their_picture_and_tell_where_they_came_to(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    shown = shown_in(viewer, made, layer)
    places = grid(explored("fourier").landscape, 4, (64, 96), viewer.canvas.size, 0.0)
    for way in shown.ways:
        panel = NAMES.index(way.objective)
        inside = way.places - places.offsets()[panel]
        assert (inside >= places.panels[0].low - 1e-9).all()
        assert (inside <= places.panels[0].high + 1e-9).all()
        assert way.there == (way.start != 2)
    from napari.utils.colormaps.standardize_color import transform_color

    good, bad = transform_color([THERE, ELSEWHERE])
    there = np.asarray(shown.lines.features["there"])
    np.testing.assert_allclose(shown.lines.edge_color[there], np.tile(good, (there.sum(), 1)))
    np.testing.assert_allclose(shown.lines.edge_color[~there], np.tile(bad, ((~there).sum(), 1)))


def test_a_path_that_hardly_moves_is_one_piece() -> None:
    way = np.zeros((401, 2))
    way[1:, 0] = 0.001 * np.sin(np.arange(400))
    np.testing.assert_array_equal(corners(way, 0.05), [0, 400])
    np.testing.assert_array_equal(corners(np.zeros((1, 2)), 0.05), [0])
    straight = np.linspace(0, 1, 11)[:, None] * [1.0, 0.0]
    np.testing.assert_array_equal(corners(straight, 0.05), np.arange(11))
    assert 4 < len(corners(straight, 0.19)) < 8


def test_paths_of_different_lengths_hold_at_their_ends(made: Any) -> None:
    one, two = explored("fourier"), explored("spatial", steps=5)
    result = LabResult((one, two), np.asarray(TRUTH), 6, "CPU", 1.0)
    places = grid(one.landscape, 2, (64, 96), (600, 800))
    ways = paths_of(result, places)
    assert last_step(result) == STEPS
    short = ways[3]
    np.testing.assert_array_equal(short.at(STEPS), short.at(5))
    assert not np.array_equal(short.at(4), short.at(5))


def test_the_users_things_stay(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of("scaled"))
    mine = viewer.add_points([[0, 10, 10]], name="fourier")
    viewer.layers.selection.active = mine
    viewer.dims.set_current_step(0, 4)
    before = (viewer.dims.point, repr(layer.as_layer_data_tuple()[1]))
    shown = shown_in(viewer, made, layer)
    assert viewer.layers.selection.active is mine
    assert (viewer.dims.point, repr(layer.as_layer_data_tuple()[1])) == before
    assert by_role(shown, LANDSCAPE)[0].name == "fourier 2"
    assert by_role(shown, LANDSCAPE)[0].metadata[KEY]["objective"] == "fourier"
    assert remove_results(viewer) == 7
    assert list(viewer.layers) == [layer, mine]


def test_a_new_run_takes_the_place_of_the_last_one(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    first = shown_in(viewer, made, layer)
    kept = by_role(first, LANDSCAPE)[0]
    at = box(kept)
    kept.name = "to keep"
    second = add_lab(viewer, result_of(2), made.source_of(layer), instead_of=[first.run])
    assert set(viewer.layers) == {layer, kept, *second.layers}
    assert [x.name for x in by_role(second, LANDSCAPE)] == ["fourier", "gcc-phat-1"]
    for image in by_role(second, LANDSCAPE):  # what the user has renamed is not covered
        assert (box(image)[0] > at[1]).any()


def test_it_stands_below_results_and_images_that_are_there(made: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(made.layer_of())
    results = add_results(viewer, made.motion_of(), made.source_of(layer))
    other = viewer.add_image(np.zeros((90, 90)), translate=(0, 500))
    shown = shown_in(viewer, made, layer)
    lowest = max(box(x)[1, 0] for x in (other, *results) if isinstance(x, Image))
    assert all(box(image)[0, 0] > lowest for image in by_role(shown, LANDSCAPE))
    later = add_results(viewer, made.motion_of(), made.source_of(layer))
    top = min(box(x)[0, 0] for x in later if x.metadata[KEY]["role"] == "loss landscape")
    assert top > max(box(x)[1, 0] for x in by_role(shown, MARKS))
