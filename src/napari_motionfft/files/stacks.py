"""Stacks of frames from TIFF, zarr, npy and video files, read only where they are used."""

from __future__ import annotations

import errno
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_motionfft.files.axes import as_dask, as_stack
from napari_motionfft.files.zarrs import is_zarr, read_zarr

TIFF = (".tif", ".tiff")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm")
SUFFIXES = (*TIFF, ".npy", ".zarr", *VIDEOS)


def read_stack(path: str | os.PathLike[str]) -> Any:
    """Open a stack without loading it.

    Parameters
    ----------
    path
        ``.tif``/``.tiff`` (multi-page, ImageJ, OME), ``.npy``, or a zarr store (version 2 or 3; of
        an OME-Zarr image the finest level): axes of length 1 are dropped. Or a video, ``.mp4``,
        ``.avi``, ``.mov``, ``.mkv``, ``.webm``: its luminance.

    Returns
    -------
    array-like
        (T, Y, X) in the file's dtype: a memory map, a zarr array or a dask array.

    Raises
    ------
    FileNotFoundError
        Nothing is there.
    ValueError
        Another kind of file, a broken one, colour, or axes beside time, y and x (named).
    """
    source = Path(path)
    if not source.exists():
        raise FileNotFoundError(errno.ENOENT, "No such file", str(source))
    if source.is_dir():
        if is_zarr(source):
            return read_zarr(source)
        raise ValueError(f"{source}: a folder, but not a zarr store")
    kind = source.suffix.lower()
    if kind in TIFF:
        return read_tiff(source)
    if kind == ".npy":
        return read_npy(source)
    if kind in VIDEOS:
        from napari_motionfft.files.videos import read_video

        return read_video(source)
    raise ValueError(f"{source}: unknown kind of file {kind!r}; known: {', '.join(SUFFIXES)}")


def read_npy(source: Path) -> Any:
    """A memory map of an .npy file, (T, Y, X)."""
    try:
        data = np.load(source, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{source}: not a readable .npy array: {error}") from error
    if data.ndim > 2 and data.shape[-1] in (3, 4):
        return as_stack(data, [*[""] * (data.ndim - 3), "y", "x", "rgb"], source)
    return as_stack(data, [""] * data.ndim, source)


def read_tiff(source: Path) -> Any:
    """A memory map where the pixels lie as they are in the file, else pages decoded when used."""
    try:
        tiff = tifffile.TiffFile(source)
    except (tifffile.TiffFileError, ValueError, IndexError, EOFError) as error:
        raise ValueError(f"{source}: not a readable TIFF file: {error}") from error
    try:
        pages = TiffPages(tiff, source)
        if tiff.series[0].dataoffset is None:
            return as_stack(as_dask(pages), pages.axes, source)
    except BaseException:
        tiff.close()
        raise
    tiff.close()
    return as_stack(tifffile.memmap(source, mode="r"), pages.axes, source)


class TiffPages:
    """The first series of an open TIFF file, decoded a page at a time.

    Attributes
    ----------
    shape, dtype, ndim, chunks
        As of an array; chunks are tiles where the file has them, else pages.
    axes
        tifffile's letters, e.g. "TYX".
    """

    def __init__(self, tiff: tifffile.TiffFile, source: Path) -> None:
        series = tiff.series[0]
        try:
            # not every system can unpack every kind of compression: say so now, not in a worker
            tifffile.TIFF.DECOMPRESSORS[series.keyframe.compression]
        except KeyError as error:
            raise ValueError(f"{source}: {error.args[0]}: pip install imagecodecs") from error
        self.axes = str(series.axes)
        self.shape = tuple(int(n) for n in series.shape)
        self.dtype = np.dtype(series.dtype)
        self.ndim = len(self.shape)
        self._series = series
        plane = series.keyframe
        whole = plane.shape if not plane.is_tiled else (*plane.tile, *plane.shape[2:])
        self.chunks = (*(1,) * (self.ndim - len(whole)), *(int(n) for n in whole))
        self._pages: Any = None
        # the file stays open for as long as someone holds the frames
        weakref.finalize(self, tiff.close)

    def opened(self) -> Any:
        """The series as a zarr array."""
        if self._pages is None:
            import zarr

            self._pages = zarr.open(self._series.aszarr(), mode="r")
        return self._pages

    def __getitem__(self, key: Any) -> Any:
        return self.opened()[key]
