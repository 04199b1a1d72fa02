"""The made stack of a wall before a scene: opaque, each at its velocity, nothing comes in again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_motionfft.files.occluder import CONTRAST, VELOCITIES, part, wall_before_scene


def test_a_pixel_shows_wall_or_scene() -> None:
    stack, images, masks = wall_before_scene(frames=3, size=96, snr=1e6)
    assert stack.dtype == images.dtype == masks.dtype == np.float32
    assert (stack.shape, images.shape, masks.shape) == ((3, 96, 96), (2, 96, 96), (3, 96, 96))
    np.testing.assert_allclose(stack[0][masks[0] == 1], images[0][masks[0] == 1], atol=1e-2)
    np.testing.assert_allclose(stack[0][masks[0] == 0], images[1][masks[0] == 0], atol=1e-2)
    assert ((masks == 0) | (masks == 1)).mean() > 0.85


def test_wall_and_mask_move_together_and_the_scene_otherwise() -> None:
    """Frame t moved back along a velocity is frame 0 wherever that layer is seen in both."""
    stack, _, masks = wall_before_scene(frames=11, size=128, snr=1e6)
    inside = slice(24, 104), slice(24, 104)
    for velocity, shown in zip(VELOCITIES, (masks, 1 - masks), strict=True):
        back = [part(each, np.multiply(velocity, -10), 128) for each in (stack[10], shown[10])]
        both = ((shown[0] > 0.99) & (back[1] > 0.99))[inside]
        assert both.sum() > 500
        error = (back[0] - stack[0])[inside][both]
        assert np.abs(np.median(error)) < 0.5
        assert np.median(np.abs(error)) < 0.1 * CONTRAST
    moved = part(masks[10], np.multiply(VELOCITIES[0], -10), 128)
    assert np.abs(moved - masks[0])[inside].mean() < 0.03
    still = part(masks[10], np.multiply(VELOCITIES[1], -10), 128)
    assert np.abs(still - masks[0])[inside].mean() > 0.2


def test_noise_is_as_told_and_the_seed_decides() -> None:
    stack, _, _ = wall_before_scene(frames=4, size=96)
    clean, _, _ = wall_before_scene(frames=4, size=96, snr=1e9)
    assert (stack - clean).std() == pytest.approx(CONTRAST / 1.5, rel=0.03)
    np.testing.assert_array_equal(wall_before_scene(frames=4, size=96)[0], stack)
    assert not np.array_equal(wall_before_scene(frames=4, size=96, seed=1)[2], stack)


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        ({"frames": 1}, ValueError, "frames must be at least 2"),
        ({"frames": 49}, ValueError, "frames must be at most 48"),
        ({"size": 300}, ValueError, "size 256"),
        ({"size": 12.5}, TypeError, "size must be a whole number"),
        ({"snr": 0}, ValueError, "snr must be above 0"),
        ({"snr": "loud"}, ValueError, "snr must be above 0"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], kind: type, told: str) -> None:
    with pytest.raises(kind, match=told):
        wall_before_scene(**arguments)
