"""The registry of spectral weights, and what spectra say of scene and noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from benchmarks.scenes import periodic, pink_power
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import fourier_gaussian
from scipy.stats import gamma
from tests.motion.made import spectra_of

from napari_motionfft.motion import weights
from napari_motionfft.motion.scene import power_law, scene_after_alignment
from napari_motionfft.motion.search import resample, scene_before_alignment
from napari_motionfft.motion.significance import FALSE_ALARM, threshold
from napari_motionfft.motion.spectra import Band, shifted_back
from napari_motionfft.motion.trajectory import centred, velocity
from napari_motionfft.motion.weights import WEIGHTS, SceneSpectra

SHAPE = (40, 48)
BAND = Band.full(SHAPE)


def scene_of(level: float, frames: int = 10) -> SceneSpectra:
    """A 1/k² scene of unit variance a pixel in white noise of this variance."""
    signal = torch.from_numpy(pink_power(SHAPE))
    return SceneSpectra(signal, torch.full(BAND.size, level, dtype=torch.float64), frames)


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("level", [1e-3, 1.0, 100.0])
def test_every_weight_is_finite_and_not_negative(name: str, level: float) -> None:
    weight = WEIGHTS[name](BAND, scene_of(level))
    assert weight.shape == BAND.size
    assert bool(torch.isfinite(weight).all())
    assert float(weight.min()) >= 0
    assert float(weight.max()) > 0


@pytest.mark.parametrize("name", ["bilinear", "lanczos", "gaussian", "fejer"])
def test_low_passes_are_one_at_rest_fall_and_know_no_sign(name: str) -> None:
    weight = WEIGHTS[name](BAND, scene_of(1.0))
    assert float(weight[0, 0]) == pytest.approx(1)
    half = SHAPE[0] // 2
    assert bool((weight[: half + 1].diff(dim=0) <= 1e-12).all())
    assert bool((weight.diff(dim=1) <= 1e-12).all())
    mirror = (-torch.arange(SHAPE[0])) % SHAPE[0]  # ky → −ky: the posts' unsigned ones differ here
    torch.testing.assert_close(weight[mirror], weight)


def test_named_formulas() -> None:
    ky, kx = BAND.ky[:, None].numpy(), BAND.kx[None].numpy()
    scene = scene_of(0.5)
    want = {
        "flat": np.ones(BAND.size),
        "bilinear": np.sinc(ky) ** 2 * np.sinc(kx) ** 2,
        "fejer": (1 - 2 * np.abs(ky)) * (1 - 2 * np.abs(kx)),
        "lanczos": np.abs(np.sinc(2 * ky) * np.sinc(2 * kx)),
        "phat": 1 / (scene.signal + scene.noise).numpy(),
        "gaussian": np.exp(-4 * np.pi**2 * (ky**2 + kx**2)),
    }
    p, n = scene.signal.numpy(), scene.noise.numpy()
    want["wiener"] = p / (n * (n + 10 * p))
    assert set(want) == set(WEIGHTS)
    for name, values in want.items():
        np.testing.assert_allclose(WEIGHTS[name](BAND, scene).numpy(), values, atol=1e-12)


def test_gaussian_weight_is_the_power_of_a_blur_of_one_pixel() -> None:
    blur = fourier_gaussian(np.ones(BAND.size), 1.0, n=SHAPE[1])
    np.testing.assert_allclose(weights.gaussian(BAND, scene_of(1.0)).numpy(), blur**2, atol=1e-10)


def test_coherent_whitening_cuts_noise_and_flattens_signal() -> None:
    """P/(P + N)² times the blur; below −9 dB only the blur over P + N."""
    good, poor = scene_of(0.01), scene_of(100.0)
    blur = weights.gaussian(BAND, good)
    p, n = good.signal, good.noise
    torch.testing.assert_close(weights.coherent_whitening(BAND, good), blur * p / (p + n) ** 2)
    torch.testing.assert_close(
        weights.coherent_whitening(BAND, poor), blur / (poor.signal + poor.noise)
    )
    assert good.ratio == pytest.approx(100, rel=0.1)


def test_names_begin_with_the_default() -> None:
    assert weights.weight_names() == ("auto", *WEIGHTS)


def test_scene_and_noise_are_found_from_coherence() -> None:
    """P and N of a known scene in noise, after its motion is taken out, ring by ring to 20 %."""
    known = periodic(11, 0, side=96, frames=12)
    band = Band.full((96, 96))
    path = torch.arange(12, dtype=torch.float64)[:, None] * torch.from_numpy(known.velocity)
    moved = shifted_back(spectra_of(known.stack), band, path)
    energy, power = moved.mean(0).abs() ** 2, (moved.abs() ** 2).mean(0)
    scene = scene_after_alignment(energy, power, 12, band)
    inner = (band.radius() > 0.05) & (band.radius() < 0.45)
    np.testing.assert_allclose(scene.noise[inner].numpy(), 1.0, rtol=0.2)
    truth = torch.from_numpy(pink_power((96, 96)))
    strong = inner & (truth > 0.1)  # above the noise of the mean
    ratio = scene.signal[strong] / truth[strong]
    assert float(ratio.median()) == pytest.approx(1, abs=0.2)
    assert float(ratio.log().std()) < 0.5
    assert float(scene.signal.min()) >= 0


def test_scene_before_alignment_finds_the_floor() -> None:
    known = periodic(11, 6, side=96, frames=12)
    band = Band.full((96, 96))
    power = (spectra_of(known.stack).abs() ** 2).mean(0)
    scene = scene_before_alignment(power, band, 12)
    floor = 10 ** (-6 / 10)
    high = float(pink_power((96, 96))[band.radius().numpy() > 0.4].mean())  # the scene's own tail
    assert floor * 0.9 < float(scene.noise[0, 0]) < (floor + high) * 1.2
    assert 2 < scene.ratio < 6  # 4 in truth


@pytest.mark.parametrize(("slope", "level"), [(-2.0, 1.0), (-3.0, 0.01), (-1.0, 50.0)])
def test_power_law_is_fitted_through_noise(slope: float, level: float) -> None:
    """|X̄|² is exponential about P + N/T; P = level·k^slope to 30 % where it counts."""
    band = Band.full((64, 64))
    truth = level * band.radius().clamp(min=0.5 / 64) ** slope
    noise = torch.full(band.size, float(truth[band.radius() > 0.25].mean()), dtype=torch.float64)
    rng = np.random.default_rng(0)
    energy = torch.from_numpy(rng.exponential(size=band.size)) * (truth + noise)
    law = power_law(energy, noise, band)
    middle = (band.radius() > 0.03) & (band.radius() < 0.25)
    ratio = law[middle] / truth[middle]
    assert 0.7 < float(ratio.min()) < float(ratio.max()) < 1.4


def test_power_law_of_nothing_is_nothing() -> None:
    band = Band.full((32, 32))
    nothing = torch.zeros(band.size, dtype=torch.float64)
    law = power_law(nothing, nothing + 1e-30, band)
    assert float(law.max()) < 1e-20


@given(st.floats(1, 1e8), st.floats(1, 1e5))
def test_threshold_is_the_tail_of_the_gamma_law(cells: float, bins: float) -> None:
    z = threshold(cells, bins)
    chance = gamma.sf(bins + z * np.sqrt(bins), bins) * cells
    assert chance == pytest.approx(FALSE_ALARM, rel=1e-3)


def test_threshold_grows_with_the_search_and_falls_with_the_frequencies() -> None:
    assert threshold(1e6, 100) > threshold(1e3, 100) > threshold(1, 100)
    assert threshold(1e4, 10) > threshold(1e4, 1000)
    assert threshold(1, 1e9) == pytest.approx(3.09, abs=0.01)  # a Gaussian's 0.1 %


@pytest.mark.parametrize("shape", [(20, 24), (21, 24), (20, 25), (21, 25)])
def test_a_weight_at_its_own_frequencies_is_itself(shape: tuple[int, int]) -> None:
    weight = torch.from_numpy(np.random.default_rng(0).random((shape[0], shape[1] // 2 + 1)))
    torch.testing.assert_close(resample(weight, Band.full(shape)), weight)


def test_a_weight_on_another_window_keeps_its_place_in_frequency() -> None:
    weight = torch.exp(-20 * Band.full((64, 65)).radius() ** 2)
    other = Band.full((48, 40))
    torch.testing.assert_close(
        resample(weight, other), torch.exp(-20 * other.radius() ** 2), atol=0.08, rtol=0
    )


def test_velocity_is_a_basis_of_time() -> None:
    basis = velocity(5)
    assert basis.tolist() == [[0.0], [1.0], [2.0], [3.0], [4.0]]
    assert centred(basis).flatten().tolist() == [-2.0, -1.0, 0.0, 1.0, 2.0]
