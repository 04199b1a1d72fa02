"""The region as a stack of its own, smaller where it is large, and a fit of layers to it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch
from scipy.fft import dctn, idctn

from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.frames import Frames, box_shape
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.several.fit import Layered, first_model, fitted
from napari_motionfft.motion.several.solve import solved
from napari_motionfft.motion.several.torus import Torus, torus_shape

SIDE = 192
"""px of the shorter side on which motions are found; larger fields are made smaller."""
FULL_STEPS = 4
"""Gauss–Newton steps at full resolution, from where the smaller one ended."""
IMAGE_STEPS, IMAGE_ACCURACY = 60, 1e-5
"""Further conjugate gradients for layers that are shown, and how exact they have to be."""


def reduction(job: Job) -> int:
    """px a side that are made one before motions are looked for."""
    shape = box_shape(job.box)
    factor = -(-min(shape) // SIDE)
    if isinstance(job.weight, torch.Tensor) or (job.periodic and any(n % factor for n in shape)):
        return 1
    return factor


def smaller(job: Job, factor: int) -> Job:
    """The job on its region alone, `factor` px made one a side; speeds count in these."""
    asked = {**job.asked, "max_speed": job.asked["max_speed"] / factor}
    if factor == 1:
        return replace(job, asked=asked)
    parts = [
        shrunk(job.frames.read(start, stop, job.box), factor, job.periodic)
        for start, stop in job.frames.blocks(job.block)
    ]
    values = torch.cat(parts)  # (T, h, w)
    box = ((0, int(values.shape[1])), (0, int(values.shape[2])))
    frames = Frames(values, box_shape(box), 0.0, 1.0)
    return replace(job, frames=frames, box=box, block=job.block * factor**2, asked=asked)


def shrunk(values: torch.Tensor, factor: int, periodic: bool) -> torch.Tensor:
    """Frames (n, h, w) at a lower resolution, (n, h // factor, w // factor).

    Without the frequencies that this cannot hold: folded back they would move as a motion of their
    own. The cosine transform does not tie opposite edges together.
    """
    height, width = (size // factor for size in values.shape[1:])
    part = values[:, : height * factor, : width * factor]
    if not periodic:
        low = dctn(part.numpy(), axes=(1, 2), norm="ortho")[:, :height, :width]
        return torch.from_numpy(idctn(low, axes=(1, 2), norm="ortho") / factor)
    spectra = torch.fft.rfft2(part, norm="forward")[:, :, : width // 2 + 1]
    top = (height + 1) // 2
    kept = torch.zeros(len(part), height, width // 2 + 1, dtype=spectra.dtype)
    kept[:, :top] = spectra[:, :top]
    kept[:, height - top + 1 :] = spectra[:, spectra.shape[1] - top + 1 :]
    if width % 2 == 0:
        kept[:, :, -1] = 0  # has no sign
    out: torch.Tensor = torch.fft.irfft2(kept, s=(height, width), norm="forward")
    return out


def run_length(shape: tuple[int, int], velocities: torch.Tensor, frames: int) -> int:
    """Frames within which no motion travels further than the field is wide."""
    fastest = velocities.abs().amax(0).clamp(min=1e-9)
    within_field = min(size / float(v) for size, v in zip(shape, fastest, strict=True))
    runs = -(-frames // max(3, int(within_field)))
    return -(-frames // runs)


def laid_out(job: Job, velocities: torch.Tensor, check: Check) -> list[Torus]:
    """The runs of a job for layers of these velocities (M, 2)."""
    shape, count = box_shape(job.box), job.frames.count
    length = count if job.periodic else run_length(shape, velocities, count)
    torus = torus_shape(shape, velocities, length, job.periodic)
    size = torus[0] * (torus[1] // 2 + 1) * 8
    keep = size * count <= memory_budget(job.device)
    block = max(1, min(job.block, 2**24 // size))
    runs = -(-count // length)
    ends = [run * count // runs for run in range(runs + 1)]  # even: none of a single frame
    return [
        Torus(job.frames, job.box, start, stop, torus, job.device, block, check, keep)
        for start, stop in pairwise(ends)
    ]


def layers_of(
    job: Job, velocities: torch.Tensor, free: torch.Tensor, check: Check, steps: int = 12
) -> tuple[Layered, list[Torus]]:
    """Layers of some velocities, these refined where they are free.

    Parameters
    ----------
    velocities, free
        (M, 2) px/frame to start from; (M,) bool.
    """
    tori = laid_out(job, velocities, check)
    return fitted(tori, first_model(tori[0], velocities, free), steps), tori


def layers_of_all(
    job: Job, velocities: torch.Tensor, free: torch.Tensor, check: Check, refined: bool = False
) -> tuple[Layered, list[Torus]]:
    """The same, found on a smaller field first where the region is large, unless it was already."""
    factor = reduction(job)
    if refined:
        return layers_of(job, velocities, free, check, FULL_STEPS)
    if factor == 1:
        return layers_of(job, velocities, free, check)
    small = smaller(job, factor)
    fit, _ = layers_of(small, velocities / factor, free, within(check, 0.0, 0.4))
    start = torch.where(free[:, None], fit.model.velocities * factor, velocities)
    return layers_of(job, start, free, within(check, 0.4, 1.0), FULL_STEPS)


def solved_well(fit: Layered, tori: list[Torus]) -> Layered:
    """The same velocities with layers that are solved further."""
    layers = [
        solved(torus, fit.model, start, IMAGE_STEPS, IMAGE_ACCURACY)
        for torus, start in zip(tori, fit.layers, strict=True)
    ]
    return replace(fit, layers=layers)
