"""An opaque foreground that moves over a moving background, made from photographs, truth known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import Array, shifted

PHOTOGRAPHS = ("camera", "brick", "grass", "gravel", "moon")
"""scikit-image's textures, 512² each."""
SHAPES = ("piece", "blobs", "wall")
"""One irregular piece; several that enter and leave; a wall with holes."""
ASIDE = 64.0
"""px: how far from the middle of a photograph its part may lie."""

Level = Callable[[Array, Array], Array]
"""A function of (y, x) px, above 0 where the foreground is."""


@dataclass(frozen=True)
class KnownOcclusion:
    """A stack and its truth; the foreground is first everywhere.

    Attributes
    ----------
    stack
        (T, Y, X) float32.
    velocities
        (2, 2) px/frame, (y, x).
    images
        (2, Y, X): each texture as frame 0 would show it without the other and without noise.
    masks
        (T, Y, X) share of a pixel that shows the foreground.
    noise
        Standard deviation per pixel.
    textures
        The two photographs.
    """

    stack: NDArray[np.float32]
    velocities: Array
    images: Array
    masks: Array
    noise: float
    textures: tuple[str, str]

    @property
    def coverage(self) -> float:
        """Share of all pixels and frames that show the foreground."""
        return float(self.masks.mean())


@cache
def photograph(name: str) -> Array:
    """One of `PHOTOGRAPHS`, (512, 512)."""
    from skimage import data

    return np.asarray(getattr(data, name)(), dtype=np.float64)


def occluder(
    seed: int,
    *,
    coverage: float = 0.3,
    snr: float = 1.0,
    side: int = 128,
    frames: int = 16,
    shape: str = "",
    fastest: float = 3.0,
    apart: float = 1.0,
    textures: tuple[str, str] | None = None,
) -> KnownOcclusion:
    """I_t(x) = m(x − v_f t)·F(x − v_f t) + (1 − m(x − v_f t))·B(x − v_b t) + noise.

    Parameters
    ----------
    coverage
        Share of the pixels, over all frames, that show the foreground.
    snr
        Standard deviation of the clean stack over that of the white noise; inf for none.
    shape
        One of `SHAPES`; by the seed where it is "".
    fastest, apart
        px/frame: velocities are uniform in ±`fastest` an axis, and at least `apart` from another.
    textures
        Two of `PHOTOGRAPHS`; by the seed where it is None. Each part is scaled to unit variance;
        mean levels differ by a normal number of standard deviation 0.5.
    """
    rng = np.random.default_rng([seed, 6])
    velocities = two_velocities(rng, fastest, apart)
    shape = shape or SHAPES[int(rng.integers(len(SHAPES)))]
    if textures is None:
        one, two = rng.choice(len(PHOTOGRAPHS), 2, replace=False)
        textures = PHOTOGRAPHS[one], PHOTOGRAPHS[two]
    middle = (frames - 1) / 2
    views, images = [], []
    for name, velocity in zip(textures, velocities, strict=True):
        # near the middle of the photograph, at half time: nothing wraps around its edges
        place = rng.uniform(-ASIDE, ASIDE, 2)
        view = [part_of(name, velocity * (t - middle) + place, side) for t in range(frames)]
        level, spread = np.mean(view), np.std(view)
        offset = float(rng.normal(0, 0.25))
        views.append([(one - level) / spread + offset for one in view])
        images.append(views[-1][0])
    inside = level_set(shape, side, rng)
    masks = masks_of(inside, velocities[0], middle, coverage, (frames, side))
    clean = masks * np.stack(views[0]) + (1 - masks) * np.stack(views[1])
    noise = 0.0 if math.isinf(snr) else float(clean.std()) / snr
    stack = clean + noise * rng.standard_normal(clean.shape)
    return KnownOcclusion(
        stack.astype(np.float32), velocities, np.stack(images), masks, noise, textures
    )


def two_velocities(rng: np.random.Generator, fastest: float, apart: float) -> Array:
    """(2, 2) px/frame, uniform in ±`fastest`, at least `apart` from another."""
    while True:
        both = rng.uniform(-fastest, fastest, (2, 2))
        if math.hypot(*(both[0] - both[1])) >= apart:
            return both


def part_of(name: str, displacement: Array, side: int) -> Array:
    """(side, side) in the middle of a photograph whose content has moved by (y, x) px."""
    whole = photograph(name)
    low = (whole.shape[0] - side) // 2
    return shifted(whole, displacement)[low : low + side, low : low + side]


def masks_of(
    inside: Level, velocity: Array, middle: float, coverage: float, size: tuple[int, int]
) -> Array:
    """(T, Y, X): the shape at the level that gives the coverage, its edge one pixel wide."""
    frames, side = size
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    values = np.stack(
        [
            inside(y - velocity[0] * (t - middle), x - velocity[1] * (t - middle))
            for t in range(frames)
        ]
    )
    values = values - np.quantile(values, 1 - coverage)
    slope = np.hypot(*np.gradient(values, axis=(1, 2)))
    return np.asarray(np.clip(0.5 + values / np.maximum(slope, 1e-6), 0, 1))


def level_set(shape: str, side: int, rng: np.random.Generator) -> Level:
    """The shape as a smooth function of (y, x) px about the centre of the field at half time.

    Raises
    ------
    KeyError
        No such shape.
    """
    made = {"piece": one_piece, "blobs": several_pieces, "wall": wall_with_holes}
    return made[shape](side, rng)


def one_piece(side: int, rng: np.random.Generator) -> Level:
    """A star-like outline of a few lobes."""
    sizes = rng.normal(0, 0.12, 4)
    phases = rng.uniform(0, 2 * math.pi, 4)

    def inside(y: Array, x: Array) -> Array:
        angle = np.arctan2(y, x)
        waves = [
            size * np.cos(n * angle + phase)
            for n, (size, phase) in enumerate(zip(sizes, phases, strict=True), 2)
        ]
        return np.asarray(-np.hypot(y, x) / (1 + np.sum(waves, 0)))

    return inside


def several_pieces(side: int, rng: np.random.Generator) -> Level:
    """A sum of random waves: pieces all over the plane, about side/5 px wide."""
    k = rng.normal(0, 0.7 / side * 2 * math.pi * 1.5, (40, 2))
    phases = rng.uniform(0, 2 * math.pi, 40)

    def inside(y: Array, x: Array) -> Array:
        waves = [np.cos(ky * y + kx * x + phase) for (ky, kx), phase in zip(k, phases, strict=True)]
        return np.asarray(np.sum(waves, 0) / math.sqrt(20))

    return inside


def wall_with_holes(side: int, rng: np.random.Generator) -> Level:
    """Holes of several sizes, about side/4 px apart, all over the plane."""
    step = side / 4
    rows, columns = np.mgrid[-6:7, -6:7]
    grid = np.stack([rows.ravel(), columns.ravel()], 1) * step
    centres = grid + rng.uniform(-0.2, 0.2, grid.shape) * step
    larger = rng.uniform(-0.12, 0.12, len(grid)) * step

    def inside(y: Array, x: Array) -> Array:
        nearest = np.full(y.shape, np.inf)
        for (cy, cx), more in zip(centres, larger, strict=True):
            nearest = np.minimum(nearest, np.hypot(y - cy, x - cx) - more)
        return nearest

    return inside
