"""Velocity against time: windows of a stack, searched together, each refined on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.integrate import MARGIN, reach
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.judge import Verdict, verdict
from napari_motionfft.motion.pipeline import follow, held, refine_weight, temporal_mean
from napari_motionfft.motion.refine import WeightOf
from napari_motionfft.motion.result import MotionSeries
from napari_motionfft.motion.search import (
    CELLS_AN_AXIS,
    SearchResult,
    climb,
    in_doubt,
    memory_of,
    search_band,
    search_spectra,
    step_of,
    weigh,
)
from napari_motionfft.motion.several.still import without_bias
from napari_motionfft.motion.spectra import Band
from napari_motionfft.motion.trajectory import velocity

MOST_WINDOWS = 64
"""Windows whose landscapes are made at once."""


@dataclass(frozen=True)
class Part:
    """Frames start…start + count of an array-like, nothing read."""

    data: Any
    start: int
    count: int

    @property
    def shape(self) -> tuple[int, ...]:
        """(count, Y, X)."""
        return (self.count, *self.data.shape[1:])

    @property
    def dtype(self) -> Any:
        """That of the array."""
        return self.data.dtype

    def __getitem__(self, key: tuple[slice, slice, slice]) -> Any:
        first, last, _ = key[0].indices(self.count)
        return self.data[(slice(self.start + first, self.start + last), *key[1:])]


def part_of(job: Job, start: int, count: int) -> Job:
    """The same job on some of its frames."""
    frames, held = job.frames, job.frames.held
    if held is not None:
        held = (held[0][start : start + count], held[1])
    frames = replace(frames, data=Part(frames.data, start, count), held=held)
    return replace(job, frames=frames, asked={**job.asked, "frames": count})


def series(job: Job, window: int, hop: int) -> MotionSeries:
    """Search, refine and judge every window."""
    weight_of = refine_weight(job.weight)
    starts = torch.arange(0, job.frames.count - window + 1, hop)
    everything = ((0, job.frames.shape[0]), (0, job.frames.shape[1]))
    job = held(job, everything, job.stage(0.0, 0.1))
    found = list(search_series(job, window, starts, job.stage(0.1, 0.5)))
    told = []
    for turn, (start, result) in enumerate(zip(starts.tolist(), found, strict=True)):
        low, high = 0.5 + 0.5 * turn / len(starts), 0.5 + 0.5 * (turn + 1) / len(starts)
        told.append(refined(part_of(job, start, window), result, weight_of, job.stage(low, high)))
    left = job.frames.count - int(starts[-1]) - window
    notes = [note for one in told for note in one.notes]
    common = [note for note in dict.fromkeys(notes) if notes.count(note) == len(told)]
    if left:
        common.append(f"The last {left} frames do not fill a window.")
    return MotionSeries(
        starts=starts.numpy(),
        window=window,
        velocities=torch.stack([one.velocity for one in told]).numpy(),
        stderr=torch.stack([one.stderr for one in told]).numpy(),
        score=np.array([result.score for result in found]),
        reliable=np.array([one.reason == "" for one in told]),
        reasons=tuple(one.reason for one in told),
        landscapes=tuple(result.landscape for result in found),
        region=job.box,
        settings={**job.asked, "window": window, "hop": hop},
        device="",
        notes=tuple(common),
    )


def search_series(
    job: Job, window: int, starts: torch.Tensor, check: Check
) -> Iterator[SearchResult]:
    """The landscape of every window; each frame is transformed once for all windows it is in.

    One weight serves the windows of a group: it is measured on all their frames.
    """
    band = search_band(replace(job, frames=part_of(job, 0, window).frames))
    one = 8 * band.size[0] * band.size[1]
    fit = max(1, memory_budget(job.device) // (4 * one) // max(1, window))
    size = min(MOST_WINDOWS, fit)
    for first in range(0, len(starts), size):
        mine = starts[first : first + size]
        inner = within(check, first / len(starts), min(1.0, (first + size) / len(starts)))
        base, stop = int(mine[0]), int(mine[-1]) + window
        part = part_of(job, base, stop - base)
        # the still pattern is taken out window by window, so that each is as if estimated alone
        plain = replace(part, asked={**part.asked, "background": "none"})
        spectra, power = search_spectra(plain, band, within(inner, 0.0, 0.4))
        if job.static:
            mean = spectra.mean(0)
            gone = (mean.real**2 + mean.imag**2).cpu().double()
            power = lowered(power, gone, band)
        weight, bins, shared = weigh(part, power, band)
        cut_out = torch.stack([spectra[s - base : s - base + window] for s in mine.tolist()], 1)
        if job.static:
            cut_out = cut_out - cut_out.mean(0)
        field = None if job.periodic else box_shape(job.box)
        yield from searched(part, cut_out, weight, bins, shared, band, field, within(inner, 0.4, 1))


def lowered(power: torch.Tensor, gone: torch.Tensor, band: Band) -> torch.Tensor:
    """Mean power (Y, X//2+1) less that of a still pattern, known within a band (Ky, Kx)."""
    out = power.clone()
    columns = gone.shape[1]
    out[band.rows, :columns] = (out[band.rows, :columns] - gone).clamp(min=0)
    return out


def searched(
    job: Job,
    spectra: torch.Tensor,
    weight: torch.Tensor,
    bins: float,
    shared: float,
    band: Band,
    field: tuple[int, int] | None,
    check: Check,
    peaks: int = 8,
) -> Iterator[SearchResult]:
    """Landscapes of B windows (n, B, Ky, Kx) with the same products for all."""
    n, count = spectra.shape[:2]
    limit, step = job.asked["max_speed"], step_of(job)
    lags = ls.lag_cross_spectra(spectra.flatten(1, 2)).reshape(n - 1, count, *band.size)
    lags *= weight.to(lags.device, lags.real.dtype)
    once = ls.uncounted(band).to(lags.device, lags.real.dtype)
    power = ((lags.real.square() + lags.imag.square()) * once).sum((-1, -2))  # (n − 1, B)
    variance = 2 * shared * power.cpu().double()
    memory = memory_of(n - 1, limit, step, CELLS_AN_AXIS)
    axis = ls.grid(limit, step / memory)
    total = torch.zeros(count, len(axis), len(axis), device=lags.device)
    spread = torch.zeros(count, len(axis), len(axis), dtype=torch.float64)
    for index in range(memory):
        check(0.7 * index / memory, "Searching velocities")
        lag = index + 1
        seen_y = ls.extent(ls.visible(axis, lag, field and field[0]))
        seen_x = ls.extent(ls.visible(axis, lag, field and field[1]))
        along = ls.phase(lag * axis[seen_y, None] * band.ky, lags.device)  # (ny, Ky)
        turns = lag * band.kx[:, None] * axis[None, seen_x]  # (Kx, nx)
        half = torch.view_as_real(along @ lags[index]).flatten(-2)  # (B, ny, 2Kx)
        total[:, seen_y, seen_x] += 2 * (half @ ls.cos_minus_sin(turns, lags.device))
        spread[:, seen_y, seen_x] += variance[index][:, None, None]
    score = total.cpu().double() / spread.clamp(min=1e-30).sqrt()
    for at in range(count):
        check(0.7 + 0.3 * at / count, "Zooming in on peaks")
        one = ls.Lags(lags[:, at], variance[:, at], band, field)
        still = within(check, 0.7 + 0.3 * at / count, 0.7 + 0.3 * (at + 1) / count)
        kept = climb(one, score[at], axis, step / memory, limit, peaks, still)
        yield in_doubt(job, one, bins, kept, peaks, still)


def refined(job: Job, found: SearchResult, weight_of: WeightOf, check: Check) -> Verdict:
    """Gauss–Newton on windows that travel, as for a whole stack, without its images."""
    basis = velocity(job.frames.count)  # (n, 1)
    peak = found.landscape.peaks[0][:2] if found.landscape.peaks else (0.0, 0.0)
    theta = torch.tensor([peak], dtype=torch.float64)  # (1, 2)
    wide, _ = reach(job.box, job.frames.shape, basis @ theta, 2 * MARGIN)
    static = temporal_mean(job, wide, within(check, 0.0, 0.1)) if job.static else None
    theta, fit, crops = follow(job, basis, theta, static, weight_of, within(check, 0.1, 1.0))
    joint = without_bias(job, theta, fit, crops, check)
    theta = theta if joint is None else joint[0][None]
    return verdict(job, found, basis, theta, fit, crops, weight_of, halves=False, joint=joint)
