"""Motions one after another: the highest peak of what the others leave (docs/method.md § 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.search import CELLS_AN_AXIS, in_doubt, prepare, scan, see, step_of
from napari_motionfft.motion.several.field import layers_of
from napari_motionfft.motion.several.fit import Layered
from napari_motionfft.motion.several.residual import without
from napari_motionfft.motion.several.solve import solved
from napari_motionfft.motion.several.torus import Torus
from napari_motionfft.motion.significance import threshold

APART = 2.0
"""px between the ends of two motions that part them."""
MOST = 6
"""Motions that n="auto" looks for."""
FREELY = 1e4
"""How much larger powers are taken where layers are to be taken out without a rest."""


@dataclass
class Found:
    """Motions found, and why there are no more.

    Attributes
    ----------
    velocities, scores
        (M, 2) px/frame; (M,) noise σ of each with the others taken out.
    chance
        Score that chance alone reaches.
    landscape
        Of the stack itself.
    stopped
        For the user.
    """

    velocities: torch.Tensor
    scores: list[float]
    chance: float
    landscape: Landscape
    stopped: str


def peaks_of(job: Job, false_alarm: float, check: Check) -> tuple[Landscape, float]:
    """The landscape with its peaks, and the score that chance reaches."""
    seen = see(job, within(check, 0.0, 0.6))
    lags, bins = prepare(job, seen)
    limit, step = job.asked["max_speed"], step_of(job)
    kept = scan(lags, limit, step, CELLS_AN_AXIS, 8, within(check, 0.6, 0.8))
    found = in_doubt(job, lags, bins, kept, 8, within(check, 0.8, 1.0))
    chance = threshold((2 * limit * lags.count / step + 1) ** 2, bins, false_alarm)
    return found.landscape, chance


def score_at(job: Job, velocity: torch.Tensor, check: Check) -> float:
    """Height of the landscape at one velocity (2,), noise σ."""
    lags, _ = prepare(job, see(job, check))
    values, spread = ls.energy(lags, velocity[:1], velocity[1:])
    return float(values[0, 0] / spread[0, 0].clamp(min=1e-30).sqrt())


def distinct_peak(peaks: list[Peak], known: torch.Tensor, frames: int) -> Peak | None:
    """The highest peak away from velocities (M, 2) that are known."""
    for peak in peaks:
        at = torch.tensor(peak[:2], dtype=torch.float64)
        if not len(known) or float((known - at).norm(dim=1).min()) * (frames - 1) > APART:
            return peak
    return None


def told_apart(velocities: torch.Tensor, frames: int) -> bool:
    """Whether all of (M, 2) end at different places."""
    apart = torch.cdist(velocities, velocities) + torch.eye(len(velocities)) * 1e9
    return bool((apart.min() * (frames - 1)) > APART)


def peeled(job: Job, n: int | None, false_alarm: float, check: Check) -> Found:
    """Find motions until `n` are found, or (None) until the next peak may be chance."""
    frames = job.frames.count
    most = MOST if n is None else n
    still = torch.zeros(1 if job.static else 0, 2, dtype=torch.float64)
    landscape, chance = peaks_of(job, false_alarm, within(check, 0.0, 0.2))
    plain = replace(job, asked={**job.asked, "background": "none"})
    known, scores = torch.zeros(0, 2, dtype=torch.float64), list[float]()
    left, stopped, share = landscape, "", 0.8 / most
    while len(known) < most:
        part = within(check, 0.2 + share * len(known), 0.2 + share * (len(known) + 1))
        peak = distinct_peak(left.peaks, torch.cat([known, still]), frames)
        if peak is None:
            stopped = "No further peak stands apart from the motions found."
            break
        if n is None and peak.score < chance:
            stopped = (
                f"The next peak stands {peak.score:.1f} σ above noise; chance alone reaches "
                f"{chance:.1f} σ."
            )
            break
        start = torch.cat([known, torch.tensor([peak[:2]], dtype=torch.float64), still])
        free = torch.arange(len(start)) < len(known) + 1
        fit, tori = layers_of(plain, start, free, within(part, 0.0, 0.7))
        velocities = fit.model.velocities
        if not told_apart(velocities, frames):
            stopped = "The next peak fell back upon a motion found before."
            break
        known = velocities[: len(known) + 1]
        scores.append(peak.score)
        if len(known) < most:
            rest = without(plain, freely(fit, tori), tori, range(len(velocities)))
            left, chance = peaks_of(rest, false_alarm, within(part, 0.7, 1.0))
    if not stopped:
        stopped = f"{most} motions were asked for." if n else f"No more than {MOST} are looked for."
    if len(known) > 1:
        scores = [
            score_at(
                without(plain, fit, tori, [j for j in range(len(velocities)) if j != m]),
                known[m],
                check,
            )
            for m in range(len(known))
        ]
    return Found(known, scores, chance, landscape, stopped)


def freely(fit: Layered, tori: list[Torus]) -> Layered:
    """The same velocities with layers that no power holds back: nothing of them stays behind."""
    model = replace(fit.model, power=fit.model.power * FREELY)
    layers = [
        solved(torus, model, start, 12) for torus, start in zip(tori, fit.layers, strict=True)
    ]
    return replace(fit, layers=layers)
