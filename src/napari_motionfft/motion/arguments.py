"""Checks of the arguments that the estimates take: clear messages that name what is wrong."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.weights import weight_names

FASTEST = 16.0
"""px/frame: default search range of an object at most."""


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Refuse a value that is not among the allowed ones."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def sizes(model: str, frames: int, **given: Any) -> dict[str, int]:
    """The sizes of models that the user gave, by name; none where the data are to choose.

    Raises
    ------
    TypeError, ValueError
        One is no whole number within the frames, or belongs to another model.
    """
    owner = {"degree": "polynomial", "knots": "spline", "binning": "free"}
    most = {"degree": min(12, frames - 1), "knots": max(1, frames // 2), "binning": frames // 2}
    found = {}
    for name, value in given.items():
        if value is None:
            continue
        if model not in (owner[name], "auto"):
            raise ValueError(f"{name} is for model={owner[name]!r}, got model={model!r}")
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise TypeError(f"{name} must be a whole number or None, got {value!r}")
        if not 1 <= value <= most[name]:
            raise ValueError(
                f"{name} must be 1 to {most[name]} for {frames} frames, got {operator.index(value)}"
            )
        found[name] = operator.index(value)
    return found


def checked_frame_weights(value: Any, frames: int) -> tuple[str, torch.Tensor | None]:
    """A name, or "array" and the (T,) non-negative float64 weights that were given."""
    names = ("none", "geometric", "sharpness")
    if isinstance(value, str):
        one_of("frame_weights", value, names)
        return value, None
    try:
        weights = np.asarray(value)
    except (TypeError, ValueError):
        weights = np.zeros(0)
    if weights.dtype.kind not in "biuf":
        weights = np.zeros(0)
    weights = weights.astype(np.float64)
    if weights.shape != (frames,):
        raise ValueError(
            f"frame_weights must be one of {', '.join(names)}, or ({frames},) numbers, one a "
            f"frame; got {value!r:.60}"
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or (weights > 0).sum() < 2:
        raise ValueError("frame_weights must be finite, not negative, and above 0 for two frames")
    return "array", torch.from_numpy(weights.copy())


def check_track(
    track: Any,
    region: tuple[int, int],
    frame: tuple[int, int],
    boundary: str,
    canvas: str,
    frame_weights: str,
) -> None:
    """Refuse to follow an object where that means nothing.

    Raises
    ------
    TypeError, ValueError
        `track` is not True or False; or True with what it does not go with.
    """
    if not isinstance(track, (bool, np.bool_)):
        raise TypeError(f"track must be True or False, got {track!r}")
    if not track:
        return
    if boundary == "periodic":
        raise ValueError("track=True needs boundary='crop': an object does not come in opposite")
    if region == frame:
        raise ValueError("track=True needs a region: draw it around the object in frame 0")
    if canvas != "frame":
        raise ValueError("track=True needs canvas='frame': the image is that of the object")
    if frame_weights == "sharpness":
        raise ValueError("track=True does not take frame_weights='sharpness'")


def whole_frames(name: str, value: Any, least: int, most: int | None) -> int | None:
    """A whole number of frames within limits, or None."""
    if value is None:
        return None
    try:
        frames = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        frames = None
    if frames is None:
        raise TypeError(f"{name} must be a whole number of frames or None, got {value!r}")
    if frames < least or (most is not None and frames > most):
        upto = "" if most is None else f" to {most}, the frames there are"
        raise ValueError(f"{name} must be {least}{upto or ' or more'}, got {frames}")
    return frames


def checked_weight(weight: Any, shape: tuple[int, int]) -> str | torch.Tensor:
    """A name of the registry, or a non-negative (Y, X//2+1) array as float64."""
    if isinstance(weight, str):
        one_of("weight", weight, weight_names())
        return weight
    half = np.asarray(weight)
    wanted = (shape[0], shape[1] // 2 + 1)
    if half.shape != wanted or half.dtype.kind not in "biuf":
        raise ValueError(
            f"weight must be one of {', '.join(weight_names())}, or a real array {wanted}; "
            f"got {half.dtype} {half.shape}"
        )
    if not np.isfinite(half).all() or (half < 0).any() or not half.any():
        raise ValueError("weight must be finite, non-negative and not all zero")
    return torch.from_numpy(half.astype(np.float64))


def default_speed(shape: tuple[int, int], frames: int) -> float:
    """Search range in px/frame: one field a stack, at least 4, at most a quarter field a frame."""
    side = min(shape)
    return float(min(max(4.0, side / frames), side / 4))


def speed_limit(max_speed: Any, shape: tuple[int, int], frames: int, track: bool = False) -> float:
    """The search range in px/frame, given or by default."""
    if max_speed is None:
        # the field does not limit how far an object goes that is followed
        return min(min(shape) / 4, FASTEST) if track else default_speed(shape, frames)
    if isinstance(max_speed, bool) or not isinstance(max_speed, (int, float, np.number)):
        raise TypeError(f"max_speed must be a number of px/frame or None, got {max_speed!r}")
    if not 0 < max_speed <= min(shape) / 2:
        raise ValueError(
            "max_speed must be above 0 and at most half the field, "
            f"{min(shape) / 2:g} px/frame, got {max_speed!r}"
        )
    return float(max_speed)


def velocity_grids(vy: Any, vx: Any) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Two ascending 1-D grids in px/frame as float64, or None when neither is given."""
    if vy is None and vx is None:
        return None
    grids = []
    for name, given in (("vy", vy), ("vx", vx)):
        try:
            values = np.asarray(given if given is not None else np.nan, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.asarray(np.nan)
        if values.ndim != 1 or not values.size or not np.isfinite(values).all():
            raise ValueError(f"{name} must be a 1-D array of velocities in px/frame, got {given!r}")
        if (np.diff(values) <= 0).any():
            raise ValueError(f"{name} must be ascending")
        grids.append(torch.from_numpy(values))
    return grids[0], grids[1]
