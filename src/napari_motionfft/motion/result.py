"""What comes back: plain frozen dataclasses of NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Peak(NamedTuple):
    """One maximum of the landscape: velocity in px/frame and height in noise σ."""

    vy: float
    vx: float
    score: float


@dataclass(frozen=True, eq=False)
class Landscape:
    """Motion energy on a grid of velocities.

    Attributes
    ----------
    values
        (Ny, Nx) energy of the motion-compensated mean (lag terms only: a constant that no
        velocity changes is left out), divided by the standard deviation that noise of the same
        spectrum would give it. 0 means no better than chance.
    vy, vx
        (Ny,), (Nx,) px/frame, positive = down / right.
    peaks
        All maxima that stand out, highest first.
    """

    values: NDArray[np.float32]
    vy: Array
    vx: Array
    peaks: list[Peak] = field(default_factory=list)


class Candidate(NamedTuple):
    """One model that was compared with others.

    `parameters` counts its coefficients an axis. `evidence` is what the choice goes by: the
    log-likelihood of its path in nats, less 2 for each coefficient of either axis.
    """

    model: str
    parameters: int
    evidence: float


@dataclass(frozen=True, eq=False)
class Motion:
    """How the scene moved, and how sure that is.

    Displacement is that of the content in frame `t` relative to frame 0, (y, x) in px,
    positive = down / right.

    Attributes
    ----------
    displacements, displacement_stderr
        (T, 2) px.
    velocity, velocity_stderr
        (2,) px/frame.
    velocity_covariance
        (2, 2) (px/frame)²: `velocity_stderr` is the root of its diagonal.
    score
        Height of the landscape's peak in noise standard deviations.
    reliable, reason
        Whether the data support the estimate, and if not, why.
    split_half
        (2,) px/frame: velocity from the even frames minus that from the odd ones.
    bias
        (2,) px/frame: known systematic error, already inside the standard errors.
    integrated
        (Y, X) float32, mean of the compensated frames.
    plain_mean
        (Y, X) float32, mean of the frames as they are.
    coverage
        (Y, X) int32, how many frames see each pixel.
    landscape
        The search landscape.
    region
        ((y0, y1), (x0, x1)) px in frame 0.
    settings, device
        What was asked, where it ran.
    notes
        What the user should know about this run.
    model
        "velocity", "polynomial", "spline" or "free": the one used, also where "auto" chose it.
    parameters
        Its coefficients an axis.
    candidates
        The models that were compared, where there were several.
    excluded
        Frames left out of the estimate and of the mean: blank, blurred, another scene. Their
        displacement is interpolated and its standard error wide.
    jumps
        First frame after each sudden jump.
    correlation
        (T,) correlation of each compensated frame with the mean of the others, in units of what a
        frame of the same scene and noise has: about 1, and 0 for another scene. NaN: not known.
    frame_score
        (T,) the same in standard deviations of what noise alone gives. NaN: not known.
    frame_weights
        (T,) weight of each frame in the integrated image, of sum 1; 0 for excluded frames.
    split_half_displacements
        (2, T, 2) px, the path from either half of the spatial frequencies alone; NaN: not known.
    origin
        (y, x) px: where pixel (0, 0) of `integrated` and `coverage` lies in frame 0. Negative
        where a canvas that holds all of the travelled field begins above or left of it.
    """

    displacements: Array
    displacement_stderr: Array
    velocity: Array
    velocity_stderr: Array
    velocity_covariance: Array
    score: float
    reliable: bool
    reason: str
    split_half: Array
    bias: Array
    integrated: NDArray[np.float32]
    plain_mean: NDArray[np.float32]
    coverage: NDArray[np.int32]
    landscape: Landscape
    region: tuple[tuple[int, int], tuple[int, int]]
    settings: dict[str, Any]
    device: str
    notes: tuple[str, ...] = ()
    model: str = "velocity"
    parameters: int = 1
    candidates: tuple[Candidate, ...] = ()
    excluded: tuple[int, ...] = ()
    jumps: tuple[int, ...] = ()
    correlation: Array = field(default_factory=lambda: np.zeros(0))
    frame_score: Array = field(default_factory=lambda: np.zeros(0))
    frame_weights: Array = field(default_factory=lambda: np.zeros(0))
    split_half_displacements: Array = field(default_factory=lambda: np.zeros((2, 0, 2)))
    origin: tuple[int, int] = None  # type: ignore[assignment]  # the region's corner

    def __post_init__(self) -> None:
        """What an older or plainer source does not tell gets its neutral value."""
        count = len(self.displacements)
        if cast("tuple[int, int] | None", self.origin) is None:
            object.__setattr__(self, "origin", (self.region[0][0], self.region[1][0]))
        for name in ("correlation", "frame_score"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, np.full(count, np.nan))
        if not len(self.frame_weights):
            object.__setattr__(self, "frame_weights", np.full(count, 1.0 / max(1, count)))
        if not self.split_half_displacements.shape[1]:
            object.__setattr__(self, "split_half_displacements", np.full((2, count, 2), np.nan))

    @property
    def speed(self) -> float:
        """|velocity| in px/frame."""
        return float(np.hypot(*self.velocity))

    @property
    def direction(self) -> float:
        """Direction of the velocity in degrees: 0 = right, 90 = up, as on a compass of maths."""
        # + 0.0: a negative zero would turn 180 into −180
        return float(np.degrees(np.arctan2(-self.velocity[0] + 0.0, self.velocity[1])))

    def __sub__(self, other: object) -> Motion:
        """What is left of this motion when another is taken out, see `combine.combined`."""
        from napari_motionfft.motion.combine import difference

        return difference(self, other) if isinstance(other, Motion) else NotImplemented

    def __add__(self, other: object) -> Motion:
        """This motion and another on top of it, see `combine.combined`."""
        from napari_motionfft.motion.combine import total

        return total(self, other) if isinstance(other, Motion) else NotImplemented

    def __neg__(self) -> Motion:
        """The motion that undoes this one, see `combine.combined`."""
        from napari_motionfft.motion.combine import negative

        return negative(self)


@dataclass(frozen=True, eq=False)
class MotionSeries:
    """How a region moved, window by window in time, and how sure that is.

    Attributes
    ----------
    starts
        (W,) first frame of each window.
    window
        Frames a window.
    velocities, stderr
        (W, 2) px/frame, (y, x).
    score
        (W,) height of each landscape's peak in noise standard deviations.
    reliable
        (W,) bool: whether the data support the estimate.
    reasons
        W texts: why not; "" where they do.
    landscapes
        W landscapes; on one grid, unless a window was in doubt and searched more finely.
    region
        ((y0, y1), (x0, x1)) px.
    settings, device
        What was asked, where it ran.
    notes
        What the user should know about this run.
    """

    starts: NDArray[np.int64]
    window: int
    velocities: Array
    stderr: Array
    score: Array
    reliable: NDArray[np.bool_]
    reasons: tuple[str, ...]
    landscapes: tuple[Landscape, ...]
    region: tuple[tuple[int, int], tuple[int, int]]
    settings: dict[str, Any]
    device: str
    notes: tuple[str, ...] = ()

    @property
    def times(self) -> Array:
        """(W,) frame at the middle of each window; half frames are possible."""
        return np.asarray(self.starts + (self.window - 1) / 2, dtype=np.float64)
