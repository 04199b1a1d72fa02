"""What must not change the velocity along a strip, and what must turn it round."""

from __future__ import annotations

from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
import zarr
from benchmarks import strip_scenes as scenes
from hypothesis import given, settings
from hypothesis import strategies as st

import napari_motionfft as mf
from napari_motionfft.motion.strips import lines as lines_module
from napari_motionfft.motion.strips import stages
from napari_motionfft.motion.strips.result import StripMotion

KNOWN = scenes.kymograph(4, 1.0, 0.83, length=96, frames=80)
LINES = KNOWN.kymograph.astype(np.float64)


def estimate(lines: Any, **asked: Any) -> StripMotion:
    return mf.estimate_strip_motion(lines, **({"window": 40, "hop": 20} | asked))


BASE = estimate(LINES)


def alike(motion: StripMotion, velocities: Any = BASE.velocities, share: float = 0.05) -> None:
    """The wanted velocities to a small share of their standard errors, equally sure."""
    assert motion.reliable.all()
    assert np.abs(motion.velocities - velocities).max() < share * BASE.stderr.min()
    np.testing.assert_allclose(motion.stderr, BASE.stderr, rtol=share)
    np.testing.assert_allclose(motion.score, BASE.score, rtol=share)


def test_the_base_is_right() -> None:
    assert BASE.reliable.all()
    assert (np.abs(BASE.velocities - 0.83) < 4 * BASE.stderr).all()


@settings(max_examples=10)
@given(st.integers(-8, 8), st.sampled_from([1, -1]))
def test_intensity_scale_does_not_matter(power: int, sign: int) -> None:
    factor = sign * 10.0**power
    motion = estimate(factor * LINES)
    alike(motion)
    np.testing.assert_allclose(motion.background / factor, BASE.background, atol=1e-5)


@settings(max_examples=10)
@given(st.floats(-1e6, 1e6))
def test_a_constant_does_not_matter(level: float) -> None:
    alike(estimate(LINES + level))


def test_a_flickering_lamp_does_not_matter() -> None:
    flicker = np.random.default_rng(0).normal(0, 5, (len(LINES), 1))
    alike(estimate(LINES + flicker), share=0.1)


@settings(max_examples=8)
@given(st.integers(0, 40), st.floats(-3, 3))
def test_a_mirrored_strip_runs_the_other_way(seed: int, velocity: float) -> None:
    """Space or time turned round; windows round the other way, so to a share of the error."""
    lines = scenes.kymograph(seed, 2.0, velocity, length=96, frames=40).kymograph
    motion = mf.estimate_strip_motion(lines, background="none")
    for turned in (lines[:, ::-1], lines[::-1]):
        other = mf.estimate_strip_motion(turned, background="none")
        assert other.reliable.all()
        assert abs(other.velocities[0] + motion.velocities[0]) < 0.5 * motion.stderr[0]
        np.testing.assert_allclose(other.stderr, motion.stderr, rtol=0.3)


def test_mirrored_spectrogram() -> None:
    mirror = estimate(LINES[:, ::-1])
    np.testing.assert_allclose(
        mirror.spectrogram.values[:, ::-1],
        BASE.spectrogram.values,
        atol=0.02 * float(BASE.spectrogram.values.max()),
    )


@pytest.mark.parametrize("velocity", [1.2, -0.7])
def test_positive_is_towards_the_end_of_the_path(velocity: float) -> None:
    """A texture that runs along x: a path to the right sees +v, the same path back −v."""
    strip = scenes.kymograph(0, 5.0, velocity, length=96, frames=30).kymograph
    stack = np.repeat(strip[:, None], 5, axis=1)
    for path, sign in (([(2, 4), (2, 90)], 1), ([(2, 90), (2, 4)], -1)):
        motion = mf.estimate_strip_motion(mf.extract_strip(stack, np.array(path)))
        assert motion.velocities[0] == pytest.approx(sign * velocity, abs=0.02)


def test_a_slower_camera_sees_twice_the_velocity() -> None:
    half = mf.estimate_strip_motion(LINES[::2])
    assert abs(half.velocities[0] - 2 * 0.83) < 4 * half.stderr[0]


@pytest.mark.parametrize("kind", ["dask", "zarr", "torch", "list", "float32", "fortran", "strided"])
def test_every_kind_of_array_gives_the_same(kind: str) -> None:
    wide = np.zeros((80, 192))
    wide[:, ::2] = LINES
    lines = {
        "dask": lambda: da.from_array(LINES, chunks=(9, 50)),
        "zarr": lambda: zarr.array(LINES, chunks=(9, 50)),
        "torch": lambda: torch.from_numpy(LINES),
        "list": lambda: LINES.tolist(),
        "float32": lambda: LINES.astype(np.float32),
        "fortran": lambda: np.asfortranarray(LINES),
        "strided": lambda: wide[:, ::2],
    }[kind]()
    alike(estimate(lines), share=1e-3)


def test_lazy_lines_that_are_not_held_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "HOLD_BUDGET", 0)
    alike(estimate(da.from_array(LINES, chunks=(9, 50))), share=1e-3)


def test_whole_numbers_lose_their_rounding_only() -> None:
    motion = estimate(np.rint(128 + 20 * LINES).clip(0, 255).astype(np.uint8))
    assert motion.reliable.all()
    assert np.abs(motion.velocities - BASE.velocities).max() < 0.3 * BASE.stderr.min()


def test_input_is_left_as_it_is() -> None:
    before = LINES.copy()
    estimate(LINES, background="static")
    np.testing.assert_array_equal(LINES, before)


def test_units_turn_the_results_only() -> None:
    motion = estimate(LINES, dt=0.002, dx=0.5, time_unit="s", length_unit="µm")
    np.testing.assert_allclose(motion.velocities, BASE.velocities, atol=1e-6)
    np.testing.assert_allclose(motion.physical_velocities, 250 * motion.velocities)
    np.testing.assert_allclose(motion.physical_stderr, 250 * motion.stderr)
    np.testing.assert_allclose(motion.times, 0.002 * (motion.starts + 19.5))
    assert motion.velocity_unit == "µm/s"
    assert (BASE.velocity_unit, BASE.unit_speed) == ("px/frame", 1.0)
    np.testing.assert_allclose(BASE.times, BASE.centres)
    assert estimate(LINES, dt=2.0).velocity_unit == "px/s"
    assert estimate(LINES, dx=2, length_unit="mm").velocity_unit == "mm/frame"


def test_windows_are_where_they_are_asked_for() -> None:
    known = scenes.kymograph(0, 1.0, 0.8, frames=100)
    motion = mf.estimate_strip_motion(known.kymograph, 32, 20)
    np.testing.assert_array_equal(motion.starts, [0, 20, 40, 60])
    assert motion.window == 32
    np.testing.assert_allclose(motion.centres, [15.5, 35.5, 55.5, 75.5])
    assert motion.shape == (100, 256)
    assert "The last 8 frames do not fill a window." in motion.notes
    np.testing.assert_array_equal(
        mf.estimate_strip_motion(known.kymograph, 32).starts, [0, 16, 32, 48, 64]
    )
    whole = mf.estimate_strip_motion(known.kymograph)
    assert (whole.window, len(whole.starts), whole.notes) == (100, 1, ())


def test_velocity_of_all_windows_is_theirs_together() -> None:
    known = scenes.kymograph(2, 1.0, 0.8, frames=256)
    motion = mf.estimate_strip_motion(known.kymograph, 64)
    assert motion.velocity == pytest.approx(motion.velocities.mean())
    assert abs(motion.velocity - 0.8) < 4 * motion.velocity_stderr
    assert motion.velocity_stderr < motion.stderr.min()


def test_windows_are_those_estimated_alone() -> None:
    """Of long lines, against cut-outs: weight and wall are then each window's own."""
    known = scenes.kymograph(7, 1.0, 0.9, length=128, frames=256)
    together = mf.estimate_strip_motion(known.kymograph, 64, background="none")
    for at, start in enumerate(together.starts):
        alone = mf.estimate_strip_motion(known.kymograph[start : start + 64], background="none")
        assert alone.reliable.all()
        off = abs(alone.velocities[0] - together.velocities[at])
        assert off < 0.75 * together.stderr[at]
        assert alone.stderr[0] == pytest.approx(together.stderr[at], rel=0.4)


def test_smaller_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "SEARCH_BLOCK", 1)
    monkeypatch.setattr(stages, "REFINE_BLOCK", 1)
    # one window at a time stops stepping by itself
    alike(estimate(LINES), share=0.1)


@pytest.mark.parametrize("background", ["none", "static"])
def test_many_strips_are_as_each_alone(background: str) -> None:
    """Of one shape and of another: they go to the device together."""
    stack = np.zeros((60, 24, 160), np.float32)
    for row, velocity in enumerate((0.4, -1.1, 2.3)):
        strip = scenes.kymograph(row, 2.0, velocity, length=160, frames=60).kymograph
        stack[:, 8 * row : 8 * row + 8] = strip[:, None]
    paths = [np.array([(8 * row + 4, 2), (8 * row + 4, 150 - 20 * (row // 2))]) for row in range(3)]
    asked: dict[str, Any] = {"window": 30, "background": background}
    table = mf.strip_motions(stack, paths, **asked)
    assert [k.shape for k in table.kymographs] == [(60, 149), (60, 149), (60, 129)]
    for motion, kymograph, velocity in zip(
        table.strips, table.kymographs, (0.4, -1.1, 2.3), strict=True
    ):
        alone = mf.estimate_strip_motion(kymograph, **asked)
        assert motion.reasons == alone.reasons
        # how many steps are taken is decided for all at once
        assert np.abs(motion.velocities - alone.velocities).max() < 0.1 * alone.stderr.min()
        np.testing.assert_allclose(motion.stderr, alone.stderr, rtol=0.1)
        np.testing.assert_allclose(motion.score, alone.score, rtol=1e-3)
        assert np.abs(motion.velocities - velocity).max() < 0.05


def reports(**asked: Any) -> list[tuple[float, str]]:
    seen: list[tuple[float, str]] = []
    estimate(LINES, progress=lambda fraction, message: seen.append((fraction, message)), **asked)
    return seen


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window a block: many reports."""
    monkeypatch.setattr(stages, "SEARCH_BLOCK", 1)
    monkeypatch.setattr(stages, "REFINE_BLOCK", 1)


@pytest.mark.usefixtures("small_blocks")
def test_progress_goes_up_to_one() -> None:
    seen = reports(hop=5)
    fractions = [fraction for fraction, _ in seen]
    assert len(seen) > 20
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.1
    assert len(set(fractions)) > 10
    assert seen[-1] == (1.0, "Done")
    messages = {message for _, message in seen}
    assert messages == {"Reading lines", "Searching velocities", "Refining", "Done"}


@pytest.mark.usefixtures("small_blocks")
def test_progress_of_many_strips_goes_up_to_one() -> None:
    seen: list[float] = []
    stack = np.repeat(LINES[:, None], 6, axis=1)
    paths = [[(2, 0), (2, 95)], [(3, 0), (3, 80)]]
    mf.strip_motions(stack, paths, 40, progress=lambda fraction, _: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("after", [0, 1, 3, 8])
def test_a_cancel_takes_effect_at_the_next_report(after: int) -> None:
    cancel, seen = Event(), []

    def progress(fraction: float, message: str) -> None:
        seen.append(fraction)
        if len(seen) == after:
            cancel.set()

    if after == 0:
        cancel.set()
    with pytest.raises(mf.Cancelled):
        estimate(LINES, progress=progress, cancel=cancel)
    assert len(seen) == after


def test_the_same_call_gives_the_same_answer() -> None:
    alike(estimate(LINES), share=1e-4)
    assert estimate(LINES).settings["window"] == 40
