"""Many strips on one stack: their table, names, and units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from benchmarks import strip_scenes as scenes

import napari_motionfft as mf
from napari_motionfft.motion.strips.paths import Strip

SPEEDS = (0.6, -1.3)


def movie() -> Any:
    """(40, 20, 120) two channels that flow along x, and nothing but noise below."""
    stack = np.random.default_rng(9).standard_normal((40, 20, 120)).astype(np.float32)
    for at, velocity in enumerate(SPEEDS):
        lines = scenes.kymograph(at, 3.0, velocity, length=120, frames=40).kymograph
        stack[:, 5 * at : 5 * at + 5] = lines[:, None]
    return stack


STACK = movie()
PATHS: list[Any] = [[(2, 2), (2, 110)], [(7, 2), (7, 118)], [(15, 2), (15, 110)]]
TABLE = mf.strip_motions(STACK, PATHS, 20, dt=0.1, dx=[2.0, 2.0, 0.5], length_unit="nm")


def test_each_strip_has_its_velocity() -> None:
    for motion, velocity in zip(TABLE.strips, SPEEDS, strict=False):
        assert motion.reliable.all()
        assert (np.abs(motion.velocities - velocity) < 4 * motion.stderr).all()
    assert not TABLE.strips[2].reliable.any()
    assert TABLE.names == ("strip 1", "strip 2", "strip 3")
    assert [len(path.path) for path in TABLE.paths] == [2, 2, 2]
    assert [k.shape for k in TABLE.kymographs] == [(40, 109), (40, 117), (40, 109)]
    np.testing.assert_allclose(TABLE.kymographs[0], STACK[:, 2, 2:111], atol=1e-5)


def test_columns_have_a_row_a_strip_and_window() -> None:
    columns = TABLE.columns()
    names = ["strip", "time", "velocity", "stderr", "score", "reliable", "reason"]
    assert list(columns) == names
    assert {len(values) for values in columns.values()} == {9}
    assert columns["strip"].tolist() == [f"strip {i}" for i in (1, 2, 3) for _ in range(3)]
    np.testing.assert_allclose(columns["time"], 0.1 * np.tile([9.5, 19.5, 29.5], 3))
    # nm/s: 2 nm a px and 10 frames a second
    np.testing.assert_allclose(columns["velocity"][:3], 20 * TABLE.strips[0].velocities)
    np.testing.assert_allclose(columns["stderr"][3:6], 20 * TABLE.strips[1].stderr)
    np.testing.assert_allclose(columns["velocity"][6:], 5 * TABLE.strips[2].velocities)
    assert columns["reliable"].dtype == bool
    assert columns["reliable"].tolist() == [True] * 6 + [False] * 3
    assert [bool(text) for text in columns["reason"]] == [False] * 6 + [True] * 3


def test_the_table_prints() -> None:
    lines = str(TABLE).splitlines()
    assert len(lines) == 10
    assert lines[0].split() == ["strip", "time", "velocity", "score"]
    assert lines[1].startswith("strip 1  0.95  ")
    assert " ± " in lines[1]
    assert "nm/s" in lines[1]
    value = float(lines[1].split()[3])
    assert value == pytest.approx(20 * SPEEDS[0], rel=0.02)
    assert all("not determined" in line for line in lines[7:])
    assert len({len(line) for line in lines[1:]}) == 1


def test_a_pixel_length_a_strip() -> None:
    assert [motion.dx for motion in TABLE.strips] == [2.0, 2.0, 0.5]
    for dx in (np.array([1.0, 3.0]), (1.0, 3.0), [1.0, 3.0]):
        table = mf.strip_motions(STACK, PATHS[:2], dx=dx)
        assert [motion.dx for motion in table.strips] == [1.0, 3.0]
    mixed = mf.strip_motions(STACK, PATHS[:2], dx=[None, 3.0], dt=1)
    assert [motion.velocity_unit for motion in mixed.strips] == ["px/s", "µm/s"]
    one = mf.strip_motions(STACK, PATHS[:2], dx=4)
    assert [motion.dx for motion in one.strips] == [4.0, 4.0]


def test_names() -> None:
    table = mf.strip_motions(STACK, PATHS[:2], names=["artery", "a vein of long name"])
    assert table.names == ("artery", "a vein of long name")
    assert table.columns()["strip"].tolist() == ["artery", "a vein of long name"]
    lines = str(table).splitlines()
    assert lines[2].startswith("a vein of long name  ")
    assert len({len(line) for line in lines[1:]}) == 1
    assert "px/frame" in lines[1]


def test_strips_keep_their_own_width() -> None:
    table = mf.strip_motions(STACK, [Strip(np.array(PATHS[0], float), 3.0), PATHS[1]], width=5)
    assert [path.width for path in table.paths] == [3.0, 5.0]
    np.testing.assert_allclose(table.kymographs[0], mf.extract_strip(STACK, PATHS[0], 3), atol=1e-6)


def test_the_other_way_round_turns_the_sign() -> None:
    table = mf.strip_motions(STACK, [PATHS[0], PATHS[0][::-1]])
    there, back = (motion.velocities[0] for motion in table.strips)
    assert there == pytest.approx(-back, abs=0.5 * table.strips[0].stderr[0])


def test_the_longest_strip_does_not_limit_the_range() -> None:
    """Each strip's own quarter is its search range; one that is asked for must suit all."""
    table = mf.strip_motions(STACK, [PATHS[0], [(7, 2), (7, 42)]])
    assert [m.spectrogram.velocities[-1] for m in table.strips] == pytest.approx([109 / 4, 41 / 4])
    with pytest.raises(ValueError, match=r"half the strip, 20.5 px/frame"):
        mf.strip_motions(STACK, [PATHS[0], [(7, 2), (7, 42)]], max_speed=25)


def test_tables_are_frozen_and_not_compared_by_value() -> None:
    with pytest.raises(AttributeError):
        TABLE.names = ()  # type: ignore[misc]
    assert TABLE == TABLE
    assert mf.strip_motions(STACK, PATHS[:1]) != mf.strip_motions(STACK, PATHS[:1])
