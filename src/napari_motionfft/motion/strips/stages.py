"""Stages of the pipeline over all windows of one shape, in blocks that fit the device."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from napari_motionfft.motion.frames import window as tukey
from napari_motionfft.motion.job import Check, within
from napari_motionfft.motion.strips.bend import NOTICED, as_runs, bends
from napari_motionfft.motion.strips.mosaic import Runs
from napari_motionfft.motion.strips.plan import StripJob
from napari_motionfft.motion.strips.refine import STEPS, Fit, refine
from napari_motionfft.motion.strips.runs import Shape, memory_of, run_shapes
from napari_motionfft.motion.strips.scatter import widened
from napari_motionfft.motion.strips.scene import TAPER, first_weights, later_weights
from napari_motionfft.motion.strips.search import Found, Setup, search_windows
from napari_motionfft.motion.strips.weighing import Weights
from napari_motionfft.motion.strips.windows import Windows, blocks, read_windows

SAMPLE = 32
"""Windows of a strip that its weight is measured on."""
KEPT = 0.98
"""Agreement of lines that a bent path must reach, over that of the path before."""
BENDS = 2
"""Times that the paths of windows are bent to the velocities around them."""
SEARCH_BLOCK, REFINE_BLOCK = 2**21, 2**18
"""Samples of the lines that are worked on at a time on the host: what stays in its caches."""

Memories = dict[int, int]
"""Strip → for how many frames its lines agree."""
Weighed = dict[int, tuple[Weights, int]]
"""Strip → the weight that its aligned lines call for, and for how many frames they agree."""


@dataclass(frozen=True)
class Rows:
    """Refined motions: of which window, which of its peaks, and what came out.

    Attributes
    ----------
    window, rank
        (R,) int64.
    velocity, variance, inflation
        (R,) float64; NaN where no two lines see the same.
    agreement
        (R,) how well lines agree there; 0 before they were laid.
    doubt
        (R,) px/frame: error of the bend.
    """

    window: torch.Tensor
    rank: torch.Tensor
    velocity: torch.Tensor
    variance: torch.Tensor
    inflation: torch.Tensor
    agreement: torch.Tensor
    doubt: torch.Tensor

    @property
    def stderr(self) -> torch.Tensor:
        """(R,) px/frame."""
        return (self.variance * self.inflation + self.doubt**2).sqrt()


def search_all(job: StripJob, windows: Windows, check: Check) -> tuple[Found, Memories]:
    """The landscape of every window, and for how many frames each strip's lines agree.

    Lags at which lines no longer agree add noise: a strip with such is searched again without.
    """
    every = torch.arange(len(windows.start))
    found = searched(job, windows, every, windows.setup, within(check, 0.0, 0.6))
    memories: Memories = {}
    for turn, strip in enumerate(windows.strips):
        rows = windows.of(strip)
        memory = agreeing(found, rows, windows.scenes[strip].chance)
        if job.window and memory == windows.setup.lags:
            memory += 1  # of many windows: what fades is an uneven flow, which their paths follow
        memories[strip] = memory
        if 2 * memory >= windows.setup.lags:
            continue
        some = replace(windows.setup, most=2 * memory, tables={})
        share = turn / len(windows.strips), (turn + 1) / len(windows.strips)
        part = within(check, 0.6 + 0.4 * share[0], 0.6 + 0.4 * share[1])
        again = searched(job, windows, rows, some, part)
        for new, old in ((again.score, found.score), (again.height, found.height)):
            old[rows] = new
        found.velocity[rows] = again.velocity
    return found, memories


def searched(
    job: StripJob, windows: Windows, rows: torch.Tensor, setup: Setup, check: Check
) -> Found:
    """The landscapes of some windows."""
    parts = []
    count, samples = len(rows), setup.frames * len(setup.taper)
    for start, stop in blocks(job, count, samples, SEARCH_BLOCK):
        check(start / count, "Searching velocities")
        some = rows[start:stop]
        scenes = [windows.scenes[int(i)] for i in windows.strip[some]]
        weight = torch.stack([scene.weight for scene in scenes])
        chance = torch.tensor([scene.chance for scene in scenes], dtype=torch.float64)
        parts.append(search_windows(read_windows(job, windows, some), weight, setup, chance))
    return Found(
        torch.cat([p.score for p in parts]),
        torch.cat([p.velocity for p in parts]),
        torch.cat([p.height for p in parts]),
        torch.cat([p.coherence for p in parts]),
        torch.cat([p.unsure for p in parts]),
    )


def agreeing(found: Found, rows: torch.Tensor, chance: float) -> int:
    """Frames after which the lines of a strip no longer agree; all of them without a doubt."""
    sure = rows[found.height[rows, 0] > chance]
    if not len(sure):
        return found.coherence.shape[1] + 1
    share = found.unsure[sure] ** -2
    mean = (found.coherence[sure] * share).nansum(0) / share.nansum(0)
    return memory_of(mean, share.nansum(0) ** -0.5)


def weigh(
    job: StripJob, windows: Windows, found: Found, memories: Memories, check: Check
) -> Weighed:
    """Weights from windows whose highest peak stands out; from the lines alone without such."""
    setup = windows.setup
    length = len(setup.taper)
    out: Weighed = {}
    chosen: list[torch.Tensor] = []
    for strip in windows.strips:
        scene, rows = windows.scenes[strip], windows.of(strip)
        sure = rows[found.height[rows, 0] > scene.chance]
        out[strip] = first_weights(scene, setup, length, job.periodic), memories[strip]
        spread = torch.linspace(0, len(sure) - 1, min(SAMPLE, len(sure))).round().long()
        chosen.append(sure[spread])
    rows = torch.cat(chosen)
    fits = aligned(job, windows, rows, found.velocity[rows, 0], None, out, 1, False, check)
    each: dict[int, list[tuple[Fit, int]]] = {}
    for row, fit in fits.items():
        each.setdefault(int(windows.strip[rows[row]]), []).append(fit)
    for strip, mine in each.items():
        shared = torch.stack([fit.shared[at] for fit, at in mine]).mean(0)
        power = torch.stack([fit.power[at] for fit, at in mine]).mean(0)
        seen = sum(float(fit.lines_a_point[at]) for fit, at in mine) / len(mine)
        name = str(job.asked["weight"])
        out[strip] = (
            later_weights(shared, power, seen, name, length, job.periodic),
            out[strip][1],
        )
    return out


def refine_all(
    job: StripJob,
    windows: Windows,
    found: Found,
    weights: Weighed,
    check: Check,
) -> Rows:
    """Every motion that stands out, refined."""
    chance = torch.tensor([windows.scenes[int(i)].chance for i in windows.strip])
    at = torch.nonzero(found.height > chance[:, None])  # (R, 2) window, rank
    start = found.velocity[at[:, 0], at[:, 1]]
    first, last = within(check, 0.0, 0.4), within(check, 0.8, 1.0)
    fits = aligned(job, windows, at[:, 0], start, None, weights, STEPS, False, first)
    nothing = torch.full((2, len(at)), torch.nan, dtype=torch.float64)
    never = torch.zeros(len(at), dtype=torch.float64)
    rows = Rows(at[:, 0], at[:, 1], start, nothing[0], nothing[1], never, never.clone())
    put(rows, fits, torch.arange(len(at)))
    path = torch.zeros(len(at), windows.setup.frames, dtype=torch.float64)
    for turn in range(BENDS if job.window else 0):
        part = within(check, 0.4 + 0.4 * turn / BENDS, 0.4 + 0.4 * (turn + 1) / BENDS)
        which, velocity, bend, doubt = bent(windows, rows)
        if not len(which):
            break
        every = rows.window[which]
        fits = aligned(job, windows, every, velocity, bend, weights, STEPS, False, part)
        taken = put(rows, fits, which)
        rows.doubt[which] = doubt
        path[which[taken]] = bend[taken]
    # last: what a bend explains would pass for a change of the pattern
    changing = torch.tensor([weights[int(i)][1] < windows.setup.frames for i in windows.strip])
    some = torch.nonzero(changing[rows.window]).flatten()
    start, bend = rows.velocity[some], path[some]
    fits = aligned(job, windows, rows.window[some], start, bend, weights, STEPS, True, last)
    put(rows, fits, some)
    return rows


def put(rows: Rows, fits: dict[int, tuple[Fit, int]], which: torch.Tensor) -> torch.Tensor:
    """Write fits into the rows that they belong to, unless their lines agree less than before.

    Returns
    -------
    (R,) bool: which were written
    """
    taken = torch.zeros(len(which), dtype=torch.bool)
    for at, (fit, i) in fits.items():
        row = int(which[at])
        if fit.agreement[i] < KEPT * rows.agreement[row]:
            continue
        taken[at] = True
        rows.agreement[row] = fit.agreement[i]
        rows.velocity[row] = fit.velocity[i]
        rows.variance[row] = fit.variance[i]
        rows.inflation[row] = fit.inflation[i]
    return taken


def bent(
    windows: Windows, rows: Rows
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows whose neighbours tell that the velocity changes within the window.

    Returns
    -------
    (R,) rows, (R,) velocities in px/frame to start from, (R, n) px off the straight path, (R,)
    px/frame that the bend leaves in doubt
    """
    which, velocity, bend, doubt = [], [], [], []
    error = rows.stderr
    for strip in windows.strips:
        mine = torch.nonzero((rows.rank == 0) & (windows.strip[rows.window] == strip)).flatten()
        starts = windows.start[rows.window[mine]].numpy()
        mean, off, guessed = bends(
            starts, windows.setup.frames, rows.velocity[mine].numpy(), error[mine].numpy()
        )
        far = np.isfinite(mean) & (np.abs(off).max(1, initial=0.0) > NOTICED)
        which.append(mine[torch.from_numpy(far)])
        velocity.append(torch.from_numpy(mean[far]))
        doubt.append(torch.from_numpy(guessed[far]))
        bend.append(torch.from_numpy(off[far]))
    return torch.cat(which), torch.cat(velocity), torch.cat(bend), torch.cat(doubt)


def aligned(
    job: StripJob,
    windows: Windows,
    rows: torch.Tensor,
    velocity: torch.Tensor,
    bend: torch.Tensor | None,
    weights: Weighed,
    steps: int,
    widen: bool,
    check: Check,
) -> dict[int, tuple[Fit, int]]:
    """Row → its fit and its place in it; rows of like runs are refined together.

    Parameters
    ----------
    rows
        (R,) windows.
    velocity, bend
        (R,) px/frame to start from, (R, n) px off the straight path or None.
    widen
        Widen the errors of patterns that change.
    """
    setup = windows.setup
    length, n = len(setup.taper), setup.frames
    taper = tukey((length, 1), 0.0 if job.periodic else TAPER)[:, 0]
    kinds: dict[Shape, list[int]] = {}
    for strip in windows.strips:
        mine = torch.nonzero(windows.strip[rows] == strip).flatten()
        further = torch.zeros(len(mine)) if bend is None else bend[mine].abs().amax(1)
        shapes = run_shapes(velocity[mine], 2 * further, setup, weights[strip][1])
        for row, shape in zip(mine.tolist(), shapes, strict=True):
            if shape is not None:
                kinds.setdefault(shape, []).append(row)
    out: dict[int, tuple[Fit, int]] = {}
    total = sum(len(members) for members in kinds.values())
    for shape, members in kinds.items():
        for start, stop in blocks(job, len(members), n * shape.size, REFINE_BLOCK):
            check(len(out) / total, "Refining")
            some = torch.tensor(members[start:stop])
            here = rows[some]
            lines = read_windows(job, windows, here)
            each = [weights[int(i)][0] for i in windows.strip[here]]
            stacked = Weights(
                torch.cat([w.weight for w in each]),
                torch.cat([w.signal for w in each]),
                torch.cat([w.noise for w in each]),
            )
            runs = Runs.of(lines, shape.runs, taper, shape.size)
            if bend is not None:
                runs.bend = as_runs(bend[some], shape.runs)
            joint = job.static and alone(job, windows, here)
            changing = min(weights[int(i)][1] for i in windows.strip[here]) < n
            fit = refine(runs, velocity[some], stacked, joint, changing, steps)
            if changing and widen:
                fit = widened(fit, lines, runs, stacked, None if bend is None else bend[some])
            out.update({int(row): (fit, i) for i, row in enumerate(some)})
    return out


def alone(job: StripJob, windows: Windows, rows: torch.Tensor) -> bool:
    """A window that is most of its strip: the strip's mean line holds much of what moves."""
    count = max(job.strips[int(i)].count for i in torch.unique(windows.strip[rows]))
    return count < 2 * windows.setup.frames
