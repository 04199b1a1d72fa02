"""The landscape of what a travelling window shows (docs/method.md § 3, § 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.crops import cut
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Landscape
from napari_motionfft.motion.search import (
    CELLS_AN_AXIS,
    SearchResult,
    memory_of,
    scan,
    search_band,
    step_of,
    weigh,
)
from napari_motionfft.motion.significance import threshold
from napari_motionfft.motion.spectra import Band, shifted_back


def travelling_landscape(
    job: Job, path: torch.Tensor, lost: Sequence[int], static: torch.Tensor | None, check: Check
) -> SearchResult:
    """Every velocity of the range, for what windows along a path (T, 2) show.

    Each window's spectrum is that of content where it lies in the frame: a lag may be longer than
    the window, as the window goes along.
    """
    crops = cut(job, path, static, within(check, 0.0, 0.5))
    crop = replace(max(crops, key=lambda one: one.count), taper=1.0, keep=False)
    band = Band(crop.shape, *narrowed(search_band(job), crop.shape))
    power = torch.zeros(Band.full(crop.shape).size, dtype=torch.float64)
    spectra = torch.zeros(job.frames.count, *band.size, dtype=torch.complex64, device=job.device)
    for first, part in crop.spectra():
        begin = crop.start + first
        power += (part.real.square() + part.imag.square()).sum(0).cpu().double() / crop.count
        away = -crop.placed[first : first + len(part)]
        spectra[begin : begin + len(part)] = shifted_back(band.crop(part), band, away)
    spectra[list(lost)] = 0
    inner = replace(job, box=crop.box)
    weight, bins, _ = weigh(inner, power, band)
    shared = crop.overcount
    lags = ls.Lags.of(spectra, weight, band, None, shared)
    limit, step = job.asked["max_speed"], step_of(job)
    memory = memory_of(lags.count, limit, step, CELLS_AN_AXIS)
    found: Landscape = scan(lags, limit, step, CELLS_AN_AXIS, 8, within(check, 0.5, 1.0))
    return SearchResult(found, threshold((2 * limit * memory / step + 1) ** 2, bins))


def narrowed(band: Band, shape: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows, ky and kx of a band's range on a window of another shape."""
    limit = max(float(band.ky.abs().max()), float(band.kx.max()))
    other = Band.up_to(shape, limit)
    return other.rows, other.ky, other.kx
