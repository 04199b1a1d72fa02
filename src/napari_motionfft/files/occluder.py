"""A made stack of an opaque wall with holes that moves before a moving scene, all known."""

from __future__ import annotations

import math
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.crossing import fibres
from napari_motionfft.files.line_scan import whole

Array = NDArray[np.float64]

VELOCITIES = ((0.9, -1.3), (-0.7, 0.6))
"""(y, x) px/frame of the wall and of the scene behind: 2.5 px/frame apart."""
HOLES = 44.0
"""px from hole to hole."""
OPEN = 0.5
"""Radius of a hole over that distance, on average."""
LEVELS, CONTRAST = (115.0, 95.0), 25.0
"""Grey level of wall and scene, and standard deviation of either."""
LARGEST = 256
"""Largest side in px: the photograph behind has to hold all travel."""


def wall_before_scene(
    frames: int = 24, size: int = 192, snr: float = 1.5, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """A wall of fibres with irregular holes, and cells behind it, each at its velocity.

    Nothing shines through: a pixel shows wall or scene, and only at an edge some of both.

    Parameters
    ----------
    frames
        T, 48 at most.
    size
        Y = X px, 256 at most.
    snr
        Standard deviation of either texture over that of the white noise.
    seed
        Of everything random.

    Returns
    -------
    stack
        (T, Y, X) float32.
    images
        (2, Y, X) float32: wall, as if it had no holes, and scene, as frame 0 would show each.
    masks
        (T, Y, X) float32: share of each pixel that shows the wall.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    count, side = whole("frames", frames, 2), whole("size", size, 32)
    if count > 48 or side > LARGEST:
        raise ValueError(f"frames must be at most 48 and size {LARGEST}, got {count} and {side}")
    if isinstance(snr, bool) or not isinstance(snr, (int, float)) or not snr > 0:
        raise ValueError(f"snr must be above 0, got {snr!r}")
    rng = np.random.default_rng(seed)
    scene = cells()
    textures = fibres(scene.shape[0], rng), scene
    layers = np.empty((2, count, side, side))
    for layer, texture, velocity, level in zip(layers, textures, VELOCITIES, LEVELS, strict=True):
        for t in range(count):
            layer[t] = part(texture, np.multiply(velocity, t - (count - 1) / 2), side)
        layer *= CONTRAST / layer.std()
        layer += level - layer.mean()
    masks = walls(count, side, rng)
    noise = CONTRAST / snr * rng.standard_normal(masks.shape)
    stack = masks * layers[0] + (1 - masks) * layers[1] + noise
    return stack.astype(np.float32), layers[:, 0].astype(np.float32), masks.astype(np.float32)


def cells() -> Array:
    """The first of the packaged frames of T98G cells, (384, 384)."""
    import tifffile

    with as_file(files("napari_motionfft") / "data" / "t98g_phase_contrast.tif") as path:
        return np.asarray(tifffile.imread(path, key=0), dtype=np.float64)


def part(image: Array, displacement: NDArray[np.floating], side: int) -> Array:
    """(side, side) in the middle of an image whose content has moved by (y, x) px."""
    ky, kx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])
    phase = np.exp(-2j * np.pi * (ky * displacement[0] + kx * displacement[1]))
    moved = np.fft.irfft2(np.fft.rfft2(image) * phase, s=image.shape)
    low = (image.shape[0] - side) // 2
    return np.asarray(moved[low : low + side, low : low + side])


def walls(count: int, side: int, rng: np.random.Generator) -> Array:
    """(T, side, side) share of each pixel that the wall covers, edges one pixel wide."""
    reach = math.ceil((side / 2 + np.abs(VELOCITIES[0]).max() * count / 2) / HOLES) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    centres = np.stack([rows.ravel(), columns.ravel()], 1) + rng.uniform(-0.2, 0.2, (rows.size, 2))
    radii = HOLES * (OPEN + rng.uniform(-0.15, 0.1, rows.size))
    masks = np.empty((count, side, side))
    for t in range(count):
        y, x = np.mgrid[:side, :side] - (side - 1) / 2
        y, x = (at - v * (t - (count - 1) / 2) for at, v in zip((y, x), VELOCITIES[0], strict=True))
        outside = np.full((side, side), np.inf)
        for (cy, cx), radius in zip(centres * HOLES, radii, strict=True):
            outside = np.minimum(outside, np.hypot(y - cy, x - cx) - radius)
        masks[t] = np.clip(0.5 + outside, 0, 1)
    return masks
