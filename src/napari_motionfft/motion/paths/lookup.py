"""Look each frame up in the mean of the others: where it lies, and how well it matches there."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from scipy.fft import next_fast_len

from napari_motionfft.motion.paths.views import View
from napari_motionfft.motion.spectra import Band

AT_ONCE = 2**20
"""Values of correlation planes made at once."""


def others(
    view: View, path: torch.Tensor, weights: torch.Tensor
) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
    """(first, frames (m, Ky, Kx), mean of all other frames (m, Ky, Kx)), block by block.

    At low SNR a frame in its own mean would find its own noise there.

    Parameters
    ----------
    weights
        (T,) of the frames in the mean.
    """
    mine = weights[view.start : view.stop].to(view.spectra.device, torch.float32)
    block = max(1, AT_ONCE // view.spectra[0].numel())
    total = torch.zeros_like(view.spectra[0])
    for first in range(0, view.count, block):
        part = view.aligned(path, first, first + block)
        total += torch.einsum("n,nij->ij", mine[first : first + block].to(part.dtype), part)
    for first in range(0, view.count, block):
        part = view.aligned(path, first, first + block)
        own = mine[first : first + block, None, None]
        rest = (mine.sum() - own).clamp(min=1e-12)
        yield first, part, (total - own * part) / rest


def look(
    view: View,
    path: torch.Tensor,
    weights: torch.Tensor,
    reach: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """How far each frame lies from its place along the path, (n, 2) px, to about 0.1 px.

    Parameters
    ----------
    reach
        (T,) px an axis that are searched for each frame.
    mask
        (Ky, Kx) frequencies that count; all by default.
    """
    weight = view.weight if mask is None else view.weight * mask
    found = torch.zeros(view.count, 2, dtype=torch.float64)
    far = reach[view.start : view.stop]
    for first, frames, mean in others(view, path, weights):
        plane, spacing = planes(weight * mean.conj() * frames, view.band)
        last = first + len(frames)
        found[first:last] = highest(plane, spacing, far[first:last])
    return found


def planes(cross: torch.Tensor, band: Band) -> tuple[torch.Tensor, tuple[float, float]]:
    """Correlation planes (n, H, W) of cross-spectra (n, Ky, Kx); zero shift at (0, 0).

    Returns
    -------
    planes, (y, x) px from cell to cell
    """
    height, width = (even_fast(n) for n in (len(band.ky), 2 * len(band.kx) - 1))
    rows = torch.round(band.ky * band.shape[0]).long() % height
    wide = torch.zeros(len(cross), height, width // 2 + 1, dtype=cross.dtype, device=cross.device)
    wide[:, rows.to(cross.device), : len(band.kx)] = cross
    plane: torch.Tensor = torch.fft.irfft2(wide, s=(height, width))
    spacing = band.shape[0] / height, band.shape[1] / width
    return plane, spacing


def even_fast(size: int) -> int:
    """The smallest even length of at least `size` whose FFT is fast."""
    while size % 2 or next_fast_len(size, real=True) != size:
        size += 1
    return size


def offsets(size: int, spacing: float) -> torch.Tensor:
    """(size,) px of the cells of a plane along one axis."""
    cells: torch.Tensor = torch.fft.fftfreq(size, dtype=torch.float64) * size
    return cells * spacing


def highest(plane: torch.Tensor, spacing: tuple[float, float], reach: torch.Tensor) -> torch.Tensor:
    """(n, 2) px of the highest cell within reach (n,), with a parabola through its neighbours."""
    sizes = (int(plane.shape[1]), int(plane.shape[2]))
    inside = [
        offsets(size, step).abs()[None] <= reach[:, None].clamp(min=step)
        for size, step in zip(sizes, spacing, strict=True)
    ]
    seen: torch.Tensor = (inside[0][:, :, None] & inside[1][:, None, :]).to(plane.device)
    cell = torch.where(seen, plane, -torch.inf).flatten(1).argmax(1)
    return summit(plane, spacing, cell)


def summit(plane: torch.Tensor, spacing: tuple[float, float], cell: torch.Tensor) -> torch.Tensor:
    """(n, 2) px of the top of a parabola through each plane's cell and its neighbours."""
    height, width = int(plane.shape[1]), int(plane.shape[2])
    cell = cell.to(plane.device)
    y, x = cell // width, cell % width
    each = torch.arange(len(plane), device=plane.device)
    centre = plane[each, y, x]
    found = []
    for at, size, step, sides in (
        (y, height, spacing[0], ((y - 1) % height, x, (y + 1) % height, x)),
        (x, width, spacing[1], (y, (x - 1) % width, y, (x + 1) % width)),
    ):
        low, high = plane[each, sides[0], sides[1]], plane[each, sides[2], sides[3]]
        bend = low - 2 * centre + high
        part = torch.where(bend < 0, 0.5 * (low - high) / bend.clamp(max=-1e-30), 0.0)
        part = part.clamp(-0.5, 0.5).cpu().double()
        found.append(offsets(size, step)[at.cpu()] + part * step)
    return torch.stack(found, 1)
