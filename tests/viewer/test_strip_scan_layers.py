"""Layers of a line scan: its own kymograph, or one beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from tests.viewer.made_strip_layers import (
    by_role,
    world,
)
from tests.viewer.made_strips import motion_of, table_of

from napari_motionfft.viewer.strip_layers import (
    AXES,
    KYMOGRAPH,
    SLOPES,
    SPECTROGRAM,
    strip_result_layers,
)
from napari_motionfft.viewer.strip_source import read_line_scan


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
