"""Other registration tools on the same wandering stacks: each frame's displacement, (T, 2) px."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenes import Array

Stack = NDArray[np.float32]
Tool = Callable[[Stack], Array]
"""(T, Y, X) -> (T, 2) px, (y, x): displacement of the content relative to frame 0.

A frame that the tool gave up on has the displacement of the one before.
"""


def correlation(normalization: str | None, previous: bool = False) -> Tool:
    """scikit-image's `phase_cross_correlation` at 1/100 px, to the first frame or the previous."""
    from skimage.registration import phase_cross_correlation

    def shift(still: Stack, moved: Stack) -> Array:
        # its shift is the one that brings the second image onto the first
        found = phase_cross_correlation(
            still, moved, upsample_factor=100, normalization=normalization
        )
        return -np.asarray(found[0], dtype=np.float64)

    def estimate(stack: Stack) -> Array:
        if previous:
            steps = [shift(stack[t - 1], stack[t]) for t in range(1, len(stack))]
            return np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
        return np.array([shift(stack[0], frame) for frame in stack])

    return estimate


def stackreg(reference: str) -> Tool:
    """pystackreg, translation, to the first or the previous frame; it adds up the latter itself."""
    from pystackreg import StackReg

    def estimate(stack: Stack) -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of the axis that it guesses
            tool = StackReg(StackReg.TRANSLATION)
            matrices = tool.register_stack(stack, reference=reference, axis=0)
        return np.asarray(matrices[:, [1, 0], 2], dtype=np.float64)

    return estimate


def ecc(blur: int = 5) -> Tool:
    """OpenCV's `findTransformECC`, translation, to the first frame, started where the last was.

    `blur` is the size of its Gaussian filter, px.
    """
    import cv2

    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-6)

    def estimate(stack: Stack) -> Array:
        path = np.zeros((len(stack), 2))
        for t in range(1, len(stack)):
            warp = np.eye(2, 3, dtype=np.float32)
            warp[:, 2] = path[t - 1, ::-1]  # (x, y)
            try:
                _, warp = cv2.findTransformECC(
                    stack[0], stack[t], warp, cv2.MOTION_TRANSLATION, stop, None, blur
                )
            except cv2.error:  # it did not converge
                path[t] = path[t - 1]
            else:
                path[t] = warp[::-1, 2]
        return path

    return estimate


def tools() -> dict[str, Tool]:
    """Every peer, by name."""
    return {
        "scikit-image phase, to the first": correlation("phase"),
        "scikit-image phase, to the previous": correlation("phase", previous=True),
        "scikit-image cross, to the first": correlation(None),
        "scikit-image cross, to the previous": correlation(None, previous=True),
        "pystackreg, to the first": stackreg("first"),
        "pystackreg, to the previous": stackreg("previous"),
        "OpenCV ECC, to the first": ecc(),
        "OpenCV ECC, blurred more": ecc(15),
    }
