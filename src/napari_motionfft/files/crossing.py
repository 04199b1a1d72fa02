"""A made stack of two textures that cross and add up, with everything known about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.files.line_scan import whole

Array = NDArray[np.float64]

VELOCITIES = ((1.3, -0.8), (-0.9, 1.4))
"""(y, x) px/frame of the spots and of the fibres: 3.1 px/frame apart."""
SPOT = (2.2, 4.0)
"""Standard deviation of a spot in px, from … to."""
FIBRE = (0.045, 0.012)
"""Middle and width, in cycles/px, of the band that the fibres are made of."""
LEVEL, CONTRAST = 100.0, 30.0
"""Grey level of the ground, and standard deviation of either texture."""


def two_textures(
    frames: int = 24, size: int = 192, snr: float = 1.0, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Round spots and fibres of equal variance, each at its velocity of `VELOCITIES`.

    Both are shifted through their spectra, on a field so large that nothing which leaves the
    frame comes in again: no interpolation, no wrapping.

    Parameters
    ----------
    frames
        T.
    size
        Y = X px.
    snr
        Standard deviation of either texture over that of the white noise.
    seed
        Of everything random.

    Returns
    -------
    stack
        (T, Y, X) float32.
    images
        (2, Y, X) float32: spots and fibres as frame 0 shows them, without ground and noise.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it takes.
    """
    count, side = whole("frames", frames, 2), whole("size", size, 32)
    if isinstance(snr, bool) or not isinstance(snr, (int, float)) or not snr > 0:
        raise ValueError(f"snr must be above 0, got {snr!r}")
    rng = np.random.default_rng(seed)
    travel = int(np.abs(VELOCITIES).max() * count) + 16
    field = side + 2 * travel
    spectra = [np.fft.rfft2(each) for each in (spots(field, rng), fibres(field, rng))]
    ky, kx = np.fft.fftfreq(field)[:, None], np.fft.rfftfreq(field)
    inside = slice(travel, travel + side)
    layers = np.empty((2, count, side, side))
    for layer, spectrum, (vy, vx) in zip(layers, spectra, VELOCITIES, strict=True):
        for t in range(count):
            phase = np.exp(-2j * np.pi * t * (ky * vy + kx * vx))
            layer[t] = np.fft.irfft2(spectrum * phase, s=(field, field))[inside, inside]
        layer *= CONTRAST / layer.std()
    noise = CONTRAST / snr * rng.standard_normal((count, side, side))
    return (LEVEL + layers.sum(0) + noise).astype(np.float32), layers[:, 0].astype(np.float32)


def spots(field: int, rng: np.random.Generator) -> Array:
    """Bright round spots at random, (field, field); around mean 0."""
    spectrum = np.zeros((field, field // 2 + 1), complex)
    ky, kx = np.fft.fftfreq(field)[:, None], np.fft.rfftfreq(field)
    square = ky**2 + kx**2
    for sigma in np.linspace(*SPOT, 4):  # a bell of each size, at many places
        places = np.zeros((field, field))
        number = max(1, round(field**2 / 2600))
        places[tuple(rng.integers(0, field, (2, number)))] = rng.uniform(0.5, 1.0, number)
        spectrum += np.fft.rfft2(places) * np.exp(-2 * np.pi**2 * sigma**2 * square)
    made = np.fft.irfft2(spectrum, s=(field, field))
    return np.asarray(made - made.mean())


def fibres(field: int, rng: np.random.Generator) -> Array:
    """Wavy fibres that run from upper left to lower right on the whole, (field, field)."""
    ky, kx = np.fft.fftfreq(field)[:, None], np.fft.rfftfreq(field)
    middle, width = FIBRE
    ring = np.exp(-((np.hypot(ky, kx) - middle) ** 2) / (2 * width**2))
    across = np.abs(np.angle(np.exp(2j * (np.arctan2(ky, kx) + np.pi / 4)))) / 2
    spectrum = np.fft.rfft2(rng.standard_normal((field, field)))
    return np.asarray(
        np.fft.irfft2(spectrum * ring * np.exp(-(across**2) / (2 * 0.35**2)), s=(field, field))
    )
