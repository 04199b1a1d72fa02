"""Search all velocities: coarse landscape, then zoom in on its peaks (docs/method.md § 3, § 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.frames import apodised, box_shape, window
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.spectra import Band, radial_mean
from napari_motionfft.motion.weights import WEIGHTS, SceneSpectra, coherent_whitening

BAND_LIMIT = 0.3
"""cycles/px: the search's 1 px Gaussian leaves nothing above it worth the work."""
CELLS_AN_AXIS = 901
"""Velocities an axis at most; beyond it the coarse search uses the shorter lags only."""
STEP = 0.6
"""Grid step times the longest lag, px: half the finest structure of the band-limited landscape."""


@dataclass
class SearchResult:
    """The landscape, its noise threshold's cell count, and the plain mean of the box."""

    landscape: Landscape
    cells: float
    scene: SceneSpectra


def search_spectra(job: Job, band: Band, check: Check) -> tuple[torch.Tensor, torch.Tensor]:
    """Spectra of the windowed frames, cropped to the band, and their mean power over all bins.

    Returns
    -------
    (T, Ky, Kx) complex64, (Y, X//2+1) float64
        The temporal mean is taken out of both when the background is static.
    """
    shape = box_shape(job.box)
    count = job.frames.count
    taper = window(shape, 0.0 if job.periodic else 1.0).to(job.device)  # 1: Hann
    out = torch.empty(count, *band.size, dtype=torch.complex64, device=job.device)
    whole = Band.full(shape).size
    power = torch.zeros(whole, dtype=torch.float64)
    mean = torch.zeros(whole, dtype=torch.complex64, device=job.device)
    for start, stop in job.frames.blocks(job.block):
        check(start / count, "Reading frames")
        values = job.frames.read(start, stop, job.box).to(job.device)
        spectra = torch.fft.rfft2(apodised(values, taper), norm="ortho")
        power += (spectra.real**2 + spectra.imag**2).sum(0).double().cpu()
        mean += spectra.sum(0)
        out[start:stop] = band.crop(spectra)
    power /= count
    if job.static:
        mean /= count
        out -= band.crop(mean)
        power = (power - (mean.real**2 + mean.imag**2).double().cpu()).clamp(min=0)
    return out, power


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


def search(job: Job, check: Check, peaks: int = 8) -> SearchResult:
    """Every velocity of the range, then a zoom on each peak with all lags."""
    shape, limit = box_shape(job.box), job.asked["max_speed"]
    band = search_band(job)
    spectra, power = search_spectra(job, band, within(check, 0.0, 0.7))
    scene = scene_before_alignment(power, band, job.frames.count)
    counted = band.multiplicity()
    weight = choose_weight(job.weight, band, scene) * counted
    level = band.crop(power)[counted > 0].mean()
    weight = weight / weight.max().clamp(min=1e-300) / level.clamp(min=1e-30)
    lags = ls.lag_cross_spectra(spectra)
    del spectra
    field = None if job.periodic else shape
    memory = lags.shape[0]
    if 2 * limit * memory / STEP > CELLS_AN_AXIS:
        memory = max(1, int(CELLS_AN_AXIS * STEP / (2 * limit)))
    axis = ls.grid(limit, STEP / memory)
    values, spread = ls.energy(
        lags[:memory], weight, band, axis, axis, field, within(check, 0.7, 0.9)
    )
    score = (values / spread.clamp(min=1e-30).sqrt()).double().cpu()
    found = []
    for row, column in ls.local_maxima(score, 2.0, 4 * peaks):
        check(0.9, "Zooming in on peaks")
        start = (float(axis[row]), float(axis[column]))
        found.append(zoom(lags, weight, band, start, STEP / memory, limit, field))
    found = distinct(sorted(found, key=lambda p: -p.score), 1.0 / job.frames.count)[:peaks]
    kept = Landscape(score.float().numpy(), axis.numpy(), axis.numpy().copy(), found)
    cells = (2 * limit * lags.shape[0] / STEP + 1) ** 2
    return SearchResult(kept, cells, scene)


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
    lags: torch.Tensor,
    weight: torch.Tensor,
    band: Band,
    start: tuple[float, float],
    step: float,
    limit: float,
    field: tuple[int, int] | None,
) -> Peak:
    """Climb to the landscape's maximum near `start` on ever finer grids, all lags in use."""
    y, x = start
    finest = 0.05 / (lags.shape[0] + 1)
    best = -math.inf
    while step > finest:
        side = torch.linspace(-1.5, 1.5, 7, dtype=torch.float64) * step
        vy, vx = (side + y).clamp(-limit, limit), (side + x).clamp(-limit, limit)
        values, spread = ls.energy(lags, weight, band, vy, vx, field)
        score = values / spread.clamp(min=1e-30).sqrt()
        row, column = divmod(int(score.argmax()), 7)
        y, x, best = float(vy[row]), float(vx[column]), float(score[row, column])
        step /= 3
    return Peak(y, x, best)


def distinct(peaks: list[Peak], apart: float) -> list[Peak]:
    """Drop peaks that the zoom brought to the same place."""
    kept: list[Peak] = []
    for peak in peaks:
        if all(math.hypot(peak.vy - p.vy, peak.vx - p.vx) > apart for p in kept):
            kept.append(peak)
    return kept
