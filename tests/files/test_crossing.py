"""The made stack of two textures: each moves as it says, and they add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_motionfft.files.crossing import CONTRAST, LEVEL, VELOCITIES, two_textures


def shifted(image: np.ndarray, by: Any) -> np.ndarray:
    """(Y, X) moved by any amount, through its spectrum; wraps."""
    ky, kx = np.fft.fftfreq(image.shape[0])[:, None], np.fft.rfftfreq(image.shape[1])
    phase = np.exp(-2j * np.pi * (ky * by[0] + kx * by[1]))
    return np.fft.irfft2(np.fft.rfft2(image) * phase, s=image.shape)


def test_each_texture_moves_by_its_velocity_and_nothing_else_is_there() -> None:
    """Away from the edges, where the shift of a cropped image wraps."""
    stack, images = two_textures(frames=6, size=160, snr=1e6)
    assert (stack.shape, stack.dtype) == ((6, 160, 160), np.float32)
    assert (images.shape, images.dtype) == ((2, 160, 160), np.float32)
    bell = np.hanning(160)
    for t in range(6):
        made = sum(
            shifted(image, np.multiply(v, t)) for image, v in zip(images, VELOCITIES, strict=True)
        )
        seen = stack[t] - LEVEL
        error = ((made - seen) * bell[:, None] * bell)[40:120, 40:120]
        assert np.abs(error).max() < 0.12 * CONTRAST


def test_both_are_as_strong_as_the_noise_and_alike_in_none_of_it() -> None:
    stack, images = two_textures()
    clean, _ = two_textures(snr=1e6)
    assert (stack - clean).std() == pytest.approx(CONTRAST, rel=0.02)
    np.testing.assert_allclose(images.std(axis=(1, 2)), CONTRAST, rtol=0.1)
    assert abs(np.corrcoef(images[0].ravel(), images[1].ravel())[0, 1]) < 0.1
    again, _ = two_textures()
    np.testing.assert_array_equal(stack, again)
    assert not np.array_equal(two_textures(frames=3, seed=1)[0], stack[:3])


def test_what_leaves_does_not_come_in_again() -> None:
    """Frames of one texture on one that wraps would be shifts of one another in all."""
    stack, images = two_textures(frames=24, size=64, snr=1e6)
    wrapped = sum(
        shifted(image, np.multiply(v, 20)) for image, v in zip(images, VELOCITIES, strict=True)
    )
    assert np.abs(wrapped - (stack[20] - LEVEL)).std() > 0.5 * CONTRAST


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        ({"frames": 1}, ValueError, "frames must be at least 2"),
        ({"size": 8}, ValueError, "size must be at least 32"),
        ({"frames": 2.5}, TypeError, "frames must be a whole number"),
        ({"snr": 0}, ValueError, "snr must be above 0"),
        ({"snr": "much"}, ValueError, "snr must be above 0"),
    ],
)
def test_bad_input(arguments: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        two_textures(**arguments)
