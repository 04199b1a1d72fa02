"""What touching a landscape gives: scores, pictures, and the peak that is near."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.integrate import mean_images
from napari_motionfft.motion.job import Check, Job, Progress, reporter, within
from napari_motionfft.motion.pipeline import refine_weight
from napari_motionfft.motion.result import Array, Landscape, Peak
from napari_motionfft.motion.search import (
    CELLS_AN_AXIS,
    SearchResult,
    in_doubt,
    scan,
    step_of,
)
from napari_motionfft.motion.series import part_of, refined
from napari_motionfft.motion.touching.ground import Ground, checked_velocity
from napari_motionfft.motion.touching.less import without_mean
from napari_motionfft.motion.touching.near import near
from napari_motionfft.motion.trajectory import velocity as velocity_basis

BLOCK = 4
"""Frames between two looks at `cancel` while a whole picture is made."""


@dataclass(frozen=True, eq=False)
class Refined:
    """The peak near a touched velocity, followed to its top.

    Attributes
    ----------
    velocity, stderr
        (2,) px/frame, (y, x).
    covariance
        (2, 2) (px/frame)².
    score
        The landscape at its peak, in noise σ.
    reliable, reason
        Whether the data support it, and if not, why.
    """

    velocity: Array
    stderr: Array
    covariance: Array
    score: float
    reliable: bool
    reason: str


class Touch:
    """The landscape of some frames, to be touched at any velocity; from `touch_landscape`.

    It keeps the lag cross-spectra of the search and small copies of the frames, and reads the
    stack again only for `full_image` and `refine`. Velocities are (y, x) in px/frame, within
    ±`max_speed`.

    Attributes
    ----------
    start, stop
        The frames.
    window
        Frames of a window, None where all frames are one.
    """

    def __init__(self, ground: Ground, start: int, count: int, window: int | None) -> None:
        self._ground = ground
        self.start, self.stop, self.window = start, start + count, window
        self._level: float | None = None

    @property
    def max_speed(self) -> float:
        """px/frame an axis."""
        return float(self._ground.job.asked["max_speed"])

    @property
    def region(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """((y0, y1), (x0, x1)) px: what the pictures show."""
        return self._ground.job.box

    @property
    def settings(self) -> dict[str, Any]:
        """What was asked."""
        return {**self._ground.job.asked, "window": self.window}

    @property
    def scale(self) -> tuple[float, float]:
        """(y, x) px of the stack a px of `image`."""
        return self._ground.glance.scale

    @property
    def origin(self) -> tuple[float, float]:
        """(y, x) px of the stack at the centre of pixel (0, 0) of `image`."""
        (y0, _), (x0, _) = self.region
        y, x = self.scale
        return y0 + (y - 1) / 2, x0 + (x - 1) / 2

    @property
    def nbytes(self) -> int:
        """Bytes of all spectra that are kept."""
        ground = self._ground
        kept = [ground.spectra, ground.glance.spectra]
        kept += [lags.spectra for lags in list(ground.lags.values())]
        return sum(each.nbytes for each in kept)

    def at(self, frame: int) -> Touch:
        """The window around a frame, as near its middle as the stack's ends allow.

        Raises
        ------
        TypeError, ValueError
            It is no frame of the stack.
        """
        count = self._ground.job.frames.count
        if isinstance(frame, bool) or not hasattr(frame, "__index__"):
            raise TypeError(f"frame must be a whole number, got {frame!r}")
        if not 0 <= frame < count:
            raise ValueError(f"frame must be 0 to {count - 1}, got {frame}")
        if self.window is None:
            return self
        start = min(max(0, int(frame) - (self.window - 1) // 2), count - self.window)
        return Touch(self._ground, start, self.window, self.window)

    def score(self, velocity: Any) -> float:
        """The landscape at a velocity, from all lags and not interpolated, in noise σ.

        Raises
        ------
        TypeError, ValueError
            The velocity is not two finite numbers within ±`max_speed`.
        """
        y, x = checked_velocity(velocity, self.max_speed)
        lags = self._lags
        values, spread = ls.energy(
            lags, torch.tensor([y], dtype=torch.float64), torch.tensor([x], dtype=torch.float64)
        )
        return float(values) / math.sqrt(max(float(spread), 1e-30))

    def image(self, velocity: Any) -> NDArray[np.float32]:
        """The mean along a velocity at low resolution, quickly; for its place see `origin`.

        With background="static" that of the frames less their mean, on the mean's level.

        Returns
        -------
        (h, w) float32
            It covers `region`, over which its px are `scale` px of the stack each.

        Raises
        ------
        TypeError, ValueError
            As `score`.
        """
        at = checked_velocity(velocity, self.max_speed)
        job, small = self._ground.job, self._ground.glance
        if not job.static:
            values = small.image(at, self.start, self.stop)
        else:
            still = small.still(self.start, self.stop)
            values = small.image(at, self.start, self.stop, still)
            if self._level is None:
                self._level = float(small.image((0.0, 0.0), self.start, self.stop).mean())
            values = values + self._level
        return (values * job.frames.scale + job.frames.offset).float().numpy()

    def full_image(
        self, velocity: Any, progress: Progress | None = None, cancel: Event | None = None
    ) -> NDArray[np.float32]:
        """The same at full resolution: what `integrate` gives along that velocity.

        Returns
        -------
        (Y, X) float32
            Of `region`.

        Raises
        ------
        TypeError, ValueError, Cancelled
            As `score`; `cancel` was set.
        """
        y, x = checked_velocity(velocity, self.max_speed)
        job = self._job(progress, cancel)
        job = replace(job, block=min(job.block, BLOCK))
        if job.static:
            job = without_mean(job, job.stage(0.0, 0.3))
        path = velocity_basis(job.frames.count) @ torch.tensor([[y, x]], dtype=torch.float64)
        means = mean_images(job, path, job.stage(0.3 if job.static else 0.0, 1.0))
        return means.mean.float().numpy()

    def refine(
        self, velocity: Any, progress: Progress | None = None, cancel: Event | None = None
    ) -> Refined:
        """Climb to the peak that stands out near a velocity, and refine it on the frames.

        Raises
        ------
        TypeError, ValueError, Cancelled
            As `full_image`.
        """
        start = checked_velocity(velocity, self.max_speed)
        job = self._job(progress, cancel)
        peak = self.peak(start, progress, cancel)
        found = self._found(within(job.check, 0.0, 0.2))
        alone = replace(found.landscape, peaks=[peak])
        told = refined(
            job,
            SearchResult(alone, found.threshold),
            refine_weight(job.weight),
            within(job.check, 0.2, 1.0),
        )
        return Refined(
            velocity=told.velocity.numpy(),
            stderr=told.stderr.numpy(),
            covariance=told.covariance.numpy(),
            score=peak.score,
            reliable=told.reason == "",
            reason=told.reason,
        )

    def peak(
        self, velocity: Any, progress: Progress | None = None, cancel: Event | None = None
    ) -> Peak:
        """The landscape's peak that stands out near a velocity, found with all lags.

        The climb begins where the landscape times a Gaussian about the velocity is highest, whose
        width is 6 % of the range: noise nearby does not win over a motion somewhat further off.

        Raises
        ------
        TypeError, ValueError, Cancelled
            As `full_image`.
        """
        at = checked_velocity(velocity, self.max_speed)
        check = self._job(progress, cancel).check
        shown = self._found(within(check, 0.0, 0.8)).landscape
        return near(shown, self._lags, at, self.max_speed, within(check, 0.8, 1.0))

    @property
    def landscape(self) -> Landscape:
        """Of the frames, with its peaks; made when it is first asked for."""
        return self._found(reporter(None, None)).landscape

    def make_landscape(
        self, progress: Progress | None = None, cancel: Event | None = None
    ) -> Landscape:
        """The same with progress.

        Raises
        ------
        Cancelled
            `cancel` was set.
        """
        return self._found(reporter(progress, cancel)).landscape

    @property
    def threshold(self) -> float:
        """The height in noise σ that chance alone reaches somewhere on the landscape."""
        return self._found(reporter(None, None)).threshold

    @property
    def _lags(self) -> ls.Lags:
        return self._ground.lags_of(self.start, self.stop - self.start)

    def _found(self, check: Check, peaks: int = 8) -> SearchResult:
        """The landscape as `search` makes it, once."""
        ground = self._ground
        if self.start not in ground.landscapes:
            job, lags = ground.job, self._lags
            limit, step = self.max_speed, step_of(job)
            kept = scan(lags, limit, step, CELLS_AN_AXIS, peaks, within(check, 0.0, 0.5))
            ground.landscapes[self.start] = in_doubt(
                job, lags, ground.bins, kept, peaks, within(check, 0.5, 1.0)
            )
        return ground.landscapes[self.start]

    def _job(self, progress: Progress | None, cancel: Event | None) -> Job:
        """The job on these frames, with its own progress."""
        job = replace(self._ground.job, check=reporter(progress, cancel))
        return part_of(job, self.start, self.stop - self.start)
