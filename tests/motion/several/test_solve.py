"""Layers from frames against a dense least squares, with edges and without."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.motion.several.made_layers import Array, drawn, red_model, torus_over

from napari_motionfft.motion.several.model import Model
from napari_motionfft.motion.several.solve import carried, gathered, normal, seen_spectra, solved

TORUS = (13, 11)  # odd sides: every frequency has a sign
FIELD = (8, 7)
COUNT = 5
VELOCITIES = [[0.7, -0.4], [-0.6, 0.5]]


def carry(image: Array, shift: Array) -> Array:
    """A wrapping image (Y, X) that moved by some px, by its full spectrum."""
    ky, kx = (np.fft.fftfreq(n) for n in image.shape)
    ramp = np.exp(-2j * np.pi * (ky[:, None] * shift[0] + kx * shift[1]))
    return np.asarray(np.fft.ifft2(np.fft.fft2(image) * ramp).real)


def dense(model: Model, frames: Array) -> Array:
    """(M, Y, X) layers of least |frames − what they show|²/N + |L|²/P, every pixel an unknown."""
    size = TORUS[0] * TORUS[1]
    t = np.arange(COUNT) - (COUNT - 1) / 2
    ridge = (model.noise / model.power).numpy()  # (M, Ky, Kx)
    columns = []
    for m, velocity in enumerate(model.velocities.numpy()):
        for pixel in range(size):
            image = np.zeros(size)
            image[pixel] = 1
            image = image.reshape(TORUS)
            seen = np.stack([carry(image, velocity * s)[: FIELD[0], : FIELD[1]] for s in t])
            seen -= seen.mean((1, 2), keepdims=True)
            prior = np.zeros((model.count, *TORUS))
            root = np.fft.rfft2(image, norm="ortho") * np.sqrt(ridge[m])
            prior[m] = np.fft.irfft2(root, s=TORUS, norm="ortho")
            columns.append(np.concatenate([seen.ravel(), prior.ravel()]))
    wanted = np.concatenate([frames.ravel(), np.zeros(model.count * size)])
    found = np.linalg.lstsq(np.stack(columns, 1), wanted, rcond=None)[0]
    return np.asarray(found.reshape(model.count, *TORUS))


def scene() -> tuple[Model, Array]:
    """A model and (T, h, w) frames of it, each less its mean."""
    model = red_model(TORUS, VELOCITIES)
    frames = drawn(0, model, TORUS, COUNT).frames[:, : FIELD[0], : FIELD[1]]
    return model, frames - frames.mean((1, 2), keepdims=True)


@pytest.mark.parametrize("block", [1, 2, 5])
def test_layers_are_the_least_squares(block: int) -> None:
    model, frames = scene()
    torus = torus_over(frames, TORUS, block)
    layers = solved(torus, model, None, 200, 1e-6)
    images = torch.fft.irfft2(layers, s=TORUS, norm="ortho").numpy()
    wanted = dense(model, frames)
    np.testing.assert_allclose(images, wanted, atol=1e-4 * np.abs(wanted).max())


def test_a_start_near_the_answer_takes_fewer_steps() -> None:
    model, frames = scene()
    torus = torus_over(frames, TORUS)
    wanted = solved(torus, model, None, 200, 1e-6)
    cold = (solved(torus, model, None, 3) - wanted).abs().max()
    warm = (solved(torus, model, wanted * 1.01, 3) - wanted).abs().max()
    assert warm < 0.2 * cold


def test_periodic_layers_are_the_posterior_mean_at_each_frequency() -> None:
    shape = (10, 12)
    model = red_model(shape, VELOCITIES)
    made = drawn(1, model, shape, COUNT)
    torus = torus_over(made.frames)
    layers = solved(torus, model, None, 0).numpy()
    t = np.arange(COUNT) - (COUNT - 1) / 2
    spectra = np.fft.rfft2(made.frames, norm="ortho")  # (T, Ky, Kx)
    ky, kx = torus.band.ky.numpy(), torus.band.kx.numpy()
    for row, column in ((1, 2), (4, 1), (7, 3), (0, 4), (3, 0)):
        turn = model.velocities.numpy() @ np.array([ky[row], kx[column]])  # (M,)
        a = np.exp(-2j * np.pi * turn * t[:, None])  # (T, M)
        ridge = (model.noise[row, column] / model.power[:, row, column]).numpy()
        wanted = np.linalg.solve(
            a.conj().T @ a + np.diag(ridge), a.conj().T @ spectra[:, row, column]
        )
        np.testing.assert_allclose(layers[:, row, column], wanted, rtol=1e-4)
    assert np.abs(layers[:, 5]).max() == 0  # the Nyquist row has no sign
    assert np.abs(layers[:, 0, 0]).max() == 0


def test_carrying_and_gathering_are_adjoint() -> None:
    """⟨frames, A L⟩ = ⟨Aᴴ frames, L⟩, what frames see taken in."""
    rng = np.random.default_rng(0)
    torus = torus_over(rng.standard_normal((COUNT, *FIELD)), TORUS)
    velocities = torch.tensor(VELOCITIES, dtype=torch.float64)
    phases = torus.phases(velocities, 0, COUNT)
    fields = torch.from_numpy(rng.standard_normal((2, *TORUS))).float()
    layers = torch.fft.rfft2(fields, norm="ortho")
    twice = torch.full(torus.band.size, 2.0)
    twice[:, 0] = 1

    def product(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(((a.conj() * b).real * twice).sum())

    spectra = torch.fft.rfft2(
        torch.from_numpy(rng.standard_normal((COUNT, *TORUS))).float(), norm="ortho"
    )
    one = product(spectra, seen_spectra(torus, carried(layers, phases)))
    other = product(gathered(seen_spectra(torus, spectra), phases), layers)
    assert one == pytest.approx(other, rel=1e-4)
    once = gathered(seen_spectra(torus, carried(layers, phases)), phases)
    torch.testing.assert_close(normal(torus, layers, velocities), once, rtol=1e-4, atol=1e-4)


def test_what_a_frame_sees_is_its_field_less_its_mean() -> None:
    torus = torus_over(np.zeros((2, *FIELD)), TORUS)
    values = torch.from_numpy(np.random.default_rng(1).standard_normal((3, *TORUS)))
    seen = torus.seen(values)
    part = values[:, : FIELD[0], : FIELD[1]]
    torch.testing.assert_close(
        seen[:, : FIELD[0], : FIELD[1]], part - part.mean((1, 2), keepdim=True)
    )
    assert float(seen[:, FIELD[0] :].abs().max()) == float(seen[:, :, FIELD[1] :].abs().max()) == 0
    torch.testing.assert_close(torus.seen(seen), seen)  # a projection
