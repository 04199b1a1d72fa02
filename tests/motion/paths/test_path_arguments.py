"""Bad values of what path models take: the message names the argument and what it may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from tests.motion.paths.made import walking

import napari_motionfft as mf

STACK = walking(frames=10, side=32).stack
HALF = np.full(10, 0.5)
SIZES = [("degree", "polynomial", 9), ("knots", "spline", 5), ("binning", "free", 5)]
CALLS = [mf.estimate_motion, mf.preview_motion]


def changed(at: int, value: float) -> np.ndarray:
    weights = HALF.copy()
    weights[at] = value
    return weights


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("name", "owner", "most"), SIZES)
@pytest.mark.parametrize("model", ["velocity", "polynomial", "spline", "free"])
def test_a_size_belongs_to_one_model(
    call: Any, name: str, owner: str, most: int, model: str
) -> None:
    if model == owner:
        assert call(STACK, model, effort="fast", **{name: 2}).model == model
        return
    with pytest.raises(ValueError, match=f"{name} is for model='{owner}', got model='{model}'"):
        call(STACK, model, **{name: 2})


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("name", "owner", "most"), SIZES)
@pytest.mark.parametrize("beyond", [-3, 0, 1])
def test_a_size_within_the_frames(call: Any, name: str, owner: str, most: int, beyond: int) -> None:
    value = most + 1 if beyond == 1 else beyond
    with pytest.raises(ValueError, match=f"{name} must be 1 to {most} for 10 frames, got {value}"):
        call(STACK, owner, **{name: value})


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("name", "owner", "most"), SIZES)
@pytest.mark.parametrize("value", [True, 2.0, "2", [2], np.float64(2), float("nan")])
def test_a_size_is_a_whole_number(call: Any, name: str, owner: str, most: int, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a whole number or None, got "):
        call(STACK, owner, **{name: value})


@pytest.mark.parametrize(("name", "owner", "most"), SIZES)
def test_numpy_whole_numbers_and_the_largest_size_are_taken(
    name: str, owner: str, most: int
) -> None:
    motion = mf.estimate_motion(STACK, owner, effort="fast", **{name: np.int64(most)})
    assert motion.settings[name] == most
    assert type(motion.settings[name]) is int


@pytest.mark.parametrize("value", [13, 30])
def test_a_polynomial_has_at_most_twelve_degrees(value: int) -> None:
    with pytest.raises(ValueError, match="degree must be 1 to 12 for 40 frames, got"):
        mf.estimate_motion(np.concatenate([STACK] * 4), "polynomial", degree=value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("value", ["quick", "", "Fast", None, 1, True, ["fast"]])
def test_effort_is_one_of_three(call: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="effort must be one of fast, balanced, precise, got "):
        call(STACK, "free", effort=value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("value", ["all", "", None, True, (64, 64)])
def test_canvas_is_one_of_two(call: Any, value: Any) -> None:
    with pytest.raises(ValueError, match="canvas must be one of frame, union, got "):
        call(STACK, "free", canvas=value)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("model", ["free", "velocity"])
@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("sharp", "frame_weights must be one of none, geometric, sharpness, got 'sharp'"),
        ("", "frame_weights must be one of none, geometric, sharpness, got ''"),
        (None, r"frame_weights must be one of none, geometric, sharpness, or \(10,\) numbers"),
        (1.0, r"frame_weights must be one of .* or \(10,\) numbers, one a frame; got 1.0"),
        (np.ones(9), r"or \(10,\) numbers, one a frame"),
        (np.ones((10, 1)), r"or \(10,\) numbers, one a frame"),
        (["a"] * 10, r"or \(10,\) numbers, one a frame"),
        (changed(3, -0.1), "frame_weights must be finite, not negative, and above 0 for two"),
        (changed(0, np.nan), "frame_weights must be finite"),
        (changed(9, np.inf), "frame_weights must be finite"),
        (np.zeros(10), "above 0 for two frames"),
        (np.eye(10)[4], "above 0 for two frames"),
    ],
)  # fmt: skip
def test_frame_weights_are_a_name_or_one_number_a_frame(
    call: Any, model: str, value: Any, match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        call(STACK, model, frame_weights=value)


@pytest.mark.parametrize("given", [HALF.tolist(), torch.full((10,), 0.5), HALF.astype("f4")])
def test_frame_weights_of_any_kind_of_numbers(given: Any) -> None:
    motion = mf.estimate_motion(STACK, "free", effort="fast", frame_weights=given)
    np.testing.assert_allclose(motion.frame_weights, 0.1)
    assert motion.settings["frame_weights"] == "array"


@pytest.mark.parametrize("model", ["polynomial", "spline", "free", "auto"])
@pytest.mark.parametrize("window", [{"window": 4}, {"window": 4, "hop": 2}])
def test_windows_are_for_constant_velocity(model: str, window: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"window is for model='velocity', got model='{model}'"):
        mf.estimate_motion(STACK, model, **window)


@pytest.mark.parametrize("model", ["linear", "Spline", None, 3, True])
def test_models_are_listed(model: Any) -> None:
    with pytest.raises(
        ValueError, match="model must be one of velocity, polynomial, spline, free, auto, got "
    ):
        mf.estimate_motion(STACK, model)


@pytest.mark.parametrize("model", ["velocity", "polynomial", "spline", "free", "auto"])
def test_a_frame_of_nan_is_named(model: str) -> None:
    stack = STACK.copy()
    stack[7] = np.nan
    with pytest.raises(ValueError, match="stack holds NaN or inf in frame 7; fill these first"):
        mf.estimate_motion(stack, model)


def test_the_preview_takes_no_windows() -> None:
    with pytest.raises(TypeError, match="window"):
        mf.preview_motion(STACK, window=4)
