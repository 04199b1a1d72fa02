"""The landscape of every window at once, and the motions that it shows (docs/method.md § 11)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from napari_motionfft.motion.landscape import cos_minus_sin
from napari_motionfft.motion.strips.spectra import lag_spectra, line_spectra, turned
from napari_motionfft.motion.strips.speeds import lags_in_view, overlap

MOST_LAGS = 1023
"""Longer lags are not looked at: they add to the slowest motions only."""
MOST_PEAKS = 4
"""Motions reported for one window."""
MOST_KEPT = 2**26
"""Phases that may be kept between blocks of windows, counted as if every lag saw every velocity."""
LOBE = 6.0
"""px over the lags in view: peaks nearer to each other than this are one motion, not steady."""
LEAST_SHARE = 0.15
"""Of the highest peak: what is lower may be what its modelled shape leaves over."""


@dataclass(frozen=True)
class Setup:
    """What the search of windows of one shape shares.

    Attributes
    ----------
    taper
        (L,) float32 window along the strip.
    size
        Length of the zero-padded lines: no displacement in view wraps around.
    k
        (K,) frequencies in cycles/px, float64 on the host, DC not among them.
    grid
        (V,) velocities in px/frame.
    frames
        n, lines of a window.
    overcount
        What the taper makes neighbouring frequencies share.
    still
        px: peaks that move less than this over a window count as a still pattern; 0 counts all.
    periodic
        Content that leaves comes in at the other end.
    most
        Longer lags are not looked at.
    tables
        Phases of each lag, kept between blocks of windows where they are few.
    """

    taper: torch.Tensor
    size: int
    k: torch.Tensor
    grid: torch.Tensor
    frames: int
    overcount: float
    still: float
    periodic: bool = False
    most: int = MOST_LAGS
    tables: dict[tuple[int, str], torch.Tensor] = field(default_factory=dict, repr=False)

    def common(self, displacement: torch.Tensor) -> torch.Tensor:
        """What of the window's energy is still in view after moving by so many px."""
        if self.periodic:
            return torch.ones_like(displacement, dtype=torch.float64)
        return overlap(self.taper, displacement)

    def in_view(self) -> torch.Tensor:
        """(V,) lags that share at least half the strip at each velocity of the grid."""
        if self.periodic:
            return torch.full(self.grid.shape, self.lags)
        return lags_in_view(self.grid, len(self.taper), self.lags)

    def table(self, lag: int, seen: slice, device: torch.device) -> torch.Tensor:
        """(2K, v) cos and −sin of 2π k·vτ over the velocities in view of a lag."""
        key = (lag, str(device))
        if key in self.tables:
            return self.tables[key]
        made = cos_minus_sin(self.k[:, None] * (lag * self.grid[seen]), device)
        if 2 * len(self.k) * len(self.grid) * self.lags <= MOST_KEPT:
            self.tables[key] = made
        return made

    @property
    def lags(self) -> int:
        """Lags that are looked at."""
        return min(self.frames - 1, self.most)


@dataclass(frozen=True)
class Found:
    """The search of b windows.

    Attributes
    ----------
    score
        (b, V) the landscape in noise standard deviations, on the host.
    velocity, height
        (b, P) float64: peaks, highest first, with their score; height 0 = no further peak.
    coherence, unsure
        (b, lags) float64: how well lines agree after each lag along the highest peak, a pair of
        lines in full view, and its standard deviation; NaN where little is in view.
    """

    score: torch.Tensor
    velocity: torch.Tensor
    height: torch.Tensor
    coherence: torch.Tensor
    unsure: torch.Tensor


def search_windows(
    lines: torch.Tensor, weight: torch.Tensor, setup: Setup, chance: torch.Tensor
) -> Found:
    """Landscape, peaks and coherence of windows.

    Parameters
    ----------
    lines
        (b, n, L) float32, the still pattern taken out.
    weight
        (b, K) float32 spectral weight.
    chance
        (b,) score that chance alone reaches: lower peaks besides the highest are left out.
    """
    device = lines.device
    spectra = line_spectra(lines, setup.taper, setup.size)[..., 1 : len(setup.k) + 1]  # (b, n, K)
    lags = lag_spectra(spectra, setup.lags)  # (lags, b, K)
    weight = weight.to(device)
    lags *= weight
    # noise: lines of the same power at random phases, a window's own lines being the measure
    power = weight * torch.view_as_real(spectra).square().sum(-1).mean(1)  # (b, K)
    alone = 2 * setup.overcount * power.cpu().double().square().sum(1)  # (b,) of a pair of lines
    pairs = setup.frames - torch.arange(1, setup.lags + 1, dtype=torch.float64)
    spread = alone * pairs.cumsum(0)[:, None]  # (lags, b)
    count = setup.in_view()  # (V,)
    sigma = spread[(count - 1).clamp(min=0)].T.clamp(min=1e-30).sqrt()  # (b, V)
    score = gemm(lags, setup, count).cpu().double() / sigma
    velocity = torch.zeros(len(lines), MOST_PEAKS, dtype=torch.float64)
    height = torch.zeros_like(velocity)
    left = score.clone()
    moving = setup.grid.abs() * (setup.frames - 1) >= setup.still
    allowed = moving.repeat(len(lines), 1)
    active = torch.arange(len(lines))
    coherence = unsure = torch.full((len(lines), setup.lags), math.nan, dtype=torch.float64)
    for rank in range(MOST_PEAKS):
        at, top = highest(left[active], setup.grid, allowed[active])
        if rank > 0:
            keep = (top > chance[active]) & (top > LEAST_SHARE * height[active, 0])
            active, at, top = active[keep], at[keep], top[keep]
        else:
            keep = torch.ones(len(active), dtype=torch.bool)
        if len(active) == 0:
            break
        velocity[active, rank], height[active, rank] = at, top
        if rank == 0:
            coherence, unsure = coherence_of(lags, at, alone, setup)
        if rank + 1 < MOST_PEAKS:
            some = slice(None) if len(active) == len(lines) else active.to(device)
            shape = beam(lags[:, some], at, setup)
            allowed[active] &= ~lobe(at, setup)
            if rank == 0:
                sure = top > chance  # nothing else in a window without any motion
                active, shape = active[sure], shape[:, sure.to(device)]
                if len(active) == 0:
                    break
            left[active] -= gemm(shape, setup, count).cpu().double() / sigma[active]
    return Found(score.float(), velocity, height, coherence, unsure)


def gemm(lags: torch.Tensor, setup: Setup, count: torch.Tensor) -> torch.Tensor:
    """2 Σ_τ Re Σ_k A_τ(k)·exp(2πi k·vτ) over the velocities in view of each lag, (b, V).

    Parameters
    ----------
    lags
        (lags, b, K) complex, weighted.
    count
        (V,) lags in view at each velocity.
    """
    device = lags.device
    total = torch.zeros(lags.shape[1], len(setup.grid), device=device)
    pairs = torch.view_as_real(lags).flatten(-2)  # (lags, b, 2K)
    middle = len(setup.grid) // 2
    for lag in range(1, setup.lags + 1):
        wide = int((count[middle:] >= lag).sum()) - 1
        if wide < 0:
            break
        seen = slice(middle - wide, middle + wide + 1)
        total[:, seen].addmm_(pairs[lag - 1], setup.table(lag, seen, device), alpha=2.0)
    return total


def highest(
    score: torch.Tensor, grid: torch.Tensor, allowed: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Velocity and height of the highest local maximum of each row, between the grid's points.

    Parameters
    ----------
    score
        (b, V).
    allowed
        (b, V) where a maximum counts; the flank of one elsewhere is none.
    """
    padded = torch.nn.functional.pad(score, (1, 1), value=-math.inf)
    left, right = padded[:, :-2], padded[:, 2:]
    top = (score >= left) & (score >= right) & allowed
    tops = torch.where(top, score, -math.inf)
    height, cell = tops.max(1)
    row = torch.arange(len(score))
    inner = cell.clamp(1, score.shape[1] - 2)
    y = [score[row, inner + i] for i in (-1, 0, 1)]
    x = [grid[inner + i] for i in (-1, 0, 1)]
    # the parabola through three points that are not quite evenly spaced
    a, b = (y[0] - y[1]) / (x[0] - x[1]), (y[2] - y[1]) / (x[2] - x[1])
    bend = (b - a) / (x[2] - x[0])
    at = (x[0] + x[1]) / 2 - a / (2 * bend)
    usable = torch.isfinite(at) & (bend < 0) & (inner == cell)
    at = torch.where(usable, at.clamp(x[0], x[2]), grid[cell])
    peak = y[1] + a * (at - x[1]) + bend * (at - x[0]) * (at - x[1])
    return at, torch.where(usable, peak, height).clamp(min=0.0).nan_to_num(0.0)


def lobe(velocity: torch.Tensor, setup: Setup) -> torch.Tensor:
    """(b, V) where a peak would be the same motion as one that was found, only not steady."""
    seen = lags_in_view(velocity, len(setup.taper), setup.lags).clamp(min=1)
    return (setup.grid - velocity[:, None]).abs() * seen[:, None] < LOBE


def beam(lags: torch.Tensor, velocity: torch.Tensor, setup: Setup) -> torch.Tensor:
    """Weighted lag spectra that one motion alone would have, (lags, b, K) complex.

    Taking their landscape off leaves that of the other motions: what is one motion's own sidelobe
    is no second motion. Its power is that of the lags themselves along the motion: of a mean line
    it would be less certain, as what never shares the view adds up at random there.

    Parameters
    ----------
    lags
        (lags, b, K) complex, weighted.
    """
    lag = torch.arange(1, setup.lags + 1, dtype=torch.float64)
    moved = velocity * lag[:, None]  # (lags, b)
    share = (setup.frames - lag)[:, None] * setup.common(moved)
    turns = turned(-moved, setup.k, lags.device)
    along = (torch.view_as_real(lags) * torch.view_as_real(turns)).sum(-1)  # Re A·turns*
    part = (share / share.square().sum(0).clamp(min=1e-12)).float().to(lags.device)
    power = (part[..., None] * along).sum(0).clamp(min=0.0)  # (b, K) by least squares
    shape: torch.Tensor = (share.float().to(lags.device)[..., None] * power) * turns
    return shape


def coherence_of(
    lags: torch.Tensor, velocity: torch.Tensor, alone: torch.Tensor, setup: Setup
) -> tuple[torch.Tensor, torch.Tensor]:
    """Re Σ_k W·A_τ·exp(2πi k·vτ) a pair of lines in full view, and its noise, (b, lags) float64.

    Parameters
    ----------
    alone
        (b,) variance of twice that for one pair of lines at random phases.
    """
    device = lags.device
    lag = torch.arange(1, setup.lags + 1, dtype=torch.float64)
    moved = velocity * lag[:, None]  # (lags, b)
    along = (lags * turned(moved, setup.k, device)).real.sum(-1).cpu().double()  # (lags, b)
    common = setup.common(moved)
    pairs = (setup.frames - lag)[:, None]
    seen = torch.where(common > 0.25, common, math.nan)
    noise = (0.25 * alone * pairs).sqrt()
    return (along / (pairs * seen)).T, (noise / (pairs * seen)).T
