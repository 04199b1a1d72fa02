"""estimate_motion(track=True): the object of a small region, over a scene of its own.

Many seeds are in benchmarks/; here are a few of each kind, with room for their scatter.
"""

from __future__ import annotations

import math
from dataclasses import replace
from threading import Event
from typing import Any

import dask.array as da
import numpy as np
import pytest
from benchmarks.tracked_scenes import KnownObject, crossing
from scipy.ndimage import gaussian_filter

import napari_motionfft as mf
from napari_motionfft.motion.preview import preview_motion


def followed(known: KnownObject, model: str = "velocity", **asked: Any) -> mf.Motion:
    return mf.estimate_motion(known.stack, model, region=known.region, track=True, **asked)


@pytest.mark.parametrize(
    ("snr", "size", "px", "likeness"),
    [(math.inf, 32, 0.1, 0.995), (3.0, 24, 0.3, 0.98), (1.0, 32, 0.4, 0.95), (1.0, 48, 0.4, 0.95)],
)
@pytest.mark.parametrize("moving", [False, True])
def test_a_straight_path(snr: float, size: int, px: float, likeness: float, moving: bool) -> None:
    """The object is outside its region after 8 to 16 of 30 frames."""
    for seed in (0, 1):
        known = crossing(seed, snr, size, speed=3.0 + seed, moving=moving)
        motion = followed(known)
        assert known.error(motion.displacements) < px
        assert known.likeness(motion.integrated) > likeness
        assert motion.integrated.shape == known.image.shape
        assert motion.region == tuple((side.start, side.stop) for side in known.region)
        assert motion.reliable
        assert motion.settings["track"] is True


@pytest.mark.parametrize(("snr", "px"), [(math.inf, 0.15), (3.0, 0.35), (1.0, 0.6)])
@pytest.mark.parametrize("moving", [False, True])
def test_a_curved_path(snr: float, px: float, moving: bool) -> None:
    known = crossing(2, snr, 32, bent=True, moving=moving)
    motion = followed(known, "free")
    assert known.error(motion.displacements) < px
    assert known.likeness(motion.integrated) > 0.95
    assert motion.reliable


@pytest.mark.parametrize("model", ["polynomial", "spline", "auto"])
def test_every_model(model: str) -> None:
    known = crossing(3, 3.0, 32, bent=True)
    motion = followed(known, model)
    assert known.error(motion.displacements) < 0.35
    assert motion.model != "velocity"


def test_without_it_the_region_stays_and_the_object_is_lost() -> None:
    known = crossing(3, 3.0, 32)
    still = mf.estimate_motion(known.stack, region=known.region)
    assert known.error(still.displacements) > 5
    assert (
        known.likeness(still.integrated) < 0.5 < 0.95 < known.likeness(followed(known).integrated)
    )
    assert still.settings["track"] is False


@pytest.mark.parametrize("model", ["velocity", "free"])
def test_lost_and_found_again(model: str) -> None:
    known = crossing(3, 3.0, 32, gap=(12, 17))
    motion = followed(known, model)
    assert motion.excluded == (12, 13, 14, 15, 16)
    assert known.error(motion.displacements) < 0.4
    assert known.likeness(motion.integrated) > 0.98
    assert motion.frame_weights[12:17].tolist() == [0] * 5
    assert any("frames 12, 13, 14, 15, 16" in note for note in motion.notes)
    assert int(motion.coverage.max()) == 25


def leaving(known: KnownObject, after: int) -> tuple[KnownObject, int]:
    """A frame that ends where the region is after some frames; how many of them hold it all."""
    y, x = known.region
    if known.path[-1, 0] > 0:
        shift, edge = 0, math.floor(y.stop + known.path[after, 0])
        inside = known.path[:, 0] + y.stop <= edge
    else:
        shift, edge = math.ceil(y.start + known.path[after, 0]), known.stack.shape[1]
        inside = known.path[:, 0] + y.start >= shift
    stack = known.stack[:, shift:edge]
    region = (slice(y.start - shift, y.stop - shift), x)
    return replace(known, stack=stack, region=region), int(inside.sum())


@pytest.mark.parametrize("model", ["velocity", "free"])
def test_leaves_the_frame(model: str) -> None:
    known, inside = leaving(crossing(3, 3.0, 32), 17)
    motion = followed(known, model)
    gone = motion.excluded[0]
    assert abs(gone - inside) <= 1
    assert motion.excluded == tuple(range(gone, 30))
    assert any("leaves the frame" in note for note in motion.notes)
    assert motion.displacements.shape == motion.displacement_stderr.shape == (30, 2)
    assert len(motion.frame_weights) == len(motion.correlation) == len(motion.frame_score) == 30
    assert motion.split_half_displacements.shape == (2, 30, 2)
    assert motion.frame_weights.sum() == pytest.approx(1)
    assert np.abs(motion.displacements[:gone] - known.path[:gone]).max() < 0.9
    # it goes on in the same way, ever less surely
    assert np.abs(motion.displacements[-1] - known.path[-1]).max() < 3
    assert (np.diff(motion.displacement_stderr[gone - 1 :], axis=0) > 0).all()


@pytest.mark.parametrize("blur", [0.0, 2.0])
def test_unrelated_frames_are_not_reliable(blur: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(3):
        noise = np.stack([gaussian_filter(rng.standard_normal((96, 96)), blur) for _ in range(12)])
        for model in ("velocity", "free"):
            motion = mf.estimate_motion(
                noise, model, region=(slice(30, 62), slice(30, 62)), track=True
            )
            assert not motion.reliable
            assert motion.reason


def test_lazy_and_preview_give_the_same() -> None:
    known = crossing(3, 3.0, 32, bent=True)
    whole = followed(known, "free")
    lazy = replace(known, stack=da.from_array(known.stack, chunks=(7, 128, 256)))
    np.testing.assert_allclose(followed(lazy, "free").displacements, whole.displacements, atol=1e-3)
    quick = preview_motion(known.stack, "free", region=known.region, track=True)
    assert known.error(quick.displacements) < 0.35
    assert quick.region == whole.region
    assert quick.origin == whole.origin


def test_preview_of_a_large_region_at_low_resolution() -> None:
    small = crossing(3, 10.0, 48)
    large = small.stack.repeat(8, 1).repeat(8, 2)[:12]
    y, x = (slice(8 * side.start, 8 * side.stop) for side in small.region)
    quick = preview_motion(large, region=(y, x), track=True, max_speed=40)
    assert np.abs(quick.displacements - 8 * small.path[:12]).max() < 4
    assert quick.region == ((y.start, y.stop), (x.start, x.stop))
    assert quick.origin == (y.start, x.start)
    assert quick.integrated.shape == (y.stop - y.start, x.stop - x.start)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"region": None}, "track=True needs a region"),
        ({"region": None, "boundary": "periodic"}, "track=True needs boundary='crop'"),
        ({"window": 5}, "window takes neither"),
        ({"canvas": "union"}, "track=True needs canvas='frame'"),
        ({"frame_weights": "sharpness"}, "frame_weights='sharpness'"),
    ],
)
def test_what_it_does_not_go_with(asked: dict[str, Any], words: str) -> None:
    known = crossing(0, 3.0, 24, frames=6)
    with pytest.raises(ValueError, match=words):
        mf.estimate_motion(known.stack, **{"region": known.region, "track": True, **asked})


def test_track_is_a_truth_value() -> None:
    known = crossing(0, 3.0, 24, frames=6)
    with pytest.raises(TypeError, match="track must be True or False, got 'yes'"):
        mf.estimate_motion(known.stack, region=known.region, track="yes")


def test_range_of_the_search() -> None:
    known = crossing(0, 3.0, 24, frames=6)
    assert followed(known).settings["max_speed"] == 7.0  # a quarter of 28 px
    assert followed(known, max_speed=5.0).settings["max_speed"] == 5.0
    large = mf.estimate_motion(known.stack, region=(slice(10, 200), slice(20, 220)), track=True)
    assert large.settings["max_speed"] == 16.0


def test_cancel_and_progress() -> None:
    known = crossing(0, 3.0, 24, frames=8)
    told: list[float] = []
    followed(known, progress=lambda fraction, message: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0
    stop = Event()

    def cancelled(fraction: float, message: str) -> None:
        if message == "Following the object":
            stop.set()

    with pytest.raises(mf.Cancelled):
        followed(known, progress=cancelled, cancel=stop)
