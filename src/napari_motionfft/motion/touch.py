"""touch_landscape(): the score and the picture of any velocity, at once."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import Any

import torch

from napari_motionfft.motion.job import Job, Progress, plan, windowed
from napari_motionfft.motion.memory import within_memory
from napari_motionfft.motion.pipeline import held
from napari_motionfft.motion.search import search_band, search_spectra, weigh
from napari_motionfft.motion.series import lowered
from napari_motionfft.motion.touching.glance import glance
from napari_motionfft.motion.touching.ground import Ground
from napari_motionfft.motion.touching.touched import Touch


def touch_landscape(
    stack: Any,
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    window: int | None = None,
    weight: str | Any = "auto",
    background: str = "none",
    boundary: str = "crop",
    prefilter: str = "none",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Touch:
    """Get a stack ready to be averaged along any velocity, with its exact score.

    Reads the stack once and keeps, for T frames of Y × X px, lag cross-spectra of at most
    8·T·(0.6 Y)·(0.3 X) bytes with weight="auto" (3 times that with others), small frames of
    some 19 MB a hundred, and of a lazy stack what fits in memory. `Touch.nbytes` tells. With
    windows it is the frames' own spectra, as large, and the lags of the last 8 windows.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.
    window
        Frames of a window: `Touch.at(frame)` is the landscape of the window around a frame, and
        nothing is computed anew from the pixels for it. None: all frames are one.
    region, max_speed, weight, background, boundary, prefilter, device, progress, cancel
        As `estimate_motion` takes them.

    Returns
    -------
    Touch
        With a window, that of the first frames.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named.
    Cancelled
        `cancel` was set.

    Notes
    -----
    The score is that of the search's landscape: energy of the windowed frames from lag
    cross-spectra, summed at one velocity. The picture is the mean of the frames shifted back,
    each px over the frames that see it.
    """
    job = plan(
        stack,
        "velocity",
        region,
        max_speed,
        weight,
        background,
        boundary,
        prefilter,
        device,
        progress,
        cancel,
    )
    count = None
    if window is not None:
        job, count, _ = windowed(job, window, 1, max_speed)
    touch, job, _ = within_memory(lambda job: prepared(job, count), job)
    job.check(1.0, "Done")
    return touch


def prepared(job: Job, window: int | None) -> Touch:
    """Everything that is kept."""
    whole = ((0, job.frames.shape[0]), (0, job.frames.shape[1]))
    job = held(job, whole, job.stage(0.0, 0.1))
    small = glance(job, job.stage(0.1, 0.4))
    band = search_band(job)
    # a still pattern is taken out window by window
    plain = replace(job, asked={**job.asked, "background": "none"})
    spectra, power = search_spectra(plain, band, job.stage(0.4, 0.8))
    if job.static:
        mean = spectra.mean(0)
        power = lowered(power, (mean.real**2 + mean.imag**2).cpu().double(), band)
    weight, bins, shared = weigh(job, power, band)
    job.check(0.8, "Correlating frames")
    ground = Ground(job, small, spectra, weight, bins, shared, band)
    count = job.frames.count if window is None else window
    lags = ground.lags_of(0, count)
    if window is None:  # one set of lags serves all: the frames' own spectra can go
        ground = replace(ground, spectra=torch.empty_like(spectra[:0]))
        ground.lags[0] = lags
    return Touch(ground, 0, count, window)
