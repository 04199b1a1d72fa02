"""The table of a separation: what every cell says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.viewer.made import layer_of
from tests.viewer.made_motions import crossing, separated

from napari_motionfft.motion.several.result import Motions
from napari_motionfft.viewer.motions_colours import STILL, motion_colour
from napari_motionfft.viewer.motions_rows import MotionRows, percent


def test_a_row_a_motion_and_one_for_the_rest() -> None:
    rows = MotionRows(crossing())
    assert rows.columns == ("motion", "velocity", "score", "share")
    assert [rows.heading(name) for name in rows.columns] == [
        "motion",
        "velocity\npx/frame",
        "score\nσ",
        "share\n%",
    ]
    table = [[rows.text(row, name) for name in rows.columns] for row in range(len(rows.names))]
    assert table == [
        ["1", "y  −2.000 ± 0.020\nx  1.500 ± 0.010", "40.0", "40.0"],
        ["2", "y  1.000 ± 0.020\nx  −0.500 ± 0.010", "30.0", "30.0"],
        ["rest", "", "", "20.0"],
    ]
    assert [rows.colour(row) for row in range(3)] == [motion_colour(0), motion_colour(1), None]
    assert rows.pictured == 2
    assert rows.summary.startswith("The next peak")
    assert "noise" in rows.tip(2, "share")


def test_physical_units_where_the_layer_has_them() -> None:
    rows = separated(layer=layer_of("scaled")).rows  # 5 s, 0.5 and 0.25 µm
    assert rows.columns[-1] == "physical"
    assert rows.heading("physical") == "velocity\nµm/s"
    assert rows.text(0, "physical") == "y  −0.2000 ± 0.0020\nx  0.07500 ± 0.00050"
    assert separated().rows.physical is None
    # the user gave the time from frame to frame
    asked = {"interval": 0.5, "time_unit": "min"}
    rows = separated(layer=layer_of("scaled"), **asked).rows
    assert rows.heading("physical") == "velocity\nµm/min"
    assert rows.text(0, "physical").startswith("y  −2.000 ± 0.020")


def test_what_stands_still_has_a_row_and_a_share() -> None:
    rows = MotionRows(crossing(background=True))
    assert rows.names == ("1", "2", "still", "rest")
    assert [rows.text(2, name) for name in rows.columns] == ["still", "0", "", "7.0"]
    assert rows.colour(2) == STILL
    assert rows.pictured == 3


def test_which_one_is_in_front_is_told() -> None:
    rows = MotionRows(crossing(kind="occluding"))
    assert [rows.text(row, "motion") for row in range(3)] == ["1\nbehind", "2\nin front", "rest"]


def test_a_motion_in_doubt_is_marked_and_says_why() -> None:
    motions = crossing()
    motions[1] = replace(motions[1], reliable=False, reason="too few frames", notes=("Odd.",))
    rows = MotionRows(motions)
    assert [rows.text(row, "motion") for row in range(2)] == ["1", "2 ?"]
    assert rows.tip(1, "score") == "Not reliable: too few frames\nOdd."
    assert rows.summary.endswith("? is not reliable: point at its row for the reason.")
    assert "standard deviations" in rows.tip(0, "score")


def test_no_motion_is_said() -> None:
    rows = MotionRows(Motions(stopped="Nothing above 4.2 σ."))
    assert rows.names == ("rest",)
    assert rows.text(0, "share") == "100.0"
    assert rows.summary == "No motion stands out from the noise. Nothing above 4.2 σ."
    assert MotionRows(crossing(stopped="")).summary == ""


@pytest.mark.parametrize(
    ("share", "said"), [(0.4, "40.0"), (0.0, "0.0"), (0.0004, "< 0.1"), (np.float32(1), "100.0")]
)
def test_small_shares_are_not_nothing(share: float, said: str) -> None:
    assert percent(share) == said
