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
from napari_motionfft.motion.several.misfit import departures, misfits
from napari_motionfft.motion.several.residual import without
from napari_motionfft.motion.several.told import energies
from napari_motionfft.motion.several.torus import Torus
from napari_motionfft.motion.significance import threshold

APART = 2.0
"""px between the ends of two motions that part them."""
MOST, AUTO = 6, 4
"""Motions that can be asked for; that n="auto" looks for."""
UNSTEADY = 0.5
"""px rms about constant velocity beyond which what is left is that, not a further motion."""
STEPS = 8
"""Gauss–Newton steps while motions are being found."""
CANCEL = 1.3
"""Sum of shares of variance beyond which layers cancel each other rather than add up."""
SMALL, CHANGING = 0.01, 4.0
"""Share of variance below which a further layer is the change of the others, where their errors
are this much larger than noise makes them."""


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
    most = AUTO if n is None else n
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
        fit, tori = layers_of(plain, start, free, within(part, 0.0, 0.7), STEPS)
        velocities = fit.model.velocities
        if not told_apart(velocities, frames):
            stopped = "The next peak fell back upon a motion found before."
            break
        if n is None and len(known) and is_change(fit, tori, len(known), part):
            stopped = "What is left is how the motions found change, not a further motion."
            break
        known = velocities[: len(known) + 1]
        scores.append(peak.score)
        if n is None and (far := float(departures(fit, tori).max())) > UNSTEADY:
            stopped = (
                f"Frames depart from constant velocity by {far:.1f} px: what they leave is not "
                "looked through for further motions."
            )
            break
        if len(known) < most:
            rest = without(plain, fit, tori, range(len(velocities)))
            left, chance = peaks_of(rest, false_alarm, within(part, 0.7, 1.0))
    if not stopped:
        stopped = f"{most} motions were asked for." if n else f"No more than {AUTO} are looked for."
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


def is_change(fit: Layered, tori: list[Torus], last: int, check: Check) -> bool:
    """Whether the last layer may be no more than how the others change."""
    shares, _ = energies(fit, tori, check)
    if shares.sum() > CANCEL:
        return True
    return bool(shares[last] < SMALL) and float(misfits(fit, tori).max()) > CHANGING
