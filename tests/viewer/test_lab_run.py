"""What a run of the lab computes: counts, successes, windows, refusals; no viewer."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_motionfft.motion import frames as motion_frames
from napari_motionfft.motion.errors import Cancelled
from napari_motionfft.viewer import lab_run, samples
from napari_motionfft.viewer.errors import SourceError
from napari_motionfft.viewer.lab_responses import responses
from napari_motionfft.viewer.lab_result import as_csv, rows
from napari_motionfft.viewer.lab_run import FIRST, OBJECTIVES, LabSettings, explore
from napari_motionfft.viewer.source import Source, read_source

SQUARE = LabSettings(window="none", device="cpu")


def square() -> Source:
    ((data, arguments, _),) = samples.white_square()
    return read_source(Image(data, **arguments), current_step=(0, 0, 0))


def source_of(data: Any, **arguments: Any) -> Source:
    return read_source(Image(data), current_step=(0, 0, 0), **arguments)


def test_the_names_are_those_of_the_registry() -> None:
    from napari_motionfft.motion.objectives import OBJECTIVES as registry

    assert tuple(OBJECTIVES) == tuple(registry)
    assert set(FIRST) <= set(registry)
    assert all(OBJECTIVES.values())


def test_the_posts_figure() -> None:
    result = explore(square(), SQUARE, (2.0, 4.0))
    table = {str(row["objective"]): row for row in rows(result)}
    assert set(table) == set(FIRST)
    assert {name: row["local maxima"] for name, row in table.items()} == {
        "fourier-unsigned": 225,
        "fourier": 1,
        "fourier-unsigned-bilinear": 1,
        "fourier-bilinear": 1,
    }
    assert table["fourier-unsigned"]["found truth"] == "0/10"
    assert table["fourier-unsigned"]["median steps"] == "–"
    assert float(table["fourier-unsigned"]["final error"]) > 1
    for name in ("fourier", "fourier-unsigned-bilinear", "fourier-bilinear"):
        assert table[name]["found truth"] == "10/10"
        assert 100 < float(table[name]["median steps"]) < 200
        assert float(table[name]["final error"]) < 1 / 5
    for one in result.explored:
        np.testing.assert_array_equal(one.peak, (2, 4))
        assert one.paths.shape[::2] == (10, 2)
        assert np.abs(one.paths[:, 0]).max() < 4
        np.testing.assert_array_equal(one.paths[:, 0], result.explored[0].paths[:, 0])
        assert (one.there == (np.hypot(*(one.ends - (2, 4)).T) < 1 / 5)).all()


def test_without_a_truth_the_peak_is_what_starts_come_to() -> None:
    settings = LabSettings(("fourier",), window="none", starts=4, limit=6, device="cpu")
    result = explore(square(), settings)
    (row,) = rows(result)
    assert row["found peak"] == "4/4"
    assert "final error" not in row
    assert "found truth" not in row
    assert (row["peak vy"], row["peak vx"]) == pytest.approx((2, 4), abs=0.2)
    table = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert table[0]["starts that found peak"] == table[0]["starts"] == "4"
    assert float(table[0]["peak vx (px/frame)"]) == row["peak vx"]
    assert result.notes == ()


def test_csv_leaves_empty_what_is_not_known() -> None:
    settings = LabSettings(("fourier-unsigned", "fourier"), window="none", device="cpu")
    result = explore(square(), settings, np.asarray((2.0, 4.0)))
    table = list(csv.DictReader(io.StringIO(as_csv(result))))
    assert [line["objective"] for line in table] == ["fourier", "fourier-unsigned"][::-1]
    assert table[0]["median steps"] == ""
    assert table[0]["starts that found truth"] == "0"
    assert float(table[1]["final error (px/frame)"]) < 0.2


def test_a_region_and_the_hann_window() -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (4, 40, 50), dtype=np.uint8)
    source = replace(source_of(data), region=(slice(8, 40), slice(2, 34)))
    plain = lab_run.read_frames(source, "none", lambda *_: None)
    np.testing.assert_array_equal(plain, data[:, 8:40, 2:34].astype(np.float32))
    faded = np.asarray(lab_run.read_frames(source, "hann", lambda *_: None))
    taper = np.asarray(motion_frames.window((32, 32), 1.0))
    assert np.abs(faded.sum((1, 2))).max() < 1e-2 * np.abs(faded).sum((1, 2)).max()
    assert (faded[:, 0].std(1) < 0.02 * faded[:, 16].std(1)).all()
    np.testing.assert_allclose(
        faded[1] / taper - plain[1].numpy(), faded[1, 9, 9] / taper[9, 9] - plain[1, 9, 9], atol=0.1
    )


def test_the_window_keeps_edges_from_winning(moving: Any) -> None:
    """Whitening shows the edges of real frames at their full strength: these stand still."""
    settings = LabSettings(("gcc-phat-1",), limit=6, starts=1, steps=1, device="cpu")
    faded = explore(source_of(moving), settings)
    np.testing.assert_allclose(faded.explored[0].peak, (0.75, -1.25), atol=0.4)
    assert faded.notes == (lab_run.STANDS,)
    plain = explore(source_of(moving), replace(settings, window="none"))
    assert np.abs(plain.explored[0].peak).max() < 0.4
    assert plain.notes == ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (np.full((4, 32, 32), 7.0), "nothing to see"),
        (np.where(np.arange(4)[:, None, None] == 2, np.nan, np.ones((4, 32, 32))), "in frame 2"),
    ],
)
def test_stacks_that_cannot_be_explored(data: Any, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        explore(source_of(data), SQUARE)


def test_more_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.random.default_rng(0).random((4, 32, 32))
    with pytest.raises(ValueError, match="at least one objective"):
        explore(source_of(data), LabSettings(()))
    with pytest.raises(ValueError, match="window must be one of hann, none"):
        explore(source_of(data), LabSettings(window="tukey"))
    with pytest.raises(ValueError, match="objective must be one of"):
        explore(source_of(data), LabSettings(("nonsense",), device="cpu"))
    data[3, 0, 0] = np.inf
    with pytest.raises(SourceError, match="in frame 3"):  # counted in the layer
        explore(source_of(data, frames=(2, 4)), SQUARE)
    monkeypatch.setattr(lab_run, "MOST", 4000)
    with pytest.raises(SourceError, match="4 frames of 32 × 32 px are too many"):
        explore(source_of(data), SQUARE)


def test_progress_never_goes_back_and_cancel_stops() -> None:
    settings = LabSettings(("fourier", "gcc-phat-1"), starts=2, steps=20, device="cpu")
    said: list[tuple[float, str]] = []
    explore(square(), settings, progress=lambda *report: said.append(report))
    fractions = [fraction for fraction, _ in said]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.1 < 0.9 < fractions[-1] <= 1
    assert any("gcc-phat-1" in message for _, message in said)
    cancel = threading.Event()
    begun: list[str] = []

    def stop(fraction: float, message: str) -> None:
        begun.append(message)
        if fraction > 0.5:
            cancel.set()

    with pytest.raises(Cancelled):
        explore(square(), settings, progress=stop, cancel=cancel)
    assert len(begun) < len(said)


@pytest.mark.parametrize(
    ("metadata", "truth", "window"),
    [
        ({}, None, "hann"),
        ({samples.TRUTH: (1, -2.5)}, (1.0, -2.5), "hann"),
        ({samples.TRUTH: "fast"}, None, "hann"),
        ({samples.TRUTH: (1, 2, 3)}, None, "hann"),
        ({samples.TRUTH: (np.nan, 0)}, None, "hann"),
        ({samples.TRUTH: 3, samples.BOUNDARY: "periodic"}, None, "none"),
        ({samples.BOUNDARY: None}, None, "hann"),
    ],
)
def test_what_a_layer_says_of_itself(metadata: Any, truth: Any, window: str) -> None:
    layer = SimpleNamespace(metadata=metadata)
    assert lab_run.known_truth(layer) == truth
    assert lab_run.usual_window(layer) == window


def test_the_usual_range_stays_within_the_frame() -> None:
    assert lab_run.usual_limit((128, 128)) == 8
    assert lab_run.usual_limit((512, 12)) == 6
    assert lab_run.usual_limit((1, 64)) == 1


def test_responses_are_those_of_the_filters() -> None:
    found = responses(8)
    assert (found.frequency[0], found.frequency[-1]) == (0, 1)
    assert len(found.curves) == 7
    average, narrow, cascade = list(found.curves.values())[:3]
    assert all(curve[0] == pytest.approx(1) for curve in found.curves.values())
    assert average[-1] == pytest.approx(1)  # periodic
    assert average[100] == pytest.approx(0, abs=1e-12)  # f = 1/T
    np.testing.assert_allclose(cascade, average * narrow, atol=1e-12)
    assert (narrow <= average**2 + 1e-12).all()  # the posts' inequality
