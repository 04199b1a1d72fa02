"""Windows, lines, pictures and boxes of strips: plain numbers, no layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import points_in_poly
from tests.viewer.made_strips import motion_of

from napari_motionfft.motion.strips.paths import Strip, as_strip, sample_points
from napari_motionfft.viewer import strip_panel, strip_windows
from napari_motionfft.viewer.strip_arrows import arrows, rims
from napari_motionfft.viewer.strip_lines import clip, slope_lines, velocity_lines
from napari_motionfft.viewer.strip_marks import speed_text, ticks_between
from napari_motionfft.viewer.strip_outline import outline_of
from napari_motionfft.viewer.strip_panel import Box
from napari_motionfft.viewer.strip_spectrogram import COLUMNS, even_columns, picture, velocity_reach


def test_pieces_and_nearest_windows() -> None:
    motion = motion_of((1, 2, 3), shape=(64, 80), window=32)  # starts 0, 16, 32
    np.testing.assert_allclose(motion.centres, [15.5, 31.5, 47.5])
    np.testing.assert_allclose(strip_windows.pieces(motion), [0, 23.5, 39.5, 63])
    own = strip_windows.nearest(motion, np.arange(64))
    np.testing.assert_array_equal(own, [0] * 24 + [1] * 16 + [2] * 24)
    whole = motion_of((1.0,), shape=(64, 80), window=64)
    np.testing.assert_allclose(strip_windows.pieces(whole), [0, 63])
    assert (strip_windows.nearest(whole, np.arange(64)) == 0).all()


def test_velocity_at_every_frame() -> None:
    """Straight between supported neighbours; a window's own next to one that is not."""
    motion = motion_of((1, 2, 50, 3), shape=(80, 40), window=32, reliable=(1, 1, 0, 1))
    np.testing.assert_allclose(motion.centres, [15.5, 31.5, 47.5, 63.5])
    velocity, supported = strip_windows.at_frames(motion)
    assert velocity.shape == supported.shape == (80,)
    np.testing.assert_allclose(velocity[:16], 1)
    np.testing.assert_allclose(velocity[16:32], 1 + (np.arange(16, 32) - 15.5) / 16)
    np.testing.assert_allclose(velocity[32:40], 2)
    np.testing.assert_allclose(velocity[40:56], 50)
    np.testing.assert_allclose(velocity[56:], 3)
    np.testing.assert_array_equal(supported, [*[True] * 40, *[False] * 16, *[True] * 24])


def test_velocity_that_is_no_number() -> None:
    motion = motion_of((1, np.nan, 3), reliable=(1, 1, 1))
    velocity, supported = strip_windows.at_frames(motion)
    assert np.isfinite(velocity[supported]).all()
    assert not supported[32]
    lines, window = slope_lines(motion)
    assert np.isfinite(lines).all()
    assert set(window) == {0, 2}
    assert np.isfinite(velocity_lines(motion, (-5.0, 5.0))[0]).all()


def test_stretches() -> None:
    flags = np.array([1, 1, 0, 0, 1, 0, 1, 1], dtype=bool)
    assert strip_windows.runs_of(flags) == [(0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 8)]


def test_slopes_are_the_velocities() -> None:
    motion = motion_of((1.5, -0.25, 0.0, 40.0), shape=(128, 90), window=40, reliable=(1, 1, 1, 0))
    lines, window = slope_lines(motion)
    step = lines[:, 1] - lines[:, 0]
    np.testing.assert_allclose(step[:, 1], motion.velocities[window] * step[:, 0], atol=1e-9)
    assert (step[:, 0] > 0).all()
    assert lines[..., 1].min() >= -1e-9
    assert lines[..., 1].max() <= 89 + 1e-9
    edges = strip_windows.pieces(motion)
    assert (lines[:, 0, 0] >= edges[window] - 1e-9).all()
    assert (lines[:, 1, 0] <= edges[window + 1] + 1e-9).all()
    assert set(window) == {0, 1, 2, 3}
    # lines go on from one supported window to the next
    inner = lines[(window == 0) & (lines[:, 1, 0] == edges[1])][:, 1]
    following = lines[(window == 1) & (lines[:, 0, 0] == edges[1])][:, 0]
    for end in inner:
        assert np.abs(following - end).max(1).min() < 1e-9


@pytest.mark.parametrize(("speed", "frames"), [(0.0, 64), (0.01, 64), (3.0, 64), (-7.0, 20_000)])
def test_few_lines_pass_a_place(speed: float, frames: int) -> None:
    motion = motion_of((speed,) * 5, shape=(frames, 100), window=frames // 3)
    lines, _ = slope_lines(motion)
    first, last = lines[:, 0, 0], lines[:, 1, 0]
    at_once = [((first <= t) & (t < last)).sum() for t in np.linspace(0, frames - 2, 50)]
    assert max(at_once) <= 5
    if abs(speed) * frames < 400:
        assert min(at_once) >= 3
    crossing = (lines[:, 0, 1] <= 50) != (lines[:, 1, 1] <= 50)
    assert crossing.sum() <= 18


lengths = st.floats(-50, 50)


@settings(max_examples=50, deadline=None)
@given(st.tuples(lengths, lengths), st.tuples(lengths, lengths))
def test_clipped_lines_lie_within_and_on_the_line(a: tuple, b: tuple) -> None:
    cut, kept = clip(np.array([[a, b]], dtype=float), -10.0, 20.0)
    dense = np.linspace(a, b, 4001)
    inside = dense[(dense[:, 1] > -10) & (dense[:, 1] < 20)]
    if not kept[0]:
        assert len(inside) <= 1
        return
    assert cut[0, :, 1].min() >= -10 - 1e-6
    assert cut[0, :, 1].max() <= 20 + 1e-6
    if len(inside):
        np.testing.assert_allclose(cut[0, 0], inside[0], atol=0.05)
        np.testing.assert_allclose(cut[0, 1], inside[-1], atol=0.05)


def test_velocity_over_its_spectrogram() -> None:
    motion = motion_of((1, 2, 9, 3), shape=(80, 40), window=32, stderr=0.5)
    lines, window = velocity_lines(motion, (-1.0, 3.2))
    assert set(window) == {0, 1, 3}  # 9 is beyond
    bars = lines[lines[:, 0, 0] == lines[:, 1, 0]]
    np.testing.assert_allclose(bars[:, :, 0], np.repeat(motion.centres[[0, 1, 3]], 2).reshape(3, 2))
    np.testing.assert_allclose(bars[..., 1], [[0.5, 1.5], [1.5, 2.5], [2.5, 3.2]])
    for i in (0, 1, 3):
        assert [motion.centres[i], motion.velocities[i]] in lines[window == i].tolist()[0]
    exact = motion_of((1.0,), stderr=0.0)
    assert len(velocity_lines(exact, (0.0, 2.0))[0]) == 2  # up and down from the centre


def test_even_columns_keep_narrow_peaks_and_lie_at_their_velocities() -> None:
    grid = np.sort(np.concatenate([-np.geomspace(1e-3, 8, 40), [0], np.geomspace(1e-3, 8, 40)]))
    values = np.zeros((3, len(grid)), np.float32)
    spikes = [41, 60, 75]  # three at very different spacings of the grid
    values[np.arange(3), spikes] = 1
    centres = np.linspace(-8, 8, 161)
    even = even_columns(values, grid, centres)
    np.testing.assert_allclose(even.max(1), 1)
    np.testing.assert_allclose(centres[even.argmax(1)], grid[spikes], atol=0.051)
    smooth = np.cos(grid)[None].astype(np.float32)
    mild = np.abs(centres) < 4
    np.testing.assert_allclose(
        even_columns(smooth, grid, centres)[0, mild], np.cos(centres[mild]), atol=0.1
    )


def test_picture_of_a_spectrogram() -> None:
    motion = motion_of((1.0, 2.5, -0.5), shape=(64, 80), reliable=(1, 1, 1), second=-2.0)
    values, (low, high) = picture(motion)
    assert values.shape == (64, COLUMNS)
    assert low < -2 < high
    assert 2.5 < high < 8
    centres = low + (high - low) / COLUMNS * (np.arange(COLUMNS) + 0.5)
    own = strip_windows.nearest(motion, np.arange(64))
    np.testing.assert_allclose(centres[values.argmax(1)], motion.velocities[own], atol=0.15)
    for one_way in ((3.0, 3.0, 3.0), (-3.0,)):
        low, high = velocity_reach(motion_of(one_way))
        assert low < 0 < high  # zero is always in view
    nothing = motion_of((7.0, 1.0, -7.0), reliable=(0, 0, 0))
    assert velocity_reach(nothing) == (-8.0, 8.0)
    long = motion_of((1.0, 2.0), shape=(5000, 30), window=100)
    assert picture(long)[0].shape == (1024, COLUMNS)


@given(st.floats(-1e4, 1e4), st.floats(1e-5, 1e4), st.integers(3, 8))
@settings(max_examples=100, deadline=None)
def test_ticks(low: float, width: float, most: int) -> None:
    if low + width - low < 0.5 * width:  # no doubles in between
        return
    ticks = ticks_between(low, low + width, most)
    assert len(ticks) <= most
    if width > 1e-3 * abs(low):
        assert len(ticks) >= 1
        slack = 1e-6 * (width + abs(low))
        assert ticks[0] >= low - slack
        assert ticks[-1] <= low + width + slack
    if len(ticks) > 2 and width > 1e-3 * abs(low):
        np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0], rtol=1e-3)


def test_ticks_read_well() -> None:
    assert ticks_between(0, 0.127) == [0, 0.05, 0.1]
    assert ticks_between(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks_between(-0.3, 0.35, 5) == [-0.2, 0, 0.2]


def test_speed_in_words() -> None:
    one = motion_of((1.5,), stderr=0.052, dt=0.1, dx=0.5, time_unit="ms", length_unit="nm")
    assert speed_text(one) == "7.50 ± 0.26 nm/ms"
    assert speed_text(motion_of((1.0, 2.0, 3.0), window=16)).startswith("mean 2.000 ± 0.0")
    assert speed_text(motion_of((1.0, 2.0), reliable=(0, 0))) == "not reliable"


@pytest.mark.parametrize("shape", [(100.0, 140.0), (60.0, 600.0), (500.0, 50.0), (8.0, 8.0)])
@pytest.mark.parametrize("canvas", [(800.0, 1000.0), (300.0, 1500.0), (1500.0, 300.0)])
@pytest.mark.parametrize(("below", "taken"), [(0, (0, 0)), (700, (0, 0)), (0, (550, 620))])
def test_panel_covers_nothing(shape: tuple, canvas: tuple, below: float, taken: tuple) -> None:
    aside = 650.0 if below else 0.0
    made = strip_panel.panel(shape, canvas, below, taken, aside)
    whole = made.whole
    stack = Box(0, 0, max(shape[0], taken[0]), max(shape[1], taken[1]))
    assert whole.y >= stack.bottom or whole.x >= stack.right
    assert whole.y >= below or whole.x >= aside
    if below and canvas[0] > 2 * canvas[1]:  # on a tall canvas below, on a wide one beside
        assert whole.x == 0
    if below and canvas[1] > 2 * canvas[0]:
        assert whole.y == 0
    one, two = made.kymograph, made.spectrogram
    for box in (one, two):
        assert whole.y < box.y < box.bottom < whole.bottom
        assert whole.x < box.x < box.right < whole.right
    assert one.right < two.x
    assert (one.y, one.height) == (two.y, two.height)  # one time axis
    assert made.size[0] >= whole.bottom
    assert made.size[1] >= whole.right


def test_coordinates_of_the_pictures_are_those_of_their_pixels() -> None:
    box = Box(10, 20, 64, 160)
    np.testing.assert_allclose(strip_panel.at_frames(box, np.array([-0.5, 0, 31.5, 63.5]), 64),
                               [10, 10.5, 42, 74])  # fmt: skip
    np.testing.assert_allclose(strip_panel.at_places(box, np.array([-0.5, 0, 79.5]), 80),
                               [20, 21, 180])  # fmt: skip
    np.testing.assert_allclose(strip_panel.at_velocities(box, np.array([-2.0, 0, 2]), (-2, 2)),
                               [20, 100, 180])  # fmt: skip


def test_arrow_strokes() -> None:
    reach = np.array([[0.0, 10.0], [-3.0, 0.0], [0.5, 0.5]])
    strokes, row = arrows(np.array([5.0, 7.0]), reach, 2.0)
    assert strokes.shape == (9, 2, 2)
    for i in range(3):
        mine = strokes[row == i]
        np.testing.assert_allclose(mine[0, 0], np.array([5.0, 7.0]) - reach[i] / 2)
        np.testing.assert_allclose(mine[0, 1], reach[i])
        tip = mine[0].sum(0)
        np.testing.assert_allclose(mine[1:, 0], [tip, tip])
        length = np.linalg.norm(reach[i])
        np.testing.assert_allclose(
            np.linalg.norm(mine[1:, 1], axis=1), min(2.0, length / 2), rtol=1e-9
        )
        assert (mine[1:, 1] @ reach[i] < 0).all()  # the wings point back
        sides = [np.linalg.det(np.stack([wing, reach[i]])) for wing in mine[1:, 1]]
        assert sides[0] == pytest.approx(-sides[1])
    around = rims(strokes, 1.0)
    assert around.shape == (18, 2, 2)
    assert (
        np.linalg.norm(around[:, 1], axis=1) > np.tile(np.linalg.norm(strokes[:, 1], axis=1), 2)
    ).all()


@pytest.mark.parametrize("width", [1.0, 5.0, 20.0])
def test_outline_lies_around_the_samples(width: float) -> None:
    straight = as_strip([[10.0, 10.0], [40.0, 50.0]], width)
    ring = outline_of(straight)
    np.testing.assert_array_equal(ring[0], ring[-1])
    assert len(ring) == 5
    towards = np.array([0.6, 0.8])
    normal = np.array([0.8, -0.6])
    for corner in ring[:-1]:
        along, across = (corner - [10, 10]) @ towards, (corner - [10, 10]) @ normal
        assert min(abs(along + 0.5), abs(along - 50.5)) < 1e-9
        assert abs(across) == pytest.approx(width / 2)


def test_outline_of_a_bent_strip_holds_its_samples() -> None:
    strip = Strip(np.array([[10.0, 10.0], [50.0, 60.0], [20.0, 110.0]]), 9.0)
    ring = outline_of(strip)
    samples = sample_points(strip).reshape(-1, 2)
    assert points_in_poly(samples, ring).mean() > 0.99
    far = sample_points(Strip(strip.path, 15.0))[:, [0, -1]].reshape(-1, 2)
    assert points_in_poly(far, ring).mean() < 0.05
