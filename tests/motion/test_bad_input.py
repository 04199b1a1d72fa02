"""Bad input names the argument, what it got and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
import pytest
import torch
from tests.motion.made import drifting, motion_along

import napari_motionfft as mf

STACK = drifting(frames=4, side=64).stack
COUNT = len(STACK)


def with_bad(value: float, *frames: int) -> np.ndarray:
    stack = STACK.copy()
    stack[list(frames), 30, 20] = value
    return stack


STACKS: list[tuple[Any, type[Exception], str]] = [
    (STACK[0], ValueError, r"stack must have 3 axes \(T, Y, X\), got shape \(64, 64\)"),
    (STACK[None], ValueError, r"stack must have 3 axes \(T, Y, X\), got shape \(1, 4, 64, 64\)"),
    (np.repeat(STACK[..., None], 3, -1), ValueError, r"RGB \(4, 64, 64, 3\)"),
    (np.repeat(STACK[..., None], 4, -1), ValueError, r"RGB \(4, 64, 64, 4\)"),
    (np.zeros((100, 100, 3)), ValueError, "one RGB image"),
    (STACK[:1], ValueError, r"at least 2 frames, got shape \(1, 64, 64\)"),
    (STACK[:0], ValueError, r"stack is empty: shape \(0, 64, 64\)"),
    (STACK[:, :, :0], ValueError, r"stack is empty: shape \(4, 64, 0\)"),
    (np.full((4, 32, 32), 7), ValueError, "constant in the region: there is nothing to track"),
    (np.full((4, 32, 32), 0.1), ValueError, "constant in the region"),
    (np.zeros((4, 32, 32), bool), ValueError, "constant in the region"),
    (STACK[:, :10], ValueError, "region must be at least 16 px a side, got 10 px along y"),
    (STACK[:, :, :15], ValueError, "region must be at least 16 px a side, got 15 px along x"),
    (with_bad(np.nan, 0), ValueError, "stack holds NaN or inf in frame 0; fill these first"),
    (with_bad(np.nan, 2), ValueError, "NaN or inf in frame 2;"),
    (with_bad(np.inf, 1, 3), ValueError, "NaN or inf in frames 1, 3;"),
    (with_bad(-np.inf, 3), ValueError, "NaN or inf in frame 3;"),
    (np.full_like(STACK, np.nan), ValueError, "NaN or inf in frames 0, 1, 2, 3;"),
    (STACK.astype(complex), TypeError, "stack must be of a real dtype, got complex128"),
    (torch.from_numpy(STACK) + 0j, TypeError, "stack must be real, got torch.complex64"),
    (STACK.astype(object), TypeError, "stack must be of a real dtype, got object"),
    (STACK.astype(str), TypeError, "stack must be of a real dtype, got <U"),
    (STACK.astype("m8[s]"), TypeError, "stack must be of a real dtype, got timedelta"),
    (da.from_array(STACK.astype(complex)), TypeError, "stack must be of a real dtype"),
    ("stack.tif", TypeError, r"stack must be a \(T, Y, X\) array, got str"),
    (None, TypeError, r"stack must be a \(T, Y, X\) array, got NoneType"),
    (iter(STACK), TypeError, r"stack must be a \(T, Y, X\) array"),
]


@pytest.mark.parametrize("call", [mf.estimate_motion, mf.loss_landscape])
@pytest.mark.parametrize(("stack", "error", "match"), STACKS)
def test_bad_stacks(
    call: Callable[[Any], Any], stack: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        call(stack)


def test_nan_named_in_a_long_stack() -> None:
    stack = np.concatenate([STACK] * 4)
    stack[2:14, 3, 3] = np.nan
    with pytest.raises(ValueError, match="frames 2, 3, 4, 5, 6, 7, 8, 9 and 4 more"):
        mf.estimate_motion(stack)


def test_nan_named_in_a_lazy_stack() -> None:
    lazy = da.from_array(with_bad(np.nan, 2), chunks=(1, 32, 32))
    with pytest.raises(ValueError, match="NaN or inf in frame 2;"):
        mf.estimate_motion(lazy)


def s(*args: int | None) -> slice:
    return slice(*args)


ARGUMENTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"region": (s(20, 20), s(0, 64))}, ValueError, "region is empty: the y slice is 20:20"),
    ({"region": (s(0, 64), s(40, 20))}, ValueError, "region is empty: the x slice is 40:20"),
    ({"region": (s(0, 65), s(0, 64))}, ValueError, "the y slice 0:65 leaves the frame 0:64"),
    ({"region": (s(-1, 40), s(0, 64))}, ValueError, "the y slice -1:40 leaves the frame"),
    ({"region": (s(None), s(100, 140))}, ValueError, "the x slice 100:140 leaves the frame"),
    ({"region": (s(0, 15), s(0, 64))}, ValueError, "at least 16 px a side, got 15 px along y"),
    ({"region": (s(0, 64), s(50, 64))}, ValueError, "at least 16 px a side, got 14 px along x"),
    ({"region": (s(0, 64, 2), s(0, 64))}, ValueError, "the y slice must have step 1"),
    ({"region": (s(0, 64), s(None, None, -1))}, ValueError, "the x slice must have step 1"),
    ({"region": s(0, 64)}, TypeError, r"region must be \(slice_y, slice_x\) or None, got slice"),
    ({"region": (s(0, 64),)}, TypeError, "region must be"),
    ({"region": (s(0, 64),) * 3}, TypeError, "region must be"),
    ({"region": ((0, 64), (0, 64))}, TypeError, "region must be"),
    ({"region": "middle"}, TypeError, "region must be"),
    ({"region": np.ones((64, 64), bool)}, TypeError, "region must be"),
    ({"max_speed": 33}, ValueError, "at most half the field, 32 px/frame, got 33"),
    ({"max_speed": 0}, ValueError, "max_speed must be above 0"),
    ({"max_speed": -1.0}, ValueError, "max_speed must be above 0"),
    ({"max_speed": float("nan")}, ValueError, "max_speed must be above 0"),
    ({"max_speed": float("inf")}, ValueError, "max_speed must be above 0"),
    ({"max_speed": True}, TypeError, "max_speed must be a number of px/frame or None, got True"),
    ({"max_speed": "fast"}, TypeError, "max_speed must be a number .* got 'fast'"),
    ({"max_speed": (1, 2)}, TypeError, "max_speed must be a number"),
    ({"weight": "best"}, ValueError, "weight must be one of auto, flat, .* got 'best'"),
    ({"weight": np.ones((64, 32))}, ValueError, r"real array \(64, 33\); got float64 \(64, 32\)"),
    ({"weight": np.ones((64, 64))}, ValueError, r"a real array \(64, 33\)"),
    ({"weight": np.ones((64, 33), complex)}, ValueError, "got complex128"),
    ({"weight": -np.ones((64, 33))}, ValueError, "weight must be finite, non-negative"),
    ({"weight": np.full((64, 33), np.nan)}, ValueError, "weight must be finite"),
    ({"weight": np.zeros((64, 33))}, ValueError, "not all zero"),
    ({"weight": None}, ValueError, "weight must be one of"),
    ({"background": "dynamic"}, ValueError, "background must be one of none, static"),
    ({"background": None}, ValueError, "background must be one of none, static, got None"),
    ({"boundary": "wrap"}, ValueError, "boundary must be one of crop, periodic, got 'wrap'"),
    (
        {"boundary": "periodic", "region": (s(0, 32), s(0, 32))},
        ValueError,
        "boundary='periodic' needs the whole frame",
    ),
    ({"device": "tpu9"}, ValueError, "device must be 'auto', 'cpu'.* got 'tpu9'"),
    ({"device": "meta"}, ValueError, "device must be 'auto', 'cpu'.* got 'meta'"),
    ({"device": "cuda:99"}, ValueError, "'cuda:99' is not here; this machine has 'auto', 'cpu'"),
    ({"device": 0}, TypeError, "device must be a string such as 'auto' or 'cpu', got 0"),
    ({"device": torch.device("cpu")}, TypeError, "device must be a string"),
]


@pytest.mark.parametrize("call", [mf.estimate_motion, mf.loss_landscape])
@pytest.mark.parametrize(("bad", "error", "match"), ARGUMENTS)
def test_bad_arguments(
    call: Callable[..., Any], bad: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        call(STACK, **bad)


@pytest.mark.parametrize("model", ["polynomial of 2", "", None, ["velocity"], 3])
def test_unknown_model(model: Any) -> None:
    with pytest.raises(ValueError, match=r"model must be one of velocity.*, got "):
        mf.estimate_motion(STACK, model)


@pytest.mark.parametrize("call", [mf.integrate, mf.apply_motion])
def test_a_motion_of_another_length(call: Callable[..., Any]) -> None:
    motion = motion_along(np.zeros((COUNT + 1, 2)))
    with pytest.raises(ValueError, match="stack has 4 frames, but the motion has 5"):
        call(STACK, motion)


@pytest.mark.parametrize("call", [mf.integrate, mf.apply_motion])
@pytest.mark.parametrize(("stack", "error", "match"), [x for x in STACKS if "3 axes" in x[2]])
def test_stacks_that_cannot_be_moved(
    call: Callable[..., Any], stack: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        call(stack, motion_along(np.zeros((COUNT, 2))))


@pytest.mark.parametrize(
    ("dtype", "fill", "limits"),
    [
        ("uint8", 256, "0…255"),
        ("uint8", -1, "0…255"),
        ("uint8", 0.5, "0…255"),
        ("int16", 40000, "-32768…32767"),
        ("uint16", float("nan"), "0…65535"),
        ("int32", float("inf"), "-2147483648…2147483647"),
        ("bool", 2, "0…1"),
    ],
)
def test_a_fill_that_the_dtype_cannot_hold(dtype: str, fill: float, limits: str) -> None:
    stack = (STACK > 0).astype(dtype)
    with pytest.raises(ValueError, match=rf"fill must be a whole number {limits} for {dtype}"):
        mf.apply_motion(stack, motion_along(np.zeros((COUNT, 2))), fill=fill)


def test_unknown_interpolation() -> None:
    with pytest.raises(ValueError, match="interpolation must be one of fourier, bicubic, linear"):
        mf.apply_motion(STACK, motion_along(np.zeros((COUNT, 2))), interpolation="cubic")


def test_nan_is_not_spread_over_a_frame() -> None:
    with pytest.raises(ValueError, match=r"stack holds NaN or inf.*'nearest'"):
        mf.apply_motion(with_bad(np.nan, 1), motion_along(np.zeros((COUNT, 2)) + 0.3))
    with pytest.raises(ValueError, match="NaN or inf in frame 1;"):
        mf.integrate(with_bad(np.nan, 1), motion_along(np.zeros((COUNT, 2)) + 0.3))
