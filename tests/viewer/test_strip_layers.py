"""Motion along strips → layers: where they lie and what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from tests.viewer.made_strip_layers import (
    FRAMES,
    LINE,
    NAMES,
    by_role,
    labelled,
    lines_of,
    movie_of,
    strips_on,
    table_for,
    world,
)
from tests.viewer.made_strips import Table, motion_of

from napari_motionfft.viewer.strip_layers import (
    ARROWS,
    AXES,
    KYMOGRAPH,
    OUTLINES,
    SLOPES,
    SPECTROGRAM,
    strip_result_layers,
)
from napari_motionfft.viewer.strip_marks import LETTER, strip_marks
from napari_motionfft.viewer.strip_panel import panel


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


@pytest.mark.parametrize("units", [{}, {"dt": 0.5, "time_unit": "min", "dx": 0.3}])
@pytest.mark.parametrize("frames", [20, 120_000])
@pytest.mark.parametrize("reach", [(-2.0, 3.0), (-0.123, 0.16), (-0.0012, 0.0034), (0.0, 1e-5)])
def test_labels_stay_within_their_panel_and_apart(units: Any, frames: int, reach: Any) -> None:
    place = panel((100.0, 140.0), (800.0, 1000.0))
    motion = motion_of(np.ones(4), shape=(frames, 80), window=8, **units)
    placement = strips_on(Image(np.zeros((3, 100, 140)))).placement
    name = "a vessel of a rather long name, longer than its picture"
    shapes, arguments = strip_marks(motion, name, place, reach, placement)
    boxes = []
    for shape, label in zip(shapes, arguments["features"]["label"], strict=True):
        if label:
            y, x = np.mean(shape, axis=0)
            half = LETTER * place.side * len(label) / 2
            assert place.whole.x <= x - half, label
            assert x + half <= place.whole.right, label
            boxes.append((y, x, half, label))
    for i, (y, x, half, label) in enumerate(boxes):
        for v, u, other, near in boxes[:i]:
            if abs(y - v) < 0.03 * place.side:
                assert abs(x - u) > half + other, (label, near)


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
    assert list(outlines.features["strip"][:2]) == ["strip 1", "strip 2"]


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


@pytest.mark.parametrize("name", NAMES)
def test_a_number_stands_where_each_strip_begins(made: Any, name: str) -> None:
    layer = movie_of(made, name)
    source = strips_on(layer)
    outlines = by_role(strip_result_layers(table_for(source), source))[OUTLINES]
    assert outlines.shape_type == ["path", "path", "ellipse", "ellipse"]
    assert list(outlines.features["label"]) == ["", "", "1", "2"]
    assert list(outlines.features["strip"]) == ["strip 1", "strip 2"] * 2
    np.testing.assert_array_equal(outlines.edge_color[:2], outlines.edge_color[2:])
    for strip, disc in zip(source.paths, outlines.data[2:], strict=True):
        corners = np.array([layer.world_to_data([0, *world(outlines, p)])[-2:] for p in disc])
        assert (corners >= -0.5 - 1e-3).all()
        assert (corners <= np.array([63.5, 95.5]) + 1e-3).all()
        near, far = (np.linalg.norm(corners.mean(0) - strip.path[i]) for i in (0, -1))
        assert near < 5
        assert far > 40
        assert near <= np.linalg.norm(corners.mean(0) - strip.path, axis=1).min()
