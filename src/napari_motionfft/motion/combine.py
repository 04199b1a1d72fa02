"""Arithmetic of motions: one less another, one on top of another, one the other way."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_motionfft.motion.result import Array, Landscape, Motion


def difference(first: Motion, second: Motion) -> Motion:
    """What is left of one motion when another is taken out; see `combined`."""
    return combined((first, second), (1, -1), "difference")


def total(first: Motion, second: Motion) -> Motion:
    """One motion on top of another; see `combined`."""
    return combined((first, second), (1, 1), "sum")


def negative(motion: Motion) -> Motion:
    """The motion that undoes this one; see `combined`."""
    return combined((motion,), (-1,), "negative")


def combined(motions: Sequence[Motion], signs: Sequence[int], model: str) -> Motion:
    """Sum of motions, each with a sign, frame by frame.

    Standard errors add in quadrature, as of motions that err independently: two from the same stack
    share its noise, so there they are upper bounds for the difference. It is reliable when all are.
    Frames that any excludes are excluded; jumps of any are jumps. There are no images, there is no
    landscape and no score. Periodic when all are.

    Raises
    ------
    ValueError
        Different frame counts.
    """
    counts = [len(motion.displacements) for motion in motions]
    if len(set(counts)) > 1:
        raise ValueError(
            f"motions must have the same number of frames, got {' and '.join(map(str, counts))}"
        )

    def signed(name: str) -> Array:
        # + 0.0: no negative zeros
        parts = zip(signs, motions, strict=True)
        return np.asarray(sum(sign * getattr(motion, name) for sign, motion in parts) + 0.0)

    def quadrature(name: str) -> Array:
        return np.asarray(np.sqrt(sum(getattr(motion, name) ** 2 for motion in motions)))

    regions = {motion.region for motion in motions}
    excluded = {frame for motion in motions for frame in motion.excluded}
    image = np.zeros((0, 0), np.float32)
    return Motion(
        displacements=signed("displacements"),
        displacement_stderr=quadrature("displacement_stderr"),
        velocity=signed("velocity"),
        velocity_stderr=quadrature("velocity_stderr"),
        velocity_covariance=np.asarray(sum(motion.velocity_covariance for motion in motions)),
        score=math.nan,
        reliable=all(motion.reliable for motion in motions),
        reason=doubts(motions),
        split_half=signed("split_half"),
        bias=signed("bias"),
        integrated=image,
        plain_mean=image.copy(),
        coverage=np.zeros((0, 0), np.int32),
        landscape=Landscape(image.copy(), np.zeros(0), np.zeros(0), []),
        region=regions.pop() if len(regions) == 1 else ((0, 0), (0, 0)),
        settings=settings_of(motions, model),
        device="",
        model=model,
        parameters=max(motion.parameters for motion in motions),
        excluded=tuple(sorted(excluded)),
        jumps=tuple(sorted({frame for motion in motions for frame in motion.jumps})),
        frame_weights=alike(counts[0], excluded),
        split_half_displacements=signed("split_half_displacements"),
    )


def doubts(motions: Sequence[Motion]) -> str:
    """Which motions are not reliable, and why; "" when all are."""
    if len(motions) == 1:
        return motions[0].reason
    told = []
    for which, motion in zip(("first", "second"), motions, strict=True):
        if not motion.reliable:
            told.append(f"The {which} motion is in doubt: {motion.reason or 'no reason is told.'}")
    return " ".join(told)


def settings_of(motions: Sequence[Motion], model: str) -> dict[str, object]:
    """Where a combination comes from, as plain data."""
    periodic = all(motion.settings.get("boundary") == "periodic" for motion in motions)
    return {
        "model": model,
        "frames": len(motions[0].displacements),
        "boundary": "periodic" if periodic else "crop",
        "of": [motion.model for motion in motions],
    }


def alike(count: int, excluded: set[int]) -> Array:
    """(T,) equal weights of sum 1, 0 for excluded frames; all alike where none is left."""
    weights = np.ones(count)
    weights[list(excluded)] = 0
    return weights / weights.sum() if weights.any() else np.full(count, 1 / count)
