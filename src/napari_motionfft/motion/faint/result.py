"""Moving objects that were found: plain frozen dataclasses of NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.wording import decimals

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mover:
    """One object that moves evenly.

    Attributes
    ----------
    position, position_stderr
        (2,) px, (y, x) in frame 0; outside the field where the object comes in later.
    velocity, velocity_stderr
        (2,) px/frame.
    centre_frame
        The time, in frames, at which its place is best determined.
    centre, centre_stderr
        (2,) px, its place then.
    score
        Height in noise standard deviations.
    false_alarm
        Probability that noise alone brings up as high a score anywhere in the search.
    brightness, contrast
        Of its centre in units of the stack, and in noise standard deviations of a frame.
    size
        px, full width at half maximum that fits best among those that were tried.
    frames
        In how many frames it is within the region.
    image
        (S, S) float32: mean of the frames along its track less what stands still, in units of the
        stack; the object is in the middle.
    """

    position: Array
    position_stderr: Array
    velocity: Array
    velocity_stderr: Array
    centre_frame: float
    centre: Array
    centre_stderr: Array
    score: float
    false_alarm: float
    brightness: float
    contrast: float
    size: float
    frames: int
    image: NDArray[np.float32]

    def track(self, frames: int) -> Array:
        """(frames, 2) px: where it is in every frame."""
        return self.position + np.arange(frames)[:, None] * self.velocity

    def __str__(self) -> str:
        return (
            f"at {pair(self.position, self.position_stderr)} px in frame 0, "
            f"{pair(self.velocity, self.velocity_stderr)} px/frame, "
            f"score {self.score:.1f}, false alarm {self.false_alarm:.1g}"
        )


@dataclass(frozen=True, eq=False)
class TileLandscapes:
    """For each tile of the field, how likely something moves through it at each velocity.

    Attributes
    ----------
    values
        (tiles y, tiles x, Ny, Nx) float32: highest score over the places of a tile at the middle
        of the stack; 0 where too slow or never in view. Stacked to a px or so: up to a third
        below the exact score of an object.
    vy, vx
        (Ny,), (Nx,) px/frame.
    tile
        (y, x) px of a tile.
    origin
        (y, x) px of the first tile's first pixel.
    """

    values: NDArray[np.float32]
    vy: Array
    vx: Array
    tile: tuple[float, float]
    origin: tuple[int, int]


class Movers(list[Mover]):
    """The moving objects of a stack, highest score first.

    Attributes
    ----------
    landscapes
        What the search saw, by tile.
    threshold
        Score from which objects are listed.
    excess
        How much wider the scores scatter than independent noise makes them; scores are divided by
        it.
    noise
        Standard deviation of a pixel and frame, in units of the stack.
    shape
        (T, Y, X) of the stack.
    settings, device
        What was asked, where it ran.
    notes
        What the user should know about this run.
    """

    def __init__(
        self,
        movers: Iterable[Mover],
        *,
        landscapes: TileLandscapes,
        threshold: float,
        excess: float,
        noise: float,
        shape: tuple[int, int, int],
        settings: dict[str, Any],
        device: str,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(movers)
        self.landscapes = landscapes
        self.threshold = threshold
        self.excess = excess
        self.noise = noise
        self.shape = shape
        self.settings = settings
        self.device = device
        self.notes = notes

    def __str__(self) -> str:
        if not self:
            return f"no moving object: none reaches a score of {self.threshold:.1f}"
        return "\n".join(str(mover) for mover in self)


def pair(value: Array, error: Array) -> str:
    """ "(1.234 ± 0.056, 7.890 ± 0.065)"."""
    parts = []
    for one, its in zip(value, error, strict=True):
        n = decimals(its) if 0 < its < np.inf else 2
        parts.append(f"{one:.{n}f} ± {its:.{n}f}")
    return f"({', '.join(parts)})"
