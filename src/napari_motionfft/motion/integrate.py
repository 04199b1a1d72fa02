"""Motion-compensated frames and their mean, without wrapping anything around an edge."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import next_fast_len

from napari_motionfft.motion.frames import Box, box_shape
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.spectra import Band, shifted_back

MARGIN = 12
"""Mirror padding in px that keeps a sub-pixel Fourier shift from wrapping."""


def shift_part(frames: torch.Tensor, part: torch.Tensor, pad: int = MARGIN) -> torch.Tensor:
    """Shift frames back by a sub-pixel part, (n, h, w), by the Fourier shift theorem.

    The frames are mirrored by `pad` px or a little more (0 for periodic data), so that edges meet
    themselves.
    """
    if float(part.abs().max()) < 1e-6:
        return frames
    height, width = int(frames.shape[-2]), int(frames.shape[-1])
    if pad:
        frames = mirrored(frames, pad)
    shape = (int(frames.shape[-2]), int(frames.shape[-1]))
    spectra = shifted_back(torch.fft.rfft2(frames), Band.full(shape), part)
    moved: torch.Tensor = torch.fft.irfft2(spectra, s=shape)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    return moved[..., top : top + height, left : left + width]


def mirrored(frames: torch.Tensor, pad: int) -> torch.Tensor:
    """Frames with mirrored edges, to even sizes whose FFT is fast."""
    sides: list[int] = []
    for size in (int(frames.shape[-1]), int(frames.shape[-2])):
        wanted = size + 2 * min(pad, size - 1)
        full = next(
            n for n in range(wanted, 2 * wanted + 8) if n % 2 == 0 and next_fast_len(n) == n
        )
        extra = min(full, 3 * size - 2) - size
        sides += [extra // 2, extra - extra // 2]
    return torch.nn.functional.pad(frames[:, None], sides, mode="reflect")[:, 0]


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
    job: Job, displacements: torch.Tensor, check: Check
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compensated mean, plain mean and coverage of the region, (h, w) each.

    Where fewer frames see a pixel, the mean is over those. Frame 0 sees every pixel.
    """
    frames, box = job.frames, job.box
    shape = box_shape(box)
    total = torch.zeros(shape, dtype=torch.float64)
    plain = torch.zeros(shape, dtype=torch.float64)
    count = torch.zeros(shape, dtype=torch.int32)
    for start, stop in frames.blocks(job.block):
        check(start / frames.count, "Averaging along the motion")
        part = displacements[start:stop]
        wide, offset = (box, (0, 0)) if job.periodic else reach(box, frames.shape, part)
        values = frames.read(start, stop, wide)
        plain += place(values, offset, shape).sum(0, dtype=torch.float64)
        values = values.to(job.device)
        if job.periodic:
            total += shift_part(values, part, pad=0).sum(0).double().cpu()
            count += stop - start
            continue
        # in the wide box's own pixels the region starts at `offset`
        moved, seen = compensate(values, part, 0.0)
        total += place(moved, offset, shape).sum(0).double().cpu()
        count += place(seen, offset, shape).sum(0, dtype=torch.int32).cpu()
    mean = total / count.clamp(min=1)
    return (
        mean * frames.scale + frames.offset,
        plain * frames.scale / frames.count + frames.offset,
        count,
    )


def reach(box: Box, shape: tuple[int, int], path: torch.Tensor) -> tuple[Box, tuple[int, int]]:
    """The part of the frame that holds a region and its content all along a path.

    Returns
    -------
    Box, (y, x)
        With a margin for sub-pixel shifts, and where in it the region begins.
    """
    sides, offset = [], []
    for axis, (start, stop) in enumerate(box):
        low = int(np.floor(float(path[:, axis].min()))) - MARGIN
        high = int(np.ceil(float(path[:, axis].max()))) + MARGIN
        first = max(0, min(start, start + low))
        last = min(shape[axis], max(stop, stop + high))
        sides.append((first, last))
        offset.append(start - first)
    return (sides[0], sides[1]), (offset[0], offset[1])


def place(values: torch.Tensor, offset: tuple[int, int], shape: tuple[int, int]) -> torch.Tensor:
    """Cut the region out of the wide box."""
    return values[:, offset[0] : offset[0] + shape[0], offset[1] : offset[1] + shape[1]]
