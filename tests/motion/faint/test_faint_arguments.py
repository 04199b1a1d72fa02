"""Bad arguments of `find_movers`: errors that name what is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.motion.faint.made_movers import noise

from napari_motionfft.motion.faint import plan
from napari_motionfft.motion.faint.find import find_movers


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"max_speed": "fast"}, TypeError, "max_speed must be a number"),
        ({"max_speed": True}, TypeError, "max_speed must be a number"),
        ({"max_speed": 0}, ValueError, "max_speed must be above 0"),
        ({"max_speed": 20.0}, ValueError, "at most half the field, 16 px/frame"),
        ({"max_speed": float("nan")}, ValueError, "max_speed"),
        ({"min_speed": -0.1}, ValueError, "min_speed must be 0 or more"),
        ({"min_speed": "slow"}, TypeError, "min_speed must be a number"),
        ({"min_speed": 1.0, "max_speed": 0.5}, ValueError, "max_speed must be above min_speed"),
        ({"size": "big"}, ValueError, "size must be 'auto'"),
        ({"size": None}, TypeError, "size must be 'auto'"),
        ({"size": []}, TypeError, "size must be 'auto'"),
        ({"size": 1.0}, ValueError, "size must be 2 to 8 px"),
        ({"size": [3.0, 30.0]}, ValueError, "size must be 2 to 8 px"),
        ({"tile": 8}, ValueError, "tile must be 16"),
        ({"tile": 20.5}, TypeError, "tile must be a whole number of px"),
        ({"tile": None}, TypeError, "tile must be a whole number of px"),
        ({"background": "stars"}, ValueError, "background must be one of static, none"),
        ({"false_alarm": 0.0}, ValueError, "false_alarm must be between 0 and 1"),
        ({"false_alarm": 1.0}, ValueError, "false_alarm must be between 0 and 1"),
        ({"false_alarm": "low"}, TypeError, "false_alarm must be a number"),
        ({"device": "abacus"}, ValueError, "device"),
        ({"region": (slice(0, 40), slice(0, 32))}, ValueError, "leaves the frame"),
        ({"progress": 3}, TypeError, "progress must be callable"),
        ({"cancel": 3}, TypeError, "cancel must be a threading.Event"),
    ],
)
def test_each_argument_is_checked(arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        find_movers(noise(0, (8, 32, 32)), **arguments)


def test_stacks_that_cannot_be_searched(monkeypatch: Any) -> None:
    with pytest.raises(ValueError, match="at least 4 frames"):
        find_movers(noise(0, (3, 32, 32)))
    with pytest.raises(ValueError, match="constant"):
        find_movers(np.ones((8, 32, 32)))
    holes = noise(0, (8, 32, 32))
    holes[5, 3, 3] = np.nan
    with pytest.raises(ValueError, match="frame 5"):
        find_movers(holes)
    with pytest.raises(TypeError, match="array"):
        find_movers("stack")
    monkeypatch.setattr(plan, "ROOM", 1000)
    with pytest.raises(ValueError, match="too big to search at once"):
        find_movers(noise(0, (8, 32, 32)))


def test_a_range_cut_for_time_is_said(monkeypatch: Any) -> None:
    monkeypatch.setattr(plan, "WORK", 2e5)
    movers = find_movers(noise(0, (8, 32, 32)), size=2.5)
    assert movers.settings["max_speed"] < 2.0
    assert any("give max_speed for more" in note for note in movers.notes)
