"""Motion → layer tuples: where they lie and what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_motionfft.motion.result import Landscape
from napari_motionfft.viewer.result_layers import KEY, result_layers
from napari_motionfft.viewer.source import read_source

NAMES = ["plain", "scaled", "rotated", "sheared", "lower shear", "affine", "mirrored"]


@pytest.mark.parametrize("name", NAMES)
def test_integrated_image_lies_on_its_region(made: Any, name: str) -> None:
    layer = made.layer_of(name)
    motion = made.motion_of(region=((10, 50), (20, 90)))
    layers = made.by_role(result_layers(motion, made.source_of(layer), layout="over"))
    for role in ("integrated image", "plain mean"):
        for y, x in ((0, 0), (7, 30), (39, 69)):
            there = made.world(layer, (0, 10 + y, 20 + x))
            np.testing.assert_allclose(made.world(layers[role], (y, x)), there, atol=1e-9)
        assert layers[role].units == layer.units[-2:]
        assert layers[role].axis_labels == layer.axis_labels[-2:]
    assert layers["integrated image"].visible
    assert not layers["plain mean"].visible
    np.testing.assert_array_equal(layers["integrated image"].data, motion.integrated)
    assert layers["plain mean"].contrast_limits == layers["integrated image"].contrast_limits


def union_of(made: Any, origin: tuple[int, int], shape: tuple[int, int]) -> Any:
    """A motion of region ((10, 50), (20, 90)) whose integrated image shows another box."""
    rng = np.random.default_rng(3)
    return replace(
        made.motion_of(region=((10, 50), (20, 90))),
        integrated=rng.random(shape).astype(np.float32),
        coverage=np.ones(shape, np.int32),
        origin=origin,
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("origin", [(-30, -5), (2, 20), (10, -200)])
def test_a_canvas_of_all_that_was_seen_lies_where_it_was_seen(
    made: Any, name: str, origin: tuple[int, int]
) -> None:
    layer = made.layer_of(name)
    motion = union_of(made, origin, (90, 300))
    layers = made.by_role(result_layers(motion, made.source_of(layer), layout="over"))
    union, plain = layers["integrated image"], layers["plain mean"]
    for y, x in ((0, 0), (7, 30), (89, 299)):
        there = made.world(layer, (0, origin[0] + y, origin[1] + x))
        np.testing.assert_allclose(made.world(union, (y, x)), there, atol=1e-9)
    there = made.world(layer, (0, 10, 20))
    np.testing.assert_allclose(made.world(plain, (0, 0)), there, atol=1e-9)
    # beside the stack, the two keep together
    layers = made.by_role(result_layers(motion, made.source_of(layer)))
    union, plain = layers["integrated image"], layers["plain mean"]
    at = made.world(union, (10 - origin[0], 20 - origin[1]))
    np.testing.assert_allclose(made.world(plain, (0, 0)), at, atol=1e-9)


def test_a_motion_without_pictures_shows_its_path(made: Any) -> None:
    motion = made.motion_of()
    nothing = np.zeros((0, 0), np.float32)
    motion = replace(
        motion,
        integrated=nothing,
        plain_mean=nothing,
        coverage=np.zeros((0, 0), np.int32),
        landscape=Landscape(nothing, np.zeros(0), np.zeros(0), []),
    )
    layers = made.by_role(result_layers(motion, made.source_of(made.layer_of())))
    assert list(layers) == ["trajectory", "position"]


@pytest.mark.parametrize("name", NAMES)
def test_path_is_the_regions_centre_moved_with_the_scene(made: Any, name: str) -> None:
    layer = made.layer_of(name)
    motion = made.motion_of(region=((10, 50), (20, 90)), frames=4)
    score = np.array([5, np.nan, 6, 7])
    motion = replace(motion, excluded=(1,), jumps=(2, 3), frame_score=score)
    source = made.source_of(layer, frames=(1, 5))
    layers = made.by_role(result_layers(motion, source))
    for t in range(4):
        wanted = layer.data_to_world((1 + t, 29.5 - 2 * t, 54.5 + 1.5 * t))
        track = layers["trajectory"].data[t]
        assert track[0] == 0
        np.testing.assert_allclose(layers["trajectory"].data_to_world(track[1:]), wanted)
        point = layers["position"].data[t]
        np.testing.assert_allclose(layers["position"].data_to_world(point), wanted)
    for role in ("trajectory", "position"):
        table = layers[role].features
        assert list(table["frame"]) == [1, 2, 3, 4]
        np.testing.assert_allclose(table["displacement_y"], [0, -2, -4, -6])
        np.testing.assert_allclose(table["displacement_x"], [0, 1.5, 3, 4.5])
        np.testing.assert_allclose(table["speed"], 2.5)
        np.testing.assert_allclose(table["stderr_y"], 0.02 * np.arange(4))
        np.testing.assert_allclose(table["stderr_x"], 0.01 * np.arange(4))
        np.testing.assert_array_equal(table["score"], score)
        assert "correlation" not in table  # not known of this one
        assert list(table["excluded"]) == [0, 1, 0, 0]
        assert list(table["jump"]) == [0, 0, 1, 1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("limits", [(6.0, 6.0), (3.0, 9.0)])
def test_landscape_pixels_lie_at_their_velocities(
    made: Any, name: str, limits: tuple[float, float]
) -> None:
    """The axes' data is (vy, vx): the image's pixel (i, j) must lie at (vy[i], vx[j])."""
    motion = made.motion_of(limits=limits)
    layers = made.by_role(result_layers(motion, made.source_of(made.layer_of(name))))
    image, axes = layers["loss landscape"], layers["landscape axes"]
    vy, vx = motion.landscape.vy, motion.landscape.vx
    for i, j in ((0, 0), (20, 30), (40, 60), (13, 37)):
        np.testing.assert_allclose(
            made.world(image, (i, j)), made.world(axes, (vy[i], vx[j])), atol=1e-9
        )
    step = made.world(axes, (1, 0)) - made.world(axes, (0, 0))
    down = made.world(made.layer_of(name), (0, 1, 0)) - made.world(made.layer_of(name), (0, 0, 0))
    assert np.dot(step, down) > 0.9 * np.linalg.norm(step) * np.linalg.norm(down)
    across = made.world(axes, (0, 1)) - made.world(axes, (0, 0))
    assert np.linalg.norm(across) == pytest.approx(np.linalg.norm(step))  # undistorted
    assert not image.rgb
    np.testing.assert_array_equal(image.metadata[KEY]["vy"], vy)


def test_marks_of_the_landscape(made: Any) -> None:
    layers = made.by_role(
        result_layers(made.motion_of(velocity=(-2.35, 1.5)), made.source_of(made.layer_of()))
    )
    axes = layers["landscape axes"]
    labels = list(axes.features["label"])
    said = "(−2.350, 1.500) px/frame"  # to the place of the errors, 0.02 and 0.01
    assert said in labels
    assert {"peak 40.0 σ", "ellipse 1 σ × 20"} < set(labels)
    assert [x for x in labels if "px/frame  " in x] == [
        "vx, px/frame  (right +)",
        "vy, px/frame  (down +)",
    ]
    for tick in ("−5", "0", "5"):
        assert labels.count(tick) == 2
    places = {label: axes.data[i].mean(0) for i, label in enumerate(labels) if label}
    assert places[said][0] > 6.2  # below the picture: it covers nothing
    ellipse = next(d for d, kind in zip(axes.data, axes.shape_type, strict=True) if kind == "path")
    np.testing.assert_allclose(
        (ellipse.max(0) - ellipse.min(0)) / 2, 20 * np.sqrt([4e-4, 1e-4]), rtol=0.01
    )
    np.testing.assert_allclose((ellipse.max(0) + ellipse.min(0)) / 2, (-2.35, 1.5), atol=0.01)


@pytest.mark.parametrize(
    "covariance",
    [np.zeros((2, 2)), np.full((2, 2), np.inf), np.full((2, 2), np.nan), np.diag([1e-4, 0.0])],
)
def test_errors_that_make_no_ellipse_still_make_a_picture(
    made: Any, covariance: np.ndarray
) -> None:
    with np.errstate(invalid="ignore"):
        motion = made.motion_of(covariance=covariance)
    layers = made.by_role(result_layers(motion, made.source_of(made.layer_of())))
    labels = "".join(layers["landscape axes"].features["label"])
    assert ("ellipse" in labels) == (covariance[0, 0] == 1e-4)


def test_velocity_beyond_the_picture_and_unreliable_is_marked_within(made: Any) -> None:
    motion = made.motion_of(velocity=(-9.0, 1.0), reliable=False, covariance=np.eye(2))
    axes = made.by_role(result_layers(motion, made.source_of(made.layer_of())))["landscape axes"]
    assert "not reliable" in set(axes.features["label"])
    drawn = [d for d, kind in zip(axes.data, axes.shape_type, strict=True) if kind == "path"]
    assert all(d.min() >= -6.2 for d in drawn)


def test_multiscale_results_lie_right_in_level_0(made: Any) -> None:
    """Levels share their outer edges: px i of a level halved lies at 2 i + 0.5."""
    data = np.zeros((6, 64, 96))
    layer = Image([data, data[:, ::2, ::2]], multiscale=True, scale=(1, 3, 3))
    motion = made.motion_of(region=((4, 24), (6, 46)))
    source = made.source_of(layer, level=1)
    layers = made.by_role(result_layers(motion, source, layout="over"))
    there = made.world(layer, (0, 2 * 4 + 0.5, 2 * 6 + 0.5))
    np.testing.assert_allclose(made.world(layers["integrated image"], (0, 0)), there)
    np.testing.assert_allclose(layers["integrated image"].scale, 6)
    np.testing.assert_allclose(np.diff(layers["trajectory"].data[:, 2:], axis=0), [[-4, 3]] * 5)


@pytest.mark.parametrize(
    ("shape", "axis", "tracks"),
    [((6, 3, 64, 96), 0, True), ((3, 6, 64, 96), 1, True), ((6, 2, 3, 64, 96), 0, False)],
)
def test_more_axes(made: Any, shape: tuple[int, ...], axis: int, tracks: bool) -> None:
    """The point lies where the sliders stood; five axes are too many for a Tracks layer."""
    layer = Image(np.zeros(shape))
    step = [1] * len(shape)
    source = read_source(layer, current_step=step, time_axis=axis)
    layers = made.by_role(result_layers(made.motion_of(), source))
    points = layers["position"].data
    assert points.shape == (6, len(shape))
    np.testing.assert_array_equal(points[:, axis], np.arange(6))
    others = [a for a in range(len(shape) - 2) if a != axis]
    assert (points[:, others] == 1).all()
    path = layers["trajectory"]
    if tracks:
        np.testing.assert_array_equal(path.data[:, 1:], points[:, axis:])
    else:
        ends = np.array([line[1] for line in path.data])
        np.testing.assert_allclose(ends, points[1:, -2:])
        assert path.opacity == 1


ARRANGED = [
    (canvas, shape, layout, "plain")
    for canvas in ((800, 1000), (300, 1500), (1500, 300))
    for shape in ((6, 64, 96), (6, 200, 60), (6, 60, 300))
    for layout in ("beside", "over")
]
ARRANGED += [((800, 1000), (6, 64, 96), "beside", name) for name in ("rotated", "scaled")]


@pytest.mark.parametrize(("canvas", "shape", "layout", "name"), ARRANGED)
def test_nothing_covers_the_stack_nor_each_other(made: Any, canvas, shape, layout, name) -> None:
    layer = made.layer_of(name, shape)
    motion = made.motion_of(region=((10, 50), (20, 60)))
    source = made.source_of(layer)
    first = result_layers(motion, source, layout=layout, canvas=canvas)
    below = first[0][1]["metadata"][KEY]["bottom"] + 5
    second = result_layers(motion, source, layout=layout, canvas=canvas, below=below)
    boxes = [(-0.5, -0.5, shape[1] - 0.5, shape[2] - 0.5)]
    roles = {"landscape axes"} | ({"integrated image"} if layout == "beside" else set())
    for run in (first, second):
        for picture in made.by_role(run, roles).values():
            low, high = picture._extent_data_augmented
            corners = [(y, x) for y in (low[0], high[0]) for x in (low[1], high[1])]
            inside = [layer.world_to_data((0, *made.world(picture, c)))[-2:] for c in corners]
            boxes.append((*np.min(inside, 0), *np.max(inside, 0)))
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            deep = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
            assert min(deep) < 0.01, (a, b)


def test_unknown_layout(made: Any) -> None:
    with pytest.raises(ValueError, match="beside, over"):
        result_layers(made.motion_of(), made.source_of(made.layer_of()), layout="under")
