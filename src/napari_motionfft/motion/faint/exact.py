"""The exact score of one track: frames summed along it to a fraction of a px."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from napari_motionfft.motion.faint.matched import Matched

STEPS = 10
"""Steps of a climb."""

AT_ONCE = 2**19
"""Values looked at in one go."""


class Tracks(NamedTuple):
    """Straight tracks; lengths in binned px.

    `places` (N, 2) at the middle of the stack, `velocities` (N, 2); float64.
    """

    places: torch.Tensor
    velocities: torch.Tensor

    def some(self, which: torch.Tensor) -> Tracks:
        """Those of an index or mask."""
        return Tracks(self.places[which], self.velocities[which])


class Exact(NamedTuple):
    """Of N tracks, float64 on the host.

    `score` (N,) in standard deviations of white noise, its `slope` (N, 4) along place and velocity,
    `brightness` (N,), `frames` (N,) that count, `moments` (N, 2): mean and mean square of the time
    from the middle.
    """

    score: torch.Tensor
    slope: torch.Tensor
    brightness: torch.Tensor
    frames: torch.Tensor
    moments: torch.Tensor


def exact(seen: Matched, tracks: Tracks) -> Exact:
    """Score tracks on the matched, unsummed frames."""
    reach = math.ceil(3 * seen.sigma)
    one = seen.signal.shape[0] * (2 * reach + 1) ** 2
    size = max(1, AT_ONCE // one)
    starts = range(0, max(len(tracks.places), 1), size)
    parts = [
        exact_part(
            seen, Tracks(tracks.places[i : i + size], tracks.velocities[i : i + size]), reach
        )
        for i in starts
    ]
    return Exact(*(torch.cat(column) for column in zip(*parts, strict=True)))


def exact_part(seen: Matched, tracks: Tracks, reach: int) -> Exact:
    """A part of them at once."""
    count, height, width = seen.signal.shape
    device = seen.signal.device
    time = torch.arange(count, dtype=torch.float64) - (count - 1) / 2
    at = tracks.places[:, None] + time[:, None] * tracks.velocities[:, None]  # (N, T, 2)
    near = at.round()
    inside = torch.ones(at.shape[:2], dtype=torch.bool, device=device)
    index, kernel, slope = [], [], []
    around = torch.arange(-reach, reach + 1, device=device)
    for axis, n in ((0, height), (1, width)):
        px = near[..., axis].long().to(device)[..., None] + around  # (N, T, P)
        apart = around - (at[..., axis] - near[..., axis]).to(device, torch.float32)[..., None]
        g = (-0.5 * (apart / seen.sigma).square()).exp() * ((px >= 0) & (px < n))
        kernel.append(g)
        slope.append(g * apart / seen.sigma**2)
        index.append(px.clamp(0, n - 1))
        centre = at[..., axis].to(device)
        inside &= (centre > -0.5) & (centre < n - 0.5)
    (gy, gx), (sy, sx) = kernel, slope
    gy, sy = gy * inside[..., None], sy * inside[..., None]
    flat = index[0][..., :, None] * width + index[1][..., None, :]  # (N, T, P, P)
    weight = seen.weight.reshape(-1)[flat]
    flat += (torch.arange(count, device=device) * (height * width))[:, None, None]
    signal = seen.signal.reshape(-1)[flat]
    along_x = torch.einsum("ntpq,ntq->ntp", signal, gx)
    dot = (along_x * gy).sum(-1)  # (N, T)
    dot_y = (along_x * sy).sum(-1)
    dot_x = (torch.einsum("ntpq,ntq->ntp", signal, sx) * gy).sum(-1)
    wide_x = torch.einsum("ntpq,ntq->ntp", weight, gx.square())
    norm = (wide_x * gy.square()).sum(-1)
    norm_y = (wide_x * gy * sy).sum(-1)
    norm_x = (torch.einsum("ntpq,ntq->ntp", weight, gx * sx) * gy.square()).sum(-1)
    total = norm.sum(1).clamp(min=1e-12)
    score = dot.sum(1) * total.rsqrt()
    tau = time.to(device, torch.float32)
    slopes = []
    for part, drop in ((dot_y, norm_y), (dot_x, norm_x)):
        for factor in (torch.ones_like(tau), tau):
            change = (part * factor).sum(1) * total.rsqrt()
            slopes.append(change - score * (drop * factor).sum(1) / total)
    by_axis = torch.stack([slopes[0], slopes[2], slopes[1], slopes[3]], 1)
    share = norm / total[:, None]
    moments = torch.stack([(share * tau).sum(1), (share * tau.square()).sum(1)], 1)
    host = (
        score,
        by_axis,
        dot.sum(1) / total,
        inside.sum(1).float(),
        moments,
    )
    return Exact(*(each.cpu().double() for each in host))


def information(seen: Matched, found: Exact) -> torch.Tensor:
    """(N, 4, 4): how the score bends down at the top of an object's peak, over the score."""
    mean, square = found.moments.unbind(1)
    block = torch.stack([torch.ones_like(mean), mean, mean, square], 1).view(-1, 2, 2)
    out = torch.zeros(len(mean), 4, 4, dtype=torch.float64)
    for axis in (0, 1):
        out[:, axis::2, axis::2] = block / (2 * seen.sigma**2)
    return out


def climbed(seen: Matched, tracks: Tracks, least: float = 1e-3) -> tuple[Tracks, Exact]:
    """Move each track to the nearest maximum of its score.

    A Gaussian peak is reached in one step from wherever it can be seen.
    """
    here, best = tracks, exact(seen, tracks)
    half = max((seen.signal.shape[0] - 1) / 2, 0.5)
    limit = torch.tensor([1.0, 1.0, 1.5 / half, 1.5 / half], dtype=torch.float64) * seen.sigma
    damping = torch.ones(len(here.places), dtype=torch.float64)
    going = torch.arange(len(here.places))
    places, velocities = here.places.clone(), here.velocities.clone()
    best = Exact(*(each.clone() for each in best))
    for _ in range(STEPS):
        now = Exact(*(each[going] for each in best))
        metric = information(seen, now) * now.score.abs().clamp(min=1.0)[:, None, None]
        metric += 1e-9 * torch.eye(4, dtype=torch.float64)
        step = torch.linalg.solve(metric, now.slope)
        step = step * damping[going, None]
        step = step / (step.abs() / limit).amax(1, keepdim=True).clamp(min=1.0)
        tried = Tracks(places[going] + step[:, :2], velocities[going] + step[:, 2:])
        there = exact(seen, tried)
        better = there.score > now.score
        won = going[better]
        places[won], velocities[won] = tried.some(better)
        for whole, part in zip(best, there, strict=True):
            whole[won] = part[better]
        damping[going] = torch.where(
            better, (damping[going] * 1.5).clamp(max=1.0), damping[going] / 3
        )
        moved = (step.abs() / limit).amax(1) > least
        going = going[moved]
        if not len(going):
            break
    return Tracks(places, velocities), best
