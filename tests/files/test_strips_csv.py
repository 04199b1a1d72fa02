"""Velocities of strips to a table: exact, with units, whole or not at all."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.motion.strips.made import strip_motion

from napari_motionfft.files.line_scan import blood_flow_line_scan
from napari_motionfft.files.strips_csv import save_strips
from napari_motionfft.motion.strips.many import strip_motions
from napari_motionfft.motion.strips.result import StripPeak


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(table: list[dict[str, str]], column: str) -> np.ndarray:
    return np.array([float(row[column] or "nan") for row in table])


PHYSICAL: dict[str, Any] = {"dt": 0.002, "dx": 0.5}
FIRST = strip_motion([0.1 + 0.2, -1 / 3, 1e-300], [0.01, 0.02, np.nan], **PHYSICAL)
SECOND = strip_motion(
    [1.5, -0.8],
    reliable=np.array([True, False]),
    reasons=("", 'pure noise, says "the score"'),
    peaks=((StripPeak(1.5, 0.01, 30.0), StripPeak(-0.8, 0.03, 12.5), StripPeak(0.1, 0.2, 7.0)), ()),
    window=32,
    **PHYSICAL,
)
TABLE = SimpleNamespace(strips=(FIRST, SECOND), names=("vessel, left", "vessel 2"))


def test_a_row_a_strip_and_window_gives_every_number_back(tmp_path: Path) -> None:
    save_strips(TABLE, tmp_path / "a.csv")
    table = rows(tmp_path / "a.csv")
    assert [row["strip"] for row in table] == ["vessel, left"] * 3 + ["vessel 2"] * 2
    both = (FIRST, SECOND)
    for column, name in {
        "first frame": "starts",
        "time (s)": "times",
        "velocity (µm/s)": "physical_velocities",
        "velocity stderr (µm/s)": "physical_stderr",
        "velocity (px/frame)": "velocities",
        "velocity stderr (px/frame)": "stderr",
        "score (noise sigma)": "score",
    }.items():
        expected = np.concatenate([getattr(strip, name) for strip in both])
        np.testing.assert_array_equal(numbers(table, column), expected)
    assert [row["frames"] for row in table] == ["16"] * 3 + ["32"] * 2
    assert [row["reliable"] for row in table] == ["True"] * 4 + ["False"]
    assert table[4]["reason"] == 'pure noise, says "the score"'
    assert table[2]["velocity stderr (µm/s)"] == ""
    assert numbers(table, "velocity (µm/s)")[0] == pytest.approx(0.3 * 250)


def test_a_table_of_the_estimator_is_taken(tmp_path: Path) -> None:
    scan, _ = blood_flow_line_scan(80, 64, 1.2, 0.0, snr=5.0)
    stack = np.repeat(scan[:, None], 3, axis=1)
    paths = [[(0, 0), (0, 63)], [(2, 63), (2, 0)]]
    table = strip_motions(stack, paths, 40, names=("there", "back"), dt=0.5, dx=2.0, device="cpu")
    save_strips(table, tmp_path / "a.csv")
    found = rows(tmp_path / "a.csv")
    assert [row["strip"] for row in found] == ["there"] * 3 + ["back"] * 3
    velocities = numbers(found, "velocity (µm/s)")
    np.testing.assert_allclose(velocities, [1.2 * 4] * 3 + [-1.2 * 4] * 3, rtol=0.03)


def test_opposite_flows_are_in_the_last_column(tmp_path: Path) -> None:
    save_strips(TABLE, tmp_path / "a.csv")
    table = rows(tmp_path / "a.csv")
    (column,) = (name for name in table[0] if name.startswith("further peaks"))
    assert [row[column] for row in table] == ["", "", "", "-0.8 0.03 12.5; 0.1 0.2 7.0", ""]


@pytest.mark.parametrize(
    ("known", "wanted", "unwanted"),
    [
        ({}, ["time (frame)", "velocity (px/frame)"], ["(s)", "µm"]),
        ({"dt": 0.1}, ["time (s)", "velocity (px/s)", "velocity (px/frame)"], ["µm"]),
        ({"dx": 2.0}, ["time (frame)", "velocity (µm/frame)", "velocity (px/frame)"], ["(s)"]),
        ({**PHYSICAL, "length_unit": "km", "time_unit": "min"}, ["velocity (km/min)"], ["µm"]),
    ],
)
def test_only_units_that_are_known_are_named(
    tmp_path: Path, known: dict[str, Any], wanted: list[str], unwanted: list[str]
) -> None:
    save_strips(strip_motion([1.0, 2.0], **known), tmp_path / "a.csv")
    table = rows(tmp_path / "a.csv")
    assert [row["strip"] for row in table] == ["strip 1", "strip 1"]
    assert set(wanted) <= set(table[0])
    assert not any(part in name for part in unwanted for name in table[0])
    np.testing.assert_array_equal(numbers(table, "velocity (px/frame)"), [1, 2])


def test_an_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        save_strips(TABLE, path)
    assert path.read_text() == "mine"
    save_strips(TABLE, path, overwrite=True)
    assert len(rows(path)) == 5


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_strips(TABLE, tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "name", "error", "message"),
    [
        (TABLE, "a.txt", ValueError, r"must end in \.csv, got '\.txt'"),
        (TABLE, "none/a.csv", FileNotFoundError, "folder does not exist"),
        ([1, 2], "a.csv", TypeError, "table must be a StripTable or a StripMotion, got list"),
        (SimpleNamespace(strips=(1,), names=("a",)), "a.csv", TypeError, "table must be"),
        (SimpleNamespace(strips=(), names=()), "a.csv", ValueError, "table holds no strips"),
        (
            SimpleNamespace(strips=(FIRST, strip_motion([1.0])), names=("a", "b")),
            "a.csv",
            ValueError,
            "different units: px/frame and frame, µm/s and s",
        ),
    ],
)
def test_bad_input_is_named(
    tmp_path: Path, table: Any, name: str, error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        save_strips(table, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
