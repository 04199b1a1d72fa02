"""What a run was asked to do: defaults, limits that are still taken, and plain settings."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tests.motion.made import drifting, job_for

import napari_motionfft as mf
from napari_motionfft.motion.arguments import default_speed
from napari_motionfft.motion.job import within

STACK = drifting(side=64, frames=4).stack


@pytest.mark.parametrize(
    ("shape", "frames", "speed"),
    [
        ((256, 256), 100, 4.0),  # at least 4
        ((256, 512), 20, 12.8),  # one field a stack, the shorter side
        ((256, 256), 2, 64.0),  # at most a quarter field a frame
        ((16, 16), 2, 4.0),
        ((8, 8), 2, 2.0),
    ],
)
def test_default_search_range(shape: tuple[int, int], frames: int, speed: float) -> None:
    assert default_speed(shape, frames) == pytest.approx(speed)


@pytest.mark.parametrize("speed", [32, 32.0, 0.01, np.float32(3), np.int64(2)])
def test_search_ranges_that_are_taken(speed: float) -> None:
    job = job_for(STACK, max_speed=speed)
    assert job.asked["max_speed"] == pytest.approx(float(speed))
    assert type(job.asked["max_speed"]) is float


def test_search_stays_within_its_range() -> None:
    land = mf.loss_landscape(STACK, max_speed=1.5)
    for axis in (land.vy, land.vx):
        assert axis.min() == -1.5
        assert axis.max() == 1.5
    assert all(abs(p.vy) <= 1.5 and abs(p.vx) <= 1.5 for p in land.peaks)


def test_settings_are_plain_data() -> None:
    region = (slice(np.int64(4), 60), slice(None))
    weight = np.ones((56, 33))
    motion = mf.estimate_motion(STACK, region=region, weight=weight, max_speed=np.float32(3))
    settings = json.loads(json.dumps(motion.settings))
    assert settings == motion.settings
    assert settings["region"] == [[4, 60], [0, 64]]
    assert settings["frames"] == 4
    assert settings["seconds"] > 0
    assert motion.region == ((4, 60), (0, 64))
    assert motion.integrated.shape == motion.coverage.shape == (56, 64)


def test_a_weight_may_be_a_tensor() -> None:
    weight = torch.rand(64, 33)
    a = mf.estimate_motion(STACK, weight=weight)
    b = mf.estimate_motion(STACK, weight=weight.numpy())
    np.testing.assert_array_equal(a.velocity, b.velocity)


def test_stages_share_the_run() -> None:
    seen: list[float] = []
    check = within(within(lambda f, _: seen.append(f), 0.5, 1.0), 0.0, 0.5)
    for fraction in (0.0, 0.5, 1.0):
        check(fraction, "")
    assert seen == [0.5, 0.625, 0.75]
