"""The demo's several motions: what it says is true, and it says so when something is missing."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from napari_motionfft import demo_layers as module
from napari_motionfft.demo_layers import (
    Apart,
    Hunted,
    crossing_figure,
    crossing_textures,
    demo_layers,
    hunted_figure,
    hunted_mover,
    told_crossing,
    told_mover,
    told_occluder,
)
from napari_motionfft.motion.several.result import Motions

NUMBER = r"(-?[\d.]+)"
PAIR = rf"\({NUMBER} ± {NUMBER}, {NUMBER} ± {NUMBER}\) px/frame \(known \({NUMBER}, {NUMBER}\)\)"


@pytest.fixture(scope="module")
def apart() -> Apart:
    return crossing_textures()


@pytest.fixture(scope="module")
def hunted() -> Hunted:
    return hunted_mover()


def test_numbers_beside_the_known_ones_and_three_pictures(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    apart: Apart,
    hunted: Hunted,
) -> None:
    # they take seconds, and other tests need them too
    monkeypatch.setattr(module, "crossing_textures", lambda: apart)
    monkeypatch.setattr(module, "hunted_mover", lambda: hunted)
    written = demo_layers(tmp_path)
    said = re.split(r"\n(?=\S)", capsys.readouterr().out)
    (textures,) = (line for line in said if line.startswith("two textures crossing: "))
    (wall,) = (line for line in said if line.startswith("occluder over a scene: "))
    (mover,) = (line for line in said if line.startswith("faint mover, 0."))
    for line in (textures, wall):
        told = re.findall(PAIR, line)
        assert len(told) == 2
        for y, its, x, error, known_y, known_x in (map(float, one) for one in told):
            assert abs(y - known_y) < 0.015
            assert abs(x - known_x) < 0.015
            assert 0 < max(its, error) < 0.01
        assert "NOT" not in line
        assert "MORE" not in line
    (agree,) = re.findall(rf"true images {NUMBER}, {NUMBER} \(", textures)
    (plain,) = re.findall(rf"motions: {NUMBER}, {NUMBER}\)", textures)
    assert min(map(float, agree)) > 0.98
    assert all(float(a) > float(p) + 0.03 for a, p in zip(agree, plain, strict=True))
    assert "the wall is found in front" in wall
    (right,) = re.findall(r"(\d+)% of the pixels", wall)
    assert int(right) > 90
    assert "others" not in mover
    assert float(re.findall(rf"score {NUMBER},", mover)[0]) > 8
    names = ["crossing_textures-layers.png", "occluder-layers.png", "faint_mover-track.png"]
    assert [path.name for path in written] == names
    for path in written:
        with Image.open(path) as image:
            assert min(image.size) > 350
            assert np.asarray(image.convert("L")).std() > 40


def test_what_is_missing_doubtful_or_too_much_is_said(apart: Apart) -> None:
    spots, fibres = apart.matched
    assert spots is not None
    assert fibres is not None
    doubtful = replace(fibres, reliable=False, reason="It is too dark.")
    more = replace(spots, velocity=np.array([5.0, 5.0]))
    line = told_crossing(replace(apart, found=Motions([doubtful, more])))
    assert "NOT FOUND (known (1.3, -0.8))" in line
    assert "(known (-0.9, 1.4)) NOT RELIABLE: It is too dark." in line
    assert "and 1 MORE that are not there" in line
    assert crossing_figure(replace(apart, found=Motions([doubtful]))) is None
    nothing = told_crossing(replace(apart, found=Motions()))
    assert nothing.count("NOT FOUND") == 2


def test_a_wrong_order_of_the_layers_is_said(apart: Apart) -> None:
    spots, fibres = apart.matched
    assert spots is not None
    assert fibres is not None
    true = np.zeros((4, 8, 8))
    true[:, :2] = 1
    for front, words in (
        (0, "the wall is found in front"),
        (1, "the scene is found in front, WRONGLY"),
        (None, "which is in front is NOT DETERMINED"),
    ):
        found = Motions([spots, fibres], masks=np.zeros((4, 8, 8), np.float32), front=front)
        line = told_occluder(replace(apart, found=found, masks=true))
        assert f"\n  {words}, 75% of the pixels assigned to the right one;" in line


def test_no_mover_is_said_and_not_drawn(hunted: Hunted) -> None:
    none = copy(hunted.found)
    none.clear()
    empty = replace(hunted, found=none)
    assert len(hunted.found) == 1
    line = told_mover(empty)
    assert line.startswith("faint mover: no moving object: none reaches a score of ")
    assert "known: (31.48, 106.00) px, (0.87, -1.13) px/frame" in line
    assert hunted_figure(empty) is None
