"""What a run on strips is asked, and the script that repeats it; without Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Shapes
from tests.viewer.made_flow import flow

from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.strip_run import (
    COLUMNS,
    MOVIE,
    ROWS,
    StripAsked,
    measure,
    read,
    sizes_of,
    usual_window,
)
from napari_motionfft.viewer.strip_script import script_of
from napari_motionfft.viewer.strip_units import known_sizes

VELOCITY = 0.8
ESTIMATE = {
    "window": 32,
    "hop": None,
    "max_speed": None,
    "weight": "auto",
    "background": "static",
    "device": "cpu",
}


@pytest.fixture(scope="module")
def movie() -> Any:
    return flow(VELOCITY, frames=64)


def asked_of(layer: Any, strips: Any = None, **other: Any) -> StripAsked:
    asked = StripAsked(
        layer=layer,
        kind=ROWS if strips is None else MOVIE,
        strips_layer=strips,
        frames=(0, 64),
        time_axis=0,
        level=0,
        width=3.0,
        reduce="mean",
        interpolation="linear",
        interval=None,
        time_unit="ms",
        pixel=None,
        length_unit="mm",
        estimate=dict(ESTIMATE),
    )
    return replace(asked, **other)


def nothing(*_: Any) -> None:
    """No progress is looked at."""


def run(viewer: Any, asked: StripAsked) -> tuple[Any, Any]:
    """The table of a run, and the names that its script leaves."""
    source = read(asked, viewer.dims)
    script = script_of(asked, source)
    compile(script, "copied", "exec")
    space: dict[str, Any] = {"viewer": viewer}
    exec(script, space)
    return measure(asked, source, nothing, None), space


LINES = [[[20, 5], [20, 90]], [[10, 88], [30, 10]]]
RECTANGLE = [[5, 5], [5, 85], [13, 85], [13, 5]]


def test_strips_of_a_movie_and_the_script_that_repeats_them(movie: Any, capsys: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(Image(movie, name="it's", scale=(0.1, 0.5, 0.5), units=UNITS))
    shapes = Shapes(LINES, shape_type="line", scale=(0.5, 0.5), units=UNITS[1:])
    viewer.add_layer(shapes)
    shapes.add_rectangles(np.array(RECTANGLE))
    table, space = run(viewer, asked_of(layer, shapes, frames=(4, 60)))
    right, oblique, wide = table.strips
    np.testing.assert_allclose(right.velocities, VELOCITY, atol=0.02)
    angle = np.arctan2(20, -78)
    np.testing.assert_allclose(oblique.velocities, VELOCITY * np.cos(angle), atol=0.05)
    np.testing.assert_allclose(wide.velocities, VELOCITY, atol=0.02)
    assert [strip.velocity_unit for strip in table.strips] == ["µm/s"] * 3
    np.testing.assert_allclose(right.physical_velocities, VELOCITY * 0.5 / 0.1, atol=0.1)
    assert right.shape[0] == 56
    again = space["table"]
    assert again.names == table.names == ("strip 1", "strip 2", "strip 3")
    for one, other in zip(again.strips, table.strips, strict=True):
        np.testing.assert_allclose(one.velocities, other.velocities, rtol=1e-5)
        assert (one.dt, one.dx, one.velocity_unit) == (other.dt, other.dx, other.velocity_unit)
    assert "strip 1" in capsys.readouterr().out


UNITS = ("s", "um", "um")


def test_pixels_that_are_no_squares(movie: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(Image(movie, scale=(2, 0.25, 0.5), units=UNITS))
    shapes = Shapes(
        [[[20, 5], [20, 90]], [[4, 40], [40, 40]]],
        shape_type="line",
        scale=(0.25, 0.5),
        units=UNITS[1:],
    )
    viewer.add_layer(shapes)
    asked = asked_of(layer, shapes)
    table, space = run(viewer, asked)
    assert [strip.dx for strip in table.strips] == pytest.approx([0.5, 0.25])
    assert [strip.dx for strip in space["table"].strips] == pytest.approx([0.5, 0.25])
    given = replace(asked, pixel=3.0, length_unit="nm", interval=10.0)
    sizes = sizes_of(given, read(given, viewer.dims))
    assert (sizes.dx, sizes.arguments["dx"], sizes.length_unit) == ((3.0, 3.0), 3.0, "nm")
    assert (sizes.dt, sizes.time_unit) == (10.0, "ms")


@pytest.mark.parametrize("kind", [ROWS, COLUMNS])
@pytest.mark.parametrize("colour", [False, True])
def test_a_line_scan_and_the_script_that_repeats_it(movie: Any, kind: str, colour: bool) -> None:
    scan = movie[:, 20]  # (T, L)
    scan = scan if kind == ROWS else np.ascontiguousarray(scan.T)
    stack = np.stack([scan * 0, scan])  # a channel axis, at its slider
    size = (1, 0.002, 0.5) if kind == ROWS else (1, 0.5, 0.002)
    units = ("pixel", "s", "um") if kind == ROWS else ("pixel", "um", "s")
    if colour:
        grey = np.clip(stack, 0, 255).astype(np.uint8)
        stack = np.stack([grey] * 3, axis=-1)
    viewer = ViewerModel()
    layer = viewer.add_layer(Image(stack, rgb=colour, scale=size, units=units))
    viewer.dims.set_current_step(0, 1)
    table, space = run(viewer, asked_of(layer, kind=kind, frames=(2, 62)))
    (motion,) = table.strips
    np.testing.assert_allclose(motion.velocities, VELOCITY, atol=0.03)
    assert motion.shape == (60, 96)
    assert motion.velocity_unit == "µm/s"
    assert motion.unit_speed == pytest.approx(250)
    assert table.kymographs[0].shape == (60, 96)
    again = space["motion"]
    np.testing.assert_allclose(again.velocities, motion.velocities, rtol=1e-4)
    assert again.unit_speed == motion.unit_speed
    text = known_sizes(layer, 1 if kind == ROWS else 2, False)
    assert (text.interval_text, text.pixel_text) == ("0.002 s (layer)", "0.5 µm (layer)")


def test_a_level_of_a_multiscale_movie_with_channels(movie: Any) -> None:
    viewer = ViewerModel()
    data = np.stack([movie * 0, movie], axis=1)  # (T, C, Y, X)
    layer = viewer.add_layer(Image([data, data[..., ::2, ::2]], multiscale=True, name="pyramid"))
    viewer.dims.set_current_step(1, 1)
    shapes = viewer.add_layer(Shapes([LINES[0]], shape_type="line"))
    table, space = run(viewer, asked_of(layer, shapes, level=1, width=1.0))
    np.testing.assert_allclose(table.strips[0].velocities, VELOCITY / 2, atol=0.03)
    np.testing.assert_allclose(
        space["table"].strips[0].velocities, table.strips[0].velocities, rtol=1e-5
    )


def test_what_cannot_be_used_is_said(movie: Any) -> None:
    viewer = ViewerModel()
    layer = viewer.add_layer(Image(movie))
    with pytest.raises(SourceError, match="Draw a strip first"):
        read(asked_of(layer, kind=MOVIE), viewer.dims)
    with pytest.raises(SourceError, match="is empty"):
        read(asked_of(layer, Shapes(name="mine")), viewer.dims)


def test_a_run_can_be_cancelled(movie: Any) -> None:
    from threading import Event

    viewer = ViewerModel()
    layer = viewer.add_layer(Image(movie))
    shapes = viewer.add_layer(Shapes([LINES[0]], shape_type="line"))
    asked, stop = asked_of(layer, shapes), Event()
    stop.set()
    with pytest.raises(Cancelled):
        measure(asked, read(asked, viewer.dims), nothing, stop)
    scan = asked_of(Image(movie[:, 20]))
    with pytest.raises(Cancelled):
        measure(scan, read(scan, viewer.dims), nothing, stop)


@pytest.mark.parametrize(
    ("frames", "window"), [(2, 0), (31, 0), (32, 16), (100, 16), (248, 24), (640, 64), (10_000, 64)]
)
def test_the_window_to_begin_with(frames: int, window: int) -> None:
    assert usual_window(frames) == window


@pytest.mark.parametrize(
    ("arguments", "interval", "pixel"),
    [
        ({}, "not known", "not known"),
        ({"scale": (0.2, 0.5, 0.5), "units": UNITS}, "0.2 s (layer)", "0.5 µm (layer)"),
        ({"scale": (5, 2, 1), "units": ("ms", "mm", "mm")}, "5 ms (layer)", "2 × 1 mm (layer)"),
        ({"scale": (5, 2, 2), "units": ("ms", "pixel", "pixel")}, "5 ms (layer)", "not known"),
    ],
)
def test_what_the_layer_says_of_itself(arguments: Any, interval: str, pixel: str) -> None:
    known = known_sizes(Image(np.zeros((4, 8, 8)), **arguments), 0, True)
    assert (known.interval_text, known.pixel_text) == (interval, pixel)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")  # napari's own
def test_a_layer_that_is_turned_out_of_its_plane_says_nothing() -> None:
    layer = Image(np.zeros((4, 8, 8)), rotate=(0, 30, 0), units=UNITS)
    assert known_sizes(layer, 0, True).pixel_text == "not known"
