"""Search the whole range of velocities: coarse landscape, then zoom in on its peaks (METHOD § 3, § 4)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.frames import Box, Frames, apodised, window
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.spectra import Band, radial_mean
from napari_motionfft.motion.weights import WEIGHTS, SceneSpectra, coherent_whitening

Report = Callable[[float, str], None]

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


def default_speed(shape: tuple[int, int], frames: int) -> float:
    """Search range in px/frame: one field a stack, at least 4, at most a quarter field a frame."""
    side = min(shape)
    return float(min(max(4.0, side / frames), side / 4))


def search_spectra(
    frames: Frames,
    box: Box,
    band: Band,
    periodic: bool,
    static: bool,
    device: torch.device,
    block: int,
    check: Report,
) -> torch.Tensor:
    """Spectra of the windowed frames, cropped to the band, (T, Ky, Kx) complex64."""
    (y0, y1), (x0, x1) = box
    taper = window((y1 - y0, x1 - x0), 0.0 if periodic else 0.5).to(device)  # 0.5: Hann
    out = torch.empty(frames.count, *band.size, dtype=torch.complex64, device=device)
    for start, stop in frames.blocks(block):
        check(start / frames.count, "Reading frames")
        values = frames.read(start, stop, box).to(device)
        out[start:stop] = band.crop(torch.fft.rfft2(apodised(values, taper), norm="ortho"))
    if static:
        out -= out.mean(0)
    return out


def scene_before_alignment(
    power: torch.Tensor, band: Band, frames: int, floor: float | None
) -> SceneSpectra:
    """P and N from the mean power of frames alone: radial mean, and its high-frequency floor."""
    total = radial_mean(power, band, 2.0)
    if floor is None:
        outer = total[band.radius() > 0.8 * float(band.radius().max())]
        floor = float(outer.min())
    noise = torch.full_like(total, max(floor, 1e-30))
    # the ring's own scatter must not pass for signal
    return SceneSpectra((total - noise).clamp(min=0), noise, frames)


def noise_floor(
    frames: Frames, box: Box, periodic: bool, device: torch.device
) -> float:
    """High-frequency floor of the frames' power from up to eight of them, whole band."""
    (y0, y1), (x0, x1) = box
    taper = window((y1 - y0, x1 - x0), 0.0 if periodic else 0.5).to(device)
    band = Band.full((y1 - y0, x1 - x0))
    picked = torch.linspace(0, frames.count - 1, min(8, frames.count)).round().long().tolist()
    power = torch.zeros(band.size, dtype=torch.float64)
    for t in picked:
        values = frames.read(t, t + 1, box).to(device)
        spectra = torch.fft.rfft2(apodised(values, taper), norm="ortho")[0]
        power += (spectra.real**2 + spectra.imag**2).double().cpu()
    radial = radial_mean(power / len(picked), band, 4.0)
    outer = radial[(band.radius() > 0.35) & (band.multiplicity() > 0)]
    return float(outer.min())


def search(
    frames: Frames,
    box: Box,
    *,
    max_speed: float,
    weight: str | torch.Tensor,
    static: bool,
    periodic: bool,
    device: torch.device,
    block: int,
    check: Report,
    peaks: int = 8,
) -> SearchResult:
    """Every velocity of the range, then a zoom on each peak with all lags."""
    (y0, y1), (x0, x1) = box
    shape = (y1 - y0, x1 - x0)
    limited = isinstance(weight, str) and weight == "auto" and min(shape) > 64
    band = Band.up_to(shape, BAND_LIMIT) if limited else Band.full(shape)
    spectra = search_spectra(frames, box, band, periodic, static, device, block, check)
    power = (spectra.real**2 + spectra.imag**2).mean(0).double().cpu()
    floor = noise_floor(frames, box, periodic, device)
    scene = scene_before_alignment(power, band, frames.count, floor)
    chosen = choose_weight(weight, band, scene) * band.multiplicity()
    chosen = chosen / chosen.max().clamp(min=1e-300) / power[band.multiplicity() > 0].mean()
    lags = ls.lag_cross_spectra(spectra)
    del spectra
    field = None if periodic else shape
    memory = lags.shape[0]
    if 2 * max_speed * memory / STEP > CELLS_AN_AXIS:
        memory = max(1, int(CELLS_AN_AXIS * STEP / (2 * max_speed)))
    axis = ls.grid(max_speed, STEP / memory)
    values, spread = ls.energy(lags[:memory], chosen, band, axis, axis, field, check)
    score = (values / spread.clamp(min=1e-30).sqrt()).double().cpu()
    found = []
    for row, column in ls.local_maxima(score, 2.0, 4 * peaks):
        start = (float(axis[row]), float(axis[column]))
        found.append(zoom(lags, chosen, band, start, STEP / memory, max_speed, field))
    found = distinct(sorted(found, key=lambda p: -p.score), 1.0 / frames.count)[:peaks]
    kept = Landscape(score.float().numpy(), axis.numpy(), axis.numpy().copy(), found)
    cells = (2 * max_speed * lags.shape[0] / STEP + 1) ** 2
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
