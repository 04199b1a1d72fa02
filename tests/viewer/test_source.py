"""Layers as users have them → a (T, Y, X) stack that stays lazy."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Image, Labels, Shapes

from napari_motionfft.viewer.source import (
    SourceError,
    guess_time_axis,
    level_of,
    movie_axes,
    read_source,
    slider_position,
)


def counting(shape: tuple[int, ...], chunks: tuple[int, ...]) -> tuple[da.Array, list[object]]:
    """A dask array that notes every chunk it computes."""
    loads: list[object] = []

    def load(block_info: object = None) -> np.ndarray:
        place = block_info[None]  # type: ignore[index]
        loads.append(tuple(tuple(side) for side in place["array-location"]))
        return np.ones(place["chunk-shape"], np.uint8)

    sides = da.core.normalize_chunks(chunks, shape, dtype=np.uint8)
    return da.map_blocks(load, chunks=sides, dtype=np.uint8, meta=np.empty((0,) * 3, "u1")), loads


def test_plain_movie_is_a_view() -> None:
    data = np.arange(6 * 20 * 30).reshape(6, 20, 30)
    source = read_source(Image(data, name="cells"), current_step=(3, 10, 10), frames=(1, 5))
    assert np.shares_memory(source.stack, data)
    np.testing.assert_array_equal(source.stack, data[1:5])
    assert (source.name, source.first_frame, source.time_axis) == ("cells", 1, 0)
    assert (source.region, source.notes, source.unit, source.frame_interval) == (
        None,
        (),
        None,
        None,
    )


@pytest.mark.parametrize(
    ("shape", "labels", "axis"),
    [
        ((5, 3, 20, 20), ("t", "c", "y", "x"), 0),
        ((3, 5, 20, 20), ("z", "Time", "y", "x"), 1),
        ((3, 2, 5, 20, 20), ("c", "z", "frame", "y", "x"), 2),
        ((5, 3, 20, 20), None, 0),
    ],
)
def test_time_axis_is_guessed_and_others_follow_the_sliders(shape, labels, axis) -> None:
    data = np.random.default_rng(0).random(shape)
    layer = Image(data, axis_labels=labels)
    assert guess_time_axis(layer) == axis
    step = [1] * len(shape)
    source = read_source(layer, current_step=step)
    key = [1] * (len(shape) - 2) + [slice(None)] * 2
    key[axis] = slice(None)
    np.testing.assert_array_equal(source.stack, data[tuple(key)])
    assert len(source.notes) == len(shape) - 3
    assert all("slider" in note for note in source.notes)


def test_time_axis_by_unit_and_by_choice() -> None:
    data = np.random.default_rng(0).random((4, 5, 20, 20))
    layer = Image(data, units=("um", "ms", "um", "um"), scale=(1, 40, 0.5, 0.25))
    assert guess_time_axis(layer) == 1
    source = read_source(layer, current_step=(2, 0, 0, 0))
    assert (source.frame_interval, source.time_unit) == (40.0, "ms")
    assert (source.pixel_size, source.unit) == ((0.5, 0.25), "µm")
    chosen = read_source(layer, current_step=(2, 3, 0, 0), time_axis=0)
    np.testing.assert_array_equal(chosen.stack, data[:, 3])
    assert chosen.frame_interval is None
    assert movie_axes(Image(data, axis_labels=("z", "t", "y", "x"))) == ["0: z", "1: t"]
    assert movie_axes(Image(data)) == ["0", "1"]
    with pytest.raises(SourceError, match="cannot be time"):
        read_source(layer, current_step=(0, 0, 0, 0), time_axis=2)


def test_pixel_size_through_rotation_and_mixed_units() -> None:
    whole = np.eye(3)
    whole[1:, 1:] = [[0.6, -0.8], [0.8, 0.6]]
    layer = Image(np.zeros((3, 20, 20)), scale=(1, 2, 3), rotate=whole, units=("s", "um", "um"))
    source = read_source(layer, current_step=(0, 0, 0))
    assert source.pixel_size == pytest.approx((2, 3))
    mixed = Image(np.zeros((3, 20, 20)), scale=(1, 2, 3000), units=("s", "um", "nm"))
    assert read_source(mixed, current_step=(0, 0, 0)).pixel_size == pytest.approx((2, 3))


def test_slider_position_goes_through_the_layers_own_transform() -> None:
    """Another layer with finer frames and an earlier start moves the sliders' count."""
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((10, 4, 20, 20)), scale=(2, 1, 1, 1), translate=(6, 0, 0, 0))
    viewer.add_image(np.zeros((80, 4, 20, 20)), scale=(0.5, 1, 1, 1))
    viewer.dims.set_point(0, 12.0)
    viewer.dims.set_point(1, 2.0)
    assert viewer.dims.current_step[:2] == (24, 2)
    assert slider_position(viewer.dims, layer)[:2] == (3, 2)
    viewer.dims.set_point(0, 39.0)  # beyond this layer's end
    assert slider_position(viewer.dims, layer)[0] == 9


def test_slider_position_in_other_units_and_fewer_axes() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((10, 20, 20)), scale=(2, 1, 1), units=("s", "um", "um"))
    viewer.add_image(np.zeros((3, 10, 20, 20)), units=("pixel", "ms", "um", "um"))
    viewer.dims.set_point(1, 8000.0)  # ms, the finest unit, is what the sliders count in
    assert slider_position(viewer.dims, layer)[0] == 4


def test_rgb_movie_is_turned_to_luminance_lazily() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (4, 20, 24, 3), dtype=np.uint8)
    layer = Image(colours, rgb=True)
    source = read_source(layer, current_step=(0, 0, 0))
    assert isinstance(source.stack, da.Array)
    assert (source.stack.shape, source.stack.dtype) == ((4, 20, 24), np.float32)
    wanted = colours @ np.array([0.2126, 0.7152, 0.0722])
    np.testing.assert_allclose(source.stack.compute(), wanted, rtol=1e-5)
    np.testing.assert_allclose(source.stack[2:3, 5:9].compute(), wanted[2:3, 5:9], rtol=1e-5)
    assert "luminance" in source.notes[0]
    alpha = np.concatenate([colours, colours[..., :1]], axis=-1)
    with_alpha = read_source(Image(alpha, rgb=True), current_step=(0, 0, 0))
    np.testing.assert_allclose(np.asarray(with_alpha.stack), wanted, rtol=1e-5)


def test_multiscale_takes_the_stated_level() -> None:
    data = np.random.default_rng(2).random((5, 64, 96))
    layer = Image([data, data[:, ::2, ::2]], multiscale=True, scale=(1, 0.5, 0.5))
    assert level_of(layer) == ["0: 64 × 96 px", "1: 32 × 48 px"]
    assert level_of(Image(data)) == []
    shapes = Shapes([[[0, 0], [0, 20], [16, 20], [16, 0]]], shape_type="rectangle")
    source = read_source(layer, current_step=(0, 0, 0), level=1, region_layer=shapes)
    np.testing.assert_array_equal(source.stack, data[:, ::2, ::2])
    assert source.region == (slice(0, 16), slice(0, 20))
    assert source.placement.factor == (2, 2)
    assert source.pixel_size == (1, 1)
    assert "Level 1" in source.notes[0]
    with pytest.raises(SourceError, match="no level 2"):
        read_source(layer, current_step=(0, 0, 0), level=2)
    one = read_source(layer, current_step=(0, 0, 0))  # layer.data[0] is level 0, not frame 0
    np.testing.assert_array_equal(one.stack, data)


def test_dask_computes_only_the_chunks_of_the_region() -> None:
    data, loads = counting((8, 128, 128), (2, 64, 64))
    layer = Image(data, contrast_limits=(0, 1))
    loads.clear()  # napari draws one frame by itself
    corners = np.array([[70, 70], [70, 120], [110, 120], [110, 70]])
    shapes = Shapes([corners], shape_type="rectangle")
    source = read_source(layer, current_step=(0, 0, 0), frames=(2, 6), region_layer=shapes)
    assert loads == []
    rows, columns = source.region
    assert np.asarray(source.stack[:, rows, columns]).shape == (4, 40, 50)
    assert set(loads) == {
        ((2, 4), (64, 128), (64, 128)),
        ((4, 6), (64, 128), (64, 128)),
    }


def test_zarr_is_wrapped_with_its_own_chunks_and_not_read(tmp_path: Path, monkeypatch) -> None:
    data = np.random.default_rng(3).random((6, 3, 40, 40)).astype(np.float32)
    stored = zarr.open(
        str(tmp_path / "a.zarr"), mode="w", shape=data.shape, chunks=(2, 1, 40, 40), dtype="f4"
    )
    stored[:] = data
    layer = Image(stored, contrast_limits=(0, 1), axis_labels=("t", "c", "y", "x"))
    reads: list[object] = []
    read = zarr.Array.__getitem__

    def noted(self: zarr.Array, key: object) -> object:
        reads.append(key)
        return read(self, key)

    monkeypatch.setattr(zarr.Array, "__getitem__", noted)
    source = read_source(layer, current_step=(0, 2, 0, 0))
    assert reads == []
    assert source.stack.chunks == ((2, 2, 2), (40,), (40,))
    np.testing.assert_array_equal(np.asarray(source.stack[1:3]), data[1:3, 2])
    assert 0 < len(reads) <= 2


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Image(np.zeros((20, 20))), "single image"),
        (Image(np.zeros((20, 20, 3)), rgb=True), "single image"),
        (Labels(np.zeros((4, 20, 20), int)), "Labels layer"),
        (Shapes(ndim=3), "Shapes layer"),
    ],
)
def test_layers_that_hold_no_movie(layer, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_source(layer, current_step=(0, 0, 0))


@pytest.mark.parametrize("frames", [(0, 9), (-1, 4), (3, 3), (5, 2), (3, 4)])
def test_frame_ranges_that_cannot_be_used(frames: tuple[int, int]) -> None:
    with pytest.raises(SourceError, match="rames"):
        read_source(Image(np.zeros((6, 20, 20))), current_step=(0, 0, 0), frames=frames)
