"""Windows of one shape, of one strip or many, read in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from napari_motionfft.motion.device import memory_budget
from napari_motionfft.motion.strips.plan import StripJob
from napari_motionfft.motion.strips.scene import Scene, look, setup_of
from napari_motionfft.motion.strips.search import Setup


@dataclass(frozen=True)
class Windows:
    """All windows of one shape.

    Attributes
    ----------
    setup
        What their search shares.
    strips
        Numbers of the strips in the job.
    scenes
        Strip → what its lines say.
    strip, start
        (W,) int64: which strip each window lies in, and its first frame.
    """

    setup: Setup
    strips: tuple[int, ...]
    scenes: dict[int, Scene]
    strip: torch.Tensor
    start: torch.Tensor

    def of(self, strip: int) -> torch.Tensor:
        """Numbers of the windows of one strip."""
        return torch.nonzero(self.strip == strip).flatten()


def grouped(job: StripJob) -> list[Windows]:
    """Strips whose windows have one shape and one search range, together."""
    shapes: dict[tuple[int, int, float], list[int]] = {}
    for index, strip in enumerate(job.strips):
        key = (job.frames(index), strip.length, job.limit(index))
        shapes.setdefault(key, []).append(index)
    out = []
    for key, members in shapes.items():
        setup = setup_of(*key, str(job.asked["weight"]), job.static, job.periodic)
        scenes = {}
        for index in members:
            job.check(0.0, "Reading lines")
            scenes[index] = look(job.strips[index], setup, str(job.asked["weight"]), job.static)
        starts = [job.starts(index) for index in members]
        of = [torch.full_like(s, i) for i, s in zip(members, starts, strict=True)]
        out.append(Windows(setup, tuple(members), scenes, torch.cat(of), torch.cat(starts)))
    return out


def read_windows(job: StripJob, windows: Windows, rows: torch.Tensor) -> torch.Tensor:
    """Windows by number, the still pattern taken out, (b, n, L) float32 on the device."""
    n = windows.setup.frames
    out = torch.empty(len(rows), n, len(windows.setup.taper))
    for strip in torch.unique(windows.strip[rows]).tolist():
        mine = torch.nonzero(windows.strip[rows] == strip).flatten()
        starts = windows.start[rows[mine]]
        first = int(starts.min())
        lines = job.strips[strip].read(first, int(starts.max()) + n) - windows.scenes[strip].still
        if len(lines) <= 4 * n * len(mine):
            out[mine] = lines.unfold(0, n, 1)[starts - first].transpose(1, 2)
        else:  # far apart: copy one by one
            for row, start in zip(mine.tolist(), (starts - first).tolist(), strict=True):
                out[row] = lines[start : start + n]
    return out.to(job.device)


def blocks(job: StripJob, count: int, samples: int, most: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of blocks of windows that fit the device."""
    if job.device.type != "cpu":
        most = max(most, memory_budget(job.device) // (8 * 24))
    size = max(1, most // max(1, samples))
    for start in range(0, count, size):
        yield start, min(start + size, count)
