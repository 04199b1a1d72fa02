"""The frequencies that an objective sums over, signed as they are or unsigned as in the posts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.objectives.checks import FREQUENCIES, one_of
from napari_motionfft.motion.objectives.responses import energy_weight


@dataclass(frozen=True)
class Plane:
    """Frequencies of a 2-D FFT and how often each counts.

    Attributes
    ----------
    shape
        (H, W) px.
    fy, fx
        (Ky,), (Kx,) cycles/px, float64 on the host.
    count
        (Ky, Kx) float64: how often a bin stands in the full plane; 0 at DC.
    unsigned
        Frequencies 0…1 (`arange(N)/N`), as the posts have them: wrong between whole shifts.
    half
        One half of the plane stands for both (`rfft2`).
    """

    shape: tuple[int, int]
    fy: torch.Tensor
    fx: torch.Tensor
    count: torch.Tensor
    unsigned: bool
    half: bool

    @classmethod
    def full(cls, shape: tuple[int, int], frequencies: str) -> Plane:
        """All H×W bins in the order of `torch.fft.fft2`, the Nyquist ones at −½ cycles/px."""
        one_of("frequencies", frequencies, FREQUENCIES)
        if frequencies == "unsigned":
            fy, fx = (torch.arange(n, dtype=torch.float64) / n for n in shape)
        else:
            fy, fx = (torch.fft.fftfreq(n, dtype=torch.float64) for n in shape)
        count = torch.ones(shape, dtype=torch.float64)
        count[0, 0] = 0
        return cls(shape, fy, fx, count, frequencies == "unsigned", False)

    @classmethod
    def least(cls, shape: tuple[int, int], frequencies: str) -> Plane:
        """The fewest bins that hold the whole energy: half the plane when signed.

        The Nyquist bins of even sizes have no sign: each shares its energy between both. Along x
        that comes by itself, as a bin and its twin at −ky are conjugates; along y the row stands
        twice, with half the weight each. So a mirrored video has the mirrored landscape, and
        whole shifts are exact.
        """
        one_of("frequencies", frequencies, FREQUENCIES)
        if frequencies == "unsigned":
            return cls.full(shape, frequencies)
        height, width = shape
        fy = torch.fft.fftfreq(height, dtype=torch.float64)
        fx = torch.fft.rfftfreq(width, dtype=torch.float64)
        even = height % 2 == 0
        if even:
            fy = torch.cat([fy, fy.new_tensor([0.5])])
        count = torch.full((len(fy), len(fx)), 2.0, dtype=torch.float64)
        count[:, 0] = 1
        if width % 2 == 0:
            count[:, -1] = 1
        if even:
            count[height // 2] *= 0.5
            count[height] *= 0.5
        count[0, 0] = 0
        return cls(shape, fy, fx, count, False, True)

    def spectra(self, frames: torch.Tensor) -> torch.Tensor:
        """(…, H, W) → (…, Ky, Kx) complex, divided by H·W (`norm="forward"`).

        Real frames are transformed; complex ones are such spectra of all H×W bins already.
        """
        if frames.is_complex():
            whole = frames
            half = whole[..., : self.shape[1] // 2 + 1] if self.half else whole
        elif self.half:
            half = torch.fft.rfft2(frames, norm="forward")
        else:
            half = torch.fft.fft2(frames, norm="forward")
        if not self.half or self.shape[0] % 2:
            return half
        nyquist = self.shape[0] // 2
        return torch.cat([half, half[..., nyquist : nyquist + 1, :]], dim=-2)

    def weight(self, lowpass: str, order: float | None, like: torch.Tensor) -> torch.Tensor:
        """(Ky, Kx) weight in the energy, `count` included, of the dtype and place of `like`."""
        along = [energy_weight(f, lowpass, order, self.unsigned) for f in (self.fy, self.fx)]
        weight = self.count * torch.outer(*along)
        return weight.to(like.device, like.real.dtype)


def ramp(frequency: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """exp(+2πi f·v) for shifts (…,) along one axis, (…, K) complex; differentiable in the shift.

    Multiplied with a spectrum it moves the content back by v px (Fourier shift theorem).
    """
    turns = shift[..., None] * frequency.to(shift.device, shift.dtype)
    phase = 2 * math.pi * turns
    return torch.complex(phase.cos(), phase.sin())
