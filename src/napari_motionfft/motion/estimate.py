"""estimate_motion(): the pipeline, readable top to bottom."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Event
from typing import Any, overload

from napari_motionfft.motion.arguments import one_of, velocity_grids
from napari_motionfft.motion.device import describe_device
from napari_motionfft.motion.job import Progress, plan, windowed
from napari_motionfft.motion.memory import within_memory
from napari_motionfft.motion.own_grid import on_grid
from napari_motionfft.motion.paths.pipeline import follow_path
from napari_motionfft.motion.paths.steady import constant
from napari_motionfft.motion.result import Landscape, Motion, MotionSeries
from napari_motionfft.motion.search import search
from napari_motionfft.motion.series import series
from napari_motionfft.motion.tracked.pipeline import follow_object


@overload
def estimate_motion(
    stack: Any,
    model: str = ...,
    *,
    region: tuple[slice, slice] | None = ...,
    max_speed: float | None = ...,
    window: None = ...,
    hop: None = ...,
    weight: str | Any = ...,
    background: str = ...,
    boundary: str = ...,
    prefilter: str = ...,
    degree: int | None = ...,
    knots: int | None = ...,
    binning: int | None = ...,
    effort: str = ...,
    frame_weights: str | Any = ...,
    canvas: str = ...,
    track: bool = ...,
    device: str = ...,
    progress: Progress | None = ...,
    cancel: Event | None = ...,
) -> Motion: ...
@overload
def estimate_motion(
    stack: Any,
    model: str = ...,
    *,
    region: tuple[slice, slice] | None = ...,
    max_speed: float | None = ...,
    window: int,
    hop: int | None = ...,
    weight: str | Any = ...,
    background: str = ...,
    boundary: str = ...,
    prefilter: str = ...,
    degree: int | None = ...,
    knots: int | None = ...,
    binning: int | None = ...,
    effort: str = ...,
    frame_weights: str | Any = ...,
    canvas: str = ...,
    device: str = ...,
    progress: Progress | None = ...,
    cancel: Event | None = ...,
) -> MotionSeries: ...
def estimate_motion(
    stack: Any,
    model: str = "velocity",
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    window: int | None = None,
    hop: int | None = None,
    weight: str | Any = "auto",
    background: str = "none",
    boundary: str = "crop",
    prefilter: str = "none",
    degree: int | None = None,
    knots: int | None = None,
    binning: int | None = None,
    effort: str = "balanced",
    frame_weights: str | Any = "none",
    canvas: str = "frame",
    track: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Motion | MotionSeries:
    """Estimate how the scene of a stack moved, and how sure that is.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array of any real dtype.
    model
        "velocity": constant velocity. "polynomial", "spline" (cubic): smooth, with jumps as steps.
        "free": every frame for itself. "auto": of these, the one of the
        highest log-likelihood less 2 nats for each coefficient.
    region
        (slice_y, slice_x) in px, or None for the whole frame.
    max_speed
        Search range in px/frame an axis; None picks one from the frame size and T.
    window, hop
        Frames of a window, and from one window to the next (default half a window): velocity
        against time. Without a window all frames give one motion.
    weight
        A name of the registry (`auto`, `flat`, `bilinear`, `lanczos`, `gaussian`, `fejer`, `phat`,
        `wiener`) or a non-negative array over the half plane of the region, (Y, X//2+1).
    background
        "static": something stands still and adds to the scene. The temporal mean is taken off for
        the search; then a still and a moving layer are fitted together, where the mean's bias would
        matter, and the standard error holds what the still one takes of the information. Models
        other than "velocity", pre-filters and weights of your own keep to the mean alone: its bias
        away from zero is predicted and added to the standard error of a velocity.
    boundary
        "crop" for real frames; "periodic" only where content that leaves comes in opposite.
    prefilter
        "none", or what the estimate looks at instead of the frames: "gradient" (magnitude),
        "laplacian" or "dog" (difference of Gaussians, 1 and 2 px). The images that come back are
        those of the frames themselves.
    degree, knots, binning
        Size of the model: degree of the polynomial; intervals of the spline; frames that share a
        node of the free path, which is straight between nodes (1: none do). None: chosen in the
        same way as "auto" chooses the model.
    effort
        "fast": found at lower resolution, refined once; "balanced"; "precise": found at full
        resolution, refined until nothing moves. For a constant velocity all are alike.
    frame_weights
        Weights of the frames in the estimate and in the integrated image: "none", "geometric",
        "sharpness" (see `frame_weights()`), or (T,) numbers.
    canvas
        What `integrated` covers: the region ("frame"), or all that it sees as it travels ("union");
        `Motion.origin` tells where it lies.
    track
        The region is drawn around an object in frame 0, and goes along with it over whatever else
        there is: the motion is the object's. Frames that do not show it are excluded. A quarter of
        the region's side, at most 16 px/frame, is searched by default.
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
    MotionSeries
        The same for each window, without images, when `window` is given.

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
        degree=degree,
        knots=knots,
        binning=binning,
        effort=effort,
        frame_weights=frame_weights,
        canvas=canvas,
        track=track,
    )
    found: Motion | MotionSeries
    if window is None and hop is None:
        steady = model == "velocity" and job.asked["frame_weights"] == "none"
        way = follow_object if track else constant if steady else follow_path
        found, job, notes = within_memory(way, job)
    else:
        if model != "velocity":
            raise ValueError(f"window is for model='velocity', got model={model!r}")
        if job.asked["frame_weights"] != "none" or canvas != "frame" or track:
            raise ValueError("window takes neither frame_weights, canvas='union' nor track=True")
        job, frames, step = windowed(job, window, hop, max_speed)
        found, job, notes = within_memory(lambda job: series(job, frames, step), job)
    job.check(1.0, "Done")
    found.settings["seconds"] = round(time.perf_counter() - began, 3)
    notes = [*dict.fromkeys(notes), *found.notes]
    return replace(found, notes=tuple(notes), device=describe_device(job.device))


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
