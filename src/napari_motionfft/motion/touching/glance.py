"""A quick look along any velocity: small frames whose spectra are kept (docs/method.md § 9)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.canvas import SLACK
from napari_motionfft.motion.frames import Box
from napari_motionfft.motion.integrate import MARGIN, mirrored
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.spectra import Band, ramps

SIDE = 192
"""px a side at most: a picture of it takes some ten milliseconds."""
SMALLEST = 64
"""px a side that a long stack leaves at least."""
PIXELS = 2**24
"""px of all small frames together, where that leaves enough a side."""
PARTS = 32
"""Inverse FFTs that a picture may take: of more frames, neighbours are summed first…"""
TRAVEL = 4.0
"""…if they move no further than so many small px: of what moves in from beyond an edge, so much is
mirrored."""
LOBES = 3
"""Of the Lanczos kernel that makes frames small."""


@dataclass(frozen=True)
class Side:
    """One axis of the small frames.

    Attributes
    ----------
    pixel
        px of the stack a small px; the region is a whole number of them.
    before, size, after
        Small px above or left of the region, in it, and below or right of it.
    matrix
        (before + size + after, n) float32: the frame's px first…first + n → small px.
    first
        px.
    """

    pixel: float
    before: int
    size: int
    after: int
    matrix: torch.Tensor
    first: int

    @property
    def kept(self) -> int:
        """Small px in all."""
        return self.before + self.size + self.after

    @property
    def span(self) -> tuple[int, int]:
        """px of the frame that are read."""
        return self.first, self.first + self.matrix.shape[1]


@dataclass(frozen=True)
class Glance:
    """Spectra of small frames with mirrored edges, ready to be averaged along any velocity.

    Attributes
    ----------
    spectra
        (T, Ky, Kx) complex64 on the device, in the units that the frames are read in.
    band, start
        Frequencies of the padded small frames; (y, x) where in these the frames begin.
    sides
        (y, x).
    periodic
        Content wraps: nothing is padded.
    """

    spectra: torch.Tensor
    band: Band
    start: tuple[int, int]
    sides: tuple[Side, Side]
    periodic: bool

    @property
    def scale(self) -> tuple[float, float]:
        """(y, x) px of the stack a px of the picture."""
        return self.sides[0].pixel, self.sides[1].pixel

    def still(self, start: int, stop: int) -> torch.Tensor:
        """(Ky, Kx) mean of some frames as they are."""
        return self.spectra[start:stop].mean(0)

    def image(
        self,
        velocity: tuple[float, float],
        start: int,
        stop: int,
        still: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Mean of frames start…stop along a velocity, over those that see a pixel.

        Parameters
        ----------
        velocity
            px of the stack a frame.
        still
            (Ky, Kx) to subtract from each frame first.

        Returns
        -------
        (h, w) float32 on the host
        """
        step = [v / d for v, d in zip(velocity, self.scale, strict=True)]
        parts = self._parts(max(abs(v) for v in step), stop - start)
        turn = self._ramp(step)
        summed, places = [], []
        for first, last in parts:
            total = self._along(start + first, start + last, turn, still)
            middle = (first + last - 1) / 2
            # whole px are moved as slices, and only what is left by phases
            whole = [0 if self.periodic else round(v * middle) for v in step]
            left = [v * first - w for v, w in zip(step, whole, strict=True)]
            summed.append(total.mul_(self._ramp(left)))
            places.append(([v * first for v in step], whole))
        pictures = torch.fft.irfft2(torch.stack(summed), s=self.band.shape)  # (parts, h, w)
        return self._put_together(pictures, parts, places)

    def _parts(self, fastest: float, count: int) -> list[tuple[int, int]]:
        """Runs of frames that move little against one another."""
        size = count
        if not self.periodic:
            size = min(math.ceil(count / PARTS), math.floor(TRAVEL / max(fastest, 1e-9)) + 1)
        return [(first, min(first + size, count)) for first in range(0, count, size)]

    def _ramp(self, displacement: list[float]) -> torch.Tensor:
        """(Ky, Kx) phases that shift content back."""
        p = torch.tensor([displacement], dtype=torch.float64)
        along_y, along_x = ramps(self.band, p, self.spectra.dtype, self.spectra.device)
        return along_y[0, :, None] * along_x[0, None, :]

    def _along(
        self, start: int, stop: int, turn: torch.Tensor, still: torch.Tensor | None
    ) -> torch.Tensor:
        """Σ_t X_t·exp(2πi k·v (t − start)) by Horner's rule, (Ky, Kx)."""
        total = self.spectra[stop - 1].clone()
        if still is not None:
            total -= still
        for t in range(stop - 2, start - 1, -1):
            total.mul_(turn).add_(self.spectra[t])
            if still is not None:
                total -= still
        return total

    def _put_together(
        self,
        pictures: torch.Tensor,
        parts: list[tuple[int, int]],
        places: list[tuple[list[float], list[int]]],
    ) -> torch.Tensor:
        """Pictures of the parts where they are seen, over how many frames see a pixel."""
        sides = self.sides
        total = torch.zeros(sides[0].size, sides[1].size, device=pictures.device)
        count = torch.zeros(sides[0].size, sides[1].size, device=pictures.device)
        for picture, (first, last), (p, whole) in zip(pictures, parts, places, strict=True):
            target, source = [], []
            for side, shift, by, begin in zip(sides, p, whole, self.start, strict=True):
                low, high = 0, side.size
                if not self.periodic:
                    low = max(0, math.ceil(-shift - side.before - SLACK))
                    high = math.floor(side.kept - 1 - shift - side.before + SLACK) + 1
                    high = max(low, min(side.size, high))
                target.append(slice(low, high))
                moved = side.before + by + begin
                source.append(slice(low + moved, high + moved))
            total[tuple(target)] += picture[tuple(source)]
            count[tuple(target)] += last - first
        return (total / count.clamp(min=1)).cpu()


def glance(job: Job, check: Check) -> Glance:
    """Read all frames once and keep them small, with what lies around the region."""
    frames = job.frames
    most = min(SIDE, max(SMALLEST, int((PIXELS / frames.count) ** 0.5)))
    travel = float(job.asked["max_speed"]) * (frames.count - 1)
    axes = list(zip(job.box, frames.shape, strict=True))
    widths = [kept_width(side, size, travel) for side, size in axes]
    pixel = max(1.0, max(widths) / most)
    sides = [small_side(side, size, travel, pixel, job.periodic) for side, size in axes]
    y, x = sides
    box: Box = (y.span, x.span)
    down, across = (side.matrix.to(job.device) for side in sides)
    pad = 0 if job.periodic else MARGIN
    spectra: torch.Tensor | None = None
    shape = (y.kept, x.kept)
    for start, stop in frames.blocks(job.block):
        check(start / frames.count, "Making frames small")
        small = down @ frames.read(start, stop, box).to(job.device) @ across.T  # (n, h, w)
        small = mirrored(small, pad) if pad else small
        shape = (int(small.shape[-2]), int(small.shape[-1]))
        part = torch.fft.rfft2(small)
        if spectra is None:
            spectra = part.new_empty(frames.count, *part.shape[1:])
        spectra[start:stop] = part
    assert spectra is not None
    begin = (shape[0] - y.kept) // 2, (shape[1] - x.kept) // 2
    return Glance(spectra, Band.full(shape), begin, (y, x), job.periodic)


def around(side: tuple[int, int], size: int, travel: float) -> tuple[float, float]:
    """px before and after a side of the region that are kept: half of it at most."""
    most = min(travel, (side[1] - side[0]) / 2)
    return min(most, side[0]), min(most, size - side[1])


def kept_width(side: tuple[int, int], size: int, travel: float) -> float:
    """px of one axis that are kept."""
    return side[1] - side[0] + sum(around(side, size, travel))


def small_side(
    side: tuple[int, int], size: int, travel: float, pixel: float, periodic: bool
) -> Side:
    """One axis of small frames of about `pixel` px each."""
    start, stop = side
    count = max(1, round((stop - start) / pixel))
    pixel = (stop - start) / count
    before, after = (math.floor(n / pixel + 1e-9) for n in around(side, size, travel))
    i = torch.arange(-before, count + after, dtype=torch.float64)
    matrix = resampling(start - 0.5 + (i + 0.5) * pixel, size, pixel, periodic)  # (kept, size)
    used = torch.nonzero(matrix.abs().amax(0) > 0).flatten()
    first, last = int(used[0]), int(used[-1]) + 1
    return Side(pixel, before, count, after, matrix[:, first:last].contiguous(), first)


def resampling(centres: torch.Tensor, size: int, pixel: float, periodic: bool) -> torch.Tensor:
    """Lanczos low-pass from `size` px to px of `pixel` px each, (n, size) float32.

    Beyond its edges the frame is mirrored, or wraps.

    Parameters
    ----------
    centres
        (n,) px float64.
    """
    reach = math.ceil(LOBES * pixel)
    near = centres.round().long()[:, None] + torch.arange(-reach, reach + 1)  # (n, taps)
    x = (near - centres[:, None]) / pixel
    weight = torch.where(x.abs() < LOBES, torch.sinc(x) * torch.sinc(x / LOBES), 0.0)
    weight[weight.abs() < 1e-12] = 0.0
    weight = weight / weight.sum(1, keepdim=True)
    if periodic:
        near = near % size
    else:
        near = near % (2 * size)
        near = torch.where(near < size, near, 2 * size - 1 - near)
    out = torch.zeros(len(centres), size, dtype=torch.float64)
    return out.scatter_add_(1, near, weight).float()
