"""Motion to a file and back: exact, strict, whole or not at all."""

from __future__ import annotations

import json
import math
import os
import stat
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import napari_motionfft as mf
from napari_motionfft.files import motion_json
from napari_motionfft.files.whole import written_whole
from napari_motionfft.motion.result import Candidate, Landscape, Motion, Peak

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ERRORS = st.one_of(st.floats(min_value=0, allow_infinity=True), st.just(math.nan))
ANY = st.floats()


def make_motion(frames: int = 5, **changes: Any) -> Motion:
    """A Motion with every field filled, not from the estimator."""
    rng = np.random.default_rng(frames)
    t = np.arange(frames)[:, None]
    velocity, error = np.array([0.1 + 0.2, -1 / 3]), np.array([0.01, 0.02])
    motion = Motion(
        displacements=t * velocity,
        displacement_stderr=t * error,
        velocity=velocity,
        velocity_stderr=error,
        velocity_covariance=np.array([[1e-4, 1e-5], [1e-5, 4e-4]]),
        score=17.25,
        reliable=True,
        reason="",
        split_half=np.array([1e-3, -2e-3]),
        bias=np.array([0.0, 5e-324]),
        integrated=rng.normal(size=(7, 9)).astype(np.float32),
        plain_mean=rng.normal(size=(7, 9)).astype(np.float32),
        coverage=rng.integers(0, frames, (7, 9), dtype=np.int32),
        landscape=Landscape(
            rng.normal(size=(3, 4)).astype(np.float32),
            np.linspace(-1, 1, 3),
            np.linspace(-2, 2, 4) / 3,
            [Peak(0.1, -0.2, 9.5), Peak(-0.7, 0.0, 3.25)],
        ),
        region=((2, 9), (4, 13)),
        settings={"model": "velocity", "max_speed": 2.5, "region": [[2, 9], [4, 13]], "n": None},
        device="CPU (µ, 2 threads)",
        notes=("one", 'two "quoted"\nlines'),
        model="spline",
        parameters=7,
        candidates=(Candidate("velocity", 1, 3.25), Candidate("spline", 7, math.nan)),
        excluded=(1,),
        jumps=(frames - 1,),
        correlation=rng.normal(size=frames),
        frame_score=np.where(np.arange(frames) == 1, np.nan, rng.normal(size=frames)),
        frame_weights=np.full(frames, 1 / 3),
        split_half_displacements=rng.normal(size=(2, frames, 2)),
        origin=(-3, 4),
    )
    return replace(motion, **changes)


def same(a: Any, b: Any) -> bool:
    """Equal to the bit, type included, NaN equal to NaN."""
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, Landscape):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    return type(a) is type(b) and bool(a == b)


def test_json_gives_every_field_back(tmp_path: Path) -> None:
    motion = make_motion()
    mf.save_motion(motion, tmp_path / "motion.json")
    back = mf.load_motion(tmp_path / "motion.json")
    different = [
        f.name for f in fields(Motion) if not same(getattr(motion, f.name), getattr(back, f.name))
    ]
    assert different == []
    assert all(type(peak) is Peak for peak in back.landscape.peaks)
    assert back.integrated.flags.writeable


def test_json_names_every_field_of_motion() -> None:
    # a field added to Motion later must not be dropped in silence
    record = json.loads(motion_json.dump(make_motion()))
    assert {f.name for f in fields(Motion)} <= set(record)
    assert {f.name for f in fields(Landscape)} == set(record["landscape"])


def test_an_estimate_survives_both_formats(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scene = rng.normal(size=(80, 80)).cumsum(0).cumsum(1)
    stack = np.stack([scene[2 * t : 2 * t + 48, t : t + 48] for t in range(8)])
    motion = mf.estimate_motion(stack.astype(np.float32), device="cpu", max_speed=3)
    mf.save_motion(motion, tmp_path / "m.json")
    mf.save_motion(motion, tmp_path / "m.csv")
    whole, table = mf.load_motion(tmp_path / "m.json"), mf.load_motion(tmp_path / "m.csv")
    for f in fields(Motion):
        if f.name != "settings":  # tuples come back as lists there
            assert same(getattr(motion, f.name), getattr(whole, f.name)), f.name
    assert same(table.displacements, motion.displacements)
    assert same(table.displacement_stderr, motion.displacement_stderr)
    np.testing.assert_allclose(table.velocity, motion.velocity, rtol=1e-12)
    np.testing.assert_allclose(table.velocity_stderr, motion.velocity_stderr, rtol=1e-12)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_table_comes_back_to_the_bit(tmp_path: Path, suffix: str, data: st.DataObject) -> None:
    frames = data.draw(st.integers(2, 12))
    motion = make_motion(
        frames,
        displacements=data.draw(hnp.arrays(np.float64, (frames, 2), elements=FINITE)),
        displacement_stderr=data.draw(hnp.arrays(np.float64, (frames, 2), elements=ERRORS)),
    )
    # NaN has many bit patterns; a file holds only that it is one
    motion.displacement_stderr[np.isnan(motion.displacement_stderr)] = np.nan
    path = tmp_path / f"motion{suffix}"
    with np.errstate(over="ignore", invalid="ignore"):
        mf.save_motion(motion, path)
        back = mf.load_motion(path)
    assert same(back.displacements, motion.displacements)
    assert same(back.displacement_stderr, motion.displacement_stderr)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5)),
    score=ANY,
    velocity=hnp.arrays(np.float64, 2, elements=FINITE),
    reason=st.text(),
    notes=st.lists(st.text(), max_size=3),
)
def test_json_is_strict_and_exact_for_any_values(
    tmp_path: Path, values: Any, score: float, velocity: Any, reason: str, notes: list[str]
) -> None:
    ny, nx = values.shape
    motion = make_motion(
        landscape=Landscape(values, np.arange(ny) / 7, np.arange(nx) / 7, [Peak(1.0, 2.0, score)]),
        velocity=velocity,
        score=score,
        reason=reason,
        notes=tuple(notes),
    )
    path = tmp_path / "motion.json"
    mf.save_motion(motion, path)
    json.loads(path.read_bytes(), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    back = mf.load_motion(path)
    assert same(back.landscape.values, values)
    assert same(back.landscape.vy, motion.landscape.vy)
    assert same(back.score, score)
    assert same(back.velocity, velocity)
    assert (back.reason, back.notes) == (reason, tuple(notes))


def test_csv_is_what_spreadsheets_and_pandas_read(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    motion = make_motion()
    mf.save_motion(motion, tmp_path / "motion.csv")
    table = pandas.read_csv(tmp_path / "motion.csv")
    assert list(table.columns[:5]) == ["frame", "y", "x", "stderr_y", "stderr_x"]
    assert list(table.columns[5:]) == ["score", "correlation", "excluded", "jump"]
    assert list(table["excluded"]) == [0, 1, 0, 0, 0]
    assert list(table["jump"]) == [0, 0, 0, 0, 1]
    np.testing.assert_allclose(table["score"], motion.frame_score, rtol=1e-15)
    # older pandas reads the last digit of a float differently
    np.testing.assert_allclose(table[["y", "x"]], motion.displacements, rtol=1e-15)
    # and back from there, in another order, with a byte-order mark and Windows line ends
    table["note"] = "hand-checked"
    other = tmp_path / "other.csv"
    table[["x", "note", "frame", "y"]].to_csv(
        other, index=False, encoding="utf-8-sig", lineterminator="\r\n"
    )
    back = mf.load_motion(other)
    assert same(back.displacements, np.ascontiguousarray(table[["y", "x"]]))
    assert np.isnan(back.displacement_stderr).all()
    assert np.isnan(back.velocity_stderr).all()


def test_a_table_says_that_it_is_not_a_whole_result(tmp_path: Path) -> None:
    path = tmp_path / "drift.csv"
    path.write_text("frame, y, x\n0,0,0\n1,1.5,-2\n2,3,-4\n\n")
    motion = mf.load_motion(path)
    np.testing.assert_allclose(motion.velocity, [1.5, -2.0], rtol=1e-14)
    assert not motion.reliable
    assert "drift.csv" in motion.reason
    assert motion.integrated.shape == motion.landscape.values.shape == (0, 0)
    assert motion.landscape.peaks == []


def test_a_table_keeps_what_is_known_of_each_frame(tmp_path: Path) -> None:
    motion, path = make_motion(), tmp_path / "motion.csv"
    mf.save_motion(motion, path)
    back = mf.load_motion(path)
    for name in ("correlation", "frame_score", "excluded", "jumps"):
        assert same(getattr(back, name), getattr(motion, name)), name
    np.testing.assert_allclose(back.frame_weights, [0.25, 0, 0.25, 0.25, 0.25], rtol=1e-15)
    # a spreadsheet may leave cells empty or write whole numbers its own way
    path.write_text("frame,y,x,jump,excluded,score\n0,0,0,,0.0,\n1,1,1,1.0,,inf\n2,2,2,,1,-3\n")
    back = mf.load_motion(path)
    assert (back.jumps, back.excluded) == ((1,), (2,))
    np.testing.assert_array_equal(back.frame_score, [np.nan, np.inf, -3])
    assert np.isnan(back.correlation).all()


def test_json_of_version_1_is_read(tmp_path: Path) -> None:
    motion = make_motion()
    record = json.loads(motion_json.dump(motion))
    later = (*motion_json.FRAME_TABLES, *motion_json.FRAMES)
    later = (*later, "model", "parameters", "candidates", "origin")
    old = {name: value for name, value in record.items() if name not in later}
    (tmp_path / "old.json").write_text(json.dumps({**old, "version": 1}))
    back = mf.load_motion(tmp_path / "old.json")
    for f in fields(Motion):
        if f.name not in later:
            assert same(getattr(back, f.name), getattr(motion, f.name)), f.name
    assert (back.model, back.parameters, back.candidates) == ("velocity", 1, ())
    assert (back.excluded, back.jumps, back.origin) == ((), (), (2, 4))
    assert np.isnan(back.correlation).all()
    np.testing.assert_array_equal(back.frame_weights, np.full(5, 0.2))
    assert back.split_half_displacements.shape == (2, 5, 2)


def test_a_table_moves_a_stack(tmp_path: Path) -> None:
    path = tmp_path / "drift.csv"
    path.write_text("frame,y,x\n0,0,0\n1,1,-2\n2,2,-4\n")
    scene = np.random.default_rng(1).integers(0, 255, (60, 60)).astype(np.float32)
    stack = np.stack([scene[8 - t : 40 - t, 8 + 2 * t : 40 + 2 * t] for t in range(3)])
    motion = mf.load_motion(path)
    moved = np.asarray(mf.apply_motion(stack, motion))
    np.testing.assert_allclose(moved[2, 4:-4, 6:-6], stack[0, 4:-4, 6:-6], atol=0.01)
    np.testing.assert_allclose(
        mf.integrate(stack, motion)[4:-4, 6:-6], stack[0, 4:-4, 6:-6], atol=0.01
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  \n\n", "empty"),
        ("frame,y\n0,0\n1,1\n", r"line 1: no column x in frame, y"),
        ("frame;y;x\n0;0;0\n1;1;1\n", "separated by commas"),
        ("frame,y,x,x\n0,0,0,0\n1,1,1,1\n", "more than one column x"),
        ("frame,y,x\n0,0,0\n", "at least 2 frames, got 1"),
        ("frame,y,x\n0,0,0\n1,1\n", "line 3: 2 cells, but the header has 3"),
        ("frame,y,x\n0,0,0\n1,1,1,1\n", "line 3: 4 cells"),
        ("frame,y,x\n0,0,0\n1,one,1\n", "line 3: y is 'one', not a number"),
        ("frame,y,x\n0,0,0\n1,1_0,1\n", "line 3: y is '1_0'"),
        ("frame,y,x\n0,0,0\n1,,1\n", "line 3: y is '', not a number"),
        ("frame,y,x\n0,0,0\n1,1,nan\n", "line 3: x is nan, not a finite"),
        ("frame,y,x\n0,0,0\n1,inf,1\n", "line 3: y is inf"),
        ("frame,y,x\n0,0,0\n\n2,1,1\n", "line 4: frame is 2, expected 1"),
        ("frame,y,x\n1,0,0\n2,1,1\n", "line 2: frame is 1, expected 0"),
        ("frame,y,x,stderr_y\n0,0,0,0\n1,1,1,-1\n", "line 3: stderr_y is negative"),
        ('frame,y,x\n0,0,0\n1,"1,1\n', "line 3"),
        ("frame,y,x,jump\n0,0,0,0\n1,1,1,2\n", "line 3: jump is 2, neither 0 nor 1"),
        ("frame,y,x,excluded\n0,0,0,1\n1,1,1,1\n", "all frames are excluded"),
        ("frame,y,x,score\n0,0,0,1\n1,1,1,good\n", "line 3: score is 'good', not a number"),
    ],
)
def test_bad_csv_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "motion.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        mf.load_motion(path)
    assert str(path) in str(caught.value)


def broken(**changes: Any) -> str:
    """A saved motion with fields exchanged; None takes the field out."""
    record = json.loads(motion_json.dump(make_motion()))
    record.update(changes)
    return json.dumps({name: value for name, value in record.items() if value is not None})


IMAGE = {"dtype": "<f4", "shape": [2, 2], "base64": "AAAA"}
BAD_JSON = {
    "cut short": (motion_json.dump(make_motion())[:300], "line .*broken JSON"),
    "NaN literal": ('{"format": NaN}', "broken JSON: NaN"),
    "deep": ("[" * 100_000, "broken JSON"),
    "another file": ('{"a": 1}', "not a motion"),
    "a list": ("[1, 2]", "not a motion"),
    "later version": (broken(version=3), "version 3 of the format is not known here, only 1 and 2"),
    "no field": (broken(velocity=None), "no field 'velocity'"),
    "unequal": (broken(displacement_stderr=[[0, 0]]), "displacement_stderr has not 5 rows"),
    "ragged": (broken(displacements=[[0, 0], [1]]), "displacements: .*unequal length"),
    "text in a table": (broken(displacements=[[0, 0], [1, "a"]]), "displacements holds 'a'"),
    "NaN": (broken(displacements=[[0, 0]] * 4 + [[1, "NaN"]]), "displacements holds NaN"),
    "shape": (broken(velocity=[1, 2, 3]), r"velocity must have the shape \(2,\), got \(3,\)"),
    "bool": (broken(score=True), "score holds True"),
    "type": (broken(reliable="yes"), "reliable must be a bool"),
    "too big": (broken(score=10**400), "motion.json: int too large"),
    "image": (broken(integrated=[[1.0]]), "integrated must be a dict"),
    "few bytes": (broken(integrated=IMAGE), r"3 bytes do not make the shape \(2, 2\)"),
    "no base64": (broken(integrated={**IMAGE, "base64": "*"}), "integrated: broken base64"),
    "dtype": (broken(integrated={**IMAGE, "dtype": "<f8"}), "integrated must be of dtype <f4"),
    "half px": (broken(region=[[0, 1.5], [0, 3]]), "region must hold whole numbers"),
    "no later field": (broken(jumps=None), "no field 'jumps'"),
    "frames": (broken(correlation=[0.0] * 4), "correlation has 4 frames, displacements has 5"),
    "halves": (broken(split_half_displacements=[[[0, 0]] * 5]), r"shape \(2, 'T', 2\), got"),
    "outside": (broken(excluded=[5]), r"excluded must be frames of 0–4, got \[5\]"),
    "half frame": (broken(jumps=[1.5]), "jumps must hold whole numbers"),
    "unknown frame": (broken(excluded=["NaN"]), "excluded must hold whole numbers"),
    "origin": (broken(origin=[1]), r"origin must have the shape \(2,\)"),
    "model": (broken(model=3), "model must be a str"),
    "candidate": (broken(candidates=[["free", 3]]), "candidates must be .model, parameters"),
    "coefficients": (broken(candidates=[["free", 0.5, 1]]), "parameters must hold whole"),
}


@pytest.mark.parametrize(("text", "message"), BAD_JSON.values(), ids=BAD_JSON)
def test_bad_json_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "motion.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        mf.load_motion(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["motion.txt", "motion", "motion.csv.gz"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"must end in \.csv or \.json"):
        mf.save_motion(make_motion(), tmp_path / name)
    with pytest.raises(ValueError, match=r"must end in \.csv or \.json"):
        mf.load_motion(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_binary_and_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ValueError, match=r"a\.csv: not a text file"):
        mf.load_motion(tmp_path / "a.csv")
    with pytest.raises(FileNotFoundError, match=r"b\.json"):
        mf.load_motion(tmp_path / "b.json")


def test_what_cannot_be_saved_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "motion.json"
    path.write_text("old")
    with pytest.raises(ValueError, match=r"settings\['f'\] holds a function"):
        mf.save_motion(make_motion(settings={"f": make_motion}), path)
    with pytest.raises(ValueError, match="displacements holds NaN"):
        mf.save_motion(make_motion(displacements=np.full((5, 2), np.nan)), path)
    with pytest.raises(TypeError, match="must be a Motion, got dict"):
        mf.save_motion({}, path)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "motion.json"
    path.write_text("old")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    if step != "write":
        monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left"), written_whole(path) as file:  # noqa: PT012
        file.write(b"half of it")
        if step == "write":
            full()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and links")
def test_files_have_ordinary_permissions_and_links_stay(tmp_path: Path) -> None:
    plain, path, link = tmp_path / "plain", tmp_path / "motion.csv", tmp_path / "link.csv"
    plain.touch()
    mf.save_motion(make_motion(), path)
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    link.symlink_to(path)
    mf.save_motion(make_motion(frames=7), link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert len(mf.load_motion(path).displacements) == 7


def test_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(IsADirectoryError, match=r"folder\.json"):
        mf.save_motion(make_motion(), tmp_path / "folder.json")
    with pytest.raises(FileNotFoundError, match="missing"):
        mf.save_motion(make_motion(), tmp_path / "missing" / "motion.json")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.json"]
