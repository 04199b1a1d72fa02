"""One Gauss–Newton step for a layer's velocity, from the pixels that show it."""

from __future__ import annotations

import math

import torch

from napari_motionfft.motion.scene import power_law
from napari_motionfft.motion.several.occlusion_layer import Layer
from napari_motionfft.motion.spectra import Band

LEAST = 1e-8
"""Curvature over the noise that is taken for none: an error of 10⁴ px/frame."""


def velocity_step(
    layer: Layer, mask: torch.Tensor, noise: float, blur: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where the frames pull the velocity, and its covariance.

    Each pixel's values over time are fitted by image − (t − t̄)·δ·∇image, t̄ the mean time at which
    it is seen: its own mean drops out, whatever frames show it.

    Parameters
    ----------
    mask
        (h, w) on the canvas: weight of each pixel.
    noise
        Variance per pixel.
    blur
        px: standard deviation of a Gaussian over the image, which widens the reach of the step.

    Returns
    -------
    (2,) px/frame, (2, 2) (px/frame)²
    """
    sums = layer.sums
    weight = sums.weight.clamp(min=1e-3)
    mean_time = sums.first / weight
    spread = (sums.second - weight * mean_time.square()).clamp(min=0) * mask
    trend = (sums.moment - mean_time * sums.total) * mask
    slopes = gradient(layer, noise, blur)
    curvature = torch.tensor(
        [[float((spread * p * q).sum()) for q in slopes] for p in slopes], dtype=torch.float64
    )
    pull = torch.tensor([-float((trend * p).sum()) for p in slopes], dtype=torch.float64)
    values, vectors = torch.linalg.eigh(curvature)
    # no structure: an error beyond all bounds, not none
    inverse = vectors @ torch.diag(1 / values.clamp(min=LEAST * noise)) @ vectors.T
    return inverse @ pull, noise * inverse


def gradient(layer: Layer, noise: float, blur: float) -> list[torch.Tensor]:
    """Expected slopes along y and x of the layer's image, (h, w) each: Wiener-filtered."""
    image = layer.gated - layer.level
    shape = int(image.shape[0]), int(image.shape[1])
    band = Band.full(shape)
    spectrum = torch.fft.rfft2(image, norm="ortho")
    energy = (spectrum.real**2 + spectrum.imag**2).cpu().double()
    count = layer.sums.weight
    left = noise * float((count / (count + layer.pull).square()).mean())
    floor = torch.full(energy.shape, max(left, 1e-12), dtype=torch.float64)
    law = power_law(energy, floor, band)
    # a Nyquist bin has no sign, so no slope
    passed = law / (law + floor) * (band.multiplicity() > 0)
    if blur > 0:
        passed = passed * torch.exp(-2 * (math.pi * blur * band.radius()) ** 2)
    spectrum = spectrum * passed.to(spectrum.device, torch.float32)
    turns = 2j * math.pi * band.ky[:, None], 2j * math.pi * band.kx[None, :]
    return [torch.fft.irfft2(spectrum * one.to(spectrum), s=shape, norm="ortho") for one in turns]
