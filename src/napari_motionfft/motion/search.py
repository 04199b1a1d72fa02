"""Search all velocities: coarse landscape, then zoom in on its peaks (docs/method.md § 3, § 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.frames import apodised, box_shape, overcount, window
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.significance import threshold
from napari_motionfft.motion.spectra import Band, radial_mean
from napari_motionfft.motion.weights import WEIGHTS, SceneSpectra, coherent_whitening

BAND_LIMIT = 0.3
"""cycles/px: the search's 1 px Gaussian leaves nothing above it worth the work."""
CELLS_AN_AXIS = 401
"""Velocities an axis at most; beyond it the coarse search uses the shorter lags only."""
CELLS_IN_DOUBT = 801
"""The same when the coarse search found nothing certain: weak motion needs all lags."""
STEP_BLURRED, STEP_SHARP = 1.2, 0.6
"""Grid step times the longest lag, px: what the finest structure of the landscape allows, with the
1 px Gaussian of `auto` and without."""
STEP_FINEST = 0.2
"""The zoom's last step times the longest lag, px: well inside what the refinement climbs."""


@dataclass
class SearchResult:
    """The landscape, and the score that chance alone reaches."""

    landscape: Landscape
    threshold: float

    @property
    def score(self) -> float:
        """Height of the highest peak in noise standard deviations, 0 without one."""
        return self.landscape.peaks[0].score if self.landscape.peaks else 0.0


def search_spectra(job: Job, band: Band, check: Check) -> tuple[torch.Tensor, torch.Tensor]:
    """Spectra of the windowed frames, cropped to the band, and their mean power over all bins.

    Returns
    -------
    (T, Ky, Kx) complex64, (Y, X//2+1) float64
        The temporal mean is taken out of both when the background is static.
    """
    shape = box_shape(job.box)
    count = job.frames.count
    taper = window(shape, search_taper(job)).to(job.device)
    out = torch.empty(count, *band.size, dtype=torch.complex64, device=job.device)
    whole = Band.full(shape).size
    power = torch.zeros(whole, dtype=torch.float64)
    mean = torch.zeros(whole, dtype=torch.complex64, device=job.device)
    for start, stop in job.frames.blocks(job.block):
        check(start / count, "Reading frames")
        values = job.frames.filtered(start, stop, job.box, job.prefilter).to(job.device)
        spectra = torch.fft.rfft2(apodised(values, taper), norm="ortho")
        power += (spectra.real**2 + spectra.imag**2).sum(0).cpu().double()
        mean += spectra.sum(0)
        out[start:stop] = band.crop(spectra)
    power /= count
    if job.static:
        mean /= count
        out -= band.crop(mean)
        power = (power - (mean.real**2 + mean.imag**2).cpu().double()).clamp(min=0)
    return out, power


def search_taper(job: Job) -> float:
    """Hann for real frames, none for periodic ones."""
    return 0.0 if job.periodic else 1.0


def scene_before_alignment(power: torch.Tensor, band: Band, frames: int) -> SceneSpectra:
    """P and N from the mean power of frames alone: radial mean, and its high-frequency floor.

    Parameters
    ----------
    power
        (Y, X//2+1) over all bins of the frames; the result covers `band`.
    """
    whole = Band.full(band.shape)
    coarse = radial_mean(power, whole, 4.0)
    outer = coarse[(whole.radius() > 0.35) & (whole.multiplicity() > 0)]
    noise = torch.full(band.size, max(float(outer.min()), 1e-30), dtype=torch.float64)
    total = band.crop(radial_mean(power, whole, 2.0))
    return SceneSpectra((total - noise).clamp(min=0), noise, frames)


def search_band(job: Job) -> Band:
    """Low frequencies are enough for the search; fewer of them when memory is short."""
    shape = box_shape(job.box)
    if job.weight != "auto" or min(shape) <= 64:
        return Band.full(shape)
    needed = 2 * 8 * job.frames.count * shape[0] * shape[1] * 2 * BAND_LIMIT**2
    return Band.up_to(shape, BAND_LIMIT * min(1.0, (memory_budget(job.device) / needed) ** 0.5))


@dataclass(frozen=True)
class Seen:
    """What a search looks at: spectra (T, Ky, Kx) of a band, and power (Y, X//2+1) of all bins."""

    spectra: torch.Tensor
    power: torch.Tensor
    band: Band


def see(job: Job, check: Check) -> Seen:
    """The job's windowed frames, transformed."""
    band = search_band(job)
    return Seen(*search_spectra(job, band, check), band)


def search(job: Job, check: Check, peaks: int = 8) -> SearchResult:
    """Every velocity of the range, then a zoom on each peak with all lags."""
    return searched(job, see(job, within(check, 0.0, 0.7)), within(check, 0.7, 1.0), peaks)


def searched(job: Job, seen: Seen, check: Check, peaks: int = 8) -> SearchResult:
    """The same on frames that are transformed already."""
    lags, bins = prepare(job, seen)
    limit, step = job.asked["max_speed"], step_of(job)
    kept = scan(lags, limit, step, CELLS_AN_AXIS, peaks, within(check, 0.0, 0.4))
    return in_doubt(job, lags, bins, kept, peaks, within(check, 0.4, 1.0))


def in_doubt(
    job: Job, lags: ls.Lags, bins: float, kept: Landscape, peaks: int, check: Check
) -> SearchResult:
    """What was found; searched once more on a finer grid where it is not certain."""
    limit, step = job.asked["max_speed"], step_of(job)
    chance = threshold((2 * limit * lags.count / step + 1) ** 2, bins)
    longer = memory_of(lags.count, limit, step, CELLS_IN_DOUBT)
    certain = bool(kept.peaks) and kept.peaks[0].score > 1.5 * chance
    if not certain and longer > memory_of(lags.count, limit, step, CELLS_AN_AXIS):
        kept = scan(lags, limit, step, CELLS_IN_DOUBT, peaks, check)
    return SearchResult(kept, chance)


def step_of(job: Job) -> float:
    """Grid step times the longest lag, px."""
    return STEP_BLURRED if job.weight == "auto" else STEP_SHARP


def prepare(job: Job, seen: Seen) -> tuple[ls.Lags, float]:
    """Weighted lag cross-spectra of a job's windowed frames; effective number of frequencies."""
    weight, bins, shared = weigh(job, seen.power, seen.band)
    field = None if job.periodic else box_shape(job.box)
    return ls.Lags.of(seen.spectra, weight, seen.band, field, shared), bins


def weigh(job: Job, power: torch.Tensor, band: Band) -> tuple[torch.Tensor, float, float]:
    """The search's weight (Ky, Kx), effective number of frequencies, the window's overcount."""
    shape = box_shape(job.box)
    scene = scene_before_alignment(power, band, job.frames.count)
    weight = choose_weight(job.weight, band, scene) * band.multiplicity()
    level = band.crop(power)[band.multiplicity() > 0].mean()
    # the sums are about 1: float32 neither under- nor overflows
    weight = weight / weight.max().clamp(min=1e-300) / level.clamp(min=1e-30)
    shared = overcount(window(shape, search_taper(job)))
    share = weight * band.crop(power)
    bins = float(share.sum() ** 2 / (share**2 * ls.uncounted(band)).sum().clamp(min=1e-300))
    return weight, bins / shared, shared


def memory_of(lags: int, limit: float, step: float, cells: int) -> int:
    """How many lags a grid of at most `cells` velocities an axis resolves."""
    return min(lags, max(1, int(cells * step / (2 * limit))))


def scan(
    lags: ls.Lags, limit: float, step: float, cells: int, peaks: int, check: Check
) -> Landscape:
    """The landscape on a grid over the whole range, and its peaks."""
    memory = memory_of(lags.count, limit, step, cells)
    axis = ls.grid(limit, step / memory)
    values, spread = ls.energy(lags, axis, axis, memory, check)
    score = (values / spread.clamp(min=1e-30).sqrt()).cpu().double()
    return climb(lags, score, axis, step / memory, limit, peaks, check)


def climb(
    lags: ls.Lags,
    score: torch.Tensor,
    axis: torch.Tensor,
    step: float,
    limit: float,
    peaks: int,
    check: Check,
) -> Landscape:
    """A landscape (V, V) on a grid of that step, with its peaks from finer ones."""
    tops = ls.local_maxima(score, 2.0, 4 * peaks)
    start = torch.stack([axis[[i for i, _ in tops]], axis[[j for _, j in tops]]], 1)  # (P, 2)
    found = zoom(lags, start, step, limit, peaks, check)
    found = distinct(sorted(found, key=lambda p: -p.score), 1.0 / (lags.count + 1))[:peaks]
    return Landscape(score.float().numpy(), axis.numpy(), axis.numpy().copy(), found)


def choose_weight(weight: str | torch.Tensor, band: Band, scene: SceneSpectra) -> torch.Tensor:
    """The search's weight, (Ky, Kx)."""
    if isinstance(weight, torch.Tensor):
        return resample(weight, band)
    return coherent_whitening(band, scene) if weight == "auto" else WEIGHTS[weight](band, scene)


def resample(weight: torch.Tensor, band: Band) -> torch.Tensor:
    """A user's half-plane weight (Y, X//2+1) at the nearest frequencies of another window."""
    rows, columns = weight.shape
    width = 2 * (columns - 1) or 1
    i = torch.round(band.ky * rows).long() % rows
    j = torch.round(band.kx * width).long().clamp(max=columns - 1)
    return weight.double()[i][:, j]


def zoom(
    lags: ls.Lags, start: torch.Tensor, step: float, limit: float, most: int, check: Check
) -> list[Peak]:
    """Climb to the landscape's maximum near each start on ever finer grids.

    A coarse grid resolves the short lags only; the last rounds use all. The lower half of the
    candidates is dropped at each round until `most` are left.

    Parameters
    ----------
    start
        (P, 2) px/frame.
    """
    if len(start) == 0:
        return []
    at = start.clone()
    while True:
        side = torch.linspace(-1.5, 1.5, 7, dtype=torch.float64) * step
        vy = (at[:, :1] + side).clamp(-limit, limit)  # (P, 7)
        vx = (at[:, 1:] + side).clamp(-limit, limit)
        memory = min(lags.count, math.ceil(STEP_BLURRED / step))
        values, spread = ls.energy(
            lags, vy, vx, memory, lambda *_: check(1.0, "Zooming in on peaks")
        )
        score = (values / spread.clamp(min=1e-30).sqrt()).cpu().double().flatten(1)
        best, cell = score.max(1)
        every = torch.arange(len(at))
        at = torch.stack([vy[every, cell // 7], vx[every, cell % 7]], 1)
        if memory == lags.count and step * lags.count < STEP_FINEST:
            return [Peak(float(y), float(x), float(s)) for (y, x), s in zip(at, best, strict=True)]
        kept = best.argsort(descending=True)[: max(most, len(at) // 2)]
        at, step = at[kept], step / 3


def distinct(peaks: list[Peak], apart: float) -> list[Peak]:
    """Drop peaks that the zoom brought to the same place."""
    kept: list[Peak] = []
    for peak in peaks:
        if all(math.hypot(peak.vy - p.vy, peak.vx - p.vx) > apart for p in kept):
            kept.append(peak)
    return kept
