"""How often noise alone reaches a score, somewhere among all places and velocities searched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from scipy.optimize import brentq
from scipy.special import erfc

HIGHEST = 38.0
"""Scores above this have no probability that a float can hold."""

MARGIN = 1.6
"""Real searches come up with this much more than the formula says: at the edges of the field and
close to standing still scores are more ragged, and what they are divided by is itself measured.
Found on noise of several kinds; worth 0.07 in the score."""

Search = tuple[float, ...]
"""Five sums: of the products of no, one, … four of the sides of what was searched, in units of how
fast the score changes along it (intrinsic volumes)."""


def searched(
    shape: tuple[int, int],
    frames: int,
    fastest: float,
    slowest: float,
    smooth: tuple[float, float],
) -> Search:
    """The size of a search over places and velocities.

    A score changes along the velocity as along the place, times the time from the middle, whose
    mean square is (T² − 1)/12.

    Parameters
    ----------
    shape, fastest, slowest
        Of the field in px; px/frame.
    smooth
        Λ along y and x, variance of the slope of a score of variance 1, 1/px².
    """
    time = math.sqrt((frames**2 - 1) / 12)
    sides = [n * math.sqrt(each) for n, each in zip(shape, smooth, strict=True)]
    sides += [2 * fastest * time * math.sqrt(each) for each in smooth]
    volumes = [math.fsum(math.prod(part) for part in combinations(sides, d)) for d in range(5)]
    volumes[4] *= 1 - min(math.pi * slowest**2 / (2 * fastest) ** 2, 1.0)
    return tuple(volumes)


def together(searches: Sequence[Search]) -> Search:
    """Several searches as one, larger by `MARGIN`."""
    return tuple(MARGIN * math.fsum(column) for column in zip(*searches, strict=True))


def expected(score: float, search: Search) -> float:
    """How many peaks of noise reach a score: the mean Euler characteristic of a Gaussian field.

    The sum over dimensions of intrinsic volume times density [Worsley 1994].
    """
    u = min(max(score, 2.0), HIGHEST)
    tail = math.exp(-u * u / 2)
    hermite = (1.0, u, u * u - 1, u**3 - 3 * u)
    densities = [h * tail * (2 * math.pi) ** (-(d + 2) / 2) for d, h in enumerate(hermite)]
    densities = [float(erfc(u / math.sqrt(2))) / 2, *densities]
    return math.fsum(volume * each for volume, each in zip(search, densities, strict=True))


def false_alarm(score: float, search: Search) -> float:
    """Probability that noise alone reaches the score anywhere."""
    return -math.expm1(-expected(score, search))


def score_for(peaks: float, search: Search) -> float:
    """The score that `peaks` peaks of noise reach on average."""
    low, high = 2.5, HIGHEST
    if expected(low, search) <= peaks:
        return low
    return float(brentq(lambda u: expected(u, search) - peaks, low, high))


def threshold(probability: float, search: Search) -> float:
    """The score that noise alone reaches anywhere with this probability."""
    return score_for(-math.log1p(-probability), search)


def excess(tops: Sequence[float], search: Search) -> float:
    """How much higher the highest scores of equal parts of a search are than noise makes them.

    The middle one counts, which no few objects move; never below 1.

    Parameters
    ----------
    tops
        Highest score of each part.
    search
        All parts together.
    """
    if not tops:
        return 1.0
    middle = sorted(tops)[len(tops) // 2]
    return max(1.0, middle / score_for(math.log(2.0) * len(tops), search))
