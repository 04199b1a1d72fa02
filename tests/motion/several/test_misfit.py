"""How far frames depart from constant velocity, and what that does to errors."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from benchmarks.scenes import shifted
from tests.motion.several.made_layers import Array, drawn, red_model, torus_over

from napari_motionfft.motion.several.fit import Layered, first_model, fitted
from napari_motionfft.motion.several.misfit import departures, frame_pulls, misfits
from napari_motionfft.motion.several.model import Model
from napari_motionfft.motion.several.torus import Torus

VELOCITIES = [[0.9, -0.7], [-0.8, 1.1]]
COUNT = 12
STEADY = np.zeros((COUNT, 2))


@cache
def fit_of(seed: int, path: str = "steady") -> tuple[Layered, list[Torus]]:
    """Two layers of 32² px, periodic; the first one also moves by a path."""
    rng = np.random.default_rng(9)
    jitter = rng.normal(0, 0.3, (COUNT, 2))
    t = np.linspace(-1, 1, COUNT)[:, None]
    more = {"steady": STEADY, "jitter": jitter, "curve": 0.8 * t**2 * np.ones(2)}[path]
    shape = (32, 32)
    model = red_model(shape, VELOCITIES, noise=0.1)
    one, two = (drawn(seed, part(model, m), shape, COUNT).frames for m in (0, 1))
    frames = np.stack([shifted(f, p) for f, p in zip(one, more, strict=True)]) + two
    torus = torus_over(frames)
    return fitted([torus], first_model(torus, model.velocities, model.free)), [torus]


def part(model: Model, m: int) -> Model:
    """A model of one of the layers, with half the noise."""
    return Model(
        model.velocities[m : m + 1], model.free[:1], model.power[m : m + 1], model.noise / 2
    )


def test_steady_layers_keep_their_errors() -> None:
    found = torch.stack([misfits(*fit_of(seed)) for seed in range(4)])
    assert (found >= 1).all()
    assert float((found == 1).double().mean()) >= 0.7
    assert float(found.max()) < 3


def test_departures_are_the_px_by_which_frames_depart() -> None:
    fit, tori = fit_of(0)
    assert (departures(fit, tori) < 0.05).all()
    fit, tori = fit_of(0, "jitter")
    far = departures(fit, tori)
    assert 0.2 < float(far[0]) < 0.4
    assert float(far[1]) < 0.1


def test_a_layer_that_jitters_gets_wider_errors_and_the_other_does_not() -> None:
    one, other = misfits(*fit_of(0, "jitter")).tolist()
    assert one > 10
    assert other < one / 5  # what the first one leaves is noise to it, and coloured


def test_a_curve_widens_more_than_its_size() -> None:
    """Departures that go on from frame to frame do not average out."""
    fit, tori = fit_of(0, "curve")
    pulls, information = frame_pulls(fit, tori)[0]
    root = torch.linalg.cholesky(torch.linalg.inv(information))
    white = pulls @ root
    spread = float((white - white.mean(0)).square().sum()) / (2 * COUNT - 4)
    assert spread > 4
    assert float(misfits(fit, tori)[0]) > 1.5 * spread


def test_pulls_show_where_each_frame_lies() -> None:
    """What remains of the jitter's line is what each frame is displaced by."""
    fit, tori = fit_of(0, "jitter")
    pulls, information = frame_pulls(fit, tori)[0]
    found = (pulls @ torch.linalg.inv(information)).numpy()
    rng = np.random.default_rng(9)
    truth: Array = rng.normal(0, 0.3, (COUNT, 2))
    t = np.stack([np.ones(COUNT), np.arange(COUNT)], 1)
    found, truth = (x - t @ np.linalg.lstsq(t, x, rcond=None)[0] for x in (found, truth))
    assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.95


def test_a_known_velocity_counts_as_exact() -> None:
    shape = (32, 32)
    model = red_model(shape, [[0.9, -0.7], [0.0, 0.0]], free=[True, False])
    torus = torus_over(drawn(0, model, shape, COUNT).frames)
    fit = fitted([torus], first_model(torus, model.velocities, model.free))
    assert float(misfits(fit, [torus])[1]) == 1
    assert float(departures(fit, [torus])[1]) == 0
