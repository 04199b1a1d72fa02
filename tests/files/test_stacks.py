"""Stacks from files: the right axes, lazily, with plain errors."""

from __future__ import annotations

import gc
import shutil
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr

import napari_motionfft as mf
from napari_motionfft.files.images import landscape_metadata, write_image
from napari_motionfft.files.stacks import read_stack
from napari_motionfft.motion.result import Landscape, Peak

T, Y, X = 5, 24, 32
FRAMES = np.random.default_rng(0).integers(0, 60_000, (T, Y, X), dtype=np.uint16)


def save_zarr(path: Path, data: Any, version: int, names: Any = None) -> None:
    """A bare zarr array, chunked by frame."""
    array = zarr.create_array(
        path,
        shape=data.shape,
        chunks=(1, *data.shape[1:]),
        dtype=data.dtype,
        zarr_format=version,  # type: ignore[arg-type]
        dimension_names=names if version == 3 else None,
    )
    array[:] = data
    if names and version == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = names


def save_ome(path: Path, version: int, *, inside: str = "") -> None:
    """An OME-Zarr image (t, c, z, y, x) of two levels."""
    group = zarr.open_group(path, mode="w", zarr_format=version)  # type: ignore[arg-type]
    if inside:
        group.attrs["bioformats2raw.layout"] = 3
        group = group.create_group(inside)
    scales = [
        {
            "axes": [{"name": n, "type": "space"} for n in "tczyx"],
            "datasets": [{"path": "full"}, {"path": "half"}],
        }
    ]
    group.attrs.update(
        {"ome": {"version": "0.5", "multiscales": scales}}
        if version == 3
        else {"multiscales": scales}
    )
    group.create_array("full", data=FRAMES[:, None, None])
    group.create_array("half", data=FRAMES[:, None, None, ::2, ::2])


WRITERS = {
    "plain.tif": lambda p: tifffile.imwrite(p, FRAMES, photometric="minisblack"),
    "big-endian.tif": lambda p: tifffile.imwrite(
        p, FRAMES, photometric="minisblack", byteorder=">"
    ),
    "packed.tiff": lambda p: tifffile.imwrite(
        p, FRAMES, photometric="minisblack", compression="zlib", rowsperstrip=7
    ),
    "tiles.tif": lambda p: tifffile.imwrite(
        p, FRAMES, photometric="minisblack", tile=(16, 16), metadata={"axes": "TYX"}
    ),
    "imagej.tif": lambda p: tifffile.imwrite(
        p, FRAMES[:, None], imagej=True, metadata={"axes": "TCYX"}
    ),
    "slices.tif": lambda p: tifffile.imwrite(p, FRAMES, imagej=True, metadata={"axes": "ZYX"}),
    "a.ome.tif": lambda p: tifffile.imwrite(
        p, FRAMES[None, :, None], photometric="minisblack", metadata={"axes": "CTZYX"}
    ),
    "turned.ome.tif": lambda p: tifffile.imwrite(
        p,
        FRAMES[None],
        photometric="minisblack",
        compression="zlib",
        metadata={"axes": "ZTYX"},
    ),
    "plain.npy": lambda p: np.save(p, FRAMES),
    "fortran.npy": lambda p: np.save(p, np.asfortranarray(FRAMES)),
    "ones.npy": lambda p: np.save(p, FRAMES[None, :, None]),
    "v2.zarr": lambda p: save_zarr(p, FRAMES, 2),
    "v3.zarr": lambda p: save_zarr(p, FRAMES, 3),
    "turned2.zarr": lambda p: save_zarr(p, FRAMES.transpose(2, 0, 1), 2, ["x", "time", "y"]),
    "turned3.zarr": lambda p: save_zarr(p, FRAMES.transpose(1, 2, 0), 3, ["y", "x", "t"]),
    "folder-without-suffix": lambda p: save_zarr(p, FRAMES, 3),
    "image2.ome.zarr": lambda p: save_ome(p, 2),
    "image3.ome.zarr": lambda p: save_ome(p, 3),
    "raw.zarr": lambda p: save_ome(p, 2, inside="0"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_frames_come_back_lazily_in_order(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    stack = read_stack(tmp_path / name)
    assert isinstance(stack, (np.memmap, da.Array, zarr.Array))
    assert stack.shape == (T, Y, X)
    assert np.dtype(stack.dtype).newbyteorder("=") == FRAMES.dtype
    np.testing.assert_array_equal(np.asarray(stack[1:3, 4:20, 3:]), FRAMES[1:3, 4:20, 3:])
    np.testing.assert_array_equal(np.asarray(stack[:]), FRAMES)
    del stack
    gc.collect()  # an open file would warn here, and warnings are errors


def test_a_packed_file_is_read_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "packed.tif"
    WRITERS["packed.tiff"](path)
    decoded: list[int] = []
    real = tifffile.FileHandle.seek
    size = path.stat().st_size
    stack = read_stack(path)
    np.asarray(stack[0])  # what is read once for all, such as page offsets

    def seek(self: Any, offset: int, whence: int = 0) -> Any:
        decoded.append(offset)
        return real(self, offset, whence)

    monkeypatch.setattr(tifffile.FileHandle, "seek", seek)
    np.testing.assert_array_equal(np.asarray(stack[2]), FRAMES[2])
    assert decoded
    assert max(decoded) - min(decoded) < size / 3


def test_an_estimate_from_a_packed_file_equals_one_from_memory(tmp_path: Path) -> None:
    scene = np.random.default_rng(1).normal(size=(60, 60)).cumsum(0).cumsum(1)
    frames = np.stack([scene[t : t + 40, 2 * t : 2 * t + 40] for t in range(6)]).astype("f4")
    tifffile.imwrite(tmp_path / "a.tif", frames, compression="zlib", photometric="minisblack")
    a = mf.estimate_motion(read_stack(tmp_path / "a.tif"), device="cpu", max_speed=3)
    b = mf.estimate_motion(frames, device="cpu", max_speed=3)
    np.testing.assert_array_equal(a.displacements, b.displacements)
    np.testing.assert_allclose(a.velocity, [-1, -2], atol=0.05)


def text_file(path: Path) -> None:
    path.write_text("not what the name says")


def group_of_two(path: Path) -> None:
    group = zarr.open_group(path, mode="w")
    group.create_array("left", data=FRAMES)
    group.create_array("right", data=FRAMES)


COLOUR = np.zeros((T, Y, X, 3), np.uint8)
BAD = {
    "colour.tif": (
        lambda p: tifffile.imwrite(p, COLOUR, photometric="rgb"),
        r"in colour: \? = 5, y = 24, x = 32, rgb = 3.*luminance",
    ),
    "channels.tif": (
        lambda p: tifffile.imwrite(
            p, np.zeros((T, 2, Y, X), np.uint8), imagej=True, metadata={"axes": "TCYX"}
        ),
        r"more axes than time, y and x: t = 5, c = 2, y = 24, x = 32.*sliders",
    ),
    "only-channels.tif": (
        lambda p: tifffile.imwrite(p, FRAMES, imagej=True, metadata={"axes": "CYX"}),
        "no time axis: c = 5",
    ),
    "one.tif": (
        lambda p: tifffile.imwrite(p, FRAMES[0], photometric="minisblack"),
        "one image, not a stack of frames: y = 24, x = 32",
    ),
    "text.tif": (text_file, "not a readable TIFF"),
    "empty.tif": (lambda p: p.touch(), "not a readable TIFF"),
    "text.npy": (text_file, "not a readable .npy"),
    "empty.npy": (lambda p: p.touch(), "not a readable .npy"),
    "objects.npy": (
        lambda p: np.save(p, np.array([{}, None]), allow_pickle=True),
        "not a readable .npy",
    ),
    "colour.npy": (lambda p: np.save(p, COLOUR), "in colour"),
    "five.npy": (lambda p: np.save(p, np.zeros((2, 3, T, Y, X), np.uint8)), "more axes than"),
    "movie.gif": (text_file, r"unknown kind of file '\.gif'; known: \.tif.*\.mp4"),
    "movie.avi": (text_file, r"not a readable video: Invalid data"),
    "empty.mp4": (lambda p: p.touch(), r"not a readable video: "),
    "folder": (lambda p: p.mkdir(), "a folder, but not a zarr store"),
    "two.zarr": (group_of_two, "give the path of one: left, right"),
    "nothing.zarr": (lambda p: zarr.open_group(p, mode="w"), "give the path of one: nothing"),
    "broken.zarr": (
        lambda p: (p.mkdir(), (p / "zarr.json").write_text("{")),
        "not a readable zarr",
    ),
    "lost.zarr": (lambda p: (save_ome(p, 3), shutil.rmtree(p / "full")), "names what is not there"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_a_stack_is_named(tmp_path: Path, name: str) -> None:
    write, message = BAD[name]
    write(tmp_path / name)  # type: ignore[no-untyped-call]
    with pytest.raises(ValueError, match=message) as caught:
        read_stack(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    gc.collect()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.tif"):
        read_stack(tmp_path / "gone.tif")


def test_a_compression_that_is_not_here_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nothing:
        def __getitem__(self, key: int) -> None:
            raise KeyError("<COMPRESSION.LZW: 5> requires the 'imagecodecs' package")

    path = tmp_path / "packed.tif"
    WRITERS["packed.tiff"](path)
    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", Nothing())
    with pytest.raises(ValueError, match=r"packed\.tif: .*LZW.*pip install imagecodecs"):
        read_stack(path)
    gc.collect()


def test_an_image_is_written_whole_with_its_metadata(tmp_path: Path) -> None:
    land = Landscape(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.linspace(-1, 1, 3),
        np.linspace(-2, 2, 4),
        [Peak(0.5, -1.0, 12.0)],
    )
    path = tmp_path / "landscape.tif"
    write_image(path, land.values, landscape_metadata(land))
    with tifffile.TiffFile(path) as tiff:
        assert tiff.asarray().dtype == np.float32
        np.testing.assert_array_equal(tiff.asarray(), land.values)
        (described,) = tiff.shaped_metadata or ()
        assert tiff.series[0].axes == "YX"
    assert described["vy_first_last"] == [-1.0, 1.0]
    assert described["vx_first_last"] == [-2.0, 2.0]
    assert described["peaks_vy_vx_score"] == [[0.5, -1.0, 12.0]]
    assert described["velocity_unit"] == "px/frame"
    old = path.read_bytes()
    with pytest.raises(ValueError, match=r"2 axes \(Y, X\) and pixels, got shape \(0, 4\)"):
        write_image(path, np.zeros((0, 4)))
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
