"""estimate_motion(): the pipeline, readable top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any, TypeVar

import torch

from napari_motionfft.motion.crops import cut
from napari_motionfft.motion.device import HOLD_BUDGET, describe_device, frames_per_block
from napari_motionfft.motion.frames import Box, box_shape
from napari_motionfft.motion.integrate import MARGIN, reach
from napari_motionfft.motion.job import Check, Job, Progress, one_of, plan, velocity_grids
from napari_motionfft.motion.judge import judge
from napari_motionfft.motion.own_grid import on_grid
from napari_motionfft.motion.refine import WeightOf, gauss_newton
from napari_motionfft.motion.result import Landscape, Motion
from napari_motionfft.motion.search import resample, search
from napari_motionfft.motion.trajectory import MODELS
from napari_motionfft.motion.weights import WEIGHTS, wiener

Result = TypeVar("Result")


def estimate_motion(
    stack: Any,
    model: str = "velocity",
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    weight: str | Any = "auto",
    background: str = "none",
    boundary: str = "crop",
    prefilter: str = "none",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Motion:
    """Estimate how the scene of a stack moved, and how sure that is.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.
    model
        "velocity": constant velocity.
    region
        (slice_y, slice_x) in px, or None for the whole frame.
    max_speed
        Search range in px/frame an axis; None picks one from the frame size and T.
    weight
        A name of the registry (`auto`, `flat`, `bilinear`, `lanczos`, `gaussian`, `fejer`, `phat`,
        `wiener`) or a non-negative array over the half plane of the region, (Y, X//2+1).
    background
        "static" subtracts the temporal mean first: a still pattern no longer wins, but the estimate
        is biased away from zero; the bias is predicted and added to the standard error.
    boundary
        "crop" for real frames; "periodic" only where content that leaves comes in opposite.
    prefilter
        "none", or what the estimate looks at instead of the frames: "gradient" (magnitude),
        "laplacian" or "dog" (difference of Gaussians, 1 and 2 px). The images that come back are
        those of the frames themselves.
    device
        "auto", "cpu", "cuda", "cuda:1" or "mps".
    progress
        Called with (fraction, message) between blocks.
    cancel
        Checked between blocks; when set, `Cancelled` is raised.

    Returns
    -------
    Motion
        With `reliable=False` and a reason when the data do not determine the motion.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named.
    Cancelled
        `cancel` was set.

    Notes
    -----
    Maximises J(v) = Σ_k W(k)·|mean_t X_t(k)·exp(2πi k·v t)|²: exact landscape from lag
    cross-spectra, then Gauss–Newton on frames cut out along the motion.
    """
    began = time.perf_counter()
    job = plan(
        stack,
        model,
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
    motion, job, notes = within_memory(pipeline, job)
    job.check(1.0, "Done")
    job.asked["seconds"] = round(time.perf_counter() - began, 3)
    return replace(
        motion, notes=(*dict.fromkeys(notes), *motion.notes), device=describe_device(job.device)
    )


def loss_landscape(
    stack: Any,
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    vy: Any = None,
    vx: Any = None,
    scale: str = "noise",
    weight: str | Any = "auto",
    background: str = "none",
    boundary: str = "crop",
    prefilter: str = "none",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Landscape:
    """The exact loss landscape on its own; see `estimate_motion` for what is not told here.

    Parameters
    ----------
    vy, vx
        (Ny,), (Nx,) px/frame: velocities wanted. None: the search's own grid over `max_speed`.
    scale
        "noise": in standard deviations of the landscape's noise, lags without overlap left out.
        "energy": the weighted non-DC energy per pixel of the mean of the windowed frames,
        Σ_k W(k)·|mean_t X_t(k)·exp(2πi k·v t)|², in squared units of the stack; with
        weight="flat" and boundary="periodic" that is the variance of the integrated image
        (the posts' objective). "auto" then means "flat".

    Returns
    -------
    Landscape
        With all peaks, scored in noise σ; on a grid of your own, its cells.

    Raises
    ------
    TypeError, ValueError, Cancelled
        As `estimate_motion`.
    """
    one_of("scale", scale, ("noise", "energy"))
    grids = velocity_grids(vy, vx)
    job = plan(
        stack,
        "velocity",
        region,
        max_speed,
        "flat" if scale == "energy" and isinstance(weight, str) and weight == "auto" else weight,
        background,
        boundary,
        prefilter,
        device,
        progress,
        cancel,
    )
    if scale == "noise" and grids is None:
        found, job, _ = within_memory(lambda job: search(job, job.check).landscape, job)
    else:
        found, job, _ = within_memory(lambda job: on_grid(job, grids, scale == "energy"), job)
    job.check(1.0, "Done")
    return found


def within_memory(run: Callable[[Job], Result], job: Job) -> tuple[Result, Job, list[str]]:
    """Run; when memory runs out, again with smaller blocks, then on the CPU.

    Returns
    -------
    result, the job that gave it, notes for the user

    Raises
    ------
    MemoryError
        Even one frame at a time on the CPU does not fit.
    """
    notes: list[str] = []
    while True:
        try:
            return run(job), job, notes
        except (RuntimeError, MemoryError) as error:
            # torch.OutOfMemoryError is a RuntimeError; the host's allocator raises a plain one
            if not out_of_memory(error):
                raise
        # only here, the handler left, does its traceback not keep the tensors alive
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if job.block > 1:
            job = replace(job, block=max(1, job.block // 4))
            notes.append("Memory ran out: smaller blocks of frames were used.")
        elif job.device.type != "cpu":
            notes.append(f"{describe_device(job.device)} ran out of memory: the CPU was used.")
            cpu = torch.device("cpu")
            job = replace(job, device=cpu, block=frames_per_block(box_shape(job.box), cpu))
        else:
            raise MemoryError("not enough memory for this stack: choose a smaller region")


def out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out, on whatever device."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    told = str(error).lower()
    return any(sign in told for sign in ("out of memory", "not enough memory", "alloc"))


def pipeline(job: Job) -> Motion:
    """Search, refine twice on windows that follow the content, judge, average."""
    found = search(job, job.stage(0.0, 0.5))
    basis = MODELS[job.asked["model"]](job.frames.count)  # (T, K)
    theta = start_of(found.landscape, basis)  # (K, 2)
    wide, _ = reach(job.box, job.frames.shape, basis @ theta, 2 * MARGIN)
    job = held(job, wide, job.stage(0.5, 0.55))
    static = temporal_mean(job, wide, job.stage(0.55, 0.6)) if job.static else None
    weight_of = refine_weight(job.weight)
    fit, crops = None, []
    for low, high in ((0.6, 0.75), (0.75, 0.85)):
        crops = cut(job, basis @ theta, static, job.stage(low, high))
        if not crops:
            break
        fit = gauss_newton(crops, basis, theta, weight_of)
        theta = fit.theta
    return judge(job, found, basis, theta, fit, crops, weight_of, job.stage(0.85, 1.0))


def held(job: Job, box: Box, check: Check) -> Job:
    """Keep what the later passes read in memory, if the stack is lazy and that part fits."""
    return replace(job, frames=job.frames.hold(box, job.block, HOLD_BUDGET, check))


def temporal_mean(job: Job, box: Box, check: Check) -> torch.Tensor:
    """(Y, X) float32 mean of the frames as they are, within a box; 0 elsewhere."""
    total = torch.zeros(box_shape(box), dtype=torch.float64)
    for start, stop in job.frames.blocks(job.block):
        check(start / job.frames.count, "Measuring the static background")
        total += job.frames.filtered(start, stop, box, job.prefilter).sum(0, dtype=torch.float64)
    mean = torch.zeros(job.frames.shape)
    mean[slice(*box[0]), slice(*box[1])] = (total / job.frames.count).float()
    return mean


def start_of(landscape: Landscape, basis: torch.Tensor) -> torch.Tensor:
    """θ (K, 2) whose path comes nearest to the highest peak's constant velocity."""
    peak = landscape.peaks[0] if landscape.peaks else (0.0, 0.0, 0.0)
    t = torch.arange(len(basis), dtype=torch.float64)[:, None]
    path = t * torch.tensor([peak[:2]], dtype=torch.float64)
    solution: torch.Tensor = torch.linalg.lstsq(basis, path).solution
    return solution


def refine_weight(weight: str | torch.Tensor) -> WeightOf:
    """The refinement's weight: maximum likelihood for "auto"."""
    if isinstance(weight, torch.Tensor):
        return lambda band, scene: resample(weight, band)
    return wiener if weight == "auto" else WEIGHTS[weight]
