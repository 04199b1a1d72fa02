"""estimate_strip_motion(): the pipeline for strips, readable top to bottom."""

from __future__ import annotations

import time
from threading import Event
from typing import Any

from napari_motionfft.motion.device import describe_device
from napari_motionfft.motion.job import Progress, within
from napari_motionfft.motion.strips.judge import judged
from napari_motionfft.motion.strips.plan import StripJob, plan_strips
from napari_motionfft.motion.strips.result import StripMotion
from napari_motionfft.motion.strips.stages import refine_all, search_all, weigh
from napari_motionfft.motion.strips.windows import Windows, grouped


def estimate_strip_motion(
    kymograph: Any,
    window: int | None = None,
    hop: int | None = None,
    max_speed: float | None = None,
    *,
    weight: str = "auto",
    background: str = "static",
    boundary: str = "crop",
    dt: float | None = None,
    dx: float | None = None,
    time_unit: str = "s",
    length_unit: str = "µm",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> StripMotion:
    """Velocity along a strip, against time when a window is given, and how sure that is.

    Parameters
    ----------
    kymograph
        (T, L) NumPy, torch, dask or zarr array of any real dtype: the intensity along the strip,
        a row a frame. A line scan is one as it is.
    window, hop
        Frames of a window, and from one window to the next (default half a window). Without a
        window all frames give one velocity.
    max_speed
        Search range in px/frame, at most half the strip; None is a quarter of it.
    weight
        A name of the registry: `auto`, `flat`, `bilinear`, `lanczos`, `gaussian`, `fejer`, `phat`,
        `wiener`.
    background
        "static" takes what stands still out (walls, stuck particles, dirt); "none" leaves it,
        for strips that move as a whole.
    boundary
        "crop" for real strips; "periodic" only where content that leaves comes in at the other
        end.
    dt, dx
        Time from frame to frame in `time_unit`, length of a pixel in `length_unit`: they only
        turn the results into physical units.
    device
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    progress, cancel
        As for `estimate_motion`.

    Returns
    -------
    StripMotion
        A window that the data do not support has `reliable` False and a reason.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named.
    Cancelled
        `cancel` was set.

    Notes
    -----
    The objective of `estimate_motion` along one axis (docs/method.md § 11): the landscape of all
    windows from lag cross-spectra, then Gauss–Newton on lines laid along the motion into one mean
    line, each point of it averaged over the frames that see it.
    """
    job = plan_strips(
        {"kymograph": kymograph},
        window,
        hop,
        max_speed,
        weight,
        background,
        boundary,
        dt,
        dx,
        time_unit,
        length_unit,
        device,
        progress,
        cancel,
    )
    return estimate_strips(job)[0]


def estimate_strips(job: StripJob) -> list[StripMotion]:
    """Every strip of a job; windows of one shape go to the device together."""
    began = time.perf_counter()
    groups = grouped(job)
    found: dict[int, StripMotion] = {}
    for turn, group in enumerate(groups):
        low, high = turn / len(groups), (turn + 1) / len(groups)
        found.update(one_shape(job, group, low, high))
    job.check(1.0, "Done")
    seconds = round(time.perf_counter() - began, 3)
    for motion in found.values():
        motion.settings["seconds"] = seconds
    return [found[index] for index in range(len(job.strips))]


def one_shape(job: StripJob, windows: Windows, low: float, high: float) -> dict[int, StripMotion]:
    """Search, weigh, refine and judge the windows of one shape."""

    def stage(first: float, last: float) -> Any:
        return within(job.check, low + (high - low) * first, low + (high - low) * last)

    found, memories = search_all(job, windows, stage(0.0, 0.5))
    weights = weigh(job, windows, found, memories, stage(0.5, 0.6))
    fits = refine_all(job, windows, found, weights, stage(0.6, 1.0))
    where = describe_device(job.device)
    return {strip: judged(job, windows, strip, found, fits, where) for strip in windows.strips}
