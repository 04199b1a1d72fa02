"""Arrows on a movie: at the strips, along them, as long as fast, and in step with the slider."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from tests.viewer.made_strip_layers import (
    FRAMES,
    NAMES,
    by_role,
    movie_of,
    strips_on,
    table_for,
    world,
)

from napari_motionfft.motion.strips.paths import points_along, tangents
from napari_motionfft.viewer.strip_colours import strip_colour
from napari_motionfft.viewer.strip_layers import (
    ARROWS,
    KYMOGRAPH,
    SPECTROGRAM,
    strip_result_layers,
)
from napari_motionfft.viewer.strip_results import add_strip_results


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
