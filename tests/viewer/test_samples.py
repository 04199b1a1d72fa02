"""Sample data: shapes, truths, credits, and that they make layers."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
from napari.layers import Image, Layer

from napari_motionfft.viewer import samples
from napari_motionfft.viewer.source import guess_time_axis, read_source


@pytest.mark.parametrize(
    ("make", "shape", "dtype"),
    [
        (samples.rain_radar, (24, 320, 320), np.uint8),
        (samples.low_light, (48, 256, 256), np.uint8),
        (samples.drift_with_jump, (60, 256, 256), np.uint8),
        (samples.crawling_cells, (37, 384, 384), np.uint8),
        (samples.tensile_test, (11, 512, 320), np.uint8),
        (samples.white_square, (5, 128, 128), np.float32),
        (samples.tacoma_bridge, (248, 250, 334), np.uint8),
        (samples.crossing_textures, (24, 192, 192), np.float32),
        (samples.occluder, (24, 192, 192), np.float32),
        (samples.faint_mover, (64, 160, 160), np.float32),
    ],
)
def test_each_is_one_movie(make, shape: tuple[int, ...], dtype: type) -> None:
    ((data, arguments, kind),) = make()
    layer = Layer.create(data, arguments, kind)
    assert isinstance(layer, Image)
    assert (layer.data.shape, layer.data.dtype) == (shape, dtype)
    assert guess_time_axis(layer) == 0
    assert read_source(layer, current_step=(0, 0, 0)).stack.shape == shape


def test_radar_is_in_kilometres_and_minutes() -> None:
    ((data, arguments, kind),) = samples.rain_radar()
    source = read_source(Layer.create(data, arguments, kind), current_step=(0, 0, 0))
    assert (source.pixel_size, source.unit) == ((1, 1), "km")
    assert (source.frame_interval, source.time_unit) == (5, "min")


def test_low_light_truth_is_that_of_its_table() -> None:
    ((_, arguments, _),) = samples.low_light()
    velocity = arguments["metadata"]["true velocity (y, x) px/frame"]
    text = (files("napari_motionfft") / "data" / "known_velocity_low_light.csv").read_text()
    rows = [(float(row["y"]), float(row["x"])) for row in csv.DictReader(text.splitlines())]
    np.testing.assert_allclose(rows, np.outer(np.arange(48), velocity), atol=1e-6)


def test_drift_with_jump_has_its_path_and_moves_along_it() -> None:
    ((data, arguments, _),) = samples.drift_with_jump()
    path = arguments["metadata"][samples.PATH_TRUTH]
    assert path.shape == (60, 2)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert np.argmax(steps) == 32
    assert steps[32] == pytest.approx(7.6, abs=0.1)
    # the frames before and after the bump, averaged over the stage's small steps, tell the same
    before, after = (data[each].astype(float) for each in (slice(30, 33), slice(33, 36)))
    moved = path[33:36].mean(0) - path[30:33].mean(0)
    cross = np.fft.ifft2(np.fft.fft2(after.mean(0)) * np.fft.fft2(before.mean(0)).conj()).real
    peak = np.array(np.unravel_index(np.argmax(cross), cross.shape))
    np.testing.assert_allclose((peak + 128) % 256 - 128, moved, atol=1)


def test_the_tensile_specimen_travels_far() -> None:
    """Up, by about 9 px a frame at first."""
    ((data, _, _),) = samples.tensile_test()
    first, last = (data[t, 200:456].astype(float) for t in (0, 4))
    first, last = first - first.mean(), last - last.mean()
    cross = np.fft.ifft2(np.fft.fft2(last) * np.fft.fft2(first).conj()).real
    dy, dx = np.unravel_index(np.argmax(cross), cross.shape)
    assert dy - 256 == pytest.approx(-33, abs=5)
    assert min(dx, 320 - dx) <= 2


def test_white_square_is_rolled_by_its_truth() -> None:
    ((data, arguments, _),) = samples.white_square()
    dy, dx = arguments["metadata"]["true velocity (y, x) px/frame"]
    assert data[0].sum() == 78**2
    for t in range(5):
        np.testing.assert_array_equal(data[t], np.roll(data[0], (int(t * dy), int(t * dx)), (0, 1)))


def test_tacoma_swings_and_names_no_time_that_is_not_known() -> None:
    ((data, arguments, kind),) = samples.tacoma_bridge()
    source = read_source(Layer.create(data, arguments, kind), current_step=(0, 0, 0))
    assert (source.frame_interval, source.time_unit) == (None, None)
    assert "not known" in arguments["metadata"]["time"]
    # about 101 frames a swing: then the picture comes back, half way it is farthest away
    frames = data.astype(float)
    lags = np.arange(40, 130)
    change = [np.abs(frames[lag::3] - frames[:-lag:3]).mean() for lag in lags]
    assert abs(lags[np.argmin(change)] - 101) <= 3
    assert min(change) < 0.85 * change[10]


def test_blood_flow_is_a_line_scan_with_its_truth() -> None:
    ((data, arguments, kind),) = samples.blood_flow()
    layer = Layer.create(data, arguments, kind)
    assert isinstance(layer, Image)
    assert (layer.data.shape, layer.data.dtype) == ((1500, 256), np.float32)
    assert layer.axis_labels == ("t", "x")
    assert [str(unit) for unit in layer.units] == ["millisecond", "micrometer"]
    truth = layer.metadata[samples.LINE_TRUTH]
    assert truth.shape == (1500,)
    np.testing.assert_allclose((truth.min(), truth.max()), (1.2, 1.8), atol=1e-3)


def test_crossing_textures_have_their_truth() -> None:
    ((data, arguments, _),) = samples.crossing_textures()
    velocities = arguments["metadata"][samples.TRUTHS]
    images = arguments["metadata"][samples.TRUE_IMAGES]
    assert images.shape == (2, *data.shape[1:])
    assert np.hypot(*np.subtract(*velocities)) > 1.5
    # a mean along each velocity is far more like its own image than like the other
    ky, kx = np.fft.fftfreq(192)[:, None], np.fft.rfftfreq(192)
    spectra = np.fft.rfft2(data)
    for velocity, (own, other) in zip(velocities, (images, images[::-1]), strict=True):
        back = np.exp(2j * np.pi * np.arange(24)[:, None, None] * (ky * velocity[0]))
        back = back * np.exp(2j * np.pi * np.arange(24)[:, None, None] * (kx * velocity[1]))
        mean = np.fft.irfft2((spectra * back).mean(0), s=(192, 192))[48:144, 48:144]
        alike = [np.corrcoef(mean.ravel(), x[48:144, 48:144].ravel())[0, 1] for x in (own, other)]
        assert alike[0] > 0.9
        assert abs(alike[1]) < 0.2


def test_the_occluder_has_its_truth() -> None:
    ((data, arguments, _),) = samples.occluder()
    metadata = arguments["metadata"]
    wall, cells = metadata[samples.TRUE_IMAGES]
    masks = metadata[samples.TRUE_MASKS]
    assert masks.shape == data.shape
    assert 0.2 < masks.mean() < 0.5
    # frame 0 is the wall where the mask is 1, the cells where it is 0, and noise
    noise = data[0] - np.where(masks[0] > 0.5, wall, cells)
    clear = (masks[0] == 0) | (masks[0] == 1)
    assert abs(noise[clear].mean()) < 0.5
    assert noise[clear].std() == pytest.approx(25 / 1.5, rel=0.03)


def test_credits_name_every_stack() -> None:
    folder = files("napari_motionfft") / "data"
    text = (folder / "CREDITS.md").read_text(encoding="utf-8")
    for stack in folder.iterdir():
        assert stack.name in text or stack.name == "CREDITS.md"
    assert "CC BY 4.0" in text
    assert "MIT" in text


def test_no_frame_shows_the_faint_mover_but_its_track_does() -> None:
    ((data, arguments, _),) = samples.faint_mover()
    track = arguments["metadata"][samples.TRUE_TRACK]
    velocity = arguments["metadata"][samples.TRUTH]
    np.testing.assert_allclose(np.diff(track, axis=0), np.tile(velocity, (63, 1)))
    assert (track > 4).all()
    assert (track < 156).all()
    still = data - data.mean(0)
    along = np.array(
        [frame[tuple(np.round(at).astype(int))] for frame, at in zip(still, track, strict=True)]
    )
    noise = still.std()
    assert along.max() < 4 * noise  # such values are all over each frame
    assert along.mean() > 3 * noise / 8  # 64 frames: 3 standard errors
