"""One registry of spectral weights W(k) in the energy (docs/method.md § 4)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from napari_motionfft.motion.spectra import Band

SEARCH_BLUR = 1.0
"""Standard deviation in px of the Gaussian that smooths the landscape for the search."""


@dataclass(frozen=True)
class SceneSpectra:
    """Power of what moves together, `signal`, and of all the rest, `noise`, each (Ky, Kx)."""

    signal: torch.Tensor
    noise: torch.Tensor
    frames: float

    @property
    def ratio(self) -> float:
        """Signal variance over noise variance per pixel."""
        return float(self.signal.sum() / self.noise.sum().clamp(min=1e-30))


WeightFunction = Callable[[Band, SceneSpectra], torch.Tensor]


def gaussian_response(band: Band, sigma: float) -> torch.Tensor:
    """Power response |G(k)|² = exp(−4π²σ²k²) of a Gaussian blur of `sigma` px, (Ky, Kx)."""
    return torch.exp(-4 * math.pi**2 * sigma**2 * band.radius() ** 2)


def flat(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """All frequencies alike: the posts' variance objective."""
    return torch.ones(band.size, dtype=torch.float64)


def bilinear(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """sinc² an axis, as the transfer function of bilinear interpolation (post 3)."""
    return torch.outer(torch.sinc(band.ky) ** 2, torch.sinc(band.kx) ** 2)


def lanczos(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """Lanczos σ factors, sinc(2k) an axis: the first zero at the Nyquist frequency."""
    return torch.outer(torch.sinc(2 * band.ky).abs(), torch.sinc(2 * band.kx).abs())


def gaussian(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """Energy of the frames blurred by a Gaussian of 1 px."""
    return gaussian_response(band, SEARCH_BLUR)


def fejer(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """Triangular taper 1 − |k|/k_Nyquist an axis (Fejér, post 4) on signed frequencies."""
    return torch.outer(1 - 2 * band.ky.abs(), 1 - 2 * band.kx.abs())


def phat(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """Phase transform: every frequency divided by its measured power (GCC-PHAT with α = 1)."""
    return 1 / (scene.signal + scene.noise).clamp(min=1e-30)


def wiener(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """Maximum likelihood for a scene that only translates, P/(N(N + TP)) (docs/method.md § 4)."""
    p, n = scene.signal, scene.noise
    return p / (n * (n + scene.frames * p)).clamp(min=1e-30)


WEIGHTS: dict[str, WeightFunction] = {
    "flat": flat,
    "bilinear": bilinear,
    "lanczos": lanczos,
    "gaussian": gaussian,
    "fejer": fejer,
    "phat": phat,
    "wiener": wiener,
}
"""Named weights besides `auto`, which is `coherent_whitening` in the search, `wiener` after it."""

LOW_SNR = 10 ** (-9 / 10)
"""Below this per-pixel ratio the radial scene spectrum is itself noise (docs/method.md § 4)."""


def coherent_whitening(band: Band, scene: SceneSpectra) -> torch.Tensor:
    """P/(P + N)² times a Gaussian of 1 px: a GCC-PHAT that knows the noise (docs/method.md § 4).

    Below −9 dB the measured P is mostly noise: then the Gaussian over P + N.
    """
    total = (scene.signal + scene.noise).clamp(min=1e-30)
    blur = gaussian_response(band, SEARCH_BLUR).to(total)
    if scene.ratio < LOW_SNR:
        return blur / total
    return blur * scene.signal / total**2


def weight_names() -> tuple[str, ...]:
    """The names that `weight=` takes."""
    return ("auto", *WEIGHTS)
