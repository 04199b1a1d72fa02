"""A path in words: how far, what jumped, what was left out, which model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.viewer.made import motion_of
from tests.viewer.made_path import EXCLUDED, PHYSICAL, source_of, wandering

from napari_motionfft.motion.result import Candidate
from napari_motionfft.viewer.path_report import LISTED, changing, model_text, ranges, typical_error
from napari_motionfft.viewer.report import PREVIEW, QUICK, as_html, as_text, report_of
from napari_motionfft.viewer.runs import kept_of


def rows(motion: Any, first: int = 0, **arguments: Any) -> dict[str, str]:
    """Values of the named rows; a row without a name belongs to the one above."""
    told: dict[str, str] = {}
    last = ""
    for name, value in report_of(motion, source_of(first, **arguments)).rows:
        last = name or last
        told[last] = f"{told[last]} | {value}" if last in told else value
    return told


def test_the_path_comes_first_and_the_mean_velocity_second() -> None:
    motion = wandering()
    told = rows(motion, **PHYSICAL)
    names = list(told)
    assert names.index("Furthest") < names.index("Travel") < names.index("Mean velocity y")
    assert "Velocity y" not in told
    path = np.delete(motion.displacements, EXCLUDED, axis=0)
    far = np.hypot(*path.T).max()
    place, length = told["Furthest"].split(" | ")
    y, x = (float(part.replace("−", "-")) for part in place[1:].split(")")[0].split(", "))
    assert np.hypot(y, x) == pytest.approx(far, abs=0.01)
    assert float(length.split()[0]) == pytest.approx(0.25 * far, rel=1e-3)
    low, high = (float(part.replace("−", "-")) for part in told["Range y"][:-3].split(" to "))
    assert (low, high) == pytest.approx((path[:, 0].min(), path[:, 0].max()), abs=0.01)
    way = np.hypot(*np.diff(path, axis=0).T).sum()
    assert float(told["Travel"].split()[0]) == pytest.approx(way, abs=0.01)
    assert told["Error"] == "typically ± (0.25, 0.25) px a frame"


def test_the_error_of_a_frame_that_is_far_worse_is_told() -> None:
    errors = wandering().displacement_stderr.copy()
    errors[20] = (0.3, 2.4)
    errors[21] = np.inf
    told = rows(wandering(displacement_stderr=errors), first=5)
    assert told["Error"] == (
        "typically ± (0.25, 0.25) px a frame | up to ± (0.3, 2.4) px at frame 25"
    )


def test_halves_are_apart_by_what_they_have_not_in_common() -> None:
    path = wandering().displacements
    sway = 0.1 * (np.arange(60) % 3 - 1)[:, None]
    halves = np.stack([path + sway + 5, path - sway])
    halves[0, [7, 20, *EXCLUDED]] += 300  # what a half loses does not count
    told = rows(wandering(split_half_displacements=halves))
    assert told["Split half"] == "paths typically (0.20, 0.20) px apart"
    unknown = np.full((2, 60, 2), np.nan)
    assert "even" in rows(wandering(split_half_displacements=unknown))["Split half"]


def test_jumps_and_frames_left_out_are_told_in_frames_of_the_layer() -> None:
    told = rows(wandering(), first=5)
    assert told["Left out"] == "2 of 60 frames: 17, 45"
    y = 4 * (np.sin(33 / 9) - np.sin(32 / 9)) + 6.3
    assert told["Jump"] == f"frame 38: ({y:.1f}, −4.1) px"
    many = rows(wandering(jumps=tuple(range(1, 31))))
    assert len(many["Jumps"].split(" | ")) == LISTED + 1
    assert many["Jumps"].endswith(f"and {30 - LISTED} more")


def test_a_constant_velocity_is_told_as_before() -> None:
    motion = motion_of(frames=60)
    assert not changing(motion)
    told = rows(motion)
    assert next(iter(told)) == "Velocity y"
    assert not {"Model", "Furthest", "Travel", "Jump", "Left out"} & set(told)
    bumped = motion_of(frames=60)
    object.__setattr__(bumped, "excluded", (7,))
    assert rows(bumped)["Left out"] == "1 of 60 frames: 7"


@pytest.mark.parametrize(
    ("model", "coefficients", "text"),
    [  # of which one is the jump's, but for "free"
        ("spline", 12, "spline, 8 intervals"),
        ("spline", 5, "spline, 1 interval"),
        ("polynomial", 4, "polynomial, degree 3"),
        ("free", 58, "free, every frame free"),
        ("free", 15, "free, 15 nodes"),
        ("velocity", 2, "velocity"),
    ],
)
def test_the_model_has_its_size(model: str, coefficients: int, text: str) -> None:
    one = (Candidate(model, coefficients, 22.84),)
    motion = wandering(model=model, parameters=coefficients, candidates=one)
    assert model_text(motion) == text
    assert "Compared" not in rows(motion)
    both = (Candidate("other", 1, 4.2), *one)
    chosen = wandering(model=model, parameters=coefficients, candidates=both)
    assert model_text(chosen) == f"{text}, chosen by likelihood"
    assert rows(chosen)["Compared"] == "in log-likelihood: other −19"


def test_sizes_of_one_model_are_compared_by_size_and_models_by_their_best() -> None:
    splines = tuple(Candidate("spline", k + 4, float(k)) for k in (2, 4, 8))
    told = rows(wandering(candidates=splines))["Compared"]
    assert told == "in log-likelihood: 2 intervals −6, 4 intervals −4"
    told = rows(wandering(candidates=(Candidate("velocity", 2, 1.5), *splines)))["Compared"]
    assert told == "in log-likelihood: velocity −6"


def test_what_was_asked_besides_is_told_where_it_is_not_usual() -> None:
    usual = {"effort": "balanced", "frame_weights": "none", "canvas": "frame"}
    assert "Asked" not in rows(wandering(settings=usual))
    other = {"effort": "precise", "frame_weights": "sharpness", "canvas": "union"}
    told = rows(wandering(settings=other))["Asked"]
    assert told == "preset precise, frame weights sharpness, canvas union"
    assert "Asked" not in rows(wandering(settings={"frame_weights": np.ones(60)}))


def test_the_typical_error_is_that_of_frames_that_count() -> None:
    assert typical_error(wandering()) == (0.25, 0.25)
    assert np.isnan(typical_error(wandering(excluded=tuple(range(60))))).all()


@pytest.mark.parametrize(
    ("frames", "text"),
    [((12, 40), "12, 40"), ((3, 4, 5, 6, 9), "3–6, 9"), ((7, 8), "7, 8"), ((5,), "5")],
)
def test_ranges(frames: tuple[int, ...], text: str) -> None:
    assert ranges(frames) == text


def test_a_preview_says_so_in_its_own_colour() -> None:
    report = report_of(wandering(), source_of(), preview=True)
    assert report.verdict.startswith(PREVIEW)
    assert QUICK[0] in as_html(report)
    assert PREVIEW in as_text(report)
    doubtful = report_of(wandering(reliable=False, reason="dark"), source_of(), preview=True)
    assert doubtful.verdict.endswith("Not reliable: dark")


def test_the_name_to_choose_a_path_by() -> None:
    far = np.hypot(*np.delete(wandering().displacements, EXCLUDED, axis=0).T).max()
    assert kept_of(wandering(), source_of()).name == f"cells: spline, up to {far:.3g} px"
