"""Several motions of one stack against the truth: velocities, errors, images, how many."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from benchmarks.layer_scenes import (
    NOISES,
    KnownLayers,
    moving,
    noises,
    summed,
    velocities_apart,
)
from benchmarks.layer_tally import along, correlation, crosstalk, matched
from benchmarks.scenes import Array

import napari_motionfft as mf
from napari_motionfft.motion.several import field


def velocities_of(motions: mf.Motions) -> Array:
    return np.array([m.velocity for m in motions]).reshape(-1, 2)


def errors(known: KnownLayers, motions: mf.Motions) -> Array:
    """(M,) px/frame from each true velocity to its own found one."""
    found = velocities_of(motions)
    pairs = matched(found, known.velocities)
    assert len(pairs) == len(known.velocities)
    return np.array([math.hypot(*(found[n] - known.velocities[m])) for m, n in pairs])


@cache
def two(seed: int, kind: str, boundary: str) -> tuple[KnownLayers, mf.Motions]:
    """Two textures of equal energy and of the noise's, T = 16."""
    fastest = 4.0 if boundary == "periodic" else 2.0
    velocities = velocities_apart(seed, 2, fastest)
    known = summed(seed, velocities, (kind,) * 2, 16, 1.0, 80, boundary)
    return known, mf.separate_motions(known.stack, boundary=boundary, device="cpu")


TWO = [
    (0, "white", "crop"),
    (1, "white", "crop"),
    (3, "pink", "crop"),
    (0, "white", "periodic"),
    (1, "pink", "periodic"),
    (2, "photograph", "periodic"),
]


@pytest.mark.parametrize("case", TWO)
def test_two_textures_are_found_within_a_fiftieth_px(case: tuple[int, str, str]) -> None:
    known, motions = two(*case)
    assert len(motions) == 2
    assert (errors(known, motions) < 0.02).all()
    assert all(m.reliable and m.reason == "" for m in motions)
    assert all(m.score > 6 for m in motions)


def test_their_errors_hold_the_truth_and_are_no_wider_than_need_be() -> None:
    z, wide = [], []
    for case in TWO:
        known, motions = two(*case)
        found = velocities_of(motions)
        for m, n in matched(found, known.velocities):
            z.extend((found[n] - known.velocities[m]) / motions[n].velocity_stderr)
            wide.extend(motions[n].velocity_stderr / known.bound[m])
    assert np.abs(z).max() < 4
    assert 0.5 < np.sqrt(np.mean(np.square(z))) < 1.6
    assert 0.9 < np.median(wide) < 2.5


@pytest.mark.parametrize("case", TWO)
def test_each_image_shows_its_own_layer(case: tuple[int, str, str]) -> None:
    """Correlation 0.95, and 10 dB less of the other than a plain mean, where every frame sees.

    What is longer than the side of a crop is told apart less well, and pink has much of it.
    """
    known, motions = two(*case)
    for m, n in matched(velocities_of(motions), known.velocities):
        motion = motions[n]
        often = motion.coverage == len(known.stack)
        assert often.mean() > 0.3
        least, gain = (0.93, 7) if case[1:] == ("pink", "crop") else (0.95, 10)
        assert correlation(motion.integrated, known.images[m], often) > least
        plain = mf.integrate(known.stack, along(motion, known.velocities[m]))
        leaks = [crosstalk(known, m, i, often, motion) for i in (plain, motion.integrated)]
        assert 10 * math.log10(leaks[0] / leaks[1]) > gain


@pytest.mark.parametrize("case", TWO)
def test_shares_are_those_of_the_layers(case: tuple[int, str, str]) -> None:
    """A third each of layer, layer and noise; what edges do not tell is held back."""
    _, motions = two(*case)
    np.testing.assert_allclose(motions.shares, 1 / 3, atol=0.08)
    assert motions.residual_energy == pytest.approx(1 / 3, abs=0.06)
    assert motions.shares[0] >= motions.shares[1]
    assert motions.background is None
    assert motions.background_share == 0
    assert motions.kind == "additive"
    assert motions.masks is None
    assert motions.front is None
    assert motions.stopped


@pytest.mark.parametrize(("seed", "boundary"), [(0, "periodic"), (1, "periodic"), (0, "crop")])
def test_three_motions(seed: int, boundary: str) -> None:
    velocities = velocities_apart(seed, 3, 1.2, 1.0)
    side = 64 if boundary == "periodic" else 40
    known = summed(seed, velocities, ("white",) * 3, 32, 1.0, side, boundary)
    motions = mf.separate_motions(known.stack, boundary=boundary, max_speed=3)
    assert len(motions) == 3
    assert (errors(known, motions) < 0.05).all()
    for m, n in matched(velocities_of(motions), velocities):
        often = motions[n].coverage >= 16
        assert correlation(motions[n].integrated, known.images[m], often) > 0.95


@cache
def beside_still(boundary: str, ratio: float = 1.0) -> KnownLayers:
    return summed(0, np.array([[1.5, -1.0]]), ("pink",), 12, 1.0, 64, boundary, still=ratio)


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
def test_a_still_layer_is_a_motion_of_its_own(boundary: str) -> None:
    known = beside_still(boundary)
    motions = mf.separate_motions(known.stack, boundary=boundary)
    assert len(motions) == 2
    still = int(np.argmin([m.speed for m in motions]))
    assert motions[still].speed < 4 * motions[still].velocity_stderr.max() < 0.02
    assert math.hypot(*(motions[1 - still].velocity - known.velocities[0])) < 0.02
    often = motions[1 - still].coverage == 12
    assert known.still is not None
    assert correlation(motions[still].integrated, known.still, often) > 0.9
    assert correlation(motions[1 - still].integrated, known.images[0], often) > 0.9


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
@pytest.mark.parametrize("ratio", [1.0, 25.0])
def test_a_static_background_is_no_motion(boundary: str, ratio: float) -> None:
    known = beside_still(boundary, ratio)
    motions = mf.separate_motions(known.stack, boundary=boundary, background="static")
    assert len(motions) == 1
    assert (errors(known, motions) < 0.02).all()
    assert (
        np.abs(motions[0].velocity - known.velocities[0]) < 4 * motions[0].velocity_stderr
    ).all()
    assert known.still is not None
    assert motions.background is not None
    assert motions.background.dtype == np.float32
    inner = np.zeros((64, 64), bool)
    inner[8:-8, 8:-8] = True
    assert correlation(motions.background, known.still, inner) > 0.92
    assert motions.background_share == pytest.approx(ratio / (ratio + 2), abs=0.12)
    assert motions[0].settings["background"] == "static"


def test_nothing_moves_in_front_of_a_still_background() -> None:
    rng = np.random.default_rng(0)
    still = moving(rng, "pink", np.zeros(2), 1, 64, False)[0]
    stack = still + rng.standard_normal((10, 64, 64))
    assert len(mf.separate_motions(stack, background="static")) == 0
    (one,) = mf.separate_motions(stack)
    assert one.speed < 4 * one.velocity_stderr.max()


@pytest.mark.parametrize(
    ("seed", "kind", "boundary", "snr"),
    [
        (0, "pink", "crop", 1.0),
        (1, "white", "crop", 0.5),
        (2, "photograph", "crop", 2.0),
        (3, "pink", "crop", 10.0),
        (4, "white", "periodic", 0.3),
        (5, "pink", "periodic", 10.0),
    ],
)
def test_one_motion_is_found_as_one(seed: int, kind: str, boundary: str, snr: float) -> None:
    velocities = velocities_apart(seed, 1, 2.0)
    known = summed(seed, velocities, (kind,), 12, 1 / snr, 64, boundary)
    motions = mf.separate_motions(known.stack, boundary=boundary)
    assert len(motions) == 1
    assert (errors(known, motions) < 0.03).all()
    assert motions[0].reliable


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_is_found_in_noise(kind: str, seed: int) -> None:
    motions = mf.separate_motions(noises(seed, kind, 12, 64))
    assert len(motions) == 0
    assert len(motions.shares) == 0
    assert motions.residual_energy == 1
    assert motions.stopped


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
def test_more_motions_than_there_are_come_back_as_not_reliable(boundary: str) -> None:
    velocity = np.array([[1.5, -1.0]])
    known = summed(0, velocity, ("pink",), 12, 1.0, 64, boundary)
    motions = mf.separate_motions(known.stack, 3, boundary=boundary)
    assert 2 <= len(motions) <= 3
    assert motions[0].reliable
    assert math.hypot(*(motions[0].velocity - velocity[0])) < 0.02
    assert motions.shares[0] > 10 * motions.shares[1:].max()
    for extra in motions[1:]:
        assert not extra.reliable
        assert "chance alone reaches" in extra.reason
    said = motions.stopped == "3 motions were asked for."
    assert said == (len(motions) == 3)


def test_fewer_motions_than_there_are() -> None:
    known = summed(
        0, np.array([[1.5, -1.0], [-0.8, 0.9]]), ("white",) * 2, 12, 0.5, 64, energies=(2.0, 0.5)
    )
    (one,) = mf.separate_motions(known.stack, 1)
    assert math.hypot(*(one.velocity - known.velocities[0])) < 0.02
    both = mf.separate_motions(known.stack, 2)
    assert (errors(known, both) < 0.02).all()
    assert both.shares[0] > 2 * both.shares[1]  # strongest first
    assert math.hypot(*(both[0].velocity - known.velocities[0])) < 0.02


def test_a_motion_beyond_the_search_range_is_not_looked_for() -> None:
    known = summed(1, np.array([[0.5, -0.6], [0.4, 2.8]]), ("white",) * 2, 12, 0.7, 64)
    motions = mf.separate_motions(known.stack, max_speed=1.5)
    assert len(motions) == 1
    assert math.hypot(*(motions[0].velocity - known.velocities[0])) < 0.02
    assert motions[0].settings["max_speed"] == 1.5
    assert np.abs(motions[0].landscape.vy).max() <= 1.5 + 1e-9


def test_four_frames_are_enough() -> None:
    known = summed(2, np.array([[1.5, -1.0], [-1.4, 1.2]]), ("white",) * 2, 4, 0.3, 64)
    motions = mf.separate_motions(known.stack)
    assert len(motions) == 2
    assert (errors(known, motions) < 0.05).all()


@pytest.mark.parametrize("acceleration", [0.05, 0.2])
def test_a_motion_that_is_not_steady_is_not_many(acceleration: float) -> None:
    """The layers that would make it up are none: it says that frames depart from the line."""
    rng = np.random.default_rng(5)
    t = np.arange(12.0)
    scene = moving(rng, "pink", np.zeros(2), 1, 160, True)[0]
    ky, kx = np.fft.fftfreq(160)[:, None], np.fft.rfftfreq(160)
    path = 0.8 * t + acceleration * t**2 / 2
    spectrum = np.fft.rfft2(scene)
    stack = np.stack(
        [np.fft.irfft2(spectrum * np.exp(-2j * np.pi * (ky + 0.5 * kx) * p)) for p in path]
    )[:, 40:104, 40:104]
    stack = stack + 0.2 * rng.standard_normal(stack.shape)
    motions = mf.separate_motions(stack)
    certain = [m for m in motions if m.reliable]
    assert len(certain) <= 1
    told = motions.stopped + " ".join(note for m in motions for note in m.notes)
    assert "constant velocity" in told or "no longer" in told or not certain
    for motion in certain:  # the error holds where the velocity was, midway
        mean = 0.8 + acceleration * 5.5
        off = np.abs(motion.velocity - [mean, mean / 2])
        assert (off < 4 * motion.velocity_stderr).all()


@pytest.mark.parametrize("boundary", ["crop", "periodic"])
def test_a_large_field_is_made_smaller_first(
    boundary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Velocities, landscape and search range count in px of the stack all the same.

    Its finest detail, which the smaller field cannot hold, is taken for no motion.
    """
    velocities = np.array([[1.4, -0.8], [-1.2, 0.9]])
    known = summed(6, velocities, ("white",) * 2, 8, 0.1, 80, boundary)
    wanted = mf.separate_motions(known.stack, boundary=boundary)
    monkeypatch.setattr(field, "SIDE", 40)
    found = mf.separate_motions(known.stack, boundary=boundary)
    assert len(found) == len(wanted) == 2
    assert (errors(known, found) < 0.01).all()
    limit = wanted[0].settings["max_speed"]
    assert found[0].settings["max_speed"] == limit
    assert np.abs(found[0].landscape.vy).max() == pytest.approx(limit, rel=0.1)
    peaks = np.array([p[:2] for p in found[0].landscape.peaks])
    for m, n in matched(velocities_of(found), velocities):
        assert np.hypot(*(peaks - velocities[m]).T).min() < 0.2
        assert found[n].integrated.shape == (80, 80)
        often = found[n].coverage == 8
        assert correlation(found[n].integrated, known.images[m], often) > 0.97
