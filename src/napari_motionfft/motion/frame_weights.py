"""How much each frame counts in the mean: alike, by its age, or by its sharpness."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event
from typing import Any

import numpy as np
import torch

from napari_motionfft.motion.arguments import one_of
from napari_motionfft.motion.device import choose_device, frames_per_block
from napari_motionfft.motion.frames import (
    Box,
    Frames,
    apodised,
    as_box,
    as_frames,
    box_shape,
    name_frames,
    overcount,
    window,
)
from napari_motionfft.motion.job import Check, Progress, reporter
from napari_motionfft.motion.objectives.frame_weights import BASE_ALPHA, geometric_weights
from napari_motionfft.motion.result import Array

FRAME_WEIGHTS = ("none", "geometric", "sharpness")
DETAIL = (1 / 8, 1 / 2)
"""Cycles/px: the frequencies whose energy blur takes first and that hold most of the detail."""


def frame_weights(
    stack: Any,
    kind: str = "sharpness",
    *,
    alpha: float = BASE_ALPHA,
    temperature: float = 1.0,
    region: tuple[slice, slice] | None = None,
    progress: Progress | None = None,
    cancel: Event | None = None,
) -> Array:
    """Weights of the frames for the integrated image.

    Parameters
    ----------
    stack
        (T, Y, X) NumPy, torch, dask or zarr array.
    kind
        "none": all alike. "geometric": w_t ∝ (1 − alpha)^t, early frames count most.
        "sharpness": w_t ∝ exp(s_t/temperature), blurred and blank frames count least.
    alpha
        In [0, 1), for "geometric": the share by which a frame counts less than the one before.
    temperature
        Above 0, for "sharpness": the difference in s that makes a factor e. Large: all alike;
        small: the sharpest frame alone.
    region
        (slice_y, slice_x) in px to judge sharpness in, or None for the whole frame.
    progress, cancel
        As in `estimate_motion`.

    Returns
    -------
    (T,) float64
        Of sum 1.

    Raises
    ------
    TypeError, ValueError
        Bad arguments, named.
    Cancelled
        `cancel` was set.

    Notes
    -----
    E_t = Σ |X_t(k)|² over 1/8 ≤ |k| ≤ 1/2 cycles/px, of the Hann-windowed frame: the energy that
    blur takes. Noise that all frames have alike adds the same to each, so it drops out of
    z_t = (E_t − mean)/std over the frames. What is left by chance is taken out too:
    s_t = z_t·max(0, 1 − c²/std²), with c the scatter that E would have if all of it were noise,
    c² = mean(E)²·Σ_k P²/(Σ_k P)², P the mean power spectrum. Frames that differ by no more weigh
    alike. A frame that is brighter or noisier than the others also counts as sharper.
    """
    frames = as_frames(stack)
    box = as_box(region, frames.shape)
    check = reporter(progress, cancel)
    weights = named_weights(kind, frames, box, check, alpha, temperature)
    check(1.0, "Done")
    return weights


def named_weights(
    kind: str,
    frames: Frames,
    box: Box,
    check: Check,
    alpha: float = BASE_ALPHA,
    temperature: float = 1.0,
) -> Array:
    """The weights of one kind, (T,) of sum 1."""
    if not isinstance(kind, str):
        raise TypeError(f"kind must be one of {', '.join(FRAME_WEIGHTS)}, got {kind!r}")
    one_of("kind", kind, FRAME_WEIGHTS)
    early = geometric_weights(frames.count, alpha).numpy()
    heat = checked_temperature(temperature)
    if kind == "geometric":
        return early
    if kind == "none":
        return np.full(frames.count, 1 / frames.count)
    return softmax(sharpness(frames, box, check), heat)


def as_weights(
    given: Any,
    frames: Frames,
    box: Box,
    check: Check,
    excluded: Iterable[int] = (),
    name: str = "frame_weights",
) -> Array:
    """A kind or (T,) numbers → (T,) float64 of sum 1; excluded frames weigh nothing in a kind.

    Raises
    ------
    TypeError, ValueError
        Neither a known kind nor T finite numbers ≥ 0 that are not all 0.
    """
    if isinstance(given, str):
        one_of(name, given, FRAME_WEIGHTS)
        weights = named_weights(given, frames, box, check)
        weights[list(excluded)] = 0
        total = weights.sum()
        # a geometric tail may be all that is left, and vanish
        return weights / total if total > 0 else np.full(frames.count, 1 / frames.count)
    if isinstance(given, torch.Tensor):
        given = given.detach().cpu().numpy()
    try:
        found = np.asarray(given)
    except ValueError:  # ragged
        found = np.asarray(None)
    if found.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must be one of {', '.join(FRAME_WEIGHTS)}, or ({frames.count},) numbers; "
            f"got {given!r}"
        )
    if found.shape != (frames.count,):
        raise ValueError(f"{name} must have shape ({frames.count},), got {found.shape}")
    weights = found.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(weights) | (weights < 0)).tolist()
    if bad:
        raise ValueError(f"{name} must be finite and not negative; not so in {name_frames(bad)}")
    if not weights.any():
        raise ValueError(f"{name} must not be all zero")
    weights = weights / weights.max()  # the sum of huge weights would overflow
    return np.asarray(weights / weights.sum())


def sharpness(frames: Frames, box: Box, check: Check) -> Array:
    """(T,) detail of each frame, in units of its spread over the frames; see `frame_weights`."""
    shape = box_shape(box)
    device = choose_device("cpu")
    taper = window(shape, 1.0)
    k = torch.hypot(torch.fft.fftfreq(shape[0])[:, None], torch.fft.rfftfreq(shape[1])[None])
    band = (k >= DETAIL[0]) & (k <= DETAIL[1])  # half plane: its edge columns count half, no matter
    energy, power = [], torch.zeros(int(band.sum()), dtype=torch.float64)
    for start, stop in frames.blocks(frames_per_block(shape, device)):
        check(start / frames.count, "Measuring sharpness")
        spectra = torch.fft.rfft2(apodised(frames.read(start, stop, box), taper))
        of_band = spectra[:, band].abs().double().square()  # (n, K)
        energy.append(of_band.sum(1))
        power += of_band.sum(0)
    total = torch.cat(energy).numpy()
    spread = total.std()
    if not spread > 0:
        return np.zeros(frames.count)
    sharing = overcount(taper) * float((power**2).sum() / power.sum() ** 2)
    chance = total.mean() ** 2 * sharing
    shrunk = max(0.0, 1 - chance / spread**2)
    return np.asarray((total - total.mean()) / spread * shrunk)


def softmax(values: Array, temperature: float) -> Array:
    """exp(v/temperature) over their sum; no temperature overflows."""
    with np.errstate(under="ignore", over="ignore"):  # −inf is a weight of 0
        powers = np.exp((values - values.max()) / temperature)
    return np.asarray(powers / powers.sum())


def checked_temperature(temperature: Any) -> float:
    """A number above 0."""
    if isinstance(temperature, bool) or not isinstance(temperature, (int, float, np.number)):
        raise TypeError(f"temperature must be a number, got {temperature!r}")
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be finite and above 0, got {temperature!r}")
    return float(temperature)
