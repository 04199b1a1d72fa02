"""Lines laid along a motion into one long mean line, and how each one lies on it.

A strip sees every point of the scene only while it passes. So the mean of the compensated lines is
longer than the strip, and each of its points has its own number of lines (docs/method.md § 11).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.strips.spectra import turned

THIN = 0.25
"""Fewer lines than this, counted by the taper: the mean line is let fall to zero there."""
SMOOTH_BINS = 64
"""Low frequencies that a taper's spectrum fills."""
SAMPLES = 6
"""Lines of a run that the spectra are measured on."""


@dataclass
class Runs:
    """b windows, each split into c runs of m lines, ready to be laid along any velocity.

    Attributes
    ----------
    lines
        (b, c, m, L) float32 lines under the taper; 0 beyond the window's end.
    spectra
        (b, c, m, K) complex64 of them, zero-padded to `size`.
    taper
        (L,) float32.
    mask
        (c, m) 1 for lines, 0 beyond the window's end.
    t
        (c, m) float64 frame number from the middle of its run.
    size
        Length of the mean line, px.
    bend
        (b, c, m) px that lines lie off the straight path, or None.
    """

    lines: torch.Tensor
    spectra: torch.Tensor
    taper: torch.Tensor
    mask: torch.Tensor
    t: torch.Tensor
    size: int
    bend: torch.Tensor | None = None

    @classmethod
    def of(cls, lines: torch.Tensor, runs: int, taper: torch.Tensor, size: int) -> Runs:
        """Split windows (b, n, L) into runs and transform them."""
        b, n, length = lines.shape
        m = -(-n // runs)
        taper = taper.to(lines.device)
        mean = (lines * taper).sum(-1, keepdim=True) / taper.sum()
        under = (lines - mean) * taper
        index = torch.arange(runs * m).reshape(runs, m)
        mask = (index < n).double()
        centre = (index * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True).clamp(min=1)
        if runs * m > n:
            under = torch.nn.functional.pad(under, (0, 0, 0, runs * m - n))
        under = under.reshape(b, runs, m, length)
        return cls(under, torch.fft.rfft(under, size), taper, mask, (index - centre) * mask, size)

    @property
    def k(self) -> torch.Tensor:
        """(K,) cycles/px, float64 on the host."""
        k: torch.Tensor = torch.fft.rfftfreq(self.size, dtype=torch.float64)
        return k

    @property
    def device(self) -> torch.device:
        """Where the spectra are."""
        return self.spectra.device

    def counted(self) -> torch.Tensor:
        """(K,) float32 1/size for each bin of the full plane that a bin stands for; 0 at Nyquist.

        Σ_x a·b = Re Σ_k counted·A*·B.
        """
        count = torch.full((len(self.k),), 2.0 / self.size, device=self.device)
        count[0] /= 2
        if self.size % 2 == 0:
            count[-1] = 0
        return count


@dataclass
class MeanLine:
    """The mean of compensated lines.

    Attributes
    ----------
    turns
        (b, c, m, K) complex64 phase ramps exp(2πi k·p_t), 0 beyond the window's end.
    total, cover
        (b, c, K) spectra of the sum of the compensated lines, and of their tapers.
    spectrum
        (b, c, K) of the mean line.
    lines_a_point
        (b,) mean number of lines at a point of the scene as a line sees it.
    """

    turns: torch.Tensor
    total: torch.Tensor
    cover: torch.Tensor
    spectrum: torch.Tensor
    lines_a_point: torch.Tensor


def lay(runs: Runs, place: torch.Tensor) -> MeanLine:
    """Lay each run's lines where they are said to lie, (b, c, m) px."""
    device = runs.device
    if runs.bend is not None:
        place = place + runs.bend
    turns = turned(place, runs.k, device)
    if bool((runs.mask == 0).any()):
        turns *= runs.mask.float().to(device)[..., None]
    total = (runs.spectra * turns).sum(2)
    low = slice(0, SMOOTH_BINS)  # a taper has no others
    cover = torch.zeros_like(total)
    cover[..., low] = turns[..., low].sum(2) * torch.fft.rfft(runs.taper, runs.size)[low]
    count = torch.fft.irfft(cover, runs.size)  # (b, c, size)
    # as seen by the lines: each point counts by how many lines see it
    seen = (count.square().sum((1, 2)) / count.sum((1, 2)).clamp(min=1e-6)).cpu().double()
    mean = torch.fft.irfft(total, runs.size) / count.clamp(min=THIN)
    return MeanLine(turns, total, cover, torch.fft.rfft(mean, runs.size), seen)


def trusted(runs: Runs, mean: MeanLine, needed: torch.Tensor) -> torch.Tensor:
    """Spectrum of the mean line, each point counting by how far its lines can be trusted.

    A point that n lines see is known from noise as n/(n + N/P): maximum likelihood for the ends of
    the mean line, which few lines see (docs/method.md § 4, § 11). On average over lines nothing
    changes.

    Parameters
    ----------
    needed
        (b,) N/P, the lines that make signal and noise equal.

    Returns
    -------
    (b, c, K)
    """
    count = torch.fft.irfft(mean.cover, runs.size).clamp(min=0)  # (b, c, size)
    share = count / (count + needed.float().to(runs.device)[:, None, None]).clamp(min=1e-9)
    usual = (count * share).sum((1, 2), keepdim=True) / count.sum((1, 2), keepdim=True)
    line = torch.fft.irfft(mean.spectrum, runs.size) * share / usual.clamp(min=1e-9)
    out: torch.Tensor = torch.fft.rfft(line, runs.size)
    return out


def pulls(runs: Runs, weight: torch.Tensor) -> torch.Tensor:
    """Spectra of each line's weighted derivative, under the taper once more, (b, c, m, K).

    Times the mean line along a path they give the gradient of the lines' agreement, as
    −Im Σ W·2πk·Ȳ*·Y does in the plane (docs/method.md § 6).

    Parameters
    ----------
    weight
        (b, K) float32 at the bins of `runs.k`.
    """
    slope = torch.complex(torch.zeros_like(weight), weight * wave_number(runs))
    filtered = torch.fft.irfft(runs.spectra * slope[:, None, None], runs.size)
    back: torch.Tensor = torch.fft.rfft(filtered[..., : len(runs.taper)] * runs.taper, runs.size)
    return back


def wave_number(runs: Runs) -> torch.Tensor:
    """(K,) float32 2πk."""
    return (2 * math.pi * runs.k).float().to(runs.device)


def gradients(runs: Runs, pull: torch.Tensor, mean: MeanLine) -> tuple[torch.Tensor, torch.Tensor]:
    """How each line pulls on its displacement, and how steeply, (b, c, m) float64 each."""
    along = (pull * mean.turns).conj()  # (b, c, m, K)
    line = mean.spectrum * runs.counted()
    both = torch.stack([line, line * wave_number(runs)], -1)  # (b, c, K, 2)
    summed = torch.matmul(along, both).cpu()  # (b, c, m, 2)
    return summed[..., 0].real.double(), -summed[..., 1].imag.double()


def shared_spectra(runs: Runs, mean: MeanLine) -> tuple[torch.Tensor, torch.Tensor]:
    """Power that lines share with the mean of the others, and their whole power, (b, L//2+1).

    Measured on a few lines of each run, with the line itself left out of the mean.
    """
    length, m = len(runs.taper), runs.t.shape[1]
    picked = torch.linspace(0, m - 1, min(SAMPLES, m)).round().long()
    picked = torch.unique_consecutive(picked)
    turns = mean.turns[:, :, picked].conj()
    own = runs.lines[:, :, picked]  # (b, c, s, L), under the taper
    total = torch.fft.irfft(mean.total[:, :, None] * turns, runs.size)[..., :length] - own
    count = torch.fft.irfft(mean.cover[:, :, None] * turns, runs.size)[..., :length] - runs.taper
    others = torch.where(count > 0.5, total / count.clamp(min=0.5), 0.0)
    # lines under the taper, and the mean of the others under the same
    one = torch.fft.rfft(own, norm="ortho")
    other = torch.fft.rfft(others * runs.taper, norm="ortho")
    some = runs.mask[:, picked].float().to(runs.device)[..., None]  # (c, s, 1)
    here = (count > 0.5).float().mean(-1, keepdim=True) * some
    shared = ((one.conj() * other).real * some).sum((1, 2)) / here.sum((1, 2)).clamp(min=1e-6)
    power = ((one.real.square() + one.imag.square()) * some).sum((1, 2)) / some.sum()
    level = runs.taper.square().mean()
    return (shared / level).cpu().double(), (power / level).cpu().double()


def gram(velocity: torch.Tensor, runs: Runs, basis: torch.Tensor, points: int = 64) -> torch.Tensor:
    """Σ (B − B̄)(B − B̄)ᵀ over the lines that see each point, summed over points, (b, F, F).

    In lengths of the strip. For a scene that never leaves this is the Gram matrix of the centred
    basis: how much a change of the model moves lines against their own mean.

    Parameters
    ----------
    velocity
        (b,) px/frame.
    basis
        (c, m, F) px a unit of each parameter.
    """
    long = float((runs.taper.cpu().double() ** 2).sum())
    size = basis.shape[2]
    out = torch.zeros(len(velocity), size, size, dtype=torch.float64)
    speed = velocity.abs()[:, None].clamp(min=1e-12)  # (b, 1)
    for row in range(len(runs.t)):
        lines = basis[row][runs.mask[row] > 0]  # (n, F)
        n = len(lines)
        if n < 2:
            continue
        # scene points from the first to leave to the last to come in; line t sees
        # speed·t … speed·t + long of them
        reach = speed * (n - 1) + long
        y = (torch.arange(points, dtype=torch.float64) + 0.5) / points * reach  # (b, points)
        high = torch.floor((y / speed).clamp(max=n - 1)).long() + 1
        low = torch.minimum(torch.ceil(((y - long) / speed).clamp(min=0, max=n - 1)).long(), high)
        first = running(lines)
        second = running((lines[:, :, None] * lines[:, None, :]).flatten(1))
        count = (high - low).clamp(min=1)[..., None]
        total = first[high] - first[low]  # (b, points, F)
        square = (second[high] - second[low]).reshape(*count.shape[:-1], size, size)
        spread = square - total[..., :, None] * total[..., None, :] / count[..., None]
        out += spread.mean(1) * (reach / long)[..., None]
    return out


def running(values: torch.Tensor) -> torch.Tensor:
    """(n + 1, F) sums of the first 0…n rows."""
    return torch.nn.functional.pad(values.cumsum(0), (0, 0, 1, 0))
