"""Faint movers as layers: rings where the objects are, tracks, landscapes over their tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer
from tests.viewer.made_movers import movers_of

from napari_motionfft.viewer.movers_layers import LANDSCAPES, RINGS, TRACKS, movers_layers
from napari_motionfft.viewer.movers_results import add_movers, emphasise
from napari_motionfft.viewer.movers_rows import MoverRows, chance
from napari_motionfft.viewer.results import KEY, remove_results

TWO = (((10.0, 12.0), (1.0, 2.0)), ((-2.0, 50.0), (3.0, -0.5)))


def created(made: Any, movers: Any, layer: Image, **more: Any) -> dict[str, Layer]:
    source = made.source_of(layer)
    given = movers_layers(movers, source, **more)
    return made.by_role(given, {RINGS, TRACKS, LANDSCAPES})


@pytest.mark.parametrize("name", ["plain", "scaled", "rotated", "sheared", "mirrored"])
def test_rings_and_tracks_lie_on_the_objects(made: Any, name: str) -> None:
    layer, movers = made.layer_of(name), movers_of(*TWO)
    layers = created(made, movers, layer)
    assert set(layers) == {RINGS, TRACKS}
    rings, tracks = layers[RINGS], layers[TRACKS]
    assert len(rings.data) == 6 + 5  # the second comes in from above in frame 1
    for row, number in zip(rings.data, rings.features["object"], strict=True):
        frame = int(row[0])
        place = movers[number - 1].position + frame * movers[number - 1].velocity
        np.testing.assert_allclose(
            made.world(rings, row), made.world(layer, [frame, *place]), atol=1e-9
        )
    np.testing.assert_allclose(tracks.data[:, 1:], rings.data)
    np.testing.assert_allclose(
        made.world(tracks, tracks.data[3, 1:]), made.world(rings, rings.data[3]), atol=1e-9
    )
    assert rings.units == layer.units


def test_colours_are_those_of_the_table(made: Any) -> None:
    from napari_motionfft.viewer.strip_colours import strip_colour

    layers = created(made, movers_of(*TWO), made.layer_of())
    for number in (0, 1):
        colour = strip_colour(number)
        wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        rings = layers[RINGS]
        mine = rings.features["object"].to_numpy() == number + 1
        np.testing.assert_allclose(
            rings.border_color[mine][:, :3], wanted[None].repeat(mine.sum(), 0), atol=0.01
        )
        tracks = layers[TRACKS]
        mine = tracks.data[:, 0] == number
        np.testing.assert_allclose(tracks.track_colors[mine][0, :3], wanted, atol=0.02)


def test_one_object_has_its_colour_too(made: Any) -> None:
    tracks = created(made, movers_of(TWO[0]), made.layer_of())[TRACKS]
    assert np.ptp(tracks.track_colors, axis=0).max() == 0
    assert tracks.track_colors[0, 0] > tracks.track_colors[0, 2]  # the first colour is orange


def test_landscapes_cover_their_tiles_and_are_hidden_at_first(made: Any) -> None:
    layer, movers = made.layer_of("scaled"), movers_of(*TWO)
    image = created(made, movers, layer, landscapes=True)[LANDSCAPES]
    assert not image.visible
    assert image.data.shape == (2 * 5, 3 * 5)
    np.testing.assert_allclose(image.data[:5, 5:10], movers.landscapes.values[0, 1])
    corners = made.world(image, [-0.5, -0.5]), made.world(image, [9.5, 14.5])
    np.testing.assert_allclose(corners[0], made.world(layer, [0, -0.5, -0.5]))
    np.testing.assert_allclose(corners[1], made.world(layer, [0, 63.5, 95.5]))


def test_axes_before_time_are_kept_and_many_axes_have_no_tracks(made: Any) -> None:
    stack = made.layer_of(shape=(3, 6, 64, 96))
    source = made.read_source(stack, current_step=(2, 0, 0, 0), time_axis=1)
    rings = made.by_role(movers_layers(movers_of(*TWO), source), {RINGS})[RINGS]
    assert (rings.data[:, 0] == 2).all()
    first = made.layer_of(shape=(6, 2, 3, 64, 96))
    source = made.read_source(first, current_step=(0, 1, 2, 0, 0), time_axis=0)
    layers = made.by_role(movers_layers(movers_of(*TWO), source), {RINGS, TRACKS})
    assert set(layers) == {RINGS}
    assert (layers[RINGS].data[:, 1:3] == [1, 2]).all()


def test_nothing_found_makes_no_layers(made: Any) -> None:
    source = made.source_of(made.layer_of())
    assert movers_layers(movers_of(), source) == []
    assert len(movers_layers(movers_of(), source, landscapes=True)) == 1


def run_of(made: Any, viewer: ViewerModel, movers: Any) -> Any:
    from napari_motionfft.viewer.movers_run import MoversAsked, MoversRun

    layer = viewer.layers[0]
    asked = MoversAsked(layer, None, (0, 6), 0, 0, {})
    return add_movers(viewer, MoversRun(asked, made.source_of(layer), "", movers))


def test_layers_come_and_go_and_nothing_of_the_users_moves(made: Any) -> None:
    viewer = ViewerModel()
    viewer.add_layer(made.layer_of("scaled"))
    viewer.dims.set_current_step(0, 4)
    before = viewer.dims.point
    run = run_of(made, viewer, movers_of(*TWO))
    assert [x.metadata.get(KEY, {}).get("role") for x in viewer.layers] == [None, TRACKS, RINGS]
    assert viewer.dims.point == before
    assert {x.name for x in viewer.layers.selection} == {"cells"}
    rings = viewer.layers[-1]
    usual = rings.size.copy()
    emphasise(viewer, run, 1)
    second = rings.features["object"].to_numpy() == 2
    np.testing.assert_allclose(rings.size[second], 1.6 * usual[second])
    np.testing.assert_allclose(rings.size[~second], usual[~second])
    again = run_of(made, viewer, movers_of(TWO[0]))
    assert again.run_id != run.run_id
    assert len({layer.name for layer in viewer.layers}) == 5
    assert remove_results(viewer, run.run_id) == 2
    emphasise(viewer, run, 0)  # its layers are gone
    assert remove_results(viewer) == 2
    empty = run_of(made, viewer, movers_of())
    assert empty.run_id == ""
    emphasise(viewer, empty, 0)


def test_the_table_says_what_was_found() -> None:
    rows = MoverRows(movers_of(*TWO), 7, (np.array([0.5, 0.25]), "µm/s"))
    assert rows.columns[:5] == ("object", "score", "false alarm", "position", "velocity")
    assert rows.heading("position") == "in frame 7\npx"
    assert rows.heading("physical") == "velocity\nµm/s"
    assert rows.text(1, "object") == "2"
    assert rows.text(1, "position") == "y  −2.00 ± 0.21\nx  50.00 ± 0.22"
    assert rows.text(0, "velocity") == "y  1.000 ± 0.012\nx  2.000 ± 0.013"
    assert rows.text(0, "physical") == "y  0.5000 ± 0.0060\nx  0.5000 ± 0.0032"
    assert rows.text(0, "false alarm") == "3e−7"
    assert "2 objects move" in rows.summary
    assert "frame 9.5" in rows.caption(0)
    assert "mean of 6 frames" in rows.caption(0)
    nothing = MoverRows(movers_of())
    assert "Nothing that moves stands out" in nothing.summary
    assert "5 %" in nothing.summary
    assert "physical" not in nothing.columns


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.031, "0.031"), (2.4e-5, "2e−5"), (1e-11, "1e−11"), (0.0, "< 1e−12")],
)
def test_probabilities_are_short(probability: float, text: str) -> None:
    assert chance(probability) == text


def test_the_stamp_is_grey_between_its_limits() -> None:
    from napari_motionfft.viewer.widgets.stamp import as_grey

    grey = as_grey(np.array([[1.0, 2.0], [3.0, np.nan]]))
    assert grey.tolist() == [[0, 128], [255, 0]]
    assert as_grey(np.full((2, 2), np.nan)).tolist() == [[0, 0], [0, 0]]
    assert as_grey(np.ones((2, 2))).tolist() == [[0, 0], [0, 0]]
