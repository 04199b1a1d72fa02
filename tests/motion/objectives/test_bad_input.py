"""Bad input of every public function names the argument, what it got and what it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from napari_motionfft.motion import objectives as ob

FRAMES = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 8, 9)))
SHIFTS = torch.zeros(2, 2, dtype=torch.float64)
LINE = FRAMES[0, 0, 0]
IMAGE = FRAMES[0, 0]
F = torch.linspace(0, 1, 5)
HOLED = FRAMES.clone()
HOLED[0, 0, 0, 0] = float("nan")

DIRECT = [
    ob.spatial_variance,
    ob.fourier_variance,
    ob.gcc_phat_stack,
    ob.energy_of_pair,
    ob.even_odd_spectra,
    ob.OBJECTIVES["fourier"],
]


@pytest.mark.parametrize("call", DIRECT)
@pytest.mark.parametrize(
    ("frames", "shifts", "error", "match"),
    [
        (FRAMES.numpy(), SHIFTS, TypeError, "frames must be a torch tensor .* got ndarray"),
        (FRAMES.int(), SHIFTS, TypeError, "frames must be of a float dtype, got torch.int32"),
        (FRAMES[0], SHIFTS, ValueError, r"frames must have axes \(B, T, H, W\)"),
        (FRAMES[:, :1], SHIFTS, ValueError, "at least 1 video of 2 frames"),
        (FRAMES[..., :1], SHIFTS, ValueError, "at least 1 video of 2 frames of 2×2 px"),
        (FRAMES, [[0, 0], [0, 0]], TypeError, "shifts must be a torch tensor .* got list"),
        (FRAMES, SHIFTS.int(), TypeError, "shifts must be of a float dtype"),
        (FRAMES, SHIFTS[0], ValueError, r"shifts must have shape \(2, 2\), got \(2,\)"),
        (FRAMES, SHIFTS[:1], ValueError, r"shifts must have shape \(2, 2\), got \(1, 2\)"),
    ],
)
def test_frames_and_shifts(
    call: Any, frames: Any, shifts: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        call(frames, shifts)


ANY = [
    lambda frames: ob.objective_landscape(frames, "fourier"),
    lambda frames: ob.multi_start(frames, "fourier", np.zeros((1, 2, 2))),
    lambda frames: ob.compare_objectives(frames, np.zeros((2, 2))),
]


@pytest.mark.parametrize("call", ANY)
@pytest.mark.parametrize(
    ("frames", "error", "match"),
    [
        ("stack.tif", TypeError, "frames must be of a real dtype, got <U9"),
        (None, TypeError, "frames must be of a real dtype, got object"),
        (FRAMES.numpy() + 0j, TypeError, "frames must be of a real dtype, got complex128"),
        (FRAMES + 0j, TypeError, "frames must be real, got torch.complex128"),
        (IMAGE, ValueError, r"frames must have axes \(B, T, H, W\).* got shape \(8, 9\)"),
        (FRAMES[:0], ValueError, "at least 1 video"),
        (HOLED, ValueError, "frames must hold no NaN or inf"),
    ],
)
def test_frames_of_any_kind(call: Any, frames: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call(frames)


def landscape(**given: Any) -> Any:
    return ob.objective_landscape(**({"frames": FRAMES, "objective": "fourier"} | given))


def ascend(**given: Any) -> Any:
    asked = {"frames": FRAMES, "objective": "fourier", "starts": np.zeros((1, 2, 2)), "steps": 2}
    return ob.multi_start(**(asked | given))


def compare(**given: Any) -> Any:
    asked = {"frames": FRAMES, "true_shifts": SHIFTS, "objectives": ["fourier"], "steps": 2}
    return ob.compare_objectives(**(asked | given))


def fourier(**given: Any) -> Any:
    return ob.fourier_variance(FRAMES, SHIFTS, **given)


def no_loss(frames: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    return shifts


CASES: list[tuple[Any, type[Exception], str]] = [
    (lambda: ob.spatial_variance(FRAMES, SHIFTS, "wrap"), ValueError, "boundary must be one of"),
    (lambda: ob.spatial_variance(FRAMES, SHIFTS, None), TypeError, "boundary must be one of"),
    (
        lambda: ob.spatial_variance(FRAMES, SHIFTS, lowpass="x"),
        ValueError,
        "lowpass must be one of",
    ),
    (lambda: ob.spatial_variance(FRAMES, SHIFTS, order=1.0), ValueError, "order is for lowpass"),
    (lambda: ob.spatial_variance(FRAMES + 0j, SHIFTS), TypeError, "frames must be of a float"),
    (lambda: fourier(lowpass="sinc"), ValueError, "lowpass must be one of none, bilinear"),
    (lambda: fourier(lowpass=3), TypeError, "lowpass must be one of none, bilinear"),
    (lambda: fourier(frequencies="both"), ValueError, "frequencies must be one of signed"),
    (lambda: fourier(frame_weights=[1, 1]), ValueError, r"frame_weights must have shape \(3,\)"),
    (lambda: fourier(frame_weights=[1, -1, 1]), ValueError, "frame_weights must be finite, non-"),
    (lambda: fourier(frame_weights=[0, 0, 0]), ValueError, "frame_weights must be .* not all zero"),
    (lambda: fourier(frame_weights=[1, np.nan, 1]), ValueError, "frame_weights must be finite"),
    (lambda: fourier(lowpass="bilinear", order=2.0), ValueError, "order is for lowpass 'lanczos'"),
    (lambda: fourier(lowpass="lanczos", order=0.5), ValueError, "order must be at least 1"),
    (lambda: fourier(lowpass="lanczos", order="3"), TypeError, "order must be a number"),
    (lambda: fourier(lowpass="gaussian", order=0), ValueError, "order must be above 0"),
    (lambda: ob.gcc_phat_stack(FRAMES, SHIFTS, 1.1), ValueError, r"alpha must be in \[0, 1\]"),
    (lambda: ob.gcc_phat_stack(FRAMES, SHIFTS, "1"), TypeError, "alpha must be a number"),
    (
        lambda: ob.gcc_phat_stack(FRAMES, SHIFTS, frame_weights=[1, 0, 1]),
        ValueError,
        "frame_weights must not be all zero over the even or over the odd frames",
    ),
    (
        lambda: landscape(objective="gcc-phat-0", frame_weights=[1, 0, 1]),
        ValueError,
        "frame_weights must not be all zero over the even or over the odd frames",
    ),
    (lambda: ob.geometric_weights(0, 0.5), ValueError, "frames must be at least 1, got 0"),
    (lambda: ob.geometric_weights(2.0), TypeError, "frames must be a whole number, got 2.0"),
    (lambda: ob.geometric_weights(3, 1.0), ValueError, r"alpha must be in \[0, 1\), got 1.0"),
    (lambda: ob.geometric_weights(3, -0.1), ValueError, "alpha must be at least 0"),
    (lambda: ob.geometric_weights(3, None), TypeError, "alpha must be a number, got None"),
    (lambda: ob.geometric_response(0.1, 3), TypeError, "frequency must be a float tensor"),
    (lambda: ob.geometric_response_sum([0.1], 3), TypeError, "frequency must be a float tensor"),
    (lambda: ob.continuation_schedule(0), ValueError, "steps must be at least 1"),
    (lambda: ob.continuation_schedule(9, stages=0), ValueError, "stages must be at least 1"),
    (lambda: ob.continuation_schedule(9, share=1.5), ValueError, r"share must be in \[0, 1\]"),
    (lambda: ob.moving_average_response(0.1, 3), TypeError, "frequency must be a float tensor"),
    (lambda: ob.moving_average_response(F.int(), 3), TypeError, "frequency must be a float tensor"),
    (lambda: ob.moving_average_response(F, 0), ValueError, "taps must be at least 1"),
    (lambda: ob.moving_average_response(F, True), TypeError, "taps must be a whole number"),
    (lambda: ob.bilinear_response(F, 0), ValueError, "width must be above 0"),
    (lambda: ob.bilinear_response(F, np.inf), ValueError, "width must be at least 0, got inf"),
    (lambda: ob.cascade_response(F, 8, -1.0), ValueError, "width must be at least 0"),
    (lambda: ob.gaussian_response(F, 0.0), ValueError, "sigma must be above 0"),
    (lambda: ob.lanczos_response(F, 0.9), ValueError, "order must be at least 1"),
    (lambda: ob.lanczos_response("f"), TypeError, "frequency must be a float tensor"),
    (lambda: ob.fejer_response(F, 0), ValueError, "cutoff must be above 0"),
    (lambda: ob.rect_pulse(8, 9), ValueError, "width must fit: 0 \\+ 9 is above length 8"),
    (lambda: ob.rect_pulse(8, 0), ValueError, "width must be at least 1"),
    (lambda: ob.rect_pulse(8, 2, -1), ValueError, "start must be at least 0"),
    (lambda: ob.rect_pulse("8", 2), TypeError, "length must be a whole number"),
    (lambda: ob.tri_pulse(8, 5), ValueError, "width must fit: 0 \\+ 2·5 − 1 is above length 8"),
    (lambda: ob.dirac_comb(8, 0, 1), ValueError, "frames must be at least 1"),
    (lambda: ob.dirac_comb(8, 2, 0.5), TypeError, "shift must be a whole number, got 0.5"),
    (lambda: ob.integrate_by_rolling([1.0], 2, 1), TypeError, "signal must be a float tensor"),
    (lambda: ob.integrate_by_rolling(LINE[:0], 2, 1), ValueError, "signal must have samples"),
    (lambda: ob.integrate_by_rolling(LINE, 2, 0.5), TypeError, "shift must be a whole number"),
    (lambda: ob.integrate_by_rolling(LINE, 0, 1), ValueError, "frames must be at least 1"),
    (
        lambda: ob.phat_objective([1, 2], LINE, 0.0),
        TypeError,
        "x1 must be a float tensor, got list",
    ),
    (
        lambda: ob.phat_objective(LINE, LINE.int(), 0.0),
        TypeError,
        "x2 must be a float tensor, got t",
    ),
    (
        lambda: ob.phat_objective(FRAMES, FRAMES, 0.0),
        ValueError,
        r"x1 must be a signal \(M,\) or an",
    ),
    (lambda: ob.phat_objective(LINE, LINE[1:], 0.0), ValueError, r"x2 must have the shape of x1"),
    (lambda: ob.phat_objective(HOLED[0, 0, 0], LINE, 0.0), ValueError, "x1 must hold no NaN"),
    (lambda: ob.phat_objective(IMAGE, IMAGE, 0.0), ValueError, r"tau must have shape \(…, 2\)"),
    (lambda: ob.phat_objective(LINE, LINE, SHIFTS + 0j), TypeError, "tau must be real numbers"),
    (lambda: ob.phat_objective(LINE, LINE, 0.0, 2.0), ValueError, r"alpha must be in \[0, 1\]"),
    (
        lambda: ob.phat_objective(LINE, LINE, 0.0, weights="tri"),
        ValueError,
        "weights must be one of",
    ),
    (
        lambda: ob.phat_objective(LINE, LINE, 0.0, frequencies="x"),
        ValueError,
        "frequencies must be one of signed, unsigned",
    ),
    (lambda: ob.phat_shift(LINE, IMAGE), ValueError, "x2 must have the shape of x1"),
    (lambda: ob.phat_shift(LINE, LINE, precision=0), ValueError, "precision must be above 0"),
    (lambda: ob.phat_shift(LINE, LINE, -1.0), ValueError, r"alpha must be in \[0, 1\]"),
    (lambda: ob.phat_shift(LINE, LINE * 0 + 0.1), ValueError, "x2 must vary: a constant has no"),
    (lambda: ob.random_starts(0), ValueError, "trials must be at least 1"),
    (lambda: ob.random_starts(1, 0), ValueError, "videos must be at least 1"),
    (lambda: ob.random_starts(1, 1, -4.0), ValueError, "spread must be at least 0"),
    (lambda: ob.random_starts(1, seed=1.5), TypeError, "seed must be a whole number"),
    (lambda: landscape(objective="variance"), ValueError, "objective must be one of spatial, fou"),
    (lambda: landscape(objective=3), TypeError, "objective must be a name or a callable, got 3"),
    (lambda: landscape(objective=no_loss), ValueError, r"objective must return one value a video"),
    (lambda: landscape(limit=0), ValueError, "step must be above 0 and at most limit"),
    (lambda: landscape(limit="8"), TypeError, "limit must be a number"),
    (
        lambda: landscape(step=9.0),
        ValueError,
        "step must be above 0 and at most limit, got 9 and 8",
    ),
    (lambda: landscape(vy=[0, 1]), ValueError, "vy and vx must be given both or neither"),
    (lambda: landscape(vy=[1, 0], vx=[0, 1]), ValueError, "vy must be ascending"),
    (lambda: landscape(vy=[0, 1], vx=[[0]]), ValueError, "vx must be a 1-D array of shifts"),
    (lambda: landscape(vy=[0, 1], vx=[]), ValueError, "vx must be a 1-D array of shifts"),
    (lambda: landscape(frame_weights=[1]), ValueError, r"frame_weights must have shape \(3,\)"),
    (lambda: landscape(device="tpu"), ValueError, "device must be"),
    (
        lambda: landscape(objective=lambda f, s: s[:, 0], frame_weights=[1, 1, 1]),
        ValueError,
        "frame_weights need a named objective",
    ),
    (lambda: ascend(objective="variance"), ValueError, "objective must be one of"),
    (lambda: ascend(objective=no_loss), ValueError, "objective must return one value a video"),
    (
        lambda: ascend(starts=np.zeros((1, 3, 2))),
        ValueError,
        r"starts must end in \(2, 2\), \(y, x",
    ),
    (lambda: ascend(starts=np.zeros((2, 2))), ValueError, r"starts must have shape \(S, 2, 2\)"),
    (lambda: ascend(starts=np.zeros((0, 2, 2))), ValueError, r"starts must have shape \(S, 2, 2\)"),
    (lambda: ascend(starts=np.full((1, 2, 2), np.nan)), ValueError, "starts must hold no NaN"),
    (lambda: ascend(starts=np.zeros((1, 2, 2), complex)), TypeError, "starts must be real numbers"),
    (lambda: ascend(starts="here"), TypeError, "starts must be real numbers"),
    (lambda: ascend(steps=0), ValueError, "steps must be at least 1"),
    (lambda: ascend(lr=-1.0), ValueError, "lr must be at least 0"),
    (lambda: ascend(patience=-1), ValueError, "patience must be at least 0"),
    (lambda: ascend(factor=2.0), ValueError, r"factor must be in \[0, 1\]"),
    (lambda: ascend(optimiser="sgd"), ValueError, "optimiser must be one of adam, lbfgs"),
    (lambda: ascend(truth=np.zeros((3, 2))), ValueError, r"truth must end in \(2, 2\)"),
    (lambda: ascend(truth=np.zeros((1, 2, 2))), ValueError, r"truth must have shape \(2, 2\)"),
    (lambda: ascend(success=-0.1), ValueError, "success must be at least 0"),
    (lambda: ascend(alphas=[0.5]), ValueError, "alphas must have one value a step, 2, got 1"),
    (lambda: ascend(alphas=[0.5, 1.0]), ValueError, r"alpha must be in \[0, 1\)"),
    (lambda: ascend(alphas=0.5), TypeError, "alphas must be a sequence of numbers"),
    (lambda: ascend(device=0), TypeError, "device must be a string"),
    (
        lambda: compare(true_shifts=np.zeros((3, 2))),
        ValueError,
        r"true_shifts must end in \(2, 2\)",
    ),
    (lambda: compare(true_shifts=np.zeros((1, 2, 2))), ValueError, "true_shifts must have shape"),
    (lambda: compare(true_shifts=None), TypeError, "true_shifts must be real numbers"),
    (lambda: compare(objectives="fourier"), TypeError, "objectives must be a list of names"),
    (lambda: compare(objectives=[]), ValueError, "objectives must name at least one"),
    (lambda: compare(objectives=["fourier", 3]), TypeError, "objectives must be names, got 3"),
    (lambda: compare(objectives=["x"]), ValueError, "objective must be one of"),
    (lambda: compare(objectives=4), TypeError, "objectives must be a list of names, got 4"),
    (lambda: compare(trials=0), ValueError, "trials must be at least 1"),
    (lambda: compare(seed=-1), ValueError, "seed must be at least 0"),
    (lambda: compare(steps=0), ValueError, "steps must be at least 1"),
    (lambda: compare(optimiser="x"), ValueError, "optimiser must be one of"),
    (lambda: compare(step=0), ValueError, "step must be above 0"),
]


@pytest.mark.parametrize(("call", "error", "match"), CASES)
def test_the_error_names_the_argument(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_every_public_function_is_covered_here() -> None:
    import inspect

    source = inspect.getsource(inspect.getmodule(test_the_error_names_the_argument))  # type: ignore[arg-type]
    plain = {"posts_square", "local_maxima", "dirichlet_kernel"}  # nothing to refuse, or elsewhere
    for name in ob.__all__:
        if inspect.isfunction(getattr(ob, name)) and name not in plain:
            assert f"ob.{name}" in source, name
