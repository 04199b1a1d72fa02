"""Motions one after another: the highest peak of what the others leave (docs/method.md § 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from napari_motionfft.motion import landscape as ls
from napari_motionfft.motion.job import Check, Job, within
from napari_motionfft.motion.result import Landscape, Peak
from napari_motionfft.motion.search import CELLS_AN_AXIS, in_doubt, prepare, scan, see, step_of
from napari_motionfft.motion.several.field import layers_of, solved_well
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
EXPLAINED = 0.02
"""Of what the others leave, the part that may remain where such layers are real all the same."""
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


@dataclass
class Taken:
    """Motions taken so far (velocities (M, 2) of a fit that may hold a still layer too).

    Attributes
    ----------
    known
        (M, 2) px/frame.
    fit, tori
        Of them together; None before the first.
    left, chance
        Landscape of what they leave, and what chance reaches in it.
    """

    known: torch.Tensor
    fit: Layered | None
    tori: list[Torus]
    left: Landscape
    chance: float


def peeled(job: Job, n: int | None, false_alarm: float, check: Check) -> Found:
    """Find motions until `n` are found, or (None) until the next peak may be chance."""
    most = AUTO if n is None else n
    none = torch.zeros(0, 2, dtype=torch.float64)
    landscape, chance = peaks_of(job, false_alarm, within(check, 0.0, 0.2))
    plain = replace(job, asked={**job.asked, "background": "none"})
    now, stopped, share = Taken(none, None, [], landscape, chance), "", 0.7 / (2 * most)
    first = 0.0  # score of the first peak: of a single motion, the landscape's own
    for turn in range(2 * most):  # one that proves needless gives its place away
        if len(now.known) == most:
            break
        part = within(check, 0.2 + share * turn, 0.2 + share * (turn + 1))
        peak, stopped = next_peak(job, now, n)
        if peak is None:
            break
        first = first or peak.score
        new = taken(plain, torch.cat([now.known, at(peak)]), false_alarm, job.static, part)
        if stopped := refused(new, now, n, part):
            break
        certain = peak.score >= now.chance  # one that may be chance drives none out
        now = new
        if n is None and (far := float(departures(now_fit(now), now.tori).max())) > UNSTEADY:
            stopped = (
                f"Frames depart from constant velocity by {far:.1f} px: what they leave is not "
                "looked through for further motions."
            )
            break
        if certain:
            now = without_needless(plain, now, false_alarm, job.static, part)
    if not stopped and len(now.known) < most:
        stopped = "Further peaks only take the place of motions found before."
    if not stopped:
        stopped = f"{most} motions were asked for." if n else f"No more than {AUTO} are looked for."
    return Found(now.known, scores_of(plain, now, first, check), now.chance, landscape, stopped)


def at(peak: Peak) -> torch.Tensor:
    """(1, 2) px/frame."""
    return torch.tensor([peak[:2]], dtype=torch.float64)


def now_fit(now: Taken) -> Layered:
    """The fit of motions of which there is at least one."""
    assert now.fit is not None
    return now.fit


def next_peak(job: Job, now: Taken, n: int | None) -> tuple[Peak | None, str]:
    """The next motion's peak, or None and why there is none."""
    still = torch.zeros(1 if job.static else 0, 2, dtype=torch.float64)
    peak = distinct_peak(now.left.peaks, torch.cat([now.known, still]), job.frames.count)
    if peak is None:
        if not len(now.known):
            return None, "No peak of the landscape stands out from noise."
        return None, "No further peak stands apart from the motions found."
    if n is None and peak.score < now.chance:
        return None, (
            f"The next peak stands {peak.score:.1f} σ above noise; chance alone reaches "
            f"{now.chance:.1f} σ."
        )
    return peak, ""


def taken(
    plain: Job, velocities: torch.Tensor, false_alarm: float, static: bool, check: Check
) -> Taken:
    """Motions (M, 2) fitted together, beside a still layer if there is one, and what they leave."""
    many = len(velocities)
    start = torch.cat([velocities, torch.zeros(1 if static else 0, 2, dtype=torch.float64)])
    free = torch.arange(len(start)) < many
    fit, tori = layers_of(plain, start, free, within(check, 0.0, 0.7), STEPS)
    rest = without(plain, fit, tori, range(len(start)))
    left, chance = peaks_of(rest, false_alarm, within(check, 0.7, 1.0))
    return Taken(fit.model.velocities[:many], fit, tori, left, chance)


def refused(new: Taken, before: Taken, n: int | None, check: Check) -> str:
    """Why the last motion of a fit is none beside the others, or ""."""
    fit = now_fit(new)
    if not told_apart(fit.model.velocities, new.tori[0].frames.count):
        return "The next peak fell back upon a motion found before."
    if n is None and before.fit is not None and is_change(new, before, check):
        return "What is left is how the motions found change, not a further motion."
    return ""


def without_needless(
    plain: Job, now: Taken, false_alarm: float, static: bool, check: Check
) -> Taken:
    """Less an older motion that the new one makes needless: without it nothing is left over.

    The first peak of a scene with ridges may be a wrong one; the right one comes second.
    """
    many = len(now.known)
    for m in range(many - 1):
        others = now.known[[j for j in range(many) if j != m]]
        fewer = taken(plain, others, false_alarm, static, check)
        peak = distinct_peak(fewer.left.peaks, now_fit(fewer).model.velocities, plain.frames.count)
        if peak is None or peak.score < fewer.chance:
            return fewer
    return now


def scores_of(plain: Job, now: Taken, first: float, check: Check) -> list[float]:
    """Height of each motion's peak with the others taken out, noise σ."""
    if now.fit is None or now.fit.model.count == 1:
        return [first] * len(now.known)
    every = range(now.fit.model.count)
    return [
        score_at(without(plain, now.fit, now.tori, [j for j in every if j != m]), velocity, check)
        for m, velocity in enumerate(now.known)
    ]


def is_change(new: Taken, before: Taken, check: Check) -> bool:
    """Whether the last layer may be no more than how the others change."""
    fit, last = now_fit(new), len(new.known) - 1
    shares, rest = energies(fit, new.tori, check)
    if shares.sum() > CANCEL:
        # layers that are not solved far enough may cancel too; one that explains all that the
        # others left is there all the same
        shares, rest = energies(solved_well(fit, new.tori), new.tori, check)
        _, left = energies(now_fit(before), before.tori, check)
        if shares.sum() > CANCEL and rest > EXPLAINED * left:
            return True
    return bool(shares[last] < SMALL) and float(misfits(fit, new.tori).max()) > CHANGING
