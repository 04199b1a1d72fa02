"""Kymographs: exact values, edges, laziness, and clear refusals."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
import zarr
from scipy.ndimage import gaussian_filter, map_coordinates

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.strips.extract import extract_strip, extract_strips
from napari_motionfft.motion.strips.paths import as_strip, rectangle_strip, sample_points

T, Y, X = 5, 60, 90
YS, XS = np.mgrid[:Y, :X].astype(float)
RAMP = np.stack([2 * YS - 3 * XS + 10 * t for t in range(T)])
NOISE = np.random.default_rng(0).normal(100, 20, (T, Y, X))
OBLIQUE = [(10.25, 12.5), (44.75, 70.125)]


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
@pytest.mark.parametrize("angle", [0, 17, 45, 90, 180, 233, 300])
def test_a_ramp_along_any_angle_is_a_known_ramp(angle: float, interpolation: str) -> None:
    a = np.deg2rad(angle)
    start, step = np.array([30.0, 45.0]), np.array([np.sin(a), np.cos(a)])
    # between samples a spline with mirrored edges bends a ramp; 15 px inside it no longer does
    length = 14.5
    strip = extract_strip(RAMP, [start, start + length * step], 3, interpolation=interpolation)
    expected = 2 * start[0] - 3 * start[1] + np.arange(15) * (step @ (2, -3))
    assert strip.dtype == np.float32
    np.testing.assert_allclose(strip, expected + 10 * np.arange(T)[:, None], atol=1e-4)


ORDERS = {"nearest": 0, "linear": 1, "cubic": 3}


@pytest.mark.parametrize("interpolation", ORDERS)
@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_a_wide_oblique_strip_equals_scipys_interpolation(interpolation: str, reduce: str) -> None:
    strip = extract_strip(NOISE, OBLIQUE, 5, reduce, interpolation)
    points = sample_points(as_strip(OBLIQUE, 5))
    for t in range(T):
        samples = map_coordinates(
            NOISE[t], np.moveaxis(points, -1, 0), order=ORDERS[interpolation], mode="mirror"
        )
        expected = samples.mean(1) if reduce == "mean" else samples.max(1)
        np.testing.assert_allclose(strip[t], expected, rtol=1e-5)


def test_nearest_reads_pixels_as_they_are() -> None:
    stack = np.random.default_rng(1).integers(0, 65536, (T, Y, X), dtype=np.uint16)
    strip = extract_strip(stack, [(7.4, 3), (7.4, 80)], interpolation="nearest")
    np.testing.assert_array_equal(strip, stack[:, 7, 3:81])


def test_a_rectangle_on_pixels_equals_their_mean() -> None:
    corners = [(9.5, 19.5), (9.5, 59.5), (15.5, 59.5), (15.5, 19.5)]
    strip = extract_strip(NOISE, rectangle_strip(corners))
    np.testing.assert_allclose(strip, NOISE[:, 10:16, 20:60].mean(1), rtol=1e-6)
    strip = extract_strip(NOISE, rectangle_strip(corners), reduce="max")
    np.testing.assert_allclose(strip, NOISE[:, 10:16, 20:60].max(1), rtol=1e-6)


def test_a_turned_rectangle_equals_the_turned_image() -> None:
    # a quarter turn is exact: the strip of the turned frames is the same
    corners = np.array([(9.5, 19.5), (9.5, 49.5), (15.5, 49.5), (15.5, 19.5)])
    quarter = np.stack([corners[:, 1], Y - 1 - corners[:, 0]], 1)  # (y, x) → (x, Y − 1 − y)
    turned = np.ascontiguousarray(np.rot90(NOISE, -1, (1, 2)))
    np.testing.assert_allclose(
        extract_strip(turned, rectangle_strip(quarter)),
        extract_strip(NOISE, rectangle_strip(corners)),
        rtol=1e-6,
    )


def test_a_polyline_is_one_strip_without_a_seam() -> None:
    # intensity = arc length of an L: any doubled or missing sample at the corner would show
    frame = np.where(YS <= 20, XS - 10, 30 + (YS - 20))
    strip = extract_strip(np.stack([frame, frame]), [(20, 10), (20, 40), (50, 40)])
    np.testing.assert_allclose(strip[0], np.arange(61), atol=1e-5)
    # split anywhere along a straight line, nothing changes
    split = [OBLIQUE[0], np.mean(OBLIQUE, 0), OBLIQUE[1]]
    np.testing.assert_allclose(
        extract_strip(NOISE, split, 4), extract_strip(NOISE, OBLIQUE, 4), rtol=1e-6
    )


def test_the_other_way_round_is_the_mirror_image() -> None:
    path = [(20.0, 10.0), (20.0, 50.0)]
    np.testing.assert_allclose(
        extract_strip(NOISE, path[::-1], 3), extract_strip(NOISE, path, 3)[:, ::-1], rtol=1e-6
    )


def test_lines_off_the_frame_do_not_count() -> None:
    strip = extract_strip(NOISE, [(1, 10), (1, 50)], 7)  # rows −2 … 4
    np.testing.assert_allclose(strip, NOISE[:, :5, 10:51].mean(1), rtol=1e-6)
    strip = extract_strip(-NOISE, [(Y - 1, 10), (Y - 1, 50)], 5, "max")
    np.testing.assert_allclose(strip, (-NOISE[:, -3:, 10:51]).max(1), rtol=1e-6)


def test_a_path_may_run_on_the_edge_of_the_frame() -> None:
    strip = extract_strip(NOISE, [(-0.5, -0.5), (-0.5, X - 0.5)], 2)
    assert strip.shape == (T, X + 1)
    np.testing.assert_allclose(strip[:, 1:-1], (NOISE[:, 0, 1:] + NOISE[:, 0, :-1]) / 2, rtol=1e-6)
    assert np.isfinite(extract_strip(NOISE, [(-0.5, -0.5), (20, 20)], 2)).all()


@pytest.mark.parametrize("end", [(-0.6, 20), (20, -0.6), (Y - 0.4, 20), (20, X - 0.4), (500, 500)])
def test_a_path_that_leaves_the_frame_is_refused(end: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match=rf"path leaves the frame: .*{end[0]:g}.* outside 60 × 90"):
        extract_strip(NOISE, [(20, 20), end])


CONTAINERS: dict[str, Callable[[np.ndarray], Any]] = {
    "list": list,
    "torch": lambda a: torch.from_numpy(a.copy()),
    "dask": lambda a: da.from_array(a, chunks=(2, 25, 25)),
    "zarr": lambda a: zarr.create_array(store={}, data=a, chunks=(2, 25, 25)),
    "big endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
}


@pytest.mark.parametrize("interpolation", ORDERS)
@pytest.mark.parametrize("container", CONTAINERS)
def test_every_container_gives_the_same_strip(container: str, interpolation: str) -> None:
    stack = NOISE.astype(np.uint16)
    strip = extract_strip(CONTAINERS[container](stack), OBLIQUE, 3, interpolation=interpolation)
    np.testing.assert_array_equal(
        strip, extract_strip(stack, OBLIQUE, 3, interpolation=interpolation)
    )


def test_values_are_those_of_the_stack() -> None:
    # far from zero and hardly varying: an offset taken out and put back would cost digits
    stack = 1e6 + np.arange(T * Y * X, dtype=np.float64).reshape(T, Y, X) / 8
    strip = extract_strip(stack, [(7, 3), (7, 80)])
    np.testing.assert_array_equal(strip, stack[:, 7, 3:81].astype(np.float32))


class Counting:
    """A lazy stack that notes which pixels were read."""

    def __init__(self, data: np.ndarray, chunks: tuple[int, int, int] | None = None) -> None:
        self.data, self.shape, self.dtype = data, data.shape, data.dtype
        self.seen, self.reads = np.zeros(data.shape, int), 0
        if chunks:
            self.chunks = chunks

    def __getitem__(self, key: Any) -> np.ndarray:
        self.seen[key] += 1
        self.reads += isinstance(key[0], slice)  # not the looks at single frames before
        return self.data[key]


@pytest.mark.parametrize(
    ("interpolation", "margin"), [("nearest", 0), ("linear", 0), ("cubic", 13)]
)
def test_only_the_part_under_the_strip_is_read(interpolation: str, margin: int) -> None:
    stack = Counting(NOISE)
    strip = extract_strip(stack, [(20, 30), (20, 50)], 5, interpolation=interpolation)
    np.testing.assert_array_equal(
        strip, extract_strip(NOISE, [(20, 30), (20, 50)], 5, interpolation=interpolation)
    )
    seen = np.argwhere(stack.seen.any(0))
    np.testing.assert_array_equal(seen.min(0), (18 - margin, 30 - margin))
    np.testing.assert_array_equal(seen.max(0), (22 + margin, 50 + margin))


def test_only_the_chunks_under_the_strip_are_touched() -> None:
    touched: list[tuple[int, ...]] = []

    def make(block_info: Any = None) -> np.ndarray:
        touched.append(block_info[None]["chunk-location"])
        return np.ones(block_info[None]["chunk-shape"])

    lazy = da.map_blocks(make, chunks=((2, 2, 2), (20,) * 5, (20,) * 5), dtype=float)
    touched.clear()
    extract_strip(lazy, [(25, 5), (35, 50)], 3)
    assert {place[1:] for place in touched} == {(1, 0), (1, 1), (1, 2)}


def test_blocks_hold_whole_chunks_along_time() -> None:
    data = np.random.default_rng(2).normal(size=(700, 40, 400)).astype(np.float32)
    stack = Counting(data, (300, 40, 400))
    extract_strip(stack, [(2, 2), (37, 390)])
    # 3 looks at the level, then each frame once, in blocks that start where chunks start
    assert sorted(np.unique(stack.seen[:, 20, 200])) == [1, 2]
    assert stack.seen[:, 20, 200].sum() == 700 + 1


MANY = [OBLIQUE, [(5, 5), (5, 60)], [(20, 10), (20, 40), (50, 40)]]


@pytest.mark.parametrize("container", ["torch", "dask", "zarr"])
@pytest.mark.parametrize("interpolation", ORDERS)
def test_many_strips_at_once_are_those_one_by_one(container: str, interpolation: str) -> None:
    stack = NOISE.astype(np.uint16)
    strips = extract_strips(CONTAINERS[container](stack), MANY, 3, "max", interpolation)
    assert len(strips) == 3
    for path, strip in zip(MANY, strips, strict=True):
        expected = extract_strip(stack, path, 3, "max", interpolation)
        np.testing.assert_array_equal(strip, expected)


def test_chunks_that_strips_share_are_read_once() -> None:
    stack = Counting(NOISE, (T, Y, X))  # as of a video: a chunk is whole frames
    extract_strips(stack, MANY)
    assert stack.reads == 1
    alone = Counting(NOISE, (T, Y, X))
    for path in MANY:
        extract_strip(alone, path)
    assert alone.reads == 3


def test_strips_far_apart_are_read_apart() -> None:
    stack = Counting(NOISE, (T, 10, 10))
    extract_strips(stack, [[(2, 2), (2, 8)], [(55, 80), (55, 88)]])
    assert stack.reads == 2
    seen = stack.seen.any(0)
    assert seen[:10, :10].any()
    assert seen[50:, 80:].any()
    assert seen.sum() == seen[:10, :10].sum() + seen[50:, 80:].sum()


def test_the_path_at_fault_is_named_by_its_number() -> None:
    with pytest.raises(ValueError, match=r"paths\[1\]: path leaves the frame"):
        extract_strips(NOISE, [OBLIQUE, [(5, 5), (5, 500)]])
    with pytest.raises(ValueError, match=r"paths\[0\]: path must be"):
        extract_strips(NOISE, [[(5, 5)], OBLIQUE])
    for nothing in ([], as_strip(OBLIQUE)):
        with pytest.raises(ValueError, match="paths must be a list of at least one path"):
            extract_strips(NOISE, nothing)


def test_nan_beside_the_strip_does_not_matter() -> None:
    stack = NOISE.copy()
    stack[:, 21] = np.nan
    strip = extract_strip(stack, [(20, 5), (20, 80)])
    np.testing.assert_allclose(strip, NOISE[:, 20, 5:81], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_nan_under_the_strip_is_refused(bad: float, reduce: str) -> None:
    stack = NOISE.copy()
    stack[[1, 3], 20, 40] = bad
    with pytest.raises(ValueError, match="NaN or inf under the strip in frames 1, 3; fill"):
        extract_strip(stack, [(20, 5), (20, 80)], 3, reduce)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"reduce": "sum"}, ValueError, "reduce must be one of mean, max, got 'sum'"),
        ({"interpolation": "fourier"}, ValueError, "interpolation must be one of nearest, linear"),
        ({"width": 0}, ValueError, "width must be at least 1 px"),
        ({"path": [(0, 0)]}, ValueError, "path must be"),
        ({"stack": NOISE[0]}, ValueError, r"3 axes \(T, Y, X\)"),
        ({"stack": da.from_array(NOISE[0])}, ValueError, r"3 axes \(T, Y, X\)"),
        ({"stack": NOISE[:1]}, ValueError, "at least 2 frames"),
        ({"stack": NOISE.astype(complex)}, TypeError, "real dtype"),
        ({"stack": "movie.tif"}, TypeError, "stack must be a"),
        ({"progress": 3}, TypeError, "progress must be callable"),
        ({"cancel": 3}, TypeError, "cancel must be"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        extract_strip(**({"stack": NOISE, "path": OBLIQUE} | change))


def test_progress_and_cancel() -> None:
    told: list[float] = []
    cancel = Event()

    def progress(fraction: float, message: str) -> None:
        assert message
        told.append(fraction)
        if fraction > 0.3:
            cancel.set()

    extract_strip(NOISE, OBLIQUE, progress=lambda f, m: told.append(f))
    assert told[0] == 0
    assert told[-1] == 1
    big = np.broadcast_to(gaussian_filter(NOISE[0], 1), (4000, Y, X))
    with pytest.raises(Cancelled):
        extract_strip(big, OBLIQUE, progress=progress, cancel=cancel)
    assert told[-1] < 1
