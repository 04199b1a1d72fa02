"""estimate_motion(): the pipeline, readable top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion import precision
from napari_motionfft.motion.crops import TAPER, Crop, runs
from napari_motionfft.motion.device import (
    choose_device,
    describe_device,
    frames_per_block,
    memory_budget,
)
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.motion.frames import Box, Frames, as_box, as_frames
from napari_motionfft.motion.integrate import mean_images
from napari_motionfft.motion.refine import Fit, WeightOf, gauss_newton
from napari_motionfft.motion.result import Landscape, Motion
from napari_motionfft.motion.search import SearchResult, default_speed, resample, search
from napari_motionfft.motion.trajectory import MODELS
from napari_motionfft.motion.weights import WEIGHTS, weight_names, wiener

Progress = Callable[[float, str], object]


def estimate_motion(
    stack: Any,
    model: str = "velocity",
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    weight: str | Any = "auto",
    background: str = "none",
    boundary: str = "crop",
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
    frames = as_frames(stack)
    box = as_box(region, frames.shape)
    asked = settings(frames, box, model, max_speed, weight, background, boundary, device)
    check = reporter(progress, cancel)
    chosen = choose_device(device)
    notes: list[str] = []
    block = frames_per_block((box[0][1] - box[0][0], box[1][1] - box[1][0]), chosen)
    while True:
        try:
            motion = pipeline(frames, box, asked, weight, chosen, block, check)
            break
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            if block > 1:
                block = max(1, block // 4)
                notes.append("Device memory ran out: smaller blocks were used.")
            elif chosen.type != "cpu":
                notes.append(f"{describe_device(chosen)} ran out of memory: the CPU was used.")
                chosen = torch.device("cpu")
                block = frames_per_block(frames.shape, chosen)
            else:
                raise MemoryError("not enough memory; choose a smaller region") from None
    check(1.0, "Done")
    asked["seconds"] = round(time.perf_counter() - began, 3)
    return replace(
        motion, notes=(*dict.fromkeys(notes), *motion.notes), device=describe_device(chosen)
    )


def settings(
    frames: Frames,
    box: Box,
    model: str,
    max_speed: float | None,
    weight: Any,
    background: str,
    boundary: str,
    device: str,
) -> dict[str, Any]:
    """Check the scalar arguments and note what was asked.

    Raises
    ------
    TypeError, ValueError
        An argument is not one of its values.
    """
    choices = {
        "model": (model, tuple(MODELS)),
        "background": (background, ("none", "static")),
        "boundary": (boundary, ("crop", "periodic")),
    }
    for name, (value, allowed) in choices.items():
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    shape = (box[0][1] - box[0][0], box[1][1] - box[1][0])
    if isinstance(weight, str):
        if weight not in weight_names():
            raise ValueError(f"weight must be one of {', '.join(weight_names())}, got {weight!r}")
    else:
        half = np.asarray(weight)
        wanted = (shape[0], shape[1] // 2 + 1)
        if half.shape != wanted or half.dtype.kind not in "biuf":
            raise ValueError(f"weight must be a name or a real array {wanted}, got {half.shape}")
        if not np.isfinite(half).all() or (half < 0).any() or not half.any():
            raise ValueError("weight must be finite, non-negative and not all zero")
    if max_speed is None:
        max_speed = default_speed(shape, frames.count)
    if isinstance(max_speed, bool) or not isinstance(max_speed, (int, float, np.number)):
        raise TypeError(f"max_speed must be a number of px/frame or None, got {max_speed!r}")
    if not 0 < max_speed <= min(shape) / 2:
        raise ValueError(
            f"max_speed must be above 0 and at most half the field, {min(shape) / 2:g} px/frame, "
            f"got {max_speed!r}"
        )
    if boundary == "periodic" and shape != frames.shape:
        raise ValueError("boundary='periodic' needs the whole frame: region must be None")
    return {
        "model": model,
        "region": [list(side) for side in box],
        "max_speed": float(max_speed),
        "weight": weight if isinstance(weight, str) else "array",
        "background": background,
        "boundary": boundary,
        "device": device,
        "frames": frames.count,
    }


def reporter(progress: Progress | None, cancel: Event | None) -> Callable[[float, str], None]:
    """One callable that reports progress and stops when cancelled."""

    def check(fraction: float, message: str) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled("cancelled")
        if progress is not None:
            progress(fraction, message)

    return check


def within(check: Callable[[float, str], None], low: float, high: float) -> Callable[[float, str], None]:
    """Report a stage's own 0…1 as its share of the whole run."""
    return lambda fraction, message: check(low + (high - low) * fraction, message)


def pipeline(
    frames: Frames,
    box: Box,
    asked: dict[str, Any],
    weight: Any,
    device: torch.device,
    block: int,
    check: Callable[[float, str], None],
) -> Motion:
    """Search, refine twice, judge, average."""
    periodic, static = asked["boundary"] == "periodic", asked["background"] == "static"
    given = weight if isinstance(weight, str) else torch.as_tensor(np.asarray(weight))
    check_varies(frames, box)
    found = search(
        frames,
        box,
        max_speed=asked["max_speed"],
        weight=given,
        static=static,
        periodic=periodic,
        device=device,
        block=block,
        check=within(check, 0.0, 0.5),
    )
    background = temporal_mean(frames, block, within(check, 0.5, 0.55)) if static else None
    basis = MODELS[asked["model"]](frames.count)
    theta = start_of(found.landscape, basis)
    fit, crops = None, []
    for low, high in ((0.55, 0.7), (0.7, 0.85)):
        crops = cut(frames, box, basis @ theta, periodic, background, device, block,
                    within(check, low, high))
        if not crops:
            break
        fit = gauss_newton(crops, basis, theta, refine_weight(given))
        theta = fit.theta
    return judge(frames, box, asked, found, basis, theta, fit, crops, device, block,
                 within(check, 0.85, 1.0), refine_weight(given))


def check_varies(frames: Frames, box: Box) -> None:
    """Refuse a stack with nothing to track.

    Raises
    ------
    ValueError
        The first, middle and last frame are each constant in the region.
    """
    picked = sorted({0, frames.count // 2, frames.count - 1})
    if all(float(np.ptp(frames.read(t, t + 1, box).numpy())) == 0 for t in picked):
        raise ValueError("stack is constant in the region: there is nothing to track")


def temporal_mean(frames: Frames, block: int, check: Callable[[float, str], None]) -> torch.Tensor:
    """(Y, X) float32 mean of the frames as they are, less the offset."""
    whole = (0, frames.shape[0]), (0, frames.shape[1])
    total = torch.zeros(frames.shape, dtype=torch.float64)
    for start, stop in frames.blocks(block):
        check(start / frames.count, "Measuring the static background")
        total += frames.read(start, stop, whole).sum(0, dtype=torch.float64)
    return (total / frames.count).float()


def start_of(landscape: Landscape, basis: torch.Tensor) -> torch.Tensor:
    """θ (K, 2) whose path comes nearest to the highest peak's constant velocity."""
    peak = landscape.peaks[0] if landscape.peaks else (0.0, 0.0, 0.0)
    t = torch.arange(len(basis), dtype=torch.float64)[:, None]
    path = t * torch.tensor([peak[:2]], dtype=torch.float64)
    return torch.linalg.lstsq(basis, path).solution


def cut(
    frames: Frames,
    box: Box,
    path: torch.Tensor,
    periodic: bool,
    static: torch.Tensor | None,
    device: torch.device,
    block: int,
    check: Callable[[float, str], None],
) -> list[Crop]:
    """Windows that travel along `path`: one run of frames, or several when the travel is long."""
    if periodic:
        pieces = [(0, frames.count, box)]
    else:
        pieces = runs(box, frames.shape, path)
    kept = memory_budget(device)
    crops = []
    for start, stop, inside in pieces:
        placed = torch.round(path[start:stop] - path[start])
        if periodic:
            placed = torch.zeros_like(placed)
        (y0, y1), (x0, x1) = inside
        size = (stop - start) * (y1 - y0) * ((x1 - x0) // 2 + 1) * 8
        keep = size <= kept
        kept -= size if keep else 0
        taper = 0.0 if periodic else TAPER
        crops.append(
            Crop(frames, start, stop, inside, placed, taper, static, device, block, keep, check)
        )
    return crops


def refine_weight(weight: str | torch.Tensor) -> WeightOf:
    """The refinement's weight: maximum likelihood for "auto"."""
    if isinstance(weight, torch.Tensor):
        return lambda band, scene: resample(weight, band)
    return wiener if weight == "auto" else WEIGHTS[weight]


def judge(
    frames: Frames,
    box: Box,
    asked: dict[str, Any],
    found: SearchResult,
    basis: torch.Tensor,
    theta: torch.Tensor,
    fit: Fit | None,
    crops: list[Crop],
    device: torch.device,
    block: int,
    check: Callable[[float, str], None],
    weight_of: WeightOf,
) -> Motion:
    """Standard errors, reliability, and the averaged images."""
    path = basis @ theta  # (T, 2)
    path = path - path[:1]
    periodic = asked["boundary"] == "periodic"
    size = 2 * basis.shape[1]
    covariance = torch.full((size, size), float("nan"), dtype=torch.float64)
    split = torch.full((2,), float("nan"), dtype=torch.float64)
    bias = torch.zeros(2, dtype=torch.float64)
    notes: list[str] = []
    slope = basis_slope(basis)  # (K,)
    if fit is not None:
        inflation = precision.misfit(fit.runs, basis.shape[1])
        covariance = fit.covariance * inflation
        if inflation > 4:
            notes.append(
                "Frames depart from constant velocity, or the scene changes: "
                f"standard errors are {inflation**0.5:.1f} times those of noise alone."
            )
        if len(crops) > 1:
            notes.append(f"The drift is long against the field: {len(crops)} runs of frames were chained.")
        if asked["background"] == "static":
            velocity = slope @ theta
            bias = precision.mean_subtraction_bias(
                crops[0].band, fit.runs[0], frames.count, velocity
            )
            notes.append("background='static' biases the estimate away from zero; "
                         "the standard error includes that.")
        if frames.count >= 6:
            split = split_half(crops, basis, theta, weight_of, slope)
    expand = torch.kron(slope[None], torch.eye(2, dtype=torch.float64))  # (2, 2K)
    of_velocity = expand @ covariance @ expand.T + torch.outer(bias, bias)
    step = torch.kron(basis - basis[:1], torch.eye(2, dtype=torch.float64))  # (2T, 2K)
    of_path = torch.einsum("ij,jk,ik->i", step, covariance, step).clamp(min=0).reshape(-1, 2)
    t = torch.arange(frames.count, dtype=torch.float64)[:, None]
    of_path = of_path + (t * bias) ** 2
    velocity = slope @ theta
    reason = doubt(found, fit, frames.count, velocity, asked["max_speed"], of_velocity)
    mean, plain, count = mean_images(frames, box, path, device, block, periodic, check)
    score = found.landscape.peaks[0].score if found.landscape.peaks else 0.0
    return Motion(
        displacements=path.numpy(),
        displacement_stderr=of_path.sqrt().numpy(),
        velocity=velocity.numpy(),
        velocity_stderr=of_velocity.diagonal().clamp(min=0).sqrt().numpy(),
        velocity_covariance=of_velocity.numpy(),
        score=score,
        reliable=reason == "",
        reason=reason,
        split_half=split.numpy(),
        bias=bias.numpy(),
        integrated=mean.float().numpy(),
        plain_mean=plain.float().numpy(),
        coverage=count.numpy(),
        landscape=found.landscape,
        region=box,
        settings=asked,
        device="",
        notes=tuple(notes),
    )


def basis_slope(basis: torch.Tensor) -> torch.Tensor:
    """(K,) least-squares slope in time of each column."""
    t = torch.arange(len(basis), dtype=torch.float64)
    t = t - t.mean()
    return (t @ basis) / (t @ t)


def split_half(
    crops: list[Crop],
    basis: torch.Tensor,
    theta: torch.Tensor,
    weight_of: WeightOf,
    slope: torch.Tensor,
) -> torch.Tensor:
    """Velocity of the even frames alone less that of the odd ones, px/frame."""
    crops = [crop for crop in crops if crop.count >= 6]
    if not crops:
        return torch.full((2,), float("nan"), dtype=torch.float64)
    halves = [
        gauss_newton(crops, basis, theta, weight_of, steps=2, members=slice(first, None, 2)).theta
        for first in (0, 1)
    ]
    return slope @ (halves[0] - halves[1])


def doubt(
    found: SearchResult,
    fit: Fit | None,
    frames: int,
    velocity: torch.Tensor,
    max_speed: float,
    covariance: torch.Tensor,
) -> str:
    """Why the data do not determine the motion, or "" when they do."""
    wanted = precision.threshold(found.cells)
    peaks = found.landscape.peaks
    score = peaks[0].score if peaks else 0.0
    if score < wanted:
        return (
            f"The highest peak stands {score:.1f} σ above noise; chance alone reaches {wanted:.1f} σ "
            "over this search range. The motion is not determined."
        )
    if fit is None:
        return "The content leaves the field from one frame to the next; choose a larger region."
    if not bool(torch.isfinite(covariance).all()) or float(covariance.diagonal().min()) <= 0:
        return "The scene has no structure along one direction: only the other is determined."
    error = float(covariance.diagonal().max().sqrt())
    if error * (frames - 1) > 4 or error > max_speed / 2:
        return f"The standard error, {error:.2g} px/frame, is too large to say how the scene moved."
    if float(velocity.abs().max()) > 0.98 * max_speed:
        return f"The peak is at the edge of the search range (±{max_speed:g} px/frame); widen it."
    start = torch.tensor(peaks[0][:2], dtype=torch.float64)
    if float((velocity - start).abs().max()) * (frames - 1) > 8:
        return "The refinement left the landscape's peak: the motion is not determined."
    return ""


def loss_landscape(
    stack: Any,
    *,
    region: tuple[slice, slice] | None = None,
    max_speed: float | None = None,
    weight: str | Any = "auto",
    background: str = "none",
    boundary: str = "crop",
    device: str = "auto",
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Landscape:
    """The search landscape on its own: see `estimate_motion` for the arguments and errors.

    Returns
    -------
    Landscape
        Values in noise σ on a grid of velocities in px/frame, with all peaks.
    """
    frames = as_frames(stack)
    box = as_box(region, frames.shape)
    asked = settings(frames, box, "velocity", max_speed, weight, background, boundary, device)
    chosen = choose_device(device)
    check_varies(frames, box)
    return search(
        frames,
        box,
        max_speed=asked["max_speed"],
        weight=weight if isinstance(weight, str) else torch.as_tensor(np.asarray(weight)),
        static=background == "static",
        periodic=boundary == "periodic",
        device=chosen,
        block=frames_per_block((box[0][1] - box[0][0], box[1][1] - box[1][0]), chosen),
        check=reporter(progress, cancel),
    ).landscape
