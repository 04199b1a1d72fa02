"""Motion-compensated frames and their mean, without wrapping anything around an edge."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from napari_motionfft.motion.frames import Box, Frames
from napari_motionfft.motion.spectra import Band, shifted_back

MARGIN = 16
"""Mirror padding in px that keeps a sub-pixel Fourier shift from wrapping."""


def shift_part(frames: torch.Tensor, part: torch.Tensor, pad: int = MARGIN) -> torch.Tensor:
    """Shift frames back by a sub-pixel part, (n, h, w), by the Fourier shift theorem.

    The frames are mirrored by `pad` px first (0 for periodic data), so that edges meet themselves.
    """
    if float(part.abs().max()) < 1e-6:
        return frames
    height, width = frames.shape[-2:]
    pad = min(pad, height - 1, width - 1)
    if pad:
        frames = torch.nn.functional.pad(frames[:, None], (pad, pad, pad, pad), mode="reflect")[:, 0]
    shape = (int(frames.shape[-2]), int(frames.shape[-1]))
    spectra = shifted_back(torch.fft.rfft2(frames), Band.full(shape), part)
    moved = torch.fft.irfft2(spectra, s=shape)
    return moved[..., pad : pad + height, pad : pad + width]


def compensate(
    frames: torch.Tensor, displacements: torch.Tensor, fill: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shift frames back along the path; `fill` where the field does not reach.

    Parameters
    ----------
    frames
        (n, h, w) float32.
    displacements
        (n, 2) px of the content.

    Returns
    -------
    (n, h, w), (n, h, w) bool
        Compensated frames, and which pixels each frame sees.
    """
    whole = torch.round(displacements)
    shifted = shift_part(frames, displacements - whole)
    out = torch.full_like(frames, fill)
    seen = torch.zeros(frames.shape, dtype=torch.bool, device=frames.device)
    for row, (d, exact) in enumerate(zip(whole.tolist(), displacements.tolist(), strict=True)):
        target, source = [], []
        for size, step, p in zip(frames.shape[-2:], d, exact, strict=True):
            # pixel x is seen when x + p lies on the frame: 0 ≤ x + p ≤ size − 1
            first = max(0, int(np.ceil(-p - 1e-6)))
            last = min(size, int(np.floor(size - 1 - p + 1e-6)) + 1)
            target.append(slice(first, max(first, last)))
            source.append(slice(first + int(step), max(first, last) + int(step)))
        if any(part.start >= part.stop for part in target):
            continue
        out[row, target[0], target[1]] = shifted[row, source[0], source[1]]
        seen[row, target[0], target[1]] = True
    return out, seen


def mean_images(
    frames: Frames,
    box: Box,
    displacements: torch.Tensor,
    device: torch.device,
    block: int,
    periodic: bool,
    check: Callable[[float, str], None],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compensated mean, plain mean and coverage of one box, (h, w) each.

    Where fewer frames see a pixel, the mean is over those. Frame 0 sees every pixel.
    """
    (y0, y1), (x0, x1) = box
    shape = (y1 - y0, x1 - x0)
    total = torch.zeros(shape, dtype=torch.float64)
    plain = torch.zeros(shape, dtype=torch.float64)
    count = torch.zeros(shape, dtype=torch.int32)
    for start, stop in frames.blocks(block):
        check(start / frames.count, "Averaging along the motion")
        part = displacements[start:stop]
        if periodic:
            values = frames.read(start, stop, box)
            plain += values.sum(0, dtype=torch.float64)
            moved = shift_part(values.to(device), part, pad=0)
            total += moved.sum(0).double().cpu()
            count += stop - start
            continue
        plain += frames.read(start, stop, box).sum(0, dtype=torch.float64)
        wide, offset = reach(box, frames.shape, part)
        if wide is None:
            continue
        values = frames.read(start, stop, wide).to(device)
        # in the wide box's own pixels the region starts at `offset`
        moved, seen = compensate(values, part, 0.0)
        moved, seen = place(moved, offset, shape), place(seen, offset, shape)
        total += moved.sum(0).double().cpu()
        count += seen.sum(0, dtype=torch.int32).cpu()
    mean = total / count.clamp(min=1)
    return mean + frames.offset, plain / frames.count + frames.offset, count


def reach(
    box: Box, shape: tuple[int, int], part: torch.Tensor
) -> tuple[Box | None, tuple[int, int]]:
    """The part of the frame that a region's content and the region itself cover in some frames."""
    sides, offset = [], []
    for axis, (start, stop) in enumerate(box):
        low = int(np.floor(float(part[:, axis].min()))) - MARGIN
        high = int(np.ceil(float(part[:, axis].max()))) + MARGIN
        first = max(0, min(start, start + low))
        last = min(shape[axis], max(stop, stop + high))
        if last <= first:
            return None, (0, 0)
        sides.append((first, last))
        offset.append(start - first)
    return (sides[0], sides[1]), (offset[0], offset[1])


def place(values: torch.Tensor, offset: tuple[int, int], shape: tuple[int, int]) -> torch.Tensor:
    """Cut the region out of the wide box."""
    return values[:, offset[0] : offset[0] + shape[0], offset[1] : offset[1] + shape[1]]
