"""Motion taken out of layers as users have them: axes, colours, lazy, other pixel sizes."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels, Points
from numpy.typing import NDArray

import napari_motionfft as mf
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.result import Motion
from napari_motionfft.viewer.between import up_to_date
from napari_motionfft.viewer.compensate import Options, compensate, mean
from napari_motionfft.viewer.placement import Placement
from napari_motionfft.viewer.runs import Kept
from napari_motionfft.viewer.source import SourceError, pixel_size
from napari_motionfft.viewer.targets import target_of

T, SHAPE = 5, (24, 30)
STEP = (2.0, -3.0)


def ignore(*_: Any) -> None:
    pass


@pytest.fixture(scope="module")
def stack() -> NDArray[np.float32]:
    """A scene that moves by whole pixels, (5, 24, 30)."""
    scene = np.random.default_rng(2).normal(size=(60, 60)).astype(np.float32)
    return np.stack([np.roll(scene, (2 * t, -3 * t), (0, 1))[15:39, 15:45] for t in range(T)])


@pytest.fixture(scope="module")
def motion(stack: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory) -> Motion:
    """Exactly `STEP` px/frame, read from a table."""
    path = tmp_path_factory.mktemp("motion") / "motion.csv"
    rows = [f"{t},{STEP[0] * t},{STEP[1] * t}" for t in range(T)]
    path.write_text("\n".join(["frame,y,x", *rows]) + "\n")
    return mf.load_motion(path)


def seen(t: int) -> tuple[slice, slice]:
    """Where frame t reaches, after its motion was taken out."""
    return slice(0, SHAPE[0] - 2 * t), slice(3 * t, SHAPE[1])


def check_still(moved: Any, first: Any) -> None:
    """(T, Y, X): every frame is the first, where it reaches, and 0 elsewhere."""
    for t in range(len(moved)):
        np.testing.assert_allclose(moved[t][seen(t)], first[seen(t)], atol=1e-4)
    assert (moved[-1][-1] == 0).all()


def test_a_stack_stands_still(stack: Any, motion: Motion) -> None:
    original = stack.copy()
    target = target_of(Image(stack), Kept(motion, "m"))
    moved = compensate(target, ignore, Event())
    assert isinstance(moved, da.Array)  # nothing is computed before it is shown
    assert moved.chunksize == (1, *SHAPE)
    now = compensate(target, ignore, Event(), Options(lazy=False))
    assert isinstance(now, np.ndarray)
    assert moved.dtype == now.dtype == stack.dtype
    check_still(now, stack[0])
    np.testing.assert_array_equal(np.asarray(moved), now)
    np.testing.assert_array_equal(stack, original)


def test_the_motion_can_be_put_in_again(stack: Any, motion: Motion) -> None:
    still = np.broadcast_to(stack[:1], stack.shape).copy()
    target = target_of(Image(still), Kept(motion, "m"))
    moved = compensate(target, ignore, Event(), Options(inverse=True, fill=-7.0))
    for t in range(T):
        to, start = seen(t), (slice(2 * t, None), slice(0, SHAPE[1] - 3 * t))
        np.testing.assert_allclose(np.asarray(moved[t])[start], stack[0][to], atol=1e-4)
    assert (np.asarray(moved[-1])[0] == -7).all()


def test_labels_keep_their_numbers(motion: Motion) -> None:
    marks = np.zeros((T, *SHAPE), np.int32)
    for t in range(T):
        marks[t, 2 + 2 * t : 5 + 2 * t, 20 - 3 * t : 24 - 3 * t] = 70_001
    layer = Labels(marks.copy())
    target = target_of(layer, Kept(motion, "m"))
    moved = compensate(target, ignore, Event(), Options(interpolation="fourier"))
    layer.data[:] = 3  # painted on, after the result was made
    np.testing.assert_array_equal(np.asarray(moved), np.broadcast_to(marks[0], marks.shape))
    result = Labels(moved, **target.full)
    assert (result.blending, result.opacity) == (layer.blending, layer.opacity)
    result.selected_label = 70_001
    result.show_selected_label = True
    assert not layer.show_selected_label
    assert not layer.colormap.use_selection


def test_every_level_of_a_pyramid_moves(stack: Any, motion: Motion) -> None:
    small = stack[:, ::2, ::2]
    layer = Image([stack, small], multiscale=True)
    target = target_of(layer, Kept(motion, "m"))
    levels = compensate(target, ignore, Event(), Options(interpolation="nearest"))
    result = Image(levels, **target.full)
    assert result.multiscale
    check_still(np.asarray(result.data[0]), stack[0])
    # 4 px down, −6 px right by frame 2, which is 2 and −3 of the lower level
    np.testing.assert_array_equal(np.asarray(result.data[1])[2, :-2, 3:], small[2, 2:, :-3])
    odd = Image([stack, stack[::2, ::2, ::2]], multiscale=True)
    alone = compensate(target_of(odd, Kept(motion, "m")), ignore, Event())
    assert isinstance(alone, da.Array)


def test_a_stack_on_disk_is_not_read_to_be_moved(motion: Motion, tmp_path: Path) -> None:
    class Counted(np.memmap):  # what napari gets from tifffile.memmap
        copies: ClassVar[list[Any]] = []

        def copy(self, order: Any = "C") -> Any:
            self.copies.append(self.shape)
            return super().copy(order)

        def __reduce__(self) -> Any:  # dask pickles what it makes names of
            self.copies.append(self.shape)
            return super().__reduce__()

    stack = Counted(tmp_path / "stack", np.uint16, "w+", shape=(T, 2, *SHAPE))
    layer = Image(stack, contrast_limits=(0, 9))
    moved = compensate(target_of(layer, Kept(motion, "m")), ignore, Event())
    np.asarray(moved[2, 1])
    assert [shape for shape in Counted.copies if shape[0] == T] == []


def test_nan_is_told_before_a_frame_is_shown(stack: Any, motion: Motion) -> None:
    holes = stack.copy()
    holes[3, 15, 5] = np.nan
    target = target_of(Image(holes), Kept(motion, "m"))
    with pytest.raises(ValueError, match="hold NaN or inf: choose the linear"):
        compensate(target, ignore, Event())
    passed = compensate(target, ignore, Event(), Options(interpolation="linear"))
    assert np.isnan(np.asarray(passed[3])).sum() == 1


def test_a_fill_value_that_does_not_fit_is_refused(motion: Motion) -> None:
    target = target_of(Image(np.ones((T, *SHAPE), np.uint8)), Kept(motion, "m"))
    with pytest.raises(ValueError, match="fill must be a whole number 0…255"):
        compensate(target, ignore, Event(), Options(fill=300))


def test_other_axes_and_their_order_stay(stack: Any, motion: Motion) -> None:
    channels = np.stack([stack, 2 * stack, 3 * stack])  # (C, T, Y, X)
    layer = Image(channels, axis_labels=("c", "t", "y", "x"))
    target = target_of(layer, Kept(motion, "m"))
    moved = compensate(target, ignore, Event())
    assert moved.shape == channels.shape
    for c in range(3):
        check_still(moved[c], channels[c, 0])
    averaged = mean(target, ignore, Event())
    assert averaged.shape == (3, *SHAPE)
    np.testing.assert_allclose(averaged[2], mf.integrate(channels[2], motion), atol=1e-5)


def test_colours_stay_colours(stack: Any, motion: Motion) -> None:
    grey = np.clip(128 + 40 * stack, 0, 255).astype(np.uint8)
    video = np.stack([grey, 255 - grey, grey // 2], axis=-1)
    target = target_of(Image(video, rgb=True), Kept(motion, "m"))
    moved = compensate(target, ignore, Event())
    assert (moved.shape, moved.dtype) == (video.shape, video.dtype)
    for c in range(3):
        np.testing.assert_allclose(moved[2][seen(2)][..., c], video[0][seen(2)][..., c], atol=1)
    averaged = mean(target, ignore, Event())
    assert (averaged.shape, averaged.dtype) == (video.shape[1:], np.uint8)
    assert target.still["rgb"] is True
    Image(averaged, **target.still)


def test_lazy_stays_lazy(stack: Any, motion: Motion) -> None:
    read: list[int] = []

    def block(values: Any, block_info: Any = None) -> Any:
        read.append(1)
        return values

    lazy = da.from_array(np.stack([stack, stack], 1), chunks=(1, 1, *SHAPE))
    lazy = lazy.map_blocks(block, dtype=stack.dtype, meta=np.empty((0,) * 4, stack.dtype))
    moved = compensate(target_of(Image(lazy), Kept(motion, "m")), ignore, Event())
    assert isinstance(moved, da.Array)
    assert moved.shape == lazy.shape
    assert len(read) <= 6  # contrast limits of the layer, a look at the first frame
    check_still(np.asarray(moved)[:, 1], stack[0])


def test_the_same_frames_of_the_whole_movie_are_taken(stack: Any, motion: Motion) -> None:
    movie = np.concatenate([np.zeros((2, *SHAPE), np.float32), stack])
    kept = Kept(motion, "m", first_frame=2, layer_frames=7, time_axis=0)
    layer = Image(movie, scale=(0.5, 1, 1), translate=(10, 0, 0))
    target = target_of(layer, kept)
    np.testing.assert_array_equal(target.data, stack)
    assert target.full["translate"][0] == 11


def test_another_length_is_refused(motion: Motion) -> None:
    with pytest.raises(SourceError, match="has 6 frames, the motion has 5"):
        target_of(Image(np.zeros((6, *SHAPE))), Kept(motion, "m"))
    with pytest.raises(SourceError, match="single image"):
        target_of(Image(np.zeros(SHAPE)), Kept(motion, "m"))


def kept_on(layer: Image, motion: Motion, **arguments: Any) -> Kept:
    """The motion as `runs.keep` keeps it, measured on all frames of a layer (T, Y, X)."""
    place = Placement.of(layer, 0, (0,) * layer.ndim, layer.data.shape[-2:])
    named = {"time_axis": 0, "layer_frames": T, "source": layer.name, "placement": place}
    size, unit = pixel_size(layer, (1.0, 1.0))
    return Kept(motion, "m", pixel_size=size, unit=unit, **named, **arguments)


def test_pixels_of_another_size_move_by_another_number(motion: Motion) -> None:
    units = ("pixel", "um", "um")
    measured = Image(np.zeros((T, *SHAPE)), scale=(1, 0.5, 0.5), units=units)
    kept = kept_on(measured, motion)
    nanometers = ("pixel", "nanometer", "nanometer")
    binned = Image(np.zeros((T, 12, 15)), scale=(1, 1000, 1000), units=nanometers)
    found = target_of(binned, kept).motion
    np.testing.assert_allclose(found.displacements, motion.displacements / 2)
    same = Image(np.zeros((T, *SHAPE)), scale=(1, 0.5, 0.5), units=units)
    assert target_of(same, kept).motion is motion
    mirrored = Image(np.zeros((T, *SHAPE)), scale=(1, -0.5, 0.5), units=units)
    found = target_of(mirrored, kept).motion
    np.testing.assert_allclose(found.displacements, motion.displacements * (-1, 1))
    turned = Image(np.zeros((T, *SHAPE)), scale=(1, 0.5, 0.5), units=units, rotate=90)
    found = target_of(turned, kept).motion.displacements
    there = [turned.data_to_world((0, *d)) for d in found]  # the same way in the world
    np.testing.assert_allclose(np.asarray(there)[:, 1:], motion.displacements / 2, atol=1e-12)
    with pytest.raises(SourceError, match="do not compare"):
        target_of(Image(np.zeros((T, *SHAPE))), kept)


def test_a_layer_that_got_its_scale_later_is_the_same_layer(motion: Motion) -> None:
    layer = Image(np.zeros((T, *SHAPE)), name="cells")
    kept = kept_on(layer, motion)
    layer.units = ("s", "um", "um")
    layer.scale = (5, 0.2, 0.2)
    assert target_of(layer, up_to_date(kept, [layer])).motion is motion
    other = Image(np.zeros((T, 7, 8)), name="cells")
    points = Points(np.zeros((T, 3)), name="cells")
    assert up_to_date(kept, [other, points]) is kept


def test_axes_before_time_are_found_from_the_end(motion: Motion) -> None:
    kept = kept_on(Image(np.zeros((T, *SHAPE))), motion)
    assert target_of(Image(np.zeros((3, T, *SHAPE))), kept).axis == 1


def test_results_lie_where_the_layer_lies(stack: Any, motion: Motion) -> None:
    data = np.stack([stack, stack], axis=1)  # (T, C, Y, X)
    layer = Image(
        np.moveaxis(data, 0, 1),  # (C, T, Y, X)
        axis_labels=("c", "t", "y", "x"),
        scale=(3, 7, 0.5, 0.25),
        translate=(1, 2, 3, 4),
        rotate=30,
        shear=(0, 0, 0, 0, 0, 0.2),
        colormap="magma",
    )
    target = target_of(layer, Kept(motion, "m"))
    full = Image(compensate(target, ignore, Event()), **target.full)
    still = Image(mean(target, ignore, Event()), **target.still)
    for point in ((0, 0, 0, 0), (1, 3, 10, 20)):
        there = np.asarray(layer.data_to_world(point))
        np.testing.assert_allclose(full.data_to_world(point), there)
        np.testing.assert_allclose(still.data_to_world(np.delete(point, 1)), np.delete(there, 1))
    assert still.axis_labels == ("c", "y", "x")
    assert full.colormap.name == still.colormap.name == "magma"


def test_cancel_is_heard(stack: Any, motion: Motion) -> None:
    stop = Event()
    stop.set()
    target = target_of(Image(stack), Kept(motion, "m"))
    with pytest.raises(Cancelled):
        mean(target, ignore, stop)
    with pytest.raises(Cancelled):
        compensate(target, ignore, stop, Options(lazy=False))
