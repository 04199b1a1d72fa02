"""Shifts from tables of other tools: any usual layout, and where exactly one is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.motion.made import motion_along

from napari_motionfft.files.shift_columns import meaning
from napari_motionfft.files.shifts_csv import import_shifts
from napari_motionfft.files.tables import load_motion, save_motion
from napari_motionfft.motion.result import Motion

PATH = np.array([(0.0, 0.0), (1.5, -0.25), (3.0, -0.5)])


def read(folder: Path, text: str, **asked: object) -> Motion:
    (folder / "shifts.csv").write_text(text, encoding="utf-8")
    return import_shifts(folder / "shifts.csv", **asked)  # type: ignore[arg-type]


LAYOUTS = {
    "commas": "frame,y,x\n0,0,0\n1,1.5,-0.25\n2,3,-0.5\n",
    "any order": "x,frame,y\n-0.5,2,3\n0,0,0\n-0.25,1,1.5\n",
    "from 1": "Slice,dX,dY\n1,0,0\n2,-0.25,1.5\n3,-0.5,3\n",
    "from elsewhere": "t,shift_y,shift_x\n0,10,20\n1,11.5,19.75\n2,13,19.5\n",
    "decimal commas": "Frame;Y shift;X shift\n0;0,0;0,0\n1;1,5;-0,25\n2;3,0;-0,5\n",
    "tabs": "frame\tdelta-y\tdelta-x\n0\t0\t0\n1\t1.5\t-0.25\n2\t3\t-0.5\n",
    "spaces": "frame   y      x\n0   0.0  0.0\n1   1.5 -0.25\n2 3.0  -0.5\n",
    "comments": "# made by hand\n\nframe, y, x\n0, 0, 0\n# a bump\n1, 1.5, -0.25\n2, 3, -0.5\n",
    "header in a comment": "# y x frame\n0 0 0\n1.5 -0.25 1\n3 -0.5 2\n",
    "pandas": ",y,x\n0,0,0\n1,1.5,-0.25\n2,3,-0.5\n",
    "pandas, tabs": "\ty\tx\n0\t0\t0\n1\t1.5\t-0.25\n2\t3\t-0.5\n",
    "units": "frame,y (px),x [pixels]\n0,0,0\n1,1.5,-0.25\n2,3,-0.5\n",
    "more columns": "time,frame,file,y_px,x_px\n0,0,a,0,0\n.5,1,b,1.5,-0.25\n1,2,c,3,-0.5",
    "quoted": '"frame","row","column"\n"0","0","0"\n"1","1.5","-0.25"\n"2","3","-0.5"\n',
    "byte-order mark": "\ufeffframe,y,x\r\n0,0,0\r\n1,1.5,-0.25\r\n2,3,-0.5\r\n",
    "floats": "frame,y,x\n0.0,0,0\n1.0,1.5e0,-25e-2\n2.0,3,-0.5\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_usual_layouts_say_the_same(tmp_path: Path, layout: str) -> None:
    motion = read(tmp_path, LAYOUTS[layout])
    np.testing.assert_array_equal(motion.displacements, PATH)
    np.testing.assert_allclose(motion.velocity, (1.5, -0.25))
    assert not motion.reliable
    assert "shifts.csv" in motion.reason
    assert motion.model == "free"
    assert np.isnan(motion.displacement_stderr).all()
    assert motion.integrated.shape == (0, 0)


def test_a_correction_is_the_opposite(tmp_path: Path) -> None:
    motion = read(tmp_path, LAYOUTS["commas"], sign="correction")
    np.testing.assert_array_equal(motion.displacements, -PATH)
    assert not np.signbit(motion.displacements[0]).any()
    assert motion.settings["sign"] == "correction"


def test_named_columns_need_no_header(tmp_path: Path) -> None:
    bare = "0,0,0\n-0.25,1.5,1\n-0.5,3,2\n"
    named = read(tmp_path, bare, columns=("x", "y", "frame"))
    np.testing.assert_array_equal(named.displacements, PATH)
    rows = read(tmp_path, "0;0;junk\n1,5;-0,25;\n3;-0,5;junk\n", columns=("y", "x", ""))
    np.testing.assert_array_equal(rows.displacements, PATH)
    other = read(tmp_path, "v,u\n0,0\n1.5,-0.25\n3,-0.5\n", columns=("y", "x"))
    np.testing.assert_array_equal(other.displacements, PATH)


def test_standard_errors_are_kept(tmp_path: Path) -> None:
    motion = read(tmp_path, "frame,y,x,stderr y,stderr x\n0,0,0,0,0\n1,1,1,0.5,\n")
    np.testing.assert_array_equal(motion.displacement_stderr, [(0, 0), (0.5, np.nan)])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=2, max_size=6).map(
        lambda p: np.array([(0.0, 0.0), *p])
    ),
    st.randoms(use_true_random=False),
    st.integers(0, 1),
    st.sampled_from([",", ";", "\t", " "]),
)
def test_any_path_comes_back_exactly(
    tmp_path: Path, path: np.ndarray, random: object, first: int, mark: str
) -> None:
    lines = [mark.join(map(repr, (t + first, *row))) for t, row in enumerate(path.tolist())]
    random.shuffle(lines)  # type: ignore[attr-defined]
    motion = read(tmp_path, "\n".join([mark.join(("frame", "y", "x")), *lines]))
    np.testing.assert_array_equal(motion.displacements, path + 0.0)


def test_our_own_table_reads_as_load_motion_reads_it(tmp_path: Path) -> None:
    save_motion(motion_along(PATH), tmp_path / "ours.csv")
    ours, theirs = load_motion(tmp_path / "ours.csv"), import_shifts(tmp_path / "ours.csv")
    np.testing.assert_array_equal(theirs.displacements, ours.displacements)
    np.testing.assert_array_equal(theirs.displacement_stderr, ours.displacement_stderr)
    np.testing.assert_array_equal(theirs.velocity, ours.velocity)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Y (px)", "y"), ("shift.X", "x"), ("FRAME", "frame"), ("", "frame"), ("yellow", "")],
)
def test_names(name: str, kind: str) -> None:
    assert meaning(name) == kind


BAD = [
    ("", "the file is empty"),
    ("# only words\n", "the file is empty"),
    ("0,1,2\n1,2,3\n", r'line 1: no header, .* columns=\("frame", "y", "x"\)'),
    ("0 1\n1 2\n", r'line 1: no header, .* columns=\("y", "x"\)'),
    ("a,y,x\n0,0,0\n1,1,1\n", "line 1: no column for frame among a, y, x"),
    ("frame,y\n0,0\n1,1\n", "line 1: no column for x among frame, y"),
    ("frame,y,x,dx\n0,0,0,0\n1,1,1,1\n", r"column 3 \(x\) and column 4 \(dx\) both hold x"),
    ("frame,y (µm),x\n0,0,0\n1,1,1\n", r"line 1, column 2: y \(µm\) is not in px"),
    ("frame,y,x\n0,0,0\n", "at least 2 frames, got 1"),
    ("frame,y,x\n0,0,0\n1,1\n", "line 3: 2 cells, expected 3"),
    ("frame,y,x\n0,0,0\n#\n1,one,1\n", "line 4, column 2: y is 'one', not a number"),
    ("frame,y,x\n0,0,0\n1,1,nan\n", "line 3, column 3: x is nan, not a finite number"),
    ("frame,y,x\n0,0,0\n1,1,\n", "line 3, column 3: x is '', not a number"),
    ("frame,y,x\n0,0,0\n0.5,1,1\n", "line 3: frame is 0.5, not a frame number"),
    ("frame,y,x\n-1,0,0\n0,1,1\n", "line 2: frame is -1, not a frame number"),
    ("frame,y,x\n0,0,0\n1,0,0\n0,1,1\n", "frame 0 stands in line 2 and in line 4"),
    ("frame,y,x\n0,0,0\n1,0,0\n4,1,1\n6,1,1\n", "frames 2, 3, 5 missing"),
    ("frame,y,x\n1,0,0\n3,1,1\n", "frame 2 missing"),
    ("frame,y,x\n0,0,0\n1e6,1,1\n", "frames 1, 2, 3, 4, 5, 6, 7, 8 and 999991 more missing"),
    ("frame,y,x\n7,0,0\n8,1,1\n", "frames begin at 7, expected 0 or 1"),
    ('frame,y,x\n0,"0,0\n1,1,1\n', "line 2: not a table"),
]


@pytest.mark.parametrize(("text", "match"), BAD)
def test_bad_tables_say_where(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(ValueError, match=match) as error:
        read(tmp_path, text)
    assert "shifts.csv" in str(error.value)


def test_bad_arguments(tmp_path: Path) -> None:
    text = LAYOUTS["commas"]
    with pytest.raises(ValueError, match="sign must be one of content, correction, got 'minus'"):
        read(tmp_path, text, sign="minus")
    with pytest.raises(TypeError, match="columns must be names such as"):
        read(tmp_path, text, columns="yx")
    with pytest.raises(ValueError, match="columns must be of frame, y, x"):
        read(tmp_path, text, columns=("frame", "y", "z"))
    with pytest.raises(ValueError, match="columns must hold y and x, and nothing twice"):
        read(tmp_path, text, columns=("y", "y", "x"))
    with pytest.raises(ValueError, match=r"line 1, column 2: y is 'y', not a number"):
        read(tmp_path, "0,y,x\n1,1,1\n2,2,2\n", columns=("frame", "y", "x"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00f")
    with pytest.raises(ValueError, match=r"binary\.csv: not a text file in UTF-8"):
        import_shifts(tmp_path / "binary.csv")
    with pytest.raises(FileNotFoundError):
        import_shifts(tmp_path / "none.csv")
