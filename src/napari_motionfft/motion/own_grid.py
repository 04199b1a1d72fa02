"""The landscape on a grid that the caller chose, in noise σ or as the posts' energy."""

from __future__ import annotations

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.search import (
    STEP_SHARP,
    choose_weight,
    prepare,
    scene_before_alignment,
    search_spectra,
    see,
)
from napari_motionfft.motion.spectra import Band


def on_grid(job: Job, grids: tuple[torch.Tensor, torch.Tensor] | None, energy: bool) -> Landscape:
    """The landscape at given velocities (vy, vx), or at a grid over the search range."""
    if energy:
        lags, constant = unscaled(job, job.stage(0.0, 0.7))
    else:
        (lags, _), constant = prepare(job, see(job, job.stage(0.0, 0.7))), 0.0
    if grids is None:
        axis = ls.grid(job.asked["max_speed"], STEP_SHARP / lags.count)
        grids = (axis, axis)
    values, spread = ls.energy(lags, *grids, check=job.stage(0.7, 1.0))
    score = (values / spread.clamp(min=1e-30).sqrt()).cpu().double()
    peaks = [
        Peak(float(grids[0][i]), float(grids[1][j]), float(score[i, j]))
        for i, j in ls.local_maxima(score, 2.0, 8)
    ]
    if energy:
        score = (values.cpu().double() + constant) / (lags.count + 1) ** 2
    return Landscape(score.float().numpy(), grids[0].numpy(), grids[1].numpy().copy(), peaks)


def unscaled(job: Job, check: Check) -> tuple[ls.Lags, float]:
    """Lag cross-spectra in squared units of the stack a pixel, no lag masked; Σ_k W·A_0."""
    shape = box_shape(job.box)
    band = Band.full(shape)
    spectra, power = search_spectra(job, band, check)
    scene = scene_before_alignment(power, band, job.frames.count)
    weight = choose_weight(job.weight, band, scene) * band.multiplicity()
    weight = weight * job.frames.scale**2 / (shape[0] * shape[1])
    constant = float((weight * power).sum()) * job.frames.count
    return ls.Lags.of(spectra, weight, band, None, 1.0), constant
