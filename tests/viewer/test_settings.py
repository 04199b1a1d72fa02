"""The plugin's page in napari's preferences: read, written, followed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from napari_motionfft.viewer import settings
from napari_motionfft.viewer.settings import Preferences


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
