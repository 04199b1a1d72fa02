"""The panel's words: numbers to their error's place, physical units, direction, verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_motionfft.motion.estimate import estimate_motion
from napari_motionfft.motion.result import Landscape, Motion
from napari_motionfft.viewer.report import (
    DOUBTFUL,
    FAILED,
    GOOD,
    TRY,
    as_html,
    as_text,
    direction,
    report_of,
    speed,
)
from napari_motionfft.viewer.source import Source, read_source
from napari_motionfft.viewer.wording import measured


def motion(velocity: Any = (-3.0, 4.0), error: Any = (0.02, 0.05), **other: Any) -> Motion:
    v, e = np.asarray(velocity, float), np.asarray(error, float)
    t = np.arange(5.0)[:, None]
    image = np.zeros((20, 30), np.float32)
    made = Motion(
        displacements=t * v,
        displacement_stderr=t * e,
        velocity=v,
        velocity_stderr=e,
        velocity_covariance=np.diag(e**2),
        score=12.34,
        reliable=True,
        reason="",
        split_half=np.array([0.01, -0.02]),
        bias=np.zeros(2),
        integrated=image,
        plain_mean=image,
        coverage=np.ones((20, 30), np.int32),
        landscape=Landscape(image, np.arange(20.0), np.arange(30.0)),
        region=((0, 20), (0, 30)),
        settings={"seconds": 1.5},
        device="CPU (x86_64, 2 threads)",
        notes=("A note of the run.",),
    )
    return replace(made, **other)


def source(**arguments: Any) -> Source:
    layer = Image(np.zeros((5, 20, 30), np.uint8), name="cells", **arguments)
    return read_source(layer, current_step=(0, 0, 0))


def value(report: Any, name: str) -> str:
    return dict(report.rows)[name]


@pytest.mark.parametrize(
    ("number", "error", "text"),
    [
        (-2.5531, 0.0213, "−2.553 ± 0.021"),
        (-2.5531, 0.0997, "−2.55 ± 0.10"),
        (-0.6087, 0.000999, "−0.6087 ± 0.0010"),
        (0.00004, 0.02, "0.000 ± 0.020"),
        (-0.00004, 0.02, "0.000 ± 0.020"),
        (1234.5, 56.0, "1234 ± 56"),
        (1.0, 0.0, "1.0000 ± unknown"),
        (1.0, float("nan"), "1.0000 ± unknown"),
        (float("nan"), 0.1, "unknown"),
        (0.25, 1e-12, "0.250000000 ± 0.000000000"),
    ],
)
def test_a_number_has_the_place_of_its_error(number: float, error: float, text: str) -> None:
    assert measured(number, error) == text


def test_speed_and_its_error_follow_the_covariance() -> None:
    value, error = speed(motion())
    assert value == pytest.approx(5)
    assert error == pytest.approx(np.hypot(0.6 * 0.02, 0.8 * 0.05))
    assert speed(motion(), (2.0, 2.0))[0] == pytest.approx(10)
    still, error = speed(motion((0, 0), (0.1, 0.1)))
    assert still == 0
    assert error == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("velocity", "text"),
    [
        ((0, 1), "0.0° ± 1.1° → right"),
        ((-1, 0), "90.0° ± 1.1° ↑ up"),
        ((1, 0), "−90.0° ± 1.1° ↓ down"),
        ((0, -1), "180.0° ± 1.1° ← left"),
        ((-1, 1), "45.0° ± 0.8° ↗ up-right"),
        ((1, -1), "−135.0° ± 0.8° ↙ down-left"),
    ],
)
def test_direction_in_degrees_and_words(velocity: Any, text: str) -> None:
    assert direction(motion(velocity, (0.02, 0.02)), (1, 1)) == text


@pytest.mark.parametrize("error", [2e-5, 1e-3])
def test_direction_is_as_exact_as_it_is_known(error: float) -> None:
    found = direction(motion((2, 4), (error, error)), (1, 1))
    spread = np.degrees(error / np.hypot(2, 4))
    angle, _, said = found.partition("° ± ")
    assert float(said.split("°")[0]) == pytest.approx(spread, rel=0.05)
    assert float(angle.replace("−", "-")) == pytest.approx(
        np.degrees(np.arctan2(-2, 4)), abs=spread
    )


def test_direction_is_that_in_the_world_and_needs_a_speed() -> None:
    assert direction(motion((-1, 1), (0.01, 0.01)), (2, 1)).startswith("63.4°")
    assert direction(motion((0.1, 0), (0.1, 0.1)), (1, 1)).startswith("not determined")


def test_pixels_only_where_the_layer_has_no_unit() -> None:
    report = report_of(motion(), source())
    assert value(report, "Velocity y") == "−3.000 ± 0.020 px/frame"
    assert value(report, "Velocity x") == "4.000 ± 0.050 px/frame"
    assert "" not in dict(report.rows)
    assert not [note for note in report.notes if "unit" in note]
    # an interval alone gives no physical speed, and that is said
    timed = report_of(motion(), source(), 0.5, "s")
    assert "" not in dict(timed.rows)
    assert "No µm/s: the layer has no length unit." in timed.notes


def test_physical_units_from_the_layer_and_from_the_user() -> None:
    physical = source(scale=(2, 0.5, 0.5), units=("second", "micrometer", "micrometer"))
    assert value(report_of(motion(), physical), "") == "1.250 ± 0.010 µm/s"
    rows = report_of(motion(), replace(physical, pixel_size=(0.5, 0.2))).rows
    assert [text for name, text in rows if not name][:2] == [
        "−0.7500 ± 0.0050 µm/s",
        "0.4000 ± 0.0050 µm/s",
    ]
    # what the user gives goes before what the layer says
    assert value(report_of(motion(), physical, 100, "ms"), "") == "0.02500 ± 0.00021 µm/ms"
    no_time = source(scale=(1, 0.5, 0.5), units=("pixel", "micrometer", "micrometer"))
    assert "" not in dict(report_of(motion(), no_time).rows)
    assert value(report_of(motion(), no_time, 0.5, "s"), "") == "5.000 ± 0.042 µm/s"


def test_everything_else_is_said() -> None:
    text = as_text(report_of(motion(), source()))
    for part in (
        "Reliable",
        "12.3 σ",
        "(0.0100, −0.0200) px/frame",
        "cells, frames 0–4, whole frame",
        "CPU (x86_64, 2 threads), 1.5 s",
        "A note of the run.",
    ):
        assert part in text


def test_no_split_half_where_there_is_none() -> None:
    report = report_of(motion(split_half=np.full(2, np.nan)), source())
    assert "Split half" not in dict(report.rows)


def test_an_unreliable_result_says_why_first_and_is_no_more_than_a_guess() -> None:
    doubtful = motion(reliable=False, reason="no peak <stands> out")
    report = report_of(doubtful, source())
    assert report.verdict == "Not reliable: no peak <stands> out"
    page = as_html(report)
    assert page.index("no peak &lt;stands&gt; out") < page.index("best guess") < page.index("3.000")
    assert DOUBTFUL[0] in page
    assert "best guess" not in as_html(report_of(motion(), source()))
    assert GOOD[0] in as_html(report_of(motion(), source()))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("pair", [GOOD, DOUBTFUL, FAILED])
def test_badges_are_readable(pair: tuple[str, str]) -> None:
    """Contrast of at least 4.5 : 1 (WCAG AA), whatever the theme behind."""
    low, high = sorted(luminance(colour) for colour in pair)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_names_cannot_break_the_markup() -> None:
    layer = Image(np.zeros((5, 20, 30)), name="<b>&")
    page = as_html(report_of(motion(), read_source(layer, current_step=(0, 0, 0))))
    assert "&lt;b&gt;&amp;" in page
    assert not re.search(r"<b>&[^a]", page)


def test_no_line_ends_between_a_number_and_its_unit() -> None:
    layer = Image(np.zeros((5, 20, 30)), name="cells")
    report = report_of(motion(), read_source(layer, current_step=(0, 0, 0)))
    page = as_html(report)
    assert re.search(r"± \d+\.\d+\u00a0px/frame", page)
    assert not re.search(r"\d px", page)
    assert "\u00a0" not in as_text(report)


def test_a_motion_that_is_not_constant_is_told_what_follows_it() -> None:
    scene = np.random.default_rng(0).normal(size=(96, 96)).cumsum(0).cumsum(1)
    scene = scene - (np.roll(scene, 5, 0) + np.roll(scene, 5, 1)) / 2
    path = np.array([0, 2, 3, 1, 0, 3, 5, 4, 6, 4])
    noise = np.random.default_rng(1).normal(0, 0.1 * scene.std(), (10, 64, 64))
    stack = np.stack([scene[16 - y : 80 - y, 16:80] for y in path]) + noise
    layer = read_source(Image(stack, name="shaken"), current_step=(0, 0, 0))
    told = report_of(estimate_motion(stack, max_speed=4), layer).notes
    assert told[-1] == TRY
    chosen = estimate_motion(stack, "polynomial", degree=1, max_speed=4)
    assert TRY not in report_of(chosen, layer).notes
    assert TRY not in report_of(motion(), source()).notes


def test_a_long_word_may_break_anywhere() -> None:
    name = "2024-11-22_mouse-4_" + "channel" * 10
    layer = Image(np.zeros((5, 20, 30)), name=name)
    report = report_of(motion(), read_source(layer, current_step=(0, 0, 0)))
    page = as_html(report)
    assert name not in page
    assert name in page.replace("\u200b", "")
    assert max(len(word) for word in re.split(r"[\s\u200b<>]", page)) < 40
    assert name in as_text(report)
