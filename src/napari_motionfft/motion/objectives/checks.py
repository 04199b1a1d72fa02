"""What the objectives take: frames (B, T, H, W), shifts (B, 2), weights, names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.device import choose_device

LOWPASSES = ("none", "bilinear", "lanczos", "gaussian", "fejer")
FREQUENCIES = ("signed", "unsigned")


def one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Refuse a value that is not among the allowed ones."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def as_batch(frames: Any, device: str = "auto", name: str = "frames") -> torch.Tensor:
    """Frames as a float tensor (B, T, H, W); one video (T, H, W) becomes a batch of one.

    Parameters
    ----------
    frames
        Array or tensor of any real dtype. Float tensors keep their dtype, the rest becomes
        float32.
    device
        "auto" leaves a tensor where it is and puts an array on the best device here.

    Raises
    ------
    TypeError, ValueError
        Not numbers, not 3 or 4 axes, fewer than 2 frames, frames under 2 px, NaN or inf.
    """
    if isinstance(frames, torch.Tensor):
        batch = frames
        place = frames.device if device == "auto" else choose_device(device)
    else:
        array = np.asarray(frames)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} must be of a real dtype, got {array.dtype}")
        batch = torch.from_numpy(array.astype(np.float32))
        place = choose_device(device)
    if batch.is_complex():
        raise TypeError(f"{name} must be real, got {batch.dtype}")
    if batch.dtype not in (torch.float32, torch.float64):
        batch = batch.to(torch.float32)
    if batch.dim() == 3:
        batch = batch[None]
    check_axes(batch, name)
    if not bool(torch.isfinite(batch).all()):
        raise ValueError(f"{name} must hold no NaN or inf")
    return batch.to(place)


def check_axes(batch: torch.Tensor, name: str = "frames") -> None:
    """Refuse what is not (B, T, H, W) with at least one video, 2 frames and 2 px a side."""
    if batch.dim() != 4:
        raise ValueError(
            f"{name} must have axes (B, T, H, W), or (T, H, W) for one video, "
            f"got shape {tuple(batch.shape)}"
        )
    videos, count, height, width = batch.shape
    if videos < 1 or count < 2 or min(height, width) < 2:
        raise ValueError(
            f"{name} must hold at least 1 video of 2 frames of 2×2 px, "
            f"got shape {tuple(batch.shape)}"
        )


def check_frames(frames: Any, complex_too: bool = False) -> torch.Tensor:
    """The frames of one differentiable objective: a float tensor (B, T, H, W), as it is."""
    if not isinstance(frames, torch.Tensor):
        raise TypeError(f"frames must be a torch tensor (B, T, H, W), got {type(frames).__name__}")
    if not (frames.is_floating_point() or (complex_too and frames.is_complex())):
        raise TypeError(f"frames must be of a float dtype, got {frames.dtype}")
    check_axes(frames)
    return frames


def check_shifts(shifts: Any, videos: int) -> torch.Tensor:
    """The shifts of one differentiable objective: a float tensor (B, 2), as it is."""
    if not isinstance(shifts, torch.Tensor):
        raise TypeError(f"shifts must be a torch tensor (B, 2), got {type(shifts).__name__}")
    if not shifts.is_floating_point():
        raise TypeError(f"shifts must be of a float dtype, got {shifts.dtype}")
    if tuple(shifts.shape) != (videos, 2):
        raise ValueError(f"shifts must have shape ({videos}, 2), got {tuple(shifts.shape)}")
    return shifts


def as_shifts(values: Any, like: torch.Tensor, name: str) -> torch.Tensor:
    """Finite numbers as a tensor (…, B, 2) of the dtype and on the device of the frames `like`.

    With one video, (…, 2) will do.
    """
    given = real_tensor(values, name, "real numbers in px/frame")
    videos = like.shape[0]
    if videos == 1 and given.dim() >= 1 and tuple(given.shape[-2:]) != (1, 2):
        given = given.unsqueeze(-2)
    if given.dim() < 2 or tuple(given.shape[-2:]) != (videos, 2):
        raise ValueError(
            f"{name} must end in ({videos}, 2), (y, x) in px/frame for each of {videos} videos, "
            f"got shape {tuple(np.shape(values))}"
        )
    if not bool(torch.isfinite(given).all()):
        raise ValueError(f"{name} must hold no NaN or inf")
    return given.detach().to(like.device, like.dtype)


def real_tensor(values: Any, name: str, wanted: str) -> torch.Tensor:
    """Numbers as a tensor; refuses what is complex, boolean or no number."""
    if isinstance(values, torch.Tensor):
        if values.is_complex() or values.dtype == torch.bool:
            raise TypeError(f"{name} must be {wanted}, got {values.dtype}")
        return values
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be {wanted}, got {array.dtype}")
    return torch.from_numpy(array.astype(np.float64))


def parity_sums(weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums of the weights (T,) over even and over odd frames; neither may be 0."""
    even, odd = weights[::2].sum(), weights[1::2].sum()
    if float(even) == 0 or float(odd) == 0:
        raise ValueError("frame_weights must not be all zero over the even or over the odd frames")
    return even, odd


def as_frame_weights(weights: Any, frames: torch.Tensor) -> torch.Tensor:
    """Frame weights (T,) with sum 1; None means all alike.

    Raises
    ------
    ValueError
        Wrong length, negative, not finite, or all zero.
    """
    count = frames.shape[1]
    real = frames.real.dtype
    if weights is None:
        return torch.full((count,), 1 / count, dtype=real, device=frames.device)
    given = real_tensor(weights, "frame_weights", "real numbers").to(frames.device, real)
    if tuple(given.shape) != (count,):
        raise ValueError(f"frame_weights must have shape ({count},), got {tuple(given.shape)}")
    if not bool(torch.isfinite(given).all()) or bool((given < 0).any()) or not bool(given.any()):
        raise ValueError("frame_weights must be finite, non-negative and not all zero")
    return given / given.sum()


def number(name: str, value: Any, low: float, high: float = float("inf")) -> float:
    """A finite number in [low, high]."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (low <= value <= high and np.isfinite(value)):
        wanted = f"at least {low:g}" if high == float("inf") else f"in [{low:g}, {high:g}]"
        raise ValueError(f"{name} must be {wanted}, got {value!r}")
    return float(value)


def whole(name: str, value: Any, low: int) -> int:
    """A whole number of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value!r}")
    return int(value)
