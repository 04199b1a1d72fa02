"""Landscapes on grids, their maxima, and the comparison as plain data."""

from __future__ import annotations

import csv
import io
import json
import math
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.motion.made import wrapping

import napari_motionfft as mf
from napari_motionfft.motion import objectives as ob

AXIS = np.array([-1.5, -0.2, 0.0, 0.7, 2.0])


def small(videos: int = 2) -> torch.Tensor:
    """Two small periodic videos with motion (0.5, −1) and (1, −1) px/frame."""
    stacks = [wrapping((0.5 * (i + 1), -1.0), (20, 22), 5, seed=i) for i in range(videos)]
    return torch.from_numpy(np.stack(stacks))


@pytest.mark.parametrize("name", list(ob.OBJECTIVES))
def test_the_landscape_is_the_objective_at_every_point(name: str) -> None:
    frames = small()
    across = AXIS[1:]
    found = ob.objective_landscape(frames, name, vy=AXIS, vx=across)
    assert found.objective == name
    assert found.values.shape == (2, 5, 4)
    np.testing.assert_array_equal(found.vy, AXIS)
    for i, y in enumerate(AXIS):
        for j, x in enumerate(across):
            here = torch.tensor([[y, x]], dtype=torch.float64).expand(2, 2)
            wanted = ob.OBJECTIVES[name](frames, here)
            # whitening scales the rounding of empty bins up
            np.testing.assert_allclose(found.values[:, i, j], wanted, rtol=1e-9, atol=1e-7)
    weights = ob.geometric_weights(5, 0.4)
    weighted = ob.objective_landscape(frames, name, vy=AXIS, vx=across, frame_weights=weights)
    here = torch.tensor([[AXIS[3], across[0]]], dtype=torch.float64).expand(2, 2)
    wanted = ob.OBJECTIVES[name](frames, here, weights)
    np.testing.assert_allclose(weighted.values[:, 3, 0], wanted, rtol=1e-9, atol=1e-7)


def test_any_callable_has_a_landscape() -> None:
    def bump(frames: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
        return -((shifts - 1) ** 2).sum(-1) * frames.flatten(1).var(1)

    found = ob.objective_landscape(small(), bump, limit=3, step=0.5)
    assert found.objective == "bump"
    assert found.count == [1, 1]
    np.testing.assert_array_equal(found.peak, [[1, 1], [1, 1]])


def test_the_grid_holds_zero_and_its_limits() -> None:
    found = ob.objective_landscape(small(1), "fourier", limit=2.0, step=0.7)
    assert found.vy[0] == -2
    assert found.vy[-1] == 2
    assert 0 in found.vx
    assert np.diff(found.vx).max() <= 0.7


def test_one_video_numpy_and_integers_are_taken() -> None:
    stack = small(1)[0].numpy()
    counts = (1000 + 100 * stack / stack.std()).astype(np.uint16)
    found = ob.objective_landscape(counts, "fourier-gaussian", limit=2)
    assert found.values.shape == (1, 9, 9)
    np.testing.assert_array_equal(found.peak, [[0.5, -1.0]])


def test_local_maxima_leave_out_the_rim_and_join_what_touches() -> None:
    field = np.zeros((7, 9))
    field[2, 2] = 1.0
    field[4, 5] = field[4, 6] = 3.0  # a maximum midway
    field[0, 8] = 9.0  # on the rim
    assert ob.local_maxima(field).tolist() == [[4, 5], [2, 2]]
    assert ob.local_maxima(np.zeros((5, 5))).shape == (0, 2)
    ridge = np.zeros((5, 5))
    ridge[2] = 1  # runs off the rim
    assert len(ob.local_maxima(ridge)) == 0
    with pytest.raises(ValueError, match="values must have 2 axes"):
        ob.local_maxima(np.zeros(4))


def test_a_comparison_is_plain_data_in_the_order_asked(tmp_path: Path) -> None:
    frames = small()
    truth = [[0.5, -1.0], [1.0, -1.0]]
    names = ["gcc-phat-0", "fourier-gaussian", "fourier-unsigned"]
    found = ob.compare_objectives(
        frames, truth, names, trials=3, steps=130, spread=1.0, limit=2.0, step=0.25
    )
    assert [row.objective for row in found] == names
    assert len(found) == 3
    good, bad = found["fourier-gaussian"], found["fourier-unsigned"]
    assert (good.successes, good.trials) == (3, 3)
    assert good.median_steps >= 102
    assert good.final_error < 0.2
    assert good.seconds > 0
    assert bad.successes == 0
    assert math.isnan(bad.median_steps)
    assert bad.maxima > good.maxima
    assert list(found.histories) == list(found.landscapes) == names
    assert found.histories["gcc-phat-0"].starts.shape == (3, 2, 2)
    with pytest.raises(KeyError):
        _ = found["nothing"]

    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["settings"]["trials"] == 3
    assert plain["settings"]["true_shifts"] == truth
    assert plain["rows"][2]["median_steps"] is None

    path = tmp_path / "rows.csv"
    text = found.to_csv(path)
    assert path.read_bytes() == text.encode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["objective"] for row in rows] == names
    assert rows[2]["median_steps"] == ""
    assert float(rows[1]["final_error"]) == good.final_error

    lines = str(found).splitlines()
    assert len(lines) == 5
    assert lines[0].split("  ")[0] == "objective"
    assert "px/frame" in lines[0]
    assert "3/3" in lines[3]
    assert "–" in lines[4]


def test_the_same_seed_gives_the_same_comparison() -> None:
    def run(seed: int) -> np.ndarray:
        found = ob.compare_objectives(
            small(), [[0.5, -1.0], [1.0, -1.0]], ["fourier"], trials=2, seed=seed, steps=20
        )
        return found.histories["fourier"].shifts

    np.testing.assert_array_equal(run(3), run(3))
    assert not np.array_equal(run(3), run(4))


def test_one_video_takes_one_shift_and_all_objectives_are_the_default() -> None:
    found = ob.compare_objectives(small(1)[0].float(), (0.5, -1.0), trials=1, steps=2, limit=1)
    assert [row.objective for row in found] == list(ob.OBJECTIVES)
    assert len(ob.OBJECTIVES) == 11
    assert all(objective.about for objective in ob.OBJECTIVES.values())


def test_progress_rises_to_one_and_cancel_stops() -> None:
    heard: list[float] = []
    said: list[str] = []

    def hear(fraction: float, message: str) -> None:
        heard.append(fraction)
        said.append(message)

    names = ["spatial", "fourier"]
    truth = (0.5, -1.0)
    ob.compare_objectives(small(1), truth, names, trials=2, steps=5, limit=1, progress=hear)
    assert heard == sorted(heard)
    assert heard[-1] == 1
    for name in names:
        assert any(name in message for message in said)
    cancel = threading.Event()
    with pytest.raises(mf.Cancelled):
        ob.compare_objectives(
            small(1), truth, names, progress=lambda f, m: f > 0.6 and cancel.set(), cancel=cancel
        )
    cancel.set()
    with pytest.raises(mf.Cancelled):
        ob.objective_landscape(small(1), "spatial", cancel=cancel)
