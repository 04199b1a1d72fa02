"""Every interpolation: the same pixels seen, the truth between them, and back again."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tests.motion.made import motion_along, scene, wrapping
from tests.motion.test_integrate import seen_through

import napari_motionfft as mf
from napari_motionfft.motion.interpolation import INTERPOLATIONS

BETWEEN = ("fourier", "bicubic", "linear")
PATHS = st.lists(st.tuples(*[st.floats(-9, 9)] * 2), min_size=1, max_size=3).map(
    lambda p: np.array([(0.0, 0.0), *p])
)


def smooth(count: int, side: int = 64, sigma: float = 2.0) -> np.ndarray:
    """Frames with nothing finer than a Gaussian of `sigma` px, of unit spread."""
    image = ndimage.gaussian_filter(scene(256, 4), sigma, mode="wrap")
    image = (image - image.mean()) / image.std()
    return np.stack([image[t : t + side, : side + 5] for t in range(count)])


def on_frame(path: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(T, Y, X) bool: the pixel's place, moved along the path, lies on the frame."""
    y, x = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    at_y, at_x = (y + path[:, 0, None, None], x + path[:, 1, None, None])
    inside_y = (at_y >= -1e-6) & (at_y <= shape[0] - 1 + 1e-6)
    return inside_y & (at_x >= -1e-6) & (at_x <= shape[1] - 1 + 1e-6)


@settings(max_examples=20, deadline=None)
@given(PATHS, st.sampled_from(INTERPOLATIONS), st.booleans())
def test_all_see_exactly_what_lies_on_the_frame(
    path: np.ndarray, interpolation: str, inverse: bool
) -> None:
    stack = np.random.default_rng(0).random((len(path), 20, 23))
    moved = mf.apply_motion(
        stack, motion_along(path), fill=np.nan, interpolation=interpolation, inverse=inverse
    )
    way = -path if inverse else path
    if interpolation == "nearest":
        way = np.round(way)
    np.testing.assert_array_equal(np.isfinite(moved), on_frame(way, (20, 23)))


@settings(max_examples=15, deadline=None)
@given(PATHS)
def test_values_between_pixels_are_those_of_the_scene(path: np.ndarray) -> None:
    """Slopes of up to 2 and curvatures of up to 0.6 a pixel².

    Linear errs by at most curvature/8 an axis; cubic by far less but for the mirrored edge, whose
    kink falls off within 5 px; Fourier rings from it by up to 0.3, by less than 0.15 at 18 px.
    """
    stack = seen_through(path, (56, 64))
    inner = (slice(None), slice(18, -18), slice(18, -18))
    truth = np.broadcast_to(stack[0], stack.shape)[inner]
    for interpolation, error in {"fourier": 0.15, "bicubic": 2e-4, "linear": 0.08}.items():
        moved = mf.apply_motion(stack, motion_along(path), interpolation=interpolation)[inner]
        assert np.abs(moved - truth).max() < error


@settings(max_examples=20, deadline=None)
@given(PATHS, st.sampled_from(INTERPOLATIONS))
def test_taken_out_and_put_in_again_is_the_original(path: np.ndarray, interpolation: str) -> None:
    """Where both ways see, 12 px from the edges, of a scene with spread 1 and no detail below 2 px.

    Fourier is a unitary shift but for the edges; cubic and linear smooth twice.
    """
    stack = smooth(len(path))
    motion = motion_along(path)
    out = mf.apply_motion(stack, motion, interpolation=interpolation)
    back = mf.apply_motion(out, motion, interpolation=interpolation, inverse=True)
    inner = (slice(None), slice(21, -21), slice(21, -21))
    tolerance = {"fourier": 0.07, "bicubic": 0.002, "linear": 0.08, "nearest": 0.0}[interpolation]
    assert np.abs(back - stack)[inner].max() <= tolerance


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-30, 30)] * 2), min_size=2, max_size=4),
    st.sampled_from(INTERPOLATIONS),
    st.sampled_from(["crop", "periodic"]),
)
def test_whole_steps_there_and_back_are_exact(
    steps: list[tuple[int, int]], interpolation: str, boundary: str
) -> None:
    stack = np.random.default_rng(1).integers(1, 2**63 - 1, (len(steps), 18, 21))
    motion = motion_along(np.array(steps, float), boundary)
    out = mf.apply_motion(stack, motion, interpolation=interpolation)
    back = mf.apply_motion(out, motion, interpolation=interpolation, inverse=True)
    seen = np.ones(stack.shape, bool)
    if boundary == "crop":
        seen = on_frame(-np.array(steps, float), (18, 21))
    np.testing.assert_array_equal(back[seen], stack[seen])
    assert not back[~seen].any()


@pytest.mark.parametrize("interpolation", BETWEEN)
@pytest.mark.parametrize("inverse", [False, True])
def test_periodic_content_wraps_in_every_interpolation(interpolation: str, inverse: bool) -> None:
    first = ndimage.gaussian_filter(wrapping((0, 0), (32, 38), 1)[0], 2, mode="wrap")
    first /= first.std()
    path = np.arange(5)[:, None] * np.array([[2.3, -13.6]])
    spectrum = np.fft.fft2(first)
    ky, kx = np.fft.fftfreq(32)[:, None], np.fft.fftfreq(38)[None]
    moving = np.stack(
        [np.fft.ifft2(spectrum * np.exp(-2j * np.pi * (ky * y + kx * x))).real for y, x in path]
    )
    still = np.broadcast_to(first, moving.shape)
    given_, wanted = (still, moving) if inverse else (moving, still)
    motion = motion_along(path, "periodic")
    moved = mf.apply_motion(given_, motion, interpolation=interpolation, inverse=inverse, fill=99)
    tolerance = {"fourier": 1e-5, "bicubic": 0.003, "linear": 0.1}[interpolation]
    assert np.abs(moved - wanted).max() < tolerance


def test_inverse_moves_content_along_the_path() -> None:
    stack = np.zeros((3, 20, 20), np.uint8)
    stack[:, 5, 6] = 200
    path = np.array([(0, 0), (2, -1), (4, -2)], float)
    moved = mf.apply_motion(stack, motion_along(path), inverse=True)
    assert [tuple(np.argwhere(frame)[0]) for frame in moved] == [(5, 6), (7, 5), (9, 4)]


@pytest.mark.parametrize("interpolation", ["bicubic", "linear"])
def test_splines_at_the_edge_are_exact_for_what_they_hold(interpolation: str) -> None:
    """A constant stays one to its last pixel; linear keeps a ramp, up to the edge."""
    path = np.array([(0, 0), (0.3, -0.6), (-0.5, 0.5)])
    level = mf.apply_motion(
        np.full((3, 8, 9), 7.25), motion_along(path), fill=np.nan, interpolation=interpolation
    )
    assert np.nanmax(np.abs(level - 7.25)) < 1e-12
    if interpolation == "linear":
        ramp = np.broadcast_to(np.arange(9.0), (3, 8, 9))
        moved = mf.apply_motion(ramp, motion_along(path), fill=np.nan, interpolation=interpolation)
        wanted = ramp + path[:, 1, None, None]
        np.testing.assert_allclose((moved - wanted)[np.isfinite(moved)], 0, atol=1e-12)


@pytest.mark.parametrize("interpolation", ["bicubic", "linear", "nearest"])
def test_frames_one_pixel_wide(interpolation: str) -> None:
    stack = np.arange(12.0).reshape(2, 6, 1)
    moved = mf.apply_motion(
        stack, motion_along([(0, 0), (1.0, 0)]), fill=-1, interpolation=interpolation
    )
    np.testing.assert_array_equal(moved[1, :, 0], [7, 8, 9, 10, 11, -1])


def test_nan_is_refused_or_stays_near() -> None:
    stack = np.random.default_rng(0).random((2, 20, 20))
    stack[1, 10, 10] = np.nan
    motion = motion_along([(0, 0), (0.5, 0.5)])
    for interpolation in ("fourier", "bicubic"):
        with pytest.raises(ValueError, match="NaN or inf; fill these first, or use interpolation="):
            mf.apply_motion(stack, motion, interpolation=interpolation)
    moved = mf.apply_motion(stack, motion, interpolation="linear")
    assert {tuple(at) for at in np.argwhere(np.isnan(moved))} == {
        (1, y, x) for y in (9, 10) for x in (9, 10)
    }


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.uint8, torch.float64])
def test_torch_keeps_its_type(dtype: torch.dtype) -> None:
    stack = torch.arange(800).reshape(2, 20, 20).remainder(100).to(dtype)
    moved = mf.apply_motion(stack, motion_along([(0, 0), (1, 0)]), interpolation="linear")
    assert moved.dtype == dtype
    torch.testing.assert_close(moved[1, :-1], stack[1, 1:])


def test_lazy_and_inverse_is_the_same_as_at_once() -> None:
    stack = smooth(5).astype(np.float32)
    motion = motion_along(np.arange(5)[:, None] * np.array([[0.7, -1.1]]))
    lazy = da.from_array(stack, chunks=(2, 30, 30))
    for interpolation in INTERPOLATIONS:
        asked = {"interpolation": interpolation, "inverse": True, "fill": np.nan}
        moved = mf.apply_motion(lazy, motion, **asked)
        assert isinstance(moved, da.Array)
        np.testing.assert_array_equal(
            moved.compute(scheduler="synchronous"), mf.apply_motion(stack, motion, **asked)
        )


def test_displacements_beyond_any_integer_leave_nothing() -> None:
    stack = np.ones((2, 20, 20), np.uint8)
    for interpolation in INTERPOLATIONS:
        far = motion_along([(0, 0), (1e12, -3e10)])
        assert not mf.apply_motion(stack, far, interpolation=interpolation)[1].any()


def test_bad_arguments() -> None:
    stack, motion = np.ones((2, 20, 20)), motion_along([(0, 0), (1, 0)])
    with pytest.raises(ValueError, match="interpolation must be one of fourier, bicubic, linear"):
        mf.apply_motion(stack, motion, interpolation="cubic")
    with pytest.raises(TypeError, match="inverse must be True or False, got 'yes'"):
        mf.apply_motion(stack, motion, inverse="yes")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="stack has 2 frames, but the motion has 3"):
        mf.apply_motion(stack, motion_along(np.zeros((3, 2))), inverse=True)
