"""Follow an object frame by frame: predict, look near there, add what is found to its template."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from napari_motionfft.motion.frames import apodised, overcount
from napari_motionfft.motion.job import Check
from napari_motionfft.motion.spectra import Band, radial_mean
from napari_motionfft.motion.tracked.patches import Lens, correlation, top

OPENING = 4
"""Frames after the first that one velocity must explain."""
MEMORY = 16
"""Frames that the template is the mean of, once there are so many."""
RECENT = 5
"""Frames that the next place is predicted from."""
LOST, FOUND = 0.65, 0.75
"""Share of the usual correlation below which the object is not there, and above which it is found
again after it was not."""
WIDEST = 4.0
"""Times the search range that an object which was lost is looked for about its predicted place."""
EULER = 0.5772


@dataclass
class Track:
    """Where an object was found.

    Attributes
    ----------
    path
        (T, 2) px displacement; in frames where it is not seen, what was predicted.
    seen, inside
        (T,) bool: found; predicted to be within the frame.
    height
        (T,) correlation coefficient with the template at its highest.
    chance
        (T,) how far that stands above what unrelated frames reach, in standard deviations of it.
    """

    path: torch.Tensor
    seen: torch.Tensor
    inside: torch.Tensor
    height: torch.Tensor
    chance: torch.Tensor

    @property
    def end(self) -> int:
        """After the last frame in which the object is seen."""
        return int(torch.nonzero(self.seen).max()) + 1

    @property
    def evidence(self) -> float:
        """The same for all frames that it was looked for in, together."""
        looked = self.inside & torch.isfinite(self.chance)
        count = int(looked.sum())
        return float(self.chance[looked].sum()) / count**0.5 if count else 0.0


def follow(lens: Lens, max_speed: float, check: Check) -> Track:
    """The path of what the window shows in frame 0, from this frame on.

    Each frame is compared with what the frames before it show along the path: nothing of the frame
    itself is in there, so that noise gains nothing.
    """
    count = lens.job.frames.count
    still = torch.zeros(2, dtype=torch.float64)
    template = lens.patch(0, still, 0).seen(still, lens.shape)
    path = torch.zeros(count, 2, dtype=torch.float64)
    height, chance = torch.full((2, count), torch.nan, dtype=torch.float64)
    seen, inside = torch.zeros(2, count, dtype=torch.bool)
    seen[0] = inside[0] = True
    low, high = limits(lens)
    velocity = opening(lens, template, max_speed, check)
    for t in range(1, count):
        check(t / count, "Following the object")
        gap = t - int(torch.nonzero(seen).max())
        path[t] = path[t - gap] + velocity * gap
        place = torch.round(torch.minimum(torch.maximum(path[t], low), high))
        inside[t] = bool((place == torch.round(path[t])).all())
        reach = max(4, round(max_speed * min((1 + gap) / 2, WIDEST)))
        patch = lens.patch(t, place, reach)
        plane = correlation(patch, template, lens.taper)
        moved, peak = top(plane)
        at = place + moved
        if bool(((at < low - 0.5) | (at > high + 0.5)).any()):
            inside[t] = False
            continue
        shown = patch.seen(moved, lens.shape)
        height[t], chance[t] = peak, above_chance(lens, template, shown, plane)
        usual = height[:t][seen[:t]][1:][-2 * RECENT :]
        share = LOST if gap == 1 else FOUND
        if len(usual) and peak < share * float(usual.median()):
            continue
        path[t], seen[t], inside[t] = at, True, True
        new = max(1 / int(seen.sum()), 1 / MEMORY)
        template = (1 - new) * template + new * shown
        velocity = recent_velocity(path, seen, velocity)
    return Track(path, seen, inside, height, chance)


def limits(lens: Lens) -> tuple[torch.Tensor, torch.Tensor]:
    """(2,) px: displacements between which all of the window is in the frame."""
    sides = torch.tensor(lens.job.box, dtype=torch.float64)  # (2, 2)
    return -sides[:, 0], torch.tensor(lens.job.frames.shape).double() - sides[:, 1]


def above_chance(
    lens: Lens, template: torch.Tensor, shown: torch.Tensor, plane: torch.Tensor
) -> float:
    """Height of a plane's peak above what chance reaches in it, in standard deviations of that.

    The highest of so many values as the plane has cells, all alike, is Gumbel distributed. What
    they scatter by is what two windows (h, w) of these spectra do if their phases are unrelated.
    """
    one, other = (power(lens, part) for part in (template, shown))
    count = Band.full(lens.shape).multiplicity().to(one)
    bins = (count * one).sum() * (count * other).sum() / (count * one * other).sum()
    spread = float((overcount(lens.taper.cpu()) / bins) ** 0.5)
    width = math.sqrt(2 * math.log(plane.numel()))
    highest = width - (math.log(math.log(plane.numel())) + math.log(4 * math.pi)) / (2 * width)
    highest += EULER / width
    return (float(plane.max()) / spread - highest) * width * math.sqrt(6) / math.pi


def power(lens: Lens, part: torch.Tensor) -> torch.Tensor:
    """(Ky, Kx) |X|² of what a window (h, w) shows, over rings.

    Bin by bin, two of one scene are alike.
    """
    spectrum = torch.fft.rfft2(apodised(part[None], lens.taper)[0])
    return radial_mean(spectrum.real.square() + spectrum.imag.square(), Band.full(lens.shape), 2.0)


def opening(lens: Lens, template: torch.Tensor, max_speed: float, check: Check) -> torch.Tensor:
    """(2,) px/frame that the first frames together say best."""
    still = torch.zeros(2, dtype=torch.float64)
    last = min(OPENING, lens.job.frames.count - 1)
    cells = 2 * max(8, round(4 * max_speed)) + 1
    side = torch.linspace(-max_speed, max_speed, cells, dtype=torch.float64)  # (V,)
    total = torch.zeros(cells, cells, dtype=torch.float64)
    for t in range(1, last + 1):
        check(0.0, "Looking at the first frames")
        reach = math.ceil(max_speed * t)
        plane = correlation(lens.patch(t, still, reach), template, lens.taper).cpu().double()
        at = side * t / reach  # from −1 to 1 across the plane
        grid = torch.stack(torch.meshgrid(at, at, indexing="xy"), -1)  # (V, V, 2), x first
        total += torch.nn.functional.grid_sample(plane[None, None], grid[None], align_corners=True)[
            0, 0
        ]
    cell = int(total.argmax())
    return torch.stack([side[cell // cells], side[cell % cells]])


def recent_velocity(path: torch.Tensor, seen: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """(2,) px/frame: least-squares slope of the last places found."""
    t = torch.nonzero(seen).flatten()[-RECENT:]
    if len(t) < 3:
        return before
    rows = t.double() - t.double().mean()
    slope: torch.Tensor = (rows @ path[t]) / (rows @ rows)
    return slope
