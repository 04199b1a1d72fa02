"""What a separation gives back: a list of motions, and what they leave."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion


class Motions(list[Motion]):
    """The motions of a stack, strongest first.

    Each `Motion.integrated` is its own image with the other motions taken out.

    Attributes
    ----------
    shares
        (M,) of each motion: its layer's share of the variance of the frames.
    residual_energy
        Share of the variance of the frames that no layer explains: noise, and what changes.
    kind
        "additive": layers add up; "occluding": one hides the other.
    background
        (Y, X) float32 image of what stands still, where background="static" was asked; or None.
    background_share
        Its share of the variance of the frames; 0 without one.
    masks
        (T, Y, X) float32 of "occluding": probability that a pixel of the region shows the motion
        in front; or None.
    front
        Index of the motion in front, of "occluding"; or None.
    stopped
        Why no further motion was looked for or taken, for the user.
    """

    def __init__(
        self,
        motions: Iterable[Motion] = (),
        *,
        shares: Iterable[float] = (),
        residual_energy: float = 1.0,
        kind: str = "additive",
        background: NDArray[np.float32] | None = None,
        background_share: float = 0.0,
        masks: NDArray[np.float32] | None = None,
        front: int | None = None,
        stopped: str = "",
    ) -> None:
        super().__init__(motions)
        self.shares = np.asarray(list(shares), dtype=np.float64)
        self.residual_energy = residual_energy
        self.kind = kind
        self.background = background
        self.background_share = background_share
        self.masks = masks
        self.front = front
        self.stopped = stopped
