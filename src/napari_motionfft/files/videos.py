"""Video files as grey frames, decoded only where they are used."""

from __future__ import annotations

import bisect
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

BLOCK = 2**25
"""Bytes of frames that are decoded at once."""


def read_video(path: str | os.PathLike[str]) -> Any:
    """Open a video without decoding it.

    Parameters
    ----------
    path
        Anything that FFmpeg decodes; of several video streams the first.

    Returns
    -------
    dask array
        (T, Y, X) luminance as it is stored: uint8, or uint16 where a sample has more than 8 bits.
        A phone's note that it was held upright is not followed.

    Raises
    ------
    ValueError
        Not a video, a broken one, or one without 2 frames.
    """
    import dask.array as da

    frames = VideoFrames(Path(path))
    count, height, width = frames.shape
    block = max(1, BLOCK // (height * width * frames.dtype.itemsize))
    meta = np.empty((0, 0, 0), frames.dtype)
    return da.from_array(frames, chunks=(min(block, count), -1, -1), name=False, meta=meta)


def video_frame_interval(path: str | os.PathLike[str]) -> float | None:
    """Seconds from frame to frame on average, as the file tells it; None where it does not.

    It is the pace of showing: a slowed-down or sped-up recording tells nothing of its own.

    Raises
    ------
    ValueError
        Not a video.
    """
    container, stream = opened(Path(path))
    with container:
        rate = stream.average_rate
        return float(1 / rate) if rate else None


def opened(source: Path) -> tuple[Any, Any]:
    """The container and its first video stream.

    Raises
    ------
    ValueError
        FFmpeg cannot read it, or it holds no video.
    """
    try:
        container = av.open(str(source), mode="r")
    except av.error.FileNotFoundError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        raise ValueError(f"{source}: not a readable video: {reason(error)}") from error
    if not container.streams.video:
        container.close()
        raise ValueError(f"{source}: no video in this file")
    return container, container.streams.video[0]


def reason(error: Exception) -> str:
    """FFmpeg's own words, without its number and the file's name."""
    return str(getattr(error, "strerror", None) or error)


class VideoFrames:
    """Frames of an open video, decoded from the key frame before them.

    Attributes
    ----------
    shape, dtype, ndim
        Of the (T, Y, X) luminance.
    """

    ndim = 3

    def __init__(self, source: Path) -> None:
        container, stream = opened(source)
        weakref.finalize(self, container.close)
        stream.thread_type = "AUTO"
        self._source, self._container, self._stream = source, container, stream
        self._lock = RLock()  # dask asks from several threads
        self._next = 0
        self._ahead: Iterator[Any] = iter(())
        self._times, self._keys = self._index()
        first = self._frame(0)
        count = len(self._times) or self._count()
        if count < 2:
            raise ValueError(f"{source}: one frame, not a video of at least 2")
        self.shape = (count, *first.shape)
        self.dtype = first.dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """A frame by its number, or a slice of frames; then, as of an array, a part of them."""
        time, *part = key if isinstance(key, tuple) else (key,)
        count, height, width = self.shape
        several = isinstance(time, slice)
        wanted = range(*time.indices(count)) if several else [range(count)[time]]
        size = np.empty((height, width), bool)[tuple(part)].shape
        out = np.empty((len(wanted), *size), self.dtype)
        with self._lock:
            for place, number in sorted(enumerate(wanted), key=lambda pair: pair[1]):
                frame = self._frame(number)
                if frame.shape != (height, width):
                    raise ValueError(f"{self._source}: frame {number} is of another size")
                out[place] = frame[tuple(part)]
        return out if several else out[0]

    def _index(self) -> tuple[list[int], list[tuple[int, int]]]:
        """Times of all frames, and (frame, where to seek) of the key frames; read, not decoded.

        Empty where times cannot name frames: AVI knows only the order of packets, which is not
        that of the frames, and some packets of VP8 give none. There frames are counted.
        """
        packets: list[tuple[Any, Any, bool]] = []
        try:
            for packet in self._container.demux(self._stream):
                if packet.size and not packet.is_discard:
                    packets.append((packet.pts, packet.dts, packet.is_keyframe))
        except av.error.FFmpegError as error:
            raise ValueError(f"{self._source}: a broken video: {reason(error)}") from error
        inter = not all(is_key for _, _, is_key in packets)
        times = sorted({time for time, _, _ in packets if time is not None})
        unclear = self._stream.codec_context.name == "vp8" or len(times) < len(packets)
        if not times or unclear or (inter and self._container.format.name == "avi"):
            return [], [(0, 0)]
        keys = {
            bisect.bisect_left(times, pts): (pts, dts) for pts, dts, is_key in packets if is_key
        }
        # some containers seek by the one, some by the other: too early is never wrong
        where = [(n, pts if dts is None else min(pts, dts)) for n, (pts, dts) in keys.items()]
        return times, sorted({(0, times[0]), *where})

    def _count(self) -> int:
        """Decode all frames to know how many there are."""
        while True:
            try:
                next(self._ahead)
            except StopIteration:
                return self._next
            except av.error.FFmpegError as error:
                raise self._broken(self._next) from error
            self._next += 1

    def _frame(self, number: int) -> NDArray[Any]:
        """(Y, X) of one frame: on from where decoding is, or from the key frame before it."""
        place = bisect.bisect_right(self._keys, number, key=lambda key: key[0]) - 1
        first, where = self._keys[place]
        if not max(first, 1) <= self._next <= number:
            self._seek(first, where)
        try:
            while True:
                frame = next(self._ahead)
                reached = self._number(frame)
                self._next = reached + 1
                if reached == number:
                    return grey(frame)
                if reached > number:  # the seek went too far, which some containers do
                    if where == self._keys[0][1]:
                        raise self._broken(number)
                    first, where = self._keys[0]
                    self._seek(first, where)
        except (StopIteration, av.error.FFmpegError) as error:
            self._next = 0
            raise self._broken(number) from error

    def _seek(self, first: int, where: int) -> None:
        self._container.seek(where, stream=self._stream, backward=True)
        self._ahead = self._container.decode(self._stream)
        self._next = first

    def _number(self, frame: Any) -> int:
        """Which frame this is: by its time, else by counting."""
        if not self._times:
            return self._next
        place = bisect.bisect_left(self._times, frame.pts)
        if frame.pts is None or self._times[place : place + 1] != [frame.pts]:
            raise self._broken(self._next)
        return place

    def _broken(self, number: int) -> ValueError:
        return ValueError(f"{self._source}: a broken video: frame {number} cannot be decoded")


def grey(frame: Any) -> NDArray[Any]:
    """Luminance of a decoded frame, (Y, X) uint8, or uint16 of deeper ones."""
    deep = max(part.bits for part in frame.format.components) > 8
    return np.asarray(frame.reformat(format="gray16le" if deep else "gray").to_ndarray())
