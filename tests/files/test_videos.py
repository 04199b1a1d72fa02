"""Videos of several containers and codecs: each frame under its number, whatever is asked first."""

from __future__ import annotations

import gc
from importlib.resources import files
from pathlib import Path

import av
import dask.array as da
import numpy as np
import pytest

import napari_motionfft as mf
from napari_motionfft.files.stacks import read_stack
from napari_motionfft.files.videos import video_frame_interval

T, Y, X = 60, 48, 64
LEVELS = 4 * np.arange(T)  # the grey level tells which frame it is

KINDS = {
    "key-frames.avi": ("mjpeg", "yuvj420p"),
    "ahead.avi": ("mpeg4", "yuv420p"),
    "one-key.mp4": ("mpeg4", "yuv420p"),
    "phone.mov": ("mpeg4", "yuv420p"),
    "lossless.mkv": ("ffv1", "gray"),
    "colour.avi": ("rawvideo", "bgr24"),
    "both-ways.mp4": ("libx264", "yuv420p"),
    "both-ways.avi": ("libx264", "yuv420p"),
    "web.webm": ("libvpx", "yuv420p"),
}


def save_video(path: Path, frames: np.ndarray, codec: str, kind: str, rate: int = 25) -> None:
    """Encode (T, Y, X) uint8 or uint16."""
    if codec not in av.codecs_available:
        pytest.skip(f"FFmpeg here has no {codec}")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:], kind
        stream.bit_rate = 4_000_000
        form = "gray16le" if frames.dtype == np.uint16 else "gray"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format=form)))
        container.mux(stream.encode())


@pytest.mark.parametrize("name", KINDS)
def test_each_frame_is_found_under_its_number(tmp_path: Path, name: str) -> None:
    frames = np.broadcast_to(LEVELS[:, None, None].astype(np.uint8), (T, Y, X))
    save_video(tmp_path / name, frames, *KINDS[name])
    stack = read_stack(tmp_path / name)
    assert isinstance(stack, da.Array)
    assert (stack.shape, stack.dtype) == ((T, Y, X), np.uint8)
    for order in (range(T), reversed(range(T)), (50, 3, 59, 0, 31, 32, 31, -1)):
        for t in order:
            level = np.asarray(stack[t]).astype(float).mean()
            assert abs(level - LEVELS[t]) < 2, (t, level)  # frames are 4 levels apart
    np.testing.assert_allclose(np.asarray(stack).mean((1, 2)), LEVELS, atol=2)
    part = np.asarray(stack[20:40:3, 3:7, ::2])
    assert part.shape == (7, 4, 32)
    np.testing.assert_allclose(part.mean((1, 2)), LEVELS[20:40:3], atol=2)
    del stack
    gc.collect()


def test_deep_videos_keep_their_bits(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 65536, (3, Y, X), dtype=np.uint16)
    save_video(tmp_path / "deep.mkv", frames, "ffv1", "gray16le")
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "deep.mkv")), frames)


def test_luminance_is_as_stored(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, Y, X), dtype=np.uint8)
    save_video(tmp_path / "grey.mkv", frames, "ffv1", "gray")
    np.testing.assert_array_equal(np.asarray(read_stack(tmp_path / "grey.mkv")), frames)


def test_an_estimate_from_a_video_equals_one_from_memory(tmp_path: Path) -> None:
    scene = np.random.default_rng(1).normal(size=(80, 80)).cumsum(0).cumsum(1)
    scene = (255 * (scene - scene.min()) / np.ptp(scene)).astype(np.uint8)
    frames = np.stack([scene[t : t + 48, 2 * t : 2 * t + 48] for t in range(8)])
    save_video(tmp_path / "a.mkv", frames, "ffv1", "gray")
    a = mf.estimate_motion(read_stack(tmp_path / "a.mkv"), device="cpu", max_speed=3)
    b = mf.estimate_motion(frames, device="cpu", max_speed=3)
    np.testing.assert_array_equal(a.displacements, b.displacements)
    np.testing.assert_allclose(a.velocity, [-1, -2], atol=0.05)


@pytest.mark.parametrize("name", ["one-key.mp4", "ahead.avi", "lossless.mkv", "web.webm"])
def test_frame_interval_is_that_of_the_file(tmp_path: Path, name: str) -> None:
    save_video(tmp_path / name, np.zeros((5, Y, X), np.uint8), *KINDS[name], rate=50)
    assert video_frame_interval(tmp_path / name) == pytest.approx(0.02, rel=1e-3)


def test_a_lone_frame_is_no_video(tmp_path: Path) -> None:
    save_video(tmp_path / "one.mkv", np.zeros((1, Y, X), np.uint8), "ffv1", "gray")
    with pytest.raises(ValueError, match=r"one\.mkv: one frame, not a video"):
        read_stack(tmp_path / "one.mkv")


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(ValueError, match=r"sound\.mkv: no video in this file"):
        read_stack(path)


def test_a_hole_in_a_video_is_named(tmp_path: Path) -> None:
    content = bytearray((files("napari_motionfft") / "data" / "tacoma_bridge.mp4").read_bytes())
    content[100_000:140_000] = bytes(40_000)
    (tmp_path / "hole.mp4").write_bytes(content)
    stack = read_stack(tmp_path / "hole.mp4")
    with pytest.raises(ValueError, match=r"hole\.mp4: a broken video: frame \d+ cannot be decoded"):
        np.asarray(stack)
    assert np.asarray(stack[3]).any()  # what comes before the hole can still be read
