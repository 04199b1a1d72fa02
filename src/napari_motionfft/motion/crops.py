"""Spectra of frames seen through a window that travels with the content (docs/method.md § 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import torch
from scipy.fft import next_fast_len

from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.frames import (
    MIN_SIDE,
    Box,
    Frames,
    apodised,
    box_shape,
    overcount,
    window,
)
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.spectra import Band

TAPER = 0.125
"""Share of each side under the rising or falling edge of the Tukey window."""


class Placed(Protocol):
    """A run of frames whose windows were cut out at whole px."""

    @property
    def start(self) -> int:
        """First frame."""

    @property
    def stop(self) -> int:
        """After the last frame."""

    @property
    def placed(self) -> torch.Tensor:
        """(n, 2) px from the first frame's window."""


def residual(run: Placed, path: torch.Tensor) -> torch.Tensor:
    """What is left of the path (T, 2) once the windows have been placed, (n, 2) px."""
    part = path[run.start : run.stop]
    return part - part[:1] - run.placed


@dataclass
class Crop:
    """A run of frames, each cut out at the rounded displacement of the content.

    Attributes
    ----------
    frames
        The stack.
    start, stop
        Frame numbers.
    box
        The window in frame `start`, px.
    placed
        (n, 2) integer px: where each frame's window lies relative to `box`.
    taper
        Edge share of the Tukey window, 0 for periodic data.
    static
        (Y, X) float32 temporal mean to subtract, or None.
    prefilter
        Its name in the registry of filters, or "none".
    device, block
        Where the spectra are made, and frames at a time.
    keep
        Keep the spectra between passes (they fit), or make them anew each time.
    mask
        (h, w) float32 of the window: what each of its pixels counts; None: all alike.
    """

    frames: Frames
    start: int
    stop: int
    box: Box
    placed: torch.Tensor
    taper: float
    static: torch.Tensor | None
    prefilter: str
    device: torch.device
    block: int
    keep: bool
    check: Check
    mask: torch.Tensor | None = None
    _kept: dict[int, torch.Tensor] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) of the window in px."""
        return box_shape(self.box)

    @property
    def band(self) -> Band:
        """Frequencies of the window."""
        return Band.full(self.shape)

    @property
    def count(self) -> int:
        """Frames in the run."""
        return self.stop - self.start

    @property
    def overcount(self) -> float:
        """How much the taper makes neighbouring frequencies share information."""
        return overcount(self.window)

    @property
    def window(self) -> torch.Tensor:
        """(h, w) what the frames are multiplied by."""
        taper = window(self.shape, self.taper)
        return taper if self.mask is None else taper * self.mask

    def spectra(self) -> Iterator[tuple[int, torch.Tensor]]:
        """(first, (m, Ky, Kx) complex64), `first` counted from the start of the run."""
        taper = self.window.to(self.device)
        for first in range(0, self.count, self.block):
            self.check(first / self.count, "Refining")
            if first not in self._kept:
                frames = self.read(first, min(first + self.block, self.count)).to(self.device)
                spectra = torch.fft.rfft2(apodised(frames, taper), norm="ortho")
                if not self.keep:
                    yield first, spectra
                    continue
                self._kept[first] = spectra
            yield first, self._kept[first]

    def read(self, first: int, last: int) -> torch.Tensor:
        """Windows of frames first…last of the run, (m, h, w) float32."""
        (y0, y1), (x0, x1) = self.box
        low, high = self.placed[first:last].amin(0).int(), self.placed[first:last].amax(0).int()
        wide = (y0 + int(low[0]), y1 + int(high[0])), (x0 + int(low[1]), x1 + int(high[1]))
        # one read for the block: a chunk of a lazy stack holds several frames
        values = self.frames.filtered(self.start + first, self.start + last, wide, self.prefilter)
        if self.static is not None:
            values -= self.static[slice(*wide[0]), slice(*wide[1])]
        height, width = self.shape
        out = torch.empty(last - first, height, width)
        for row, (dy, dx) in enumerate((self.placed[first:last] - low).int().tolist()):
            out[row] = values[row, dy : dy + height, dx : dx + width]
        return out


def masked(job: Job, inside: Box) -> torch.Tensor | None:
    """A job's mask on a part of its region."""
    if job.mask is None:
        return None
    (y0, y1), (x0, x1) = inside
    top, left = job.box[0][0], job.box[1][0]
    return job.mask[y0 - top : y1 - top, x0 - left : x1 - left]


def travelling_box(box: Box, shape: tuple[int, int], placed: torch.Tensor) -> Box | None:
    """The largest part of `box` that stays inside the frame at every displacement.

    Returns
    -------
    Box or None
        None when less than half of the box's side, or less than 16 px, remains.
    """
    sides = []
    for axis, (start, stop) in enumerate(box):
        low, high = int(placed[:, axis].min()), int(placed[:, axis].max())
        first, last = max(start, -low), min(stop, shape[axis] - high)
        size = fast_size(last - first)
        if size < max(MIN_SIDE, (stop - start) // 2):
            return None
        first += (last - first - size) // 2
        sides.append((first, first + size))
    return sides[0], sides[1]


def fast_size(size: int) -> int:
    """The largest even length of at most `size` whose FFT is fast."""
    for n in range(size - size % 2, 2, -2):
        if next_fast_len(n, real=True) == n:
            return n
    return size


def runs(
    box: Box, shape: tuple[int, int], path: torch.Tensor, overlap: bool = False
) -> list[tuple[int, int, Box]]:
    """Split frames into runs within which the content stays in view.

    Parameters
    ----------
    path
        (T, 2) px displacements.
    overlap
        Each run begins in the middle of the one before: shared frames link them.

    Returns
    -------
    list of (start, stop, box in frame `start`)
        One run when the travel is short against the field, more when it is long. A frame that
        moves more than half the field at once is left out.
    """
    found: list[tuple[int, int, Box]] = []
    start, count = 0, len(path)
    while start < count - 1:
        best: tuple[int, int, Box] | None = None
        low, high, stop = start + 2, count, count  # the whole rest first: it mostly fits
        while low <= high:  # what fits is monotone in the run's length
            placed = torch.round(path[start:stop] - path[start])
            inside = travelling_box(box, shape, placed)
            if inside is None:
                high = stop - 1
            else:
                best, low = (start, stop, inside), stop + 1
            stop = (low + high) // 2
        if best is None:
            start += 1
            continue
        found.append(best)
        start = best[1]
        if overlap and start < count:
            start = (best[0] + best[1] + 1) // 2 if best[1] - best[0] > 2 else best[1] - 1
    return found


def cut(
    job: Job,
    path: torch.Tensor,
    static: torch.Tensor | None,
    check: Check,
    overlap: bool = False,
) -> list[Crop]:
    """Windows that travel along `path`: one run of frames, or several when the travel is long.

    Parameters
    ----------
    path
        (T, 2) px displacements.
    static
        (Y, X) float32 to subtract from each frame, or None.
    overlap
        Runs share frames, as a path that is not one line needs.
    """
    count = job.frames.count
    pieces = [(0, count, job.box)]
    if not job.periodic:
        pieces = runs(job.box, job.frames.shape, path, overlap)
    left = memory_budget(job.device)
    crops = []
    for start, stop, inside in pieces:
        placed = torch.round(path[start:stop] - path[start])
        if job.periodic:
            placed = torch.zeros_like(placed)
        height, width = box_shape(inside)
        size = (stop - start) * height * (width // 2 + 1) * 8
        keep = size <= left
        left -= size if keep else 0
        taper = 0.0 if job.periodic else TAPER
        crops.append(
            Crop(
                job.frames,
                start,
                stop,
                inside,
                placed,
                taper,
                static,
                job.prefilter,
                job.device,
                job.block,
                keep,
                check,
                masked(job, inside),
            )
        )
    return crops
