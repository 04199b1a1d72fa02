"""The table of strips: a row a strip and window, with units and reasons."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.viewer.made_strips import motion_of, table_of

from napari_motionfft.motion.strips.oscillation import find_oscillation
from napari_motionfft.viewer.strip_report import MOST, strip_report
from napari_motionfft.viewer.strip_rows import HEADINGS, rows_of

SOURCE: Any = SimpleNamespace(name="cells", first_frame=3, notes=("Level 0 is used.",))


def lines(table: Any) -> list[tuple[str, ...]]:
    rows = rows_of(table)
    return [tuple(rows.text(row, name) for name in rows.columns) for row in range(len(rows.strips))]


def test_rows_hold_every_window_of_every_strip() -> None:
    table = table_of(
        motion_of((1, 2, 3), dt=0.1, dx=0.5),
        motion_of((-1, np.nan, -1), reliable=[True, False, True], dt=0.1, dx=0.5),
    )
    rows = rows_of(table)
    assert rows.columns == HEADINGS[:-1]
    assert [rows.heading(name) for name in rows.columns] == [
        "strip\n", "time\ns", "velocity\nµm/s", "± error\nµm/s", "score\nσ", "reliable\n",
    ]  # fmt: skip
    found = lines(table)
    assert len(found) == 6
    assert found[0] == ("strip 1", "1.55", "5.00", "0.25", "20.0", "yes")
    assert found[3] == ("strip 2", "1.55", "−5.00", "0.25", "20.0", "yes")
    assert found[4][2:] == ("unknown", "–", "20.0", "no: no peak stands out")
    assert rows.time(4) == pytest.approx(3.15)


def test_frames_and_px_where_nothing_else_is_known() -> None:
    rows = rows_of(table_of(motion_of((1.5, 2), window=33)))
    assert rows.heading("time") == "time\nframe"
    assert rows.heading("velocity") == "velocity\npx/frame"
    assert [rows.text(i, "time") for i in (0, 1)] == ["16", "47"]
    half = rows_of(table_of(motion_of((1.5, 2), window=32)))
    assert half.text(0, "time") == "15.5"


def test_opposite_flow_is_a_column_of_its_own() -> None:
    table = table_of(motion_of((1.5,), second=-0.8, dt=0.5, dx=2.0))
    rows = rows_of(table)
    assert rows.columns == HEADINGS
    assert rows.text(0, "other motions") == "−3.20 ± 0.40"


def test_the_report_tells_mean_range_windows_and_data() -> None:
    table = table_of(
        motion_of((1, 2, 3), dt=0.1, dx=0.5),
        motion_of((-1, -2, -1), reliable=[True, False, True], second=0.4, dt=0.1, dx=0.5),
    )
    report = strip_report(table, SOURCE)
    assert report.reliable
    assert report.verdict == "Reliable in 5 of 6 windows; elsewhere mostly: no peak stands out"
    rows = dict(row for row in report.rows if row[0])
    assert rows["strip 1"].startswith("10.00 ± ")
    assert rows["strip 1"].endswith("µm/s on average")
    assert rows["Data"] == "cells, frames 3–66"
    assert rows["Windows"] == "32 frames (3.2 s), one every 16"
    assert report.rows[1] == ("", "5.00 ± 0.25 to 15.00 ± 0.25 µm/s, 3 of 3 windows")
    assert report.notes == (
        "Level 0 is used.",
        "3 windows hold further motions, such as opposite flow: see the table.",
    )


def test_the_report_of_what_is_not_reliable() -> None:
    report = strip_report(table_of(motion_of((1, 2), reliable=[False, False])), SOURCE)
    assert not report.reliable
    assert report.verdict == "Not reliable: no peak stands out"
    assert report.rows[0] == ("strip 1", "1.000 ± 0.050 px/frame, not reliable")
    nothing = motion_of((np.nan,), stderr=np.nan, reliable=[False])
    assert "unknown" in strip_report(table_of(nothing), SOURCE).rows[0][1]


def test_one_reliable_window_is_no_range() -> None:
    strip = motion_of((1, 2, 3), reliable=[False, True, False])
    rows = strip_report(table_of(strip), SOURCE).rows
    assert rows[0] == ("strip 1", "2.000 ± 0.050 px/frame, 1 of 3 windows")
    assert rows[1][0] == "Data"


def test_the_usual_reason_is_told_whatever_its_numbers() -> None:
    strip = replace(
        motion_of((1, 2, 3, 4), reliable=[True, False, False, False]),
        reasons=("", "too fast by 3 px", "a peak of 2.1 σ", "a peak of 3.4 σ"),
    )
    verdict = strip_report(table_of(strip), SOURCE).verdict
    assert verdict == "Reliable in 1 of 4 windows; elsewhere mostly: a peak of 2.1 σ"


def test_a_reason_is_short_in_the_table_and_whole_beside_it() -> None:
    whole = (
        "It moves 0.7 px within the window: not told from a still pattern. Take a longer window."
    )
    strip = replace(motion_of((1, 2, 3), reliable=[True, False, False]), reasons=("", whole, whole))
    rows = rows_of(table_of(strip))
    assert [rows.text(i, "reliable") for i in range(3)] == ["yes", "no: too slow", "no: too slow"]
    assert [rows.tip(i, "reliable") for i in range(2)] == ["yes", whole]
    assert rows.tip(1, "velocity") == rows.text(1, "velocity")
    report = strip_report(table_of(strip), SOURCE)
    assert report.reliable
    assert report.verdict == "Reliable in 1 of 3 windows; elsewhere mostly: too slow"
    assert report.notes[0] == f"One window in doubt: i{whole[1:]}"
    alone = strip_report(
        table_of(replace(motion_of((1.0,), reliable=[False]), reasons=(whole,))), SOURCE
    )
    assert not alone.reliable
    assert alone.verdict == "Not reliable: too slow"
    assert alone.notes[0] == whole


def test_notes_that_differ_by_a_number_are_told_once() -> None:
    strips = [
        replace(motion_of((1,)), notes=(f"Errors are {n} times larger.",)) for n in (3.5, 4.1, 2)
    ]
    strips[2] = replace(strips[2], notes=("Another.",))
    assert strip_report(table_of(*strips), SOURCE).notes[1:] == (
        "Errors are 3.5 times larger. (strip 1 and 1 more alike)",
        "Another. (strip 3)",
    )
    assert strip_report(table_of(strips[2]), SOURCE).notes[1:] == ("Another.",)


def test_an_oscillation_is_told_where_there_is_one() -> None:
    time = np.arange(60) * 8 + 8
    swinging = motion_of(np.sin(time / 20), shape=(496, 40), window=16, dt=0.5, dx=2.0)
    steady = motion_of(np.linspace(1, 1.001, 60), shape=(496, 40), window=16)
    rows = strip_report(table_of(swinging), SOURCE, [find_oscillation(swinging)]).rows
    (told,) = [text for _, text in rows if "oscillates" in text]
    match = re.fullmatch(r"oscillates: period (.+) ± .+ s, amplitude (.+) ± .+ µm/s", told)
    assert match is not None
    assert float(match[2]) == pytest.approx(4, rel=0.1)  # 1 px/frame
    assert float(match[1]) == pytest.approx(20 * np.pi, rel=0.02)  # 40π frames of 0.5 s
    rows = strip_report(table_of(steady), SOURCE, [find_oscillation(steady)]).rows
    assert not any("oscillates" in text for _, text in rows)


def test_one_window_is_no_average_and_many_strips_are_cut_short() -> None:
    report = strip_report(table_of(*[motion_of((2.0,), window=64)] * (MOST + 3)), SOURCE)
    assert report.verdict == "Reliable"
    assert report.rows[0] == ("strip 1", "2.000 ± 0.050 px/frame")
    assert ("", "and 3 more, in the table") in report.rows
    assert dict(report.rows)["Windows"] == "64 frames"
