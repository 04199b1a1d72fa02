"""The field that frames lie on: padded, so that no content comes in where other content left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import torch
from scipy.fft import next_fast_len

from napari_motionfft.motion.frames import Box, Frames, box_shape
from napari_motionfft.motion.spectra import Band, ramps

Check = Callable[[float, str], None]

MARGIN = 32
"""px beyond the travel: else what is known of a red scene ties opposite edges together."""


@dataclass
class Torus:
    """Frames of a run on a periodic field larger than they are; what lies beside them is unseen.

    Attributes
    ----------
    frames, box
        The stack and the field in it, px.
    start, stop
        The run's frames.
    shape
        (H, W) px of the torus.
    prefilter, device, block
        As of the job.
    check
        Called with (fraction, message) between blocks.
    keep
        Keep the frames' spectra between passes.
    """

    frames: Frames
    box: Box
    start: int
    stop: int
    shape: tuple[int, int]
    device: torch.device
    block: int
    check: Check
    keep: bool = True
    _kept: dict[int, torch.Tensor] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Frames in the run."""
        return self.stop - self.start

    @property
    def times(self) -> torch.Tensor:
        """(n,) float64 frames from the middle of the stack: one origin for all runs."""
        t = torch.arange(self.start, self.stop, dtype=torch.float64)
        return t - (self.frames.count - 1) / 2

    @property
    def band(self) -> Band:
        """Frequencies of the torus."""
        return Band.full(self.shape)

    @property
    def whole(self) -> bool:
        """The frames fill the torus: periodic content."""
        return self.shape == box_shape(self.box)

    @property
    def filled(self) -> float:
        """Share of the torus that a frame fills."""
        height, width = box_shape(self.box)
        return height * width / (self.shape[0] * self.shape[1])

    def seen(self, values: torch.Tensor) -> torch.Tensor:
        """What a frame sees of values on the torus, less its mean there; 0 elsewhere, (n, H, W)."""
        height, width = box_shape(self.box)
        part = values[..., :height, :width]
        part = part - part.mean((-2, -1), keepdim=True)
        return self.laid(part)

    def laid(self, part: torch.Tensor) -> torch.Tensor:
        """(…, h, w) of the field on the torus, (…, H, W)."""
        if self.whole:
            return part
        height, width = box_shape(self.box)
        sides = (0, self.shape[1] - width, 0, self.shape[0] - height)
        return torch.nn.functional.pad(part, sides)

    def spectra(self) -> Iterator[tuple[int, torch.Tensor]]:
        """(first, (m, Ky, Kx) complex64) of the frames on the torus, each less its mean."""
        for first in range(0, self.count, self.block):
            self.check(first / self.count, "Separating motions")
            if first not in self._kept:
                last = min(first + self.block, self.count)
                values = self.frames.read(self.start + first, self.start + last, self.box)
                values = values.to(self.device)
                values = values - values.mean((-2, -1), keepdim=True)
                spectra = torch.fft.rfft2(self.laid(values), norm="ortho")
                if not self.keep:
                    yield first, spectra
                    continue
                self._kept[first] = spectra
            yield first, self._kept[first]

    def phases(
        self, velocities: torch.Tensor, first: int, last: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """exp(−2πi k·v t) that carry layers (M,) to frames first…last: (M, m, Ky), (M, m, Kx)."""
        path = velocities[:, None, :] * self.times[None, first:last, None]  # (M, m, 2)
        ky, kx = ramps(self.band, -path.flatten(0, 1), torch.complex64, self.device)
        shape = path.shape[:2]
        return ky.reshape(*shape, -1), kx.reshape(*shape, -1)


def torus_shape(
    field_shape: tuple[int, int], velocities: torch.Tensor, frames: int, periodic: bool
) -> tuple[int, int]:
    """Sides that hold a field and all that passes through it, of a fast FFT."""
    if periodic:
        return field_shape
    travel = velocities.abs().amax(0) * (frames - 1)
    sides = []
    for size, way in zip(field_shape, travel.tolist(), strict=True):
        least = size + int(way + 0.999) + MARGIN
        sides.append(
            next(
                n
                for n in range(least, 2 * least + 8)
                if n % 2 == 0 and next_fast_len(n, real=True) == n
            )
        )
    return sides[0], sides[1]


def again(torus: Torus, shape: tuple[int, int]) -> Torus:
    """The same frames on a torus of another size."""
    return torus if torus.shape == shape else replace(torus, shape=shape, _kept={})
