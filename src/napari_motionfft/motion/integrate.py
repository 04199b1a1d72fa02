"""Motion-compensated frames and their mean, without wrapping anything around an edge."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from scipy.fft import next_fast_len

from napari_motionfft.motion.average import Average
from napari_motionfft.motion.canvas import SLACK, union_box
from napari_motionfft.motion.device import frames_per_block
from napari_motionfft.motion.frames import Box, box_shape
from napari_motionfft.motion.job import Check, Job
from napari_motionfft.motion.sight import read_both, sight
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
    shape: tuple[int, int],
    displacement: list[float],
    begin: tuple[int, int] = (0, 0),
    onto: tuple[int, int] | None = None,
) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
    """Which pixels a frame sees once its displacement is taken out.

    Pixel x is seen when x + p lies on the frame, 0 ≤ x + p ≤ size − 1. On a canvas of its own size
    `onto`, that begins at `begin` in the frame, it is x + begin + p that has to lie there.

    Returns
    -------
    The seen pixels, and where in the frame shifted by its sub-pixel part they stand; None when the
    content has left.
    """
    target, source = [], []
    for size, p, low, room in zip(shape, displacement, begin, onto or shape, strict=True):
        first = max(0, math.ceil(-p - low - SLACK))
        last = min(room, math.floor(size - 1 - p - low + SLACK) + 1)
        if first >= last:
            return None
        target.append(slice(first, last))
        source.append(slice(first + low + round(p), last + low + round(p)))
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


class Means(NamedTuple):
    """The averaged images.

    Attributes
    ----------
    mean
        (h, w) float64 over the canvas: mean of the compensated frames, level of the first frame
        where none sees a pixel.
    plain
        (Y, X) float64 over the region: mean of the same frames as they are, all weighted alike.
    coverage
        (h, w) int32 over the canvas: how many frames see each pixel.
    box
        The canvas in px of frame 0; its sides may be negative or beyond the frame.
    """

    mean: torch.Tensor
    plain: torch.Tensor
    coverage: torch.Tensor
    box: Box


def mean_images(
    job: Job,
    displacements: torch.Tensor,
    check: Check,
    frame_weights: torch.Tensor | None = None,
    canvas: str = "frame",
) -> Means:
    """Average the frames along their path, and as they are.

    Where fewer frames see a pixel, the mean is over those.

    Parameters
    ----------
    displacements
        (T, 2) px.
    frame_weights
        (T,) non-negative, at least one above 0: weights of the compensated mean. A frame of
        weight 0 is left out of everything. None: all alike.
    canvas
        "frame": the job's region; "union": all that the region sees as it travels.
    """
    frames, region = job.frames, job.box
    box = union_box(region, displacements) if canvas == "union" and not job.periodic else region
    weights = torch.ones(frames.count) if frame_weights is None else frame_weights.double().cpu()
    weights = weights / weights.max()
    plain = torch.zeros(box_shape(region), dtype=torch.float64)
    average = Average(box_shape(box), job.device, bool((weights[weights > 0] == 1).all()))
    block = job.block
    if box != region:  # the job's blocks are as many frames as fit of the region
        block = min(block, frames_per_block(frames.shape, job.device))
    for start, stop in frames.blocks(block):
        check(start / frames.count, "Averaging along the motion")
        rows = weights[start:stop].nonzero()[:, 0]
        if not len(rows):
            continue
        part = displacements[start:stop][rows]
        whole = (0, frames.shape[0]), (0, frames.shape[1])
        wide = whole if job.periodic else sight(box, frames.shape, part, MARGIN)
        still, values = read_both(job, (start, stop), rows, region, wide)
        plain += still.sum(0)
        if wide is None or values is None:
            continue
        values = values.to(job.device)
        begin = box[0][0] - wide[0][0], box[1][0] - wide[1][0]
        if job.periodic:
            values, part = shift_part(values, part, pad=0), torch.zeros_like(part)
        else:
            values = shift_part(values, part - torch.round(part))
        for frame, path, weight in zip(
            values, part.tolist(), weights[start:stop][rows], strict=True
        ):
            seen = seen_part(box_shape(wide), path, begin, box_shape(box))
            if seen is not None:
                average.add(seen[0], frame[seen[1]], float(weight))
    used = int((weights > 0).sum())
    mean = average.mean() * frames.scale + frames.offset
    return Means(mean, plain * frames.scale / used + frames.offset, average.count, box)


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
