"""A motion that changes in time, in words: its path, and what was left out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from napari_motionfft.motion.result import Motion
from napari_motionfft.motion.wording import decimals
from napari_motionfft.viewer.settings import Preferences
from napari_motionfft.viewer.source import Source
from napari_motionfft.viewer.wording import signed

Rows = list[tuple[str, str]]

TOLD = {"effort": "preset", "frame_weights": "frame weights", "canvas": "canvas"}
"""Choices that are told where they are not the usual ones, in the words of the form."""

UNEVEN = 3
"""A frame's error that is worth telling, in typical ones."""

LISTED = 12
"""Jumps that are told one by one."""


def changing(motion: Motion) -> bool:
    """Whether there is more to tell than a constant velocity."""
    return motion.model != "velocity" or bool(motion.jumps or motion.excluded)


def path_rows(motion: Motion, source: Source) -> Rows:
    """The path in numbers: how far, between what, over which way, how exactly."""
    used = np.ones(len(motion.displacements), dtype=bool)
    used[list(motion.excluded)] = False
    path = np.asarray(motion.displacements)[used]
    frames = np.flatnonzero(used) + source.first_frame
    error = typical_error(motion)
    digits = decimals(max(error)) if np.isfinite(error).all() and max(error) > 0 else 2
    far = int(np.argmax(np.hypot(*path.T)))
    way = np.hypot(*np.diff(path, axis=0).T).sum()
    rows = [("Furthest", f"{pair(path[far], digits)} px at frame {frames[far]}")]
    if source.unit is not None:
        rows.append(("", f"{in_unit(path[far], source)} from where it began"))
    for axis, name in enumerate(("Range y", "Range x")):
        low, high = (
            signed(float(end), digits) for end in (path[:, axis].min(), path[:, axis].max())
        )
        rows.append((name, f"{low} to {high} px"))
    rows.append(("Travel", f"{signed(float(way), digits)} px along the path"))
    rows.append(("", f"{pair(path[-1] - path[0], digits)} px from first to last frame"))
    rows.append(("Error", f"typically ± {pair(np.asarray(error), digits)} px a frame"))
    errors = np.nan_to_num(motion.displacement_stderr[used], posinf=0.0)
    worst = int(np.argmax(np.hypot(*errors.T)))
    if np.hypot(*errors[worst]) > UNEVEN * np.hypot(*error):
        places = decimals(float(errors[worst].max()))
        rows.append(("", f"up to ± {pair(errors[worst], places)} px at frame {frames[worst]}"))
    return rows + events(motion, source.first_frame)


def events(motion: Motion, first_frame: int) -> Rows:
    """Jumps and frames that were left out, in frames of the layer."""
    rows = []
    if motion.jumps:
        told = [jump_text(motion, t, first_frame) for t in motion.jumps[:LISTED]]
        more = len(motion.jumps) - LISTED
        told += [f"and {more} more"] if more > 0 else []
        rows += [("Jump" if len(motion.jumps) == 1 else "Jumps", told[0])]
        rows += [("", text) for text in told[1:]]
    if motion.excluded:
        which = ranges([t + first_frame for t in motion.excluded])
        rows.append(
            ("Left out", f"{len(motion.excluded)} of {len(motion.displacements)} frames: {which}")
        )
    return rows


def jump_text(motion: Motion, jump: int, first_frame: int) -> str:
    """ "frame 33: (6.3, −4.2) px"."""
    step = motion.displacements[jump] - motion.displacements[jump - 1]
    return f"frame {jump + first_frame}: {pair(step, 1)} px"


def model_rows(motion: Motion) -> Rows:
    """The model used, the others that were tried, and what was asked for besides."""
    rows = []
    if motion.model != "velocity" or len(motion.candidates) > 1:
        rows.append(("Model", model_text(motion)))
    if len(motion.candidates) > 1:
        rows.append(("Compared", compared(motion)))
    usual, unusual = asdict(Preferences()), []
    for name, said in TOLD.items():
        asked = motion.settings.get(name, usual[name])
        if isinstance(asked, str) and asked != usual[name]:
            unusual.append(f"{said} {asked}")
    return rows + ([("Asked", ", ".join(unusual))] if unusual else [])


def model_text(motion: Motion) -> str:
    """ "spline, 8 intervals, chosen by likelihood"."""
    told = [motion.model, size_text(motion, motion.model, motion.parameters)]
    if len(motion.candidates) > 1:
        told.append("chosen by likelihood")
    return ", ".join(part for part in told if part)


def size_text(motion: Motion, model: str, coefficients: int) -> str:
    """The one number that a model has, in words; "" for a velocity.

    Smooth models have one more coefficient a jump, and cubic splines three more than intervals.
    """
    jumps = len(motion.jumps)
    if model == "polynomial":
        return f"degree {coefficients - jumps}"
    if model == "spline":
        return counted(coefficients - jumps - 3, "interval")
    used = len(motion.displacements) - len(motion.excluded)
    if model == "free":
        return "every frame free" if coefficients >= used - 1 else counted(coefficients, "node")
    return ""


def counted(number: int, what: str) -> str:
    """ "1 node", "8 nodes"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def compared(motion: Motion) -> str:
    """How far each model falls short of the best in log-likelihood, or each size of one model."""
    best: dict[str, float] = {}
    one_kind = len({each.model for each in motion.candidates}) == 1
    for each in motion.candidates:
        size = size_text(motion, each.model, each.parameters) if one_kind else each.model
        best[size] = max(each.evidence, best.get(size, -np.inf))
    top = max(best.values(), default=0.0)
    told = (f"{name} {signed(height - top, 0)}" for name, height in best.items() if height < top)
    return "in log-likelihood: " + ", ".join(told)


def half_rows(motion: Motion) -> Rows:
    """How far the paths from the two halves of the data are apart in a typical frame.

    Each counts from its own frame 0: what they have in common is left out. The median, since
    in strong noise a half of the data loses single frames.
    """
    one, other = np.delete(motion.split_half_displacements, list(motion.excluded), axis=1)
    apart = one - other
    apart = apart[np.isfinite(apart).all(axis=1)]
    if not len(apart):
        return []
    typical = np.median(np.abs(apart - np.median(apart, axis=0)), axis=0)
    digits = decimals(float(typical.max() or 1))
    return [("Split half", f"paths typically {pair(typical, digits)} px apart")]


def typical_error(motion: Motion) -> tuple[float, float]:
    """(y, x) px: the median standard error of the frames that were used."""
    error = np.asarray(motion.displacement_stderr)
    unused = [0, *motion.excluded]  # displacement counts from frame 0
    error = np.delete(error, unused, axis=0)
    error = error[np.isfinite(error).all(axis=1)]
    if not len(error):
        return np.nan, np.nan
    y, x = np.median(error, axis=0)
    return float(y), float(x)


def pair(values: NDArray[np.float64], digits: int) -> str:
    """(y, x) with true minus signs."""
    return f"({', '.join(signed(float(value), digits) for value in values)})"


def in_unit(step: NDArray[np.float64], source: Source) -> str:
    """Length of a step in the layer's unit."""
    length = float(np.hypot(*(step * np.asarray(source.pixel_size))))
    return f"{length:.4g} {source.unit}"


def ranges(frames: Sequence[int]) -> str:
    """ "3–7, 12, 40"."""
    told: list[list[int]] = []
    for frame in sorted(frames):
        if told and frame == told[-1][1] + 1:
            told[-1][1] = frame
        else:
            told.append([frame, frame])
    dash = ((a, b, "–" if b > a + 1 else ", ") for a, b in told)
    return ", ".join(str(a) if a == b else f"{a}{between}{b}" for a, b, between in dash)
