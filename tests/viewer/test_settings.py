"""The plugin's page in napari's preferences: read, written, followed."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from typing import Any

import pytest

from napari_motionfft.motion.estimate import estimate_motion
from napari_motionfft.viewer import settings
from napari_motionfft.viewer.asked import Asked
from napari_motionfft.viewer.settings import SIZES, Preferences


@pytest.mark.usefixtures("plugin")
def test_the_manifest_has_the_same_defaults() -> None:
    model = settings.stored()
    assert settings.read() == Preferences()
    assert model.model_dump() == asdict(Preferences())


@pytest.mark.usefixtures("plugin")
def test_what_is_written_is_read_and_on_disk() -> None:
    from napari.settings import get_plugin_settings

    chosen = Preferences(max_speed=4.5, weight="phat", background="static", layout="over")
    settings.write(chosen)
    assert settings.read() == chosen
    saved = get_plugin_settings(settings.PLUGIN).config_path.read_text()
    for part in ("max_speed: 4.5", "weight: phat", "background: static", "layout: over"):
        assert part in saved
    assert "device" not in saved  # as by default


@pytest.mark.usefixtures("plugin")
def test_a_change_is_followed() -> None:
    class Follower:
        seen = 0

        def changed(self, event: Any) -> None:
            self.seen += 1

    follower = Follower()
    settings.follow(follower.changed)
    settings.stored().weight = "flat"
    assert follower.seen >= 1


def test_without_the_plugin_the_defaults_hold(plugin_settings: None) -> None:
    settings.write(Preferences(weight="flat"))
    assert settings.read() == Preferences()
    settings.follow(print)


def test_a_model_has_its_own_size_and_no_other() -> None:
    sizes = {"degree": 3, "knots": 4, "binning": 5}

    def arguments(**chosen: Any) -> dict[str, Any]:
        return asked_of(Preferences(**{**sizes, **chosen})).arguments

    for model, name in SIZES.items():
        given = arguments(model=model)
        assert {key: given[key] for key in sizes if key in given} == {name: sizes[name]}
        assert arguments(model=model, **{name: 0})[name] is None
    assert not set(sizes) & set(arguments(model="auto"))
    assert arguments(max_speed=0.0)["max_speed"] is None
    assert arguments(canvas="union")["canvas"] == "union"


@pytest.mark.parametrize("model", ["velocity", *SIZES])
def test_the_usual_arguments_are_those_of_the_estimator(model: str) -> None:
    """So that a script with none of them says the same."""
    usual = inspect.signature(estimate_motion).parameters
    given = asked_of(Preferences(model=model)).arguments
    assert given.pop("model") == model
    assert given == {name: usual[name].default for name in given}
    assert {"effort", "frame_weights", "canvas", "max_speed", "weight"} <= set(given)


def asked_of(preferences: Preferences) -> Asked:
    return Asked(None, None, (0, 2), 0, 0, None, None, preferences)
