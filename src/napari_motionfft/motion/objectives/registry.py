"""Every objective by name; the names say which are the posts' own and which are corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from napari_motionfft.motion.objectives.checks import (
    as_frame_weights,
    check_frames,
)
from napari_motionfft.motion.objectives.even_odd import EvenOdd, gcc_phat_stack
from napari_motionfft.motion.objectives.fourier import fourier_variance
from napari_motionfft.motion.objectives.lags import LagEnergy
from napari_motionfft.motion.objectives.planes import Plane
from napari_motionfft.motion.objectives.spatial import Spatial, spatial_variance


class Prepared(Protocol):
    """An objective of given frames.

    Attributes
    ----------
    cost
        Numbers held for each start, about: what bounds how many go together.
    """

    cost: int

    def __call__(self, shifts: torch.Tensor) -> torch.Tensor:
        """(S, B, 2) px/frame → (S, B); differentiable in the shifts."""
        ...


@dataclass(frozen=True)
class Objective:
    """One named objective: call it, or prepare it once and call the result often.

    Attributes
    ----------
    name
        Its name in `OBJECTIVES`.
    family
        "spatial", "fourier" or "gcc-phat".
    about
        One line for a reader or a tooltip.
    lowpass, frequencies
        As in `fourier_variance`.
    alpha
        Whitening of "gcc-phat", in [0, 1].
    """

    name: str
    family: str
    about: str
    lowpass: str = "none"
    frequencies: str = "signed"
    alpha: float = 0.0

    def __call__(
        self, frames: torch.Tensor, shifts: torch.Tensor, frame_weights: Any = None
    ) -> torch.Tensor:
        """Value to be maximised: (B, T, H, W), (B, 2) px/frame → (B,)."""
        if self.family == "spatial":
            return spatial_variance(frames, shifts, frame_weights=frame_weights)
        if self.family == "fourier":
            return fourier_variance(frames, shifts, self.lowpass, self.frequencies, frame_weights)
        return gcc_phat_stack(
            frames, shifts, self.alpha, self.lowpass, self.frequencies, frame_weights
        )

    def prepare(self, frames: torch.Tensor, frame_weights: Any = None) -> Prepared:
        """What depends on the frames alone, done once.

        Parameters
        ----------
        frames
            (B, T, H, W) float.
        frame_weights
            (T,), or None for all alike.
        """
        check_frames(frames)
        weights = as_frame_weights(frame_weights, frames)
        # no objective sees the mean, but float32 spectra would: their rounding grows with it
        frames = frames - frames.mean((1, 2, 3), keepdim=True)
        if self.family == "spatial":
            return Spatial(frames, weights)
        plane = Plane.least((frames.shape[2], frames.shape[3]), self.frequencies)
        weight = plane.weight(self.lowpass, None, frames)
        if self.family == "fourier":
            return LagEnergy(frames, plane, weight, weights)
        if self.alpha == 0:  # a cross-energy: the lags hold it all
            return LagEnergy(frames, plane, weight, weights, odd=True)
        return EvenOdd(plane.spectra(frames), plane, weight, weights, self.alpha)


class Folded:
    """Any function (frames, shifts) → (B,), called with the starts as further videos."""

    def __init__(self, function: Callable[..., torch.Tensor], frames: torch.Tensor) -> None:
        self.function, self.frames = function, frames
        self.cost = 4 * frames.numel()

    def __call__(self, shifts: torch.Tensor) -> torch.Tensor:
        """(S, B, 2) → (S, B)."""
        starts, videos = shifts.shape[:2]
        many = self.frames.expand(starts, *self.frames.shape).flatten(0, 1)
        found = self.function(many, shifts.flatten(0, 1))
        if tuple(found.shape) != (starts * videos,):
            raise ValueError(
                f"objective must return one value a video, shape ({starts * videos},), "
                f"got {tuple(found.shape)}"
            )
        return found.reshape(starts, videos)


def named(*objectives: Objective) -> dict[str, Objective]:
    """By name."""
    return {objective.name: objective for objective in objectives}


OBJECTIVES: dict[str, Objective] = named(
    Objective("spatial", "spatial", "Bilinear warp, mean over frames, variance"),
    Objective("fourier", "fourier", "Phase ramps, mean over frames, energy without DC"),
    Objective(
        "fourier-bilinear", "fourier", "The same behind sinc², bilinear's response", "bilinear"
    ),
    Objective("fourier-lanczos", "fourier", "The same behind a Lanczos-3 filter", "lanczos"),
    Objective("fourier-gaussian", "fourier", "The same behind a Gaussian of 1 px", "gaussian"),
    Objective(
        "fourier-unsigned",
        "fourier",
        "As in the posts: frequencies 0…N−1, wrong between whole shifts",
        frequencies="unsigned",
    ),
    Objective(
        "fourier-unsigned-bilinear",
        "fourier",
        "The posts' cure: sinc² takes out the half with the wrong phase",
        "bilinear",
        "unsigned",
    ),
    Objective("gcc-phat-0", "gcc-phat", "Even against odd frames: cross-energy, odd lags"),
    Objective("gcc-phat-0.5", "gcc-phat", "Even against odd frames, half whitened", alpha=0.5),
    Objective("gcc-phat-1", "gcc-phat", "Even against odd frames, phase alone", alpha=1.0),
    Objective(
        "gcc-phat-0.7-fejer",
        "gcc-phat",
        "Even against odd frames, whitened by |G|^0.7, Fejér taper",
        "fejer",
        alpha=0.7,
    ),
)
"""Name → objective. All are maximised, and peak at the content's shift."""


def find(
    objective: str | Objective | Callable[..., torch.Tensor],
) -> Objective | Callable[..., torch.Tensor]:
    """The objective of a name; others are returned as they are.

    Raises
    ------
    TypeError, ValueError
        Neither a name nor callable; an unknown name.
    """
    if isinstance(objective, str):
        if objective not in OBJECTIVES:
            raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, got {objective!r}")
        return OBJECTIVES[objective]
    if not callable(objective):
        raise TypeError(f"objective must be a name or a callable, got {objective!r}")
    return objective


def prepared(
    objective: str | Objective | Callable[..., torch.Tensor],
    frames: torch.Tensor,
    frame_weights: Any = None,
) -> Prepared:
    """Any objective, ready for many shifts of these frames."""
    found = find(objective)
    if isinstance(found, Objective):
        return found.prepare(frames, frame_weights)
    if frame_weights is not None:
        raise ValueError("frame_weights need a named objective")
    return Folded(found, frames)


def title(objective: str | Objective | Callable[..., torch.Tensor]) -> str:
    """The name of an objective, for a result."""
    if isinstance(objective, str):
        return objective
    return str(getattr(objective, "name", None) or getattr(objective, "__name__", "objective"))


def starts_at_once(cost: int) -> int:
    """How many starts go together: about 2^25 numbers, graph included."""
    return max(1, 2**25 // (8 * max(1, cost)))


def blocks(values: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Consecutive parts of at most `size` along the first axis."""
    return [values[low : low + size] for low in range(0, len(values), size)]
