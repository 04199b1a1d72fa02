"""A small opaque object that crosses a photograph, its path and its own image known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import Array, shifted

SIDE = 256
"""px of the frames."""
MARGIN = 2
"""px between the object and the region drawn around it."""


@dataclass(frozen=True)
class KnownObject:
    """A stack and its truth.

    Attributes
    ----------
    stack
        (T, Y, X) float32.
    path
        (T, 2) px, (y, x): displacement of the object relative to frame 0.
    region
        (slice_y, slice_x) around the object in frame 0.
    image, opaque
        (h, w) of the region: the object alone, and how opaque it is, 0 to 1.
    hidden
        Frames that do not show it.
    """

    stack: NDArray[np.float32]
    path: Array
    region: tuple[slice, slice]
    image: Array
    opaque: Array
    hidden: tuple[int, ...] = ()

    def likeness(self, integrated: NDArray[np.float32]) -> float:
        """Correlation of an integrated image (h, w) with the object, where that is opaque."""
        inside = self.opaque > 0.9
        return float(np.corrcoef(integrated[inside], self.image[inside])[0, 1])

    def error(self, displacements: Array) -> float:
        """px: root mean square distance from the truth, an axis, in the frames that show it."""
        shown = [t for t in range(len(self.path)) if t not in self.hidden]
        return float(np.sqrt(np.mean((displacements[shown] - self.path[shown]) ** 2)))


def straight(rng: np.random.Generator, frames: int, speed: float) -> Array:
    """(T, 2) px at a constant velocity of that speed, px/frame, in a direction drawn by lot."""
    angle = rng.uniform(0, 2 * math.pi)
    return np.asarray(np.arange(frames)[:, None] * speed * np.array([np.sin(angle), np.cos(angle)]))


def curved(rng: np.random.Generator, frames: int, speed: float) -> Array:
    """(T, 2) px at that speed, turning by three quarters of a circle over the stack."""
    turn = rng.choice([-1, 1]) * 1.5 * math.pi / frames
    heading = rng.uniform(0, 2 * math.pi) + turn * (np.arange(frames - 1) + 0.5)
    steps = speed * np.stack([np.sin(heading), np.cos(heading)], 1)
    return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, 0)])


def photograph(name: str) -> Array:
    """One of scikit-image's, in grey, mean 0 and standard deviation 1."""
    import skimage.data

    image = np.asarray(getattr(skimage.data, name)(), dtype=np.float64)
    image = image.mean(-1) if image.ndim == 3 else image
    return np.asarray((image - image.mean()) / image.std())


def body(rng: np.random.Generator, size: int) -> tuple[Array, Array]:
    """(n, n) image and opacity of an ellipse about `size` px wide, cut from a photograph."""
    picture = photograph("astronaut")
    n = size + 2 * MARGIN
    while True:
        y, x = (int(rng.integers(0, side - n)) for side in picture.shape)
        image = picture[y : y + n, x : x + n]
        if image.std() > 0.5:  # not a piece of plain wall
            break
    at = np.arange(n) - (n - 1) / 2
    radius = np.hypot(at[:, None] / (size / 2), at[None] / (size / 2 * rng.uniform(0.8, 1.0)))
    opaque = 1 / (1 + np.exp((radius - 1) * size))  # soft over about 2 px
    image = (image - image[opaque > 0.5].mean()) / image[opaque > 0.5].std()
    return image, opaque


def crossing(
    seed: int,
    snr: float,
    size: int = 32,
    speed: float = 3.0,
    bent: bool = False,
    moving: bool = False,
    frames: int = 30,
    gap: tuple[int, int] | None = None,
) -> KnownObject:
    """An object over a photograph that stands still or moves, in white noise.

    Object and background have about the same contrast.

    Parameters
    ----------
    snr
        Standard deviation of the object over that of the noise.
    speed
        px/frame.
    bent
        A path that turns, in place of a straight one.
    moving
        The background moves too, at 1 px/frame.
    gap
        Frames (start, stop) that do not show the object.
    """
    rng = np.random.default_rng([seed, 7])
    path = (curved if bent else straight)(rng, frames, speed)
    image, opaque = body(rng, size)
    n = len(image)
    scene = photograph("camera")
    drift = straight(rng, frames, 1.0) if moving else np.zeros((frames, 2))
    middle = (path.max(0) + path.min(0)) / 2
    corner = np.round((SIDE - n) / 2 - middle).astype(int)  # of the region in frame 0
    low = (np.asarray(scene.shape) - SIDE) // 2
    hidden = tuple(range(*gap)) if gap else ()
    stack = np.empty((frames, SIDE, SIDE))
    room = np.zeros((n + 16, n + 16))
    inside = slice(8, 8 + n)
    for t in range(frames):
        back = shifted(scene, drift[t])[low[0] : low[0] + SIDE, low[1] : low[1] + SIDE]
        if t not in hidden:
            whole = np.floor(path[t]).astype(int)
            painted, veil = room.copy(), room.copy()
            painted[inside, inside], veil[inside, inside] = image * opaque, opaque
            painted, veil = (shifted(part, path[t] - whole) for part in (painted, veil))
            y, x = corner + whole - 8
            part = back[y : y + n + 16, x : x + n + 16]
            part[...] = part * (1 - veil) + painted
        stack[t] = back
    noise = 0.0 if math.isinf(snr) else 1 / snr
    stack += noise * rng.standard_normal(stack.shape)
    region = (slice(corner[0], corner[0] + n), slice(corner[1], corner[1] + n))
    return KnownObject(stack.astype(np.float32), path, region, image, opaque, hidden)
