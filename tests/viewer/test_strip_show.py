"""Results of strips in a viewer: nothing of the user's moves, another strip is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer, Shapes
from tests.viewer.made_strip_layers import (
    FRAMES,
    by_role,
    extent,
    movie_of,
    strips_on,
    table_for,
)

from napari_motionfft.viewer.result_layers import KEY
from napari_motionfft.viewer.results import add_results, remove_results
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


def test_the_movie_shows_the_strips_of_the_last_run(made: Any) -> None:
    viewer = ViewerModel()
    movie, other = (viewer.add_layer(movie_of(made)) for _ in range(2))
    other.name = "other"
    made_on = [strips_on(layer) for layer in (movie, other, movie)]
    runs = [by_role(add_strip_results(viewer, table_for(s), s)) for s in made_on]
    for role, seen in ((ARROWS, [False, True, True]), (OUTLINES, [False, True, True])):
        assert [run[role].visible for run in runs] == seen
    assert all(run[role].visible for run in runs for role in (KYMOGRAPH, SPECTROGRAM, AXES))


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
