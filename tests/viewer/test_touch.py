"""A landscape that is touched, without a window: layers, moves, windows of frames."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel

import napari_motionfft as mf
from napari_motionfft.motion.touch import touch_landscape
from napari_motionfft.viewer import touch_run
from napari_motionfft.viewer import touch_words as words
from napari_motionfft.viewer.asked import Run
from napari_motionfft.viewer.results import KEY, add_results, remove_results
from napari_motionfft.viewer.run_list import RunList
from napari_motionfft.viewer.runs import kept_of, write_into
from napari_motionfft.viewer.source import read_source
from napari_motionfft.viewer.touch_layers import layer_of, show_landscape, velocity_map
from napari_motionfft.viewer.touch_session import TouchSession

VELOCITY = (0.75, -1.25)  # of the fixture `moving`
REGION = (slice(10, 70), slice(20, 90))


@pytest.fixture(scope="module")
def motion(moving: Any) -> mf.Motion:
    found = mf.estimate_motion(moving, region=REGION, max_speed=4)
    assert isinstance(found, mf.Motion)
    return found


def shown(moving: Any, motion: mf.Motion, made: Any, name: str = "plain") -> tuple[Any, Any, Run]:
    """A viewer with a stack and the results of a run on it."""
    viewer = ViewerModel()
    layer = viewer.add_image(moving, name="cells", **made.LAYERS[name])
    source = read_source(layer, current_step=(0, 0, 0))
    layers = add_results(viewer, motion, source)
    kept = kept_of(motion, source, 10)
    write_into(layers, kept)
    run = Run(None, source, "", kept=kept, run_id=layers[0].metadata[KEY]["run"])
    return viewer, layer, run


def begun(viewer: Any, layer: Any, run: Run, window: int = 0) -> TouchSession:
    """A session whose layers are in the viewer."""
    of = touch_run.touchable(run, layer)
    touch = touch_run.prepare(of, window, lambda *_: None, Event())
    session = TouchSession(viewer, of, touch, RunList(viewer).time_link(run))
    session.begin(touch_run.quick(session.touch, of.peak))
    return session


def under(layer: Any, place: Any, kind: str = "mouse_press") -> Any:
    """What napari tells of the mouse over a data point of a layer."""
    return SimpleNamespace(position=layer.data_to_world(place), button=1, type=kind)


def state(viewer: Any) -> Any:
    """All layers as they are, and the sliders."""
    layers = [
        (x.name, x.visible, np.array(x.scale), np.array(x.translate), np.array(x.data[0]))
        for x in viewer.layers
    ]
    return layers, viewer.dims.point[:1], viewer.dims.ndim


@pytest.mark.parametrize("name", ["plain", "scaled", "rotated", "sheared", "mirrored"])
def test_marker_and_picture_lie_on_what_they_are_of(
    moving: Any, motion: mf.Motion, made: Any, name: str
) -> None:
    viewer, layer, run = shown(moving, motion, made, name)
    viewer.layers.selection.active = layer
    before = state(viewer)
    session = begun(viewer, layer, run)
    landscape, mean = session.landscape, layer_of(viewer, run.run_id, "integrated image")
    i, j = np.unravel_index(landscape.data.argmax(), landscape.data.shape)
    entry = landscape.metadata[KEY]
    for place in ((i, j), (0, 0), (3, 17)):
        velocity = (entry["vy"][place[0]], entry["vx"][place[1]])
        np.testing.assert_allclose(
            made.world(session.marker, velocity), made.world(landscape, place), atol=1e-9
        )
    np.testing.assert_allclose(session.marker.data[0], motion.velocity)
    corners = np.array([(-0.5, -0.5), (59.5, 69.5)])
    for picture in (
        touch_run.quick(session.touch, (1, 1)),
        touch_run.whole(session.touch, (1, 1), lambda *_: None, Event()),
    ):
        session.show(picture)
        assert session.picture.data.shape == (60, 70)
        for corner in corners:
            np.testing.assert_allclose(
                made.world(session.picture, corner), made.world(mean, corner), atol=1e-6
            )
    assert viewer.layers.index(session.picture) == viewer.layers.index(mean) + 1
    assert viewer.layers.selection.active is session.marker
    assert str(session.marker.mode) == "select"
    session.end()
    session.end()
    assert viewer.layers.selection.active is layer  # as before
    after = state(viewer)
    assert repr(after) == repr(before)


def test_the_picture_is_that_of_the_run_at_its_peak(
    moving: Any, motion: mf.Motion, made: Any
) -> None:
    viewer, layer, run = shown(moving, motion, made)
    session = begun(viewer, layer, run)
    np.testing.assert_allclose(session.velocity, motion.velocity)
    session.show(touch_run.whole(session.touch, session.velocity, lambda *_: None, Event()))
    close = np.isclose(session.picture.data, motion.integrated, atol=0.5)  # of a σ of 50
    assert close.mean() > 0.98
    assert session.marker.text.values[0].endswith("σ")
    session.end()


def test_without_the_integrated_image_the_picture_lies_on_the_stack(
    moving: Any, motion: mf.Motion, made: Any
) -> None:
    viewer, layer, run = shown(moving, motion, made, "scaled")
    viewer.layers.remove(layer_of(viewer, run.run_id, "integrated image"))
    session = begun(viewer, layer, run)
    np.testing.assert_allclose(made.world(session.picture, (0, 0)), made.world(layer, (0, 10, 20)))
    session.end()


def test_moves_come_from_hand_script_and_field(moving: Any, motion: mf.Motion, made: Any) -> None:
    viewer, layer, run = shown(moving, motion, made)
    session = begun(viewer, layer, run)
    told: list[Any] = []
    session.on_moved = lambda: told.append(session.velocity.tolist())
    session.marker.data = np.array([[1.0, -2.0]])
    session.go_to((0.5, 99.0))  # beyond the range
    assert told == [[1.0, -2.0], [0.5, 4.0]]
    np.testing.assert_array_equal(session.marker.data, [[0.5, 4.0]])

    press, follow = session.marker.mouse_drag_callbacks[0], session.marker.mouse_drag_callbacks[-1]
    press(session.marker, under(session.marker, (-2.0, 3.0)))
    assert told[2:] == [[-2.0, 3.0]]
    assert session.marker.selected_data == {0}
    event = under(session.marker, (-2.0, 3.0))
    drag: Iterator[None] = follow(session.marker, event)
    next(drag)
    event.type = "mouse_move"
    session.marker._set_drag_start([0], (-2.0, 3.0))
    for place in ((-2.5, 3.0), (-3.0, 9.0)):
        with session.marker.events.data.blocker():  # as napari does
            session.marker._move([0], place)
        next(drag)
    event.type = "mouse_release"
    assert next(drag, None) is None
    assert told[-1] == [-3.0, 4.0]
    np.testing.assert_array_equal(session.marker.data, [[-3.0, 4.0]])  # back on the landscape

    before = list(told)
    press(session.marker, under(session.marker, (-2.0, 30.0)))  # beside the landscape
    press(session.marker, SimpleNamespace(**{**vars(event), "button": 2}))
    assert told == before
    session.end()


def test_a_double_click_asks_for_the_peak_there(moving: Any, motion: mf.Motion, made: Any) -> None:
    viewer, layer, run = shown(moving, motion, made)
    session = begun(viewer, layer, run)
    asked: list[Any] = []
    session.on_refine = asked.append
    for each in (session.marker, session.landscape):
        callback = each.mouse_double_click_callbacks[-1]
        callback(each, under(session.marker, (1.0, -1.0)))
        callback(each, under(session.marker, (1.0, -9.0)))  # beside it
    np.testing.assert_allclose(asked, [[1.0, -1.0]] * 2)
    found = touch_run.refine(session.touch, asked[0], lambda *_: None, Event())
    np.testing.assert_allclose(found.velocity, motion.velocity, atol=1e-6)
    assert words.refined(session.of, found)[0].startswith("Peak y 0.7")
    landscape = session.landscape
    session.end()
    assert callback not in landscape.mouse_double_click_callbacks


def test_windows_follow_the_slider(moving: Any, motion: mf.Motion, made: Any) -> None:
    viewer, layer, run = shown(moving, motion, made, "scaled")
    session = begun(viewer, layer, run, window=4)
    landscape, extent = session.landscape, session.landscape.extent.world
    own = np.array(landscape.data)
    stale = touch_run.quick(session.touch, (0, 0))
    starts: list[int] = []
    session.on_window = lambda: starts.append(session.touch.start)
    for frame in (5, 6, 9):
        viewer.dims.set_current_step(0, frame)
    assert starts == [4, 5, 6]
    made_of = touch_run.landscape(session.touch, lambda *_: None, Event())
    session.show_window(*made_of)
    alone = mf.loss_landscape(moving[6:10], region=REGION, max_speed=4)
    assert landscape.data.shape == alone.values.shape != own.shape
    assert np.corrcoef(landscape.data.ravel(), alone.values.ravel())[0, 1] > 0.95
    np.testing.assert_allclose(landscape.extent.world, extent, atol=0.3)
    session.show(stale)  # of another window
    assert session.picture.data is not stale.values
    fresh = touch_run.quick(session.touch, (0, 0))
    session.show(fresh)
    np.testing.assert_array_equal(session.picture.data, fresh.values)
    viewer.dims.set_current_step(0, 0)
    session.show_window(*made_of)  # too late
    session.end()
    np.testing.assert_array_equal(landscape.data, own)
    np.testing.assert_allclose(landscape.extent.world, extent)
    viewer.dims.set_current_step(0, 8)
    assert starts == [4, 5, 6, 0]


def test_from_windows_back_to_all_frames(moving: Any, motion: mf.Motion, made: Any) -> None:
    viewer, layer, run = shown(moving, motion, made)
    session = begun(viewer, layer, run, window=4)
    own = np.array(session.landscape.data)
    session.show_window(*touch_run.landscape(session.touch, lambda *_: None, Event()))
    session.use(touch_run.prepare(session.of, 0, lambda *_: None, Event()))
    assert (session.touch.start, session.touch.stop) == (0, 10)
    np.testing.assert_array_equal(session.landscape.data, own)
    session.end()


@pytest.mark.parametrize("gone", ["marker", "picture", "landscape", "point"])
def test_what_is_removed_ends_it(moving: Any, motion: mf.Motion, made: Any, gone: str) -> None:
    viewer, layer, run = shown(moving, motion, made)
    names = [x.name for x in viewer.layers]
    session = begun(viewer, layer, run)
    lost: list[bool] = []
    session.on_lost = lambda: lost.append(session.there)
    if gone == "point":
        session.marker.selected_data = {0}
        session.marker.remove_selected()
    else:
        viewer.layers.remove(getattr(session, gone))
        names = [name for name in names if gone != "landscape" or name != "loss landscape"]
    assert lost[-1:] == [False]
    session.go_to((0, 0))  # does nothing any more
    session.show(touch_run.quick(session.touch, (0, 0)))
    session.end()
    assert [x.name for x in viewer.layers] == names


def test_its_layers_go_with_the_run(moving: Any, motion: mf.Motion, made: Any) -> None:
    viewer, layer, run = shown(moving, motion, made)
    begun(viewer, layer, run)
    assert remove_results(viewer, run.run_id) == 8
    assert list(viewer.layers) == [layer]


def test_names_are_free_and_what_the_user_renames_stays(
    moving: Any, motion: mf.Motion, made: Any
) -> None:
    viewer, layer, run = shown(moving, motion, made)
    mine = viewer.add_image(np.zeros((8, 8)), name="touched image")
    session = begun(viewer, layer, run)
    assert session.picture.name == "touched image 2"
    session.picture.name = "figure 3"
    session.end()
    assert {"figure 3", "touched image"} < {x.name for x in viewer.layers}
    np.testing.assert_array_equal(mine.data, 0)


def test_a_run_from_a_file_takes_its_stack_from_the_layer(
    moving: Any, motion: mf.Motion, made: Any
) -> None:
    _, layer, run = shown(moving, motion, made)
    empty = np.broadcast_to(np.uint8(0), moving.shape)
    of = touch_run.touchable(Run(None, run.source, "", kept=run.kept), layer)
    assert of.source.stack.shape == empty.shape
    np.testing.assert_array_equal(of.source.stack[3], moving[3])
    assert touch_run.why_not(run, None) == touch_run.NO_STACK
    with pytest.raises(ValueError, match="no longer in the viewer"):
        touch_run.touchable(run, None)


def test_what_cannot_be_touched_says_why(moving: Any, motion: mf.Motion, made: Any) -> None:
    _, layer, run = shown(moving, motion, made)
    weighted = mf.estimate_motion(moving, weight=np.ones((80, 49)), max_speed=4)
    kept = kept_of(weighted, run.source, 10)
    assert touch_run.why_not(Run(None, run.source, "", kept=kept), layer) == touch_run.OWN_WEIGHT
    assert touch_run.why_not(Run(None, run.source, ""), layer) == touch_run.NO_LANDSCAPE
    assert touch_run.why_not(run, layer) is None


def test_velocities_are_told_in_physical_units_too(
    moving: Any, motion: mf.Motion, made: Any
) -> None:
    _, layer, run = shown(moving, motion, made, "scaled")  # 0.5 × 0.25 µm, 5 s
    of = touch_run.touchable(run, layer)
    assert words.velocity(of, np.array([-1.0, 2.0])) == [
        "y −1.00, x 2.00 px/frame",
        "y −0.1, x 0.1 µm/s",
    ]
    _, layer, run = shown(moving, motion, made)
    of = touch_run.touchable(run, layer)
    assert words.velocity(of, np.array([-1.0, 2.0])) == ["y −1.00, x 2.00 px/frame"]
    assert words.score(-0.04) == "0.0 σ above the landscape's noise"


def test_the_quick_picture_is_as_large_as_the_region(moving: Any) -> None:
    stack = np.tile(moving, (1, 3, 3))
    touch = touch_landscape(stack)
    low = touch.image((1, 1))
    assert max(low.shape) <= 192
    values = touch_run.quick(touch, (1, 1)).values
    assert values.shape == stack.shape[1:]
    ratio = np.divide(values.shape, low.shape)
    i, j = ((np.arange(n) + 0.5) * r - 0.5 for n, r in zip(low.shape, ratio, strict=True))
    at = values[np.rint(i).astype(int)][:, np.rint(j).astype(int)]
    assert np.abs(at - low).mean() < 0.2 * low.std()


@given(st.lists(st.floats(0.1, 9), min_size=2, max_size=2), st.integers(2, 40), st.integers(2, 40))
def test_another_landscape_keeps_its_place(limits: list[float], rows: int, columns: int) -> None:
    """Whatever the grids, a velocity stays where it was."""
    from napari.layers import Image

    first = [np.linspace(-limit, limit, n) for limit, n in zip(limits, (7, 11), strict=True)]
    layer = Image(np.zeros((7, 11)), scale=(2, 3), translate=(5, -4), rotate=30)
    layer.metadata[KEY] = {"vy": first[0], "vx": first[1], "peaks": []}
    before = Image(np.zeros((2, 2)), **velocity_map(layer)).data_to_world(limits)
    second = [np.linspace(-v, v, n) for v, n in zip(limits, (rows, columns), strict=True)]
    show_landscape(layer, mf.Landscape(np.ones((rows, columns), np.float32), *second))
    after = Image(np.zeros((2, 2)), **velocity_map(layer)).data_to_world(limits)
    np.testing.assert_allclose(after, before, atol=1e-6)
    np.testing.assert_allclose(layer.data_to_world((rows - 1, columns - 1)), before, atol=1e-6)
