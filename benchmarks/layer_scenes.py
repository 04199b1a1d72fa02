"""Stacks of several motions that are known exactly, and the bound on their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.path_scenes import hann_power, seen
from benchmarks.scenes import Array, counted, frequencies, pink_power

TEXTURES = ("white", "pink", "photograph")
PHOTOGRAPHS = ("camera", "brick", "grass", "gravel", "moon")
SPARE = 24
"""Px that a window keeps clear of a scene's edges: a shift by part of a px rings there."""


@dataclass(frozen=True)
class KnownLayers:
    """A stack that is a sum of moving layers, and its truth.

    Attributes
    ----------
    stack
        (T, Y, X) float32.
    velocities
        (M, 2) px/frame.
    layers
        (M, T, Y, X) float32: what each moving layer adds to each frame, without noise.
    still
        (Y, X) float32 that every frame shows beside them, or None.
    noise
        Standard deviation of the white noise; 0: none.
    boundary
        "periodic" or "crop".
    bound
        (M, 2) px/frame: least standard deviation of each velocity, images unknown; a crop's is that
        of a field that every frame sees, so a little too low. NaN without noise.
    """

    stack: NDArray[np.float32]
    velocities: Array
    layers: NDArray[np.float32]
    still: NDArray[np.float32] | None
    noise: float
    boundary: str
    bound: Array

    @property
    def images(self) -> NDArray[np.float32]:
        """(M, Y, X): each moving layer over the field of frame 0."""
        return np.asarray(self.layers[:, 0])

    def flipped(self, layer: int) -> NDArray[np.float32]:
        """(T, Y, X): the same stack, noise and all, one layer's sign turned."""
        return np.asarray(self.stack - 2 * self.layers[layer])


def layers_bound(
    powers: Array, noise: float, frames: int, shape: tuple[int, int], velocities: Array, still: bool
) -> Array:
    """(M, 2) px/frame: least standard deviation of velocities in a sum of layers, images unknown.

    With a_m = exp(−2πi k·v_m t) a velocity is told by what no layer's image can take up: Σ_k
    2P_m/N (2πk)(2πk)ᵀ |P⊥ (t a_m)|², P⊥ off the span of all a_m and, with a still layer, of 1. A
    frequency counts by Q/(Q + N), Q = P_m |P⊥ a_m off the other layers|². At M = 1 and without a
    still layer this is `scenes.bound`.

    Parameters
    ----------
    powers
        (M, Y, X//2+1) of the layers under an orthonormal FFT.
    noise
        Variance per pixel.
    """
    if noise == 0:
        return np.full(velocities.shape, np.nan)
    ky, kx = frequencies(shape)
    t = np.arange(frames)
    turns = velocities[:, 0, None, None] * ky + velocities[:, 1, None, None] * kx  # (M, Ky, Kx)
    ramps = np.exp(-2j * np.pi * turns[..., None] * t)  # (M, Ky, Kx, T)
    if still:
        ramps = np.concatenate([ramps, np.ones_like(ramps[:1])])
    columns = np.moveaxis(ramps, 0, -1)  # (Ky, Kx, T, M')
    out = []
    for m, power in enumerate(powers):
        alone = off(np.delete(columns, m, axis=-1), columns[..., m])
        told = off(columns, t * columns[..., m])
        counts = alone * power / (alone * power + noise)
        gain = counted(shape) * counts * power / noise * told * (2 * math.pi) ** 2
        yy, xx, yx = (gain * ky**2).sum(), (gain * kx**2).sum(), (gain * ky * kx).sum()
        out.append(np.sqrt(np.diag(np.linalg.inv(np.array([[yy, yx], [yx, xx]])))))
    return np.array(out)


def off(columns: NDArray[np.complex128], vector: NDArray[np.complex128]) -> Array:
    """(…) squared length of vectors (…, T) less what lies in the span of columns (…, T, M)."""
    if columns.shape[-1]:
        # a tiny ridge: columns coincide where the phases of two layers do
        gram = np.swapaxes(columns.conj(), -1, -2) @ columns
        gram = gram + 1e-9 * len(vector[0, 0]) * np.eye(gram.shape[-1])
        share = np.linalg.solve(gram, np.swapaxes(columns.conj(), -1, -2) @ vector[..., None])
        vector = vector - (columns @ share)[..., 0]
    return np.asarray((np.abs(vector) ** 2).sum(-1))


@cache
def photograph(name: str) -> Array:
    """One of scikit-image's, 512² in full."""
    import skimage.data

    return np.asarray(getattr(skimage.data, name)(), dtype=np.float64)


def texture(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> Array:
    """A scene (Y, X): random and wrapping around, or any cut of any photograph, turned anyhow.

    Parameters
    ----------
    kind
        "white": even power up to 0.4 cycles/px; "pink": 1/|k|²; "photograph".
    """
    if kind == "photograph":
        image = photograph(PHOTOGRAPHS[rng.integers(len(PHOTOGRAPHS))])
        image = np.rot90(image, int(rng.integers(4)))[:: rng.choice([-1, 1])]
        room = [n - m for n, m in zip(image.shape, shape, strict=True)]
        if min(room) < 0:
            raise ValueError(
                f"a photograph of {image.shape} px is too small: {shape} px are needed"
            )
        y, x = (int(rng.integers(n + 1)) for n in room)
        return np.asarray(image[y : y + shape[0], x : x + shape[1]])
    power = pink_power(shape)
    if kind == "white":
        ky, kx = frequencies(shape)
        power = np.where((counted(shape) > 0) & (np.hypot(ky, kx) < 0.4), 1.0, 0.0)
    elif kind != "pink":
        raise ValueError(f"kind must be one of {TEXTURES}, got {kind!r}")
    white = np.fft.rfft2(rng.standard_normal(shape), norm="ortho")
    return np.asarray(np.fft.irfft2(white * np.sqrt(power), s=shape, norm="ortho"))


def moving(
    rng: np.random.Generator, kind: str, velocity: Array, frames: int, side: int, periodic: bool
) -> Array:
    """(T, side, side) of a texture that moves; standard deviation 1 and mean 0 in frame 0.

    Content enters and leaves, or wraps around.
    """
    path = velocity * np.arange(frames)[:, None]
    if periodic:
        views = seen(texture(rng, kind, (side, side)), path, (0, 0), side)
    else:
        spare = [math.ceil(abs(p)) + 2 * SPARE for p in path[-1]]
        scene = texture(rng, kind, (side + spare[0] + side % 2, side + spare[1] + side % 2))
        low = [SPARE + max(0, math.ceil(p)) for p in path[-1]]
        views = seen(scene, path, (low[0], low[1]), side)
    return np.asarray((views - views[0].mean()) / views[0].std())


def summed(
    seed: int,
    velocities: Array,
    kinds: tuple[str, ...],
    frames: int,
    noise: float,
    side: int = 128,
    boundary: str = "crop",
    energies: tuple[float, ...] | None = None,
    still: float = 0.0,
    still_kind: str = "pink",
) -> KnownLayers:
    """Moving layers (M) in white noise, in front of a still one of variance `still`.

    Parameters
    ----------
    kinds, energies
        (M,) texture and variance of each layer; 1 by default.
    """
    rng = np.random.default_rng([seed, 20])
    periodic = boundary == "periodic"
    parts = [
        math.sqrt(energy) * moving(rng, kind, v, frames, side, periodic)
        for kind, v, energy in zip(kinds, velocities, energies or (1.0,) * len(kinds), strict=True)
    ]
    layers = np.stack(parts)
    clean = layers.sum(0)
    behind = None
    if still:
        behind = math.sqrt(still) * moving(rng, still_kind, np.zeros(2), 1, side, periodic)[0]
        clean = clean + behind
    stack = clean + noise * rng.standard_normal(clean.shape)
    powers = np.stack([hann_power(layer[frames // 2]) for layer in layers])
    least = layers_bound(powers, noise**2, frames, (side, side), velocities, bool(still))
    return KnownLayers(
        stack.astype(np.float32),
        velocities,
        layers.astype(np.float32),
        None if behind is None else behind.astype(np.float32),
        noise,
        boundary,
        least,
    )


def velocities_apart(seed: int, count: int, fastest: float = 4.0, least: float = 1.5) -> Array:
    """(M, 2) px/frame, uniform in ±fastest a component, every two `least` or more apart."""
    rng = np.random.default_rng([seed, 21])
    while True:
        drawn = rng.uniform(-fastest, fastest, (count, 2))
        pairs = drawn[:, None] - drawn[None]
        if (np.hypot(pairs[..., 0], pairs[..., 1]) + 1e9 * np.eye(count)).min() >= least:
            return drawn


def slow_velocity(seed: int, slowest: float = 0.2, fastest: float = 0.5) -> Array:
    """(2,) px/frame of a speed uniform between the two, in any direction."""
    rng = np.random.default_rng([seed, 22])
    speed, angle = rng.uniform(slowest, fastest), rng.uniform(0, 2 * math.pi)
    return speed * np.array([math.sin(angle), math.cos(angle)])


def drawn_velocity(seed: int, fastest: float = 2.0, slowest: float = 0.5) -> Array:
    """(2,) px/frame uniform in ±fastest a component, of a speed of at least `slowest`."""
    rng = np.random.default_rng([seed, 23])
    while True:
        drawn = rng.uniform(-fastest, fastest, 2)
        if np.hypot(*drawn) >= slowest:
            return np.asarray(drawn)


def over_still(
    seed: int,
    ratio: float,
    kind: str = "pink",
    boundary: str = "crop",
    speeds: tuple[float, float] | None = None,
    frames: int = 8,
    noise: float = 0.1,
    side: int = 128,
) -> KnownLayers:
    """One texture moving over a still one of `ratio` times its variance.

    `speeds`: px/frame, a range of them; None: ±2 a component, 0.5 at least.
    """
    velocity = slow_velocity(seed, *speeds) if speeds else drawn_velocity(seed)
    return summed(seed, velocity[None], (kind,), frames, noise, side, boundary, still=ratio)


def crossing(
    seed: int,
    count: int = 2,
    kind: str = "pink",
    boundary: str = "crop",
    frames: int = 16,
    snr: float = 1.0,
    side: int = 128,
) -> KnownLayers:
    """Textures of equal energy that cross; `snr`: standard deviation of one over the noise's."""
    velocities = velocities_apart(seed, count)
    return summed(seed, velocities, (kind,) * count, frames, 1 / snr, side, boundary)


def noises(seed: int, kind: str, frames: int = 16, side: int = 96) -> NDArray[np.float32]:
    """(T, side, side) in which nothing moves or stands.

    Parameters
    ----------
    kind
        "white", "pink" (1/|k|² in space), "blurred" (1.5 px), "rows" (white, and a level a row and
        frame), "poisson" (0.5 photons a pixel).
    """
    rng = np.random.default_rng([seed, 24])
    shape = (frames, side, side)
    white = rng.standard_normal(shape)
    if kind == "rows":
        white += rng.standard_normal((frames, side, 1))
    elif kind == "poisson":
        white = rng.poisson(0.5, shape).astype(np.float64)
    elif kind in ("pink", "blurred"):
        ky, kx = frequencies((side, side))
        blur = np.exp(-2 * (1.5 * math.pi) ** 2 * (ky**2 + kx**2))
        gain = np.sqrt(pink_power((side, side))) if kind == "pink" else blur
        white = np.fft.irfft2(np.fft.rfft2(white) * gain, s=(side, side))
    elif kind != "white":
        raise ValueError(f"no noise named {kind!r}")
    return np.asarray(white, dtype=np.float32)


NOISES = ("white", "pink", "blurred", "rows", "poisson")
