"""Moving objects as a CSV table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from napari_motionfft.files.faint_mover import faint_mover
from napari_motionfft.files.movers_csv import COLUMNS, movers_csv, save_movers
from napari_motionfft.motion.faint.result import Mover, Movers, TileLandscapes


def movers(count: int = 2) -> Movers:
    pair = np.array([1.0, 2.0]) / 3
    made = [
        Mover(
            position=pair + i,
            position_stderr=pair / 10,
            velocity=-pair * (i + 1),
            velocity_stderr=pair / 100,
            centre_frame=15.5,
            centre=pair,
            centre_stderr=pair / 20,
            score=8.0 - i,
            false_alarm=1e-7 * (i + 1),
            brightness=float("nan") if i else 4.25,
            contrast=0.5,
            size=2.5,
            frames=32,
            image=np.zeros((5, 5), np.float32),
        )
        for i in range(count)
    ]
    grid = np.linspace(-1, 1, 3)
    tiles = TileLandscapes(np.zeros((1, 1, 3, 3), np.float32), grid, grid, (64.0, 64.0), (0, 0))
    return Movers(
        made, landscapes=tiles, threshold=6.5, excess=1.0, noise=1.0, shape=(32, 64, 64),
        settings={}, device="CPU",
    )  # fmt: skip


def test_numbers_are_exact_and_named_with_units() -> None:
    found = movers()
    lines = list(csv.DictReader(io.StringIO(movers_csv(found))))
    assert tuple(lines[0]) == COLUMNS
    for number, (line, mover) in enumerate(zip(lines, found, strict=True), start=1):
        assert line["object"] == str(number)
        assert float(line["y in frame 0 (px)"]) == mover.position[0]
        assert float(line["velocity x (px/frame)"]) == mover.velocity[1]
        assert float(line["false-alarm probability"]) == mover.false_alarm
        assert line["frames seen"] == "32"
    assert lines[1]["brightness"] == ""


def test_physical_units_are_further_columns() -> None:
    found = movers(1)
    (line,) = csv.DictReader(io.StringIO(movers_csv(found, (0.5, 0.25), "µm/s")))
    assert float(line["velocity y (µm/s)"]) == pytest.approx(0.5 * found[0].velocity[0])
    assert float(line["velocity x (µm/s)"]) == pytest.approx(0.25 * found[0].velocity[1])


def test_an_empty_list_is_the_header_alone(tmp_path: Path) -> None:
    save_movers(movers(0), tmp_path / "none.csv")
    assert (tmp_path / "none.csv").read_text().splitlines() == [",".join(COLUMNS)]


def test_files_are_written_whole_and_never_over_others(tmp_path: Path) -> None:
    target = tmp_path / "m.csv"
    save_movers(movers(), target)
    before = target.read_text(encoding="utf-8")
    assert before == movers_csv(movers())
    with pytest.raises(FileExistsError):
        save_movers(movers(1), target)
    with pytest.raises(TypeError, match="movers must be what find_movers returns, got list"):
        save_movers([], target, overwrite=True)  # type: ignore[arg-type]
    assert target.read_text(encoding="utf-8") == before
    save_movers(movers(1), target, overwrite=True)
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2
    with pytest.raises(ValueError, match=r"must end in \.csv"):
        save_movers(movers(), tmp_path / "m.txt")
    with pytest.raises(FileNotFoundError):
        save_movers(movers(), tmp_path / "no" / "m.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["m.csv"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"frames": 3}, ValueError, "frames"),
        ({"frames": 8.5}, TypeError, "frames"),
        ({"size": 16}, ValueError, "size"),
        ({"peak": 0}, ValueError, "peak must be above 0"),
        ({"peak": True}, ValueError, "peak must be above 0"),
    ],
)
def test_the_made_stack_names_a_bad_argument(
    arguments: dict[str, float], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        faint_mover(**arguments)  # type: ignore[arg-type]


def test_the_made_stack_holds_one_object_on_its_track() -> None:
    stack, track = faint_mover(8, 48, peak=50.0)
    still = stack - np.median(stack, axis=0)
    for frame, place in zip(still, track, strict=True):
        top = np.unravel_index(frame.argmax(), frame.shape)
        assert np.abs(np.subtract(top, place)).max() < 1
