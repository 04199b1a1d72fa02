"""Small fields of layers drawn from a known model, and the exact sums that they should give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from napari_motionfft.motion.frames import Frames
from napari_motionfft.motion.several.model import Model
from napari_motionfft.motion.several.torus import Torus
from napari_motionfft.motion.spectra import Band

Array = NDArray[np.float64]
Values = NDArray[np.float32]


def quiet(fraction: float, message: str) -> None:
    """Take a report."""
    assert -1e-9 <= fraction <= 1 + 1e-9
    assert message


def torus_over(values: Any, shape: tuple[int, int] | None = None, block: int = 3) -> Torus:
    """Frames (T, h, w), as they are, on a torus; their own size if None: periodic."""
    frames = np.asarray(values, dtype=np.float32)
    count, height, width = frames.shape
    return Torus(
        Frames(frames, (height, width), 0.0, 1.0),
        ((0, height), (0, width)),
        0,
        count,
        shape or (height, width),
        torch.device("cpu"),
        block,
        quiet,
    )


def red_model(
    shape: tuple[int, int], velocities: Any, noise: float = 0.3, free: Any = None
) -> Model:
    """Layers whose power falls with |k|, each in its own way, in noise that falls a little."""
    band = Band.full(shape)
    known = torch.as_tensor(velocities, dtype=torch.float64)
    radius = band.radius()
    power = torch.stack(
        [(1 + m) / (1 + (radius / (0.1 + 0.05 * m)) ** 2) for m in range(len(known))]
    )
    given = torch.ones(len(known), dtype=torch.bool) if free is None else torch.as_tensor(free)
    return Model(known, given, power, noise * (1.2 - radius))


def half_plane(rng: np.random.Generator, power: torch.Tensor, shape: tuple[int, int]) -> Any:
    """Spectra (Y, X//2+1) of a real field of this power; none at DC and the Nyquist bins."""
    white = np.fft.rfft2(rng.standard_normal(shape), norm="ortho")
    kept = (Band.full(shape).multiplicity() > 0).numpy()
    return white * np.sqrt(power.numpy()) * kept


@dataclass
class Drawn:
    """A draw of a model: (T, Y, X) frames on the whole torus, (M, Y, X//2+1) layers."""

    frames: Array
    layers: NDArray[np.complex128]


def drawn(seed: int, model: Model, shape: tuple[int, int], count: int) -> Drawn:
    """Layers and noise of the model's powers."""
    rng = np.random.default_rng([seed, 77])
    band = Band.full(shape)
    layers = np.stack([half_plane(rng, p, shape) for p in model.power])
    turns = (
        model.velocities[:, 0, None, None] * band.ky[:, None]
        + model.velocities[:, 1, None, None] * band.kx
    ).numpy()  # (M, Ky, Kx)
    out = []
    for t in np.arange(count) - (count - 1) / 2:
        spectrum = (layers * np.exp(-2j * np.pi * turns * t)).sum(0)
        spectrum = spectrum + half_plane(rng, model.noise, shape)
        out.append(np.fft.irfft2(spectrum, s=shape, norm="ortho"))
    return Drawn(np.stack(out), layers)


def covariance_of(model: Model, shape: tuple[int, int], count: int) -> NDArray[np.complex128]:
    """(Ky, Kx, T, T) covariance of the frames' spectra at each frequency."""
    band = Band.full(shape)
    t = np.arange(count) - (count - 1) / 2
    total = model.noise.numpy()[..., None, None] * np.eye(count)
    for velocity, power in zip(model.velocities.numpy(), model.power.numpy(), strict=True):
        turn = velocity[0] * band.ky.numpy()[:, None] + velocity[1] * band.kx.numpy()
        ramp = np.exp(-2j * np.pi * turn[..., None] * t)  # (Ky, Kx, T)
        total = total + power[..., None, None] * ramp[..., :, None] * ramp[..., None, :].conj()
    return total


def likelihood(frames: Array, model: Model) -> float:
    """Logarithm of the probability of periodic frames (T, Y, X), layers integrated out."""
    shape = (frames.shape[1], frames.shape[2])
    spectra = np.moveaxis(np.fft.rfft2(frames, norm="ortho"), 0, -1)  # (Ky, Kx, T)
    covariance = covariance_of(model, shape, len(frames))
    solved = np.linalg.solve(covariance, spectra[..., None])[..., 0]
    fit = (spectra.conj() * solved).sum(-1).real
    numbers = Band.full(shape).multiplicity().numpy() / 2  # independent complex numbers a bin
    return float(-(numbers * (fit + np.linalg.slogdet(covariance)[1])).sum())
