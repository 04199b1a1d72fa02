"""How near separated motions and images come to the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

import napari_motionfft as mf
from benchmarks.layer_scenes import KnownLayers
from benchmarks.scenes import Array, frequencies

Images = NDArray[np.float32]


@dataclass(frozen=True)
class Fits:
    """One stack's answer beside its truth; what was not found counts as infinitely far.

    Attributes
    ----------
    error
        (M,) px/frame between each true velocity and its own found one.
    z
        (≤ 2M,) |error| over its standard error, of the components of what was found.
    correlation
        (M,) of each image with the truth, where at least half the frames see it; 0 if not found.
    correlation_seen
        (M,) the same over all pixels that any frame sees.
    gain
        (≤ M,) dB: crosstalk of the plain integrated image over that of the separated one.
    count
        Motions that came back.
    """

    error: Array
    z: Array
    correlation: Array
    correlation_seen: Array
    gain: Array
    count: int


def matched(found: Array, truth: Array) -> list[tuple[int, int]]:
    """(index of truth, index of found) pairs of least total distance; (M, 2) and (N, 2)."""
    if not len(found):
        return []
    apart = truth[:, None] - found[None]
    rows, columns = linear_sum_assignment(np.minimum(np.hypot(apart[..., 0], apart[..., 1]), 2.0))
    return [(int(m), int(n)) for m, n in zip(rows, columns, strict=True)]


def compared(known: KnownLayers, motions: Sequence[mf.Motion], images: bool = True) -> Fits:
    """Velocities, error bars and images of `motions` beside the truth."""
    count = len(known.velocities)
    error, like, like_seen = np.full(count, np.inf), np.zeros(count), np.zeros(count)
    z: list[float] = []
    gain: list[float] = []
    found = np.array([m.velocity for m in motions]).reshape(-1, 2)
    for m, n in matched(found, known.velocities):
        motion, off = motions[n], found[n] - known.velocities[m]
        error[m] = math.hypot(*off)
        if error[m] > 0.5:
            continue
        z.extend(np.abs(off) / motion.velocity_stderr)
        if not images:
            continue
        often = motion.coverage >= len(known.stack) / 2
        like[m] = correlation(motion.integrated, known.images[m], often)
        like_seen[m] = correlation(motion.integrated, known.images[m], motion.coverage > 0)
        plain = mf.integrate(known.stack, along(motion, known.velocities[m]))
        leaks = [crosstalk(known, m, image, often, motion) for image in (plain, motion.integrated)]
        if leaks[0] > 0:  # there is another layer
            gain.append(10 * math.log10(leaks[0] / max(leaks[1], 1e-9)))
    return Fits(error, np.array(z), like, like_seen, np.array(gain), len(motions))


def along(motion: mf.Motion, velocity: Array, frames: int | None = None) -> mf.Motion:
    """The same motion at another constant velocity, all frames alike."""
    count = frames or len(motion.displacements)
    path = np.arange(count)[:, None] * velocity
    return replace(motion, displacements=path, velocity=velocity, excluded=())


def correlation(one: Images, other: Images, where: NDArray[np.bool_]) -> float:
    """Pearson's, over some pixels; 0 where either is flat."""
    a, b = (image[where].astype(np.float64) for image in (one, other))
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def crosstalk(
    known: KnownLayers, m: int, image: Images, where: NDArray[np.bool_], motion: mf.Motion
) -> float:
    """Variance of what an image of layer m shows of the other layers, over that layer's own.

    Least squares, over some pixels: the image is written as its own truth, plus that of each other
    layer, plus each other layer averaged along motion m: sharp and smeared ghosts.
    """
    others: list[Images] = []
    for n, layer in enumerate(known.layers):
        if n != m:
            others += [layer[0], mf.integrate(layer, along(motion, known.velocities[m]))]
    if known.still is not None:
        still = np.broadcast_to(known.still, known.stack.shape)
        others += [known.still, mf.integrate(still, along(motion, known.velocities[m]))]
    own = known.images[m]
    columns = np.stack([part[where].astype(np.float64) for part in (own, *others)], 1)
    columns -= columns.mean(0)
    target = image[where].astype(np.float64)
    shares = np.linalg.lstsq(columns, target - target.mean(), rcond=None)[0]
    return float((columns[:, 1:] @ shares[1:]).var() / columns[:, 0].var())


def twin_crosstalk(one: Images, flipped: Images, own: Images, where: NDArray[np.bool_]) -> float:
    """The same from the images of two stacks that differ by the sign of the other layer alone."""
    half = (one[where].astype(np.float64) - flipped[where]) / 2
    return float((half**2).mean() / own[where].astype(np.float64).var())


def best_images(known: KnownLayers) -> Images:
    """(M, Y, X): the best linear images, velocities and power spectra known; periodic stacks only.

    Each frequency's layers L of power P from X = A L + noise N: (AᴴA/N + 1/P)⁻¹ AᴴX/N.
    """
    if known.boundary != "periodic":
        raise ValueError("the best images are known for periodic stacks only")
    shape = (known.stack.shape[1], known.stack.shape[2])
    ky, kx = frequencies(shape)
    stills = [] if known.still is None else [known.still]
    velocities = np.concatenate([known.velocities, np.zeros((len(stills), 2))])
    turns = velocities[:, 0, None, None] * ky + velocities[:, 1, None, None] * kx
    t = np.arange(len(known.stack))
    ramps = np.exp(-2j * np.pi * np.moveaxis(turns, 0, -1)[..., None, :] * t[:, None])
    truth = np.fft.rfft2(np.stack([*known.images, *stills]), norm="ortho")
    power = np.moveaxis(np.abs(truth) ** 2, 0, -1)  # (Ky, Kx, M)
    radius = np.round(np.hypot(ky, kx) * max(shape)).astype(int)
    rings = np.bincount(radius.ravel()).clip(min=1)
    for m in range(power.shape[-1]):
        mean = np.bincount(radius.ravel(), weights=power[..., m].ravel()) / rings
        power[..., m] = mean[radius]
    noise = known.noise**2
    adjoint = np.swapaxes(ramps.conj(), -1, -2)
    inner = adjoint @ ramps / noise
    inner = inner + np.eye(inner.shape[-1]) / np.maximum(power, 1e-12)[..., None, :]
    frames = np.moveaxis(np.fft.rfft2(known.stack, norm="ortho"), 0, -1)[..., None]
    layers = np.linalg.solve(inner, adjoint @ frames / noise)[..., 0]
    images = np.fft.irfft2(np.moveaxis(layers, -1, 0), s=shape, norm="ortho")
    return np.asarray(images[: len(known.velocities)], dtype=np.float32)
