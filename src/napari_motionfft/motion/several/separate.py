"""separate_motions(): several motions of one stack, each with its own image."""

from __future__ import annotations

import operator
import time
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.arguments import one_of
from napari_motionfft.motion.device import describe_device
from napari_motionfft.motion.job import Job, Progress, plan
from napari_motionfft.motion.memory import within_memory
from napari_motionfft.motion.search import search
from napari_motionfft.motion.several.doubts import doubt, notes_on
from napari_motionfft.motion.several.field import layers_of_all, reduction, smaller, solved_well
from napari_motionfft.motion.several.misfit import departures, misfits
from napari_motionfft.motion.several.occlusion import separate_occluding
from napari_motionfft.motion.several.peel import MOST, peeled, score_at
from napari_motionfft.motion.several.result import Motions
from napari_motionfft.motion.several.told import (
    covariances,
    energies,
    images,
    motion_of,
    plain_mean,
    rescaled,
)

KINDS = ("additive", "occluding")
"""What `kind=` takes."""


def separate_motions(
    stack: Any,
    n: int | str = "auto",
    *,
    kind: str = "additive",
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    background: str = "none",
    false_alarm: float = 0.01,
    weight: str | Any = "auto",
    boundary: str = "crop",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Motions:
    """Separate motions of constant velocity that one stack holds.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.
    n
        How many motions, 1 to 6; "auto": until the next peak of the landscape may be chance.
    kind
        "additive": layers that add up, as of fluorescence, shadows, reflections. "occluding": one
        opaque layer in front of another, two motions.
    region
        (slice_y, slice_x) in px, or None for the whole frame. Only what lies in it is used.
    max_speed
        Search range in px/frame an axis; None picks one from the region's size and T.
    background
        "static": something stands still and adds to the moving layers; it is taken out as a layer
        of velocity 0, and not listed as a motion. For "additive" only.
    false_alarm
        Chance that n="auto" takes noise for one motion more.
    weight
        Spectral weight of the search, as of `estimate_motion`; velocities are then refined by
        maximum likelihood whatever it is.
    boundary
        "crop" for real frames; "periodic" only where content that leaves comes in opposite.
    device, progress, cancel
        As of `estimate_motion`.

    Returns
    -------
    Motions
        A list of `Motion`, strongest first; empty with n="auto" where nothing is certain to move
        or stand. Each `integrated` is its layer alone, as frame 0 would show it; `stopped` says
        why there are no more.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named.
    Cancelled
        `cancel` was set.

    Notes
    -----
    Additive: X_t(k) = Σ_m L_m(k)·exp(−2πi k·v_m t) + noise. Velocities by marginal likelihood,
    layers as their posterior mean: least squares a frequency, held back by the layers' own
    spectra where phases coincide (docs/method.md § 9).
    """
    began = time.perf_counter()
    number = how_many(n)
    one_of("kind", kind, KINDS)
    if isinstance(false_alarm, bool) or not isinstance(false_alarm, (int, float, np.number)):
        raise TypeError(f"false_alarm must be a number between 0 and 1, got {false_alarm!r}")
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm must be between 0 and 1, got {false_alarm!r}")
    if kind == "occluding":
        check_occluding(number, background)
    job = plan(
        stack,
        "velocity",
        region,
        max_speed,
        weight,
        background,
        boundary,
        "none",
        device,
        progress,
        cancel,
    )
    if job.frames.count < 4:
        raise ValueError(
            f"stack must have at least 4 frames to separate motions, got {job.frames.count}"
        )
    job.asked.update({"n": number or "auto", "kind": kind, "false_alarm": float(false_alarm)})
    work = additive if kind == "additive" else occluding
    found, job, notes = within_memory(lambda job: work(job, number, float(false_alarm)), job)
    job.check(1.0, "Done")
    place = describe_device(job.device)
    seconds = round(time.perf_counter() - began, 3)
    for index, motion in enumerate(found):
        motion.settings["seconds"] = seconds
        told = tuple(dict.fromkeys([*notes, *motion.notes]))
        found[index] = replace(motion, device=place, notes=told)
    return found


def how_many(n: Any) -> int | None:
    """The number of motions asked for, None for "auto".

    Raises
    ------
    TypeError, ValueError
        Neither "auto" nor 1 to 6.
    """
    if isinstance(n, str):
        if n == "auto":
            return None
        raise ValueError(f"n must be 'auto' or a whole number from 1 to {MOST}, got {n!r}")
    try:
        number = None if isinstance(n, bool) else operator.index(n)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"n must be 'auto' or a whole number from 1 to {MOST}, got {n!r}")
    if not 1 <= number <= MOST:
        raise ValueError(f"n must be 'auto' or a whole number from 1 to {MOST}, got {n!r}")
    return number


def check_occluding(number: int | None, background: str) -> None:
    """Refuse what two opaque layers cannot be.

    Raises
    ------
    ValueError
        More or fewer than two motions, or a still background that adds.
    """
    if number not in (None, 2):
        raise ValueError(f"kind='occluding' separates two motions: n must be 2, got {number}")
    if background != "none":
        raise ValueError(
            "kind='occluding' needs background='none': what stands still is one of its two motions"
        )


def additive(job: Job, number: int | None, false_alarm: float) -> Motions:
    """Find, fit together, and give each motion its image."""
    factor = reduction(job)
    small = smaller(job, factor)
    found = peeled(small, number, false_alarm, job.stage(0.0, 0.5))
    velocities = found.velocities * factor
    plain = plain_mean(job)
    many = len(velocities)
    still = torch.zeros(1 if job.static else 0, 2, dtype=torch.float64)
    if not many:
        still_alone = plain.float().numpy() if job.static else None
        return Motions(background=still_alone, stopped=found.stopped)
    every = torch.cat([velocities, still])
    free = torch.arange(len(every)) < many
    layered = replace(job, asked={**job.asked, "background": "none"})
    fit, tori = layers_of_all(layered, every, free, job.stage(0.5, 0.9), True)
    fit = solved_well(fit, tori)
    shares, rest = energies(fit, tori, job.stage(0.9, 1.0))
    pictures = images(job, fit, tori, float(plain.mean()))
    inflation, far = misfits(fit, tori), departures(fit, tori)
    errors = covariances(fit, job.frames.count, inflation)
    landscape = rescaled(found.landscape, factor) if factor > 1 else found.landscape
    order = np.argsort(-shares[:many], kind="stable").tolist()
    motions = [
        motion_of(
            job,
            fit.model.velocities[m],
            errors[m],
            found.scores[m],
            doubt(
                job,
                found,
                m,
                fit.model.velocities[m],
                errors[m],
                float(shares.sum()),
                rest,
                float(far[m]),
            ),
            pictures[m],
            plain.float().numpy(),
            landscape,
            notes_on(fit, float(inflation[m])),
        )
        for m in order
    ]
    return Motions(
        motions,
        shares=shares[order],
        residual_energy=rest,
        background=pictures[many] if job.static else None,
        background_share=float(shares[many]) if job.static else 0.0,
        stopped=found.stopped,
    )


def occluding(job: Job, number: int | None, false_alarm: float) -> Motions:
    """Two opaque layers."""
    found = search(job, job.stage(0.0, 0.2))
    told = separate_occluding(job, found.landscape.peaks, job.stage(0.2, 1.0))
    if told is None:
        return Motions(kind="occluding", stopped="The landscape holds no second motion.")
    plain = plain_mean(job).float().numpy()
    order = np.argsort(-told.shares, kind="stable").tolist()
    motions = []
    for m in order:
        velocity = torch.from_numpy(told.velocities[m])
        covariance = torch.from_numpy(told.covariances[m])
        motions.append(
            motion_of(
                job,
                velocity,
                covariance,
                score_at(job, velocity, job.check),
                told.reasons[m],
                told.images[m],
                plain,
                found.landscape,
                told.notes,
                told.coverage[m],
            )
        )
    return Motions(
        motions,
        shares=told.shares[order],
        residual_energy=told.residual_share,
        kind="occluding",
        masks=told.masks,
        front=order.index(told.front) if told.determined else None,
        stopped="One layer in front of another: two motions.",
    )
