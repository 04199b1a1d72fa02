"""Play along: the stack in the frame of a motion, laid over it and taken away."""

from __future__ import annotations

import threading
import time
from types import ModuleType
from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel

import napari_motionfft as mf
from napari_motionfft.viewer.ahead import NEXT, Ahead
from napari_motionfft.viewer.play_along import play_along, playing, stop_play_along
from napari_motionfft.viewer.results import add_results, is_result, remove_results
from napari_motionfft.viewer.runs import keep, motions
from napari_motionfft.viewer.source import SourceError, read_source


def settled(ahead: Ahead) -> None:
    """Wait until no frame is being made."""
    for _ in range(500):
        if not [one for one in threading.enumerate() if one.name == "play along"]:
            return
        time.sleep(0.01)
    raise AssertionError("frames are still being made")


def state(viewer: ViewerModel) -> tuple[Any, ...]:
    layers = [
        (x.name, x.visible, x.opacity, x.blending, tuple(x.contrast_limits), x.colormap.name)
        for x in viewer.layers
    ]
    return layers, set(viewer.layers.selection), tuple(viewer.dims.point), viewer.dims.ndim


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.mark.parametrize("name", ["plain", "scaled", "affine"])
def test_frames_stand_still_in_place(made: ModuleType, viewer: ViewerModel, name: str) -> None:
    layer = made.layer_of(name)
    layer.colormap, layer.contrast_limits, layer.opacity = "viridis", (0.25, 0.75), 0.6
    layer.visible = False
    viewer.add_layer(layer)
    viewer.dims.set_current_step(0, 2)
    before, motion = state(viewer), made.motion_of((-2.3, 1.5))
    copy = play_along(viewer, layer, motion)
    assert viewer.layers.index(copy) == viewer.layers.index(layer) + 1
    assert state(viewer)[1:] == before[1:]
    assert state(viewer)[0][0] == before[0][0]
    assert copy.name == "cells (playing along)"
    assert copy.colormap.name == "viridis"
    assert tuple(copy.contrast_limits) == (0.25, 0.75)
    assert (copy.visible, copy.opacity, copy.blending) == (True, 1.0, "opaque")
    assert copy.units == layer.units
    corner, other = (0, 0, 0), (3, 20, 30)
    for point in (corner, other):
        np.testing.assert_allclose(copy.data_to_world(point), layer.data_to_world(point))
    expected = mf.apply_motion(layer.data, motion, fill=0.25)
    for t in range(6):
        np.testing.assert_allclose(np.asarray(copy.data[t]), expected[t], atol=1e-6)
    assert is_result(copy)
    assert play_along(viewer, layer, motion) is None
    assert state(viewer) == before


def test_another_motion_takes_its_place(made: ModuleType, viewer: ViewerModel) -> None:
    layer = viewer.add_layer(made.layer_of())
    one, two = made.motion_of((1, 0)), made.motion_of((0, 1))
    first = play_along(viewer, layer, one, name="first motion")
    assert first.name == "first motion"
    assert playing(viewer) is playing(viewer, layer, one) is first
    assert playing(viewer, layer, two) is None
    second = play_along(viewer, layer, two)
    assert list(viewer.layers) == [layer, second]
    assert playing(viewer, layer) is second
    assert stop_play_along(viewer, layer) == 1
    assert stop_play_along(viewer) == 0
    assert list(viewer.layers) == [layer]


def test_two_stacks_play_apart(made: ModuleType, viewer: ViewerModel) -> None:
    stacks = [viewer.add_layer(made.layer_of()) for _ in range(2)]
    motion = made.motion_of()
    copies = [play_along(viewer, stack, motion) for stack in stacks]
    assert list(viewer.layers) == [stacks[0], copies[0], stacks[1], copies[1]]
    assert stop_play_along(viewer, stacks[0]) == 1
    assert playing(viewer) is copies[1]
    assert stop_play_along(viewer) == 1


def test_goes_with_the_results_of_its_run(made: ModuleType, viewer: ViewerModel) -> None:
    layer = viewer.add_layer(made.layer_of())
    source = read_source(layer, current_step=(0, 0, 0))
    motion = made.motion_of()
    results = add_results(viewer, motion, source)
    keep(results, motion, source)
    kept = motions(viewer)[0][1]
    copy = play_along(viewer, layer, kept)
    assert len(motions(viewer)) == 1  # the copy is no result of its own
    settled(copy.data)
    remove_results(viewer)
    assert list(viewer.layers) == [layer]
    assert copy.data.kept == []


def test_colours_levels_and_more_axes(made: ModuleType, viewer: ViewerModel) -> None:
    rng = np.random.default_rng(2)
    motion = made.motion_of((1.5, -2.0))
    colours = rng.integers(0, 255, (6, 32, 48, 3)).astype(np.uint8)
    rgb = viewer.add_image(colours, rgb=True, name="rgb")
    copy = play_along(viewer, rgb, motion)
    assert copy.rgb
    channel = mf.apply_motion(colours[..., 1], motion)
    np.testing.assert_array_equal(np.asarray(copy.data[4])[..., 1], channel[4])
    more = rng.random((6, 2, 32, 48)).astype(np.float32)
    stack = viewer.add_image(more, name="channels", contrast_limits=(0, 1))
    copy = play_along(viewer, stack, motion)
    expected = mf.apply_motion(more[:, 1], motion)
    np.testing.assert_allclose(np.asarray(copy.data[3, 1]), expected[3], atol=1e-6)
    np.testing.assert_allclose(np.asarray(copy.data[:, 1]), expected, atol=1e-6)
    np.testing.assert_allclose(
        np.asarray(copy.data[3, 1, 4:9, ::2]), expected[3, 4:9, ::2], atol=1e-6
    )
    levels = [rng.random((6, 64, 64)), rng.random((6, 32, 32))]
    deep = viewer.add_image(levels, name="levels", multiscale=True, contrast_limits=(0, 1))
    copy = play_along(viewer, deep, motion)
    assert copy.multiscale
    np.testing.assert_allclose(
        np.asarray(copy.data[0][2]), mf.apply_motion(levels[0], motion)[2], atol=1e-6
    )


def test_labels_a_short_stack_and_nan(made: ModuleType, viewer: ViewerModel) -> None:
    labels = viewer.add_labels(np.zeros((6, 20, 20), int), name="labels")
    with pytest.raises(SourceError, match="'labels' is no image"):
        play_along(viewer, labels, made.motion_of())
    short = viewer.add_image(np.zeros((5, 20, 20)), name="short")
    with pytest.raises(SourceError, match="5 frames, the motion has 6"):
        play_along(viewer, short, made.motion_of())
    assert len(viewer.layers) == 2
    hole = made.layer_of()
    hole.data[2, 3, 4] = np.nan
    viewer.add_layer(hole)
    copy = play_along(viewer, hole, made.motion_of((2.5, 0)))
    assert np.isnan(np.asarray(copy.data[2])).sum() < 10


def counting(frames: int = 12) -> tuple[Ahead, list[int]]:
    """An array that notes which frames are made."""
    made: list[int] = []

    def one(block: np.ndarray, block_info: Any = None) -> np.ndarray:
        if block_info:
            made.append(block_info[0]["array-location"][0][0])
        return block

    lazy = da.from_array(np.arange(frames * 20.0).reshape(frames, 4, 5), chunks=(1, 4, 5))
    return Ahead(lazy.map_blocks(one, dtype=float, meta=np.empty((0, 0, 0))), 0), made


def test_looks_ahead_in_the_direction_of_play() -> None:
    ahead, made = counting(30)
    ahead[10], settled(ahead)
    assert sorted(made) == list(range(10, 11 + NEXT))
    ahead[11], settled(ahead)
    assert sorted(made) == list(range(10, 12 + NEXT))
    ahead[10], settled(ahead)  # backwards now
    assert sorted(made) == list(range(10 - NEXT, 12 + NEXT))
    assert len(set(made)) == len(made)  # each is made once


@pytest.mark.parametrize(
    "key",
    [
        (slice(3, 4), slice(None), slice(None)),
        (slice(2, 5), slice(1, 3), slice(None)),
        (slice(8, None), 2),
        (-1,),
        (slice(None), 1, slice(0, 4, 2)),
        (slice(4, 4),),
        (np.int64(5), ..., 2),
        ([1, 4],),
    ],
)
def test_any_key_gives_what_the_array_gives(key: Any) -> None:
    ahead, _ = counting(12)
    whole = np.arange(240.0).reshape(12, 4, 5)
    np.testing.assert_array_equal(ahead[key], whole[key])
    settled(ahead)


def test_frames_that_napari_shows_are_made_ahead() -> None:
    viewer = ViewerModel()
    ahead, made = counting(20)
    viewer.add_image(ahead, contrast_limits=(0, 400), rgb=False)
    settled(ahead)
    for t in (5, 6, 7, 8):
        viewer.dims.set_current_step(0, t)
        settled(ahead)
        assert {(t + k,) for k in range(NEXT + 1)} <= set(ahead.kept)
    assert len(set(made)) == len(made)


def test_looks_past_the_end_to_the_beginning() -> None:
    ahead, made = counting(12)
    ahead[11], settled(ahead)
    assert sorted(made) == [*range(NEXT), 11]


def test_keeps_no_more_than_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_motionfft.viewer.ahead.BUDGET", 1)
    ahead, _ = counting(40)
    for t in range(40):
        assert ahead[t][0, 0] == t * 20
        settled(ahead)
    assert len(ahead.kept) == 2 * NEXT


def test_stopped_makes_nothing_ahead() -> None:
    ahead, made = counting()
    ahead.stop()
    assert ahead[3][0, 0] == 60
    settled(ahead)
    assert made == [3]


def test_shown_by_napari_frame_by_frame(made: ModuleType, viewer: ViewerModel) -> None:
    layer = viewer.add_layer(made.layer_of())
    motion = made.motion_of((1.0, 2.0))
    copy = play_along(viewer, layer, motion)
    expected = mf.apply_motion(layer.data, motion, fill=copy.contrast_limits[0])
    for t in range(6):
        viewer.dims.set_current_step(0, t)
        np.testing.assert_allclose(copy._slice.image.raw, expected[t], atol=1e-6)
    viewer.dims.ndisplay = 3
    np.testing.assert_allclose(copy._slice.image.raw, expected, atol=1e-6)
