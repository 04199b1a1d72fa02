"""Motion-compensated frames and their mean, without wrapping anything around an edge."""

from __future__ import annotations

import math

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


def seen_part(
    shape: tuple[int, int], displacement: list[float]
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Which pixels a frame sees once its displacement is taken out.

    Pixel x is seen when x + p lies on the frame, 0 ≤ x + p ≤ size − 1.

    Returns
    -------
    The seen pixels, and where in the frame shifted by its sub-pixel part they stand; None when the
    content has left.
    """
    target, source = [], []
    for size, p in zip(shape, displacement, strict=True):
        first = max(0, math.ceil(-p - 1e-6))
        last = min(size, math.floor(size - 1 - p + 1e-6) + 1)
        if first >= last:
            return None
        target.append(slice(first, last))
        source.append(slice(first + round(p), last + round(p)))
    return (target[0], target[1]), (source[0], source[1])


def compensate(
    frames: torch.Tensor, displacements: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shift frames back along the path.

    Parameters
    ----------
    frames
        (n, h, w) float32.
    displacements
        (n, 2) px of the content.

    Returns
    -------
    (n, h, w), (n, h, w) bool
        Compensated frames, 0 where the field does not reach, and which pixels each frame sees.
    """
    shifted = shift_part(frames, displacements - torch.round(displacements))
    shape = (int(frames.shape[1]), int(frames.shape[2]))
    out = torch.zeros_like(frames)
    seen = torch.zeros(frames.shape, dtype=torch.bool, device=frames.device)
    for row, displacement in enumerate(displacements.tolist()):
        part = seen_part(shape, displacement)
        if part is not None:
            target, source = part
            out[row][target] = shifted[row][source]
            seen[row][target] = True
    return out, seen


def mean_images(
    job: Job, displacements: torch.Tensor, check: Check
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Compensated mean, plain mean and coverage of the region, (h, w) each.

    Where fewer frames see a pixel, the mean is over those. Frame 0 sees every pixel.
    """
    frames, box = job.frames, job.box
    shape = box_shape(box)
    plain = torch.zeros(shape, dtype=torch.float64)
    wide, (top, left) = (box, (0, 0)) if job.periodic else reach(box, frames.shape, displacements)
    here = slice(top, top + shape[0]), slice(left, left + shape[1])
    field = box_shape(wide)
    total = torch.zeros(field, dtype=torch.float32, device=job.device)
    count = torch.zeros(field, dtype=torch.int32)
    for start, stop in frames.blocks(job.block):
        check(start / frames.count, "Averaging along the motion")
        part = displacements[start:stop]
        values = frames.read(start, stop, wide)
        plain += values[:, here[0], here[1]].sum(0)
        values = values.to(job.device)
        if job.periodic:
            total += shift_part(values, part, pad=0).sum(0)
            count += stop - start
            continue
        shifted = shift_part(values, part - torch.round(part))
        for frame, displacement in zip(shifted, part.tolist(), strict=True):
            seen = seen_part(field, displacement)
            if seen is not None:
                total[seen[0]] += frame[seen[1]]
                count[seen[0]] += 1
    mean = (total.cpu().double() / count.clamp(min=1))[here] * frames.scale + frames.offset
    return mean, plain * frames.scale / frames.count + frames.offset, count[here]


def reach(
    box: Box, shape: tuple[int, int], path: torch.Tensor, margin: int = MARGIN
) -> tuple[Box, tuple[int, int]]:
    """The part of the frame that holds a region and its content all along a path.

    Returns
    -------
    Box, (y, x)
        With a margin for sub-pixel shifts, and where in it the region begins.
    """
    sides, offset = [], []
    for axis, (start, stop) in enumerate(box):
        low = math.floor(float(path[:, axis].min())) - margin
        high = math.ceil(float(path[:, axis].max())) + margin
        first = max(0, min(start, start + low))
        last = min(shape[axis], max(stop, stop + high))
        sides.append((first, last))
        offset.append(start - first)
    return (sides[0], sides[1]), (offset[0], offset[1])
